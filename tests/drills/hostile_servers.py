"""Hostile servers: redirects, headers, statuses, and answers that are no feed (F08, F09, F19-F21, F23, F28)."""

from collections.abc import Iterator

from tests.articles.loopback import Handler, Request
from tests.drills.hostile_cases import (
    MIB,
    NOW,
    READ,
    Case,
    Check,
    Outcome,
    Surroundings,
    case,
    count_is,
    feed,
    field_fits,
    page,
    raw,
    sentence_holds,
)
from tests.drills.inner_forms import INNER_FORMS, OTHER_TARGETS


def cases(around: Surroundings, timeout_s: float) -> Iterator[Case]:
    """F08, F09, F20, F21, F23, F24 and F28."""
    yield from _inward(around)
    yield from _redirects(timeout_s)
    yield from _statuses()
    yield from _validators()
    yield from _no_feeds()
    yield from _heads()


def _latin(url: str) -> str:
    """Headers carry bytes: a server that means UTF-8 sends these."""
    return url.encode().decode("latin-1")


def _inward(around: Surroundings) -> Iterator[Case]:
    for form in INNER_FORMS:
        answer = page(b"", 302, Location=_latin(form))
        yield case("F08", f"redirect to {form}", answer, "blocked_address", "bad_url", strict=True)
    for target in OTHER_TARGETS:
        answer = page(b"", 302, Location=target)
        yield case("F08", f"redirect to {target}", answer, "blocked_address", "bad_url", strict=True)
    for status in (301, 302, 303, 307, 308):
        answer = page(b"", status, Location=around.canary + "/")
        yield case("F08", f"canary by {status}", answer, "blocked_address", strict=True)
    then = {"/f08-then": page(b"", 302, Location=around.canary + "/")}
    yield case(
        "F08", "canary by two hops", page(b"", 301, Location="/f08-then"), "blocked_address", strict=True, more=then
    )
    named = page(
        f"<html><head><link rel='alternate' type='application/rss+xml' href='{around.canary}/feed'></head></html>"
    )
    yield case("F08", "a page that names the canary", named, "not_a_feed", strict=True)
    refresh = page(
        b"<html><meta http-equiv='refresh' content='0;url=%s'></html>" % around.canary.encode(),
        Refresh=f"0; url={around.canary}",
    )
    yield case("F08", "canary by Refresh", refresh, "not_a_feed", strict=True)
    elsewhere = page(
        feed(), Content_Location=around.canary, Link=f"<{around.canary}>; rel=preload", Alt_Svc='h2="127.0.0.2:1"'
    )
    yield case("F08", "canary in other headers", elsewhere, READ, strict=True, check=count_is(1))


def _redirects(timeout_s: float) -> Iterator[Case]:
    circle = "/f09-in-a-circle"
    yield case("F09", "in a circle", page(b"", 301, Location=circle), "redirect_loop")
    yield case(
        "F09",
        "in a circle of two",
        page(b"", 302, Location="/f09-back"),
        "redirect_loop",
        more={"/f09-back": page(b"", 302, Location="/f09-in-a-circle-of-two")},
    )
    hops = {f"/f09-hop-{hop}": page(b"", 302, Location=f"/f09-hop-{hop + 1}") for hop in range(100)}
    yield case("F09", "a hundred hops", page(b"", 302, Location="/f09-hop-0"), "too_many_redirects", more=hops)
    six = {f"/f09-six-{hop}": page(b"", 302, Location=f"/f09-six-{hop + 1}") for hop in range(5)} | {
        "/f09-six-5": page(feed())
    }
    yield case("F09", "six hops", page(b"", 302, Location="/f09-six-0"), "too_many_redirects", more=six)

    def counting(request: Request) -> None:
        count = int(request.path.partition("?")[2] or 0)
        request.send(302, b"", Location=f"/f09-counting-up?{count + 1}")

    yield case("F09", "counting up", counting, "too_many_redirects")
    yield case("F09", "to itself, with a fragment", page(b"", 302, Location="#x"), "redirect_loop")
    yield case(
        "F09", "to nothing", page(b"", 302, Location=""), "redirect_loop", "http_302", "bad_redirect", "protocol_error"
    )
    yield case("F09", "without a place", page(feed(), 302), "http_302")
    yield case("F09", "300 choices", page(feed(), 300, Location="/none"), "http_300")
    yield case("F09", "place of 1,900 characters", page(b"", 302, Location="/" + "x" * 1900), "http_404")
    yield case("F09", "place of 7,000 characters", page(b"", 302, Location="/" + "x" * 7000), "bad_url")
    yield case("F09", "place of a megabyte", page(b"", 302, Location="/" + "x" * MIB), "protocol_error", "bad_url")
    for name, place in (
        ("brackets", "http://[::1"),
        ("a port of words", "http://a.example:x/"),
        ("a port of 6 digits", "http://a.example:999999/"),
        ("blanks", "http://a b/"),
        ("a backslash", "/\\evil"),
    ):
        yield case(
            "F09",
            f"place of {name}",
            page(b"", 302, Location=place),
            "bad_url",
            "bad_redirect",
            "http_404",
            "blocked_address",
            "dns_error",
        )
    bomb = page(bytes(MIB), 302, Location="/f09-target")
    yield case("F09", "with a body", bomb, READ, more={"/f09-target": page(feed())}, check=count_is(1))

    def endless(request: Request) -> None:
        request.send(302, b"", Location="/f09-target", Content_Length=str(10**12))
        while True:
            request.wfile.write(bytes(2**16))

    yield case("F09", "with an endless body", endless, READ, check=count_is(1))
    cookies = {"/f09-eats": _no_cookie}
    yield case(
        "F09", "with cookies", page(b"", 302, Location="/f09-eats", Set_Cookie="a=b; Path=/"), READ, more=cookies
    )


