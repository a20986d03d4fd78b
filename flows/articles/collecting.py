"""Due sources -> new articles. One source's trouble is its own."""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine

from flows.articles.fetch import Fetched, Web
from flows.articles.outcome import Saved, save_failure, save_read, save_unchanged
from flows.articles.readers import Readers
from flows.articles.store import DueSource, due_sources
from flows.clock import Clock, monotonic_s
from flows.database import reading, transaction
from flows.errors import FetchError, ReadError
from flows.settings import Settings

_READERS = 2
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
    chance: Callable[[], float] = random.random,
    readers: Readers | None = None,
) -> Collected:
    """Fetch, read and store every due source, or those of `only`. No trouble of a source is raised.

    `readers` are reading processes of the caller's; without them, some are started for this collection.
    """
    with reading(engine) as session:
        due = due_sources(session, now=clock(), only=only)
    if not due:
        progress("No source is due.")
        return Collected()
    with nullcontext(readers) if readers else Readers(min(_READERS, len(due))) as processes:
        round_ = _Round(engine, settings, clock, progress, chance, processes, len(due))
        _run(round_.all(due))
    progress(round_.tally.line)
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
    total: int
    tally: Collected = Collected()
    said_at: float = field(default_factory=monotonic_s)

    async def all(self, due: list[DueSource]) -> None:
        bound = asyncio.Semaphore(self.settings.fetch_concurrency)
        with ThreadPoolExecutor(_READERS, thread_name_prefix="store") as threads:
            async with Web(self.settings, clock=self.clock) as web:

                async def one(source: DueSource) -> None:
                    async with bound:
                        outcome = await self._fetch(web, source)
                    # reading and storing wait for one another, never the fetches of other sources
                    loop = asyncio.get_running_loop()
                    self._count(await loop.run_in_executor(threads, self._store, source, outcome))

                await asyncio.gather(*(one(source) for source in due))

    async def _fetch(self, web: Web, source: DueSource) -> "Fetched | FetchError":
        try:
            return await web.get(source.url, etag=source.etag, last_modified=source.last_modified)
        except FetchError as error:
            return error

    def _store(self, source: DueSource, outcome: "Fetched | FetchError") -> Collected:
        try:
            if isinstance(outcome, FetchError):
                raise outcome
            return self._take(source, outcome)
        except FetchError as error:
            return self._fail(source, error.code, error.reason, error.retry_after_s)
        except ReadError as error:
            return self._fail(source, error.code, error.reason)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other sources go on
            return self._fail(source, "internal_error", f"it could not be stored ({type(error).__name__}: {error})")

    def _take(self, source: DueSource, fetched: Fetched) -> Collected:
        body_hash = sha256(fetched.body).hexdigest()
        if fetched.unchanged or (body_hash == source.body_hash and not fetched.truncated):
            with transaction(self.engine) as session:
                save_unchanged(session, source.id, fetched, now=self.clock())
            return Collected(sources=1, unchanged=1)
        now = self.clock()
        read = self.readers.read(fetched.body, content_type=fetched.content_type, url=fetched.final_url, now=now)
        with transaction(self.engine) as session:
            saved = save_read(session, source.id, fetched, read, body_hash=body_hash, now=now)
        return _brought(saved)

    def _fail(self, source: DueSource, code: str, sentence: str, retry_after_s: float | None = None) -> Collected:
        with transaction(self.engine) as session:
            save_failure(
                session,
                source.id,
                code=code,
                sentence=sentence,
                now=self.clock(),
                jitter=self.chance(),
                retry_after_s=retry_after_s,
            )
        return Collected(sources=1, failed=1, problems=((source.title or source.url, sentence),))

    def _count(self, outcome: Collected) -> None:
        self.tally = _sum(self.tally, outcome)
        done = self.tally.sources
        if done == self.total or monotonic_s() - self.said_at >= _SAY_EVERY_S:
            self.said_at = monotonic_s()
            self.progress(f"  {done} of {self.total} sources, {self.tally.new_articles} new articles")


def _brought(saved: Saved) -> Collected:
    return Collected(sources=1, fetched=1, new_articles=saved.new, updated=saved.updated, known=saved.same)


def _sum(one: Collected, other: Collected) -> Collected:
    return Collected(**{name: getattr(one, name) + getattr(other, name) for name in vars(one)})
