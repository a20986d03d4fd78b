"""Scores as chances, and whether such chances can be believed."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.calibration import (
    base_for,
    brier,
    calibration_error,
    chance,
    log_loss,
    platt,
    reliability,
)

scores = st.lists(st.floats(-40, 40), min_size=1, max_size=40)


def drawn(sharpness: float, base: float, count: int = 4000) -> tuple[list[float], list[bool]]:
    """Scores, and choices that were made with exactly these chances."""
    luck = Random(3)
    made = [luck.gauss(0, 2) for _ in range(count)]
    return made, [luck.random() < chance(one, base, sharpness) for one in made]


@given(scores, st.floats(-5, 50), st.floats(0.1, 3))
def test_the_chances_sum_to_what_is_expected(given_scores: list[float], expected: float, sharpness: float) -> None:
    base = base_for(given_scores, expected, sharpness)
    wanted = min(max(expected, 0.5), len(given_scores) - 0.5)
    assert sum(chance(one, base, sharpness) for one in given_scores) == pytest.approx(wanted, abs=1e-3)


def test_no_candidate_needs_no_base() -> None:
    assert base_for([], 5) == 0.0
    assert chance(1.0, base_for([1.0], 5)) == pytest.approx(0.5)


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(-100, 100))
def test_a_better_score_has_no_smaller_chance(one: float, other: float, base: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= chance(low, base) <= chance(high, base) <= 1


@pytest.mark.parametrize(("sharpness", "base"), [(0.5, -1.0), (1.0, 0.0), (2.0, -3.0)])
def test_platt_finds_the_chances_that_choices_were_made_with(sharpness: float, base: float) -> None:
    found = platt(*drawn(sharpness, base))
    assert found == (pytest.approx(sharpness, rel=0.15), pytest.approx(base, abs=0.2))


def test_platt_leaves_what_it_has_no_evidence_on() -> None:
    assert platt([], [], base=-2.0) == (1.0, -2.0)
    sharpness, _ = platt([0.3], [True])
    assert sharpness == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("chosen", [True, False])
def test_platt_survives_all_and_nothing_and_never_turns_a_ranking_round(chosen: bool) -> None:
    sharpness, base = platt([0.0, 1.0, 2.0, 3.0], [chosen] * 4)
    assert 0 < sharpness < 20
    assert abs(base) < 60
    assert platt([3.0, 2.0, -2.0, -3.0] * 50, [False, False, True, True] * 50)[0] > 0


def test_honest_chances_have_a_small_error_and_boastful_ones_a_large() -> None:
    made, came = drawn(1.0, -1.0)
    honest, boastful = [chance(one, -1.0) for one in made], [chance(one, -1.0, 4.0) for one in made]
    assert calibration_error(honest, came) < 0.03
    assert calibration_error(boastful, came) > 0.1
    assert brier(honest, came) < brier(boastful, came)
    assert log_loss(honest, came) < log_loss(boastful, came)


def test_bins_hold_every_prediction_once() -> None:
    bins = reliability([0.0, 0.05, 0.5, 0.99, 1.0], [False, False, True, True, True])
    assert [(one.low, one.high, one.count) for one in bins] == [(0.0, 0.1, 2), (0.5, 0.6, 1), (0.9, 1.0, 2)]
    assert bins[-1].predicted == pytest.approx(0.995)
    assert bins[-1].chosen == 1.0


def test_no_prediction_has_no_error() -> None:
    assert (calibration_error([], []), brier([], []), log_loss([], []), reliability([], [])) == (0.0, 0.0, 0.0, ())
