"""Who did what, when: the append-only log, to read."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import col, select

from flows.database import reading
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.loading import names_of, shortened
from flows.models import Edition, LogEntry

_PAGE = 100
_LONG = 160  # characters of a value


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/log", need=Need.READ, handler=_show)


def _show(visit: Visit) -> Response:
    before, edition_id = _asked(visit, "before"), _asked(visit, "edition")
    statement = select(LogEntry).order_by(col(LogEntry.id).desc()).limit(_PAGE + 1)
    if before:
        statement = statement.where(col(LogEntry.id) < before)
    if edition_id:
        statement = statement.where(col(LogEntry.edition_id) == edition_id)
    with reading(visit.desk.engine) as session:
        entries = session.exec(statement).all()
        names = names_of(session, {entry.who for entry in entries})
        ids = {entry.edition_id for entry in entries if entry.edition_id}
        rows = session.exec(select(Edition.id, Edition.number).where(col(Edition.id).in_(ids))).all()
    more = entries[_PAGE - 1].id if len(entries) > _PAGE else 0
    lines = [(entry, names.get(entry.who, entry.who), _told(entry)) for entry in entries[:_PAGE]]
    return visit.page("log.html", lines=lines, numbers=dict(rows), more=more, edition_id=edition_id)


def _asked(visit: Visit, name: str) -> int:
    text = visit.request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _told(entry: LogEntry) -> list[tuple[str, str, str]]:
    """(field, before, after) of what the entry says has changed."""
    before, after = _flat(entry.before), _flat(entry.after)
    names = [*after, *(name for name in before if name not in after)]
    return [(name, before.get(name, ""), after.get(name, "")) for name in names if before.get(name) != after.get(name)]


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: shortened(str(value), _LONG) for name, value in values.items() if value not in (None, "")}
