"""Packed bodies: stopped at the limit, and seen to be incomplete."""

import gzip
import zlib

import brotli
import pytest

from flows.articles.inflate import (
    BrokenBodyError,
    TooLargeError,
    UnknownEncodingError,
    open_body,
)

TEXT = b"".join(b"line %d of a feed\n" % number for number in range(50_000))
LIMIT = 2**20


def unpack(encoding: str, packed: bytes, limit: int = LIMIT, piece: int = 1000) -> tuple[bytes, bool]:
    body = open_body(encoding, limit)
    for start in range(0, len(packed), piece):
        body.feed(packed[start : start + piece])
    return body.finish()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT, quality=4),
    "": TEXT,
    "identity": TEXT,
}


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("piece", [7919, 10**7])
def test_every_encoding_is_unpacked_whole(encoding: str, piece: int) -> None:
    assert unpack(encoding, PACKED[encoding], piece=piece) == (TEXT, True)


def test_deflate_without_its_header_is_unpacked() -> None:
    assert unpack("deflate", raw_deflate(TEXT)) == (TEXT, True)
    zeros = bytes(2**20)  # its last output is a full step, with no input left to ask for more with
    assert unpack("deflate", raw_deflate(zeros), limit=2**21, piece=10**7) == (zeros, True)


def test_gzip_of_several_members_is_unpacked() -> None:
    assert unpack("gzip", gzip.compress(b"one ") + gzip.compress(b"two")) == (b"one two", True)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_F22_a_packed_body_that_breaks_off_is_seen_to_be_incomplete(encoding: str) -> None:
    body, complete = unpack(encoding, PACKED[encoding][: len(PACKED[encoding]) // 2])
    assert not complete
    assert TEXT.startswith(body[:1000])


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", gzip.compress(bytes(50 * 2**20))),
        ("deflate", zlib.compress(bytes(50 * 2**20))),
        ("br", brotli.compress(bytes(50 * 2**20), quality=5)),
        ("", bytes(2 * 2**20)),
    ],
    ids=["gzip", "deflate", "br", "plain"],
)
def test_F03_a_body_that_swells_is_stopped_at_the_limit(encoding: str, bomb: bytes) -> None:
    body = open_body(encoding, LIMIT)
    with pytest.raises(TooLargeError):
        body.feed(bomb)
    assert len(body.out) <= LIMIT + 512 * 1024  # type: ignore[attr-defined]


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br, gzip", "zstd", "compress", "gzip;q=1", "bogus"])
def test_F03_nested_and_unknown_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(UnknownEncodingError):
        open_body(encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_damaged_bodies_are_refused(encoding: str) -> None:
    packed = bytearray(PACKED[encoding])
    packed[: len(packed) // 2] = b"\xff" * (len(packed) // 2)
    with pytest.raises(BrokenBodyError):
        unpack(encoding, bytes(packed))
