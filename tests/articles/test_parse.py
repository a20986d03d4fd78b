"""Documents of every kind become entries, or an error with a stable code."""

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from flows.articles.discovery import discover
from flows.articles.parse import NotAFeedError, in_range, parse
from flows.articles.raw import RawFeed
from flows.errors import ReadError
from tests.articles.conftest import item, read, rss
from tests.bench.feed_corpus import folder, judge, stated_documents
from tests.conftest import NOW

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://blog.example/base/">
<title type="text">An Atom feed</title><link href="https://blog.example/"/>
<entry><id>tag:1</id><title type="text">Vec&lt;T&gt;</title><link rel="alternate" href="one?utm_source=rss"/>
<published>2026-11-18T10:00:00+01:00</published><author><name>Ada &lt;b&gt;L&lt;/b&gt;</name></author>
<content type="html">&lt;p&gt;Text with &lt;a href="two"&gt;a link&lt;/a&gt;.&lt;/p&gt;</content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="https://blog.example/"><title>An RDF feed</title><link>https://blog.example/</link></channel>
<item rdf:about="https://blog.example/1"><title>One</title><link>https://blog.example/1</link></item></rdf:RDF>"""
JSON = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "A JSON feed",
    "home_page_url": "https://blog.example/",
    "authors": [{"name": "The desk"}],
    "items": [
        {
            "id": 7,
            "url": "/one?utm_source=rss",
            "title": "One",
            "content_html": "<p>Hello <b>there</b></p><script>alert(1)</script>",
            "date_published": "2026-11-18T10:00:00+01:00",
            "image": "https://blog.example/one.png",
        },
        {"id": "2", "external_url": "https://else.example/", "content_text": "a < b\n\nsecond", "summary": "s"},
        "nonsense",
    ],
}


def refused(body: bytes | str, **options: str) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read(body, **options)  # type: ignore[arg-type]
    assert caught.value.reason
    return caught.value


def outcome_of(body: bytes | str) -> str:
    """The code of the error, or the title of the first entry."""
    try:
        return read(body).entries[0].title
    except ReadError as error:
        return error.code


def test_rss_is_read() -> None:
    found = read(rss(item("One", "https://blog.example/1", "g1", "<p>Hello</p>")))
    entry = found.entries[0]
    assert (found.kind, found.title, found.site_url) == ("RSS 2.0", "A feed", "https://blog.example/")
    assert (entry.title, entry.link, entry.guid, entry.text) == ("One", "https://blog.example/1", "g1", "Hello")


def test_atom_is_read_with_its_own_base() -> None:
    found = read(ATOM)
    entry = found.entries[0]
    assert (found.kind, found.title) == ("Atom 1.0", "An Atom feed")
    assert (entry.title, entry.link) == ("Vec<T>", "https://blog.example/base/one")
    assert entry.author == "Ada L"
    assert entry.published_at == datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert 'href="https://blog.example/base/two"' in entry.html


def test_rdf_is_read() -> None:
    assert [entry.title for entry in read(RDF).entries] == ["One"]


def test_F23_json_feed_is_read() -> None:
    found = read(json.dumps(JSON), content_type="application/feed+json")
    one, two = found.entries
    assert (found.kind, found.title) == ("JSON Feed 1.1", "A JSON feed")
    assert (one.guid, one.link, one.author, one.text) == ("7", "https://blog.example/one", "The desk", "Hello there")
    assert one.published_at == datetime(2026, 11, 18, 9, tzinfo=UTC)
    assert one.image_url == "https://blog.example/one.png"
    assert (two.link, two.text, two.summary) == ("https://else.example/", "a < b\n\nsecond", "s")
    assert "a &lt; b" in two.html


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "empty_body"),
        (" \n ", "empty_body"),
        ("just words", "not_a_feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not_a_feed"),
        ("<html><body>no feed</body></html>", "not_a_feed"),
        ("<!DOCTYPE html><p>no", "not_a_feed"),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_feed"),
        ("<opml version='2.0'><body/></opml>", "not_a_feed"),
        ('{"hello": 1}', "not_a_feed"),
        ("[1, 2]", "not_a_feed"),
        ('{"version": ', "unreadable_feed"),
        ("[" * 100_000, "unreadable_feed"),
        ('{"a": ' + "9" * 10_000 + "}", "unreadable_feed"),
    ],
)
def test_F23_what_is_no_feed_is_named(body: bytes | str, code: str) -> None:
    assert refused(body).code == code


def test_F23_a_page_names_its_feeds() -> None:
    page = """<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml">
    <link rel="ALTERNATE" type="application/atom+xml" href="https://other.example/atom">
    <link rel=alternate type="application/rss+xml" href="javascript:alert(1)">
    <link rel="stylesheet" type="text/css" href="x.css"></head></html>"""
    error = refused(page, url="https://blog.example/about/")
    assert isinstance(error, NotAFeedError)
    assert error.feeds == ("https://blog.example/feed.xml", "https://other.example/atom")
    assert "https://blog.example/feed.xml" in error.reason


