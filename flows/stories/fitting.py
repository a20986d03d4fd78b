"""Weights learned from decisions: a logistic model whose prior is the rules (pure, deterministic).

With few editions the rules speak; every decision moves the weights a little. Only what the editors decide
enters: `source_weight` is their own boost, and keeps its weight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from flows.stories.features import NAMES
from flows.stories.weights import RULES, RankerWeights

LEARNED = tuple(name for name in NAMES if name != "source_weight")
_PRIOR_STRENGTH = 1.0  # a weight may well lie a point away from the rules, hardly three
_BASE_STRENGTH = 0.01  # how many stories an editor takes is hers to say, not the rules'
_STEPS = 50
_CLOSE_ENOUGH = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Decided:
    """A story of a past edition: its features as the ranker saw them, and whether it was chosen."""

    features: Mapping[str, float]
    chosen: bool


def fit(decided: Sequence[Decided], version: int) -> RankerWeights:
    """The most probable weights, given the decisions and the rules as prior mean. Needs a decision.

    The loss is convex and the decisions are sorted first: the same ones give the same weights, to the bit.
    """
    weights = _Posterior(decided).most_probable()
    learned = {name: round(float(value), 6) for name, value in zip(LEARNED, weights, strict=False)}
    points = MappingProxyType({**RULES.points, **learned})
    return RankerWeights(version, points, RULES.variety, base=round(float(weights[-1]), 6))


class _Posterior:
    """The loss of weights (one for each of LEARNED, then the base), and where it is least."""

    def __init__(self, decided: Sequence[Decided]) -> None:
        self.prior = np.array([*(RULES.points[name] for name in LEARNED), 0.0])
        self.strength = np.array([_PRIOR_STRENGTH] * len(LEARNED) + [_BASE_STRENGTH])
        rows = sorted(
            (*(one.features[name] for name in LEARNED), 1.0, one.features["source_weight"], float(one.chosen))
            for one in decided
        )
        table = np.array(rows, dtype=np.float64)
        self.features = table[:, :-2]
        self.given = RULES.points["source_weight"] * table[:, -2]
        self.chosen = table[:, -1]

    def most_probable(self) -> Array:
        """Newton's method, with steps halved until they lead down."""
        weights, loss = self.prior, self._loss(self.prior)
        for _ in range(_STEPS):
            step = self._step(weights)
            while (reached := self._loss(weights - step)) > loss and np.abs(step).max() > _CLOSE_ENOUGH:
                step = step / 2
            if reached > loss:
                break
            weights, loss = weights - step, reached
            if np.abs(step).max() <= _CLOSE_ENOUGH:
                break
        return weights

    def _step(self, weights: Array) -> Array:
        odds = np.clip(self.features @ weights + self.given, -30, 30)
        chance = 1 / (1 + np.exp(-odds))
        slope = self.features.T @ (chance - self.chosen) + self.strength * (weights - self.prior)
        curve = (self.features.T * (chance * (1 - chance))) @ self.features + np.diag(self.strength)
        return np.asarray(np.linalg.solve(curve, slope))

    def _loss(self, weights: Array) -> float:
        odds = self.features @ weights + self.given
        misfit = np.logaddexp(0, odds).sum() - (self.chosen * odds).sum()
        return float(misfit + 0.5 * (self.strength * (weights - self.prior) ** 2).sum())
