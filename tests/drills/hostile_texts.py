"""Hostile dates, alphabets, names, characters and links (F13-F17)."""

from collections.abc import Iterator

from tests.drills.hostile_cases import (
    READ,
    Case,
    Check,
    Outcome,
    Surroundings,
    all_of,
    atom,
    case,
    count_is,
    feed,
    field_fits,
    field_is,
    holds,
    items,
    json_feed,
    lacks,
    page,
    warns,
)


def cases(_around: Surroundings) -> Iterator[Case]:
    """F13 to F17."""
    yield from _dates()
    yield from _alphabets()
    yield from _names()
    yield from _characters()
    yield from _links()


# --- dates ------------------------------------------------------------------------------------------------

_REJECTED = all_of(
    field_is("published_at", None),
    field_fits("review", lambda review: review.startswith("date_rejected"), "no date_rejected"),
)
_DATES = (
    "no date at all",
    "0000-00-00",
    "0000-00-00T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "2026-11-20T00:00:00+99:99",
    "2026-02-30T10:00:00Z",
    "2027-11-20T00:00:00Z",
    "2026-11-22T01:00:00Z",  # 25 hours ahead
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "99999999999999999999",
    "-2026-11-20T00:00:00Z",
    "2026-13-45T25:61:61Z",
)


def _dates() -> Iterator[Case]:
    yield case("F13", "date: none", feed(), READ, check=all_of(field_is("published_at", None), field_is("review", "")))
    yield case("F13", "date: empty", feed(more="<pubDate> </pubDate>"), READ, check=field_is("published_at", None))
    for said in _DATES:
        yield case("F13", f"date: {said}", feed(more=f"<pubDate>{said}</pubDate>"), READ, check=_REJECTED)
    for said in ("9999-12-31T23:59:59Z", "0000-00-00", "2026-11-20T00:00:00+99:99", "2026-02-30T10:00:00Z"):
        yield case("F13", f"date in Atom: {said}", atom(_LINK + f"<updated>{said}</updated>"), READ, check=_REJECTED)
        document = json_feed(date_published=said)
        yield case("F13", f"date in JSON: {said}", document, READ, check=_REJECTED)
    long = feed(more=f"<pubDate>{'9' * 1_000_000}</pubDate>")
    yield case("F13", "date of a megabyte", long, READ, "too_complex", check=_REJECTED, seconds=12.0)
    words = feed(more="<pubDate>Mon, 1 January of the year two thousand &lt;script&gt; &#x202e;</pubDate>")
    yield case("F13", "date with markup", words, READ, check=all_of(_REJECTED, lacks("review", "\u202e")))


_LINK = "<title>t</title><link href='https://a.example/1'/>"

# --- alphabets --------------------------------------------------------------------------------------------

_POLISH = "Zażółć gęślą jaźń – „świetny” dzień, proszę państwa; chodź, pójdźmy łąką wśród źdźbeł żyta"


