"""Learning from decisions: evidence first, approval by a person, and never without enough."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.editions.learning import EDITIONS_MIN, Learned, learn_ranker
from flows.models import Decision, Newsletter, Ranker, RankerStatus
from flows.settings import Settings
from flows.stories.backtest import PastEdition, by_recency, by_weights, ndcg
from flows.stories.features import NAMES
from flows.stories.fitting import Decided, fit
from flows.stories.registry import in_use
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


def decided(taste: Taste, count: int, seed: int = 1) -> list[Decided]:
    chance = Random(seed)
    return [Decided(story, taste(story)) for story in (features(chance) for _ in range(count))]


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
            for place in range(12):
                story = features(chance)
                article = add_article(session, source, f"No. {number}, {place}", "Text.", day, day)
                items.append((article, Decision.CHOSEN if taste(story) else Decision.SKIPPED, story))
            add_past_edition(session, newsletter.id or 0, number, day, items, by=by)


def test_few_editions_teach_nothing_and_it_says_so(engine: Engine, newsletter: Newsletter, learn: Learn) -> None:
    add_editions(engine, newsletter, likes_substance, EDITIONS_MIN - 1)
    learned = learn()
    assert (learned.ranker_id, learned.editions) == (None, 7)
    assert "7 past editions have an editor's decisions, and 8 are needed" in learned.sentence
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
        assert row.backtest["learned_from"] == list(range(1, 9))
        assert row.backtest["held_out"] == [9, 10, 11, 12]
        assert row.backtest["mean"]["candidate"] > row.backtest["mean"]["rules"] + 0.1
        assert all(len(figures) == 4 for figures in row.backtest["per_edition"].values())
        assert in_use(session, newsletter.id or 0) is RULES
    assert "Version 2 of the ranking waits for approval" in learned.sentence


def test_the_same_decisions_are_registered_once(engine: Engine, newsletter: Newsletter, learn: Learn) -> None:
    add_editions(engine, newsletter, likes_substance, 9)
    first, second = learn(), learn()
    assert first.ranker_id == second.ranker_id
    add_editions(engine, newsletter, likes_substance, 1, first=10)
    third = learn()
    assert third.version == 3
    with reading(engine) as session:
        waiting = session.exec(select(Ranker).where(Ranker.status == RankerStatus.PENDING)).all()
        assert [row.version for row in waiting] == [3]


def test_nothing_is_registered_that_is_no_better(engine: Engine, newsletter: Newsletter, learn: Learn) -> None:
    add_editions(engine, newsletter, likes_what_the_rules_like, 9)
    learned = learn()
    assert learned.ranker_id is None
    assert learned.sentence.startswith("Nothing registered")
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


def test_without_decisions_of_weight_the_rules_stand() -> None:
    weights = fit(decided(likes_substance, 1), version=2)
    assert all(abs(weights.points[name] - RULES.points[name]) < 0.2 for name in NAMES)


def test_the_same_decisions_give_the_same_weights_in_any_order() -> None:
    stories = decided(likes_substance, 80)
    shuffled = stories[:]
    Random(5).shuffle(shuffled)
    assert fit(stories, 2) == fit(shuffled, 2)


@pytest.mark.parametrize("chosen", [True, False])
def test_an_editor_who_takes_all_or_nothing_does_not_break_the_fit(chosen: bool) -> None:
    weights = fit([Decided(one.features, chosen) for one in decided(likes_substance, 200)], 2)
    assert all(abs(value) < 20 for value in weights.points.values())


def test_the_editors_own_weight_of_a_source_is_not_learned_away() -> None:
    boosted = [Decided({**one.features, "source_weight": 2.0}, False) for one in decided(likes_substance, 60)]
    assert fit(boosted, 2).points["source_weight"] == RULES.points["source_weight"]


def test_ndcg_is_one_for_the_editors_own_order_and_shares_ties() -> None:
    edition = PastEdition(1, tuple(Decided({"recency": n / 10}, n > 6) for n in range(10)))
    backwards = PastEdition(2, tuple(Decided({"recency": n / 10}, n < 3) for n in range(10)))
    assert ndcg([edition], by_recency) == [pytest.approx(1.0)]
    assert ndcg([backwards], by_recency)[0] < 0.6
    tied = ndcg([edition], lambda _: 0.0)[0]
    assert tied == ndcg([backwards], lambda _: 0.0)[0]
    assert 0 < tied < 1


def test_an_edition_without_a_choice_counts_nothing() -> None:
    assert ndcg([PastEdition(1, (Decided({"recency": 1.0}, False),))], by_recency) == [0.0]
