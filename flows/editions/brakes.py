"""Pausing, resuming and cancelling an edition; each is written to the log with who did it.

They change the edition's row and nothing else runs them: the worker reads the row with every claim, and stops
within one batch.
"""

from datetime import datetime, timedelta

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.editions.workflow import move
from flows.errors import WorkflowError
from flows.models import Edition, EditionStatus, Letter, LetterStatus, LogEntry

CANCELLED_REASON = "the edition was cancelled"


def pause_edition(
    session: Session,
    edition_id: int,
    *,
    by: str,
    reason: str,
    now: datetime,
    resume_at: datetime | None = None,
) -> None:
    """No letter leaves until someone resumes it, or until `resume_at`. Twice is once."""
    edition = locked(session, edition_id)
    if edition.status is EditionStatus.PAUSED:
        return
    _move(session, edition, EditionStatus.PAUSED, "paused", by=by, now=now, reason=reason[:400])
    edition.pause_reason, edition.resume_at = reason[:400], resume_at


def resume_edition(engine: Engine, edition_id: int, *, by: str, patience: timedelta, now: datetime) -> None:
    """Go on sending a paused edition. Who says so also says that it is not too late for `patience` more."""
    with transaction(engine) as session:
        go_on(session, edition_id, by=by, now=now)
        edition = locked(session, edition_id)
        if edition.expires_at is not None:
            edition.expires_at = max(edition.expires_at, now + patience)


def go_on(session: Session, edition_id: int, *, by: str, now: datetime) -> None:
    """As `resume_edition`, without more patience: for a pause that ends by itself."""
    edition = locked(session, edition_id)
    if edition.status is EditionStatus.SENDING:
        return
    if edition.status is not EditionStatus.PAUSED:
        raise WorkflowError(f"edition {edition.number} is {edition.status}, not paused; there is nothing to resume.")
    _move(session, edition, EditionStatus.SENDING, "resumed", by=by, now=now)
    edition.pause_reason, edition.resume_at = "", None


def hold_edition(session: Session, edition_id: int, *, by: str, reason: str, now: datetime) -> None:
    """An approved edition is not sent as it is: it waits for a person. Twice is once."""
    edition = locked(session, edition_id)
    if edition.status is EditionStatus.HELD:
        return
    _move(session, edition, EditionStatus.HELD, "held", by=by, now=now, reason=reason[:400])
    edition.pause_reason = reason[:400]


def cancel_edition(engine: Engine, edition_id: int, *, by: str, now: datetime) -> int:
    """Stop an edition for good; returns how many letters were still in the queue, and now never leave.

    Those a worker has in hand go out or come back within one batch.
    """
    with transaction(engine) as session:
        edition = locked(session, edition_id)
        if edition.status is not EditionStatus.CANCELLED:
            _move(session, edition, EditionStatus.CANCELLED, "cancelled", by=by, now=now)
            edition.resume_at = None
        return drop_queued(session, edition_id, now=now)


def drop_queued(session: Session, edition_id: int, *, now: datetime) -> int:
    """The queued letters of a cancelled edition are owed no longer; returns how many these were."""
    statement = (
        update(Letter)
        .where(col(Letter.edition_id) == edition_id, col(Letter.status) == LetterStatus.QUEUED)
        .values(status=LetterStatus.SKIPPED, reason=CANCELLED_REASON, settled_at=now)
    )
    return session.connection().execute(statement).rowcount


def locked(session: Session, edition_id: int) -> Edition:
    """The edition, as it stands now, until this transaction ends."""
    # Not against rows that refer to it: curate adds items while it holds the newsletter, which others wait for here.
    statement = select(Edition).where(Edition.id == edition_id).with_for_update(key_share=True)
    edition = session.exec(statement.execution_options(populate_existing=True)).one_or_none()
    if edition is None:
        raise WorkflowError(f"there is no edition with the id {edition_id}; `masthead editions list` names them.")
    return edition


def _move(
    session: Session,
    edition: Edition,
    to: EditionStatus,
    what: str,
    *,
    by: str,
    now: datetime,
    reason: str = "",
) -> None:
    before = edition.status
    edition.status = move(edition.status, to)
    session.add(
        LogEntry(
            at=now,
            who=by,
            what=what,
            edition_id=edition.id,
            before={"status": before.value},
            after={"status": to.value} | ({"reason": reason} if reason else {}),
        )
    )
