"""A story's score is the sum of its parts; the queue goes by score, with a soft share per source (pure)."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from flows.stories.explain import words_for, words_for_variety
from flows.stories.features import NAMES, Facts, Measured, Profile, measure
from flows.stories.weights import RankerWeights

# Points are whole 1024ths: sums of such numbers are exact, in any order, on any machine.
_GRAIN = 1024
VARIETY = "variety"


@dataclass(frozen=True)
class Part:
    """A named part of a score, in points, and in words."""

    name: str
    points: float
    words: str


@dataclass(frozen=True)
class Ranked:
    """A story with its place in the queue (from 1); the points of `parts` sum to `score` exactly."""

    facts: Facts
    measured: Measured
    parts: tuple[Part, ...]
    rank: int = 0

    @property
    def score(self) -> float:
        return sum((part.points for part in self.parts), 0.0)


def rank(stories: Sequence[Facts], profile: Profile, weights: RankerWeights) -> tuple[Ranked, ...]:
    """The stories, best first. Equal scores go to the story that was there first."""
    scored = [score(facts, profile, weights) for facts in stories]
    return _vary(scored, weights.variety)


def score(facts: Facts, profile: Profile, weights: RankerWeights) -> Ranked:
    """One story by itself, before its place among the others counts. Parts of 0 points are left out."""
    measured = measure(facts, profile)
    points = {name: to_grain(weights.points[name] * measured[name]) for name in NAMES}
    parts = tuple(
        Part(name, value, words_for(name, facts, measured, profile)) for name, value in points.items() if value
    )
    return Ranked(facts, measured, parts)


def _vary(stories: Sequence[Ranked], variety: float) -> tuple[Ranked, ...]:
    """Take the best again and again; every story taken makes the rest of its source a little worse.

    Within a source the order stays, so only the best left of each source is compared.
    """
    by_source: dict[int, list[Ranked]] = {}
    for story in sorted(stories, key=_order, reverse=True):
        by_source.setdefault(story.facts.source_id, []).append(story)
    heads = [_head(left, 0) for left in by_source.values()]
    heapq.heapify(heads)
    taken: list[Ranked] = []
    above: dict[int, int] = {}
    while heads:
        *_, source = heapq.heappop(heads)
        left = by_source[source]
        taken.append(_placed(left.pop(), len(taken) + 1, above.get(source, 0), variety))
        above[source] = above.get(source, 0) + 1
        if left:
            heapq.heappush(heads, _head(left, to_grain(variety * log2(1 + above[source]))))
    return tuple(taken)


def _order(story: Ranked) -> tuple[float, int]:
    return (-story.score, story.facts.story_id)


def _head(left: Sequence[Ranked], penalty: float) -> tuple[float, int, int]:
    best = left[-1]
    return (penalty - best.score, best.facts.story_id, best.facts.source_id)


def _placed(story: Ranked, place: int, above: int, variety: float) -> Ranked:
    penalty = to_grain(variety * log2(1 + above))
    part = Part(VARIETY, -penalty, words_for_variety(above, story.facts))
    parts = (*story.parts, part) if penalty else story.parts
    return Ranked(story.facts, story.measured, parts, place)


def to_grain(points: float) -> float:
    """The nearest whole 1024th."""
    return round(points * _GRAIN) / _GRAIN
