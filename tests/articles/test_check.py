"""What a doctor says of a feed."""

from datetime import timedelta

import pytest

from flows.articles.check import Diagnosis, diagnose
from flows.articles.findings import Level
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
    assert "Trouble: No link that a letter may carry on 1 of 1 articles." in text


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


def dated(title: str, days_ago: float, more: str = "", body: str = LONG, guid: str = "") -> str:
    at = f"{NOW - timedelta(days=days_ago):%a, %d %b %Y %H:%M:%S} GMT"
    link = f"https://blog.example/{title.replace(' ', '-')}"
    return item(title, link, guid or title, body, f"<pubDate>{at}</pubDate>{more}")


def levels(found: Diagnosis, part: str) -> dict[str, Level]:
    return {finding.what: finding.level for finding in found.findings if finding.part == part}


def what(found: Diagnosis, part: str) -> str:
    return " ".join(levels(found, part))


def test_the_rhythm_is_told_and_the_newest_are_shown(loose: Settings, site: Site) -> None:
    feed = rss(*(dated(f"No {number}", 3.5 * number) for number in range(9)), head="<language>en-GB</language>")
    found = diagnose(site.page("/feed", feed), loose, NOW)
    assert found.rhythm == "about two a week"
    assert [each.title for each in found.newest_entries] == [f"No {number}" for number in range(5)]
    assert found.newest_entries[0].published_at == NOW
    assert found.language.startswith("en")
    assert "9 articles: about two a week" in what(found, "articles")
    assert "9 articles, about two a week" in found.lines()[0]


def test_each_finding_says_what_to_do_and_the_report_adds_up(loose: Settings, site: Site) -> None:
    found = diagnose(site.page("/feed", rss(dated("One", 1), dated("Two", 2))), loose, NOW)
    report = found.report()
    assert any(line.startswith("ok       It is RSS 2.0: A feed.") for line in report)
    assert any("The publisher could mend it: send an ETag" in line for line in report)
    counts = [sum(finding.level is level for finding in found.findings) for level in Level]
    assert report[-1] == f"{counts[0]} well, {counts[1]} to note, no trouble."


@pytest.mark.parametrize(("status", "words"), [(301, "has moved for good to"), (302, "redirects for now to")])
def test_each_redirect_is_told_with_what_it_means(loose: Settings, site: Site, status: int, words: str) -> None:
    site.page("/new", FULL)
    site.page("/middle", b"", status, Location="/new")
    found = diagnose(site.page("/old", b"", 301, Location="/middle"), loose, NOW)
    told = [finding.what for finding in found.findings if finding.part == "way"]
    assert told[:2] == [
        f"{site.base}/old has moved for good to {site.base}/middle.",
        f"{site.base}/middle {words} {site.base}/new.",
    ]


def test_the_answer_is_told_with_its_time_and_size(loose: Settings, site: Site) -> None:
    found = diagnose(site.page("/feed", FULL), loose, NOW)
    assert "It answers with status 200 in 0." in what(found, "answer")
    assert "KB." in what(found, "answer")


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ("If-None-Match", "304 to its ETag)"),
        ("If-Modified-Since", "304 to its Last-Modified)"),
        ("", "sends validators, but everything again"),
    ],
)
def test_each_kind_of_conditional_request_is_tried(loose: Settings, site: Site, kept: str, words: str) -> None:
    def answer(request: Request) -> None:
        known = bool(kept) and request.headers.get(kept) is not None
        headers = {"ETag": '"1"', "Last_Modified": "Wed, 18 Nov 2026 09:00:00 GMT"}
        request.send(304 if known else 200, b"" if known else FULL, **headers)

    found = diagnose(site.at("/feed", answer), loose, NOW)
    assert words in what(found, "asking")
    assert found.conditional is bool(kept)


def test_what_the_feed_wishes_is_told(loose: Settings, site: Site) -> None:
    found = diagnose(site.page("/feed", FULL, Cache_Control="max-age=7200"), loose, NOW)
    assert "at most every 2 hours" in what(found, "asking")


def test_F15_guids_that_are_missing_or_doubled_are_found(loose: Settings, site: Site) -> None:
    feed = rss(
        item("One", "https://blog.example/1", "same", LONG),
        item("Two", "https://blog.example/2", "same", LONG),
        item("Three", "https://blog.example/3", "", LONG),
        item("Three", "https://blog.example/3", "", LONG),
    )
    found = diagnose(site.page("/feed", feed), loose, NOW)
    assert levels(found, "names") == {
        "No guid on 2 of 4 articles.": Level.NOTE,
        "A guid that another one has on 1 of 4 articles.": Level.TROUBLE,
    }
    assert "1 of 4 stand in the feed twice." in what(found, "refused")


