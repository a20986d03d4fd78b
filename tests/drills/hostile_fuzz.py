"""Feeds damaged at random, read by two processes: each ends in a Reading or in an error with a code."""

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from flows.articles.readers import Readers
from flows.errors import ReadError
from tests.drills.hostile_cases import NOW, READ, Outcome, atom, harmless, items
from tests.drills.hostile_worker import forget_peak, peak_mib

_LONGEST_S = 12.0
_GROWTH_MIB = 50.0
_TEXT = (
    "<p>The <a href='/more?utm_source=x'>report</a> by Ada &amp; Jörg says “yes”.</p><table><tr><td>1</td></tr></table>"
    "<pre><code>a &lt; b</code></pre><img src='https://a.example/p.png' width='600'><ul><li>one<li>two</ul>"
)
_ESCAPED = _TEXT.replace("&", "&amp;").replace("<", "&lt;")


def _rss() -> bytes:
    parts = (
        f"<item><title>Title {n} – “quoted” 👩‍👩‍👧</title><link>https://a.example/{n}?utm_medium=rss</link>"
        f"<guid isPermaLink='false'>tag:{n}</guid><pubDate>Fri, 20 Nov 2026 0{n}:00:00 +0100</pubDate>"
        f"<author>ada@a.example (Ada)</author><description>{_ESCAPED}</description>"
        f"<enclosure url='https://a.example/{n}.png' type='image/png' length='1'/></item>"
        for n in range(8)
    )
    return b"<?xml version='1.0' encoding='utf-8'?>\n" + items(*parts)


def _rdf() -> bytes:
    return (
        "<?xml version='1.0' encoding='iso-8859-1'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
        "xmlns='http://purl.org/rss/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel rdf:about='https://a.example/'>"
        "<title>Münster</title><link>https://a.example/</link></channel>"
        + "".join(
            f"<item rdf:about='https://a.example/{n}'><title>Grüße {n}</title><link>https://a.example/{n}</link>"
            f"<dc:date>2026-11-1{n}T10:00:00Z</dc:date><dc:creator>Jörg</dc:creator></item>"
            for n in range(5)
        )
        + "</rdf:RDF>"
    ).encode("iso-8859-1")


def _with_doctype() -> bytes:
    doctype = '<!DOCTYPE rss [<!ENTITY name "Ada &amp; Co"><!ENTITY outer SYSTEM "file:///etc/passwd">]>\n'
    entry = "<item><title>&name; &eacute; <![CDATA[<b>x</b>]]></title><link>https://a.example/1</link></item>"
    return doctype.encode() + items(*[entry] * 3)


def _json() -> bytes:
    import json

    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "A feed",
        "items": [
            {
                "id": str(n),
                "url": f"https://a.example/{n}",
                "title": f"Ä {n} \u202e",
                "content_html": _TEXT,
                "date_published": f"2026-11-1{n}T10:00:00+01:00",
                "authors": [{"name": "Ada"}],
            }
            for n in range(5)
        ],
    }
    return json.dumps(document).encode()


def _atom() -> bytes:
    entry = (
        "<title type='html'>One &amp;amp; two</title><link href='one' rel='alternate'/>"
        "<published>2026-11-20T10:00:00Z</published>"
        "<author><name>Ada</name></author><content type='xhtml'>"
        "<div xmlns='http://www.w3.org/1999/xhtml'><p>x <b>y</b></p></div>"
        f"</content></entry><entry><id>urn:two</id><title>Two</title><link href='two'/>"
        f"<content type='html'>{_ESCAPED}</content>"
    )
    return atom(
        entry, head="<?xml version='1.0' encoding='utf-8'?>", more=" xml:base='https://a.example/blog/' xml:lang='de'"
    )


