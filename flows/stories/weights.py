"""What one version of the ranking is made of, and the rules: the version that nobody had to learn (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class RankerWeights:
    """One version of the ranking: points per unit of each feature.

    The chance that a story is chosen is sigmoid(base + sharpness * score), for versions that were learned:
    both move no story past another and are no part of the score. `note` says why the rules stand in for a
    broken version.
    """

    version: int
    points: Mapping[str, float]
    variety: float  # points taken off, per doubling of what the source has above the story in the queue
    base: float = 0.0
    note: str = ""
    sharpness: float = 1.0
    likeness: float = 1.0  # points taken off a story for being wholly like one that stands above it


RULES = RankerWeights(
    version=1,
    points=MappingProxyType(
        {
            "recency": 2.0,
            "source_record": 3.0,
            "topic": 1.2,
            "section": 0.6,
            "coverage": 2.4,
            "substance": 0.8,
            "novelty": 2.0,
            "kept": 1.0,
            "source_weight": 1.0,
            "taste": 1.0,
            "interest": 1.0,
            "wish": 1.0,
        }
    ),
    variety=0.3,
)
