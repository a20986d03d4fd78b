"""The catalogue: every language says everything, and fills in the same things."""

import string
import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.consent import Act
from subscribers.pages.words import FOLDER, accepted, languages, speak


def messages(code: str) -> dict[str, Any]:
    document = tomllib.loads((FOLDER / f"messages.{code}.toml").read_text("utf-8"))
    return {f"{section}.{name}": text for section, part in document.items() for name, text in part.items()}


def blanks(text: object) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(str(text)) if name}


@pytest.mark.parametrize("code", sorted(languages()))
def test_a_language_says_all_that_english_says(code: str) -> None:
    english, other = messages("en"), messages(code)
    assert other.keys() == english.keys()
    for name, text in other.items():
        if not isinstance(text, list):
            assert blanks(text) <= blanks(english[name]), name
            assert text.strip(), name
    assert (len(other["dates.months"]), len(other["dates.weekdays"])) == (12, 7)


def test_every_act_has_its_words() -> None:
    for words in languages().values():
        assert all(words.has(f"history.{act.value.replace(' ', '_')}") for act in Act)


def test_english_and_german_are_there() -> None:
    assert {"en", "de"} <= languages().keys()
    assert speak("de-CH").day(date(2026, 12, 24)) == "Donnerstag, 24. Dezember 2026"
    assert speak("xx", None, "en").day(date(2026, 12, 24)) == "Thursday, 24 December 2026"


@given(st.text(max_size=80))
def test_any_accept_language_is_understood_or_passed_over(header: str) -> None:
    assert speak(*accepted(header)).language in languages()


def test_the_most_wanted_language_comes_first() -> None:
    assert accepted("en;q=0.3, de-AT, fr;q=0.8, it;q=0") == ["de-AT", "fr", "en"]
