"""The reading process: bodies come on its standard input, Readings and PageTexts go on its standard output.

feedparser, trafilatura and nh3 can hang for minutes, or ask for gigabytes, on input made for it, and neither listens to
signals meanwhile. So they run here, under limits of the system, where they can be killed (see `readers`).
"""

import os
import resource
import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.articles.frames import Line
from flows.articles.parse import NotAFeedError
from flows.articles.read import read_feed
from flows.errors import ReadError

_MOST_JOB = 2**20
_NEVER = {
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "urllib.Request",
}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SMALL = b"<rss version='2.0'><channel><title>t</title><item><title>i</title><link>https://a.example/?x=1</link>\
<description>&lt;p&gt;x\xb3\xe6&lt;/p&gt;</description></item></channel></rss>"


def answer(job: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The Reading or PageText, or the error, of one body, as a message."""
    try:
        return _page(job, body) if job.get("page") else _feed(job, body)
    except NotAFeedError as error:
        return {"error": error.code, "reason": error.reason, "feeds": error.feeds}
    except ReadError as error:
        return {"error": error.code, "reason": error.reason}
    except (MemoryError, RecursionError):
        return {"error": "too_complex", "reason": "it is too large or too deeply nested to be read"}
    except Exception as error:  # noqa: BLE001 - one feed's fault is one feed's error
        return {"error": "unreadable_feed", "reason": f"it cannot be read ({type(error).__name__})"}


def _feed(job: dict[str, Any], body: bytes) -> dict[str, Any]:
    reading = read_feed(
        body,
        content_type=job["content_type"],
        url=job["url"],
        now=datetime.fromisoformat(job["now"]),
        known=frozenset(job.get("known", ())),
    )
    document = reading.as_json()
    return {"entries": document.pop("entries"), "reading": document}


def _page(job: dict[str, Any], body: bytes) -> dict[str, Any]:
    # trafilatura takes half a second and 40 MB to load: a process that reads no page does without
    from flows.articles.page import read_page  # noqa: PLC0415

    text = read_page(
        body,
        content_type=job["content_type"],
        url=job["url"],
        title=job["title"],
        source=job["source"],
        now=datetime.fromisoformat(job["now"]),
    )
    return {"reading": text.as_json()}


def main(cpu_s: int, memory_bytes: int) -> None:
    """Answer until the input ends."""
    line = Line(os.dup(0), os.dup(1))
    os.dup2(2, 1)  # what a library prints must not pass for an answer
    for body in (_SMALL, b"<!DOCTYPE rss>" + _SMALL):  # the swift way, and feedparser's
        answer({"content_type": "", "url": "http://a.example/", "now": "2026-01-01T00:00:00+00:00"}, body)
    _confine(memory_bytes)
    line.say({"ready": True})
    while job := line.hear(most=_MOST_JOB):
        _allow_cpu(cpu_s)
        message = answer(job, line.body(job["size"]))
        line.say({**message, "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})
        if message.get("error") == "too_complex":
            return  # what is left in memory is of no use; a fresh process follows


def _may_open(path: object, _mode: object, flags: object, *, own: tuple[str, ...]) -> bool:
    """Only to read, and only what Python and we are made of."""
    if isinstance(flags, int) and flags & _WRITES:
        return False
    return not isinstance(path, str | bytes) or os.fsdecode(path).startswith(own)


def _allow_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    with suppress(ValueError, OSError):
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, most))


def _confine(memory_bytes: int) -> None:
    """Limits of the system, where it has them; and no file, socket or process beyond Python's own modules."""
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (limit, limit))
    own = (sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[2]))
    tempfile.tempdir = os.devnull  # so that no library looks for one by trying to write here and there

    def refuse(event: str, details: tuple[Any, ...]) -> None:
        if event in _NEVER or (event == "open" and not _may_open(*details, own=own)):
            raise PermissionError(f"a feed led to {event}")

    sys.addaudithook(refuse)
