"""What people do with sources, and the line that it leaves in the log."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.articles import tending
from flows.articles.merging import merge
from flows.articles.tending import Taken
from flows.database import reading, transaction
from flows.errors import FetchError, MastheadError
from flows.models import LogEntry, Source, SourceStatus
from tests.conftest import NOW

URL = "https://blog.example/feed"


@pytest.fixture
def source_id(engine: Engine) -> int:
    with transaction(engine) as session:
        return tending.add(session, URL, title="Blog", topic="Research", now=NOW, who="ada").source_id


def the_source(engine: Engine, source_id: int) -> Source:
    with reading(engine) as session:
        return session.get_one(Source, source_id)


def log(engine: Engine) -> list[tuple[str, str, dict[str, object], dict[str, object]]]:
    with reading(engine) as session:
        rows = session.exec(select(LogEntry).order_by(col(LogEntry.id)))
        return [(row.who, row.what, row.before, row.after) for row in rows]


def change(engine: Engine, name: str, source_id: int, *args: object, **said: object) -> None:
    with transaction(engine) as session:
        getattr(tending, name)(session, source_id, *args, now=NOW, who="ben", **said)


def test_adding_is_logged_once_and_finds_what_is_there(engine: Engine, source_id: int) -> None:
    with transaction(engine) as session:
        again = tending.add(session, "feed:https://BLOG.example/feed#x", title="Other", now=NOW, who="ben")
        assert (again.source_id, again.taken, again.name) == (source_id, Taken.THERE, "Blog")
        assert tending.find_address(session, "https://other.example/") is None
        with pytest.raises(FetchError):
            tending.find_address(session, "file:///etc/passwd")
    assert log(engine) == [("ada", "added a source", {}, {"source": "Blog", "address": URL, "topic": "Research"})]


def test_naming_a_source_cleans_the_words_and_logs_what_changed(engine: Engine, source_id: int) -> None:
    change(engine, "describe", source_id, title="A <b>new</b>\u202e name", topic=" Safety ", https_only=True)
    source = the_source(engine, source_id)
    assert (source.title, source.topic, source.https_only) == ("A new name", "Safety", True)
    who, what, before, after = log(engine)[-1]
    assert (who, what, before["title"], after["title"]) == ("ben", "described a source", "Blog", "A new name")
    change(engine, "describe", source_id, title="A new name", topic="Safety", https_only=True)
    change(engine, "describe", source_id, title="", topic="Safety", https_only=True)
    assert len(log(engine)) == 2, "what changes nothing leaves no line"
    assert the_source(engine, source_id).title == "A new name", "a source is never without a name"


def test_F09_https_only_is_refused_where_it_would_shut_the_source_out(engine: Engine) -> None:
    with transaction(engine) as session:
        plain = tending.add(session, "http://plain.example/feed", now=NOW, who="ada").source_id
    with pytest.raises(MastheadError, match="would shut it out"):
        change(engine, "describe", plain, title="x", topic="", https_only=True)
    assert the_source(engine, plain).title == ""


def test_pausing_and_resuming_leave_lines(engine: Engine, source_id: int) -> None:
    change(engine, "pause", source_id)
    assert the_source(engine, source_id).status is SourceStatus.PAUSED
    change(engine, "pause", source_id)
    change(engine, "resume", source_id)
    assert the_source(engine, source_id).status is SourceStatus.ACTIVE
    assert [what for _, what, _, _ in log(engine)] == ["added a source", "paused a source", "resumed a source"]


@pytest.mark.parametrize(("wish", "what"), [("boost", "boosted a source"), ("mute", "muted a source")])
def test_weights_are_logged(engine: Engine, source_id: int, wish: str, what: str) -> None:
    change(engine, "weigh", source_id, wish=wish)
    assert the_source(engine, source_id).weight == tending.WEIGHTS[wish]
    assert log(engine)[-1][1] == what


def test_F18_a_move_by_hand_is_kept_and_undone(engine: Engine, source_id: int) -> None:
    with transaction(engine) as session:
        source = session.get_one(Source, source_id)
        source.etag, source.body_hash, source.seen = '"1"', "h", "a\nb"
    change(engine, "move_to", source_id, "https://new.example/feed")
    source = the_source(engine, source_id)
    assert (source.url, source.moved_from) == ("https://new.example/feed", URL)
    assert (source.etag, source.body_hash, source.seen) == ("", "", ""), "they were of the old address"
    change(engine, "move_back", source_id)
    assert the_source(engine, source_id).url == URL
    assert [what for _, what, _, _ in log(engine)][1:] == ["moved a source", "moved a source back"]


def test_F18_no_move_takes_the_address_of_another(engine: Engine, source_id: int) -> None:
    with transaction(engine) as session:
        tending.add(session, "https://other.example/feed", title="Other", now=NOW, who="ada")
    with pytest.raises(MastheadError, match=r"Other \(source \d+\) has this address already. Merge the two"):
        change(engine, "move_to", source_id, "https://other.example/feed")
    change(engine, "move_to", source_id, "https://third.example/feed")
    with transaction(engine) as session:
        tending.add(session, URL, title="Newcomer", now=NOW, who="ada")
    with pytest.raises(MastheadError, match="Newcomer"):
        change(engine, "move_back", source_id)
    assert the_source(engine, source_id).url == "https://third.example/feed"


def test_what_another_stands_for_is_changed_no_more(engine: Engine, source_id: int) -> None:
    with transaction(engine) as session:
        other = tending.add(session, "https://other.example/feed", title="Other", now=NOW, who="ada").source_id
        merge(session, source_id, other, now=NOW, who="ada")
    for name, said in (
        ("pause", {}),
        ("resume", {}),
        ("move_back", {}),
        ("weigh", {"wish": "mute"}),
        ("describe", {"title": "x", "topic": "", "https_only": False}),
    ):
        with pytest.raises(MastheadError, match="was merged into Other"):
            change(engine, name, source_id, **said)
    with pytest.raises(MastheadError, match="no source 999"):
        change(engine, "pause", 999)


def test_a_source_that_has_not_moved_does_not_go_back(session: Session) -> None:
    source_id = tending.add(session, URL, now=NOW, who="ada").source_id
    with pytest.raises(MastheadError, match="has not moved"):
        tending.move_back(session, source_id, now=NOW, who="ada")
