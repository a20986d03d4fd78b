"""The rhythm: who is due which edition, and when the next letter comes."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from subscribers.cadence import EditionFacts, is_due, is_paused, next_letter, wanted_sections
from subscribers.models import Cadence
from tests.conftest import NOW
from tests.subscribers.conftest import next_monday

BERLIN = ZoneInfo("Europe/Berlin")
slots = st.lists(st.dates(date(2025, 1, 1), date(2028, 1, 1)), unique=True, max_size=60).map(sorted)


@given(slots)
def test_a_monthly_reader_gets_the_first_edition_of_every_month_and_no_other(days: list[date]) -> None:
    previous: date | None = None
    got = []
    for day in days:
        edition = EditionFacts(day, ("Research",), previous)
        assert is_due(Cadence.EVERY, first_of_month=edition.first_of_month)
        if is_due(Cadence.MONTHLY, first_of_month=edition.first_of_month):
            got.append(day)
        previous = day
    months = {(day.year, day.month) for day in days}
    assert len(got) == len(months)
    assert all(day == min(d for d in days if (d.year, d.month) == (day.year, day.month)) for day in got)


@given(slots, st.dates(date(2025, 1, 1), date(2028, 1, 1)))
def test_a_paused_reader_gets_nothing_before_the_day_and_everything_from_it_on(days: list[date], day: date) -> None:
    got = [each for each in days if not is_paused(day, each)]
    assert got == [each for each in days if each >= day]
    assert not any(is_paused(None, each) for each in days)


def test_no_topics_means_all_sections_now_and_in_future() -> None:
    assert wanted_sections(None, ("Research", "New")) == ("Research", "New")
    assert wanted_sections(("New", "Gone"), ("Research", "New")) == ("New",)


def test_the_next_letter_follows_rhythm_and_pause() -> None:
    def planned(cadence: Cadence, until: date | None) -> datetime | None:
        return next_letter(cadence, until, now=NOW, zone=BERLIN, next_edition=next_monday)

    assert f"{planned(Cadence.EVERY, None):%F}" == "2026-11-23"
    assert f"{planned(Cadence.MONTHLY, None):%F}" == "2026-12-07"
    assert f"{planned(Cadence.EVERY, date(2026, 12, 1)):%F}" == "2026-12-07"
    assert f"{planned(Cadence.MONTHLY, date(2026, 12, 8)):%F}" == "2027-01-04"
    assert next_letter(Cadence.EVERY, None, now=NOW, zone=BERLIN, next_edition=lambda _: None) is None


@given(st.sampled_from(Cadence), st.integers(0, 200), st.integers(0, 400 * 24))
def test_the_next_letter_is_one_the_rules_would_send(cadence: Cadence, pause_days: int, hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    until = now.date() + timedelta(days=pause_days)
    at = next_letter(cadence, until, now=now, zone=BERLIN, next_edition=next_monday)
    assert at is not None
    slot = at.astimezone(BERLIN).date()
    previous = (at - timedelta(days=7)).astimezone(BERLIN).date()
    assert at > now
    assert not is_paused(until, slot)
    assert is_due(cadence, first_of_month=EditionFacts(slot, (), previous).first_of_month)
