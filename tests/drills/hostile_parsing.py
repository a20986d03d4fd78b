"""What makes parsers raise, open files, wait or hang (F05-F07, F12)."""

import gzip
import time
from collections.abc import Iterator

from tests.articles.loopback import Handler, Request
from tests.drills.hostile_cases import (
    HEAVY,
    READ,
    Case,
    Surroundings,
    all_of,
    atom,
    case,
    count_is,
    feed,
    holds,
    items,
    lacks,
    page,
)


def cases(around: Surroundings, timeout_s: float) -> Iterator[Case]:
    """F05 to F07 and F12."""
    yield from _slow(timeout_s)
    yield from _heavy(timeout_s)
    yield from _encodings()
    yield from _characters()
    yield from _paths(around)


# --- what makes parsers raise, or open files --------------------------------------------------------------


def _encodings() -> Iterator[Case]:
    no_text = ("punycode", "undefined", "idna", "utf-7", "rot13", "base64", "hex", "zlib", "bz2", "uu", "quopri")
    for name in (*no_text, "unicode_escape", "raw_unicode_escape", "UTF7", "unicode-1-1-utf-7"):
        yield case("F05", f"encoding {name}", feed(head=f"<?xml version='1.0' encoding='{name}'?>"), "unreadable_feed")
    for name in ("punycode", "utf-7", "rot13"):
        answer = page(feed(), Content_Type=f"text/xml; charset={name}")
        yield case("F05", f"encoding {name}, by header", answer, "unreadable_feed")
    for name in ("klingon", "x" * 40, "../../etc/passwd", "utf-8\\x00", "-", "mbcs"):
        yield case(
            "F05",
            f"encoding {name[:20]}",
            feed(head=f"<?xml version='1.0' encoding='{name}'?>"),
            READ,
            "unreadable_feed",
        )
    yield case(
        "F05",
        "charset of a megabyte",
        page(feed(), Content_Type="text/xml; charset=" + "x" * 7000),
        READ,
        "protocol_error",
    )


def _characters() -> Iterator[Case]:
    for name, text in (
        ("surrogate", "&#xD800;"),
        ("surrogates in a pair", "&#xD83D;&#xDE00;"),
        ("beyond", "&#x110000;"),
        ("overflow", "&#xFFFFFFFFFF;"),
        ("of fifty digits", f"&#{'9' * 50};"),
        ("of ten thousand digits", f"&#{'9' * 10_000};"),
        ("zero", "&#0;"),
        ("control", "&#x1F;"),
        ("negative", "&#-1;"),
        ("none", "&#xFFFE;"),
        ("empty", "&#;&#x;"),
    ):
        yield case("F05", f"character {name}", feed(text), READ, "unreadable_feed")
        twice = text.replace("&", "&amp;")
        yield case("F05", f"character {name}, escaped twice", feed(twice, twice), READ, "unreadable_feed")
    slash = feed("&x;", head='<!DOCTYPE rss [\n<!ENTITY x "C:\\data\\g<1>\\1">\n]>\n')
    yield case("F05", "character backslash", slash, READ, "unreadable_feed")


def _paths(around: Surroundings) -> Iterator[Case]:
    for name, path in (
        ("passwd", "/etc/passwd"),
        ("zero", "/dev/zero"),
        ("fifo", around.fifo),
        ("secret", around.secret),
        ("file address", f"file://{around.secret}"),
        ("web address", around.canary + "/body"),
        ("environment", "/proc/self/environ"),
        ("with a line break", "/etc/passwd\n"),
        ("relative", "../../../../etc/passwd"),
        ("dash", "-"),
        ("pipe", "|cat /etc/passwd"),
        ("share", "\\\\127.0.0.2\\share"),
    ):
        yield case("F06", f"body is a path: {name}", path, "not_a_feed")
    yield case("F06", "body is a path: with a mark", b"\xef\xbb\xbf" + around.secret.encode(), "not_a_feed")
    yield case(
        "F06", "body is a path: packed", page(gzip.compress(b"/etc/passwd"), Content_Encoding="gzip"), "not_a_feed"
    )


# --- slow, and heavy to read ------------------------------------------------------------------------------


