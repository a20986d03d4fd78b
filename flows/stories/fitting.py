"""Weights learned from decisions: a logistic model whose prior is the rules (pure, deterministic).

With few editions the rules speak; every decision moves the weights a little. Only what the editors decide
enters: the points they gave by hand (`features.GIVEN`) keep their weight.

Measured on two newsletters with real editors (tests/bench/ranking.py), walking forward: an offset for each
edition, so that a rich week is no praise of its features, was as good or better on both than one offset for
all (NDCG@10 0.733 for 0.726, 0.429 for 0.427), than a listwise (0.712, 0.416) and than a pairwise loss (0.729,
0.417). Older editions count in full: with half-lives of 8 and 20 editions nothing was won on either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from flows.stories.calibration import base_for
from flows.stories.features import GIVEN, NAMES
from flows.stories.weights import RULES, RankerWeights

LEARNED = tuple(name for name in NAMES if name not in GIVEN)
_PRIOR_STRENGTH = 1.0  # a weight may well lie a point away from the rules, hardly three
# How much newness counts is what newsletters differ in most (weights of 2.8 and -0.1 on the two above).
_STRENGTHS = {"recency": 0.3}
_OFFSET_STRENGTH = 0.01  # how many stories an editor takes is hers to say, not the rules'
_STEPS = 50
_CLOSE_ENOUGH = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Decided:
    """A story of a past edition: its features as the ranker saw them, and whether it was chosen.

    A feature that is missing was not measured yet, and counts 0. `rank` is its place in the queue as shown,
    from 1 (0: unknown); `looked` says that a person decided on it or opened it.
    """

    features: Mapping[str, float]
    chosen: bool
    rank: int = 0
    looked: bool = True


@dataclass(frozen=True)
class PastEdition:
    """A sealed edition, with what was decided about each of its stories."""

    number: int
    stories: tuple[Decided, ...]


@dataclass(frozen=True)
class Table:
    """Decisions as numbers, edition after edition, each edition's rows in an order of their own.

    `features` has a column for each of LEARNED; `given` are an editor's own points, `counts` how much each
    row counts, and `starts` the first row of each edition.
    """

    features: Array
    given: Array
    chosen: Array
    counts: Array
    starts: NDArray[np.intp]

    def before(self, edition: int) -> "Table":
        """The first `edition` editions."""
        end = int(self.starts[edition]) if edition < len(self.starts) else len(self.chosen)
        cut = (self.features[:end], self.given[:end], self.chosen[:end], self.counts[:end])
        return Table(*cut, self.starts[:edition])


def tabled(editions: Sequence[PastEdition], propensity: Sequence[float] = ()) -> Table:
    """The editions as a table, in their order; those without a story are left out.

    `propensity` (position.examined) says how surely a story at each place was seen: what nobody looked at
    counts that much, whether it was left there or chosen by default.
    """
    blocks = [_rows(edition, propensity) for edition in editions if edition.stories]
    if not blocks:
        width = len(LEARNED)
        return Table(np.zeros((0, width)), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.intp))
    rows = np.vstack(blocks)
    starts = np.cumsum([0, *(len(block) for block in blocks[:-1])])
    return Table(rows[:, :-3], rows[:, -3], rows[:, -2], rows[:, -1], starts.astype(np.intp))


def fit(editions: Sequence[PastEdition], version: int, propensity: Sequence[float] = ()) -> RankerWeights:
    """The most probable weights, given the decisions and the rules as prior mean; without any, the rules.

    The loss is convex, and editions and stories are sorted first: the same ones give the same weights, to
    the bit. `base` is the one at which the chances sum to what was chosen; `calibration.platt` does better.
    """
    ordered = sorted(editions, key=lambda edition: edition.number)
    return fit_table(tabled(ordered, propensity), version)


def fit_table(table: Table, version: int) -> RankerWeights:
    """As `fit`, for decisions tabled already."""
    posterior = _Posterior(table)
    weights = posterior.most_probable()
    learned = {name: round(float(value), 6) for name, value in zip(LEARNED, weights, strict=True)}
    points = MappingProxyType({**RULES.points, **learned})
    return RankerWeights(version, points, RULES.variety, base=posterior.common_base(weights), likeness=RULES.likeness)


def _rows(edition: PastEdition, propensity: Sequence[float]) -> Array:
    block = np.array(
        [
            (
                *(story.features.get(name, 0.0) for name in LEARNED),
                sum(RULES.points[name] * story.features.get(name, 0.0) for name in GIVEN),
                float(story.chosen),
                _count(story, propensity),
            )
            for story in edition.stories
        ],
        dtype=np.float64,
    )
    block = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(block[np.lexsort(block.T[::-1])])


def _count(story: Decided, propensity: Sequence[float]) -> float:
    if story.looked or story.rank < 1 or not propensity:
        return 1.0
    return propensity[min(story.rank, len(propensity)) - 1]


class _Posterior:
    """The loss of weights (one for each of LEARNED) and offsets (one an edition), and where it is least."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.prior = np.array([RULES.points[name] for name in LEARNED])
        self.strength = np.array([_STRENGTHS.get(name, _PRIOR_STRENGTH) for name in LEARNED])
        sizes = np.diff(np.append(table.starts, len(table.chosen)))
        self.edition = np.repeat(np.arange(len(sizes)), sizes)
        # Against the edition's mean: what is the same for all its stories is then the offset's, to the last bit.
        self.features, self.given = self._centred(table.features, sizes), self._centred(table.given, sizes)

    def _centred(self, values: Array, sizes: NDArray[np.intp]) -> Array:
        if not len(sizes):
            return values
        sums = np.add.reduceat(values, self.table.starts, axis=0)
        means = sums / sizes.reshape(-1, *([1] * (values.ndim - 1)))
        return np.asarray(values - means[self.edition])

    def most_probable(self) -> Array:
        """Newton's method, with steps halved until they lead down."""
        weights, offsets = self.prior, np.zeros(len(self.table.starts))
        if not len(offsets):
            return weights
        loss = self._loss(weights, offsets)
        for _ in range(_STEPS):
            step, shift = self._step(weights, offsets)
            size = max(np.abs(step).max(), np.abs(shift).max())
            while (reached := self._loss(weights - step, offsets - shift)) > loss and size > _CLOSE_ENOUGH:
                step, shift, size = step / 2, shift / 2, size / 2
            if reached > loss:
                break
            weights, offsets, loss = weights - step, offsets - shift, reached
            if size <= _CLOSE_ENOUGH:
                break
        return weights

    def common_base(self, weights: Array) -> float:
        """The offset, the same for all editions, at which chances sum to what was chosen; 0.0 without rows."""
        return base_for(self.table.features @ weights + self.table.given, float(self.table.chosen.sum()))

    def _odds(self, weights: Array, offsets: Array) -> Array:
        return np.asarray(self.features @ weights + self.given + offsets[self.edition])

    def _step(self, weights: Array, offsets: Array) -> tuple[Array, Array]:
        """Newton's step. The offsets' part of the curvature is diagonal, and is eliminated first."""
        table = self.table
        chance = _chance(self._odds(weights, offsets))
        wrong, spread = table.counts * (chance - table.chosen), table.counts * chance * (1 - chance)
        spread_features = self.features * spread[:, None]
        slope = self.features.T @ wrong + self.strength * (weights - self.prior)
        slope_offsets = np.add.reduceat(wrong, table.starts) + _OFFSET_STRENGTH * offsets
        curve = self.features.T @ spread_features + np.diag(self.strength)
        cross = np.add.reduceat(spread_features, table.starts, axis=0)
        own = np.add.reduceat(spread, table.starts) + _OFFSET_STRENGTH
        reduced = curve - cross.T @ (cross / own[:, None])
        step = np.linalg.solve(reduced, slope - cross.T @ (slope_offsets / own))
        return np.asarray(step), np.asarray((slope_offsets - cross @ step) / own)

    def _loss(self, weights: Array, offsets: Array) -> float:
        odds = self._odds(weights, offsets)
        misfit = (self.table.counts * (np.logaddexp(0, odds) - self.table.chosen * odds)).sum()
        held = (self.strength * (weights - self.prior) ** 2).sum() + _OFFSET_STRENGTH * (offsets**2).sum()
        return float(misfit + 0.5 * held)


def _chance(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))