def test_F13_dates_that_are_missing_or_absurd_are_found(loose: Settings, site: Site) -> None:
    feed = rss(item("One", "https://blog.example/1"), dated("Two", -9000), dated("Three", 1))
    found = diagnose(site.page("/feed", feed), loose, NOW)
    assert levels(found, "dates") == {
        "No date on 1 of 3 articles.": Level.NOTE,
        "A date that cannot be one of news on 1 of 3 articles.": Level.TROUBLE,
    }


def test_F17_links_that_are_relative_or_tracked_are_found(loose: Settings, site: Site) -> None:
    feed = rss(item("One", "/posts/1"), item("Two", "https://blog.example/2?utm_source=rss&amp;a=1"))
    found = diagnose(site.page("/feed", feed), loose, NOW)
    assert set(levels(found, "links")) == {
        "A link without a host on 1 of 2 articles.",
        "Links that track who clicks on 1 of 2 articles.",
    }


def test_boilerplate_is_found(loose: Settings, site: Site) -> None:
    body = LONG + "<p>The post One appeared first on Blog.</p>"
    found = diagnose(site.page("/feed", rss(dated("One", 1, body=body))), loose, NOW)
    assert "Lines that are no text" in what(found, "text")


@pytest.mark.parametrize(
    ("robots", "level", "words"),
    [
        ("User-agent: *\nDisallow: /", Level.TROUBLE, "robots.txt does not let us read the pages"),
        ("User-agent: *\nAllow: /", Level.NOTE, "teasers only"),
    ],
)
def test_of_a_feed_of_teasers_it_is_told_whether_we_may_read_the_pages(
    loose: Settings, site: Site, robots: str, level: Level, words: str
) -> None:
    site.page("/robots.txt", robots, Content_Type="text/plain")
    feed = rss(item("One", f"{site.base}/1", "1", "<p>Short […]</p>"))
    found = diagnose(site.page("/feed", feed), loose, NOW)
    (finding,) = [each for each in found.findings if each.part == "text"]
    assert (finding.level, words in finding.what) == (level, True)


def test_a_feed_that_has_fallen_silent_is_told(loose: Settings, site: Site) -> None:
    feed = rss(*(dated(f"No {number}", 100 + 6 * number) for number in range(5)))
    found = diagnose(site.page("/feed", feed), loose, NOW)
    assert "It has fallen silent: nothing new for 100 days, usually one every 6 days." in what(found, "articles")


def test_a_large_feed_and_a_wrong_kind_are_told(loose: Settings, site: Site) -> None:
    body = rss(*(dated(f"No {number}", number, body=LONG * 20) for number in range(40)))
    found = diagnose(site.page("/feed", body, Content_Type="text/html"), loose, NOW)
    assert "It is large for a feed: 1.4 MB." in what(found, "answer")
    assert "“text/html”, which is no feed’s kind" in what(found, "kind")
    tight = loose.model_copy(update={"fetch_max_bytes": len(body) + 1000})
    found = diagnose(site.base + "/feed", tight, NOW)
    assert levels(found, "answer")["It is 1.4 MB, and more than 1.4 MB are refused."] is Level.TROUBLE


def test_all_feeds_of_a_page_are_named(loose: Settings, site: Site) -> None:
    site.page("/feed.xml", FULL)
    link = "<link rel='alternate' type='application/rss+xml' href='{}'>"
    page = site.page("/", f"<html>{link.format('/feed.xml')}{link.format('/comments.xml')}</html>")
    found = diagnose(page, loose, NOW)
    assert found.feeds == (f"{site.base}/feed.xml", f"{site.base}/comments.xml")
    assert "It names 2 feeds" in what(found, "page")


def test_questions_that_nobody_answers_hold_nothing_up(loose: Settings, site: Site) -> None:
    def answer(request: Request) -> None:
        if request.headers.get("If-None-Match"):
            request.close_connection = True
        else:
            request.send(200, FULL, ETag='"1"')

    found = diagnose(site.at("/feed", answer), loose, NOW)
    assert not found.conditional


def test_where_the_first_feed_of_a_page_is_broken_the_next_is_taken(loose: Settings, site: Site) -> None:
    link = "<link rel='alternate' type='application/rss+xml' href='{}'>"
    site.page("/other", "<html></html>")
    page = site.page("/", f"<html>{link.format('/gone')}{link.format('/other')}{link.format('/feed.xml')}</html>")
    with pytest.raises(FetchError, match="/gone: there is nothing"):
        diagnose(page, loose, NOW)
    site.page("/feed.xml", FULL)
    assert diagnose(page, loose, NOW).feed_url == f"{site.base}/feed.xml"
