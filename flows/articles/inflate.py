"""Unpacks a body piece by piece: a small body that swells is stopped at the limit, not after it."""

import zlib
from typing import Protocol

import brotli

_STEP = 256 * 1024
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's own numbers for its three wrappings
ACCEPTED = "gzip, deflate, br"


class TooLargeError(Exception):
    """The body is over the limit, as sent or unpacked."""


class UnknownEncodingError(Exception):
    """A content encoding that was not asked for, or several one within another."""


class BrokenBodyError(Exception):
    """The packed bytes are damaged."""


class Body(Protocol):
    """Takes a body as it was sent, gives it as it was meant."""

    @property
    def size(self) -> int:
        """Bytes held so far."""

    def feed(self, piece: bytes) -> None: ...

    def finish(self) -> tuple[bytes, bool]:
        """The whole body, and whether it is complete."""


def open_body(encoding: str, limit: int) -> Body:
    """A body of this Content-Encoding that may have `limit` bytes, as sent and unpacked alike."""
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    if not names:
        return _Plain(limit)
    if len(names) > 1:
        raise UnknownEncodingError(encoding)
    if names[0] in {"gzip", "x-gzip", "deflate"}:
        return _Zlib(limit, gzip=names[0] != "deflate")
    if names[0] == "br":
        return _Brotli(limit)
    raise UnknownEncodingError(encoding)


class _Plain:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.sent = 0
        self.out = bytearray()

    @property
    def size(self) -> int:
        return len(self.out)

    def feed(self, piece: bytes) -> None:
        self._count(piece)
        self._keep(piece)

    def finish(self) -> tuple[bytes, bool]:
        return bytes(self.out), True

    def _count(self, piece: bytes) -> None:
        self.sent += len(piece)
        if self.sent > self.limit:
            raise TooLargeError

    def _keep(self, piece: bytes) -> None:
        self.out += piece
        if len(self.out) > self.limit:
            raise TooLargeError


class _Zlib(_Plain):
    def __init__(self, limit: int, *, gzip: bool) -> None:
        super().__init__(limit)
        self.gzip = gzip
        self.inflater = zlib.decompressobj(_GZIP) if gzip else None

    def feed(self, piece: bytes) -> None:
        self._count(piece)
        if self.inflater is None:
            # "deflate" is sent both with zlib's header and, wrongly but widely, without it
            wrapped = piece[:1] and piece[0] & 0x0F == 8 and piece[0] >> 4 <= 7
            self.inflater = zlib.decompressobj(_ZLIB if wrapped else _RAW)
        try:
            self._inflate(piece)
        except zlib.error as error:
            raise BrokenBodyError from error

    def _inflate(self, piece: bytes) -> None:
        while self.inflater is not None:
            if self.inflater.eof:
                if not self.gzip or not piece.startswith(b"\x1f"):
                    return  # padding after the end
                self.inflater = zlib.decompressobj(_GZIP)  # gzip may come in several members
            out = self.inflater.decompress(piece, _STEP)
            self._keep(out)
            piece = self.inflater.unconsumed_tail or self.inflater.unused_data
            if not piece and len(out) < _STEP:  # a full step may have left more inside
                return

    def finish(self) -> tuple[bytes, bool]:
        complete = self.inflater is not None and self.inflater.eof
        return bytes(self.out), complete or self.sent == 0


class _Brotli(_Plain):
    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.inflater = brotli.Decompressor()

    def feed(self, piece: bytes) -> None:
        self._count(piece)
        if self.inflater.is_finished():
            return
        try:
            out = self.inflater.process(piece, output_buffer_limit=_STEP)
            while out or not self.inflater.can_accept_more_data():
                self._keep(out)
                # it takes new input while output is still inside: ask until nothing comes
                out = self.inflater.process(b"", output_buffer_limit=_STEP)
        except brotli.error as error:
            raise BrokenBodyError from error

    def finish(self) -> tuple[bytes, bool]:
        return bytes(self.out), self.inflater.is_finished() or self.sent == 0
