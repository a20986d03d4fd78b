"""The sources: which are well, which fail since when, how much each brings, and how much of that is chosen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from flows.articles.health import list_sources, weekly
from flows.database import reading
from flows.editions.desk.chart import Chart, draw
from flows.editions.desk.door import Desk, Need, Visit, add

PAGE = 50
HEALTHS = ("failing", "silent", "new", "well", "paused", "retired", "merged")  # what needs a person comes first
_NEVER = "0000"
_SORTS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "": ("Trouble first", lambda row: (HEALTHS.index(row["health"]), row["title"].casefold())),
    "name": ("Name", lambda row: row["title"].casefold()),
    "yield": ("Most chosen", lambda row: (-(row["yield"] or 0), -row["seen"], row["title"].casefold())),
    "articles": ("Most articles", lambda row: (-row["articles"], row["title"].casefold())),
    "quiet": ("Longest quiet", lambda row: str(row["last_new_at"] or _NEVER)),
}
_MOST_SAID = 12  # digits of a number in an address


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for."""

    health: str  # "" for all but the merged
    words: str
    sort: str
    page: int  # from 1

    def link(self, **changes: Any) -> str:
        """The address of the same page with something else."""
        wanted = {"health": self.health, "q": self.words, "sort": self.sort, "page": 1, **changes}
        query = urlencode({name: value for name, value in wanted.items() if value not in ("", 1)})
        return f"/desk/sources?{query}" if query else "/desk/sources"


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/sources", need=Need.READ, handler=_show)


def _show(visit: Visit) -> Response:
    with reading(visit.desk.engine) as session:
        rows = list_sources(session, visit.now, with_weeks=False)
        asked = _asked(visit)
        found = _found(rows, asked)
        last_page = max(1, -(-len(found) // PAGE))
        page = min(asked.page, last_page)
        shown = found[(page - 1) * PAGE : page * PAGE]
        weeks = weekly(session, visit.now, [row["id"] for row in shown])
    return visit.page(
        "sources.html",
        rows=[(row, small_chart(visit, weeks.get(row["id"], [0] * 12))) for row in shown],
        asked=asked,
        tabs=_tabs(rows, asked),
        sorts=[(name, words) for name, (words, _) in _SORTS.items()],
        found=len(found),
        page=page,
        last_page=last_page,
        first=(page - 1) * PAGE + 1,
        summary=_summary(rows),
        said=_said(visit),
        host=host_of,
    )


def small_chart(visit: Visit, counts: Sequence[int]) -> Chart:
    """Twelve weeks as they stand in a row of the list."""
    today = visit.now.astimezone(ZoneInfo(visit.desk.settings.newsletter.timezone)).date()
    return draw(counts, today, width=118, height=28, gap=2)


def host_of(url: str) -> str:
    """The site's name in an address, without www."""
    return urlsplit(url).netloc.removeprefix("www.") or url


def _asked(visit: Visit) -> Asked:
    given = visit.request.query_params
    health, sort, page = given.get("health", ""), given.get("sort", ""), given.get("page", "")
    return Asked(
        health=health if health in HEALTHS else "",
        words=given.get("q", "").strip()[:200],
        sort=sort if sort in _SORTS else "",
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 and int(page) else 1,
    )


def _found(rows: Sequence[Mapping[str, Any]], asked: Asked) -> list[Mapping[str, Any]]:
    words = asked.words.casefold()
    found = [row for row in rows if _is_of(row, asked.health) and _matches(row, words)]
    return sorted(found, key=_SORTS[asked.sort][1])


def _is_of(row: Mapping[str, Any], health: str) -> bool:
    return bool(row["health"] == health if health else row["health"] != "merged")


def _matches(row: Mapping[str, Any], words: str) -> bool:
    text = f"{row['title']} {row['url']} {row['topic']}".casefold()
    return all(word in text for word in words.split())


def _tabs(rows: Sequence[Mapping[str, Any]], asked: Asked) -> list[tuple[str, str, int, bool]]:
    """(words, address, count, current) of each state that some source is in."""
    matching = [row for row in rows if _matches(row, asked.words.casefold())]
    tabs = [("All", asked.link(health=""), sum(_is_of(row, "") for row in matching), not asked.health)]
    for health in HEALTHS:
        count = sum(row["health"] == health for row in matching)
        if count or asked.health == health:
            tabs.append((health.capitalize(), asked.link(health=health), count, asked.health == health))
    return tabs


def _summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    standing = [row for row in rows if row["health"] != "merged"]
    counts = {health: sum(row["health"] == health for row in rows) for health in HEALTHS}
    sums = {name: sum(row[name] for row in standing) for name in ("articles", "seen", "chosen")}
    return {"sources": len(standing), **counts, **sums}


def _said(visit: Visit) -> str:
    if visit.request.query_params.get("said") != "imported":
        return ""
    new = asked_number(visit, "new")
    return f"{new:,} new {'source is' if new == 1 else 'sources are'} in the list; the next collection reads them."


def asked_number(visit: Visit, name: str) -> int:
    """A number in the address; 0 for anything else."""
    text = visit.request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_SAID else 0
