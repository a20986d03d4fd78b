"""Messages between us and a reading process: a length and as much JSON, a body as it is behind it, and a deadline.

The entries of a feed come one by one behind their message, so that neither side holds a large feed twice.
"""

import fcntl
import json
import os
import select
import struct
from contextlib import suppress
from typing import Any

from flows.clock import monotonic_s

_LENGTH = struct.Struct(">I")
_STEP = 2**20
_PIPE_BYTES = 2**20  # a feed fits in; else writer and reader take turns for each 64 KiB
_IN_PARTS = "entries"


class Line:
    """Both ends that one side has: what it hears from `hear_fd`, and says into `say_fd`. They stay its own.

    Times are of `clock.monotonic_s`; None waits for ever. A side that is gone raises OSError, or is heard as None;
    one that is late raises TimeoutError.
    """

    def __init__(self, hear_fd: int, say_fd: int) -> None:
        self._hears, self._says = hear_fd, say_fd
        for end in (hear_fd, say_fd):
            os.set_blocking(end, False)
            with suppress(OSError, AttributeError):  # a system that has no such wish, or refuses it
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def say(self, message: dict[str, Any], body: bytes = b"", *, until: float | None = None) -> None:
        """A message with its body."""
        parts = [dict(entry) for entry in message.get(_IN_PARTS, ())]
        self._write(_framed({**message, _IN_PARTS: len(parts)} if parts else message), until)
        for part in parts:
            self._write(_framed(part), until)
        self._write(body, until)

    def hear(self, *, most: int, until: float | None = None) -> dict[str, Any] | None:
        """The next message, None when the other side is gone or says more than `most` bytes."""
        message, left = self._framed(most, until)
        if message is not None and isinstance(count := message.get(_IN_PARTS), int):
            parts: list[dict[str, Any]] = []
            for _ in range(count):
                part, left = self._framed(left, until)
                if part is None:
                    return None
                parts.append(part)
            message[_IN_PARTS] = parts
        return message

    def body(self, size: int) -> bytes:
        """So many bytes as they are; fewer when the other side is gone."""
        return self._read(size, None)

    def _framed(self, most: int, until: float | None) -> tuple[dict[str, Any] | None, int]:
        head = self._read(_LENGTH.size, until)
        length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        data = self._read(length, until) if 0 < length <= most else b""
        if not data or len(data) < length:
            return None, 0
        message = json.loads(data)
        return (message if isinstance(message, dict) else None), most - length

    def _read(self, size: int, until: float | None) -> bytes:
        pieces: list[bytes] = []
        while size:
            _wait(self._hears, select.POLLIN, until)
            piece = os.read(self._hears, min(size, _STEP))
            if not piece:
                break
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _write(self, data: bytes, until: float | None) -> None:
        left = memoryview(data)
        while left:
            _wait(self._says, select.POLLOUT, until)
            with suppress(BlockingIOError):
                left = left[os.write(self._says, left[:_STEP]) :]


def _framed(message: dict[str, Any]) -> bytes:
    data = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    return _LENGTH.pack(len(data)) + data


def _wait(end: int, what: int, until: float | None) -> None:
    poll = select.poll()
    poll.register(end, what)
    if not poll.poll(None if until is None else max(0.0, until - monotonic_s()) * 1000):
        raise TimeoutError
