"""One reading process, seen from outside: asked, waited for, and killed when it is late."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from flows.articles.frames import Line
from flows.clock import monotonic_s
from flows.errors import ReadError

_START_S = 60.0  # a machine under load may take long to import; no feed is to blame for that
_MOST_ANSWER = 48 * 2**20  # JSON of the largest feed that may be fetched
_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from flows.articles.child import main; main({}, {})"


class Process:
    """One reading process. It imports while its first feed is still under way, and ends when we do."""

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
            bufsize=0,
        )
        assert self._process.stdin is not None  # noqa: S101 - Popen was given pipes
        assert self._process.stdout is not None  # noqa: S101
        self._line = Line(self._process.stdout.fileno(), self._process.stdin.fileno())

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, job: dict[str, Any], body: bytes) -> dict[str, Any]:
        """The answer; a process that gives none in time is killed, and that is its answer. Raises ReadError."""
        self._await_start()
        late = False
        try:
            until = monotonic_s() + self.seconds
            self._line.say(job, body, until=until)
            message = self._line.hear(most=_MOST_ANSWER, until=until)
        except TimeoutError:
            late, message = True, None
            self._process.kill()
        except (OSError, ValueError):
            message = None
        if message is None or message.get("error") == "too_complex":
            self.end()
        return message or self._silence(late=late)

    def _await_start(self) -> None:
        if not self._ready:
            with suppress(OSError, ValueError):
                until = monotonic_s() + _START_S
                self._ready = self._line.hear(most=_MOST_ANSWER, until=until) is not None
        if not self._ready:
            self.end()
            raise ReadError("unreadable_feed", "the reading process does not start; see `masthead doctor`")

    def _silence(self, *, late: bool) -> dict[str, Any]:
        if late or self._process.returncode == -signal.SIGXCPU:
            reason = f"reading it takes longer than {self.seconds:g} s; it is left out until it changes"
        else:
            reason = "reading it needs more memory than we allow; it is left out until it changes"
        return {"error": "too_complex", "reason": reason}

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
