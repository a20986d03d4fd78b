"""One click behind a reason: boost or mute a source, topic or term, and the queue is ranked afresh."""

from sqlalchemy import Engine
from sqlmodel import Session

from flows.articles import tending
from flows.database import reading, transaction
from flows.editions import typed
from flows.editions.brakes import locked
from flows.editions.changes import Editor
from flows.editions.known import read_known
from flows.editions.reranking import Reranked, rerank
from flows.editions.suggesting import Known
from flows.errors import WorkflowError
from flows.models import Edition, EditionStatus, LogEntry, Source
from flows.settings import Settings
from flows.stories.store import lock_newsletter
from flows.stories.tuning import turn_term

_DONE = {"boost": "boosted a term", "usual": "weighed a term as usual", "mute": "muted a term"}


def turn(
    engine: Engine,
    newsletter_id: int,
    editor: Editor,
    settings: Settings,
    *,
    way: str,
    term: str = "",
    source_id: int = 0,
    edition_id: int = 0,
) -> Reranked:
    """`way` is boost, mute or usual; of a source, or of a term. With `edition_id` its queue is ranked again.

    Raises WorkflowError for what cannot be turned.
    """
    known = _known(engine, edition_id)
    with transaction(engine) as session:
        lock_newsletter(session, newsletter_id)  # before the edition, as everywhere
        edition = locked(session, edition_id) if edition_id else None
        if source_id:
            _turn_source(session, source_id, way, editor)
        else:
            term = typed.line(term, "term")
            before = turn_term(session, newsletter_id, term, way, by=editor.email, now=editor.now)
            if before != (after := tending.WEIGHTS[way]):
                session.add(
                    LogEntry(
                        at=editor.now,
                        who=editor.email,
                        what=_DONE[way],
                        edition_id=edition_id or None,
                        before={"term": term, "points": before},
                        after={"term": term, "points": after},
                    )
                )
        if edition is None or edition.status is not EditionStatus.DRAFT:
            return Reranked(0, 0)
        return rerank(session, edition_id, settings, now=editor.now, known=known)


def _known(engine: Engine, edition_id: int) -> Known | None:
    """What the past says, read while nobody has to wait: it changes only when an edition is decided."""
    with reading(engine) as session:
        edition = session.get(Edition, edition_id) if edition_id else None
        return read_known(session, edition.newsletter_id, before=edition.number) if edition else None


def _turn_source(session: Session, source_id: int, way: str, editor: Editor) -> None:
    if way not in tending.WEIGHTS or session.get(Source, source_id) is None:
        raise WorkflowError("There is no such source (any more). Nothing was changed.")
    tending.weigh(session, source_id, wish=way, now=editor.now, who=editor.email)
