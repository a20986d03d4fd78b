"""Sources and articles in the tables."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.articles.entry import Reading
from flows.articles.fetch import Fetched
from flows.articles.outcome import Saved, save_failure, save_read, save_unchanged
from flows.articles.store import (
    add_source,
    due_sources,
    list_articles,
    set_status,
    undo_move,
)
from flows.database import reading, transaction
from flows.errors import FetchError, MastheadError
from flows.models import Article, Notice, Source, SourceStatus
from tests.articles.conftest import item, read, rss
from tests.conftest import NOW

URL = "https://blog.example/feed"
HOUR = timedelta(hours=1)


@pytest.fixture
def source_id(engine: Engine) -> int:
    with transaction(engine) as session:
        return add_source(session, URL, now=NOW).id or 0


def fetched(**said: object) -> Fetched:
    return Fetched(**{"url": URL, "final_url": URL, "status": 200, "body": b"x", **said})  # type: ignore[arg-type]


def store(
    engine: Engine, source_id: int, found: Reading, *, now: datetime = NOW, body_hash: str = "h", **said: object
) -> Saved:
    with transaction(engine) as session:
        return save_read(session, source_id, fetched(**said), found, body_hash=body_hash, now=now)


def the_source(engine: Engine) -> Source:
    with reading(engine) as session:
        return session.exec(select(Source)).one()


def the_articles(engine: Engine) -> list[Article]:
    with reading(engine) as session:
        return list(session.exec(select(Article).order_by(col(Article.id))))


def post(title: str = "One", link: str = "https://blog.example/1", guid: str = "g1", body: str = "text") -> str:
    return item(title, link, guid, f"<p>{body}</p>")


def test_a_source_is_added_once(session: Session) -> None:
    first = add_source(session, URL, title="Mine", topic="Research", now=NOW)
    for twin in (
        "https://Blog.Example/feed",
        "https://blog.example:443/feed#x",
        " blog.example/feed ",
        "feed:https://blog.example/feed",
        "feed://blog.example/feed",
    ):
        again = add_source(session, twin, title="Other", now=NOW)
        assert (again.id, again.title, again.topic) == (first.id, "Mine", "Research")


def test_an_address_that_is_none_is_refused(session: Session) -> None:
    for wrong in ("not an address", "file:///etc/passwd", "https://", "https://user:word@a.example/"):
        with pytest.raises(FetchError):
            add_source(session, wrong, now=NOW)


def test_articles_are_stored_once_however_often_they_are_read(engine: Engine, source_id: int) -> None:
    found = read(rss(post(), post("Two", "https://blog.example/2", "g2")))
    assert store(engine, source_id, found) == Saved(new=2)
    assert store(engine, source_id, found, now=NOW + HOUR) == Saved(same=2)
    one = the_articles(engine)[0]
    assert (one.title, one.link, one.text, one.first_seen_at) == ("One", "https://blog.example/1", "text", NOW)


def test_F16_characters_that_no_database_takes_are_gone_before_it(engine: Engine, source_id: int) -> None:
    nasty = "a\\u0000b\\ud800c\\u202ed"
    document = (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "%s", "items": [{"id": "%s", "title": "t%s", '
        '"url": "https://blog.example/1", "content_html": "<p>%s</p><pre>%s</pre>", "summary": "%s"}]}'
    ) % ((nasty,) * 6)
    assert store(engine, source_id, read(document)) == Saved(new=1)
    (article,) = the_articles(engine)
    assert (article.title, article.guid, article.text, article.summary) == ("tabcd", "abcd", "abcd\n\nabcd", "abcd")
    assert article.html == "<p>abcd</p>\n<pre>abcd</pre>"


def test_an_article_that_was_edited_is_updated_and_not_new(engine: Engine, source_id: int) -> None:
    store(engine, source_id, read(rss(post())))
    assert store(engine, source_id, read(rss(post(body="better text"))), now=NOW + HOUR) == Saved(updated=1)
    (article,) = the_articles(engine)
    assert (article.text, article.first_seen_at) == ("better text", NOW)


def test_F15_a_guid_with_a_new_link_moves_the_article_and_a_new_one_takes_its_place(
    engine: Engine, source_id: int
) -> None:
    store(engine, source_id, read(rss(post("One", "https://blog.example/latest", "g1"))))
    later = rss(post("Two", "https://blog.example/latest", "g2"), post("One", "https://blog.example/one", "g1"))
    assert store(engine, source_id, read(later)) == Saved(new=1, updated=1)
    one, two = the_articles(engine)
    assert (one.title, one.link, one.needs_review) == ("One", "https://blog.example/one", "link changed")
    assert (two.title, two.link) == ("Two", "https://blog.example/latest")


def test_F23_a_feed_that_is_empty_now_takes_nothing_away(engine: Engine, source_id: int) -> None:
    store(engine, source_id, read(rss(post())))
    assert store(engine, source_id, read(rss())) == Saved()
    assert len(the_articles(engine)) == 1


def test_validators_are_stored_with_the_articles(engine: Engine, source_id: int) -> None:
    store(engine, source_id, read(rss(post())), etag='"1"', last_modified="today")
    source = the_source(engine)
    assert (source.etag, source.last_modified, source.body_hash) == ('"1"', "today", "h")
    assert (source.title, source.last_success_at, source.full_read_at) == ("A feed", NOW, NOW)


def test_F22_of_a_truncated_body_no_validator_is_kept(engine: Engine, source_id: int) -> None:
    store(engine, source_id, read(rss(post())), etag='"1"', last_modified="today", truncated=True)
    source = the_source(engine)
    assert (source.etag, source.last_modified, source.body_hash) == ("", "", "")
    assert "truncated" in source.warning
    assert len(the_articles(engine)) == 1


def test_F21_every_week_a_feed_is_asked_for_in_full(engine: Engine, source_id: int) -> None:
    store(engine, source_id, read(rss(post())), etag='"1"')

    def etag_at(now: datetime) -> str:
        with reading(engine) as session:
            return due_sources(session, now=now)[0].etag

    with transaction(engine) as session:
        save_unchanged(session, source_id, fetched(unchanged=True, conditional=True), now=NOW + timedelta(days=6))
    assert etag_at(NOW + timedelta(days=6)) == '"1"'
    assert etag_at(NOW + timedelta(days=7)) == ""
    with transaction(engine) as session:
        save_unchanged(session, source_id, fetched(), now=NOW + timedelta(days=7))
    assert etag_at(NOW + timedelta(days=8)) == '"1"'


def fail(engine: Engine, source_id: int, code: str = "timeout", now: datetime = NOW, wait: float | None = None) -> None:
    with transaction(engine) as session:
        save_failure(session, source_id, code=code, sentence=f"it is {code}", now=now, jitter=0.5, retry_after_s=wait)


def test_F19_a_failing_source_waits_longer_each_time_and_keeps_its_articles(engine: Engine, source_id: int) -> None:
    store(engine, source_id, read(rss(post())))
    for hours in (1, 2, 4):
        fail(engine, source_id)
        assert the_source(engine).next_due_at == NOW + hours * HOUR
    source = the_source(engine)
    assert (source.failures, source.error_code, source.error, source.error_since) == (
        3,
        "timeout",
        "it is timeout",
        NOW,
    )
    assert len(the_articles(engine)) == 1
    with reading(engine) as session:
        assert due_sources(session, now=NOW + 3 * HOUR) == []
        assert len(due_sources(session, now=NOW + 4 * HOUR)) == 1
        assert len(due_sources(session, now=NOW, only=[source_id])) == 1


def test_a_source_that_answers_again_is_well(engine: Engine, source_id: int) -> None:
    fail(engine, source_id)
    store(engine, source_id, read(rss(post())), now=NOW + HOUR)
    source = the_source(engine)
    assert (source.failures, source.error_code, source.error_since) == (0, "", None)
    assert source.next_due_at == NOW + 2 * HOUR - timedelta(minutes=5)  # a little early, for the next collection


def test_F20_a_server_that_says_when_is_asked_then(engine: Engine, source_id: int) -> None:
    fail(engine, source_id, "http_429", wait=7200.0)
    assert the_source(engine).next_due_at == NOW + 2 * HOUR


def test_F19_a_feed_that_is_gone_is_retired_and_told_once(engine: Engine, source_id: int) -> None:
    fail(engine, source_id, "gone")
    fail(engine, source_id, "gone")
    assert the_source(engine).status is SourceStatus.RETIRED
    with reading(engine) as session:
        assert due_sources(session, now=NOW, only=[source_id]) == []
        (notice,) = session.exec(select(Notice)).all()
    assert "taken down by its publisher" in notice.text


def test_F18_a_move_counts_after_three_fetches_over_a_day_and_can_be_undone(engine: Engine, source_id: int) -> None:
    new = "https://new.example/feed"

    def answer(hours: int, moved_to: str = new) -> str:
        with transaction(engine) as session:
            save_unchanged(session, source_id, fetched(moved_to=moved_to), now=NOW + hours * HOUR)
        return the_source(engine).url

    assert [answer(0), answer(1), answer(2), answer(23)] == [URL] * 4
    assert answer(24) == new
    assert the_source(engine).moved_from == URL
    with transaction(engine) as session:
        undo_move(session, source_id)
    assert the_source(engine).url == URL
    assert [answer(0), answer(1), answer(2, ""), answer(30), answer(31)] == [URL] * 5


def test_F18_two_sources_do_not_become_one_address(engine: Engine, source_id: int) -> None:
    with transaction(engine) as session:
        add_source(session, "https://new.example/feed", now=NOW)
    for hours in (0, 12, 24, 36):
        with transaction(engine) as session:
            moved = fetched(moved_to="https://new.example/feed")
            save_unchanged(session, source_id, moved, now=NOW + hours * HOUR)
    with reading(engine) as session:
        assert session.get_one(Source, source_id).url == URL


def test_sources_are_paused_and_resumed(engine: Engine, source_id: int) -> None:
    fail(engine, source_id)
    with transaction(engine) as session:
        set_status(session, source_id, SourceStatus.PAUSED)
        assert due_sources(session, now=NOW, only=[source_id]) == []
        set_status(session, source_id, SourceStatus.ACTIVE)
        assert len(due_sources(session, now=NOW)) == 1
        set_status(session, source_id, SourceStatus.RETIRED)
        with pytest.raises(MastheadError, match="retired cannot become paused"):
            set_status(session, source_id, SourceStatus.PAUSED)
        with pytest.raises(MastheadError, match="no source 999"):
            set_status(session, 999, SourceStatus.PAUSED)


def test_articles_are_listed_plainly_newest_first(engine: Engine, source_id: int) -> None:
    more = "<pubDate>Wed, 18 Nov 2026 09:00:00 GMT</pubDate>"
    store(engine, source_id, read(rss(item("Old", "https://blog.example/1", more=more), post("New", guid="g2"))))
    with reading(engine) as session:
        articles = list_articles(session)
        assert list_articles(session, limit=1) == articles[:1]
    published = datetime(2026, 11, 18, 9, tzinfo=UTC).isoformat()
    assert [(row["title"], row["source"], row["published"]) for row in articles] == [
        ("New", "A feed", None),
        ("Old", "A feed", published),
    ]
    text = {"words", "minutes", "language", "text_from", "page_error", "image", "text"}
    assert set(articles[0]) == {"title", "source", "link", "published"} | text


def test_a_source_deleted_meanwhile_is_no_error(engine: Engine) -> None:
    assert store(engine, 4711, read(rss(post()))) == Saved()
    fail(engine, 4711)


def test_what_no_index_or_column_takes_shuts_no_source_out(engine: Engine, source_id: int) -> None:
    long = "".join(chr(0x4E00 + n * 17 % 20000) for n in range(1500))
    picture = f"<enclosure type='image/png' url='https://blog.example/{'é' * 900}.png'/>"
    body = rss(item("One", "https://blog.example/1", long, "<p>x</p>", picture), post("Two", "https://blog.example/2"))
    assert store(engine, source_id, read(body)).new == 2
    assert store(engine, source_id, read(body), now=NOW + HOUR).same == 2
    assert the_articles(engine)[0].image_url == ""


def test_an_answer_from_an_address_that_was_left_is_not_taken(engine: Engine, source_id: int) -> None:
    with transaction(engine) as session:
        session.get_one(Source, source_id).url = "https://new.example/feed"
    assert store(engine, source_id, read(rss(post()))) == Saved()
    with transaction(engine) as session:
        save_failure(session, source_id, code="gone", sentence="gone", now=NOW, jitter=0.5, url=URL)
    source = the_source(engine)
    assert (source.status, source.failures, source.seen) == (SourceStatus.ACTIVE, 0, "")


def test_F20_a_short_retry_after_asks_no_more_often_than_a_well_source(engine: Engine, source_id: int) -> None:
    with transaction(engine) as session:
        session.get_one(Source, source_id).interval_s = 86400
        save_failure(session, source_id, code="http_503", sentence="x", now=NOW, jitter=0.5, retry_after_s=60.0)
    assert the_source(engine).next_due_at == NOW + 24 * HOUR