SEEDS = (_rss(), _atom(), _rdf(), _with_doctype(), _json())
_PIECES = (
    *(b"\x00", b"\x1b[31m", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xf0\x9f", b"\xc3"),
    *(
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?",
        b"?>",
        b"<!DOCTYPE x [",
        b"]>",
        b"<!ENTITY a 'b'>",
        b"</item>",
        b"<item>",
    ),
    *(
        b"&lt;script&gt;",
        b"&#xD800;",
        b"&#x110000;",
        b"&x;",
        b"&",
        b"<",
        b">",
        b"'",
        b'"',
        b"{",
        b"}",
        b"[",
        b"\\u0000",
    ),
    *(
        b"<svg onload=alert(1)>",
        b"javascript:alert(1)",
        b" xml:base='//x'",
        b"<div>" * 500,
        b"9" * 400,
        b"<html>",
        b"<a href='",
    ),
)
_ENCODINGS = (
    b"utf-16",
    b"utf-7",
    b"punycode",
    b"iso-8859-2",
    b"ascii",
    b"utf-32",
    b"shift_jis",
    b"klingon",
    b"idna",
    b"hz",
    b"",
)


def _flip(chance: random.Random, body: bytearray) -> None:
    for _ in range(chance.choice((1, 3, 20, 200))):
        body[chance.randrange(len(body))] = chance.randrange(256)


def _cut(chance: random.Random, body: bytearray) -> None:
    place = chance.randrange(len(body))
    del body[place : None if chance.random() < 0.5 else place + chance.randrange(1, 400)]


def _double(chance: random.Random, body: bytearray) -> None:
    start = chance.randrange(len(body))
    body[start:start] = body[start : start + chance.randrange(1, 2000)] * chance.choice((1, 2, 50))


def _swap(chance: random.Random, body: bytearray) -> None:
    size = chance.randrange(1, 500)
    one, other = (chance.randrange(len(body)) for _ in range(2))
    body[one : one + size], body[other : other + size] = body[other : other + size], body[one : one + size]


def _insert(chance: random.Random, body: bytearray) -> None:
    for _ in range(chance.choice((1, 2, 10))):
        place = chance.randrange(len(body))
        body[place:place] = chance.choice(_PIECES)


def _reencode(chance: random.Random, body: bytearray) -> None:
    if chance.random() < 0.5:
        start, end = body.find(b"encoding='"), body.find(b"'?>")
        if 0 <= start < end:
            body[start + 10 : end] = chance.choice(_ENCODINGS)
    else:
        with suppress(LookupError, UnicodeError):
            body[:] = bytes(body).decode("latin-1").encode(chance.choice(("utf-16", "utf-32", "utf-8")))


_WAYS: tuple[Callable[[random.Random, bytearray], None], ...] = (_flip, _cut, _double, _swap, _insert, _reencode)


def damaged(chance: random.Random) -> tuple[bytes, str]:
    """A feed of ours with one to four kinds of damage, and the type that a server gives it."""
    body = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 5)):
        chance.choice(_WAYS)(chance, body)
        if not body:
            break
    kinds = (
        "",
        "text/xml",
        "application/rss+xml; charset=utf-8",
        "text/xml; charset=windows-1250",
        "text/plain; charset=utf-16",
    )
    return bytes(body), chance.choice(kinds)


def fuzz(count: int, seed: int) -> tuple[int, int]:
    """Read `count` damaged feeds; how many there were and how many missed."""
    chance = random.Random(seed)
    bodies = [damaged(chance) for _ in range(count)]
    forget_peak("self")
    before = peak_mib("self")
    with Readers(2) as readers, ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(lambda given: _read(readers, *given), bodies))
        peak_read = readers.peak_kib / 1024
    grown = peak_mib("self") - before
    codes = Counter(outcome.code for outcome in outcomes)
    missed = []
    for number, outcome in enumerate(outcomes):
        wrong = harmless(outcome.reading) if outcome.reading else "" if outcome.sentence else "no sentence"
        if outcome.code == "crash":
            wrong = outcome.sentence
        if outcome.seconds > _LONGEST_S:
            wrong = f"took {outcome.seconds:.1f} s"
        missed += [f"number {number}: {wrong}"] if wrong else []
    missed += [f"the parent grew by {grown:.0f} MiB"] if grown > _GROWTH_MIB else []
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    print(f"Seed {seed}. By code: {', '.join(f'{code} {number}' for code, number in codes.most_common())}.")
    print(
        f"Slowest {slowest.seconds:.2f} s ({slowest.code}). The parent grew by {grown:.0f} MiB; "
        f"peak of reading {peak_read:.0f} MiB."
    )
    for one in missed[:20]:
        print(f"MISSED  {one}".encode("ascii", "backslashreplace").decode())
    return count, len(missed)


def _read(readers: Readers, body: bytes, content_type: str) -> Outcome:
    started = time.monotonic()
    try:
        reading = readers.read(body, content_type=content_type, url="https://a.example/feed", now=NOW)
    except ReadError as error:
        return Outcome(error.code, error.reason, seconds=time.monotonic() - started)
    except Exception as error:
        return Outcome("crash", f"{type(error).__name__}: {error}"[:200], seconds=time.monotonic() - started)
    return Outcome(READ, reading=reading, seconds=time.monotonic() - started)