def _drip(start: bytes, drop: bytes, every_s: float = 0.2) -> Handler:
    def answer(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(start)
        while True:
            if drop:
                request.wfile.write(drop)
            time.sleep(every_s)

    return answer


def _slow(timeout_s: float) -> Iterator[Case]:
    lasting = {"seconds": timeout_s + 2, "waits": True}
    ok = b"HTTP/1.1 200 OK\r\n"
    start = feed()[:80]
    packed = gzip.compress(feed())[:20]
    yield case(
        "F07", "drip of a body", _drip(ok + b"Content-Length: 1000000\r\n\r\n" + start, b" "), "timeout", **lasting
    )
    yield case(
        "F07",
        "drip of a packed body",
        _drip(ok + b"Content-Encoding: gzip\r\nContent-Length: 99999\r\n\r\n" + packed, b""),
        "timeout",
        **lasting,
    )
    yield case(
        "F07", "drip of chunks", _drip(ok + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), "timeout", **lasting
    )
    yield case(
        "F07",
        "drip within a chunk size",
        _drip(ok + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        "timeout",
        "protocol_error",
        **lasting,
    )
    yield case("F07", "drip of the head", _drip(ok, b"X-Slow: 1\r\n"), "timeout", "protocol_error", **lasting)
    yield case("F07", "drip of one header", _drip(ok + b"X-Slow: ", b"1"), "timeout", "protocol_error", **lasting)
    yield case("F07", "drip of the status line", _drip(b"HTTP/1.1 200 ", b"O"), "timeout", "protocol_error", **lasting)
    yield case(
        "F07",
        "flood of 100 Continue",
        _drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.01),
        "timeout",
        "protocol_error",
        **lasting,
    )
    yield case(
        "F07",
        "flood of 103 Early Hints",
        _drip(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0.01),
        "timeout",
        "protocol_error",
        **lasting,
    )
    yield case("F07", "not a word", _drip(b"", b"", 0.5), "timeout", **lasting)
    yield case(
        "F07",
        "drip of trailers",
        _drip(ok + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Slow: 1\r\n"),
        "timeout",
        "protocol_error",
        READ,
        "empty_body",
        **lasting,
    )
    body = _drip(ok + b"Content-Length: 1000000\r\n\r\n", b" ")
    yield case(
        "F07",
        "drip after a redirect",
        page(b"", 302, Location="/f07-then"),
        "timeout",
        more={"/f07-then": body},
        **lasting,
    )


def _heavy(timeout_s: float) -> Iterator[Case]:
    most = {"seconds": min(10.0, timeout_s) + 4, "read_mib": 560.0}

    def inner(markup: str) -> bytes:
        return feed(body=markup.replace("&", "&amp;").replace("<", "&lt;"))

    nested = {
        "div": "<div>" * 100_000,
        "tables": "<table><tr><td>" * 30_000,
        "lists": "<ul><li>" * 50_000,
        "quotations": "<blockquote>" * 100_000,
        "bold in italics": "<b><i>" * 50_000 + "x" + "</b></i>" * 50_000,
        "links": "<a href='https://a.example/'>" * 100_000,
        "formatting and blocks": "<b><p>" * 20_000,
        "svg": "<svg><g>" * 50_000,
        "templates": "<template>" * 50_000,
    }
    for form, markup in nested.items():
        yield case("F12", f"nested in a body: {form}", inner(markup), *HEAVY, **most)
    flat = {
        "300,000 attributes": "<p " + " ".join(f'a{number}="x"' for number in range(300_000)) + ">x</p>",
        "an attribute of 5 MB": f"<p title='{'x' * 5_000_000}'>x</p>",
        "a link of 5 MB": f"<a href='https://a.example/{'x' * 5_000_000}'>x</a>",
        "a million <": "<" * 1_000_000,
        "a million &": "&" * 1_000_000,
        "300,000 comments unclosed": "<!--" * 300_000,
        "a word of 5 MB": "x" * 5_000_000,
        "300,000 paragraphs": "<p>x" * 300_000,
        "100,000 pictures": "<img src='/a.png'>" * 100_000,
        "2 MB of blanks": "a" + " " * 2_000_000 + "b",
        "a million line breaks": "<br>" * 500_000,
    }
    for form, markup in flat.items():
        yield case("F12", f"in a body: {form}", inner(markup), *HEAVY, **most)
    documents = {
        "nested elements": b"<rss version='2.0'><channel>" + b"<a>" * 100_000,
        "CDATA unclosed": b"<rss><channel><item><title>" + b"<![CDATA[" * 200_000,
        "comments unclosed": b"<rss version='2.0'><channel>" + b"<!--" * 300_000,
        "attributes of the root": b"<rss version='2.0' "
        + b" ".join(b'a%d="x"' % n for n in range(200_000))
        + b"><channel/></rss>",
        "name spaces": b"<rss version='2.0' "
        + b" ".join(b'xmlns:a%d="urn:%d"' % (n, n) for n in range(50_000))
        + b"><channel/></rss>",
        "categories": feed(more="<category>x</category>" * 100_000),
        "enclosures": feed(more="<enclosure url='https://a.example/a.png' type='image/png'/>" * 50_000),
        "authors": feed(more="<author>a@b.example (A)</author>" * 50_000),
        "item in item": b"<rss version='2.0'><channel>" + b"<item><title>x</title>" * 50_000,
        "Atom xhtml": atom(
            "<title>t</title><content type='xhtml'>"
            + "<div xmlns='http://www.w3.org/1999/xhtml'>" * 20_000
            + "</content>"
        ),
        "doctype unclosed": b"<!DOCTYPE rss [" + b"<!ENTITY a 'b'>" * 200 + b"<!ELEMENT" * 200_000,
        "processing instructions": b"<?a" * 500_000,
    }
    for form, body in documents.items():
        yield case("F12", f"document of {form}", body, *HEAVY, **most)
    many = items(*(f"<item><title>A {n}</title><link>https://a.example/{n}</link></item>" for n in range(60_000)))
    yield case("F12", "60,000 articles", many, READ, "too_complex", check=count_is(1000), **most)
    yield case("F12", "deep JSON", "[" * 1_000_000, "unreadable_feed", "too_complex", **most)
    deep = '{"version": "https://jsonfeed.org/version/1", "items": [' + '{"a":' * 100_000
    yield case("F12", "deep JSON Feed", deep, "unreadable_feed", "too_complex", **most)
    long = '{"version": "https://jsonfeed.org/version/1", "title": "t", "items": [{"id": %s, "url": "https://a.example/1"}]}'
    yield case("F12", "JSON number of 100,000 digits", long % ("9" * 100_000), "unreadable_feed", READ)
    yield case("F12", "JSON number out of range", long % "1e999", READ, "unreadable_feed", check=count_is(1))
    yield case("F12", "JSON Infinity and NaN", long % "NaN", READ, "unreadable_feed")
    surrogate = long.replace('"t"', '"\\ud800\\u0000\\u202e"') % '"\\ud800"'
    yield case("F12", "JSON halves of characters", surrogate, READ, check=all_of(count_is(1), lacks("title", "\x00")))
    yield case(
        "F12", "JSON of other kinds", long.replace('"t"', "[{}]") % '{"a": []}', READ, check=holds("link", "a.example")
    )
