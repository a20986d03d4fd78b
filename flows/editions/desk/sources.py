"""The sources: which are well, which fail since when, and how much the editors want of each."""

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, func, select

from flows.database import reading, transaction
from flows.editions.content import source_name
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.desk.forms import FormError
from flows.models import Article, LogEntry, Source, SourceStatus

WEIGHTS = {"boost": 1.0, "usual": 0.0, "mute": -3.0}  # points of score
_SAID = {"boost": "boosted a source", "usual": "weighed a source as usual", "mute": "muted a source"}


@dataclass(frozen=True)
class SourceView:
    """A source with its health in one word: well, failing, new, paused or retired."""

    source: Source
    name: str
    articles: int
    health: str
    weight: str  # "boost", "usual" or "mute"


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/sources", need=Need.READ, handler=_show)
    add(router, desk, "POST", "/desk/sources/{source_id:int}/weight", need=Need.EDIT, handler=_weigh)


def _show(visit: Visit) -> Response:
    with reading(visit.desk.engine) as session:
        views = _load(session)
    return visit.page("sources.html", sources=views, failing=sum(view.health == "failing" for view in views))


def _load(session: Session) -> list[SourceView]:
    counts = dict(session.exec(select(Article.source_id, func.count()).group_by(col(Article.source_id))).all())
    views = [
        SourceView(source, source_name(source), counts.get(source.id or 0, 0), _health(source), _weight(source))
        for source in session.exec(select(Source)).all()
    ]
    return sorted(views, key=lambda view: (view.health != "failing", view.name.casefold()))


def _health(source: Source) -> str:
    if source.status is not SourceStatus.ACTIVE:
        return source.status.value
    if source.failures:
        return "failing"
    return "well" if source.last_success_at else "new"


def _weight(source: Source) -> str:
    if source.weight > 0:
        return "boost"
    return "mute" if source.weight < 0 else "usual"


def _weigh(visit: Visit, source_id: int) -> Response:
    wish = visit.form.get("weight", "")
    if wish not in WEIGHTS:
        raise FormError("A source is boosted, as usual, or muted. Nothing was saved.")
    with transaction(visit.desk.engine) as session:
        source = session.get(Source, source_id)
        if source is None:
            return missing(visit, "source")
        before, source.weight = source.weight, WEIGHTS[wish]
        if before != source.weight:
            session.add(
                LogEntry(
                    at=visit.now,
                    who=visit.who.email,
                    what=_SAID[wish],
                    before={"weight": before},
                    after={"source": source_name(source), "weight": source.weight},
                )
            )
    return RedirectResponse(f"/desk/sources#source-{source_id}", 303)
