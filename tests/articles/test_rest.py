"""When a source is asked again, who may be asked now, and how entries that stand as they did are known again."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from flows.articles.collecting import Collected, collect_articles
from flows.articles.read import read_feed
from flows.articles.readers import Readers
from flows.articles.store import add_source
from flows.database import reading, transaction
from flows.models import Article, Source
from flows.settings import Settings
from tests.articles.conftest import item, rss
from tests.articles.loopback import Site
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG = "<p>" + "The model was trained for a week on text that anybody can read. " * 20 + "</p>"


def blog(gap: timedelta, count: int = 8, head: str = "", body: str = LONG) -> bytes:
    return rss(
        *(
            item(f"No. {n}", f"https://b.example/{n}", f"g{n}", body, f"<pubDate>{when(gap * n)}</pubDate>")
            for n in range(count)
        ),
        head=head,
    )


def when(ago: timedelta) -> str:
    return format_datetime(NOW - ago)


@pytest.fixture
def collect(engine: Engine, settings: Settings, readers: Readers):  # type: ignore[no-untyped-def]
    def once(after: timedelta = timedelta(0), *, due_only: bool = True) -> Collected:
        return collect_articles(
            engine,
            settings,
            clock=lambda: NOW + after,
            progress=lambda _line: None,
            due_only=due_only,
            chance=lambda: 0.5,
            readers=readers,
        )

    return once


def add(engine: Engine, url: str) -> None:
    with transaction(engine) as session:
        add_source(session, url, now=NOW)


def source(engine: Engine) -> Source:
    with reading(engine) as session:
        return session.exec(select(Source)).one()


@pytest.mark.parametrize(
    "case",
    [
        (12 * HOUR, "", 3 * 3600),  # a quarter of its gap
        (timedelta(minutes=4), "", 900),  # no more often than the setting allows
        (9 * DAY, "", 86400),  # at least once a day
        (12 * HOUR, "max-age=20000", 20000),
        (12 * HOUR, "<ttl>600</ttl>", 36000),
    ],
)
def test_a_source_is_asked_as_often_as_it_publishes(  # type: ignore[no-untyped-def]
    engine: Engine, collect, site: Site, case: tuple[timedelta, str, int]
) -> None:
    gap, wish, rest_s = case
    header, head = ("", wish) if wish.startswith("<") else (wish, "")
    add(engine, site.page("/feed", blog(gap, head=head), Cache_Control=header))
    collect()
    found = source(engine)
    assert found.interval_s == rest_s
    assert found.next_due_at is not None
    assert timedelta(0) <= NOW + timedelta(seconds=rest_s) - found.next_due_at <= timedelta(minutes=8)


def test_a_source_that_fell_still_is_asked_less_and_less(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    add(engine, site.page("/feed", blog(HOUR)))
    rests = []
    for after in (0, 1, 3, 9, 27):
        collect(after * DAY, due_only=False)
        rests.append(source(engine).interval_s)
    assert rests == sorted(rests)
    assert rests[0] == 900
    assert rests[-1] == 86400


def test_the_timetable_asks_who_is_due_and_a_person_asks_all(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    add(engine, site.page("/feed", blog(12 * HOUR)))
    collect()
    assert collect(HOUR).sources == 0
    assert collect(HOUR, due_only=False).sources == 1
    assert collect(5 * HOUR).sources == 1


def test_F20_a_server_that_wants_us_to_wait_is_not_asked_by_anybody(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    add(engine, site.page("/feed", b"later", 429, Retry_After="7200"))
    collect()
    assert collect(HOUR, due_only=False).sources == 0
    assert collect(2 * HOUR, due_only=False).sources == 1


def test_entries_that_stand_as_they_did_are_not_cleaned_again(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    add(engine, site.page("/feed", blog(HOUR, 5)))
    collect()
    seen = source(engine).seen.split()
    assert len(seen) == 5
    site.page("/feed", blog(HOUR, 5).replace(b"<item>", b"<item><guid>new</guid><title>New</title></item><item>", 1))
    again = collect(DAY, due_only=False)
    assert (again.new_articles, again.updated, again.known) == (1, 0, 5)


def test_an_entry_that_reads_differently_is_cleaned_and_stored_again(engine: Engine, collect, site: Site) -> None:  # type: ignore[no-untyped-def]
    add(engine, site.page("/feed", blog(HOUR, 5)))
    collect()
    site.page("/feed", blog(HOUR, 5).replace(b"No. 3", b"No. 3, mended"))
    again = collect(DAY, due_only=False)
    assert (again.new_articles, again.updated, again.known) == (0, 1, 4)
    with reading(engine) as session:
        titles = session.exec(select(Article.title).order_by(col(Article.title))).all()
    assert "No. 3, mended" in titles


def test_known_entries_get_the_names_they_had(readers: Readers) -> None:
    """A guid shared by two links, and a link shared by two titles, are told apart whatever is known already."""
    body = rss(
        item("A", "https://b.example/log", "", LONG),
        item("B", "https://b.example/log", "", LONG),
        item("C", "https://b.example/c", "same", LONG),
        item("D", "https://b.example/d", "same", LONG),
        item("", "https://b.example/untitled", "", LONG),
    )

    def read(*known: str) -> tuple[set[str], set[str]]:
        found = readers.read(body, content_type="", url="https://b.example/feed", now=NOW, known=known)
        return {entry.link_key for entry in found.entries}, set(found.standing)

    whole = readers.read(body, content_type="", url="https://b.example/feed", now=NOW)
    keys = {entry.link_key for entry in whole.entries}
    assert len(keys) == 5
    for digest in whole.digests:
        fresh, standing = read(digest)
        assert (fresh | standing, len(standing)) == (keys, 1)
    assert read(*whole.digests) == (set(), keys)


def test_a_date_that_is_rejected_today_is_looked_at_again_tomorrow() -> None:
    future = format_datetime(NOW + 3 * DAY)
    body = rss(item("Soon", "https://b.example/1", "g", LONG, f"<pubDate>{future}</pubDate>"))

    def read(now, known=()):  # type: ignore[no-untyped-def]
        return read_feed(body, content_type="", url="https://b.example/feed", now=now, known=frozenset(known))

    today = read(NOW)
    assert today.digests == ()
    assert "date_rejected" in today.entries[0].review
    later = read(NOW + 3 * DAY, today.digests)
    assert later.entries[0].published_at == NOW + 3 * DAY