def _alphabets() -> Iterator[Case]:
    whole = holds("title", "gęślą jaźń")
    sure = all_of(whole, lambda outcome: "" if "guess" not in str(outcome.reading.warnings) else "guessed needlessly")  # type: ignore[union-attr]

    def declared(name: str) -> str:
        return f"<?xml version='1.0' encoding='{name}'?>"

    def text(head: str = "") -> str:
        return feed(_POLISH.replace("–", "-").replace("„", "").replace("”", ""), head=head).decode()

    rich = feed(_POLISH, head=declared("iso-8859-2")).decode()
    yield case(
        "F14",
        "Latin-2 said to be UTF-8",
        text(declared("utf-8")).encode("iso-8859-2"),
        READ,
        check=all_of(whole, warns("guessed")),
    )
    yield case(
        "F14",
        "cp1250 said to be Latin-2",
        rich.encode("cp1250"),
        READ,
        check=all_of(whole, holds("title", "„świetny”")),
    )
    yield case(
        "F14", "cp1250 said to be nothing", feed(_POLISH).decode().encode("cp1250"), READ, check=warns("guessed")
    )
    yield case(
        "F14",
        "UTF-8 said to be Latin-1 by the server",
        page(feed(_POLISH), Content_Type="text/xml; charset=iso-8859-1"),
        READ,
    )
    yield case(
        "F14",
        "Latin-2 by the server alone",
        page(text().encode("iso-8859-2"), Content_Type="text/xml; charset=iso-8859-2"),
        READ,
        check=sure,
    )
    yield case(
        "F14",
        "server and document at odds",
        page(text(declared("utf-8")).encode("cp1250"), Content_Type="text/xml; charset=windows-1250"),
        READ,
        check=sure,
    )
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"):
        yield case("F14", f"in {name}", text(declared("utf-16") if "16" in name else "").encode(name), READ, check=sure)
    yield case("F14", "UTF-16 said to be UTF-8", text(declared("utf-8")).encode("utf-16"), READ, check=whole)
    yield case(
        "F14", "UTF-16 of an odd length", text().encode("utf-16") + b"\x00", READ, "unreadable_feed", "not_a_feed"
    )
    yield case(
        "F14",
        "bytes of no alphabet within",
        feed("good").replace(b"good", b"good \xff\xfe\x80\xc3(\xf8\x88 end"),
        READ,
        check=warns("guessed"),
    )
    hidden = "+ADw-script+AD4-alert(1)+ADw-/script+AD4-"
    yield case(
        "F14", "UTF-7 by the server", page(feed(hidden), Content_Type="text/xml; charset=utf-7"), "unreadable_feed"
    )
    yield case(
        "F14",
        "UTF-7 that nobody declared",
        feed(hidden),
        READ,
        check=all_of(holds("title", "+ADw-"), lacks("title", "<")),
    )
    mixed = page(b"\xef\xbb\xbf" + feed(_POLISH, head=declared("iso-8859-1")), Content_Type="text/xml; charset=koi8-r")
    yield case("F14", "three statements and a mark", mixed, READ, check=whole)


# --- names ------------------------------------------------------------------------------------------------


def _item(title: str, link: str = "", guid: str = "", body: str = "") -> str:
    linked = f"<link>{link}</link>" if link else ""
    named = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return f"<item><title>{title}</title>{linked}{named}<description>{body}</description></item>"


def _links_are(*expected: str) -> Check:
    def check(outcome: Outcome) -> str:
        found = [entry.link for entry in outcome.entries]
        return "" if found == list(expected) else f"links are {found}"

    return check


def _guids_are_left_out(outcome: Outcome) -> str:
    named = {entry.guid for entry in outcome.entries}
    return "" if named == {""} else f"guids {sorted(named)[:3]} name several articles"


def _names() -> Iterator[Case]:
    here = "https://a.example"
    one = items(*(_item("The same", f"{here}/1", "the same") for _ in range(1000)))
    yield case("F15", "a thousand times one article", one, READ, check=count_is(1))
    reused = items(*(_item(f"Title {n}", f"{here}/{n}", "the same") for n in range(1000)))
    yield case(
        "F15", "a thousand articles of one guid", reused, READ, check=all_of(count_is(1000), _guids_are_left_out)
    )
    empty = items(*(_item(f"Title {n}") for n in range(1000)))
    yield case("F15", "a thousand without guid or link", empty, READ, check=count_is(1000))
    nothing = items(*["<item/>"] * 1000)
    yield case("F15", "a thousand empty items", nothing, READ, "unreadable_feed", check=count_is(1))
    same = items(*(_item("The same", "", "") for _ in range(1000)))
    yield case("F15", "a thousand of one title, no more", same, READ, check=count_is(1))
    log = items(*(_item(f"Version {n}", f"{here}/changes", "") for n in range(300)))
    yield case("F15", "a changelog of one link", log, READ, check=count_is(300))
    marked = items(*(_item(f"Version {n}", f"{here}/changes#v{n}", "") for n in range(300)))
    yield case("F15", "a changelog of fragments", marked, READ, check=count_is(300))
    spread = items(*(_item("One", f"{here}/1?utm_source={n}&amp;fbclid={n}", f"guid {n}") for n in range(300)))
    yield case("F15", "one link in 300 wrappings", spread, READ, check=all_of(count_is(1), _links_are(f"{here}/1")))
    hosts = items(
        _item("One", "https://www.a.example/1"), _item("One", f"{here}/1/"), _item("One", "http://m.a.example/1")
    )
    yield case("F15", "one article on three hosts", hosts, READ, check=count_is(1))
    pair = items(_item("One", f"{here}/1", "x"), _item("Two", f"{here}/2", "x"))
    yield case("F15", "guid used twice", pair, READ, check=all_of(count_is(2), _guids_are_left_out))
    long = feed(guid="g" * 1_000_000)
    yield case(
        "F15", "guid of a megabyte", long, READ, check=field_fits("guid", lambda guid: len(guid) <= 1000, "too long")
    )
    odd = feed(guid="&#x202e;x&#x200b;&#10;y")
    yield case("F15", "guid of steering characters", odd, READ, check=count_is(1))
    collide = items(*(_item(title, "", "") for title in ("a", "a\u200b", "a ", "\u202ea")))
    yield case("F15", "titles that look alike", collide, READ, check=count_is(1))


