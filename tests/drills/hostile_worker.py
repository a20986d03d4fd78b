"""The process that fetches hostile addresses, one after the other, and its peak memory for each.

A line of JSON in, a line of JSON out. Linux lets a process forget its peak: so each case has its own, without the
second that a new interpreter takes. Where that cannot be done, the peaks are those of all cases so far.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flows.articles.entry import Reading
from flows.articles.fetch import Web
from flows.articles.guard import Guard
from flows.articles.readers import Readers
from flows.errors import FetchError, ReadError
from flows.settings import Settings, load_settings
from tests.drills.hostile_cases import HOST, NOW, READ, Outcome

_OWN = (sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[2]), "/dev/null", "/etc/ssl", "/etc/host")
_ROOT = Path(__file__).resolve().parents[2]
_LONGEST_S = 90.0
_LARGE_MIB = 100.0


class OnlyThisServer(Guard):
    """Strict, but for the hostile server itself: the way to see where its redirects may lead."""

    def check_url(self, url: str) -> str:
        with suppress(ValueError):
            if (urlsplit(url).hostname or "") == HOST:
                return Guard(allow_private=True).check_url(url)
        return super().check_url(url)

    def may_dial(self, address: str) -> bool:
        return address == HOST or super().may_dial(address)


def peak_mib(pid: int | str) -> float:
    """The peak memory of a process since it was last told to forget it, 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def forget_peak(pid: int | str) -> None:
    """From here on `peak_mib` counts anew."""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


class Worker:
    """A worker process, started anew when it has died, which is the verdict of the case that killed it."""

    def __init__(self, authority: str) -> None:
        self._authority = authority  # a file of certificates to trust
        self._process: subprocess.Popen[str] | None = None

    def ask(self, url: str, *, timeout_s: float, strict: bool = False, etag: str = "") -> Outcome:
        """Fetch and read `url`."""
        process = self._alive()
        job = {"url": url, "timeout_s": timeout_s, "strict": strict, "etag": etag}
        timer = threading.Timer(_LONGEST_S, process.kill)
        timer.start()
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            said = json.loads(process.stdout.readline())
        except (OSError, ValueError):
            process.kill()
            return Outcome("crash", f"the fetching process died ({process.wait()})")
        finally:
            timer.cancel()
        if said["fetch_mib"] > _LARGE_MIB:
            self.end()
        reading = Reading.from_json(said.pop("reading")) if said["reading"] else said.pop("reading")
        return Outcome(**{**said, "opened": tuple(said["opened"])}, reading=reading)

    def _alive(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "tests.drills.hostile_worker"]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=_ROOT,
                env={**os.environ, "SSL_CERT_FILE": self._authority},
            )
        return self._process

    def end(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()


class _Peaks:
    """Peaks of this process and of those that read for it, some of which are killed before they can be asked."""

    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.reading = 0.0

    def look(self) -> None:
        for process in list(self.readers._all):
            self.reading = max(self.reading, peak_mib(process._process.pid))

    @contextmanager
    def watched(self) -> Iterator[None]:
        self.reading = 0.0
        forget_peak("self")
        for process in list(self.readers._all):
            forget_peak(process._process.pid)
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                self.look()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.look()


@cache
def _settings(timeout_s: float, strict: bool) -> Settings:
    folder = Path(tempfile.gettempdir())
    return load_settings(folder, allow_private_addresses=not strict, fetch_timeout_s=timeout_s)


async def _fetch(job: dict[str, Any]) -> Any:
    web = Web(_settings(job["timeout_s"], job["strict"]), clock=lambda: NOW)
    if job["strict"]:
        web.guard = web._resolver.guard = OnlyThisServer()
    async with web:
        return await web.get(job["url"], etag=job["etag"])


def run_case(job: dict[str, Any], readers: Readers) -> Outcome:
    """Fetch and read one address as a collection would."""
    try:
        fetched = asyncio.run(_fetch(job))
        if fetched.unchanged:
            return Outcome("unchanged")
        reading = readers.read(fetched.body, content_type=fetched.content_type, url=fetched.final_url, now=NOW)
    except FetchError as error:
        return Outcome(error.code, str(error), retry_after_s=error.retry_after_s)
    except ReadError as error:
        return Outcome(error.code, str(error))
    except Exception as error:
        return Outcome("crash", f"{type(error).__name__}: {error}"[:300])
    return Outcome(READ, reading=reading, truncated=fetched.truncated, etag=fetched.etag)


def main() -> None:
    """Answer until the input ends."""
    opened: list[str] = []

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str) and not details[0].startswith((*_OWN, "/proc/")):
            opened.append(details[0])

    with Readers(1) as readers:
        peaks = _Peaks(readers)
        sys.addaudithook(watch)
        for line in sys.stdin:
            job = json.loads(line)
            readers.seconds = min(10.0, job["timeout_s"])
            for process in readers._all:
                process.seconds = readers.seconds
            _settings(job["timeout_s"], job["strict"])  # which looks for its file
            opened.clear()
            with peaks.watched():
                started = time.monotonic()
                outcome = run_case(job, readers)
                took = time.monotonic() - started
            said = vars(
                replace(
                    outcome,
                    seconds=took,
                    fetch_mib=peak_mib("self"),
                    read_mib=peaks.reading,
                    opened=tuple(opened),
                )
            )
            if peaks.reading > _LARGE_MIB:  # what it has not given back would count against the next
                for process in readers._all:
                    process.end()
            print(json.dumps({**said, "reading": outcome.reading.as_json() if outcome.reading else None}), flush=True)


if __name__ == "__main__":
    main()
