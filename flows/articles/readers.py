"""A few reading processes, reused: a body gets 10 s and 512 MiB, and one that hangs is killed alone."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from flows.articles.entry import PageText, Reading
from flows.articles.parse import NotAFeedError
from flows.articles.process import Process
from flows.errors import ReadError

SECONDS = 10.0
MEMORY_BYTES = 512 * 2**20
_PATIENCE_S = 1.0


class Readers:
    """Open with `with`. `read` may be called from several threads; it waits for a free process.

    The processes start at once, and import while the first feeds are still under way.
    """

    def __init__(self, size: int = 2, *, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self.seconds = seconds
        self.peak_kib = 0  # the largest process so far, as far as one has told
        self._idle: SimpleQueue[Process] = SimpleQueue()
        self._all: list[Process] = []
        self._memory_bytes = memory_bytes
        self._size = size
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        for _ in range(self._size):
            self._idle.put(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._all:
            process.end()

    def read(self, body: bytes, *, content_type: str, url: str, now: datetime, known: Iterable[str] = ()) -> Reading:
        """The feed in `body`; entries whose digest is `known` are only named.

        Raises ReadError: what `parse` raises, and `too_complex`.
        """
        job = {"content_type": content_type, "url": url, "now": now.isoformat(), "known": list(known)}
        message = self._ask(job, body)
        return Reading.from_json({**message["reading"], "entries": message["entries"]})

    def read_page(
        self, body: bytes, *, content_type: str, url: str, title: str, source: str, now: datetime
    ) -> PageText:
        """The text of an article's page. Raises ReadError: what `page.read_page` raises, and `too_complex`."""
        job = {"content_type": content_type, "url": url, "now": now.isoformat(), "title": title, "source": source}
        return PageText.from_json(self._ask({**job, "page": True}, body)["reading"])

    def _ask(self, job: dict[str, Any], body: bytes) -> dict[str, Any]:
        with self._one() as process:
            message = process.ask({**job, "size": len(body)}, body)
        self.peak_kib = max(self.peak_kib, message.get("peak_kib", 0))
        if "feeds" in message:
            raise NotAFeedError(message["reason"], tuple(message["feeds"]))
        if "error" in message:
            raise ReadError(message["error"], message["reason"])
        return message

    @contextmanager
    def _one(self) -> Iterator[Process]:
        process = self._free()
        try:
            yield process
        finally:
            with self._lock:
                spare = len(self._alive()) > self._size  # started while others hung; they are back
            if spare:
                process.end()
            else:
                self._idle.put(process)  # also one that died: whoever takes it starts another in its place

    def _free(self) -> Process:
        """A process that is idle; a new one if none has been for a while, up to twice as many as we keep."""
        while True:
            with suppress(Empty):
                process = self._idle.get(timeout=_PATIENCE_S)
                return process if process.alive else self._start()
            with self._lock:
                full = len(self._alive()) >= 2 * self._size
            if not full:
                return self._start()

    def _start(self) -> Process:
        process = Process(self.seconds, self._memory_bytes)
        with self._lock:
            self._alive().append(process)
        return process

    def _alive(self) -> list[Process]:
        self._all = [process for process in self._all if process.alive]
        return self._all
