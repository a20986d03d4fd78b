"""Freezing the audience: one letter for every person on the roll when the edition was approved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, delete, func
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.editions.brakes import locked
from flows.letters.insert import insert_missing
from flows.letters.lease import Lease, renew
from flows.models import Letter, LetterStatus
from subscribers.cadence import EditionFacts
from subscribers.roll import Person, candidates, why_not

_PAGE = 500  # people; a writing transaction stays short


@dataclass(frozen=True)
class Audience:
    """The rule by which an edition's roll is called. `key` is the installation's, for suppressions."""

    newsletter: str  # slug
    key: bytes
    zone: ZoneInfo
    edition: EditionFacts

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def why_not(self, person: Person | None, now: datetime) -> str | None:
        """Why this person gets no letter, in words; None: she gets one."""
        return why_not(person, self.edition, today=self.today(now))


def freeze_audience(
    engine: Engine,
    lease: Lease,
    audience: Audience,
    *,
    joined_until: datetime,
    send_at: datetime | None = None,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    page: int = _PAGE,
) -> int:
    """Write down a letter for each person confirmed by `joined_until`; returns how many there are in all.

    Nothing is sent before it is complete. Cut off by a crash, or made for an approval that was taken back, it
    is made anew; once complete it does nothing.
    """
    if (size := _frozen_size(engine, lease, joined_until, clock())) is not None:
        return size
    after = 0
    while True:
        with transaction(engine) as session:
            now = clock()
            renew(session, lease, now=now)
            people = candidates(
                session,
                audience.newsletter,
                key=audience.key,
                joined_until=joined_until,
                after_id=after,
                limit=page,
            )
            if not people:
                return _complete(session, lease.edition_id, now)
            # A pause that is over by the time of sending costs nobody the letter; each claim looks again.
            then = max(now, send_at or now)
            letters = [_letter(lease.edition_id, each, audience.why_not(each, then), now, new_id()) for each in people]
            insert_missing(session, Letter, letters)
            after = people[-1].subscriber_id


def _frozen_size(engine: Engine, lease: Lease, approved_at: datetime, now: datetime) -> int | None:
    """The size of a complete audience; None after clearing away what is not complete, or of no use."""
    with transaction(engine) as session:
        renew(session, lease, now=now)
        edition = locked(session, lease.edition_id)
        if edition.sending_started_at is not None:
            return edition.audience_size
        if edition.audience_frozen_at is not None and edition.audience_frozen_at >= approved_at:
            return edition.audience_size
        edition.audience_frozen_at = None
        session.connection().execute(delete(Letter).where(col(Letter.edition_id) == lease.edition_id))
        return None


def _complete(session: Session, edition_id: int, now: datetime) -> int:
    edition = locked(session, edition_id)
    count = select(func.count()).where(col(Letter.edition_id) == edition_id)
    edition.audience_size, edition.audience_frozen_at = session.exec(count).one(), now
    return edition.audience_size


def _letter(edition_id: int, person: Person, reason: str | None, now: datetime, delivery_id: str) -> dict[str, Any]:
    letter = Letter(
        delivery_id=delivery_id,
        edition_id=edition_id,
        subscriber_id=person.subscriber_id,
        address=person.address,
        status=LetterStatus.QUEUED if reason is None else LetterStatus.SKIPPED,
        reason=reason or "",
        settled_at=None if reason is None else now,
    )
    return letter.model_dump(exclude={"id"})
