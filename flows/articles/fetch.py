"""The one client for what others serve: guarded, bounded, conditional. Failures are FetchErrors with a code.

aiohttp, because one hook (`socket_factory`) sees every address that is dialled, literal or looked up, and
because it is cheap: `tests/bench/fetchers.py` measured, in CPU per packed feed, 1.7 times as much for urllib3 in
threads and 4.9 times for httpx. We unpack bodies ourselves, since no client stops inside a piece that swells
(and that halves the cost once more: aiohttp hands each larger piece to a thread).
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from flows.articles.failures import BlockedAddressError, body_error, connection_error, status_error
from flows.articles.guard import Guard
from flows.articles.inflate import (
    ACCEPTED,
    Body,
    BrokenBodyError,
    TooLargeError,
    UnknownEncodingError,
    open_body,
)
from flows.articles.lookup import GuardedResolver, Lookup, look_up
from flows.articles.retry_after import read_retry_after
from flows.articles.way import REDIRECTS, Way
from flows.clock import Clock, monotonic_s, utc_now
from flows.errors import FetchError
from flows.settings import Settings

_FEEDS = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
)
PAGES = "text/html, application/xhtml+xml;q=0.9, */*;q=0.3"
_ETAG_CHARS, _DATE_CHARS = 400, 100
_LARGE_BYTES = 2**18
_LARGE_AT_ONCE = 4
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.I)
_LONGEST_AGE_S = 24 * 3600.0
Room = Callable[[], Awaitable[None]]  # waits until one more large body may be held
_NO_HEAD = {403, 404, 405, 501}  # what servers that know no HEAD say to it


@dataclass(frozen=True)
class Fetched:
    """What a server sent. `body` is unpacked; `moved_to` is where every hop so far said it lives for good.

    `unchanged`: the server said 304, and `body` is empty. `truncated`: the body ends before its end, so its
    validators must not be kept. `downgraded`: a redirect led from https to http. `hops` are the addresses passed
    on the way, the last one left out. `max_age_s` is how long the server calls its answer fresh, 0 to a day.
    """

    url: str
    final_url: str
    status: int
    body: bytes = field(repr=False)
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""
    unchanged: bool = False
    truncated: bool = False
    downgraded: bool = False
    conditional: bool = False  # asked with validators
    hops: tuple[str, ...] = ()
    took_s: float = 0.0
    max_age_s: float = 0.0


@dataclass(frozen=True)
class Looked:
    """What stands behind a link: the last status, whatever it is, and where it was given."""

    url: str
    final_url: str
    status: int


class Web:
    """One reused client for all that leaves the house: feeds, pages, pictures, lists, link checks, webhooks.

    Open it with `async with`; its methods may be called many times at once. Bodies over 256 KiB are taken four
    at a time, so that many large ones do not fill the memory together.
    """

    def __init__(self, settings: Settings, *, clock: Clock = utc_now, lookup: Lookup = look_up) -> None:
        self.settings = settings
        self.clock = clock
        self.guard = Guard(allow_private=settings.allow_private_addresses)
        self._resolver = GuardedResolver(self.guard, lookup)
        self._session: aiohttp.ClientSession | None = None
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=self._open_socket,
            limit=self.settings.fetch_concurrency,
            limit_per_host=self.settings.fetch_per_host,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.settings.connect_timeout_s),
            headers={"User-Agent": self.settings.user_agent, "Accept-Encoding": ACCEPTED},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # a proxy from the environment would dial for us, unguarded
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        self._resolver.threads.shutdown(wait=False, cancel_futures=True)

    async def get(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        accept: str = _FEEDS,
        https_only: bool = False,
        room: AsyncExitStack | None = None,
    ) -> Fetched:
        """Fetch `url` within the whole time allowed; with validators, 304 comes back as `unchanged`.

        With `https_only` a redirect to plain http is refused. A large body keeps its place among the few that are
        held at once until `room` is left, if one is given.

        Raises FetchError: bad_url, blocked_address, dns_error, connection_refused, connection_error,
        tls_error, timeout, protocol_error, redirect_loop, too_many_redirects, bad_redirect, downgraded,
        body_too_large, unsupported_encoding, damaged_body, gone, http_….
        """
        headers = {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        started = monotonic_s()
        async with self._in_time(url) as deadline, AsyncExitStack() as own:
            way = Way(url, self.guard.check_url(url), https_only=https_only)
            response = await self._follow(way, "GET", headers)
            try:
                fetched = await self._take(
                    way, response, partial(self._room, room or own, deadline), conditional=len(headers) > 1
                )
            finally:
                response.close()
        return replace(fetched, took_s=monotonic_s() - started)

    async def look(self, url: str) -> Looked:
        """Where a link leads and what is there, without its body. Raises FetchError as `get`, but for a status."""
        async with self._in_time(url):
            for method in ("HEAD", "GET"):
                way = Way(url, self.guard.check_url(url))
                response = await self._follow(way, method, {"Accept": PAGES})
                response.close()
                if method == "HEAD" and response.status in _NO_HEAD:
                    continue
                break
        return Looked(url, way.current, response.status)

    async def post(self, url: str, body: bytes, *, headers: dict[str, str]) -> int:
        """Send `body` to a webhook; the status of the answer. A redirect is not followed. Raises FetchError."""
        async with self._in_time(url):
            response = await self._ask(url, self.guard.check_url(url), "POST", headers, body)
            response.close()
        return response.status

    @asynccontextmanager
    async def _in_time(self, url: str) -> AsyncIterator[asyncio.Timeout]:
        """The whole time allowed: a limit on each single read would never end a slow drip."""
        limit_s = self.settings.fetch_timeout_s
        try:
            async with asyncio.timeout(limit_s) as deadline:
                yield deadline
        except TimeoutError as error:
            raise FetchError(url, "timeout", f"no complete answer within {limit_s:g} s") from error

    async def _follow(self, way: Way, method: str, headers: dict[str, str]) -> aiohttp.ClientResponse:
        """The first answer that is no redirect; the caller closes it."""
        while True:
            response = await self._ask(way.url, way.current, method, headers)
            if response.status not in REDIRECTS or "Location" not in response.headers:
                return response
            response.close()
            way.go_on(response.status, response.headers["Location"], self.guard)

    async def _ask(
        self, url: str, current: str, method: str, headers: dict[str, str], body: bytes | None = None
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            raise RuntimeError("a Web is opened with `async with` before it is asked")
        try:
            return await self._session.request(
                method, _quoted(current), headers=headers, data=body, allow_redirects=False
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise connection_error(url, error, self.settings.connect_timeout_s) from error

    async def _take(self, way: Way, response: aiohttp.ClientResponse, room: Room, *, conditional: bool) -> Fetched:
        head = response.headers
        if response.status == 304 and conditional:
            fetched = Fetched(way.url, way.current, 304, b"", unchanged=True, conditional=True)
            return _along(fetched, way, head.get("Cache-Control", ""))
        if not 200 <= response.status < 300:
            wait = read_retry_after(head.get("Retry-After", ""), self.clock())
            raise status_error(way.url, response.status, wait)
        body, complete = await self._read(way.url, response, room)
        etag, last_modified = head.get("ETag", ""), head.get("Last-Modified", "")
        fetched = Fetched(
            way.url,
            way.current,
            response.status,
            body,
            content_type=head.get("Content-Type", "").encode("ascii", "ignore").decode()[:200],
            etag=_kept(etag, _ETAG_CHARS),
            last_modified=_kept(last_modified, _DATE_CHARS),
            truncated=not complete,
            conditional=conditional,
        )
        return _along(fetched, way, head.get("Cache-Control", ""))

    async def _read(self, url: str, response: aiohttp.ClientResponse, room: Room) -> tuple[bytes, bool]:
        limit = self.settings.fetch_max_bytes
        cut_off = False
        try:
            if (response.content_length or 0) > limit:
                raise TooLargeError
            body = open_body(response.headers.get("Content-Encoding", ""), limit)
            cut_off = await _pour(response, body, room)
            content, complete = body.finish()
        except (TooLargeError, UnknownEncodingError, BrokenBodyError) as error:
            raise body_error(url, error, limit) from error
        if cut_off and not content:
            raise FetchError(url, "protocol_error", "the server broke off before it had sent anything")
        return content, complete and not cut_off

    async def _room(self, held: AsyncExitStack, deadline: asyncio.Timeout) -> None:
        """Wait for a place among the large bodies, until `held` is left. This is our wait: the server's time stops."""
        loop = asyncio.get_running_loop()
        left = (deadline.when() or loop.time()) - loop.time()
        deadline.reschedule(None)
        await held.enter_async_context(self._large)
        deadline.reschedule(loop.time() + left)

    def _open_socket(self, where: tuple[Any, ...]) -> socket.socket:
        """The last door: whatever is dialled, looked up or literal, passes here."""
        family, kind, protocol, _, address = where
        if not self.guard.may_dial(str(address[0])):
            raise BlockedAddressError
        return socket.socket(family=family, type=kind, proto=protocol)


async def _pour(response: aiohttp.ClientResponse, body: Body, room: Room) -> bool:
    """Feed the answer into `body`; True when the connection ended before the answer did."""
    large = False
    try:
        async for piece in response.content.iter_any():
            body.feed(piece)
            if not large and body.size > _LARGE_BYTES:
                large = True
                await room()
    except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, ConnectionError):
        return True
    return False


def _kept(validator: str, most: int) -> str:
    """A validator that can be stored whole and sent back as it came; half of one validates nothing."""
    return validator if len(validator) <= most and validator.isascii() and validator.isprintable() else ""


def _along(fetched: Fetched, way: Way, cache_control: str) -> Fetched:
    """What was fetched, with what was met on the way."""
    return replace(
        fetched,
        moved_to=way.moved_to,
        downgraded=way.downgraded,
        hops=tuple(way.trail[:-1]),
        max_age_s=_max_age_s(cache_control),
    )


def _max_age_s(cache_control: str) -> float:
    found = _MAX_AGE.search(cache_control)
    return min(float(found.group(1)), _LONGEST_AGE_S) if found else 0.0


def _quoted(url: str) -> URL:
    return URL(url, encoded=url.isascii())
