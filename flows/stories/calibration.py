"""Scores as chances of being chosen, and how far such chances may be believed (pure).

The chance of a story is sigmoid(base + sharpness * score). `platt` finds both from scores and outcomes (Platt
1999, with a prior on the sharpness, so that few outcomes change little); `base_for` finds a base where nothing
was learned. The error is the expected calibration error over bins of equal width (Naeini et al. 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

_BINS = 10
_STEPS = 60
_FAR = 60.0  # log-odds beyond which a chance is 0 or 1
_SHARPNESS_SPREAD = 0.5  # of its logarithm, about 0: halved or doubled is still likely
_BASE_SPREAD = 10.0
_LEAST = 1e-6  # a chance of 0 or 1 would cost infinitely much when it is wrong


@dataclass(frozen=True)
class Bin:
    """Predictions from `low` to `high`: how many, what they said on average, and what came."""

    low: float
    high: float
    count: int
    predicted: float
    chosen: float


def chance(score: float, base: float, sharpness: float = 1.0) -> float:
    """The chance that a story of this score is chosen, from 0 to 1."""
    odds = max(-_FAR, min(_FAR, base + sharpness * score))
    return 1 / (1 + exp(-odds))


def base_for(scores: Sequence[float] | NDArray[np.float64], expected: float, sharpness: float = 1.0) -> float:
    """The base at which the chances of these candidates sum to `expected` chosen; 0.0 without candidates.

    As nobody chooses none or all for certain, `expected` is held half a story away from both.
    """
    if not len(scores):
        return 0.0
    wanted = min(max(expected, 0.5), len(scores) - 0.5)
    points = sharpness * np.sort(np.asarray(scores, dtype=np.float64))
    low, high = -float(points[-1]) - _FAR, -float(points[0]) + _FAR
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _sigmoid(points + middle).sum() < wanted:
            low = middle
        else:
            high = middle
    return round((low + high) / 2, 6)


def platt(scores: Sequence[float], outcomes: Sequence[bool], base: float = 0.0) -> tuple[float, float]:
    """The (sharpness, base) that make out-of-fold scores honest; (1.0, `base`) without any.

    Sharpness stays above 0: a ranking is never turned round here.
    """
    if not scores:
        return 1.0, base
    points = np.asarray(scores, dtype=np.float64)
    chosen = np.asarray(outcomes, dtype=np.float64)
    log_sharpness, shift = 0.0, base
    for _ in range(_STEPS):
        scaled = np.exp(log_sharpness) * points
        odds = _sigmoid(scaled + shift)
        wrong, spread = odds - chosen, odds * (1 - odds)
        slope = np.array(
            [
                (wrong * scaled).sum() + log_sharpness / _SHARPNESS_SPREAD**2,
                wrong.sum() + (shift - base) / _BASE_SPREAD**2,
            ]
        )
        cross = (spread * scaled).sum()
        curve = np.array(
            [
                [(spread * scaled**2).sum() + 1 / _SHARPNESS_SPREAD**2, cross],
                [cross, spread.sum() + 1 / _BASE_SPREAD**2],
            ]
        )
        step = np.clip(np.linalg.solve(curve, slope), -1.0, 1.0)
        log_sharpness, shift = float(log_sharpness - step[0]), float(shift - step[1])
        if np.abs(step).max() < 1e-9:
            break
    return round(float(np.exp(log_sharpness)), 6), round(shift, 6)


def reliability(predictions: Sequence[float], outcomes: Sequence[bool], bins: int = _BINS) -> tuple[Bin, ...]:
    """The predictions in `bins` of equal width, those that hold any."""
    said = np.asarray(predictions, dtype=np.float64)
    came = np.asarray(outcomes, dtype=np.float64)
    places = np.minimum((said * bins).astype(int), bins - 1)
    found = []
    for place in range(bins):
        inside = places == place
        if count := int(inside.sum()):
            found.append(
                Bin(place / bins, (place + 1) / bins, count, float(said[inside].mean()), float(came[inside].mean()))
            )
    return tuple(found)


def calibration_error(predictions: Sequence[float], outcomes: Sequence[bool], bins: int = _BINS) -> float:
    """The expected calibration error: how far bins are off, weighted by their counts; 0.0 without predictions."""
    if not predictions:
        return 0.0
    found = reliability(predictions, outcomes, bins)
    return sum(one.count * abs(one.predicted - one.chosen) for one in found) / len(predictions)


def brier(predictions: Sequence[float], outcomes: Sequence[bool]) -> float:
    """The mean squared error of chances; 0.0 without predictions."""
    if not predictions:
        return 0.0
    return sum((said - came) ** 2 for said, came in zip(predictions, outcomes, strict=True)) / len(predictions)


def log_loss(predictions: Sequence[float], outcomes: Sequence[bool]) -> float:
    """The mean surprise in nats; 0.0 without predictions."""
    if not predictions:
        return 0.0
    said = np.clip(np.asarray(predictions, dtype=np.float64), _LEAST, 1 - _LEAST)
    came = np.asarray(outcomes, dtype=np.float64)
    return float(-(came * np.log(said) + (1 - came) * np.log(1 - said)).mean())


def _sigmoid(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -_FAR, _FAR))))
