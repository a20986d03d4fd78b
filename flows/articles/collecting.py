"""Due sources -> new articles. One source's trouble is its own.

The loop fetches, processes of their own read (`readers`), one thread writes (`writer`); none waits for another
source than its own.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine

from flows.articles.fetch import Fetched, Web
from flows.articles.keep import Saved, Wishes
from flows.articles.outcome import save_failure, save_read, save_unchanged
from flows.articles.pages import due_pages
from flows.articles.paging import Paged, Paging
from flows.articles.readers import Readers
from flows.articles.store import DueSource, due_sources, lock_sources
from flows.articles.writer import Writer
from flows.clock import Clock, monotonic_s
from flows.database import reading
from flows.errors import FetchError, ReadError
from flows.settings import Settings

_SAY_EVERY_S = 1.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Collected:
    """What one collection brought. `problems` are (title or address, sentence) of those that failed."""

    sources: int = 0
    fetched: int = 0  # read anew
    unchanged: int = 0
    failed: int = 0
    new_articles: int = 0
    updated: int = 0
    known: int = 0  # articles that were there already, as they are
    problems: tuple[tuple[str, str], ...] = ()
    pages: Paged = field(default_factory=Paged)

    @property
    def new_or_known(self) -> int:
        """Articles of the sources that could be read; sources that have not changed count as well."""
        return self.new_articles + self.updated + self.known + self.unchanged

    @property
    def line(self) -> str:
        """The whole in one line."""
        failed = f", {self.failed} failed" if self.failed else ""
        return (
            f"Collected {self.new_articles} new articles ({self.updated} updated) from {self.sources} "
            f"sources: {self.fetched} read, {self.unchanged} unchanged{failed}."
        )


def collect_articles(
    engine: Engine,
    settings: Settings,
    *,
    clock: Clock,
    progress: Say = print,
    only: Collection[int] | None = None,
    due_only: bool = False,
    chance: Callable[[], float] = random.random,
    readers: Readers | None = None,
) -> Collected:
    """Fetch, read and store sources, then the pages of what their feeds only begin to tell.

    All that may be asked now; with `due_only` those whose time has come, with `only` those named. No trouble of a
    source is raised. `readers` are reading processes of the caller's; without them, some are started.
    """
    with reading(engine) as session:
        due = due_sources(session, now=clock(), only=only, due_only=due_only)
        pages = bool(settings.pages and due_pages(session, now=clock(), most=1, only=only))
    if not due and not pages:
        progress("No source is due." if due_only else "There is no source to ask now.")
        return Collected()
    processes = min(settings.reading_processes, max(1, len(due)))
    with (
        nullcontext(readers) if readers else Readers(processes) as reading_processes,
        Writer(engine, prepare=lock_sources) as writer,
    ):
        round_ = _Round(engine, settings, clock, progress, chance, reading_processes, writer, len(due), only)
        _run(round_.all(due))
    progress(round_.tally.line)
    if line := round_.tally.pages.line:
        progress(line)
    return round_.tally


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end, also where a loop is already running in this thread (a flow's, a notebook's)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@dataclass
class _Round:
    engine: Engine
    settings: Settings
    clock: Clock
    progress: Say
    chance: Callable[[], float]
    readers: Readers
    writer: Writer
    total: int
    only: Collection[int] | None
    tally: Collected = Collected()
    said_at: float = field(default_factory=monotonic_s)

    async def all(self, due: list[DueSource]) -> None:
        # a thread for each process, and as many again: `readers` starts more when all of them hang
        with ThreadPoolExecutor(2 * self.settings.reading_processes, thread_name_prefix="read") as threads:
            self._threads = threads
            async with Web(self.settings, clock=self.clock) as web:
                await self._sources(web, due)
                await self._pages(web)

    async def _sources(self, web: Web, due: list[DueSource]) -> None:
        """Each source holds its place until it is stored, so that what waits never fills the memory."""
        places = asyncio.Semaphore(self.settings.fetch_concurrency)
        hosts = {source.host: asyncio.Semaphore(self.settings.fetch_per_host) for source in due}

        async def one(source: DueSource) -> None:
            async with AsyncExitStack() as room:
                async with hosts[source.host]:  # first, so that one host's queue holds nobody else's place
                    await room.enter_async_context(places)
                    outcome = await self._fetch(web, source, room)
                self._count(await self._store(source, outcome))

        await asyncio.gather(*(one(source) for source in due))

    async def _pages(self, web: Web) -> None:
        if not self.settings.pages:
            return
        with reading(self.engine) as session:
            due = due_pages(session, now=self.clock(), most=self.settings.pages_most, only=self.only)
        if due:
            self.progress(f"  {len(due)} articles are only begun in their feeds; reading their pages")
        paging = Paging(
            self.settings,
            self.clock,
            self.chance,
            web,
            self.readers,
            self.writer,
            self._in_thread,
            say=self.progress,
        )
        self.tally = replace(self.tally, pages=await paging.all(due))

    async def _fetch(self, web: Web, source: DueSource, room: AsyncExitStack) -> "Fetched | FetchError":
        try:
            return await web.get(
                source.url,
                etag=source.etag,
                last_modified=source.last_modified,
                https_only=source.https_only,
                room=room,
            )
        except FetchError as error:
            return error

    async def _store(self, source: DueSource, outcome: "Fetched | FetchError") -> Collected:
        try:
            if isinstance(outcome, FetchError):
                raise outcome
            return await self._take(source, outcome)
        except FetchError as error:
            return await self._fail(source, error.code, error.reason, error.retry_after_s)
        except ReadError as error:
            return await self._fail(source, error.code, error.reason)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other sources go on
            sentence = f"it could not be stored ({type(error).__name__}: {error})"
            return await self._fail(source, "internal_error", sentence)

    async def _take(self, source: DueSource, fetched: Fetched) -> Collected:
        body_hash = sha256(fetched.body).hexdigest()
        wishes = Wishes.of(self.settings)
        now = self.clock()
        if fetched.unchanged or (body_hash == source.body_hash and not fetched.truncated):
            await self._write(
                source, partial(save_unchanged, source_id=source.id, fetched=fetched, now=now, wishes=wishes)
            )
            return Collected(sources=1, unchanged=1)
        read = await self._in_thread(
            partial(
                self.readers.read,
                fetched.body,
                content_type=fetched.content_type,
                url=fetched.final_url,
                now=now,
                known=source.seen,
            )
        )
        fetched = replace(fetched, body=b"")  # read: its memory goes
        saved = await self._write(
            source,
            partial(
                save_read,
                source_id=source.id,
                fetched=fetched,
                reading=read,
                body_hash=body_hash,
                now=now,
                wishes=wishes,
            ),
        )
        return _brought(saved)

    async def _fail(self, source: DueSource, code: str, sentence: str, retry_after_s: float | None = None) -> Collected:
        problem = (source.title or source.url, sentence)
        try:
            await self._write(
                source,
                partial(
                    save_failure,
                    source_id=source.id,
                    code=code,
                    sentence=sentence,
                    now=self.clock(),
                    jitter=self.chance(),
                    retry_after_s=retry_after_s,
                    url=source.url,
                ),
            )
        except Exception as error:  # noqa: BLE001 - a database that takes nothing is said, and the rest tried
            problem = (problem[0], f"{sentence}; nor could that be noted ({type(error).__name__})")
        return Collected(sources=1, failed=1, problems=(problem,))

    async def _write(self, source: DueSource, work: Callable[..., Any]) -> Any:
        return await asyncio.wrap_future(self.writer.write(source.id, work))

    def _in_thread(self, call: Callable[[], Any]) -> "asyncio.Future[Any]":
        return asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _count(self, outcome: Collected) -> None:
        self.tally = _sum(self.tally, outcome)
        done = self.tally.sources
        if done == self.total or monotonic_s() - self.said_at >= _SAY_EVERY_S:
            self.said_at = monotonic_s()
            self.progress(f"  {done} of {self.total} sources, {self.tally.new_articles} new articles")


def _brought(saved: Saved) -> Collected:
    return Collected(sources=1, fetched=1, new_articles=saved.new, updated=saved.updated, known=saved.same)


def _sum(one: Collected, other: Collected) -> Collected:
    """The two together; `pages` are counted once, at the end."""
    sums = {name: getattr(one, name) + getattr(other, name) for name in vars(one) if name != "pages"}
    return Collected(**sums, pages=one.pages)
