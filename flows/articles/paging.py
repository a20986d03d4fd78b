"""The second half of a collection: the pages of articles of which the feed gives the beginning alone.

Politely: robots.txt is asked first, and each host gets one request at a time with a pause between two.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from flows.articles.entry import PageText
from flows.articles.fetch import PAGES, Web
from flows.articles.pages import DuePage, origin_of, save_no_page, save_page
from flows.articles.readers import Readers
from flows.articles.robots import DISALLOW_ALL, Rules, read_robots
from flows.articles.writer import Writer
from flows.clock import Clock, monotonic_s
from flows.errors import FetchError, ReadError
from flows.settings import Settings

AGENT = "Masthead"  # the name that robots.txt may speak to
_PER_HOST = 40  # in one collection; the rest of a host's pages wait for the next
_HOSTS_AT_ONCE = 16
_HOST_S = 120.0  # for all pages of one host in one collection
_SAY_EVERY_S = 1.0
_TELL_TO_WAIT = {"http_429", "http_503"}


@dataclass
class Paged:
    """How many pages were read, gave no more than the feed, or could not be had."""

    read: int = 0
    no_more: int = 0
    failed: int = 0

    @property
    def line(self) -> str:
        """The whole in one line, "" if no page was asked for."""
        if not self.read + self.no_more + self.failed:
            return ""
        no_more = f", {self.no_more} say no more than the feed" if self.no_more else ""
        failed = f", {self.failed} could not be had" if self.failed else ""
        return f"Read the pages of {self.read} articles{no_more}{failed}."


@dataclass
class Paging:
    """One round. `pause` waits, in seconds."""

    settings: Settings
    clock: Clock
    chance: Callable[[], float]
    web: Web
    readers: Readers
    writer: Writer
    run: Callable[[Callable[[], Any]], Awaitable[Any]]  # a call, in one of the reading threads
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    say: Callable[[str], None] = lambda _line: None
    paged: Paged = field(default_factory=Paged)
    rules: dict[str, Rules] = field(default_factory=dict)  # by scheme and host
    said_at: float = field(default_factory=monotonic_s)

    async def all(self, due: list[DuePage]) -> Paged:
        """Fetch and store these pages; whatever goes wrong with one is its own."""
        hosts: defaultdict[str, list[DuePage]] = defaultdict(list)
        for page in due:
            if len(hosts[page.origin]) < _PER_HOST:
                hosts[page.origin].append(page)
        self.total = sum(map(len, hosts.values()))
        bound = asyncio.Semaphore(_HOSTS_AT_ONCE)

        async def one(origin: str, pages: list[DuePage]) -> None:
            async with bound:
                await self._host(origin, pages)

        await asyncio.gather(*(one(origin, pages) for origin, pages in hosts.items()))
        return self.paged

    async def _host(self, origin: str, pages: list[DuePage]) -> None:
        """The pages of one host, one after the other; what does not fit into its time waits for the next round."""
        until = monotonic_s() + _HOST_S
        rules = await self._rules(origin)
        delay_s = max(self.settings.page_delay_s, rules.delay_s(AGENT))
        for place, page in enumerate(pages):
            if monotonic_s() > until:
                return
            error = await self._one(page, delay_s if place else 0.0)
            if error is not None and error.code in _TELL_TO_WAIT:
                for rest in pages[place + 1 :]:
                    await self._failed(rest, error)
                return

    async def _rules(self, origin: str) -> Rules:
        if origin not in self.rules:
            self.rules[origin] = await self._ask_robots(origin)
        return self.rules[origin]

    async def _ask_robots(self, origin: str) -> Rules:
        try:
            fetched = await self.web.get(f"{origin}/robots.txt", accept="text/plain, */*;q=0.1")
        except FetchError as error:
            status = error.code.removeprefix("http_")
            return read_robots(410 if error.code == "gone" else int(status) if status.isdigit() else 0, b"")
        return read_robots(fetched.status, fetched.body)

    async def _one(self, page: DuePage, delay_s: float) -> FetchError | None:
        try:
            text, final_url = await self._text(page, delay_s)
            work = partial(save_page, article_id=page.article_id, page=text, final_url=final_url)
            more = await self._write(page, work)
        except FetchError as error:
            await self._failed(page, error)
            return error
        except ReadError as error:
            await self._failed(page, FetchError(page.link, error.code, error.reason))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other pages go on
            sentence = f"it could not be read or stored ({type(error).__name__}: {error})"
            await self._failed(page, FetchError(page.link, "internal_error", sentence))
        else:
            self.paged.read += bool(more)
            self.paged.no_more += not more
        self._tell()
        return None

    async def _text(self, page: DuePage, delay_s: float) -> tuple[PageText, str]:
        """What the page says, and where it was."""
        await self._refuse_robots(page, page.link)
        await self.pause(delay_s)
        async with AsyncExitStack() as room:
            fetched = await self.web.get(page.link, accept=PAGES, room=room)
            if fetched.hops and _is_front(fetched.final_url) and not _is_front(page.link):
                # sites send what they have lost to their front page, and call that a success
                raise FetchError(page.link, "gone", "its address leads to the front page of the site")
            await self._refuse_robots(page, fetched.final_url)
            read = partial(
                self.readers.read_page,
                fetched.body,
                content_type=fetched.content_type,
                url=fetched.final_url,
                title=page.title,
                source=page.source_title,
                now=self.clock(),
            )
            return cast(PageText, await self.run(read)), fetched.final_url

    async def _refuse_robots(self, page: DuePage, url: str) -> None:
        """A redirect may lead to a host with rules of its own; what they forbid is not kept."""
        rules = await self._rules(origin_of(url))
        if rules.allows(AGENT, url):
            return
        if rules is DISALLOW_ALL:
            reason = "the site's robots.txt cannot be had, so its pages are not read for now"
            raise FetchError(page.link, "robots_unknown", reason)
        raise FetchError(page.link, "robots", "the site's robots.txt asks us not to read it")

    async def _failed(self, page: DuePage, error: FetchError) -> None:
        self.paged.failed += 1
        note = partial(
            save_no_page,
            article_id=page.article_id,
            code=error.code,
            sentence=error.reason,
            now=self.clock(),
            jitter=self.chance(),
            retry_after_s=error.retry_after_s,
        )
        with suppress(Exception):  # a database that takes nothing: the page stays due
            await self._write(page, note)

    def _tell(self) -> None:
        if monotonic_s() - self.said_at >= _SAY_EVERY_S:
            self.said_at = monotonic_s()
            done = self.paged.read + self.paged.no_more + self.paged.failed
            self.say(f"  {done} of {self.total} pages")

    async def _write(self, page: DuePage, work: Callable[..., Any]) -> Any:
        return await asyncio.wrap_future(self.writer.write(page.source_id, work))


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query
