"""Lists of feeds: looked at, added, and given out again."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, func, select

from flows.articles.importing import Fate, fetch_list, import_sources, outlines_of, plan_import
from flows.articles.merging import merge
from flows.articles.opml import MOST, Outline, read_opml, write_opml
from flows.articles.tending import add, pause
from flows.database import reading, transaction
from flows.errors import FetchError
from flows.models import LogEntry, Source, SourceStatus
from flows.settings import Settings
from tests.articles.loopback import Site
from tests.conftest import NOW

LIST = (
    Outline("https://one.example/feed", "One", "Research"),
    Outline("https://there.example/feed", "Another name"),
    Outline("https://merged.example/feed", "Merged"),
    Outline("ftp://bad.example/", "Bad"),
    Outline("https://user:word@bad.example/", "Worse"),
    Outline("feed://ONE.example/feed#top", "One again"),
    Outline("https://x.example/" + "x" * 3000, "Long"),
)


@pytest.fixture
def stocked(engine: Engine) -> Engine:
    with transaction(engine) as session:
        there = add(session, "https://there.example/feed", title="There", now=NOW, who="ada").source_id
        merged = add(session, "https://merged.example/feed", title="Gone", now=NOW, who="ada").source_id
        merge(session, merged, there, now=NOW, who="ada")
    return engine


def test_F27_a_list_is_shown_line_by_line_before_anything_is_added(stocked: Engine) -> None:
    with reading(stocked) as session:
        lines = plan_import(session, LIST)
        assert session.exec(select(func.count()).select_from(Source)).one() == 2
    assert [(line.fate, line.note) for line in lines] == [
        (Fate.NEW, ""),
        (Fate.THERE, ""),
        (Fate.THERE, "merged into There"),
        (Fate.BAD, "only http and https are fetched, not “ftp”"),
        (Fate.BAD, "addresses with a user name or password in them are not fetched"),
        (Fate.THERE, "stands twice in this list"),
        (Fate.BAD, "the address is longer than 2000 characters"),
    ]
    assert all(len(line.url) <= 300 for line in lines)


def test_what_is_new_is_added_and_what_is_there_stays(stocked: Engine) -> None:
    for _ in range(2):
        with transaction(stocked) as session:
            lines = import_sources(session, LIST, now=NOW, who="ben")
    assert [line.fate for line in lines].count(Fate.NEW) == 0
    with reading(stocked) as session:
        sources = {source.url: source for source in session.exec(select(Source))}
        entries = session.exec(select(LogEntry).where(LogEntry.what == "imported sources")).all()
    assert len(sources) == 3
    one = sources["https://one.example/feed"]
    assert (one.title, one.topic, one.created_at) == ("One", "Research", NOW)
    assert sources["https://there.example/feed"].title == "There"
    assert [(entry.who, entry.after["sources"]) for entry in entries] == [("ben", 1)]


def test_five_thousand_feeds_are_added_at_once(session: Session) -> None:
    outlines = [Outline(f"https://h{number}.example/feed", f"No {number}") for number in range(MOST)]
    assert len(import_sources(session, outlines, now=NOW, who="ada")) == MOST
    assert session.exec(select(func.count()).select_from(Source)).one() == MOST


def test_the_list_that_goes_out_comes_in_again(stocked: Engine) -> None:
    with transaction(stocked) as session:
        import_sources(session, LIST, now=NOW, who="ada")
        other = add(session, "https://paused.example/", topic="R & D", now=NOW, who="ada").source_id
        pause(session, other, now=NOW, who="ada")
        retired = add(session, "https://retired.example/", now=NOW, who="ada").source_id
        session.get_one(Source, retired).status = SourceStatus.RETIRED
    with reading(stocked) as session:
        written = write_opml(outlines_of(session), title="Ours")
    found = {outline.url: outline.topic for outline in read_opml(written.encode())}
    assert found == {
        "https://one.example/feed": "Research",
        "https://there.example/feed": "",
        "https://paused.example/": "R & D",
    }


def test_E11_a_list_on_the_web_comes_through_the_guarded_client(loose: Settings, strict: Settings, site: Site) -> None:
    url = site.page("/feeds.opml", "<opml version='2.0'><body/></opml>")
    assert read_opml(fetch_list(url, loose)) == ()
    with pytest.raises(FetchError) as refused:
        fetch_list(url, strict)
    assert refused.value.code == "blocked_address"
    assert len(site.asked) == 1