# --- characters -------------------------------------------------------------------------------------------

_FAMILY = "👩‍👩‍👧"


def _characters() -> Iterator[Case]:
    cut = all_of(
        field_fits("title", lambda title: 400 < len(title) <= 500 and title.endswith("…"), "not cut at 500 with …"),
        count_is(1),
    )
    million = "word " * 200_000
    yield case("F16", "title of a megabyte", feed(million), READ, check=cut)
    yield case("F16", "title of one long word", feed("x" * 1_000_000), READ, check=cut)
    yield case("F16", "title of a megabyte in Atom", atom(_LINK.replace(">t<", f">{million}<")), READ, check=cut)
    document = json_feed(title=million)
    yield case("F16", "title of a megabyte in JSON", document, READ, check=cut)
    yield case(
        "F16", "title of 20,000 families", feed(_FAMILY * 20_000), READ, check=all_of(cut, lacks("title", "\u200d…"))
    )
    yield case(
        "F16",
        "title of 100,000 marks on a letter",
        feed("a" + "\u0301" * 100_000),
        READ,
        check=field_fits("title", lambda title: len(title) <= 500, "too long"),
    )
    yield case(
        "F16",
        "author of a megabyte",
        feed(more=f"<dc:creator>{million}</dc:creator>"),
        READ,
        check=field_fits("author", lambda author: 0 < len(author) <= 300, "not cut"),
    )
    yield case("F16", "title of the feed of a megabyte", feed(channel=f"<title>{million}</title>"), READ)
    yield case(
        "F16",
        "summary of a megabyte",
        feed(body=million),
        READ,
        "too_complex",
        check=field_fits("summary", lambda words: 0 < len(words) <= 5000, "not cut"),
    )
    for name, text, seen in (
        ("right to left", "safe\u202egpj.exe", "safegpj.exe"),
        ("isolates", "a\u2066b\u2069c\u2067d\u2068e", "abcde"),
        ("marks of direction", "a\u200e\u200f\u061cb", "ab"),
        ("zero width", "in\u200bvis\u2060ib\ufeffle", "invisible"),
        ("soft hyphens", "so\u00adft", "soft"),
        ("joiner between letters", "a\u200db", "ab"),
        ("joined emoji", f"a {_FAMILY} b", f"a {_FAMILY} b"),
        ("C1 controls", "a\x90b\x81c", "abc"),
        ("line separators", "a\u2028b\u2029c", "a b c"),
        ("tag characters", "a\U000e0068\U000e0069b", "ab"),
        ("variation", "heart ❤\ufe0f", "heart ❤\ufe0f"),
        ("annotations", "a\ufff9b\ufffac\ufffb", "abc"),
        ("homoglyphs", "раураl", "раураl"),
        ("Hangul filler", "a\u3164b", "ab"),
    ):
        yield case(
            "F16",
            f"characters: {name}",
            feed(text, text, more=f"<dc:creator>{text}</dc:creator>"),
            READ,
            check=field_is("title", seen),
        )
    for name, text in (("NUL", "\x00"), ("ESC", "\x1b[31m"), ("bell", "\x07"), ("form feed", "\x0c"), ("DEL", "\x7f")):
        yield case(
            "F16",
            f"characters: {name}",
            feed(f"a{text}b", f"a{text}b"),
            READ,
            "unreadable_feed",
            check=lacks("title", text[0]),
        )
    for name, text in (
        ("&#27;", "a&#27;[31mb"),
        ("&amp;#27;", "a&amp;#27;[31mb"),
        ("&amp;#x202e;", "a&amp;#x202e;b"),
        ("&amp;#0;", "a&amp;#0;b"),
    ):
        yield case(
            "F16",
            f"characters escaped: {name}",
            feed(text, text),
            READ,
            "unreadable_feed",
            check=all_of(lacks("title", "\x1b"), lacks("title", "\u202e")),
        )
    yield case("F16", "mark in the middle", feed("a\ufeffb"), READ, check=field_is("title", "ab"))
    yield case(
        "F16", "nothing but what is unseen", feed("\u200b\u202e\u2060", "text"), READ, check=field_is("title", "text")
    )
    header = feed("=?utf-8?q?News=0D=0ABcc:_evil@example.com?=")
    yield case(
        "F16", "encoded word with a line break", header, READ, check=all_of(lacks("title", "\r"), lacks("title", "\n"))
    )
    yield case(
        "F16",
        "line breaks in title",
        feed("a&#13;&#10;Bcc: x@y.example"),
        READ,
        check=field_is("title", "a Bcc: x@y.example"),
    )


