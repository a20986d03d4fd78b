"""Weights from decisions, with the rules as what is believed before any."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.stories.features import GIVEN, NAMES
from flows.stories.fitting import LEARNED, Decided, PastEdition, fit
from flows.stories.weights import RULES

Taste = Callable[[dict[str, float]], bool]


def features(chance: Random) -> dict[str, float]:
    return {**{name: round(chance.random(), 3) for name in NAMES}, "novelty": 0.0, "kept": 0.0, "source_weight": 0.0}


def likes_substance(story: dict[str, float]) -> bool:
    return story["substance"] > 0.7


def editions(likes: Taste, count: int, stories: int = 12, seed: int = 1) -> list[PastEdition]:
    chance = Random(seed)
    made = []
    for number in range(1, count + 1):
        told = [features(chance) for _ in range(stories)]
        made.append(PastEdition(number, tuple(Decided(one, likes(one)) for one in told)))
    return made


def test_without_decisions_the_rules_stand() -> None:
    weights = fit([], version=4)
    assert weights.points == RULES.points
    assert (weights.version, weights.base, weights.variety) == (4, 0.0, RULES.variety)
    assert fit([PastEdition(1, ())], version=4) == weights


def test_one_decision_moves_the_rules_a_little() -> None:
    weights = fit(editions(likes_substance, 1, stories=1), version=2)
    assert all(abs(weights.points[name] - RULES.points[name]) < 0.2 for name in NAMES)


def test_a_taste_is_learned_the_better_the_more_of_it_was_seen() -> None:
    found = [fit(editions(likes_substance, count), 2).points["substance"] for count in (2, 8, 32)]
    assert RULES.points["substance"] < found[0] < found[1] < found[2]


past = st.lists(
    st.lists(
        st.builds(
            Decided,
            st.dictionaries(st.sampled_from(NAMES), st.floats(-1, 1), max_size=len(NAMES)),
            st.booleans(),
            st.integers(0, 5),
            st.booleans(),
        ),
        max_size=6,
    ),
    max_size=5,
)


@settings(max_examples=50)
@given(past, st.randoms(use_true_random=False))
def test_the_same_decisions_give_the_same_weights_in_any_order(given_past: list[list[Decided]], chance: Random) -> None:
    straight = [PastEdition(number, tuple(stories)) for number, stories in enumerate(given_past)]
    for stories in given_past:
        chance.shuffle(stories)
    mixed = [PastEdition(number, tuple(stories)) for number, stories in enumerate(given_past)]
    chance.shuffle(mixed)
    assert fit(straight, 2, (1.0, 0.5)) == fit(mixed, 2, (1.0, 0.5))


@pytest.mark.parametrize("chosen", [True, False])
def test_an_editor_who_takes_all_or_nothing_does_not_break_the_fit(chosen: bool) -> None:
    weights = fit(editions(lambda _: chosen, 20), 2)
    assert all(abs(weights.points[name] - RULES.points[name]) < 1 for name in LEARNED)
    assert abs(weights.base) < 70


@pytest.mark.parametrize("name", GIVEN)
def test_an_editors_own_points_are_never_learned_away(name: str) -> None:
    boosted = [
        PastEdition(one.number, tuple(Decided({**story.features, name: 2.0}, False) for story in one.stories))
        for one in editions(likes_substance, 5)
    ]
    assert fit(boosted, 2).points[name] == RULES.points[name]


def test_features_that_never_change_teach_nothing() -> None:
    constant = dict.fromkeys(NAMES, 0.5)
    same = [PastEdition(n, tuple(Decided(constant, place < 3) for place in range(9))) for n in range(30)]
    assert fit(same, 2).points == pytest.approx(dict(RULES.points), abs=1e-6)


def test_a_feature_that_was_not_measured_counts_nothing() -> None:
    without = [
        PastEdition(
            one.number,
            tuple(
                Decided({name: value for name, value in story.features.items() if name != "taste"}, story.chosen)
                for story in one.stories
            ),
        )
        for one in editions(likes_substance, 10)
    ]
    assert fit(without, 2).points["taste"] == RULES.points["taste"]


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -float("inf")])
def test_a_broken_number_counts_as_none(broken: float) -> None:
    story = Decided({"recency": broken, "substance": 1.0}, True)
    fine = Decided({"substance": 1.0}, True)
    other = Decided({"recency": 0.4}, False)
    assert fit([PastEdition(1, (story, other))], 2) == fit([PastEdition(1, (fine, other))], 2)


def test_a_rich_week_is_no_praise_of_what_it_is_full_of() -> None:
    """All is chosen in the weeks whose stories are widely covered, nothing in the others: coverage is not why."""
    weeks = [
        PastEdition(n, tuple(Decided({"coverage": float(n % 2)}, bool(n % 2)) for _ in range(20))) for n in range(20)
    ]
    assert fit(weeks, 2).points["coverage"] == pytest.approx(RULES.points["coverage"], abs=0.1)


def test_an_edition_of_one_story_can_be_learned_from() -> None:
    assert fit([PastEdition(1, (Decided(dict.fromkeys(NAMES, 1.0), True),))], 2).points["recency"] < 4