PAGE = "https://blog.example/about/"


@pytest.mark.parametrize(
    "link",
    ["/feed", "/feed/", "feeds/", "/blog/rss", "/blog.rss", "atom.xml", "/index.xml", "/feed.json", "/en/rss.xml"],
)
def test_F23_a_page_that_names_no_feed_may_link_to_one(link: str) -> None:
    page = f'<html><body><a href="/news">News</a><a href="{link}?x=1"><img alt="RSS"></a></body></html>'
    assert len(discover(page, PAGE)) == 1
    assert link.lstrip("/") in discover(page, PAGE)[0]


@pytest.mark.parametrize(
    "link",
    [
        "/feedback",
        "/newsfeed-story",
        "/index.html",
        "/package.json",
        "javascript:/feed",
        "mailto:rss",
        "http://[x/feed",
    ],
)
def test_F23_other_links_of_a_page_are_no_feeds(link: str) -> None:
    assert discover(f'<a href="{link}">x</a>', PAGE) == ()


def test_F23_feeds_that_a_page_names_come_before_links() -> None:
    page = '<link rel="alternate" type="application/rss+xml" href="/a"><a href="/feed">x</a>'
    assert discover(page, PAGE) == ("https://blog.example/a",)


@pytest.mark.parametrize(
    ("head", "language", "ttl_s"),
    [
        ("", "", 0.0),
        ("<language>en-US</language><ttl> 30 </ttl>", "en-us", 1800.0),
        ("<dc:language>pt_BR</dc:language>", "pt-br", 0.0),
        ("<language>English, mostly</language><ttl>soon</ttl>", "", 0.0),
        ("<ttl>-5</ttl>", "", 0.0),
        ("<ttl>99999999999999999999</ttl>", "", 0.0),
        ("<ttl>100000</ttl>", "", 86_400.0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", "", 1800.0),
        ("<sy:updatePeriod> daily\n</sy:updatePeriod>", "", 86_400.0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", "", 0.0),
        ("<sy:updatePeriod>now and then</sy:updatePeriod>", "", 0.0),
    ],
)
@pytest.mark.parametrize("slowly", [False, True])
def test_a_feed_says_its_language_and_how_long_to_leave_it_alone(
    head: str, language: str, ttl_s: float, slowly: bool
) -> None:
    body = rss(item("One"), head=head).decode().split("?>\n")[1]
    space = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    body = ("<!DOCTYPE rss>" if slowly else "") + body.replace("<rss", f"<rss {space}")
    found = _raw(body)
    assert (found.language, found.ttl_s) == (language, ttl_s)


def _raw(body: str) -> RawFeed:
    return parse(body.encode(), content_type="", url="https://blog.example/feed")


def test_atom_and_json_feeds_say_their_language_too() -> None:
    assert _raw(ATOM.replace("<feed", '<feed xml:lang="en_GB"')).language == "en-gb"
    assert _raw(json.dumps({**JSON, "language": "pl-PL"})).language == "pl-pl"
    assert _raw(json.dumps({**JSON, "language": ["pl"]})).language == ""


def test_an_empty_feed_with_an_entity_of_html_is_an_empty_feed() -> None:
    found = read("<rss version='2.0'><channel><title>Caf&eacute;</title></channel></rss>")
    assert (found.title, found.entries) == ("Café", ())
    assert any("not well-formed" in warning for warning in found.warnings)


@pytest.mark.skipif(folder() is None, reason="MASTHEAD_ACCEPTANCE_DATA names no folder with feedparser-tests/")
def test_F23_our_reading_agrees_with_the_expectations_of_feedparsers_own_tests_or_says_why_not() -> None:
    data = folder()
    assert data is not None
    score = judge(stated_documents(data))
    assert score.documents > 2000
    assert score.crashes == []
    assert [(case.document.name, case.claim.value, case.ours) for case in score.unexplained] == []
    assert score.agree >= 0.94 * score.compared.total()


@pytest.mark.parametrize("reference", ["&#xD800;", "&#x110000;", "&#xFFFFFFFFFF;", "&#99999999999999999999;", "&#x0;"])
def test_F05_impossible_characters_make_one_feed_unreadable_or_go(reference: str) -> None:
    outcome = outcome_of(rss(item(f"a{reference}b", "https://blog.example/1")))
    assert outcome == "unreadable_feed" or outcome.isprintable()


def test_F23_a_broken_feed_says_where_and_one_that_can_be_read_in_part_is() -> None:
    broken = rss(item("One", "https://blog.example/1")).replace(b"</item>", b"</item><item><title>Two & a half")
    found = read(broken)
    assert [entry.title for entry in found.entries][:1] == ["One"]
    assert any("not well-formed XML (line" in warning for warning in found.warnings)
    error = refused(b"<rss version='2.0'><channel><title>A feed</title><it<em></channel></rss>")
    assert error.code == "unreadable_feed"
    assert "not well-formed" in error.reason


def test_F05_a_path_in_an_entity_is_no_pattern() -> None:
    body = r'<!DOCTYPE rss [<!ENTITY p "C:\data\g<1>">]>' + rss(item("at &p;")).decode().split("?>\n")[1]
    assert outcome_of(body) in {"unreadable_feed", "at C:\\data\\g<1>", "at &p;"}


@pytest.mark.parametrize("path", ["/etc/passwd", "/dev/zero", "C:\\data", "file:///etc/passwd", "http://127.0.0.1:9/"])
def test_F06_a_body_that_is_a_path_opens_nothing(path: str) -> None:
    opened: list[str] = []
    watching = True

    def watch(event: str, details: tuple[object, ...]) -> None:
        if watching and event in {"open", "socket.connect", "urllib.Request"}:
            opened.append(str(details[0]))

    sys.addaudithook(watch)
    try:
        assert refused(path).code == "not_a_feed"
    finally:
        watching = False
    assert [name for name in opened if not name.endswith((".py", ".pyc"))] == []


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("Wed, 18 Nov 2026 10:00:00 +0100", datetime(2026, 11, 18, 9, tzinfo=UTC)),
        ("2026-11-18T09:00:00Z", datetime(2026, 11, 18, 9, tzinfo=UTC)),
        ("Thu, 19 Nov 2026 20:00:00 GMT", datetime(2026, 11, 19, 20, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        ("0000-00-00", None),
        ("0000-00-00T00:00:00Z", None),
        ("10000-01-01", None),
        ("9999-12-31T23:59:59Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("2026-11-18T09:00:00+99:99", None),
        ("2026-11-21T09:00:00Z", None),
        ("Thu, 01 Jan 2015 00:00:00 GMT", None),
        ("99999999999999999999", None),
        ("2026-99-99", None),
    ],
)
def test_F13_dates_that_cannot_be_news_are_none_and_told(said: str, moment: datetime | None) -> None:
    found = read(rss(item("One", "https://blog.example/1", more=f"<pubDate>{said}</pubDate>")))
    entry = found.entries[0]
    assert entry.published_at in {moment, None}
    assert (entry.published_at is None) or entry.published_at <= NOW + timedelta(days=1)
    if moment is not None:
        assert entry.published_at == moment
    elif said and entry.published_at is None:
        assert entry.review.startswith("date_rejected")


def test_F13_a_date_that_trips_feedparser_is_an_error_of_the_feed() -> None:
    date = "<pubDate>Fri, 2026/13/15 08:19:53 EDT</pubDate>"
    assert outcome_of(rss(item("One", "https://blog.example/1", more=date))) == "unreadable_feed"


def test_F13_the_range_ends_a_day_ahead_and_ten_years_back() -> None:
    assert in_range(NOW + timedelta(hours=24), NOW)[0] is not None
    assert in_range(NOW + timedelta(hours=25), NOW)[0] is None
    assert in_range(NOW - timedelta(days=3652), NOW)[0] is not None
    assert in_range(NOW - timedelta(days=3654), NOW) == (None, f"date_rejected ({NOW - timedelta(days=3654):%Y-%m-%d})")


def test_no_more_than_a_thousand_entries_are_read() -> None:
    found = read(rss(*(item(f"T{n}", f"https://blog.example/{n}") for n in range(1005))))
    assert (len(found.entries), found.left_out) == (1000, 5)


def test_F10_authors_and_categories_carry_no_markup() -> None:
    more = "<author>&lt;script&gt;alert(1)&lt;/script&gt;ada@a.example (&lt;b&gt;Ada&lt;/b&gt;)</author>"
    entry = read(rss(item("One", "https://blog.example/1", more=more))).entries[0]
    assert "<" not in entry.author
    assert "Ada" in entry.author


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "j&amp;Tab;avascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "\\\\host\\share",
        "file:///etc/passwd",
        "mailto:a@b.example",
        "//host.example/path",
        "http://",
        "https://user:word@host.example/",
    ],
)
def test_F11_links_that_are_none_are_empty_and_told(link: str) -> None:
    entry = read(rss(item("One", link, "a guid", f'<p><a href="{link}">x</a></p>'))).entries[0]
    assert not entry.link.startswith(("javascript", "data", "vbscript", "file", "mailto"))
    assert "javascript:" not in entry.html
    assert 'href="data' not in entry.html
    assert entry.link == "" or entry.link.startswith("https://blog.example/")
    if not entry.link:
        assert "no usable link" in entry.review


def test_F23_an_untitled_entry_bears_its_first_words() -> None:
    entry = read(rss(item("", "https://blog.example/1", body="<p>Once upon a time.</p>"))).entries[0]
    assert entry.title == "Once upon a time."