def _no_cookie(request: Request) -> None:
    request.send(500 if request.headers.get("Cookie") else 200, feed())


def _waits(low: float, high: float) -> Check:
    def check(outcome: Outcome) -> str:
        found = outcome.retry_after_s
        return "" if found is not None and low <= found <= high else f"waits {found} s, not {low:g} to {high:g}"

    return check


def _waits_as_we_like(outcome: Outcome) -> str:
    return "" if outcome.retry_after_s is None else f"waits {outcome.retry_after_s} s for rubbish"


def _statuses() -> Iterator[Case]:
    day, minute = 86400.0, 60.0
    for status in (429, 503):
        for name, said, check in (
            ("seconds", "7200", _waits(7200, 7200)),
            ("none", "0", _waits(minute, minute)),
            ("negative", "-5", _waits_as_we_like),
            ("ten years", "315360000", _waits(day, day)),
            ("fifty digits", "9" * 50, _waits(day, day)),
            ("a date", f"{NOW:%a, %d %b %Y} 02:00:00 GMT", _waits(7200, 7200)),
            ("a date gone by", "Fri, 31 Dec 1999 23:59:59 GMT", _waits(minute, minute)),
            ("the year 9999", "Fri, 31 Dec 9999 23:59:59 GMT", _waits(day, day)),
            ("the 30th of February", "Mon, 30 Feb 2026 00:00:00 GMT", _waits_as_we_like),
            ("rubbish", "soon \x1b[31m", _waits_as_we_like),
            ("other digits", "١٢٣", _waits_as_we_like),
            ("infinity", "inf", _waits_as_we_like),
            ("7,000 characters", "x" * 7000, _waits_as_we_like),
        ):
            answer = page(b"", status, Retry_After=_latin(said))
            yield case(
                "F20", f"{status}, Retry-After {name}", answer, f"http_{status}", "protocol_error", error_check=check
            )
    for status, code in (
        (401, "http_401"),
        (403, "http_403"),
        (404, "http_404"),
        (410, "gone"),
        (418, "http_418"),
        (451, "http_451"),
        (500, "http_500"),
        (502, "http_502"),
        (599, "http_599"),
        (999, "http_999"),
        (304, "http_304"),
    ):
        yield case(
            "F19", f"status {status}", page(feed(), status) if status != 304 else page(b"", 304), code, "protocol_error"
        )
    for status in (204, 205, 206):
        yield case(
            "F23",
            f"status {status}",
            page(b"" if status == 204 else feed(), status),
            READ,
            "empty_body",
            "protocol_error",
        )


