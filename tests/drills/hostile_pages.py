"""Hostile pages of articles, and hostile robots.txt before them (`hostile_feeds --part pages`).

Each is the page of a teaser in a feed of its own; one collection asks for all of them, with good pages among them.
Afterwards each hostile page is an article that kept its teaser and says why, or is harmless; every good page was read.
"""

import gzip
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import brotli
from sqlmodel import Session, SQLModel, select

from flows.articles.entry import Entry
from flows.articles.store import add_source
from flows.database import open_engine, reading, transaction
from flows.models import Article, Source, TextFrom
from tests.articles.loopback import Handler, Request, Site, serving
from tests.drills.canary import listening
from tests.drills.hostile_cases import HOST, MIB, NOW, harmless_entry, items, page, raw
from tests.drills.hostile_collection import GOOD_HOST, collect_in_process, grown_too_far, memory_line

_GOOD = 10
_WORDS = "A good page says what it has to say, in whole sentences, and then it ends without any further ado. "
_TEASER = "A good page says"
READ, KEPT = "read", "kept"  # the page's text, or the feed's own because the page says no more


@dataclass(frozen=True)
class PageCase:
    """What stands at the article's address (`answer`) and at its site's robots.txt.

    `ends`: parts of the sentences that may tell why there is no text of it, or READ or KEPT where there may be one.
    """

    id: str
    name: str
    answer: Handler
    ends: tuple[str, ...]
    robots: Handler | None = None


def article(inside: str, head: str = "") -> bytes:
    """A page of 40 sentences, with `inside` in its midst."""
    half = f"<p>{_WORDS * 10}</p>" * 2
    body = f"<body><article>{half}{inside}{half}</article></body>"
    return f"<!DOCTYPE html><html><head><title>t</title>{head}</head>{body}</html>".encode()


