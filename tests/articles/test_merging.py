"""Two sources that are one: what goes over, what stays, and what is refused."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.articles.health import list_sources
from flows.articles.merging import merge, plan_merge
from flows.articles.tending import Taken, add, find_address
from flows.database import reading, transaction
from flows.errors import MastheadError
from flows.models import Article, Edition, EditionItem, LogEntry, Newsletter, Source, SourceStatus, Story
from tests.conftest import NOW

HOUR = timedelta(hours=1)


def source(session: Session, name: str) -> int:
    return add(session, f"https://{name}.example/feed", title=name, now=NOW, who="ada").source_id


def article(
    session: Session,
    source_id: int,
    key: str,
    *,
    title: str = "",
    published: datetime | None = None,
    canonical: str = "",
    guid: str = "",
    duplicate_of: int | None = None,
) -> int:
    row = Article(
        source_id=source_id,
        link_key=key,
        title=title or f"title of {key}",
        published_at=published,
        first_seen_at=NOW,
        canonical_key=canonical,
        guid=guid,
        duplicate_of=duplicate_of,
    )
    session.add(row)
    session.flush()
    return row.id or 0


def where(engine: Engine) -> dict[str, tuple[int, int | None]]:
    """link key and place in the table -> (source, duplicate of)."""
    with reading(engine) as session:
        rows = session.exec(select(Article).order_by(col(Article.id)))
        return {f"{row.link_key}{row.id}": (row.source_id, row.duplicate_of) for row in rows}


def test_articles_go_over_and_what_is_there_stays_behind(engine: Engine) -> None:
    with transaction(engine) as session:
        one, two = source(session, "one"), source(session, "two")
        kept = [
            article(session, two, "a"),
            article(session, two, "b", canonical="bb"),
            article(session, two, "c", title="Same", published=NOW),
        ]
        same = [
            article(session, one, "a"),
            article(session, one, "bb"),
            article(session, one, "x", canonical="b"),
            article(session, one, "y", title="Same", published=NOW),
        ]
        moved = [
            article(session, one, "n1", title="Same", published=NOW + HOUR),
            article(session, one, "n2", title="Same"),
        ]
        plan = plan_merge(session, one, two)
        assert (plan.moves, plan.already_there, plan.editions, plan.done) == (2, 4, 0, False)
        done = merge(session, one, two, now=NOW, who="ada")
        assert done == plan
    with reading(engine) as session:
        rows = {row.id: row for row in session.exec(select(Article))}
    assert [rows[each].source_id for each in moved] == [two, two]
    assert [(rows[each].source_id, rows[each].duplicate_of) for each in same] == [
        (one, kept[0]),
        (one, kept[1]),
        (one, kept[1]),
        (one, kept[2]),
    ]
    with reading(engine) as session:
        counts = {row["title"]: (row["health"], row["articles"]) for row in list_sources(session, NOW)}
        entry = session.exec(select(LogEntry).where(LogEntry.what == "merged a source")).one()
    assert counts == {"one": ("merged", 0), "two": ("new", 5)}
    assert (entry.who, entry.before["source"], entry.after["source"]) == ("ada", "one", "two")
    assert entry.after["articles moved"] == 2


def test_duplicates_that_pointed_to_one_that_is_a_duplicate_now_point_past_it(engine: Engine) -> None:
    with transaction(engine) as session:
        one, two = source(session, "one"), source(session, "two")
        stands = article(session, two, "a")
        first = article(session, one, "a")
        second = article(session, one, "a-print", duplicate_of=first)
        merge(session, one, two, now=NOW, who="ada")
    with reading(engine) as session:
        assert session.get_one(Article, first).duplicate_of == stands
        row = session.get_one(Article, second)
        assert (row.source_id, row.duplicate_of) == (two, stands)


def test_a_guid_that_the_other_source_uses_does_not_come_along(engine: Engine) -> None:
    with transaction(engine) as session:
        one, two = source(session, "one"), source(session, "two")
        article(session, two, "a", guid="7")
        clash, free = article(session, one, "b", guid="7"), article(session, one, "c", guid="8")
        merge(session, one, two, now=NOW, who="ada")
    with reading(engine) as session:
        assert [session.get_one(Article, each).guid for each in (clash, free)] == ["", "8"]


def test_doing_it_twice_changes_nothing(engine: Engine) -> None:
    with transaction(engine) as session:
        one, two = source(session, "one"), source(session, "two")
        article(session, one, "a")
        merge(session, one, two, now=NOW, who="ada")
    before = where(engine)
    with transaction(engine) as session:
        again = merge(session, one, two, now=NOW, who="ben")
        assert again.done
        assert "nothing changes" in again.sentence
        assert len(session.exec(select(LogEntry).where(LogEntry.what == "merged a source")).all()) == 1
    assert where(engine) == before


def test_all_or_nothing(engine: Engine) -> None:
    with transaction(engine) as session:
        one, two = source(session, "one"), source(session, "two")
        article(session, one, "a")
    before = where(engine)

    def interrupted() -> None:
        with transaction(engine) as session:
            merge(session, one, two, now=NOW, who="ada")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert where(engine) == before
    with reading(engine) as session:
        assert session.get_one(Source, one).status is SourceStatus.ACTIVE


def test_editions_keep_their_stories(engine: Engine, newsletter: Newsletter) -> None:
    with transaction(engine) as session:
        one, two = source(session, "one"), source(session, "two")
        article(session, two, "a")
        same, moves = article(session, one, "a"), article(session, one, "b")
        edition = Edition(newsletter_id=newsletter.id or 0, number=1, slot=NOW.date(), created_at=NOW)
        session.add(edition)
        session.flush()
        for each in (same, moves):
            story = Story(newsletter_id=newsletter.id or 0, lead_article_id=each, first_seen_at=NOW, updated_at=NOW)
            session.add(story)
            session.flush()
            session.add(EditionItem(edition_id=edition.id or 0, story_id=story.id or 0, article_id=each))
        assert plan_merge(session, one, two).editions == 1
        merge(session, one, two, now=NOW, who="ada")
    with reading(engine) as session:
        assert {item.article_id for item in session.exec(select(EditionItem))} == {same, moves}


def test_an_address_of_a_merged_source_leads_to_the_one_that_stands_for_it(engine: Engine) -> None:
    with transaction(engine) as session:
        one, two, three = (source(session, name) for name in ("one", "two", "three"))
        merge(session, one, two, now=NOW, who="ada")
        merge(session, two, three, now=NOW, who="ada")
        added = add(session, "https://one.example/feed", now=NOW, who="ben")
        assert (added.source_id, added.taken, added.was) == (three, Taken.MERGED, "one")
        assert "merged into three" in added.sentence
        assert session.get_one(Source, one).merged_into == three
        found = find_address(session, "three.example/feed")
        assert found is not None
        assert found.taken is Taken.THERE


def test_nonsense_is_refused_with_a_sentence(engine: Engine) -> None:
    with transaction(engine) as session:
        one, two, three = (source(session, name) for name in ("one", "two", "three"))
        session.get_one(Source, three).status = SourceStatus.RETIRED
        merge(session, one, two, now=NOW, who="ada")

        def refused(this: int, into: int, words: str) -> None:
            for decide in (plan_merge, lambda *ids: merge(*ids, now=NOW, who="ada")):
                with pytest.raises(MastheadError, match=words):
                    decide(session, this, into)

        refused(two, two, "into itself")
        refused(two, 999, "no source 999")
        refused(999, two, "no source 999")
        refused(two, one, "merged into this very source")
        refused(three, one, r"itself merged into two; merge into that one \(source")
        refused(one, three, "was merged into two")
        refused(two, three, "is retired")


def test_a_thousand_articles_go_over_in_a_few_statements(engine: Engine) -> None:
    with transaction(engine) as session:
        one, two = source(session, "one"), source(session, "two")
        session.add_all(
            Article(source_id=one, link_key=f"k{number}", title="t", first_seen_at=NOW) for number in range(2500)
        )
        session.flush()
        assert merge(session, one, two, now=NOW, who="ada").moves == 2500
    assert {place for place, _ in where(engine).values()} == {two}
