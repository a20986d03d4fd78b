"""How sources do: one word for each, the weeks, what editors wanted of them, and who fell silent."""

from datetime import date, timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session

from flows.articles.health import list_sources, silences
from flows.database import reading, transaction
from flows.models import (
    Article,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    Newsletter,
    Source,
    SourceStatus,
    Story,
    TextFrom,
)
from tests.conftest import NOW

DAY = timedelta(days=1)


def add_source(session: Session, name: str = "one", **said: Any) -> int:
    given: dict[str, Any] = {
        "url": f"https://{name}.example/feed",
        "title": name,
        "created_at": NOW - 400 * DAY,
        "last_success_at": NOW,
        "last_new_at": NOW - DAY,
        **said,
    }
    source = Source(**given)
    session.add(source)
    session.flush()
    return source.id or 0


def add_articles(session: Session, source_id: int, *days_ago: float, **said: Any) -> list[int]:
    found = []
    for number, days in enumerate(days_ago):
        at = NOW - days * DAY
        key = f"{source_id}-{days}-{number}-{said}"[:64]
        article = Article(
            **{"source_id": source_id, "link_key": key, "title": "t", "published_at": at, "first_seen_at": at, **said}
        )
        session.add(article)
        session.flush()
        found.append(article.id or 0)
    return found


def the_row(engine: Engine, name: str = "one") -> dict[str, Any]:
    with reading(engine) as session:
        return next(row for row in list_sources(session, NOW) if row["title"] == name)


@pytest.mark.parametrize(
    ("said", "health"),
    [
        ({}, "well"),
        ({"failures": 2, "error": "no answer"}, "failing"),
        ({"last_success_at": None, "last_new_at": None, "created_at": NOW - DAY}, "new"),
        ({"last_new_at": NOW - 200 * DAY}, "silent"),
        ({"last_new_at": NOW - 200 * DAY, "failures": 1}, "failing"),
        ({"status": SourceStatus.PAUSED, "failures": 1}, "paused"),
        ({"status": SourceStatus.RETIRED, "failures": 1}, "retired"),
        ({"status": SourceStatus.MERGED, "merged_into": 7}, "merged"),
    ],
)
def test_health_is_one_word(engine: Engine, said: dict[str, Any], health: str) -> None:
    with transaction(engine) as session:
        add_source(session, **said)
    assert the_row(engine)["health"] == health


def test_a_source_without_a_title_goes_by_its_address_and_all_are_sorted(engine: Engine) -> None:
    with transaction(engine) as session:
        for name in ("Zeta", "alpha", "Beta"):
            add_source(session, name)
        add_source(session, "nameless", title="")
    with reading(engine) as session:
        titles = [row["title"] for row in list_sources(session, NOW)]
    assert titles == ["alpha", "Beta", "https://nameless.example/feed", "Zeta"]


def test_the_weeks_count_what_is_shown_by_day_of_publication(engine: Engine) -> None:
    with transaction(engine) as session:
        one, other = add_source(session), add_source(session, "other")
        add_articles(session, one, 0, 1, 6.9, 7.1, 83.9, 84.1, 300)
        add_articles(session, one, 2, published_at=None)
        add_articles(session, one, 3, published_at=NOW + timedelta(hours=5))
        stands = add_articles(session, one, 30)[0]
        add_articles(session, one, 30.5, duplicate_of=stands)
        add_articles(session, other, 20)
    row = the_row(engine)
    assert row["weekly"] == [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 5]
    assert row["articles"] == 10
    assert the_row(engine, "other")["weekly"] == [0] * 9 + [1, 0, 0]


def test_yield_counts_articles_of_editions_that_somebody_approved(engine: Engine, newsletter: Newsletter) -> None:
    with transaction(engine) as session:
        one = add_source(session)
        ids = add_articles(session, one, 1, 2, 3, 4)
        for number, status in enumerate((EditionStatus.SENT, EditionStatus.APPROVED, EditionStatus.DRAFT), start=1):
            edition = Edition(
                newsletter_id=newsletter.id or 0,
                number=number,
                slot=date(2026, 11, number),
                status=status,
                created_at=NOW,
            )
            session.add(edition)
            session.flush()
            for article, decision in zip(ids, (Decision.CHOSEN, Decision.SKIPPED, Decision.LATER), strict=False):
                story = Story(
                    newsletter_id=newsletter.id or 0, lead_article_id=article, first_seen_at=NOW, updated_at=NOW
                )
                session.add(story)
                session.flush()
                session.add(
                    EditionItem(
                        edition_id=edition.id or 0, story_id=story.id or 0, article_id=article, decision=decision
                    )
                )
        add_source(session, "other")
    row, other = the_row(engine), the_row(engine, "other")
    assert (row["seen"], row["chosen"], row["yield"]) == (3, 1, 1 / 3)
    assert (other["seen"], other["chosen"], other["yield"]) == (0, 0, None)


