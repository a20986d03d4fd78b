"""How an edition stands after a run: sent, paused, unsettled; said in a sentence, and in notices."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.editions.brakes import locked, pause_edition
from flows.editions.workflow import move
from flows.letters.lease import Lease, drop_if_cancelled, give_back, renew
from flows.letters.ledger import Course, Receipt, resume_time
from flows.letters.notices import close_edition, tell_edition, unknown_text
from flows.letters.run import End, RunEnd
from flows.letters.store import receipt
from flows.models import Edition, EditionStatus, Letter, LetterStatus

BY = "deliver"
_NAMED = 10


class Outcome(StrEnum):
    """How an edition stands after a run."""

    SENT = "sent"
    SCHEDULED = "scheduled"  # approved, not due yet
    HELD = "held"  # waits for a person
    PAUSED = "paused"
    CANCELLED = "cancelled"
    UNSETTLED = "unsettled"  # all is sent, but of some letters nobody can tell yet
    INTERRUPTED = "interrupted"  # letters are still owed; the next run goes on
    ELSEWHERE = "elsewhere"  # another worker sends it


@dataclass(frozen=True)
class Delivered:
    """What came of one edition; `sentence` is for the person who reads it."""

    edition_id: int
    number: int
    outcome: Outcome
    sentence: str
    receipt: Receipt | None = None


def close_run(engine: Engine, lease: Lease, number: int, end: RunEnd | None, *, now: datetime) -> Delivered:
    """Write down how the edition stands; `end` is None when nothing was to be sent.

    It is called sent only when nothing is owed, nothing is unknown and the receipt adds up.
    """
    with transaction(engine) as session:
        renew(session, lease, now=now)
        edition = locked(session, lease.edition_id)
        give_back(session, lease)
        drop_if_cancelled(session, lease.edition_id, now=now)
        told = receipt(session, lease.edition_id)
        if end is not None and end.end in (End.PAUSE, End.STOP) and edition.status is EditionStatus.SENDING:
            _pause(session, edition, end, told, now)
        if told is not None:
            _tell_unknown(session, edition, told, now)
            _tell_balance(session, edition, told, now)
            if edition.status is EditionStatus.SENDING and _finished(told):
                edition.status, edition.sent_at = move(edition.status, EditionStatus.SENT), now
        if edition.status not in (EditionStatus.PAUSED, EditionStatus.HELD):
            close_edition(session, lease.edition_id, "paused", now=now)
        outcome = _outcome(edition, told, end)
    return Delivered(lease.edition_id, number, outcome, _sentence(edition, outcome, told, end), told)


def _finished(told: Receipt) -> bool:
    return told.balanced and not told.owed and not told.unknown


def _pause(session: Session, edition: Edition, end: RunEnd, told: Receipt | None, now: datetime) -> None:
    until = resume_time(Course.PAUSE if end.end is End.PAUSE else Course.STOP, now)
    goes_on = f"goes on by itself at {until:%H:%M} UTC" if until else "goes on when someone resumes it"
    reason = f"{end.reason} ({told.owed if told else 0:,} letters are still owed; it {goes_on})"
    pause_edition(session, edition.id or 0, by=BY, reason=reason, now=now, resume_at=until)
    tell_edition(session, edition.id or 0, "paused", f"Edition {edition.number}: {reason}", now=now)


def _tell_unknown(session: Session, edition: Edition, told: Receipt, now: datetime) -> None:
    if not told.unknown:
        close_edition(session, edition.id or 0, "unknown", now=now)
        return
    statement = (
        select(Letter.address)
        .where(Letter.edition_id == edition.id, Letter.status == LetterStatus.UNKNOWN)
        .order_by(col(Letter.id))
        .limit(_NAMED)
    )
    text = unknown_text(edition.number, session.exec(statement).all(), told.unknown)
    tell_edition(session, edition.id or 0, "unknown", text, now=now)


def _tell_balance(session: Session, edition: Edition, told: Receipt, now: datetime) -> None:
    if told.balanced:
        close_edition(session, edition.id or 0, "ledger", now=now)
        return
    text = f"Edition {edition.number}: the receipt does not add up: {told.sentence}. It is not called sent."
    tell_edition(session, edition.id or 0, "ledger", text, now=now)


_BY_STATUS = {
    EditionStatus.SENT: Outcome.SENT,
    EditionStatus.APPROVED: Outcome.SCHEDULED,
    EditionStatus.HELD: Outcome.HELD,
    EditionStatus.PAUSED: Outcome.PAUSED,
    EditionStatus.CANCELLED: Outcome.CANCELLED,
}


def _outcome(edition: Edition, told: Receipt | None, end: RunEnd | None) -> Outcome:
    if edition.status in _BY_STATUS:
        return _BY_STATUS[edition.status]
    settled = told is not None and not told.owed
    return Outcome.UNSETTLED if settled and end is not None and end.end is End.DONE else Outcome.INTERRUPTED


def _sentence(edition: Edition, outcome: Outcome, told: Receipt | None, end: RunEnd | None) -> str:
    words = f"Edition {edition.number}: {outcome}"
    if outcome is Outcome.SCHEDULED and edition.send_at is not None:
        words += f" for {edition.send_at:%Y-%m-%d %H:%M} UTC"
    if outcome in (Outcome.HELD, Outcome.PAUSED) and edition.pause_reason:
        words += f": {edition.pause_reason}"
    elif outcome is Outcome.INTERRUPTED and end is not None and end.reason:
        words += f": {end.reason}"
    return f"{words}. {told.sentence}." if told is not None else f"{words}."
