"""A few reading processes, reused: a body gets 10 s and 512 MiB, and one that hangs is killed alone."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from flows.articles.child import read_message, write_message
from flows.articles.entry import PageText, Reading
from flows.articles.parse import NotAFeedError
from flows.errors import ReadError

SECONDS = 10.0
MEMORY_BYTES = 512 * 2**20
_START_S = 60.0  # a machine under load may take long to import; no feed is to blame for that
_PATIENCE_S = 1.0
_MOST_ANSWER = 48 * 2**20  # JSON of the largest feed that may be fetched
_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from flows.articles.child import main; main({}, {})"


class Readers:
    """Open with `with`. `read` may be called from several threads; it waits for a free process.

    The processes start at once, and import while the first feeds are still under way.
    """

    def __init__(self, size: int = 2, *, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self.seconds = seconds
        self.peak_kib = 0  # the largest process so far, as far as one has told
        self._idle: SimpleQueue[_Process] = SimpleQueue()
        self._all: list[_Process] = []
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
        return Reading.from_json(self._ask(job, body))

    def read_page(
        self, body: bytes, *, content_type: str, url: str, title: str, source: str, now: datetime
    ) -> PageText:
        """The text of an article's page. Raises ReadError: what `page.read_page` raises, and `too_complex`."""
        job = {"content_type": content_type, "url": url, "now": now.isoformat(), "title": title, "source": source}
        return PageText.from_json(self._ask({**job, "page": True}, body))

    def _ask(self, job: dict[str, Any], body: bytes) -> dict[str, Any]:
        with self._one() as process:
            message = process.ask({**job, "size": len(body)}, body)
        self.peak_kib = max(self.peak_kib, message.get("peak_kib", 0))
        if "feeds" in message:
            raise NotAFeedError(message["reason"], tuple(message["feeds"]))
        if "error" in message:
            raise ReadError(message["error"], message["reason"])
        return dict(message["reading"])

    @contextmanager
    def _one(self) -> "Iterator[_Process]":
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

    def _free(self) -> "_Process":
        """A process that is idle; a new one if none has been for a while, up to twice as many as we keep."""
        while True:
            with suppress(Empty):
                process = self._idle.get(timeout=_PATIENCE_S)
                return process if process.alive else self._start()
            with self._lock:
                full = len(self._alive()) >= 2 * self._size
            if not full:
                return self._start()

    def _start(self) -> "_Process":
        process = _Process(self.seconds, self._memory_bytes)
        with self._lock:
            self._alive().append(process)
        return process

    def _alive(self) -> "list[_Process]":
        self._all = [process for process in self._all if process.alive]
        return self._all


class _Process:
    def __init__(self, seconds: float, memory_bytes: int) -> None:
        self.seconds = seconds
        root = str(Path(__file__).resolve().parents[2])
        self._ready = False
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
            # -I: neither the working folder nor the flows/ that Prefect puts on the path can shadow a module
            [sys.executable, "-I", "-c", _CODE.format(max(1, round(seconds)), memory_bytes), root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # one thread of algebra: OpenBLAS would take address space for each processor, which is limited here
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C ends us first, and us closing the pipe ends it
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, job: dict[str, Any], body: bytes) -> dict[str, Any]:
        """The answer; a process that gives none in time is killed, and that is its answer."""
        if not self._ready:
            with self._deadline(_START_S):
                self._ready = self._hear() is not None
            if not self._ready:
                self.end()
                raise ReadError("unreadable_feed", "the reading process does not start; see `masthead doctor`")
        with self._deadline(self.seconds) as late:
            message = self._speak(job, body) and self._hear()
        if message:
            if message.get("error") == "too_complex":
                self.end()
            return message
        code = self._process.wait() if late.is_set() else self._ended()
        if late.is_set() or code == -signal.SIGXCPU:
            reason = f"reading it takes longer than {self.seconds:g} s; it is left out until it changes"
        else:
            reason = "reading it needs more memory than we allow; it is left out until it changes"
        return {"error": "too_complex", "reason": reason}

    def _speak(self, job: dict[str, Any], body: bytes) -> bool:
        assert self._process.stdin is not None  # noqa: S101 - Popen was given a pipe
        with suppress(OSError):
            write_message(self._process.stdin, job, body)
            return True
        return False

    def _hear(self) -> dict[str, Any] | None:
        assert self._process.stdout is not None  # noqa: S101 - Popen was given a pipe
        try:
            return read_message(self._process.stdout, _MOST_ANSWER)
        except (OSError, ValueError):
            return None

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[threading.Event]:
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield late
        finally:
            timer.cancel()

    def _ended(self) -> int:
        self.end()
        return self._process.returncode

    def end(self) -> None:
        """Close its pipes and, if it lingers, kill it."""
        if not self._ready:  # it is still importing, and would not see its input end
            self._process.kill()
        with suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
