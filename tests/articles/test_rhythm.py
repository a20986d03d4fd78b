"""How often a source is asked, and when its silence is news."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.articles.rhythm import rest_s, silent_after, typical_gap
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEAST, MOST = 900.0, 86400.0


def every(gap: timedelta, count: int = 12) -> list:  # type: ignore[type-arg]
    return [NOW - gap * place for place in range(count)]


def test_the_typical_gap_is_the_median_and_one_long_holiday_changes_nothing() -> None:
    assert typical_gap(every(DAY)) == DAY
    assert typical_gap([*every(DAY), NOW - 90 * DAY]) == DAY
    assert typical_gap(reversed(every(DAY))) == DAY


@pytest.mark.parametrize("times", [[], [NOW], [NOW, NOW - DAY], [NOW] * 9])
def test_too_few_articles_have_no_rhythm(times: list) -> None:  # type: ignore[type-arg]
    assert typical_gap(times) is None
    assert silent_after(times) == timedelta(days=30)


@pytest.mark.parametrize(
    ("gap", "still", "asked_s", "rest"),
    [
        (None, timedelta(0), 0.0, 3600.0),  # nothing is known: every hour
        (12 * HOUR, HOUR, 0.0, 3 * 3600.0),  # about four times between two articles
        (timedelta(minutes=5), timedelta(0), 0.0, LEAST),
        (7 * DAY, DAY, 0.0, MOST),
        (HOUR, 10 * DAY, 0.0, MOST),  # it used to write every hour, and stopped
        (12 * HOUR, 0 * HOUR, 20_000.0, 20_000.0),  # the server asks for more
        (12 * HOUR, 0 * HOUR, 60.0, 3 * 3600.0),  # or for less, which is no reason to ask more often
        (12 * HOUR, 0 * HOUR, 1e9, MOST),
    ],
)
def test_a_source_rests_as_it_really_publishes(
    gap: timedelta | None, still: timedelta, asked_s: float, rest: float
) -> None:
    assert rest_s(gap, still, least_s=LEAST, most_s=MOST, asked_s=asked_s) == rest


@given(
    st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)),
    st.floats(0, 1e12),
)
def test_a_rest_is_never_outside_its_limits(gap: timedelta | None, still: timedelta, asked_s: float) -> None:
    assert LEAST <= rest_s(gap, still, least_s=LEAST, most_s=MOST, asked_s=asked_s) <= MOST


@pytest.mark.parametrize(("gap", "days"), [(HOUR, 14), (DAY, 14), (7 * DAY, 28), (90 * DAY, 120)])
def test_silence_is_measured_by_the_sources_own_rhythm(gap: timedelta, days: int) -> None:
    assert silent_after(every(gap)) == timedelta(days=days)