# --- links ------------------------------------------------------------------------------------------------


def _links() -> Iterator[Case]:
    def inner(markup: str, **more: str) -> bytes:
        return feed(body=markup.replace("&", "&amp;").replace("<", "&lt;"), **more)

    yield case("F17", "link: relative", feed(link="/one/two?a=1"), READ, check=holds("link", "/one/two?a=1"))
    yield case("F17", "link: within the page", feed(link="#top"), READ)
    yield case("F17", "link: another site, no scheme", feed(link="//evil.example/x"), READ, check=field_is("link", ""))
    yield case("F17", "link: up and away", feed(link="../../../../../etc/passwd"), READ, check=lacks("link", ".."))
    yield case(
        "F17",
        "link: entities in it",
        feed(link="https://a.example/?a=1&amp;b=2"),
        READ,
        check=field_is("link", "https://a.example/?a=1&b=2"),
    )
    yield case(
        "F17",
        "link: entities twice",
        feed(link="https://a.example/?a=1&amp;amp;b=2"),
        READ,
        check=holds("link", "https://a.example/?a=1"),
    )
    yield case(
        "F17",
        "link: blanks and breaks",
        feed(link="\n  https://a.example/1\n "),
        READ,
        check=field_is("link", "https://a.example/1"),
    )
    yield case(
        "F17", "link: of 100 KB", feed(link="https://a.example/" + "x" * 100_000), READ, check=field_is("link", "")
    )
    yield case("F17", "link: a host of full width", feed(link="https://１２７.0.0.1/"), READ)
    yield case(
        "F17",
        "xml:base elsewhere",
        atom("<title>t</title><link href='one'/>", more=" xml:base='https://b.example/dir/'"),
        READ,
    )
    for base in ("javascript:alert(1)//", "http://[::1", "data:text/html,", "\\\\evil", "//"):
        document = atom(
            "<title>t</title><link href='one'/><content type='html'>&lt;a href='x'>x&lt;/a></content>",
            more=f" xml:base='{base}'",
        )
        yield case("F17", f"xml:base is {base}", document, READ, check=lacks("html", "javascript"))
    yield case(
        "F17",
        "base in a body",
        inner("<base href='https://evil.example/'><a href='x'>x</a>"),
        READ,
        check=lacks("html", "evil.example"),
    )
    yield case(
        "F17",
        "relative links in a body",
        inner("<a href='/x'>x</a><a href='?y'>y</a><a href='//e.example/'>z</a>"),
        READ,
        check=lacks("html", 'href="/'),
    )
    yield case(
        "F17",
        "links of odd hosts in a body",
        inner("<a href='http://[::1'>x</a><a href='http://a b/'>y</a><a href='http:///z'>z</a>"),
        READ,
    )
