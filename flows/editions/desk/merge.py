"""Merging a source into another: which one, what that will do, and the word."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from flows.articles.health import list_sources
from flows.articles.merging import MergePlan, merge, plan_merge
from flows.database import reading, transaction
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.desk.forms import number
from flows.editions.desk.sources import asked_number, host_of
from flows.errors import MastheadError

_OFFERED = 20
_MOST_ID = 2**31 - 1


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    base = "/desk/sources/{source_id:int}/merge"
    add(router, desk, "GET", base, need=Need.READ, handler=_show)
    add(router, desk, "POST", base, need=Need.EDIT, handler=_merge)


def _show(visit: Visit, source_id: int) -> Response:
    words = visit.request.query_params.get("q", "").strip()[:200]
    into = asked_number(visit, "into")
    return _page(visit, source_id, words=words, into=into if into <= _MOST_ID else 0)


def _page(visit: Visit, source_id: int, *, words: str = "", into: int = 0, wrong: str = "") -> Response:
    plan: MergePlan | None = None
    with reading(visit.desk.engine) as session:
        rows = list_sources(session, visit.now, with_weeks=False)
        source = next((row for row in rows if row["id"] == source_id), None)
        if source is None:
            return missing(visit, "source")
        if into and not wrong:
            plan, wrong = _plan(session, source_id, into)
    return visit.page(
        "sources_merge.html",
        422 if wrong else 200,
        row=source,
        plan=plan,
        into=next((row for row in rows if row["id"] == into), None),
        offered=[] if plan else _offered(rows, source, words),
        words=words,
        wrong=wrong,
        host=host_of,
    )


def _plan(session: Session, source_id: int, into: int) -> tuple[MergePlan | None, str]:
    try:
        return plan_merge(session, source_id, into), ""
    except MastheadError as error:
        return None, str(error)


def _offered(rows: list[dict[str, Any]], source: Mapping[str, Any], words: str) -> list[dict[str, Any]]:
    """Sources that match the words; without words, those that look like the same publication."""
    others = [row for row in rows if row["id"] != source["id"] and row["health"] not in {"merged", "retired"}]
    if words:
        wanted = words.casefold().split()
        found = [
            row
            for row in others
            if all(word in f"{row['id']} {row['title']} {row['url']}".casefold() for word in wanted)
        ]
        return found[:_OFFERED]
    host, title = host_of(source["url"]), source["title"].casefold()
    return [row for row in others if host_of(row["url"]) == host or row["title"].casefold() == title][:_OFFERED]


def _merge(visit: Visit, source_id: int) -> Response:
    into = number(visit.form, "into")
    try:
        with transaction(visit.desk.engine) as session:
            merge(session, source_id, into, now=visit.now, who=visit.who.email)
    except MastheadError as error:
        return _page(visit, source_id, wrong=str(error))
    return RedirectResponse(f"/desk/sources/{into}?said=merged", 303)
