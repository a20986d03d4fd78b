"""Learning from decisions: evidence first, approval by a person, and never without enough."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.editions.learning import EDITIONS_MIN, Learned, judge_now, last_learned, learn_ranker, past_editions
from flows.models import Decision, EditionItem, Newsletter, Ranker, RankerStatus
from flows.settings import Settings
from flows.stories.backtest import by_weights
from flows.stories.features import NAMES
from flows.stories.registry import approve, in_use, reject
from flows.stories.weights import RULES
from tests.conftest import NOW
from tests.stories.shelf import add_article, add_past_edition, add_source

Taste = Callable[[dict[str, float]], bool]
Learn = Callable[[], Learned]


def features(chance: Random) -> dict[str, float]:
    values = {name: round(chance.random(), 3) for name in NAMES}
    return {**values, "novelty": 0.0, "kept": 0.0, "source_weight": 0.0}


def likes_substance(story: dict[str, float]) -> bool:
    return story["substance"] > 0.7


def likes_what_the_rules_like(story: dict[str, float]) -> bool:
    return by_weights(RULES)(story) > 5.5


@pytest.fixture
def learn(engine: Engine, settings: Settings, newsletter: Newsletter) -> Learn:
    return lambda: learn_ranker(engine, settings, clock=lambda: NOW, progress=lambda _: None)


def add_editions(
    engine: Engine, newsletter: Newsletter, taste: Taste, count: int, *, first: int = 1, by: str = "ada"
) -> None:
    chance = Random(first)
    with transaction(engine) as session:
        source = add_source(session, f"source-{first}", NOW)
        for number in range(first, first + count):
            day = NOW - timedelta(days=7 * (60 - number))
            items = []
            for place in range(24):
                story = features(chance)
                article = add_article(session, source, f"No. {number}, {place}", "Text.", day, day)
                items.append((article, Decision.CHOSEN if taste(story) else Decision.SKIPPED, story))
            add_past_edition(session, newsletter.id or 0, number, day, items, by=by)


def test_few_editions_teach_nothing_and_it_says_so(engine: Engine, newsletter: Newsletter, learn: Learn) -> None:
    add_editions(engine, newsletter, likes_substance, EDITIONS_MIN - 1)
    learned = learn()
    assert (learned.ranker_id, learned.editions) == (None, 11)
    assert "11 past editions have an editor's decisions, and 12 are needed" in learned.sentence
    with reading(engine) as session:
        assert session.exec(select(Ranker)).all() == []


def test_a_taste_the_rules_do_not_know_is_learned_and_waits_for_approval(
    engine: Engine, newsletter: Newsletter, learn: Learn
) -> None:
    add_editions(engine, newsletter, likes_substance, 12)
    learned = learn()
    with reading(engine) as session:
        row = session.exec(select(Ranker)).one()
        assert (row.id, row.version, row.status) == (learned.ranker_id, 2, RankerStatus.PENDING)
        assert row.weights["points"]["substance"] > RULES.points["substance"] + 1
        assert row.backtest["learned_from"] == list(range(1, 5))
        assert row.backtest["held_out"] == list(range(5, 13))
        assert row.backtest["mean"]["candidate"] > row.backtest["mean"]["rules"] + 0.1
        assert row.backtest["baseline"]["count"] == 12 * 24
        assert all(len(figures) == 8 for figures in row.backtest["per_edition"].values())
        assert in_use(session, newsletter.id or 0) is RULES
    assert "Version 2 of the ranking waits for approval" in learned.sentence


def test_the_same_decisions_are_registered_once(engine: Engine, newsletter: Newsletter, learn: Learn) -> None:
    add_editions(engine, newsletter, likes_substance, 13)
    first, second = learn(), learn()
    assert first.ranker_id == second.ranker_id
    add_editions(engine, newsletter, likes_substance, 1, first=14)
    third = learn()
    assert third.version == 3
    with reading(engine) as session:
        waiting = session.exec(select(Ranker).where(Ranker.status == RankerStatus.PENDING)).all()
        assert [row.version for row in waiting] == [3]


def test_nothing_is_registered_that_is_no_better(engine: Engine, newsletter: Newsletter, learn: Learn) -> None:
    add_editions(engine, newsletter, likes_what_the_rules_like, 14)
    learned = learn()
    assert learned.ranker_id is None
    assert learned.sentence.startswith("Nothing registered. It is no better than")
    assert learned.backtest["mean"]["rules"] == pytest.approx(1.0)


def test_editions_that_nobody_touched_teach_nothing(engine: Engine, newsletter: Newsletter, learn: Learn) -> None:
    add_editions(engine, newsletter, likes_substance, 12, by="")
    assert learn().editions == 0


def test_items_of_an_older_masthead_are_left_out(engine: Engine, newsletter: Newsletter, learn: Learn) -> None:
    add_editions(engine, newsletter, likes_substance, 8)
    with transaction(engine) as session:
        source = add_source(session, "old", NOW)
        articles = [add_article(session, source, f"Old {n}", "Text.", NOW, NOW) for n in range(3)]
        items = [(article, Decision.CHOSEN, {"karma": 1.0}) for article in articles]
        add_past_edition(session, newsletter.id or 0, 40, NOW, items)
    assert learn().editions == 8


def test_a_version_that_was_turned_down_is_not_offered_again(
    engine: Engine, newsletter: Newsletter, learn: Learn
) -> None:
    add_editions(engine, newsletter, likes_substance, 12)
    first = learn()
    with transaction(engine) as session:
        reject(session, first.ranker_id or 0, by="ada", now=NOW)
    second = learn()
    assert second.ranker_id is None
    assert second.sentence == "Nothing new was decided since version 2 of the ranking, which is rejected."


def test_a_version_in_use_is_asked_what_it_has_learned_from(
    engine: Engine, newsletter: Newsletter, learn: Learn
) -> None:
    add_editions(engine, newsletter, likes_substance, 12)
    first = learn()
    with transaction(engine) as session:
        approve(session, first.ranker_id or 0, by="ada", now=NOW)
    with reading(engine) as session:
        assert last_learned(session, newsletter.id or 0, in_use(session, newsletter.id or 0)) == 12
        assert last_learned(session, newsletter.id or 0, RULES) == 0
    add_editions(engine, newsletter, likes_substance, 8, first=13)
    assert learn().backtest["held_out"] == list(range(13, 21))


def test_a_feature_that_was_not_measured_yet_counts_nothing_and_a_broken_one_drops_its_story(
    engine: Engine, newsletter: Newsletter
) -> None:
    with transaction(engine) as session:
        source = add_source(session, "older", NOW)
        stories: list[dict[str, float]] = [{"recency": 0.4}, {"recency": 0.2}, {"recency": "much"}]  # type: ignore[dict-item]
        items = [
            (add_article(session, source, f"Old {n}", "Text.", NOW, NOW), decision, story)
            for n, (story, decision) in enumerate(
                zip(stories, (Decision.CHOSEN, Decision.NONE, Decision.SKIPPED), strict=True)
            )
        ]
        add_past_edition(session, newsletter.id or 0, 1, NOW, items)
    with reading(engine) as session:
        (edition,) = past_editions(session, newsletter.id or 0)
    assert [(one.chosen, one.rank, one.looked) for one in edition.stories] == [(True, 1, True), (False, 2, False)]
    assert edition.stories[0].features == {**dict.fromkeys(NAMES, 0.0), "recency": 0.4}


def test_a_story_that_was_opened_was_looked_at(engine: Engine, newsletter: Newsletter) -> None:
    add_editions(engine, newsletter, likes_substance, 1)
    with transaction(engine) as session:
        for item in session.exec(select(EditionItem)).all():
            if item.decision is Decision.SKIPPED:
                item.decided_by = ""
                item.opened_at = NOW if item.rank > 6 else None
    with reading(engine) as session:
        (edition,) = past_editions(session, newsletter.id or 0)
    assert {one.rank for one in edition.stories if not one.looked} == {
        one.rank for one in edition.stories if not one.chosen and one.rank <= 6
    }


def test_a_judgement_can_be_had_without_anything_being_registered(
    engine: Engine, settings: Settings, newsletter: Newsletter
) -> None:
    add_editions(engine, newsletter, likes_substance, 12)
    judged = judge_now(engine, settings, clock=lambda: NOW)
    assert judged.backtest["better"]
    assert judged.candidate is not None
    assert judged.ranker_id is None
    with reading(engine) as session:
        assert session.exec(select(Ranker)).all() == []
