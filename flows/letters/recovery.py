"""Letters in doubt: what a dead worker left in hand, and what was submitted without an answer."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from flows.database import reading, transaction
from flows.letters.lease import Lease, drop_if_cancelled, renew
from flows.letters.ledger import Evidence, Found, Held, after_death, settle_unknown
from flows.letters.transport import Transport, Unclear
from flows.models import EventKind, Letter, LetterStatus, LogEntry, MailEvent

_AT_ONCE = 500
# What the mail service reports of every letter it has accepted, one or the other.
_OF_EVERY_LETTER = (EventKind.SEND, EventKind.DELIVERY, EventKind.BOUNCE, EventKind.SOFT_BOUNCE)


@dataclass(frozen=True)
class Recovered:
    """Counts of letters."""

    queued: int = 0
    unknown: int = 0
    put_aside: int = 0
    accepted: int = 0


def recover_dead_owner(engine: Engine, lease: Lease, *, window: int, now: datetime) -> Recovered:
    """Take over what earlier holders of the lease left claimed or submitting.

    `window` letters are worked on at once, in the order of their ids: among the claimed ones only the first
    so many can have been what ended the worker.
    """
    with transaction(engine) as session:
        renew(session, lease, now=now)
        statement = (
            select(Letter)
            .where(
                col(Letter.edition_id) == lease.edition_id,
                col(Letter.status).in_((LetterStatus.CLAIMED, LetterStatus.SUBMITTING)),
                col(Letter.fence) < lease.fence,
            )
            .order_by(col(Letter.id))
            .with_for_update()
        )
        claimed = 0
        found = []
        for letter in session.exec(statement):
            claimed += letter.status is LetterStatus.CLAIMED
            suspect = letter.status is LetterStatus.SUBMITTING or claimed <= window
            found.append(after_death(Held(letter.status, letter.deaths, suspect)))
            _apply(letter, found[-1], now)
        session.flush()
        drop_if_cancelled(session, lease.edition_id, now=now)
        return _counts(found)


def settle_unknown_letters(
    engine: Engine, lease: Lease, transport: Transport, *, grace: timedelta, now: datetime
) -> Recovered:
    """Find out what can be found out about unknown letters; what cannot stays unknown."""
    found: list[Found] = []
    after = 0
    while page := _unknown(engine, lease.edition_id, after):
        after = page[-1][0]
        held = {letter_id: transport.look_up(delivery_id) for letter_id, delivery_id in page}  # no lock held
        with transaction(engine) as session:
            renew(session, lease, now=now)
            statement = (
                select(Letter)
                .where(col(Letter.id).in_(held), col(Letter.status) == LetterStatus.UNKNOWN)
                .with_for_update()
            )
            for letter in session.exec(statement):
                answer = held[letter.id or 0]
                decided = settle_unknown(_evidence(session, letter, answer), now=now, grace=grace)
                if decided is not None:
                    found.append(decided)
                    _apply(letter, decided, now, provider_id=answer if isinstance(answer, str) else "")
            session.flush()
            drop_if_cancelled(session, lease.edition_id, now=now)
    return _counts(found)


def decide_unknown(engine: Engine, delivery_ids: Collection[str], *, send_again: bool, by: str, now: datetime) -> int:
    """An operator's word on unknown letters: queue them again (some may arrive twice), or call them accepted.

    Returns how many were still unknown, and are decided now.
    """
    with transaction(engine) as session:
        statement = (
            select(Letter)
            .where(col(Letter.delivery_id).in_(delivery_ids), col(Letter.status) == LetterStatus.UNKNOWN)
            .with_for_update()
        )
        letters = session.exec(statement).all()
        status = LetterStatus.QUEUED if send_again else LetterStatus.ACCEPTED
        for letter in letters:
            _apply(letter, Found(status, letter.deaths), now)
            what = "queued an unknown letter again" if send_again else "called an unknown letter accepted"
            after = {"delivery_id": letter.delivery_id, "status": status.value}
            session.add(
                LogEntry(
                    at=now,
                    who=by,
                    what=what,
                    edition_id=letter.edition_id,
                    before={"status": "unknown"},
                    after=after,
                )
            )
        return len(letters)


def _unknown(engine: Engine, edition_id: int, after: int) -> list[tuple[int, str]]:
    with reading(engine) as session:
        statement = (
            select(Letter.id, Letter.delivery_id)
            .where(
                col(Letter.edition_id) == edition_id,
                col(Letter.status) == LetterStatus.UNKNOWN,
                col(Letter.id) > after,
            )
            .order_by(col(Letter.id))
            .limit(_AT_ONCE)
        )
        return [(row[0] or 0, row[1]) for row in session.exec(statement)]


def _evidence(session: Session, letter: Letter, answer: str | Unclear | None) -> Evidence:
    assert letter.submitted_at is not None  # noqa: S101 - it was submitted before it was unknown
    if not isinstance(answer, Unclear):
        return Evidence(letter.submitted_at, letter.deaths, provider_id=answer or "", certain=True)
    later = aliased(Letter)
    proof = (
        select(MailEvent.id)
        .join(later, col(later.delivery_id) == col(MailEvent.delivery_id))
        .where(col(MailEvent.kind).in_(_OF_EVERY_LETTER), col(later.submitted_at) > letter.submitted_at)
        .limit(1)
    )
    alive_at = session.exec(select(func.max(MailEvent.received_at))).one()
    pipeline = session.exec(proof).first() is not None
    return Evidence(letter.submitted_at, letter.deaths, pipeline=pipeline, alive_at=alive_at)


def _apply(letter: Letter, found: Found, now: datetime, *, provider_id: str = "") -> None:
    letter.status, letter.deaths, letter.reason = found.status, found.deaths, found.reason
    letter.owner, letter.not_before = "", None
    letter.provider_id = provider_id or letter.provider_id
    if found.status in (LetterStatus.FAILED, LetterStatus.ACCEPTED):
        letter.settled_at = now


def _counts(found: list[Found]) -> Recovered:
    def count(status: LetterStatus) -> int:
        return sum(each.status is status for each in found)

    return Recovered(
        queued=count(LetterStatus.QUEUED),
        unknown=count(LetterStatus.UNKNOWN),
        put_aside=count(LetterStatus.FAILED),
        accepted=count(LetterStatus.ACCEPTED),
    )
