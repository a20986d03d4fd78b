"""Walk-forward judgement, the gate, and the watch over the version in use."""

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.backtest import back_test, by_recency, by_weights, ndcg
from flows.stories.bootstrap import interval, quantiles
from flows.stories.features import NAMES
from flows.stories.fitting import Decided, PastEdition, fit
from flows.stories.gate import difference, judge
from flows.stories.measures import ndcg as ndcg_of
from flows.stories.measures import recall
from flows.stories.quality import quality
from flows.stories.weights import RULES, RankerWeights
from tests.stories.test_fitting import editions, features, likes_substance

Taste = Callable[[dict[str, float]], bool]


def likes_what_the_rules_like(story: dict[str, float]) -> bool:
    return by_weights(RULES)(story) > by_weights(RULES)(dict.fromkeys(NAMES, 0.5)) - 1


def version(number: int, **points: float) -> RankerWeights:
    return RankerWeights(number, MappingProxyType({**RULES.points, **points}), 0.3, base=-5.0)


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
    assert ndcg_of([], []) == 0.0
    assert recall([1.0], [False], 3) == 0.0


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=30), st.integers(1, 40))
def test_measures_are_within_one_and_recall_of_all_is_all(rows: list[tuple[int, bool]], among: int) -> None:
    scores, chosen = [float(score) for score, _ in rows], [taken for _, taken in rows]
    assert 0 <= ndcg_of(scores, [float(one) for one in chosen]) <= 1 + 1e-9
    assert 0 <= recall(scores, chosen, among) <= 1 + 1e-9
    assert recall(scores, chosen, len(rows)) == pytest.approx(float(any(chosen)))


def test_each_edition_is_judged_by_what_was_learned_before_it() -> None:
    """The taste turns round half way: what comes after cannot have been known before."""
    first = editions(likes_substance, 12)
    turned = [
        PastEdition(one.number + 12, tuple(replace(story, chosen=not story.chosen) for story in one.stories))
        for one in editions(likes_substance, 12, seed=9)
    ]
    evidence = back_test([*first, *turned], RULES).evidence
    assert evidence["held_out"] == list(range(13, 25))
    (known,) = ndcg(turned[:1], by_weights(fit(first, 0)))
    assert evidence["per_edition"]["candidate"][0] == round(known, 4)


def test_the_evidence_is_json_and_says_what_it_stands_on() -> None:
    evidence = back_test(editions(likes_substance, 14), RULES).evidence
    assert json.loads(json.dumps(evidence)) == evidence
    assert evidence["learned_from"] == [1, 2, 3, 4, 5, 6]
    assert evidence["held_out"] == [7, 8, 9, 10, 11, 12, 13, 14]
    assert (evidence["last_edition"], evidence["editions"], evidence["stories"]) == (14, 14, 14 * 12)
    for name in ("candidate", "in_use", "rules", "source_record", "recency"):
        low, high = evidence["interval"][name]
        assert low <= evidence["mean"][name] <= high
        assert len(evidence["per_edition"][name]) == 8
        assert set(evidence["measures"][name]) == {"honest_ndcg", "recall_of_chosen", "recall_at_15"}
    for name in ("candidate", "in_use", "rules"):
        assert sum(one["count"] for one in evidence["calibration"][name]["bins"]) == 8 * 12


def test_what_the_rules_do_not_know_passes_the_gate_and_what_they_know_does_not() -> None:
    learned = back_test(editions(likes_substance, 16), RULES)
    assert learned.better
    assert learned.evidence["difference"]["rules"]["q10"] > 0
    known = back_test(editions(likes_what_the_rules_like, 16), RULES)
    assert not known.better
    assert known.evidence["verdict"] == "It is no better than the rules: NDCG@10 differs by +0.000."


def test_with_another_version_in_use_the_rules_must_be_beaten_too() -> None:
    known = editions(likes_what_the_rules_like, 16)
    bad = version(3, recency=-9.0, coverage=-9.0)
    tested = back_test(known, bad)
    assert tested.evidence["difference"]["in_use"]["q10"] > 0
    assert not tested.better
    assert "the rules" in tested.evidence["verdict"]


def test_a_version_is_judged_on_what_it_has_not_seen_where_there_is_enough() -> None:
    past = editions(likes_substance, 24)
    fair = back_test(past, version(3, substance=6.0), learned_to=14).evidence
    assert fair["held_out"] == list(range(15, 25))
    assert fair["note"] == ""
    flattered = back_test(past, version(3, substance=6.0), learned_to=20).evidence
    assert flattered["held_out"] == list(range(13, 25))
    assert flattered["note"] == "Version 3 has learned from 8 of these editions, which flatters it."


