"""Explains a feed as a doctor would: fetched and read, nothing stored."""

import asyncio
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from flows.articles.entry import Reading
from flows.articles.fetch import Fetched, Web
from flows.articles.parse import NotAFeedError
from flows.articles.readers import Readers
from flows.articles.store import source_url
from flows.errors import FetchError, ReadError
from flows.settings import Settings


@dataclass(frozen=True)
class Diagnosis:
    """What a feed is like. `feed_url` differs from `asked` when that was a page, or has moved for good."""

    asked: str
    feed_url: str
    kind: str
    title: str
    articles: int
    newest: datetime | None
    full_text: bool
    words: int  # of a typical article (median)
    conditional: bool  # answers 304 when nothing has changed
    problems: tuple[str, ...] = ()
    is_page: bool = False

    def lines(self) -> list[str]:
        """The findings as sentences."""
        said = []
        if self.is_page:
            said.append(f"{self.asked} is a web page; the feed it names is {self.feed_url}.")
        elif self.feed_url != self.asked:
            said.append(f"{self.asked} has moved for good to {self.feed_url}.")
        said.append(f"{self.title or 'A feed without a title'}: {self.kind}, {self._count()}.")
        if self.articles:
            kind = "full articles" if self.full_text else "teasers only"
            said.append(f"It brings {kind}, typically {self.words} words; {self._newest()}.")
        said.append(
            "It says when nothing has changed, so asking often costs little."
            if self.conditional
            else "It sends everything each time, changed or not."
        )
        return said + [f"Note: {problem}." for problem in self.problems]

    def _count(self) -> str:
        return "no article at present" if not self.articles else f"{self.articles} articles"

    def _newest(self) -> str:
        return f"the newest is of {self.newest:%d %B %Y}" if self.newest else "none has a date"


def diagnose(url: str, settings: Settings, now: datetime) -> Diagnosis:
    """Fetch and read a feed, or the first feed that a page names; may be called from any thread.

    Raises FetchError (cannot be fetched) and ReadError (is no feed), each with what to do.
    """
    asked = source_url(url)
    with ThreadPoolExecutor(1) as thread, Readers(1) as readers:
        found = _Look(settings, readers, now)
        return thread.submit(asyncio.run, found.at(asked)).result()


@dataclass(frozen=True)
class _Look:
    settings: Settings
    readers: Readers
    now: datetime

    async def at(self, asked: str) -> Diagnosis:
        async with Web(self.settings, clock=lambda: self.now) as web:
            try:
                fetched, reading = await self._fetch(web, asked)
            except NotAFeedError as page:
                if not page.feeds:
                    raise ReadError(page.code, f"{asked}: {page.reason}.") from page
                fetched, reading = await self._fetch(web, page.feeds[0])
                return _diagnosis(asked, fetched, reading, await self._conditional(web, fetched), is_page=True)
            return _diagnosis(asked, fetched, reading, await self._conditional(web, fetched))

    async def _fetch(self, web: Web, url: str) -> tuple[Fetched, Reading]:
        fetched = await web.get(url)
        try:
            reading = await asyncio.to_thread(
                self.readers.read,
                fetched.body,
                content_type=fetched.content_type,
                url=fetched.final_url,
                now=self.now,
            )
        except NotAFeedError:
            raise
        except ReadError as error:
            raise ReadError(error.code, f"{url}: {error.reason}.") from error
        return fetched, reading

    async def _conditional(self, web: Web, fetched: Fetched) -> bool:
        if not fetched.etag and not fetched.last_modified:
            return False
        try:
            again = await web.get(fetched.url, etag=fetched.etag, last_modified=fetched.last_modified)
        except FetchError:
            return False
        return again.unchanged


def _diagnosis(
    asked: str, fetched: Fetched, reading: Reading, conditional: bool, *, is_page: bool = False
) -> Diagnosis:
    entries = reading.entries
    problems = list(reading.warnings)
    if not entries:
        problems.append("the feed is empty now; articles will come when it has some")
    if fetched.truncated:
        problems.append("the answer broke off before its end")
    if fetched.downgraded:
        problems.append("it redirects from https to http, where anybody on the way can change it")
    if reading.left_out:
        problems.append(f"{reading.left_out} older articles are left out (1,000 are read)")
    return Diagnosis(
        asked=asked,
        feed_url=fetched.moved_to or fetched.url,
        kind=reading.kind,
        title=reading.title,
        articles=len(entries),
        newest=max((entry.published_at for entry in entries if entry.published_at), default=None),
        full_text=sum(entry.full_text for entry in entries) * 2 > len(entries),
        words=round(statistics.median([entry.words for entry in entries])) if entries else 0,
        conditional=conditional,
        problems=tuple(problems),
        is_page=is_page,
    )
