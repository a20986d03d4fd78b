"""A feed looked at as a doctor would: what it brings, how often, and what is wrong with it. Nothing is stored."""

import asyncio
import statistics
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin

from flows.articles.entry import Reading
from flows.articles.fetch import Fetched, Web
from flows.articles.findings import Finding, Level, Seen, find
from flows.articles.paging import AGENT
from flows.articles.parse import NotAFeedError
from flows.articles.readers import Readers
from flows.articles.rhythm import typical_gap
from flows.articles.robots import read_robots
from flows.articles.saying import counted, how_often
from flows.articles.signs import look_for_signs
from flows.articles.store import source_url
from flows.errors import FetchError, ReadError
from flows.settings import Settings

_NEWEST = 5
_TRIED = 3  # feeds of a page, until one can be read
_AFTERWARDS_S = 10.0  # for each question that follows the first: whether it says 304, what robots.txt says


@dataclass(frozen=True)
class Sample:
    """One article of a feed, for a look at what it brings."""

    title: str
    published_at: datetime | None
    words: int
    full_text: bool


@dataclass(frozen=True)
class Diagnosis:
    """What a feed is like. `feed_url` differs from `asked` when that was a page, or has moved for good.

    `gap` is the typical time between two articles (None: too few to tell), `newest_entries` are at most five,
    `feeds` all those that the page names, if it was a page.
    """

    asked: str
    feed_url: str
    kind: str
    title: str
    articles: int
    newest: datetime | None
    full_text: bool
    words: int  # of a typical article (median)
    conditional: bool  # answers 304 when nothing has changed
    language: str = ""
    gap: timedelta | None = None
    newest_entries: tuple[Sample, ...] = ()
    is_page: bool = False
    feeds: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What is not as it should be, the worst first."""
        found = [finding for finding in self.findings if finding.level is not Level.OK]
        return tuple(sorted(found, key=lambda finding: finding.level is not Level.TROUBLE))

    @property
    def rhythm(self) -> str:
        """about two a week."""
        return how_often(self.gap)

    def lines(self) -> list[str]:
        """In short, as sentences."""
        said = []
        if self.is_page:
            said.append(f"{self.asked} is a web page; the feed it names is {self.feed_url}.")
        elif self.feed_url != self.asked:
            said.append(f"{self.asked} has moved for good to {self.feed_url}.")
        said.append(f"{self.title or 'A feed without a title'}: {self.kind}, {self._count()}.")
        if self.articles:
            kind = "full articles" if self.full_text else "teasers only"
            said.append(f"It brings {kind}, typically {counted(self.words, 'word')}; {self._newest()}.")
        said.append(
            "It says when nothing has changed, so asking often costs little."
            if self.conditional
            else "It sends everything each time, changed or not."
        )
        return said + [f"Trouble: {each.what}" for each in self.problems if each.level is Level.TROUBLE]

    def report(self) -> list[str]:
        """Every finding, with what to do about it; the sum in the last line."""
        counts = {level: sum(each.level is level for each in self.findings) for level in Level}
        said = [line for finding in self.findings for line in finding.lines]
        trouble = counts[Level.TROUBLE]
        verdict = f"{trouble} {'trouble' if trouble == 1 else 'troubles'}" if trouble else "no trouble"
        return [*said, "", f"{counts[Level.OK]} well, {counts[Level.NOTE]} to note, {verdict}."]

    def _count(self) -> str:
        if not self.articles:
            return "no article at present"
        return counted(self.articles, "article") + (f", {self.rhythm}" if self.gap else "")

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


def reason_of(error: FetchError | ReadError) -> str:
    """Why a feed cannot be had, as a sentence that does not name its address again."""
    bare = error.__cause__ if isinstance(error.__cause__, ReadError) else error  # `diagnose` puts the address in front
    reason = f"{bare.reason[:1].upper()}{bare.reason[1:]}"
    return reason if reason.endswith(".") else f"{reason}."


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
                fetched, reading = await self._first_of(web, page.feeds)
                return await self._examine(web, asked, fetched, reading, feeds=page.feeds)
            return await self._examine(web, asked, fetched, reading)

    async def _first_of(self, web: Web, feeds: tuple[str, ...]) -> tuple[Fetched, Reading]:
        """The first feed of a page that can be read; where none can, what is wrong with its first."""
        wrong: list[FetchError | ReadError] = []
        for url in feeds[:_TRIED]:
            try:
                return await self._fetch(web, url)
            except NotAFeedError as error:
                wrong.append(ReadError(error.code, f"{url}: {error.reason}."))
            except (FetchError, ReadError) as error:
                wrong.append(error)
        raise wrong[0]

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

    async def _examine(
        self, web: Web, asked: str, fetched: Fetched, reading: Reading, *, feeds: tuple[str, ...] = ()
    ) -> Diagnosis:
        link = next((entry.link for entry in reading.entries if entry.link), "")
        etag_works, date_works, robots = await asyncio.gather(
            self._says_304(web, fetched, etag=fetched.etag),
            self._says_304(web, fetched, last_modified=fetched.last_modified),
            self._lets_us_in(web, link),
        )
        seen = Seen(
            asked=asked,
            fetched=fetched,
            reading=reading,
            signs=look_for_signs(fetched.body, fetched.content_type),
            now=self.now,
            etag_works=etag_works,
            date_works=date_works,
            robots=robots,
            is_page=bool(feeds),
            feeds=feeds,
            limit_bytes=self.settings.fetch_max_bytes,
        )
        return _diagnosis(seen)

    async def _says_304(self, web: Web, fetched: Fetched, *, etag: str = "", last_modified: str = "") -> bool:
        if not etag and not last_modified:
            return False
        again = await _in_time(web.get(fetched.url, etag=etag, last_modified=last_modified))
        return isinstance(again, Fetched) and again.unchanged

    async def _lets_us_in(self, web: Web, link: str) -> bool | None:
        """Whether robots.txt lets us read an article's page; None without an article."""
        if not link:
            return None
        answer = await _in_time(web.get(urljoin(link, "/robots.txt"), accept="text/plain, */*;q=0.5"))
        if isinstance(answer, Fetched):
            return read_robots(answer.status, answer.body).allows(AGENT, link)
        status = answer.code.removeprefix("http_") if answer else ""
        if answer and answer.code == "gone":
            status = "410"
        return read_robots(int(status), b"").allows(AGENT, link) if status.isdigit() else None


