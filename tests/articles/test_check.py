"""What a doctor says of a feed."""

import pytest

from flows.articles.check import diagnose
from flows.errors import FetchError, ReadError
from flows.settings import Settings
from tests.articles.conftest import item, rss
from tests.articles.loopback import Request, Site
from tests.conftest import NOW

LONG = "<p>" + "A long sentence about one model or another. " * 40 + "</p>"
FULL = rss(
    item("One", "https://blog.example/1", body=LONG, more="<pubDate>Wed, 18 Nov 2026 09:00:00 GMT</pubDate>"),
    item("Two", "https://blog.example/2", body=LONG),
)


def test_a_good_feed_is_explained(loose: Settings, site: Site) -> None:
    def conditional(request: Request) -> None:
        known = request.headers.get("If-None-Match") == '"1"'
        request.send(304 if known else 200, b"" if known else FULL, ETag='"1"')

    found = diagnose(site.at("/feed", conditional), loose, NOW)
    assert (found.title, found.kind, found.articles, found.full_text) == ("A feed", "RSS 2.0", 2, True)
    assert found.conditional
    assert found.feed_url == site.base + "/feed"
    text = " ".join(found.lines())
    for part in ("A feed: RSS 2.0, 2 articles.", "full articles", "18 November 2026", "nothing has changed"):
        assert part in text


def test_a_feed_of_teasers_that_swears_falsely_is_told(loose: Settings, site: Site) -> None:
    teasers = rss(item("One", "javascript:x", body="<p>Short […]</p>"))
    found = diagnose(site.page("/feed", teasers, ETag='"1"'), loose, NOW)
    assert not found.full_text
    assert not found.conditional
    text = " ".join(found.lines())
    assert "teasers only" in text
    assert "none has a date" in text
    assert "no usable link" in text


def test_F23_the_feed_that_a_page_names_is_found(loose: Settings, site: Site) -> None:
    site.page("/feed.xml", FULL)
    page = "<html><link rel='alternate' type='application/rss+xml' href='/feed.xml'></html>"
    found = diagnose(site.page("/", page), loose, NOW)
    assert (found.is_page, found.feed_url) == (True, site.base + "/feed.xml")
    assert "is a web page; the feed it names is" in found.lines()[0]


def test_a_moved_feed_is_added_at_its_new_address(loose: Settings, site: Site) -> None:
    site.page("/new", FULL)
    found = diagnose(site.page("/old", b"", 301, Location="/new"), loose, NOW)
    assert found.feed_url == site.base + "/new"
    assert "moved for good" in found.lines()[0]


def test_an_empty_feed_is_a_feed(loose: Settings, site: Site) -> None:
    found = diagnose(site.page("/feed", rss()), loose, NOW)
    assert found.articles == 0
    assert "no article at present" in " ".join(found.lines())


def test_what_is_no_feed_is_refused_with_its_address(loose: Settings, site: Site) -> None:
    with pytest.raises(ReadError, match=r"/page: it is a web page, not a feed, and names no feed"):
        diagnose(site.page("/page", "<html></html>"), loose, NOW)
    with pytest.raises(ReadError, match=r"/empty: the server sent nothing"):
        diagnose(site.page("/empty", b""), loose, NOW)
    with pytest.raises(FetchError, match=r"/none: there is nothing at this address"):
        diagnose(site.base + "/none", loose, NOW)


def test_F08_private_addresses_are_refused(strict: Settings, site: Site) -> None:
    with pytest.raises(FetchError, match="MASTHEAD_ALLOW_PRIVATE_ADDRESSES") as refused:
        diagnose(site.page("/feed", FULL), strict, NOW)
    assert refused.value.code == "blocked_address"
    assert site.asked == []
