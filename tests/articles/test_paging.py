"""Where a feed gives only the beginning, the article's page is read: politely, once, and as far as it helps."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from flows.articles.collecting import Collected, collect_articles
from flows.articles.readers import Readers
from flows.articles.store import add_source, set_status
from flows.database import reading, transaction
from flows.errors import ReadError
from flows.models import Article, Source, SourceStatus, TextFrom
from flows.settings import Settings
from tests.articles.conftest import item, rss
from tests.articles.loopback import Request, Site
from tests.conftest import NOW

PROSE = "The model was trained for a week on text that anybody can read, and it is better than the one before. "
TEASER = "A model was trained for a week, and it is better."
HOUR = timedelta(hours=1)


def page(words: str = PROSE * 8, head: str = "", title: str = "A better model") -> str:
    paragraphs = "".join(f"<p>{words[start : start + 400]}</p>" for start in range(0, len(words), 400))
    return (
        f"<!doctype html><html lang='en'><head><title>{title}</title>{head}</head><body><nav>Home About</nav>"
        f"<article><h1>{title}</h1>{paragraphs}</article><footer>All rights reserved</footer></body></html>"
    )


@pytest.fixture
def hasty(settings: Settings) -> Settings:
    """Without the pause between two pages of a host."""
    return settings.model_copy(update={"page_delay_s": 0.0})


@pytest.fixture
def collect(engine: Engine, hasty: Settings, readers: Readers):  # type: ignore[no-untyped-def]
    def once(*, now=NOW, settings: Settings = hasty, only: Sequence[int] | None = None) -> Collected:  # type: ignore[no-untyped-def]
        said: list[str] = []
        return collect_articles(
            engine, settings, clock=lambda: now, progress=said.append, only=only, chance=lambda: 0.5, readers=readers
        )

    return once


def teasers(site: Site, *names: str, day: str = "Wed, 18 Nov 2026 08:00:00 +0000") -> bytes:
    date = f"<pubDate>{day}</pubDate>"
    return rss(*(item(f"About {name}", f"{site.base}/{name}", name, f"<p>{TEASER}</p>", date) for name in names))


def add(engine: Engine, url: str) -> int:
    with transaction(engine) as session:
        return add_source(session, url, now=NOW).id or 0


def articles(engine: Engine) -> dict[str, Article]:
    with reading(engine) as session:
        return {one.guid: one for one in session.exec(select(Article).order_by(col(Article.id)))}


def asked(site: Site) -> list[str]:
    return [path for path, _ in site.asked]


def test_a_teaser_becomes_the_text_of_its_page(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    head = f"<meta property='og:image' content='{site.base}/lead.jpg'>"
    site.page("/a", page(head=head), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, "a")))
    collected = collect()
    assert (collected.new_articles, collected.pages.read, collected.pages.failed) == (1, 1, 0)
    article = articles(engine)["a"]
    assert article.text_from is TextFrom.PAGE
    assert article.text.startswith("The model was trained")
    assert "All rights reserved" not in article.text
    assert article.words > 100
    assert article.summary == TEASER
    assert article.language == "en"
    assert article.image_url == f"{site.base}/lead.jpg"
    assert article.page_due_at is None


def test_a_page_is_asked_for_once(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    site.page("/a", page(), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, "a")))
    collect()
    collect(now=NOW + HOUR)
    assert asked(site).count("/a") == 1
    assert asked(site).count("/robots.txt") == 1


def test_a_feed_with_whole_articles_costs_no_page(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    add(engine, site.page("/feed", rss(item("A", f"{site.base}/a", "a", f"<p>{PROSE * 12}</p>"))))
    assert collect().pages.read == 0
    assert articles(engine)["a"].text_from is TextFrom.FEED
    assert asked(site) == ["/feed"]


def test_old_articles_of_a_new_source_cost_no_page(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    site.page("/a", page(), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, "a", day="Wed, 18 Mar 2026 08:00:00 +0000")))
    assert collect().pages.read == 0
    assert articles(engine)["a"].text_from is TextFrom.TEASER


def test_who_wants_no_pages_gets_none(engine: Engine, collect, hasty: Settings, site: Site) -> None:  # type: ignore[no-untyped-def]
    add(engine, site.page("/feed", teasers(site, "a")))
    collect(settings=hasty.model_copy(update={"pages": False}))
    assert asked(site) == ["/feed"]


def test_what_robots_txt_forbids_is_not_read(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    site.page("/robots.txt", "User-agent: *\nDisallow: /a\n")
    site.page("/a", page(), Content_Type="text/html")
    site.page("/b", page(), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, "a", "b")))
    collected = collect()
    assert (collected.pages.read, collected.pages.failed) == (1, 1)
    assert "/a" not in asked(site)
    refused = articles(engine)["a"]
    assert refused.page_error == "the site's robots.txt asks us not to read it"
    assert (refused.text, refused.page_due_at) == (TEASER, None)


def test_a_robots_txt_with_a_fault_forbids_for_now(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    site.page("/robots.txt", "broken", 503)
    add(engine, site.page("/feed", teasers(site, "a")))
    assert collect().pages.failed == 1
    assert "/a" not in asked(site)
    assert articles(engine)["a"].page_due_at is not None  # robots.txt may be well again
    site.page("/robots.txt", "")
    site.page("/a", page(), Content_Type="text/html")
    assert collect(now=NOW + 3 * HOUR).pages.read == 1


def test_a_page_that_fails_is_tried_again_later_and_not_for_ever(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    add(engine, site.page("/feed", teasers(site, "a")))
    site.page("/a", "fault", 500)
    assert collect().pages.failed == 1
    waiting = articles(engine)["a"]
    assert waiting.page_due_at == NOW + HOUR
    assert "a fault of its own" in waiting.page_error
    collect(now=NOW + HOUR / 2)
    assert asked(site).count("/a") == 1
    for days in range(1, 9):
        collect(now=NOW + timedelta(days=days))
    assert asked(site).count("/a") == 4
    assert articles(engine)["a"].page_due_at is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [((404, "gone", "text/html"), "nothing at this address"), ((200, "%PDF-1.7 ...", "application/pdf"), "page")],
)
def test_a_page_that_is_none_is_not_asked_for_again(  # type: ignore[no-untyped-def]
    engine: Engine, collect, site: Site, answer: tuple[int, str, str], words: str
) -> None:
    status, body, kind = answer
    site.page("/a", body, status, Content_Type=kind)
    add(engine, site.page("/feed", teasers(site, "a")))
    assert collect().pages.failed == 1
    article = articles(engine)["a"]
    assert article.page_due_at is None
    assert article.page_error
    assert words in article.page_error
    assert article.text == TEASER


def test_a_site_that_wants_us_to_wait_is_left_alone(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    for name in "abc":
        site.page(f"/{name}", "later", 429, Retry_After="7200")
    add(engine, site.page("/feed", teasers(site, *"abc")))
    assert collect().pages.failed == 3
    assert sum(path in {"/a", "/b", "/c"} for path in asked(site)) == 1
    assert {one.page_due_at for one in articles(engine).values()} == {NOW + 2 * HOUR}


def test_a_page_that_says_no_more_than_the_feed_changes_nothing(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    body = " ".join(f"Sentence number {n} of this short note is here." for n in range(12))
    site.page("/a", page(body[:320]), Content_Type="text/html")
    date = "<pubDate>Wed, 18 Nov 2026 08:00:00 +0000</pubDate>"
    add(engine, site.page("/feed", rss(item("A note", f"{site.base}/a", "a", f"<p>{body}</p>", date))))
    collected = collect()
    article = articles(engine)["a"]
    assert (collected.pages.no_more, article.text_from) == (1, TextFrom.FEED)
    assert article.text == body


def test_a_link_that_leads_to_the_front_page_has_no_text(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    site.page("/", page(title="Everything we ever wrote"), Content_Type="text/html")
    site.page("/a", b"", 302, Location="/")
    add(engine, site.page("/feed", teasers(site, "a")))
    assert collect().pages.failed == 1
    assert "front page" in articles(engine)["a"].page_error


def test_a_page_names_its_own_address_and_two_links_of_one_article_become_one(  # type: ignore[no-untyped-def]
    engine: Engine, collect, site: Site
) -> None:
    text = page(head=f"<link rel='canonical' href='{site.base}/the-article'>")
    site.page("/a", b"", 302, Location=site.page("/the-article", text, Content_Type="text/html"))
    site.page("/b", text, Content_Type="text/html")
    feed = teasers(site, "a", "b").replace(b"About b", b"About a")
    add(engine, site.page("/feed", feed))
    collect()
    first, second = articles(engine).values()
    assert (first.link, second.link) == (f"{site.base}/the-article", f"{site.base}/b")
    assert (first.duplicate_of, second.duplicate_of) == (None, first.id)
    site.page("/feed", feed.replace(b"</channel>", item("C", f"{site.base}/c", "c").encode() + b"</channel>"))
    again = collect(now=NOW + HOUR)
    assert (again.new_articles, again.updated) == (1, 0)  # the feed's own links still name them


def test_a_theme_that_calls_one_page_canonical_everywhere_hides_nothing(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    for name in "abc":
        site.page(f"/{name}", page(head=f"<link rel='canonical' href='{site.base}/blog'>"), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, *"abc")))
    assert collect().pages.read == 3
    found = articles(engine)
    assert [one.duplicate_of for one in found.values()] == [None] * 3
    assert [one.link for one in found.values()] == [f"{site.base}/{name}" for name in "abc"]


def test_the_text_of_a_page_read_twice_stays_the_pages(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    site.page("/a", page(), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, "a")))
    collect()
    words = articles(engine)["a"].words
    for day, word in enumerate((b"worse", b"as it was", b"good"), start=1):
        site.page("/feed", teasers(site, "a").replace(b"it is better", b"it is " + word))
        collect(now=NOW + 2 * day * timedelta(days=1))
        collect(now=NOW + (2 * day + 1.5) * timedelta(days=1))
    article = articles(engine)["a"]
    assert (article.text_from, article.words) == (TextFrom.PAGE, words)
    assert 1 < asked(site).count("/a") < 5


def test_a_teaser_that_differs_at_every_look_does_not_ask_for_a_lost_page_each_time(  # type: ignore[no-untyped-def]
    engine: Engine, collect, site: Site
) -> None:
    site.page("/a", "gone", 404)
    add(engine, site.page("/feed", teasers(site, "a")))
    for hour in range(6):
        site.page("/feed", teasers(site, "a").replace(b"it is better", f"it is better {hour}".encode()))
        collect(now=NOW + hour * HOUR)
    assert asked(site).count("/a") == 1


def test_later_is_no_try(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    for name in "abc":
        site.page(f"/{name}", "later", 429, Retry_After="60")
    add(engine, site.page("/feed", teasers(site, *"abc")))
    for hour in range(8):
        collect(now=NOW + hour * HOUR)
    assert {one.page_due_at is None for one in articles(engine).values()} == {False}
    for name in "abc":
        site.page(f"/{name}", page(), Content_Type="text/html")
    assert collect(now=NOW + 9 * HOUR).pages.read == 3


def test_an_edited_teaser_keeps_the_text_of_the_page_until_it_is_read_again(  # type: ignore[no-untyped-def]
    engine: Engine, collect, site: Site
) -> None:
    site.page("/a", page(), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, "a")))
    collect()
    site.page("/a", "fault", 500)
    site.page("/feed", teasers(site, "a").replace(b"it is better", b"it is worse"))
    assert collect(now=NOW + HOUR).updated == 1
    article = articles(engine)["a"]
    assert "worse" in article.summary
    assert (article.text_from, article.text[:9]) == (TextFrom.PAGE, "The model")
    assert article.page_due_at is not None


def test_a_paused_source_costs_no_page(engine: Engine, collect, hasty: Settings, site: Site) -> None:  # type: ignore[no-untyped-def]
    source = add(engine, site.page("/feed", teasers(site, "a")))
    collect(settings=hasty.model_copy(update={"pages_most": 0}))
    with transaction(engine) as session:
        set_status(session, source, SourceStatus.PAUSED)
    collect(now=NOW + HOUR)
    assert "/a" not in asked(site)


def test_one_slow_site_does_not_hold_up_another(engine: Engine, collect, hasty: Settings, site: Site) -> None:  # type: ignore[no-untyped-def]
    import time

    from tests.articles.loopback import serving

    def slow(request: Request) -> None:
        time.sleep(3)
        request.send(200, page().encode(), Content_Type="text/html")

    with serving("127.0.0.2") as other:
        other.at("/x", slow)
        other.at("/y", slow)
        site.page("/a", page(), Content_Type="text/html")
        add(engine, other.page("/feed", teasers(other, "x", "y")))
        add(engine, site.page("/feed", teasers(site, "a")))
        hurried = hasty.model_copy(update={"fetch_timeout_s": 1.0})
        collected = collect(settings=hurried)
    assert (collected.pages.read, collected.pages.failed) == (1, 2)
    with reading(engine) as session:
        assert set(session.exec(select(Source.failures)).all()) == {0}  # a page's trouble is not the feed's


def test_what_another_host_forbids_is_not_kept_either(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    from tests.articles.loopback import serving

    with serving("127.0.0.2") as other:
        other.page("/robots.txt", "User-agent: Masthead\nDisallow: /\n")
        target = other.page("/a", page(), Content_Type="text/html")
        site.page("/a", b"", 302, Location=target)
        add(engine, site.page("/feed", teasers(site, "a")))
        assert collect().pages.failed == 1
    article = articles(engine)["a"]
    assert article.page_error == "the site's robots.txt asks us not to read it"
    assert article.text == TEASER


def test_a_fault_of_ours_with_one_page_is_that_pages_own(  # type: ignore[no-untyped-def]
    engine: Engine, collect, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.articles.paging

    real = flows.articles.paging.save_page

    def failing(session, *, article_id: int, **more) -> bool:  # type: ignore[no-untyped-def]
        if article_id == 1:
            raise OSError("the disk is full")
        return real(session, article_id=article_id, **more)

    monkeypatch.setattr(flows.articles.paging, "save_page", failing)
    for name in "ab":
        site.page(f"/{name}", page(), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, "a", "b")))
    collected = collect()
    assert (collected.pages.read, collected.pages.failed) == (1, 1)
    assert "disk is full" in articles(engine)["a"].page_error


def test_a_reading_process_killed_from_outside_gives_no_page_up(  # type: ignore[no-untyped-def]
    engine: Engine, collect, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Readers.read_page

    def killed(*_asked: object, **_more: object) -> None:
        raise ReadError("too_complex", "reading it needs more memory than we allow")

    site.page("/a", page(), Content_Type="text/html")
    add(engine, site.page("/feed", teasers(site, "a")))
    monkeypatch.setattr(Readers, "read_page", killed)
    assert collect().pages.failed == 1
    monkeypatch.setattr(Readers, "read_page", real)
    assert collect(now=NOW + 2 * HOUR).pages.read == 1
