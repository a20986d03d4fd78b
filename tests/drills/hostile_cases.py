"""What the hostile server serves, and what must come of it."""

import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import brotli

from tests.articles.loopback import Request, Site
from tests.articles.test_guard import REFUSED_FORMS

INNER_FORMS = REFUSED_FORMS
_MIB = 2**20


@dataclass(frozen=True)
class Case:
    """A case passes with one of `codes`, within `seconds`, and with peaks below the MiB given."""

    id: str
    name: str
    path: str
    codes: frozenset[str]
    seconds: float = 3.0
    fetch_mib: int = 110
    read_mib: int = 200
    strict: bool = False


def CASES(timeout_s: float) -> Iterator[Case]:
    """Every case; `timeout_s` is the whole time that one fetch may take."""

    def case(id_: str, name: str, path: str, *codes: str, **more: float) -> Case:
        return Case(id_, name, path, frozenset(codes), **more)  # type: ignore[arg-type]

    slow = timeout_s + 2
    read_s = min(10.0, 2 * timeout_s) + 3
    for form in ("file", "http", "parameter", "dtd", "xinclude"):
        yield case("F01", f"outer entity: {form}", f"/xxe-{form}", "read", "unreadable_feed")
    for form in ("laughs", "five-levels", "quadratic", "utf-16"):
        yield case("F02", f"entity bomb: {form}", f"/bomb-{form}", "entity_limit", seconds=2.0)
    for packing in ("gz", "deflate", "br"):
        yield case("F03", f"packed bomb: {packing}", f"/{packing}", "body_too_large")
    yield case("F03", "packed bomb: zstd, unasked", "/zstd", "unsupported_encoding")
    yield case("F03", "packed twice", "/gzgz", "unsupported_encoding")
    yield case("F03", "gzip within gzip, one declared", "/gz-in-gz", "not_a_feed", "unreadable_feed")
    yield case("F04", "200 MB announced", "/big", "body_too_large")
    yield case("F04", "endless chunks", "/endless", "body_too_large")
    yield case("F04", "Content-Length too small", "/liar", "read", "unreadable_feed", "protocol_error")
    for name in ("punycode", "undefined", "idna", "utf-7"):
        yield case("F05", f"encoding {name}", f"/encoding-{name}", "unreadable_feed")
    for name in ("surrogate", "beyond", "overflow", "backslash"):
        yield case("F05", f"character {name}", f"/character-{name}", "read", "unreadable_feed")
    for name in ("passwd", "zero", "fifo", "url"):
        yield case("F06", f"body is a path: {name}", f"/path-{name}", "not_a_feed")
    for name in ("slow-body", "slow-head", "continue"):
        yield case("F07", f"never ends: {name}", f"/{name}", "timeout", "protocol_error", seconds=slow)
    for place, form in enumerate(INNER_FORMS):
        yield case("F08", f"redirect to {form[:22]}", f"/to-{place}", "blocked_address", "bad_url", strict=True)
    for place in range(len(_OTHER_TARGETS)):
        yield case("F08", f"redirect elsewhere {place}", f"/else-{place}", "blocked_address", "bad_url", strict=True)
    yield case("F08", "canary by redirect", "/canary", "blocked_address", strict=True)
    yield case("F09", "redirect in a circle", "/circle", "redirect_loop")
    yield case("F09", "a hundred hops", "/hop-0", "too_many_redirects")
    yield case("F10", "everything that acts", "/acting", "read")
    yield case("F11", "links that are none", "/links", "read")
    yield case("F12", "100,000 nested div", "/nested-div", "too_complex", seconds=read_s, read_mib=560)
    yield case(
        "F12",
        "100,000 nested elements",
        "/nested-xml",
        "too_complex",
        "read",
        "unreadable_feed",
        "not_a_feed",
        seconds=read_s,
        read_mib=560,
    )
    yield case(
        "F12",
        "300,000 attributes",
        "/attributes",
        "too_complex",
        "read",
        "unreadable_feed",
        seconds=read_s,
        read_mib=560,
    )
    yield case(
        "F12",
        "loose parser's nightmare",
        "/loose",
        "too_complex",
        "read",
        "unreadable_feed",
        "not_a_feed",
        seconds=read_s,
        read_mib=560,
    )
    yield case("F12", "deep JSON", "/deep-json", "unreadable_feed")
    yield case("F23", "a page", "/page", "not_a_feed")
    yield case("F23", "nothing", "/nothing", "empty_body")
    yield case("F28", "line break in Location", "/crlf", "http_404", "protocol_error", "bad_url", "bad_redirect")


_OTHER_TARGETS = [
    "file:///etc/passwd",
    "gopher://127.0.0.2/",
    "ftp://127.0.0.2/",
    "data:text/xml,<rss/>",
    "javascript:alert(1)",
    "http://8.8.8.8:22/",
    "http://user:word@8.8.8.8/",
]


def _feed(title: str = "t", body: str = "", head: str = "", link: str = "https://a.example/1") -> bytes:
    return (
        f"{head}<rss version='2.0'><channel><title>feed</title><item><title>{title}</title><link>{link}</link>"
        f"<description>{body}</description></item></channel></rss>"
    ).encode()


def serve_all(site: Site, *, canary: str, secret: str, fifo: str) -> None:
    """Put every case on the site. A request at `canary`, or `secret` in an answer, is a miss."""
    _serve_entities(site, canary, secret)
    _serve_bodies(site)
    _serve_texts(site, fifo)
    _serve_slow(site)
    _serve_redirects(site, canary)
    _serve_markup(site)