def _bodies() -> Iterator[PageCase]:
    html = {"Content_Type": "text/html"}

    def endless(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>")
        while True:
            request.wfile.write(b"<p>more</p>" * 5000)

    large = "larger than"
    yield PageCase(
        "F03", "gzip bomb", page(gzip.compress(bytes(64 * MIB), 1), Content_Encoding="gzip", **html), (large,)
    )
    yield PageCase(
        "F03", "brotli bomb", page(brotli.compress(bytes(64 * MIB), quality=1), Content_Encoding="br", **html), (large,)
    )
    yield PageCase("F03", "packed twice", page(b"x", Content_Encoding="gzip, gzip", **html), ("packed as",))
    yield PageCase("F04", "50 MB of HTML", page(b"<p>x</p>" * (50 * MIB // 8), **html), (large,))
    yield PageCase("F04", "endless", endless, (large,))
    yield PageCase("F07", "drip", _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"), ("no complete answer",))
    yield PageCase("F07", "not a word", _drip(b""), ("no complete answer",))
    yield PageCase("F23", "hangs up", raw(), ("HTTP",))
    yield PageCase("F23", "speaks SSH", raw(b"SSH-2.0-OpenSSH_9.9\r\n"), ("HTTP",))
    none = ("not a web page", "no page", "is a", "empty", "nothing", "no article", "no text", "sent", KEPT)
    for name, body, kind in (
        ("PDF", b"%PDF-1.7\n" + bytes(range(256)) * 4000, "application/pdf"),
        ("PDF called HTML", b"%PDF-1.7\n" + bytes(range(256)) * 4000, "text/html"),
        ("picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4000, "text/html"),
        ("packed file", b"PK\x03\x04" + bytes(range(256)) * 4000, "text/html"),
        ("program", b"\x7fELF" + bytes(range(256)) * 4000, "application/octet-stream"),
        ("nothing", b"", "text/html"),
        ("NULs", bytes(100_000), "text/html"),
        ("a feed", items("<item><title>x</title></item>"), "application/rss+xml"),
        ("JSON", b'{"a": 1}', "application/json"),
        ("path", b"/etc/passwd", "text/html"),
    ):
        yield PageCase("F23", f"no page: {name}", page(body, Content_Type=kind), none)
    for status in (401, 403, 404, 410, 429, 500, 503):
        yield PageCase("F19", f"status {status}", page(article(""), status, **html), (f"{status}", "for good"))


def _drip(start: bytes) -> Handler:
    def answer(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(start)
        while True:
            request.wfile.write(b" " if start else b"")
            time.sleep(0.2)

    return answer


def _heavy() -> Iterator[PageCase]:
    # a large one also waits for its place among the few that are held at once, and that may take all its time
    heavy = (
        "no complete answer",
        "takes longer",
        "more memory",
        "elements",
        "too large",
        "too deeply",
        "many",
        "nested",
        "no text",
        "text",
        READ,
        KEPT,
    )
    for name, inside in {
        "100,000 nested div": "<div>" * 100_000,
        "100,000 nested spans": "<span>" * 100_000,
        "30,000 nested tables": "<table><tr><td>" * 30_000,
        "50,000 nested lists": "<ul><li>" * 50_000,
        "bold in italics": "<b><i>" * 50_000,
        "300,000 attributes": "<p " + " ".join(f'a{n}="x"' for n in range(300_000)) + ">x</p>",
        "an attribute of 5 MB": f"<p title='{'x' * 5_000_000}'>x</p>",
        "300,000 paragraphs": "<p>x</p>" * 300_000,
        "100,000 links": "<a href='/x'>x</a> " * 100_000,
        "a word of 5 MB": "x" * 5_000_000,
        "5 MB of blanks": "a" + " " * 5_000_000 + "b",
        "a million <": "<" * 1_000_000,
        "a million &": "&" * 1_000_000,
        "comments unclosed": "<!--" * 300_000,
        "scripts unclosed": "<script>" * 100_000,
        "templates": "<template>" * 50_000,
        "JSON-LD nested": f"<script type='application/ld+json'>{'[' * 200_000}</script>",
        "JSON-LD of 5 MB": '<script type=\'application/ld+json\'>{"a": "' + "x" * 5_000_000 + '"}</script>',
        "100,000 meta": "<meta property='og:image' content='https://a.example/a.png'>" * 100_000,
    }.items():
        yield PageCase("F12", f"in a page: {name}", page(article(inside), Content_Type="text/html"), heavy)
    doctype = "<!DOCTYPE html [" + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)) + "]>"
    bomb = doctype.encode() + article("&a8;")
    yield PageCase("F02", "entities", page(bomb, Content_Type="application/xhtml+xml"), heavy)
    for name in ("utf-7", "utf-16", "punycode", "klingon"):
        body = page(article(""), Content_Type=f"text/html; charset={name}")
        yield PageCase("F14", f"charset {name}", body, (READ, KEPT, "encod", "text", "page"))


def _acting(canary: str) -> Iterator[PageCase]:
    for name, inside, head in (
        (
            "scripts",
            "<script>alert(1)</script><p onclick=alert(1)>x</p><svg onload=alert(1)><iframe src='javascript:x'>",
            "",
        ),
        ("links", "<p>x <a href='javascript:alert(1)'>y</a> <a href='data:text/html,x'>z</a></p>", ""),
        ("steering characters", "<p>safe\u202egpj.exe \u200b\u2066x \x1b[31m</p>", ""),
        ("canonical is a script", "", "<link rel=canonical href='javascript:alert(1)'>"),
        ("canonical elsewhere", "", "<link rel=canonical href='https://evil.example/x'>"),
        ("canonical inside", "", f"<link rel=canonical href='{canary}/x'>"),
        ("picture inside", "", f"<meta property=og:image content='{canary}/x.png'>"),
        ("picture is a script", "", "<meta property=og:image content='javascript:alert(1)'>"),
        ("base elsewhere", "<p><a href='x'>y</a></p>", "<base href='javascript:alert(1)//'>"),
        ("refresh", "", f"<meta http-equiv=refresh content='0;url={canary}'>"),
        ("year 9999", "", "<meta property=article:published_time content='9999-12-31T23:59:59Z'>"),
        ("author of a megabyte", "", f"<meta name=author content='{'x' * MIB}'>"),
        ("language of markup", "", "<meta property=og:locale content='<b>'>"),
        ("templates", "<p>{{ 7*7 }} {% for x in y %} </mj-text> <mj-include path='/etc/passwd'></p>", ""),
    ):
        yield PageCase(
            "F10", f"acting: {name}", page(article(inside, head), Content_Type="text/html"), (READ, KEPT, "text")
        )


def _led_on(canary: str) -> Iterator[PageCase]:
    for name, place in (("loopback", canary), ("metadata", "http://169.254.169.254/"), ("file", "file:///etc/passwd")):
        yield PageCase("F08", f"redirect to {name}", page(b"", 302, Location=place), ("where we do not go",))
    yield PageCase(
        "F08", "redirect to a name inside", page(b"", 302, Location="http://inner.example/"), ("not known", "private")
    )
    yield PageCase("F09", "redirect in a circle", page(b"", 302, Location="/article"), ("circle",))
    yield PageCase("F09", "redirect to the front", page(b"", 302, Location="/"), ("front page", "nothing at this"))


def _robots(canary: str) -> Iterator[PageCase]:
    fine = page(article(""), Content_Type="text/html")

    def endless(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\n")
        while True:
            request.wfile.write(b"Disallow: /nothing\n" * 5000)

    refused = ("robots.txt",)
    large = b"User-agent: *\n" + b"Disallow: /nothing\n" * 550_000
    slow = _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    stars = b"User-agent: *\nDisallow: /" + b"*a" * 900 + b"*b$\n"
    for name, answer, ends in (
        ("of 10 MB", page(large[: 10 * MIB - 1]), (READ,)),
        ("over 10 MB", page(large + bytes(MIB)), refused),
        ("that never ends", endless, refused),
        ("that drips", slow, refused),
        ("packed bomb", page(gzip.compress(bytes(64 * MIB), 1), Content_Encoding="gzip"), refused),
        ("of catastrophic patterns", page(stars), (READ,)),
        ("of many catastrophic patterns", page(stars * 250), (READ,)),
        ("of 100,000 names", page(b"User-agent: x\n" * 30_000 + b"Disallow: /\n" * 5_000), (READ,)),
        ("of NULs", page(bytes(100_000)), (READ,)),
        ("of a line of 1 MB", page(b"User-agent: *\nDisallow: /" + b"x" * MIB), (READ,)),
        ("that is a page", page(b"<!DOCTYPE html><html><body>Disallow: /</body></html>"), (READ,)),
        ("that wants a year between two", page(b"User-agent: *\nCrawl-delay: 31536000\n"), (READ,)),
        ("that wants infinity", page(b"User-agent: *\nCrawl-delay: inf\nRequest-rate: 1/0\n"), (READ,)),
        ("redirecting inward", page(b"", 302, Location=canary + "/robots.txt"), (*refused, READ)),
        ("redirecting in a circle", page(b"", 302, Location="/robots.txt"), (*refused, READ)),
        ("that hangs up", raw(), refused),
        ("that is out of order", page(b"", 500), refused),
        ("that is not there", page(b"", 404), (READ,)),
        ("that forbids all", page(b"User-agent: *\nDisallow: /\n"), refused),
        ("that forbids us", page(b"User-agent: masthead\nDisallow: /\n"), refused),
    ):
        yield PageCase("F08" if "inward" in name else "F12", f"robots.txt {name}", fine, ends, robots=answer)


def _cases(canary: str) -> list[PageCase]:
    return [*_bodies(), *_heavy(), *_acting(canary), *_led_on(canary), *_robots(canary)]


def _serve(site: Site, case: PageCase, number: int) -> str:
    """Feed, page and robots.txt of a case, on a host of its own; returns the address of the feed."""
    host = f"p{number}.{'good' if case.id == 'good' else 'hostile'}.example:{site.base.rsplit(':', 1)[1]}"
    answers = site.answers  # type: ignore[attr-defined]
    answers[host, "/robots.txt"] = case.robots or page(b"", 404)
    answers[host, "/article"] = case.answer
    answers[host, "/feed"] = page(
        items(
            f"<item><title>{number}</title><link>http://{host}/article</link><description>{_TEASER}</description></item>"
        )
    )
    for path in ("/robots.txt", "/article", "/feed"):
        site.at(path, lambda request: answers[request.headers.get("Host", ""), request.path](request))
    return f"http://{host}/feed"


def pages(*, full: bool) -> tuple[int, int]:
    """Collect feeds and pages once; how many pages there were and how many missed."""
    timeout_s, read_s = (30.0, 10.0) if full else (3.0, 3.0)
    with ExitStack() as stack:
        sites = stack.enter_context(serving(HOST)), stack.enter_context(serving(GOOD_HOST))
        for site in sites:
            site.answers = {}  # type: ignore[attr-defined]
        canary = stack.enter_context(listening(("127.0.0.2", "127.0.0.1"), (0, 80, 443)))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        cases = _cases(canary.base)
        good = [
            PageCase("good", f"good {n}", page(article(""), Content_Type="text/html"), (READ,)) for n in range(_GOOD)
        ]
        urls = {_serve(sites[case.id == "good"], case, number): case for number, case in enumerate([*cases, *good])}
        job = {
            "folder": folder,
            "database": f"sqlite:///{folder}/masthead.db",
            "timeout_s": timeout_s,
            "read_s": read_s,
            "pages": True,
            "now": NOW.isoformat(),
        }
        engine = open_engine(job["database"])
        SQLModel.metadata.create_all(engine)
        with transaction(engine) as session:
            for url in urls:
                add_source(session, url, now=NOW)
        said, tree_mib = collect_in_process(job)
        with reading(engine) as session:
            missed = list(_judge(session, urls))
        engine.dispose()
        missed += _around(said) + [f"the canary was reached: {hit}" for hit in canary.hits]
    print(f"{len(cases)} hostile pages and {len(good)} good ones in {said['seconds']:.1f} s: {said.get('pages')}.")
    print(memory_line(said, tree_mib))
    for one in missed:
        print(f"MISSED  {one}".encode("ascii", "backslashreplace").decode())
    return len(urls), len(missed)


def _around(said: dict[str, Any]) -> list[str]:
    missed = [said["crashed"]] if said["crashed"] else []
    missed += grown_too_far(said)
    return missed + ([f"files were opened: {said['opened'][:3]}"] if said["opened"] else [])


def _judge(session: Session, urls: dict[str, PageCase]) -> Iterator[str]:
    articles = {article.source_id: article for article in session.exec(select(Article))}
    for source in session.exec(select(Source)):
        case, row = urls[source.url], articles.get(source.id or 0)
        wrong = _wrong_with(case, row) if row else f"its feed was not read: {source.error_code}, {source.error}"
        if wrong:
            yield f"{case.id} {case.name}: {wrong}"


def _wrong_with(case: PageCase, row: Article) -> str:
    if row.text_from is TextFrom.PAGE:
        end = READ
    else:
        end = row.page_error or (KEPT if row.text_from is TextFrom.FEED else "nobody asked for it")
        if row.text != _TEASER:
            return f"the teaser is gone: {row.text[:60]!r}"
    if not any(part == end if part in {READ, KEPT} else part in end for part in case.ends):
        return f"{end}, not {' or '.join(case.ends)}"
    names = ("title", "link", "guid", "author", "published_at", "html", "text", "summary", "image_url")
    return harmless_entry(Entry(**{name: getattr(row, name) for name in names}, review=row.needs_review))
