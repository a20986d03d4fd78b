"""The reading process: bodies come on its standard input, Readings go on its standard output.

feedparser and nh3 can hang for minutes, or ask for gigabytes, on input made for it, and neither listens to
signals meanwhile. So they run here, under limits of the system, where they can be killed (see `readers`).
A message is a length (4 bytes, big-endian) and as much JSON; a body follows its message as it is.
"""

import json
import os
import resource
import struct
import sys
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
_SMALL = b"<rss version='2.0'><channel><title>t</title><item><title>i</title>\
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
    """The Reading, or the error, of one body, as a message."""
    try:
        reading = read_feed(
            body, content_type=job["content_type"], url=job["url"], now=datetime.fromisoformat(job["now"])
        )
        return {"reading": reading.as_json()}
    except NotAFeedError as error:
        return {"error": error.code, "reason": error.reason, "feeds": error.feeds}
    except ReadError as error:
        return {"error": error.code, "reason": error.reason}
    except (MemoryError, RecursionError):
        return {"error": "too_complex", "reason": "it is too large or too deeply nested to be read"}
    except Exception as error:  # noqa: BLE001 - one feed's fault is one feed's error
        return {"error": "unreadable_feed", "reason": f"it cannot be read ({type(error).__name__})"}


def main(cpu_s: int, memory_bytes: int) -> None:
    """Answer until the input ends."""
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not pass for an answer
    answer({"content_type": "", "url": "http://a.example/", "now": "2026-01-01T00:00:00+00:00"}, _SMALL)
    _confine(memory_bytes)
    write_message(target, {"ready": True})
    while job := read_message(source, 1 << 20):
        _allow_cpu(cpu_s)
        message = answer(job, source.read(job["size"]))
        message["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        write_message(target, message)
        if message.get("error") == "too_complex":
            return  # what is left in memory is of no use; a fresh process follows


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

    def refuse(event: str, details: tuple[Any, ...]) -> None:
        opened = details[0] if event == "open" else None
        if event in _NEVER or (isinstance(opened, str | bytes) and not os.fsdecode(opened).startswith(own)):
            raise PermissionError(f"a feed led to {event}")

    sys.addaudithook(refuse)