def _serve_entities(site: Site, canary: str, secret: str) -> None:
    def declared(inner: str, use: str = "&x;") -> bytes:
        return _feed(f"a {use} b", head=f"<!DOCTYPE rss [\n{inner}\n]>\n")

    site.page("/xxe-file", declared(f'<!ENTITY x SYSTEM "file://{secret}">'))
    site.page("/xxe-http", declared(f'<!ENTITY x SYSTEM "{canary}/entity">'))
    site.page("/xxe-parameter", declared(f'<!ENTITY % p SYSTEM "{canary}/p.dtd"> %p;', ""))
    site.page("/xxe-dtd", _feed(head=f'<!DOCTYPE rss SYSTEM "{canary}/rss.dtd">\n'))
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="file://{secret}"/>'
    site.page("/xxe-xinclude", _feed(include))

    def laughs(levels: int) -> bytes:
        names = [f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, levels + 1)]
        return declared("\n".join(['<!ENTITY a0 "ha ha ha ha ha">', *names]), f"&a{levels};")

    site.page("/bomb-laughs", laughs(9))
    site.page("/bomb-five-levels", laughs(5))
    site.page("/bomb-quadratic", declared(f'<!ENTITY x "{"x" * 100_000}">', "&x;" * 100_000))
    site.page("/bomb-utf-16", laughs(9).decode().encode("utf-16"))


def _serve_bodies(site: Site) -> None:
    zeros = bytes(64 * _MIB)
    packed = gzip.compress(zeros)
    site.page("/gz", packed, Content_Encoding="gzip")
    site.page("/deflate", zlib.compress(zeros), Content_Encoding="deflate")
    site.page("/br", brotli.compress(bytes(256 * _MIB), quality=1), Content_Encoding="br")
    site.page("/zstd", b"\x28\xb5\x2f\xfd" + bytes(100), Content_Encoding="zstd")
    site.page("/gzgz", gzip.compress(packed), Content_Encoding="gzip, gzip")
    site.page("/gz-in-gz", gzip.compress(gzip.compress(_feed())), Content_Encoding="gzip")

    def big(request: Request) -> None:
        request.send(200, b"", Content_Length=str(200 * _MIB))
        _pour(request, 200)

    def endless(request: Request) -> None:
        request.send(200, b"", Transfer_Encoding="chunked", Content_Length="")
        piece = b"10000\r\n" + bytes(2**16) + b"\r\n"
        while True:
            request.wfile.write(piece)

    site.at("/big", big)
    site.at("/endless", endless)
    site.page("/liar", _feed() * 100, Content_Length="50")


def _pour(request: Request, mebibytes: int) -> None:
    for _ in range(mebibytes):
        request.wfile.write(bytes(_MIB))


def _serve_texts(site: Site, fifo: str) -> None:
    for name in ("punycode", "undefined", "idna", "utf-7"):
        site.page(f"/encoding-{name}", _feed(head=f"<?xml version='1.0' encoding='{name}'?>"))
    for name, text in (("surrogate", "&#xD800;"), ("beyond", "&#x110000;"), ("overflow", "&#xFFFFFFFFFF;")):
        site.page(f"/character-{name}", _feed(text))
    site.page("/character-backslash", _feed("&x;", head='<!DOCTYPE rss [\n<!ENTITY x "C:\\data\\g">\n]>\n'))
    for name, path in (("passwd", "/etc/passwd"), ("zero", "/dev/zero"), ("fifo", fifo), ("url", "http://127.0.0.2/")):
        site.page(f"/path-{name}", path)
    site.page("/page", "<!DOCTYPE html><html><head><title>x</title></head></html>")
    site.page("/nothing", b"")


def _serve_slow(site: Site) -> None:
    def drip(start: bytes, drop: bytes) -> Callable[[Request], None]:
        def handler(request: Request) -> None:
            request.wfile.write(start)
            while True:
                request.wfile.write(drop)
                time.sleep(0.2)

        return handler

    site.at("/slow-body", drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "))
    site.at("/slow-head", drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n"))
    site.at("/continue", drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"))


def _serve_redirects(site: Site, canary: str) -> None:
    for place, form in enumerate(INNER_FORMS):
        site.page(f"/to-{place}", b"", 302, Location=_latin(form))
    for place, target in enumerate(_OTHER_TARGETS):
        site.page(f"/else-{place}", b"", 302, Location=target)
    site.page("/canary", b"", 302, Location=canary + "/")
    site.page("/circle", b"", 301, Location="/circle")
    for hop in range(100):
        site.page(f"/hop-{hop}", b"", 302, Location=f"/hop-{hop + 1}")
    site.page("/crlf", b"", 302, Location="/none%0d%0aX-Injected:%20yes")


def _latin(url: str) -> str:
    """Headers carry bytes: a server that means UTF-8 sends these."""
    return url.encode().decode("latin-1")


def _serve_markup(site: Site) -> None:
    acting = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&lt;svg/onload=alert(1)&gt;"
    site.page("/acting", _feed(acting, acting))
    site.page("/links", _feed(link="javascript:alert(1)", body="&lt;a href='data:x'&gt;x&lt;/a&gt;"))
    site.page("/nested-div", _feed(body="&lt;div&gt;" * 100_000))
    site.page("/nested-xml", b"<rss version='2.0'><channel>" + b"<a>" * 100_000)
    many = " ".join(f'a{number}="x"' for number in range(300_000))
    site.page("/attributes", _feed(body=f"&lt;p {many}&gt;x&lt;/p&gt;"))
    site.page("/loose", b"<rss><channel><item><title>" + b"<![CDATA[" * 200_000)
    site.page("/deep-json", "[" * 1_000_000)
