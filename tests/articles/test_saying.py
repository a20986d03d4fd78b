"""Rhythms and spans as one says them."""

from datetime import timedelta

import pytest

from flows.articles.saying import counted, every, how_often, language_name, silence, size, sparkline
from tests.conftest import NOW


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (None, "too few articles to tell how often"),
        (timedelta(minutes=10), "about six an hour"),
        (timedelta(seconds=5), "about 720 an hour"),
        (timedelta(hours=8), "about three a day"),
        (timedelta(days=1), "about one a day"),
        (timedelta(days=3.5), "about two a week"),
        (timedelta(days=7), "about one a week"),
        (timedelta(days=15), "about two a month"),
        (timedelta(days=30), "about one a month"),
        (timedelta(days=91), "about one every 3 months"),
        (timedelta(days=800), "less than one a year"),
    ],
)
def test_a_rhythm_is_told_in_the_unit_one_would_use(gap: timedelta | None, words: str) -> None:
    assert how_often(gap) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (900, "every 15 minutes"),
        (3600, "once an hour"),
        (21_600, "every 6 hours"),
        (86_400, "once a day"),
        (259_200, "every 3 days"),
        (1, "every minute"),
    ],
)
def test_a_rest_is_told_in_whole_units(seconds: float, words: str) -> None:
    assert every(seconds) == words


@pytest.mark.parametrize(
    ("gap", "usual"),
    [
        (None, ""),
        (timedelta(days=6), ", usually one every 6 days"),
        (timedelta(days=1), ", usually one a day"),
        (timedelta(hours=3), ", usually several a day"),
    ],
)
def test_silence_is_told_beside_what_is_usual(gap: timedelta | None, usual: str) -> None:
    assert silence(NOW - timedelta(days=34, hours=3), gap, NOW) == f"nothing new for 34 days{usual}"


def test_a_sparkline_has_one_sign_for_each_week() -> None:
    assert sparkline([0, 1, 4, 8]) == "▁▂▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


def test_counts_and_sizes_are_short() -> None:
    assert (counted(1, "article"), counted(1200, "article")) == ("1 article", "1,200 articles")
    assert (size(812), size(45_300), size(3_100_000)) == ("812 bytes", "45 KB", "3.1 MB")


def test_languages_go_by_their_names() -> None:
    assert [language_name(code) for code in ("en", "en-GB", "PT_br", "eo", "")] == [
        "English",
        "English",
        "Portuguese",
        "eo",
        "",
    ]
