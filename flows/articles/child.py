"""The reading process: bodies come on its standard input, Readings and PageTexts go on its standard output.

feedparser, trafilatura and nh3 can hang for minutes, or ask for gigabytes, on input made for it, and neither listens to
signals meanwhile. So they run here, under limits of the system, where they can be killed (see `readers`).
A message is a length (4 bytes, big-endian) and as much JSON; a body follows its message as it is.
"""

import json
import os
import resource
import struct
import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from flows.articles.parse import NotAFeedError
from flows.articles.read import read_feed
from flows.errors import ReadError

_LENGTH = struct.Struct(">I")
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


def write_message(pipe: IO[bytes], message: dict[str, Any], body: bytes = b"") -> None:
    """Raises OSError when the other side is gone."""
    data = json.dumps(message).encode()
    pipe.write(_LENGTH.pack(len(data)) + data + body)
    pipe.flush()


def read_message(pipe: IO[bytes], limit: int) -> dict[str, Any] | None:
    """The next message, None when the other side is gone, or says more than `limit` bytes."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    data = pipe.read(length) if length <= limit else b""
    if len(data) < length or not data:
        return None
    message = json.loads(data)
    return message if isinstance(message, dict) else None


def answer(job: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The Reading or PageText, or the error, of one body, as a message."""
    try:
        return {"reading": _page(job, body) if job.get("page") else _feed(job, body)}
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
    return reading.as_json()


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
    return dict(text.as_json())


def main(cpu_s: int, memory_bytes: int) -> None:
    """Answer until the input ends."""
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not pass for an answer
    for body in (_SMALL, b"<!DOCTYPE rss>" + _SMALL):  # the swift way, and feedparser's
        answer({"content_type": "", "url": "http://a.example/", "now": "2026-01-01T00:00:00+00:00"}, body)
    _confine(memory_bytes)
    write_message(target, {"ready": True})
    while job := read_message(source, 1 << 20):
        _allow_cpu(cpu_s)
        message = answer(job, source.read(job["size"]))
        message["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        write_message(target, message)
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
