"""Drift of the ranker's features: alarms on a real shift, and not by chance."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from flows.stories.drift import Drifted, baseline, drift

NAMES = ("recency", "topic", "novelty", "coverage", "kept", "substance", "interest", "taste", "section", "wish")


def stories(count: int, seed: int, *, shift: float = 0.0) -> list[dict[str, float]]:
    """Features as the ranker measures them: some smooth, some with a heap at 0, some of few values, one constant."""
    chance = np.random.default_rng(seed)
    columns = {
        "recency": 0.5 ** (2 * chance.exponential(0.5 + shift, count)),
        "topic": chance.choice([0, 1 / 3, 2 / 3, 1], count, p=[0.5, 0.3, 0.15, 0.05]),
        "novelty": -np.where(chance.random(count) < 0.7, 0, chance.uniform(0.15, 1, count)),
        "coverage": np.minimum(1, np.log2(1 + chance.poisson(0.4, count)) / 2),
        "kept": (chance.random(count) < 0.03).astype(float),
        "substance": chance.beta(2, 2, count),
        "interest": chance.normal(0, 0.4, count),
        "taste": np.tanh(chance.normal(0, 0.5, count)),
        "section": np.where(chance.random(count) < 0.6, 0, chance.random(count)),
        "wish": np.zeros(count),
    }
    return [{name: float(values[place]) for name, values in columns.items()} for place in range(count)]


def named(found: Sequence[Drifted], name: str) -> Drifted:
    return next(one for one in found if one.name == name)


@pytest.mark.parametrize(("trained_on", "candidates"), [(300, 27), (80, 27), (300, 100)])
def test_without_drift_at_most_one_edition_in_twenty_alarms(trained_on: int, candidates: int) -> None:
    editions = 300
    alarms = 0
    for seed in range(editions):
        learned = baseline(stories(trained_on, 2 * seed), NAMES)
        alarms += any(one.alarm for one in drift(learned, stories(candidates, 2 * seed + 1)))
    assert alarms / editions <= 0.05


def test_a_real_shift_at_300_candidates_is_caught() -> None:
    missed = []
    for seed in range(25):
        found = drift(baseline(stories(300, seed), NAMES), stories(300, 1000 + seed, shift=0.7))
        missed += [] if named(found, "recency").alarm else [seed]
        assert found[0].name == "recency"
    assert not missed


def test_a_constant_feature_that_comes_to_life_is_caught_and_one_that_stays_is_not() -> None:
    learned = baseline(stories(300, 1), ["wish"])
    still, alive = stories(27, 2), [{"wish": 0.5}] * 15 + [{"wish": 0.0}] * 12
    assert named(drift(learned, still), "wish").psi == 0
    assert not named(drift(learned, still), "wish").alarm
    assert named(drift(learned, alive), "wish").alarm


def test_the_line_is_higher_for_fewer_stories_and_never_below_a_fifth() -> None:
    learned = baseline(stories(3000, 1), NAMES)
    lines = [named(drift(learned, stories(count, 2)), "recency").line for count in (10, 27, 100, 3000)]
    assert lines == sorted(lines, reverse=True)
    assert lines[1] > 0.5
    assert lines[-1] == 0.2


def test_the_baseline_survives_json_and_has_five_bins_at_most() -> None:
    learned = baseline(stories(500, 1), NAMES)
    again = json.loads(json.dumps(learned, allow_nan=False))
    assert drift(again, stories(50, 2)) == drift(learned, stories(50, 2))
    assert all(1 <= len(bins["shares"]) <= 5 for bins in learned["features"].values())
    assert all(sum(bins["shares"]) == pytest.approx(1) for bins in learned["features"].values())
    assert learned["count"] == 500


def test_stories_without_a_value_are_left_out_of_its_count() -> None:
    rows = stories(100, 1)
    holes: list[dict[str, Any]] = [{"recency": float("nan")}, {"recency": float("inf")}, {}, {"recency": None}]
    assert baseline([*rows, *holes], ["recency"])["features"] == baseline(rows, ["recency"])["features"]
    learned = baseline(rows, ["recency"])
    assert drift(learned, [*rows[:30], *holes]) == drift(learned, rows[:30])


@pytest.mark.parametrize(("then", "now"), [(19, 100), (100, 9), (0, 0), (100, 0)])
def test_too_few_values_are_not_judged_and_it_says_so(then: int, now: int) -> None:
    (found,) = drift(baseline([{"topic": 0.1 * i} for i in range(then)], ["topic"]), [{"topic": 9.0}] * now)
    assert not found.alarm
    assert found.psi == 0
    assert np.isfinite(found.line)
    assert f"not judged: {then} stories had it then" in found.words


def test_a_name_that_new_stories_do_not_have_is_not_judged() -> None:
    (found,) = drift(baseline(stories(100, 1), ["recency"]), [{"other": 1.0}] * 50)
    assert not found.alarm
    assert "0 have it now" in found.words


def test_no_story_at_all_and_no_name_at_all_are_no_drift() -> None:
    assert drift(baseline([], []), []) == ()
    assert drift(baseline([], []), stories(30, 1)) == ()


def test_the_words_give_the_numbers() -> None:
    found = named(drift(baseline(stories(300, 1), NAMES), stories(300, 2, shift=2.0)), "recency")
    assert found.words.startswith("recency has moved away from the stories it was learned from (PSI ")
    assert f"line {found.line:.2f}" in found.words


GOOD: Mapping[str, Any] = {"count": 40, "edges": [0.1, 0.2], "shares": [0.5, 0.25, 0.25]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (None, "no “features”"),
        ([], "no “features”"),
        ({"features": [1]}, "no “features”"),
        ({"features": {"topic": 3}}, "either edges or values"),
        ({"features": {"topic": {"count": 40, "shares": [1.0]}}}, "either edges or values"),
        ({"features": {"topic": {**GOOD, "values": [1.0]}}}, "either edges or values"),
        ({"features": {"topic": {**GOOD, "count": "40"}}}, "count is no whole number"),
        ({"features": {"topic": {**GOOD, "count": True}}}, "count is no whole number"),
        ({"features": {"topic": {**GOOD, "shares": "half"}}}, "no lists of numbers"),
        ({"features": {"topic": {**GOOD, "edges": [0.1, float("nan")]}}}, "no lists of numbers"),
        ({"features": {"topic": {**GOOD, "edges": [0.2, 0.1]}}}, "out of order"),
        ({"features": {"topic": {**GOOD, "shares": [0.5, 0.5]}}}, "do not fit"),
        ({"features": {"topic": {**GOOD, "shares": [0.5, 0.5, 0.5]}}}, "do not add up"),
        ({"features": {"topic": {**GOOD, "shares": [1.5, -0.5, 0.0]}}}, "do not add up"),
    ],
)
def test_a_malformed_baseline_is_refused_with_a_sentence(document: Any, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^The baseline of .*{said}.*Train the ranking again\.$"):
        drift(document, stories(30, 1))
