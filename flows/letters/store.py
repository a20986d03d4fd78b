"""The ledger's tables: claiming letters, submitting them, writing down what came of it, and the receipt."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, update
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.letters.audience import Audience
from flows.letters.lease import Lease, give_back, renew
from flows.letters.ledger import Receipt, origins, receipt_of
from flows.letters.spill import Settled
from flows.models import Edition, EditionStatus, Letter, LetterStatus
from subscribers.hygiene import address_hash
from subscribers.roll import Person, people, suppressions

__all__ = ["Claim", "Owed", "Receipt", "claim", "list_letters", "mark_submitting", "receipt", "settle"]

_IN_HAND = {LetterStatus.CLAIMED, LetterStatus.SUBMITTING, LetterStatus.UNKNOWN}


@dataclass(frozen=True)
class Owed:
    """A letter in our hands and the person it is for. `address` was frozen with the audience."""

    letter_id: int
    delivery_id: str
    address: str
    attempts: int  # calls so far
    person: Person


@dataclass(frozen=True)
class Claim:
    """What a claim came to. Nothing claimed and nothing skipped: `next_at` is when the next may be tried."""

    status: EditionStatus
    letters: tuple[Owed, ...] = ()
    skipped: int = 0
    next_at: datetime | None = None


def claim(engine: Engine, lease: Lease, audience: Audience, *, limit: int, now: datetime) -> Claim:
    """Take up to `limit` letters that are owed, each after a last look at its person, in one transaction.

    Who has left, paused, bounced or been erased since the audience was frozen is skipped with the reason.
    A letter that has been in the hands of a worker that died comes after all others, and alone: should it be
    what kills workers, it takes no other letter with it. Raises LeaseError when the lease is lost.
    """
    with transaction(engine) as session:
        renew(session, lease, now=now)
        status = session.get_one(Edition, lease.edition_id).status
        if status is not EditionStatus.SENDING:
            return Claim(status)
        letters = _next(session, lease.edition_id, limit, now)
        if not letters:
            return Claim(status, next_at=_next_try(session, lease.edition_id))
        standing = people(session, audience.newsletter, [letter.subscriber_id for letter in letters], key=audience.key)
        stopped = _stopped_addresses(session, letters, audience.key)
        owed = []
        for letter in letters:
            person = standing.get(letter.subscriber_id)
            reason = audience.why_not(person, now) or stopped.get(letter.address)
            if reason is None and person is not None:
                _take(letter, lease, now)
                owed.append(_owed(letter, person))
            else:
                letter.status, letter.reason, letter.settled_at = (
                    LetterStatus.SKIPPED,
                    reason or "erased",
                    now,
                )
        return Claim(status, tuple(owed), len(letters) - len(owed))


def _next(session: Session, edition_id: int, limit: int, now: datetime) -> Sequence[Letter]:
    due = (
        select(Letter)
        .where(
            col(Letter.edition_id) == edition_id,
            col(Letter.status) == LetterStatus.QUEUED,
            col(Letter.not_before).is_(None) | (col(Letter.not_before) <= now),
        )
        .with_for_update()
    )
    fresh = due.where(col(Letter.deaths) == 0).order_by(col(Letter.id)).limit(limit)
    if letters := session.exec(fresh).all():
        return letters
    return session.exec(due.order_by(col(Letter.deaths), col(Letter.id)).limit(1)).all()


def _next_try(session: Session, edition_id: int) -> datetime | None:
    statement = select(func.min(Letter.not_before)).where(
        col(Letter.edition_id) == edition_id, col(Letter.status) == LetterStatus.QUEUED
    )
    return session.exec(statement).one()


def _stopped_addresses(session: Session, letters: Sequence[Letter], key: bytes) -> dict[str, str]:
    """Frozen addresses that must not be written to, though their person may have a new one that may."""
    hashes = {letter.address: address_hash(key, letter.address) for letter in letters}
    stopped = suppressions(session, set(hashes.values()))
    return {
        address: f"{stopped[fingerprint]} before" for address, fingerprint in hashes.items() if fingerprint in stopped
    }


def _take(letter: Letter, lease: Lease, now: datetime) -> None:
    letter.status = LetterStatus.CLAIMED
    letter.owner, letter.fence = lease.owner, lease.fence
    letter.claimed_at, letter.not_before = now, None


def _owed(letter: Letter, person: Person) -> Owed:
    assert letter.id is not None  # noqa: S101 - it comes from the table
    return Owed(letter.id, letter.delivery_id, letter.address, letter.attempts, person)


def mark_submitting(
    engine: Engine, lease: Lease, letter_ids: Collection[int], *, now: datetime
) -> tuple[EditionStatus, frozenset[int]]:
    """Commit that these letters are about to leave; returns which of them may.

    None may when the edition has been paused or cancelled: then all we hold is queued again. A letter that an
    event has shown to be accepted already may not, either. Raises LeaseError when the lease is lost.
    """
    with transaction(engine) as session:
        renew(session, lease, now=now)
        status = session.get_one(Edition, lease.edition_id).status
        if status is not EditionStatus.SENDING:
            give_back(session, lease)
            return status, frozenset()
        statement = (
            update(Letter)
            .where(
                col(Letter.id).in_(letter_ids),
                col(Letter.status) == LetterStatus.CLAIMED,
                col(Letter.fence) == lease.fence,
            )
            .values(status=LetterStatus.SUBMITTING, submitted_at=now, attempts=Letter.attempts + 1)
            .returning(col(Letter.id))
        )
        return status, frozenset(row[0] for row in session.connection().execute(statement))


def settle(session: Session, results: Sequence[Settled], *, now: datetime) -> None:
    """Write down what came of the calls. The same result twice, or late, or after an event, does no harm.

    That a letter was accepted holds whoever has the lease by now; any other answer counts only for the claim
    it was given to.
    """
    for result in results:
        if result.answer.status is LetterStatus.ACCEPTED:
            _settle_accepted(session, result, now)
        else:
            _settle_other(session, result, now)


def _settle_accepted(session: Session, result: Settled, now: datetime) -> None:
    this = col(Letter.delivery_id) == result.delivery_id
    execute = session.connection().execute
    moved = execute(
        update(Letter)
        .where(this, col(Letter.status).in_(origins(LetterStatus.ACCEPTED)))
        .values(
            status=LetterStatus.ACCEPTED,
            provider_id=result.answer.provider_id,
            settled_at=now,
            reason="",
            not_before=None,
        )
    )
    if not moved.rowcount:  # an event came before our answer
        execute(update(Letter).where(this, col(Letter.provider_id) == "").values(provider_id=result.answer.provider_id))


def _settle_other(session: Session, result: Settled, now: datetime) -> None:
    answer = result.answer
    values: dict[str, Any] = {"status": answer.status, "reason": answer.reason, "settled_at": now}
    if answer.status is LetterStatus.QUEUED:
        wait = now + timedelta(seconds=answer.wait_s) if answer.wait_s else None
        values |= {"settled_at": None, "owner": "", "not_before": wait}
    if answer.status is LetterStatus.UNKNOWN:
        values["settled_at"] = None
    session.connection().execute(
        update(Letter)
        .where(
            col(Letter.delivery_id) == result.delivery_id,
            col(Letter.fence) == result.fence,
            col(Letter.status).in_(_IN_HAND.intersection(origins(answer.status))),
        )
        .values(**values)
    )


def receipt(session: Session, edition_id: int) -> Receipt | None:
    """Where every person of an edition stands; None until its audience is frozen."""
    edition = session.get(Edition, edition_id)
    if edition is None or edition.audience_frozen_at is None:
        return None
    statement = (
        select(Letter.status, Letter.reason, func.count())
        .where(col(Letter.edition_id) == edition_id)
        .group_by(col(Letter.status), col(Letter.reason))
    )
    rows = [(LetterStatus(row[0]), row[1], row[2]) for row in session.exec(statement)]
    return receipt_of(edition_id, edition.audience_size, rows)


def list_letters(
    session: Session,
    *,
    edition_id: int | None = None,
    status: LetterStatus | None = None,
    limit: int = 1_000,
) -> list[dict[str, Any]]:
    """Letters in the order of their ids, as plain documents for scripts.

    Fields: edition (its number), subscriber (id), address, status, reason, attempts, delivery_id,
    provider_id, claimed_at, submitted_at, settled_at (times as ISO 8601 in UTC, or None).
    """
    statement = (
        select(Letter, Edition)
        .join(Edition, col(Edition.id) == col(Letter.edition_id))
        .order_by(col(Letter.id))
        .limit(limit)
    )
    if edition_id is not None:
        statement = statement.where(Letter.edition_id == edition_id)
    if status is not None:
        statement = statement.where(Letter.status == status)
    return [_document(letter, edition.number) for letter, edition in session.exec(statement)]


def _document(letter: Letter, number: int) -> dict[str, Any]:
    def iso(time: datetime | None) -> str | None:
        return None if time is None else time.isoformat()

    return {
        "edition": number,
        "subscriber": letter.subscriber_id,
        "address": letter.address,
        "status": letter.status.value,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "delivery_id": letter.delivery_id,
        "provider_id": letter.provider_id,
        "claimed_at": iso(letter.claimed_at),
        "submitted_at": iso(letter.submitted_at),
        "settled_at": iso(letter.settled_at),
    }
