"""A few reading processes, reused: a body gets 10 s and 512 MiB, and one that hangs is killed alone."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from flows.articles.child import read_message, write_message
from flows.articles.entry import Reading
from flows.articles.parse import NotAFeedError
from flows.errors import ReadError

SECONDS = 10.0
MEMORY_BYTES = 512 * 2**20
_START_S = 60.0  # a machine under load may take long to import; no feed is to blame for that
_MOST_ANSWER = 128 * 2**20
_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from flows.articles.child import main; main({}, {})"


class Readers:
    """Open with `with`. `read` may be called from several threads; it waits for a free process.

    The processes start at once, and import while the first feeds are still under way.
    """

    def __init__(self, size: int = 2, *, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self.seconds = seconds
        self.peak_kib = 0  # the largest process so far, as far as one has told
        self._idle: SimpleQueue[_Process | None] = SimpleQueue()
        self._all: list[_Process] = []
        self._memory_bytes = memory_bytes
        self._size = size

    def __enter__(self) -> Self:
        for _ in range(self._size):
            self._idle.put(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._all:
            process.end()

    def read(self, body: bytes, *, content_type: str, url: str, now: datetime) -> Reading:
        """The feed in `body`. Raises ReadError: what `parse` raises, and `too_complex`."""
        with self._one() as process:
            message = process.ask(
                {"content_type": content_type, "url": url, "now": now.isoformat(), "size": len(body)}, body
            )
        self.peak_kib = max(self.peak_kib, message.get("peak_kib", 0))
        if "reading" in message:
            return Reading.from_json(message["reading"])
        if "feeds" in message:
            raise NotAFeedError(message["reason"], tuple(message["feeds"]))
        raise ReadError(message["error"], message["reason"])

    @contextmanager
    def _one(self) -> "Iterator[_Process]":
        process = self._idle.get()
        if process is None or not process.alive:
            process = self._start()
        try:
            yield process
        finally:
            self._idle.put(process)

    def _start(self) -> "_Process":
        self._all = [process for process in self._all if process.alive]
        process = _Process(self.seconds, self._memory_bytes)
        self._all.append(process)
        return process


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
