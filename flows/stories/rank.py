"""A story's score is the sum of its parts; the queue goes by score, best first (pure).

`variety` is a soft share per source: every story of a source above takes a little more from the rest of it. A
hard cap ruined newsletters that read few sources. `likeness` is maximal marginal relevance (Carbonell and
Goldstein 1998): a story that is like one above it stands a little lower. Both are parts like any other.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import numpy as np

from flows.models import Channel
from flows.stories.explain import words_for, words_for_likeness, words_for_variety
from flows.stories.features import NAMES, Facts, Measured, Profile, measure
from flows.stories.levers import Lever, levers_for
from flows.stories.vectors import text_vectors
from flows.stories.weights import RankerWeights

# Points are whole 1024ths: sums of such numbers are exact, in any order, on any machine.
_GRAIN = 1024
VARIETY = "variety"
LIKENESS = "likeness"
_COMPARED = 300  # the best by score: only these can come near the top
_PLACES = 60  # further down nobody reads two stories side by side
_ALIKE_FROM = 0.15  # a smaller cosine is chance


@dataclass(frozen=True)
class Part:
    """A named part of a score, in points, and in words; `levers` are what an editor may turn behind it."""

    name: str
    points: float
    words: str
    levers: tuple[Lever, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """A story with its place in the queue (from 1); the points of `parts` sum to `score` exactly.

    `channel` is the way it came into the queue.
    """

    facts: Facts
    measured: Measured
    parts: tuple[Part, ...]
    rank: int = 0
    channel: Channel = Channel.KNOWN

    @property
    def score(self) -> float:
        return sum((part.points for part in self.parts), 0.0)

    def points(self, *names: str) -> float:
        """The points of these parts together."""
        return sum(part.points for part in self.parts if part.name in names)


def rank(stories: Sequence[Facts], profile: Profile, weights: RankerWeights) -> tuple[Ranked, ...]:
    """The stories, best first. Equal scores go to the story that was there first."""
    scored = sorted((score(facts, profile, weights) for facts in stories), key=_order)
    return numbered(_Queue(scored, weights).in_order())


def numbered(queue: Sequence[Ranked] | Iterator[Ranked]) -> tuple[Ranked, ...]:
    """The same stories, each with its place."""
    return tuple(replace(story, rank=place) for place, story in enumerate(queue, start=1))


def score(facts: Facts, profile: Profile, weights: RankerWeights) -> Ranked:
    """One story by itself, before its place among the others counts. Parts of 0 points are left out."""
    measured = measure(facts, profile)
    points = {name: to_grain(weights.points[name] * measured[name]) for name in NAMES}
    parts = tuple(
        Part(name, value, words_for(name, facts, measured, profile), levers_for(name, facts, measured))
        for name, value in points.items()
        if value
    )
    return Ranked(facts, measured, parts)


class _Queue:
    """Takes the best again and again; every story taken makes the rest of its source, and its like, a little worse."""

    def __init__(self, scored: Sequence[Ranked], weights: RankerWeights) -> None:
        self.scored, self.weights = scored, weights
        self.base = np.array([story.score for story in scored])
        self.ids = np.array([story.facts.story_id for story in scored])
        _, self.source = np.unique([story.facts.source_id for story in scored], return_inverse=True)
        self.above = np.zeros(int(self.source.max()) + 1 if len(scored) else 0, dtype=np.int64)
        self.like = np.zeros(len(scored))  # points taken off for likeness, and
        self.like_to = np.full(len(scored), -1)  # the place in `scored` of the story it is like
        self.left = np.ones(len(scored), dtype=bool)
        compared = scored[:_COMPARED] if weights.likeness else ()
        self.vectors = text_vectors([s.facts.title for s in compared], [s.facts.text for s in compared])
        self.nearest = np.full(len(compared), _ALIKE_FROM)

    def in_order(self) -> Iterator[Ranked]:
        for _ in range(min(_PLACES, len(self.scored))):
            values = np.where(self.left, self.base - self._crowding()[self.source] - self.like, -np.inf)
            best = np.flatnonzero(values == values.max())
            yield self._take(int(best[self.ids[best].argmin()]))
        yield from self._rest()

    def _crowding(self) -> Any:
        return _grains(self.weights.variety * np.log2(1 + self.above))

    def _take(self, i: int) -> Ranked:
        taken = self._placed(i)
        self.left[i] = False
        self.above[self.source[i]] += 1
        if i < len(self.nearest):
            close = (self.vectors @ self.vectors[i].T).toarray().ravel()
            nearer = np.flatnonzero(close > self.nearest)
            self.nearest[nearer] = close[nearer]
            self.like[nearer] = _grains(self.weights.likeness * (close[nearer] - _ALIKE_FROM))
            self.like_to[nearer] = i
        return taken

    def _rest(self) -> Iterator[Ranked]:
        """The others, whose likeness stands: within a source their order stays, so only its best is compared."""
        standing: list[list[int]] = [[] for _ in self.above]
        for i in sorted(
            np.flatnonzero(self.left), key=lambda i: (self.like[i] - self.base[i], self.ids[i]), reverse=True
        ):
            standing[self.source[i]].append(int(i))
        heads = [self._head(waiting) for waiting in standing if waiting]
        heapq.heapify(heads)
        while heads:
            *_, source = heapq.heappop(heads)
            yield self._take_one(standing[source].pop())
            if standing[source]:
                heapq.heappush(heads, self._head(standing[source]))

    def _take_one(self, i: int) -> Ranked:
        taken = self._placed(i)
        self.above[self.source[i]] += 1
        return taken

    def _head(self, waiting: Sequence[int]) -> tuple[float, int, int]:
        i = waiting[-1]
        source = int(self.source[i])
        return (self._penalty(source) + float(self.like[i] - self.base[i]), int(self.ids[i]), source)

    def _penalty(self, source: int) -> float:
        return to_grain(self.weights.variety * log2(1 + int(self.above[source])))

    def _placed(self, i: int) -> Ranked:
        story, parts = self.scored[i], list(self.scored[i].parts)
        if crowded := self._penalty(int(self.source[i])):
            words = words_for_variety(int(self.above[self.source[i]]), story.facts)
            parts.append(Part(VARIETY, -crowded, words, levers_for(VARIETY, story.facts, story.measured)))
        if alike := float(self.like[i]):
            parts.append(Part(LIKENESS, -alike, words_for_likeness(self.scored[self.like_to[i]].facts)))
        return replace(story, parts=tuple(parts))


def _order(story: Ranked) -> tuple[float, int]:
    return (-story.score, story.facts.story_id)


def _grains(points: Any) -> Any:
    return np.round(points * _GRAIN) / _GRAIN


def to_grain(points: float) -> float:
    """The nearest whole 1024th."""
    return round(points * _GRAIN) / _GRAIN