def _validators() -> Iterator[Case]:
    def lying(request: Request) -> None:
        request.send(304, b"")

    yield case("F21", "304 to whoever asks", lying, "unchanged", etag='"1"')
    body = feed()
    with_body = raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: %d\r\n\r\n" % len(body), body)
    yield case("F21", "304 with a new body", with_body, "unchanged", "protocol_error", etag='"1"')
    for name, etag in (
        ("of 7,000 characters", '"' + "x" * 7000 + '"'),
        ("of steering bytes", '"\x01\x7f"'),
        ("of other letters", '"é"'),
    ):
        kept = lambda outcome: "" if len(outcome.etag) <= 400 else "an ETag that cannot be stored was kept"  # noqa: E731
        yield case("F21", f"ETag {name}", page(body, ETag=etag), READ, "protocol_error", check=kept)
    yield case(
        "F21", "Last-Modified of 7,000 characters", page(body, Last_Modified="x" * 7000), READ, check=count_is(1)
    )
    yield case("F21", "max-age of 50 digits", page(body, Cache_Control="max-age=" + "9" * 50), READ, check=count_is(1))


def _no_feeds() -> Iterator[Case]:
    html = "<!DOCTYPE html><html><head><title>x</title>{}</head><body><p>text</p></body></html>"
    yield case("F23", "a page", html.format(""), "not_a_feed")
    named = html.format("<link rel=alternate type='application/rss+xml' href='/feed.xml'>")
    yield case("F23", "a page that names its feed", named, "not_a_feed", error_check=sentence_holds("/feed.xml"))
    many = html.format("<link rel=alternate type='application/rss+xml' href='/f'>" * 100_000)
    yield case("F23", "a page that names 100,000", many, "not_a_feed", seconds=8.0)
    evil = html.format("<link rel=alternate type='application/rss+xml' href='javascript:alert(1)'>")
    yield case("F23", "a page that names a script", evil, "not_a_feed", error_check=_names_no_script)
    for name, body in (
        ("nothing", b""),
        ("blanks", b" \n\t" * 1000),
        ("a mark alone", b"\xef\xbb\xbf"),
        ("NULs", bytes(1000)),
        ("an XML declaration", b"<?xml version='1.0'?>"),
        ("a word", b"hello"),
        ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40),
        ("a PDF", b"%PDF-1.7\n" + bytes(range(256)) * 40),
        ("a packed file", b"PK\x03\x04" + bytes(range(256)) * 40),
        ("a program", b"\x7fELF" + bytes(range(256)) * 40),
        (
            "a sitemap",
            b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://a.example/</loc></url></urlset>",
        ),
        ("an OPML list", b"<opml version='2.0'><body><outline xmlUrl='https://a.example/feed'/></body></opml>"),
        ("a SOAP answer", b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>"),
        ("an svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a Git answer", b"001e# service=git-upload-pack\n0000"),
        ("JSON of another kind", b'{"a": 1}'),
        ("a JSON list", b"[1, 2, 3]"),
        ("JSON null", b"null"),
    ):
        yield case(
            "F23",
            f"no feed: {name}",
            page(body, Content_Type="application/rss+xml"),
            "not_a_feed",
            "empty_body",
            "unreadable_feed",
        )
    for name, text in (
        ("cut off", '{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [{"id": "1", "url"'),
        ("a comma too many", '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1"},]}'),
        ("items are none", '{"version": "https://jsonfeed.org/version/1.1", "items": {"id": "1"}}'),
        ("items missing", '{"version": "https://jsonfeed.org/version/1.1"}'),
        ("another version", '{"version": "https://evil.example/version/1", "items": []}'),
        ("version of a list", '{"version": ["https://jsonfeed.org/version/1"], "items": 5}'),
    ):
        yield case("F23", f"JSON Feed: {name}", text, "unreadable_feed", "not_a_feed", "unsupported_format")
    # feedparser reads items wherever they stand; harmless is what matters then
    loose = b"<data><item><name>x</name></item></data>"
    yield case("F23", "no feed: XML with items", loose, "not_a_feed", READ)
    empty = '{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [1, null, "x", []]}'
    yield case("F23", "JSON Feed: items of other kinds", empty, READ, check=count_is(0))
    yield case(
        "F23",
        "a feed without articles",
        b"<rss version='2.0'><channel><title>t</title></channel></rss>",
        READ,
        check=count_is(0),
    )
    yield case("F23", "a feed cut off", feed()[:-30], READ, "unreadable_feed")
    yield case(
        "F23",
        "a feed with rubbish before it",
        b"\n\n<br>Warning: mysql_connect()</br>\n" + feed(),
        READ,
        "unreadable_feed",
        "not_a_feed",
    )
    yield case("F23", "a feed with rubbish after it", feed() + b"<script>alert(1)</script>", READ, check=count_is(1))
    yield case("F23", "two feeds", feed() * 2, READ, "unreadable_feed")
    yield case(
        "F23", "a feed that calls itself a picture", page(feed(), Content_Type="image/png"), READ, check=count_is(1)
    )
    for name, pieces in (
        ("HTTP/0.9", (b"<rss>no head</rss>",)),
        ("HTTP/9.9", (b"HTTP/9.9 200 OK\r\n\r\n",)),
        ("SSH", (b"SSH-2.0-OpenSSH_9.9\r\n",)),
        ("SMTP", (b"220 mail.example ESMTP\r\n",)),
        ("no status", (b"HTTP/1.1\r\n\r\n",)),
        ("a status of words", (b"HTTP/1.1 OK 200\r\n\r\n",)),
        ("a status of 30 digits", (b"HTTP/1.1 " + b"2" * 30 + b" OK\r\n\r\n",)),
        ("a status of minus", (b"HTTP/1.1 -200 OK\r\n\r\n",)),
        ("NULs", (bytes(1000),)),
        ("hangs up", ()),
        ("TLS", (b"\x15\x03\x01\x00\x02\x02\x28",)),
    ):
        yield case("F23", f"speaks {name}", raw(*pieces), "protocol_error")


