"""Who may send an edition now: a lease with a fence that grows with every holder.

Prefect's run states are not asked: runs are known to be marked Crashed while alive, and Running while dead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.editions.brakes import drop_queued, locked
from flows.errors import LeaseError
from flows.letters.insert import insert_missing
from flows.models import EditionStatus, Letter, LetterStatus, SendLease


@dataclass(frozen=True)
class Lease:
    """The right to send an edition, until someone takes a higher fence. `term`: how long silence is borne."""

    edition_id: int
    owner: str
    fence: int
    term: timedelta


def take_lease(
    engine: Engine,
    edition_id: int,
    owner: str,
    *,
    now: datetime,
    term: timedelta,
    outlived: Callable[[str], bool] = lambda _: False,
) -> Lease:
    """Take it when it is free, has run out, or is held by an owner that `outlived` knows to be dead.

    Raises LeaseError, naming the holder, otherwise.
    """
    with transaction(engine) as session:
        insert_missing(session, SendLease, [{"edition_id": edition_id, "owner": "", "fence": 0, "until": now}])
        statement = select(SendLease).where(SendLease.edition_id == edition_id).with_for_update()
        row = session.exec(statement).one()
        if row.owner and row.until > now and not outlived(row.owner):
            raise LeaseError(
                f"edition {edition_id} is being sent by {row.owner} (seen {row.until - term:%H:%M:%S} UTC); "
                "this one leaves it alone."
            )
        row.owner, row.until, row.fence = owner, now + term, row.fence + 1
        return Lease(edition_id, owner, row.fence, term)


def renew(session: Session, lease: Lease, *, now: datetime) -> None:
    """Still ours, and for another term. Raises LeaseError when someone has taken over.

    Every write of a sender begins with this, in the same transaction: the row stays locked until it commits,
    so a holder that was overtaken cannot write beside its successor.
    """
    statement = (
        update(SendLease)
        .where(
            col(SendLease.edition_id) == lease.edition_id,
            col(SendLease.owner) == lease.owner,
            col(SendLease.fence) == lease.fence,
        )
        .values(until=now + lease.term)
    )
    if session.connection().execute(statement).rowcount != 1:
        raise LeaseError(f"edition {lease.edition_id} was taken over by another worker while this one was silent.")


def release(engine: Engine, lease: Lease, *, now: datetime) -> None:
    """Give back what was claimed and not submitted, and then the lease. Harmless when it is lost already."""
    with transaction(engine) as session:
        try:
            renew(session, lease, now=now)
        except LeaseError:
            return
        give_back(session, lease)
        drop_if_cancelled(session, lease.edition_id, now=now)
        session.get_one(SendLease, lease.edition_id).owner = ""


def give_back(session: Session, lease: Lease) -> None:
    """What this holder has claimed and not submitted is queued again."""
    statement = (
        update(Letter)
        .where(
            col(Letter.edition_id) == lease.edition_id,
            col(Letter.status) == LetterStatus.CLAIMED,
            col(Letter.fence) == lease.fence,
        )
        .values(status=LetterStatus.QUEUED, owner="")
    )
    session.connection().execute(statement)


def drop_if_cancelled(session: Session, edition_id: int, *, now: datetime) -> None:
    """What was in hand when the edition was cancelled, and came back, is owed no longer."""
    if locked(session, edition_id).status is EditionStatus.CANCELLED:
        drop_queued(session, edition_id, now=now)
