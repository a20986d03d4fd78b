"""Calling the roll, on both databases; and the reasons why somebody is passed over."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from flows.database import reading, transaction
from subscribers.cadence import EditionFacts
from subscribers.models import Cadence, LetterFormat, SubscriptionStatus, SuppressionReason
from subscribers.roll import Person, candidates, people, why_not
from subscribers.suppression import suppress
from tests.conftest import NOW
from tests.subscribers.conftest import KEY, SLUG, Pages

ADA = Person(
    subscriber_id=1,
    email="ada@x.example",
    address="ada@x.example",
    name="Ada",
    language="en",
    timezone=None,
    letter_format=LetterFormat.FULL,
    link_generation=0,
    status=SubscriptionStatus.CONFIRMED,
    cadence=Cadence.EVERY,
    topics=None,
    paused_until=None,
    suppressed=None,
)
SECOND_OF_MONTH = EditionFacts(date(2026, 11, 16), ("Research", "Safety"), previous_slot=date(2026, 11, 9))
TODAY = date(2026, 11, 16)


def test_the_roll_is_called_page_by_page_and_nobody_is_called_twice(both: Pages) -> None:
    ids = [both.add(f"reader{number}@x.example") for number in range(7)]
    both.join("pending@x.example")
    left = both.add("left@x.example")
    both.client.post(both.path("u", left))
    late = NOW + timedelta(days=1)
    both.clock[0] = late
    both.add("late@x.example")
    called: list[int] = []
    with reading(both.engine) as session:
        while page := candidates(
            session,
            SLUG,
            key=KEY,
            joined_until=late - timedelta(hours=1),
            after_id=called[-1] if called else 0,
            limit=3,
        ):
            assert len(page) <= 3
            called += [person.subscriber_id for person in page]
    assert called == ids


def test_suppressed_people_are_on_the_roll_with_their_reason(both: Pages) -> None:
    both.add("Bea@X.example")
    with transaction(both.engine) as session:
        suppress(
            session,
            "bea@x.example",
            key=KEY,
            reason=SuppressionReason.BOUNCED,
            source="event 1",
            now=NOW,
        )
    with reading(both.engine) as session:
        (bea,) = candidates(session, SLUG, key=KEY, joined_until=NOW)
    assert why_not(bea, SECOND_OF_MONTH, today=TODAY) == "bounced before"


def test_a_last_look_sees_who_has_left_or_was_erased_since(both: Pages) -> None:
    stays, left, gone = (both.add(f"{name}@x.example") for name in ("stays", "left", "gone"))
    both.client.post(both.path("u", left))
    both.client.post(both.path("p", gone) + "/erase")
    with reading(both.engine) as session:
        found = people(session, SLUG, {stays, left, gone}, key=KEY)
    reasons = [why_not(found.get(each), SECOND_OF_MONTH, today=TODAY) for each in (stays, left, gone)]
    assert reasons == [None, "unsubscribed", "erased"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"status": SubscriptionStatus.PENDING}, "has not confirmed"),
        ({"status": SubscriptionStatus.UNSUBSCRIBED}, "unsubscribed"),
        ({"paused_until": date(2026, 11, 17)}, "paused until 2026-11-17"),
        ({"paused_until": date(2026, 11, 16)}, None),
        ({"cadence": Cadence.MONTHLY}, "monthly: not the month's first edition"),
        ({"topics": ("Industry",)}, "no section they want"),
        ({"topics": ("Industry", "Safety")}, None),
        ({"suppressed": SuppressionReason.COMPLAINED}, "complained before"),
        ({"suppressed": SuppressionReason.ERASED}, "erased"),
    ],
)
def test_why_somebody_gets_no_letter(change: dict[str, object], reason: str | None) -> None:
    assert why_not(replace(ADA, **change), SECOND_OF_MONTH, today=TODAY) == reason  # type: ignore[arg-type]


def test_the_first_edition_of_a_month_goes_to_monthly_readers() -> None:
    first = replace(SECOND_OF_MONTH, previous_slot=date(2026, 10, 26))
    assert why_not(replace(ADA, cadence=Cadence.MONTHLY), first, today=TODAY) is None
