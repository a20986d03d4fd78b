"""A person's word on a version of the ranking: use it, turn it down, or go back. Each leaves a line in the log.

Saying the same twice changes nothing the second time, and logs nothing; a word on what is no longer so is refused.
"""

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.editions.changes import Editor
from flows.editions.draft_notices import close_ranker_waits
from flows.errors import WorkflowError
from flows.models import LogEntry, Ranker, RankerStatus
from flows.stories import registry
from flows.stories.store import lock_newsletter
from flows.stories.weights import RULES


def approve(engine: Engine, newsletter_id: int, ranker_id: int, editor: Editor) -> bool:
    """From the next draft on, this version ranks. False: there is no such version of this newsletter.

    Raises WorkflowError when it does not wait for approval, or cannot be read.
    """
    with transaction(engine) as session:
        row = _locked(session, newsletter_id, ranker_id)
        if row is not None and row.status is not RankerStatus.APPROVED:
            before = _in_use(session, newsletter_id)
            registry.approve(session, ranker_id, by=editor.email, now=editor.now)
            close_ranker_waits(session, newsletter_id, now=editor.now)
            _log(session, editor, "approved a ranking", before=before, after=row.version)
        return row is not None


def reject(engine: Engine, newsletter_id: int, ranker_id: int, editor: Editor) -> bool:
    """This version is turned down for good; False and WorkflowError as with `approve`."""
    with transaction(engine) as session:
        row = _locked(session, newsletter_id, ranker_id)
        if row is not None and row.status is not RankerStatus.REJECTED:
            registry.reject(session, ranker_id, by=editor.email, now=editor.now)
            close_ranker_waits(session, newsletter_id, now=editor.now)
            _log(session, editor, "rejected a ranking", before=None, after=row.version)
        return row is not None


def roll_back(engine: Engine, newsletter_id: int, version: int, editor: Editor) -> None:
    """Give up `version` for the one before it, or the rules. Raises WorkflowError if it is not in use (any more)."""
    with transaction(engine) as session:
        lock_newsletter(session, newsletter_id)
        if _in_use(session, newsletter_id) != version or version == RULES.version:
            if _gave_up(session, newsletter_id, version, editor):
                return
            raise WorkflowError(f"Version {version} of the ranking is not in use (any more). Nothing was changed.")
        registry.roll_back(session, newsletter_id, by=editor.email, now=editor.now)
        now_used = _in_use(session, newsletter_id)
        _log(session, editor, "rolled a ranking back", before=version, after=now_used)


def _locked(session: Session, newsletter_id: int, ranker_id: int) -> Ranker | None:
    lock_newsletter(session, newsletter_id)
    row = session.get(Ranker, ranker_id)
    return row if row is not None and row.newsletter_id == newsletter_id else None


def _in_use(session: Session, newsletter_id: int) -> int:
    """The number of the version that was approved last, readable or not; that of the rules without any."""
    query = select(Ranker.version).where(Ranker.newsletter_id == newsletter_id, Ranker.status == RankerStatus.APPROVED)
    return session.exec(query.order_by(col(Ranker.version).desc())).first() or RULES.version


def _gave_up(session: Session, newsletter_id: int, version: int, editor: Editor) -> bool:
    """Whether this editor has rolled this very version back already: the second click of two."""
    row = session.exec(select(Ranker).where(Ranker.newsletter_id == newsletter_id, Ranker.version == version)).first()
    return row is not None and row.status is RankerStatus.REJECTED and row.decided_by == editor.email


def _log(session: Session, editor: Editor, what: str, *, before: int | None, after: int) -> None:
    told = {} if before is None else {"version": before}
    session.add(LogEntry(at=editor.now, who=editor.email, what=what, before=told, after={"version": after}))