def test_text_is_whole_from_the_feed_or_the_page(engine: Engine) -> None:
    with transaction(engine) as session:
        one = add_source(session)
        add_articles(session, one, 1, 2)
        add_articles(session, one, 3, text_from=TextFrom.PAGE)
        add_articles(session, one, 4, text_from=TextFrom.TEASER, page_error="robots.txt forbids it")
        add_source(session, "empty")
    row = the_row(engine)
    assert (row["full_text"], row["pages_failing"]) == (0.75, 1)
    assert the_row(engine, "empty")["full_text"] is None


@pytest.mark.parametrize(
    ("every_days", "days_still", "silent"),
    [(6, 23, False), (6, 25, True), (1, 13, False), (1, 15, True), (60, 119, False), (60, 121, True)],
)
def test_a_source_is_silent_beyond_its_own_rhythm(
    engine: Engine, every_days: float, days_still: float, silent: bool
) -> None:
    with transaction(engine) as session:
        one = add_source(session, last_new_at=NOW - days_still * DAY)
        add_articles(session, one, *(days_still + number * every_days for number in range(40)))
    row = the_row(engine)
    assert (row["silent_since"] is not None) is silent
    if silent:
        usual = "one a day" if every_days == 1 else f"one every {every_days} days"
        assert row["silence"] == f"nothing new for {days_still} days, usually {usual}"
        assert row["health"] == "silent"


def test_what_was_stored_before_sources_said_when_counts_too(engine: Engine) -> None:
    with transaction(engine) as session:
        lively, still = (add_source(session, name, last_new_at=None) for name in ("lively", "still"))
        add_articles(session, lively, 2)
    with reading(engine) as session:
        assert set(silences(session, NOW)) == {still}
        assert silences(session, NOW, only=[lively]) == {}


def test_sources_that_are_not_asked_are_never_silent(engine: Engine) -> None:
    with transaction(engine) as session:
        for status in (SourceStatus.PAUSED, SourceStatus.RETIRED, SourceStatus.MERGED):
            add_source(session, status.value, status=status, last_new_at=NOW - 300 * DAY)
    with reading(engine) as session:
        assert silences(session, NOW) == {}


def test_only_those_asked_for_are_listed_and_the_weeks_may_be_left_out(engine: Engine) -> None:
    with transaction(engine) as session:
        one, _ = add_source(session), add_source(session, "other")
        add_articles(session, one, 1)
    with reading(engine) as session:
        (row,) = list_sources(session, NOW, only=[one], with_weeks=False)
        assert (row["id"], row["weekly"], row["articles"]) == (one, [], 1)
        assert list_sources(session, NOW, only=[999]) == []


def test_ten_thousand_sources_are_listed_in_a_few_queries_and_no_time(engine: Engine) -> None:
    with transaction(engine) as session:
        still = [NOW - days * DAY for days in (0, 0, 0, 0, 5, 9, 40)]
        sources = [
            Source(
                url=f"https://h{number}.example/",
                title=f"Source {number}",
                created_at=NOW - 400 * DAY,
                last_success_at=NOW,
                last_new_at=still[number % 7],
                seen="x" * 200,
            )
            for number in range(10_000)
        ]
        session.add_all(sources)
        session.flush()
        for number, source in enumerate(sources):
            at = NOW - number % 90 * DAY
            session.add(Article(source_id=source.id or 0, link_key="k", title="t", published_at=at, first_seen_at=at))
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    started = perf_counter()
    with reading(engine) as session:
        rows = list_sources(session, NOW)
    took = perf_counter() - started
    assert len(rows) == 10_000
    assert len([statement for statement in asked if "SELECT" in statement]) < 12
    assert took < 3, f"{took:.2f} s"  # a third of a second on a quiet machine
