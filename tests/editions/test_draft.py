"""From the queue to the sections of a draft, and when the edition is due."""

from datetime import UTC, date, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.editions.draft import Candidate, enough, fill, section_of
from flows.editions.slot import cadence_days, next_slots
from flows.settings import NewsletterSettings, Section

SECTIONS = (Section(name="Research", most=2), Section(name="Safety", most=1), Section(name="Applied", most=3))
NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("topic", "drawn", "section"),
    [
        ("Safety", "Applied", "Safety"),
        ("safety ", "", "Safety"),
        ("Cooking", "Applied", "Applied"),
        ("", "Safety", "Safety"),
        ("", "", "Research"),
    ],
)
def test_a_story_goes_where_its_source_belongs_or_else_where_its_words_fit(
    topic: str, drawn: str, section: str
) -> None:
    assert section_of(Candidate(1, topic, drawn), SECTIONS) == section


def test_the_best_of_each_section_are_suggested_in_the_order_of_the_queue() -> None:
    queue = [Candidate(n, topic) for n, topic in enumerate(["Safety", "Research", "Safety", "Research", "Research"])]
    placed = fill(queue, SECTIONS, most=10)
    assert [(one.section, one.position) for one in placed] == [
        ("Safety", 1),
        ("Research", 1),
        ("Safety", 0),
        ("Research", 2),
        ("Research", 0),
    ]


def test_what_needs_a_person_first_is_not_suggested_and_takes_no_place() -> None:
    placed = fill([Candidate(1, "Safety", held_back=True), Candidate(2, "Safety")], SECTIONS, most=10)
    assert [one.suggested for one in placed] == [False, True]


queues = st.lists(
    st.builds(
        Candidate,
        story_id=st.integers(),
        topic=st.sampled_from(["Research", "Safety", "Applied", "", "Other"]),
        drawn=st.sampled_from(["Applied", ""]),
        held_back=st.booleans(),
    ),
    max_size=30,
)


@given(queues, st.integers(0, 8))
def test_no_section_and_no_draft_is_ever_overfull(queue: list[Candidate], most: int) -> None:
    placed = fill(queue, SECTIONS, most=most)
    assert [one.story_id for one in placed] == [one.story_id for one in queue]
    assert sum(one.suggested for one in placed) <= most
    for section in SECTIONS:
        places = [one.position for one in placed if one.section == section.name and one.suggested]
        assert places == list(range(1, len(places) + 1))
        assert len(places) <= section.most


def test_an_edition_needs_enough_new_stories() -> None:
    assert enough(3, 3)
    assert not enough(2, 3)


def test_the_next_day_is_a_local_day_and_its_times_are_in_utc() -> None:
    slot = next(next_slots(NewsletterSettings(), NOW))
    assert slot.day == date(2026, 11, 23)
    assert slot.send_at == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert slot.approval_due_at == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def test_a_deadline_that_has_passed_moves_to_the_letters_own_time() -> None:
    slot = next(next_slots(NewsletterSettings(), datetime(2026, 11, 21, 8, 0, tzinfo=UTC)))
    assert slot.approval_due_at == slot.letters_at == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_far_west_the_local_day_is_not_the_day_in_utc() -> None:
    late = NewsletterSettings(timezone="America/Los_Angeles", letters_cron="0 20 * * SUN")
    slot = next(next_slots(late, NOW))
    assert slot.day == date(2026, 11, 22)
    assert slot.letters_at == datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "day", "letters_at"),
    [
        # In spring 02:30 does not exist on the 28th: it becomes 03:30 local.
        (datetime(2027, 3, 27, 12, 0, tzinfo=UTC), date(2027, 3, 28), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        # In autumn 02:30 comes twice on the 25th: the first is meant.
        (datetime(2026, 10, 24, 12, 0, tzinfo=UTC), date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # Between the two, the 25th has been.
        (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), date(2026, 10, 26), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ],
)
def test_S17_when_clocks_change_each_local_day_has_one_edition(now: datetime, day: date, letters_at: datetime) -> None:
    daily = NewsletterSettings(timezone="Europe/Warsaw", letters_cron="30 2 * * *")
    slot = next(next_slots(daily, now))
    assert (slot.day, slot.letters_at) == (day, letters_at)


def test_S17_a_year_of_daily_editions_has_every_day_once() -> None:
    daily = NewsletterSettings(timezone="Europe/Warsaw", letters_cron="30 2 * * *")
    days = [slot.day.toordinal() for slot in islice(next_slots(daily, NOW), 366)]
    assert days == list(range(days[0], days[0] + 366))


@pytest.mark.parametrize(
    ("cron", "days"), [("0 7 * * MON", 7), ("0 7 * * *", 1), ("0 7 * * MON,THU", 3), ("0 7 1 * *", 31)]
)
def test_the_cadence_follows_from_the_schedule(cron: str, days: float) -> None:
    assert cadence_days(NewsletterSettings(letters_cron=cron), NOW) == pytest.approx(days, abs=1)
