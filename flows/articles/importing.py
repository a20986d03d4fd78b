"""A list of feeds into the table of sources: looked at first, then added, and doing it twice adds nothing."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from flows.articles.fetch import Web
from flows.articles.identify import canonical_link
from flows.articles.merging import standing_for
from flows.articles.opml import Outline
from flows.articles.plain import to_title
from flows.articles.store import source_url
from flows.articles.tending import name_of
from flows.errors import FetchError
from flows.models import LogEntry, Source, SourceStatus
from flows.settings import Settings

_AT_ONCE = 500  # addresses in one IN (...)
_NAME_CHARS, _TOPIC_CHARS = 300, 80


class Fate(StrEnum):
    """What becomes of one line of a list."""

    NEW = "new"
    THERE = "there already"
    BAD = "bad address"


@dataclass(frozen=True)
class Line:
    """One feed of a list and what becomes of it; `note` says why, where that is not plain."""

    title: str
    url: str
    topic: str
    fate: Fate
    note: str = ""
    site_url: str = ""


def plan_import(session: Session, outlines: Iterable[Outline]) -> list[Line]:
    """What adding these feeds will do, in their order. An address that stands twice is new once."""
    checked = [(outline, *_address(outline.url)) for outline in outlines]
    known = _known(session, [address for _, address, _ in checked if address])
    lines, met = [], set[str]()
    for outline, address, wrong in checked:
        title = to_title(outline.title, markup=False, limit=_NAME_CHARS)
        topic = to_title(outline.topic, markup=False, limit=_TOPIC_CHARS)
        if wrong:
            fate, note = Fate.BAD, wrong
        elif address in known:
            fate, note = Fate.THERE, _note(session, known[address])
        else:
            fate, note = (Fate.THERE, "stands twice in this list") if address in met else (Fate.NEW, "")
            met.add(address)
        lines.append(Line(title, address or outline.url[:300], topic, fate, note, outline.site_url))
    return lines


def import_sources(session: Session, outlines: Iterable[Outline], *, now: datetime, who: str) -> list[Line]:
    """Add what is new of these feeds; what is there stays as it is. Returns what became of each."""
    lines = plan_import(session, outlines)
    new = [line for line in lines if line.fate is Fate.NEW]
    session.add_all(
        Source(url=line.url, title=line.title, topic=line.topic, site_url=canonical_link(line.site_url), created_at=now)
        for line in new
    )
    if new:
        after = {"sources": len(new), "first": new[0].title or new[0].url}
        session.add(LogEntry(at=now, who=who, what="imported sources", after=after))
    session.flush()
    return lines


def fetch_list(url: str, settings: Settings) -> bytes:
    """The document at a web address, through the guarded client; from any thread. Raises FetchError."""

    async def get() -> bytes:
        async with Web(settings) as web:
            return (await web.get(source_url(url), accept="text/x-opml, text/xml;q=0.9, */*;q=0.5")).body

    with ThreadPoolExecutor(1) as thread:  # whoever calls may have a loop of his own
        return thread.submit(asyncio.run, get()).result()


def outlines_of(session: Session) -> Iterator[Outline]:
    """Every source that is asked or paused, as a list has it: not the retired, nor those that were merged."""
    left = (SourceStatus.ACTIVE, SourceStatus.PAUSED)
    columns = (Source.url, Source.title, Source.topic, Source.site_url)
    for row in session.exec(select(*columns).where(col(Source.status).in_(left))):
        yield Outline(*row)


def _address(url: str) -> tuple[str, str]:
    try:
        return source_url(url), ""
    except FetchError as error:
        return "", error.reason.partition(". ")[0]  # the rest is for those who dial


def _known(session: Session, addresses: Sequence[str]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for start in range(0, len(addresses), _AT_ONCE):
        part = addresses[start : start + _AT_ONCE]
        found |= {source.url: source for source in session.exec(select(Source).where(col(Source.url).in_(part)))}
    return found


def _note(session: Session, source: Source) -> str:
    other = standing_for(session, source)
    return "" if other is source else f"merged into {name_of(other)}"
