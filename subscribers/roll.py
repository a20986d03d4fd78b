"""Calling the roll: who stands on a newsletter's list, and why one of them gets no letter of an edition."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from subscribers.cadence import EditionFacts, is_due, is_paused, wanted_sections
from subscribers.hygiene import key_hash, sending_address
from subscribers.models import (
    Cadence,
    LetterFormat,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Suppression,
    SuppressionReason,
)

_IN_AT_ONCE = 5_000  # values in one IN (…): below the limits of both databases


@dataclass(frozen=True)
class Person:
    """A person on the list as a letter needs her. `email` is as typed, `address` what mail is sent to."""

    subscriber_id: int
    email: str
    address: str
    name: str
    language: str
    timezone: str | None
    letter_format: LetterFormat
    link_generation: int
    status: SubscriptionStatus
    cadence: Cadence
    topics: tuple[str, ...] | None
    paused_until: date | None
    suppressed: SuppressionReason | None


def candidates(
    session: Session,
    newsletter: str,
    *,
    key: bytes,
    joined_until: datetime,
    after_id: int = 0,
    limit: int = 1_000,
) -> list[Person]:
    """The next `limit` people confirmed by `joined_until`, in the order of their ids, beyond `after_id`.

    People who are paused or suppressed are among them: `why_not` names the reason, and the receipt counts it.
    `key` is the installation's key: suppressions are known by keyed fingerprint.
    """
    statement = (
        select(Subscriber, Subscription)
        .join(Subscription, col(Subscription.subscriber_id) == col(Subscriber.id))
        .where(
            col(Subscription.newsletter) == newsletter,
            col(Subscription.status) == SubscriptionStatus.CONFIRMED,
            col(Subscription.confirmed_at) <= joined_until,
            col(Subscriber.id) > after_id,
            col(Subscriber.erased_at).is_(None),
        )
        .order_by(col(Subscriber.id))
        .limit(limit)
    )
    return _people(session, session.exec(statement).all(), key)


def people(session: Session, newsletter: str, subscriber_ids: Collection[int], *, key: bytes) -> dict[int, Person]:
    """These people as they stand now, by id: for a last look before a letter leaves.

    Who is missing has been erased or was never on this list: `why_not(None, …)` says so.
    """
    found: dict[int, Person] = {}
    for ids in _chunks(subscriber_ids):
        statement = (
            select(Subscriber, Subscription)
            .join(Subscription, col(Subscription.subscriber_id) == col(Subscriber.id))
            .where(
                col(Subscription.newsletter) == newsletter,
                col(Subscriber.id).in_(ids),
                col(Subscriber.erased_at).is_(None),
            )
        )
        rows = session.exec(statement).all()
        found |= {person.subscriber_id: person for person in _people(session, rows, key)}
    return found


def why_not(person: Person | None, edition: EditionFacts, *, today: date) -> str | None:
    """Why this person gets no letter of this edition, in words; None: she gets one.

    `today` is the day in the newsletter's zone.
    """
    if person is None:
        return "erased"
    if person.suppressed is not None:
        return _SUPPRESSED[person.suppressed]
    if person.status is not SubscriptionStatus.CONFIRMED:
        return _NOT_CONFIRMED[person.status]
    if is_paused(person.paused_until, today):
        return f"paused until {person.paused_until}"
    if not is_due(person.cadence, first_of_month=edition.first_of_month):
        return "monthly: not the month's first edition"
    if edition.sections and not wanted_sections(person.topics, edition.sections):
        return "no section they want"
    return None


_SUPPRESSED = {
    SuppressionReason.BOUNCED: "bounced before",
    SuppressionReason.COMPLAINED: "complained before",
    SuppressionReason.MANUAL: "suppressed by the team",
    SuppressionReason.ERASED: "erased",
}
_NOT_CONFIRMED = {
    SubscriptionStatus.PENDING: "has not confirmed",
    SubscriptionStatus.UNSUBSCRIBED: "unsubscribed",
}


def suppressions(session: Session, hashes: Collection[str]) -> dict[str, SuppressionReason]:
    """Which of these fingerprints must not be written to, and why."""
    found: dict[str, SuppressionReason] = {}
    for some in _chunks(hashes):
        statement = select(Suppression).where(col(Suppression.address_hash).in_(some))
        found |= {row.address_hash: row.reason for row in session.exec(statement)}
    return found


def _people(session: Session, rows: Iterable[Any], key: bytes) -> list[Person]:
    pairs: list[tuple[Subscriber, Subscription]] = [(row[0], row[1]) for row in rows]
    hashes = {person.email_key: key_hash(key, person.email_key) for person, _ in pairs}
    stopped = suppressions(session, set(hashes.values()))
    return [_person(person, subscription, stopped.get(hashes[person.email_key])) for person, subscription in pairs]


def _person(person: Subscriber, subscription: Subscription, suppressed: SuppressionReason | None) -> Person:
    assert person.id is not None  # noqa: S101 - it comes from the table
    return Person(
        subscriber_id=person.id,
        email=person.email,
        address=sending_address(person.email),
        name=person.name,
        language=person.language,
        timezone=person.timezone,
        letter_format=person.letter_format,
        link_generation=person.link_generation,
        status=subscription.status,
        cadence=subscription.cadence,
        topics=None if subscription.topics is None else tuple(subscription.topics),
        paused_until=subscription.paused_until,
        suppressed=suppressed,
    )


def _chunks(values: Collection[Any]) -> Iterable[list[Any]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), _IN_AT_ONCE):
        yield ordered[start : start + _IN_AT_ONCE]