def _names_no_script(outcome: Outcome) -> str:
    return "the sentence names a script" if "javascript" in outcome.sentence else ""


def _heads() -> Iterator[Case]:
    def many(count: int, one: bytes) -> Handler:
        return raw(b"HTTP/1.1 200 OK\r\n", *[one * 1000] * (count // 1000), b"\r\n", feed())

    refused = ("protocol_error", READ, "timeout")
    yield case("F28", "header of a megabyte", page(feed(), X_Large="x" * MIB), "protocol_error")
    yield case(
        "F28", "header of 100 MB", raw(b"HTTP/1.1 200 OK\r\nX: ", *[b"x" * MIB] * 100, b"\r\n\r\n"), "protocol_error"
    )
    yield case("F28", "500,000 headers", many(500_000, b"X-Many: 1\r\n"), *refused, seconds=8.0)
    yield case("F28", "20,000 cookies", many(20_000, b"Set-Cookie: a=b; Path=/\r\n"), *refused)
    yield case("F28", "cookie of 7 KB", page(feed(), Set_Cookie="a=" + "x" * 7000), READ, check=count_is(1))
    yield case(
        "F28", "status line of a megabyte", raw(b"HTTP/1.1 200 " + b"O" * MIB + b"\r\n\r\n", feed()), "protocol_error"
    )
    yield case("F28", "header without a name", raw(b"HTTP/1.1 200 OK\r\n: x\r\n\r\n", feed()), "protocol_error")
    yield case("F28", "header without a colon", raw(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", feed()), "protocol_error")
    yield case("F28", "NUL in a header", raw(b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\n\r\n", feed()), "protocol_error")
    yield case("F28", "folded headers", raw(b"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n\r\n", feed()), "protocol_error", READ)
    yield case(
        "F28",
        "escapes in the status",
        raw(b"HTTP/1.1 404 \x1b[31mred\r\nContent-Length: 0\r\n\r\n"),
        "http_404",
        "protocol_error",
        error_check=_no_escape,
    )
    yield case(
        "F28",
        "line break in a place",
        page(b"", 302, Location="/none%0d%0aX-Injected:%20yes"),
        "http_404",
        "protocol_error",
        "bad_url",
        "bad_redirect",
    )
    bare = raw(b"HTTP/1.1 302 Found\r\nLocation: /none\rX-Injected: yes\r\nContent-Length: 0\r\n\r\n")
    yield case("F28", "bare return in a place", bare, "protocol_error", "bad_url", "bad_redirect", "http_404")
    yield case(
        "F28", "type of 7,000 characters", page(feed(), Content_Type="text/xml; " + "x" * 7000), READ, check=count_is(1)
    )
    told = field_fits("title", lambda title: title == "t", "is another")
    yield case(
        "F28",
        "language of markup",
        feed(channel="<title>t</title><language>&lt;b&gt;</language><ttl>99999999999</ttl>"),
        READ,
        check=told,
    )


def _no_escape(outcome: Outcome) -> str:
    return "an escape in the sentence" if "\x1b" in outcome.sentence else ""