def test_too_few_editions_never_pass_and_it_says_so() -> None:
    tested = back_test(editions(likes_substance, 9), RULES)
    assert not tested.better
    assert tested.evidence["verdict"].startswith("Only 5 editions were held out, and 8 are needed.")


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_short_past_can_be_tested(count: int) -> None:
    assert len(back_test(editions(likes_substance, count), RULES).evidence["held_out"]) >= 1


def same_each_week(_: int) -> tuple[Decided, ...]:
    chance = Random(4)
    return tuple(Decided(features(chance), n % 3 == 0) for n in range(9))


def one_story(_: int) -> tuple[Decided, ...]:
    return (Decided(dict.fromkeys(NAMES, 0.5), True),)


def all_alike(number: int) -> tuple[Decided, ...]:
    return tuple(Decided({"recency": 0.5}, (n + number) % 3 == 0) for n in range(9))


def nothing_chosen(number: int) -> tuple[Decided, ...]:
    return tuple(Decided({"recency": n / 9 + number}, False) for n in range(9))


def all_chosen(number: int) -> tuple[Decided, ...]:
    return tuple(Decided({"recency": n / 9 + number}, True) for n in range(9))


@pytest.mark.parametrize("week", [same_each_week, one_story, all_alike, nothing_chosen, all_chosen])
def test_a_past_of_little_variety_is_judged_without_fuss(week: Callable[[int], tuple[Decided, ...]]) -> None:
    evidence = back_test([PastEdition(n, week(n)) for n in range(1, 13)], RULES).evidence
    assert json.loads(json.dumps(evidence, allow_nan=False)) == evidence
    if week is not same_each_week:
        assert not evidence["better"]


@pytest.mark.parametrize("count", [8, 12, 30])
def test_an_equal_model_is_let_through_rarely(count: int) -> None:
    """Its differences are noise about 0. A mean above 0 alone lets half of them through."""
    luck = np.random.default_rng(5)
    passed = better = 0
    for _ in range(600):
        gained = luck.normal(0, 0.05, count).tolist()
        passed += judge(count, [difference("in_use", gained, [0.0] * count)], {}).passed
        better += float(np.mean(gained)) > 0
    assert passed / 600 < 0.12
    assert better / 600 > 0.4


@pytest.mark.parametrize("count", [8, 30])
def test_a_clearly_better_model_is_let_through(count: int) -> None:
    luck = np.random.default_rng(6)
    passed = sum(
        judge(count, [difference("in_use", luck.normal(0.05, 0.05, count).tolist(), [0.0] * count)], {}).passed
        for _ in range(200)
    )
    assert passed / 200 > 0.85


def test_each_condition_that_failed_is_said() -> None:
    verdict = judge(3, [difference("rules", [0.1, 0.0, 0.0], [0.0, 0.2, 0.1])], {"rules": "the rules"})
    assert not verdict.passed
    assert verdict.sentence == (
        "Only 3 editions were held out, and 8 are needed. It is no better than the rules: NDCG@10 differs by -0.067."
    )


def test_an_interval_is_the_same_each_time_holds_the_mean_and_narrows() -> None:
    luck = np.random.default_rng(1)
    few, many = luck.normal(0, 1, 8).tolist(), luck.normal(0, 1, 200).tolist()
    assert interval(few) == interval(few)
    low, high = interval(few)
    assert low < float(np.mean(few)) < high
    assert high - low > interval(many)[1] - interval(many)[0]
    assert quantiles([], (0.1, 0.9)) == (0.0, 0.0)
    assert quantiles([0.3], (0.1,)) == (0.3,)


def test_a_version_that_ranks_worse_than_the_rules_is_below_the_gate() -> None:
    past = editions(likes_what_the_rules_like, 12)
    bad = quality(past, version(4, recency=-9.0, coverage=-9.0))
    assert bad.below
    assert bad.ndcg < bad.rules_ndcg
    assert "Version 4 ranks worse than the rules would: on editions 5 to 12" in bad.sentence
    good = quality(editions(likes_substance, 12), version(4, substance=8.0))
    assert not good.below
    assert "holds its own" in good.sentence


def test_quality_is_not_judged_of_the_rules_or_on_few_editions() -> None:
    assert not quality(editions(likes_substance, 12), RULES).below
    few = quality(editions(likes_what_the_rules_like, 7), version(4, recency=-9.0))
    assert not few.below
    assert "7 of 8 editions" in few.sentence
    assert not quality([], version(4)).below
