"""How good a ranking would have been on past editions, measured edition by edition (pure)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2

from flows.stories.features import NAMES
from flows.stories.fitting import Decided
from flows.stories.weights import RankerWeights

Scorer = Callable[[Mapping[str, float]], float]
_TOP = 10


@dataclass(frozen=True)
class PastEdition:
    """A sealed edition, with what was decided about each of its stories."""

    number: int
    stories: tuple[Decided, ...]


def ndcg(editions: Sequence[PastEdition], score: Scorer, top: int = _TOP) -> list[float]:
    """NDCG@`top` of each edition under a scorer; equal scores share their places evenly."""
    return [_ndcg(edition.stories, score, top) for edition in editions]


def by_weights(weights: RankerWeights) -> Scorer:
    """The score of a story by itself, under these weights."""
    return lambda features: sum(weights.points[name] * features[name] for name in NAMES)


def by_recency(features: Mapping[str, float]) -> float:
    """The newest first."""
    return features["recency"]


def _ndcg(stories: Sequence[Decided], score: Scorer, top: int) -> float:
    groups: dict[float, list[bool]] = {}
    for story in stories:
        groups.setdefault(round(score(story.features), 9), []).append(story.chosen)
    gain, place = 0.0, 1
    for value in sorted(groups, reverse=True):
        chosen = groups[value]
        share = sum(chosen) / len(chosen)
        gain += share * sum(_discount(spot) for spot in range(place, min(place + len(chosen), top + 1)))
        place += len(chosen)
    best = sum(_discount(spot) for spot in range(1, min(sum(s.chosen for s in stories), top) + 1))
    return gain / best if best else 0.0


def _discount(place: int) -> float:
    return 1 / log2(place + 1)