async def _in_time(question: Awaitable[Fetched]) -> Fetched | FetchError | None:
    """The answer or what went wrong; None when it takes too long: none of these questions is worth a wait."""
    try:
        async with asyncio.timeout(_AFTERWARDS_S):
            return await question
    except FetchError as error:
        return error
    except TimeoutError:
        return None


def _diagnosis(seen: Seen) -> Diagnosis:
    entries, fetched = seen.reading.entries, seen.fetched
    dated = sorted(entries, key=lambda entry: entry.published_at or datetime.min.replace(tzinfo=seen.now.tzinfo))
    return Diagnosis(
        asked=seen.asked,
        feed_url=fetched.moved_to or fetched.url,
        kind=seen.reading.kind,
        title=seen.reading.title,
        articles=len(entries),
        newest=max(seen.reading.times, default=None),
        full_text=seen.full_text,
        words=round(statistics.median([entry.words for entry in entries])) if entries else 0,
        conditional=seen.etag_works or seen.date_works,
        language=seen.reading.language or next((entry.language for entry in entries if entry.language), ""),
        gap=typical_gap(seen.reading.times),
        newest_entries=tuple(
            Sample(entry.title, entry.published_at, entry.words, entry.full_text)
            for entry in dated[: -_NEWEST - 1 : -1]
        ),
        is_page=seen.is_page,
        feeds=seen.feeds,
        findings=find(seen),
    )
