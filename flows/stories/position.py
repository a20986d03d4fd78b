"""What a place does to a decision: editors look at the top of the queue more, readers at the top of the letter (pure).

A story low in the queue that nobody chose was perhaps never seen; a story low in the letter was clicked less for
its place, not for its topic. Both are corrected by the propensity of being seen at a place (Joachims, Swaminathan
and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", 2017), relative to the first place.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

from flows.stories.fitting import PastEdition
from flows.stories.measures import TOP, ndcg

FLOOR = 0.1  # no choice counts more than ten times: a propensity near 0 would let one story decide everything
_PRIOR_LOOKS = 4.0  # editions' worth of looks that a place borrows from those around it
_NEIGHBOURS = 2  # places to either side, for the shape where editions are few
_PRIOR_CLICKS_PLACE = 20.0  # a place counts as if so many clicks had come as the prior curve has it
_PRIOR_CLICKS_TOPIC = 30.0  # a topic counts as if so many expected clicks had come as expected


@dataclass(frozen=True)
class Shown:
    """A story that ran, as one topic of it: its place in the letter from 1, the `people` who had the letter, and
    how many of them clicked it, machines left out."""

    topic: str
    place: int
    people: int
    clicks: int


def examined(editions: Sequence[PastEdition]) -> tuple[float, ...]:
    """How surely a story at each place of the queue (the first is index 0) was looked at, against the first.

    From `Decided.looked`, smoothed over neighbouring places, never rising and never below FLOOR. () when no place
    is known: then every decision counts in full.
    """
    shown: defaultdict[int, int] = defaultdict(int)
    looked: defaultdict[int, int] = defaultdict(int)
    for edition in editions:
        for story in edition.stories:
            if story.rank > 0:
                shown[story.rank] += 1
                looked[story.rank] += story.looked
    if not shown:
        return ()
    usual = sum(looked.values()) / sum(shown.values())
    rates, counts = [], []
    for place in range(1, max(shown) + 1):
        around = range(max(1, place - _NEIGHBOURS), place + _NEIGHBOURS + 1)
        count = sum(shown[spot] for spot in around)
        rates.append((sum(looked[spot] for spot in around) + _PRIOR_LOOKS * usual) / (count + _PRIOR_LOOKS))
        counts.append(count + _PRIOR_LOOKS)
    falling = _non_increasing(rates, counts)
    return tuple(max(FLOOR, rate / falling[0]) if falling[0] else 1.0 for rate in falling)


def honest_ndcg(edition: PastEdition, scores: Sequence[float], propensity: Sequence[float], top: int = TOP) -> float:
    """NDCG with each choice weighted by the inverse of how surely its place was seen (at most 1 / FLOOR).

    It gives a ranking its due for bringing up what an editor had to dig for. A choice without a place counts 1.
    """
    gains = [float(one.chosen) / _seen(one.rank, propensity) for one in edition.stories]
    return ndcg(scores, gains, top)


def interest(rows: Sequence[Shown]) -> Mapping[str, float]:
    """Readers' interest by casefolded topic, from -1 to 1; 0.0 for what they click as much as the rest.

    Each topic's clicks are held against those its places let expect, and both are drawn together while clicks are
    few. A topic clicked twice as often as expected has 1, half as often -1: doublings, cut there. Without any
    click all are 0.0.
    """
    told = [row for row in rows if row.place > 0 and row.people > 0]
    curve = _clicked_by_place(told)
    expected: defaultdict[str, float] = defaultdict(float)
    clicked: defaultdict[str, int] = defaultdict(int)
    people = sum(row.people * curve[row.place] for row in told)
    rate = sum(row.clicks for row in told) / people if people else 0.0
    for row in told:
        topic = row.topic.strip().casefold()
        expected[topic] += rate * row.people * curve[row.place]
        clicked[topic] += row.clicks
    return {topic: _interest(clicked[topic], expected[topic]) for topic in sorted(expected) if topic}


def _interest(clicks: float, expected: float) -> float:
    ratio = (clicks + _PRIOR_CLICKS_TOPIC) / (expected + _PRIOR_CLICKS_TOPIC)
    return round(max(-1.0, min(1.0, log2(ratio))), 4)


def _clicked_by_place(rows: Sequence[Shown]) -> dict[int, float]:
    """How much a place is clicked against the first: never rising, drawn to 1 / log2(place + 1) (of NDCG)."""
    people: defaultdict[int, int] = defaultdict(int)
    clicks: defaultdict[int, int] = defaultdict(int)
    for row in rows:
        people[row.place] += row.people
        clicks[row.place] += row.clicks
    if not people:
        return {}
    prior = {place: 1 / log2(place + 1) for place in range(1, max(people) + 1)}
    total = sum(people[place] * prior[place] for place in prior)
    rate = sum(clicks.values()) / total  # at the first place, if the prior were true
    if not rate:
        return prior
    # In units of clicks: the prior's say is worth _PRIOR_CLICKS_PLACE of them at every place.
    rates = [
        (clicks[place] + _PRIOR_CLICKS_PLACE) / (people[place] * rate * prior[place] + _PRIOR_CLICKS_PLACE)
        * prior[place]
        for place in prior
    ]  # fmt: skip
    falling = _non_increasing(rates, [people[place] + 1.0 for place in prior])
    return {place: max(FLOOR, value / falling[0]) for place, value in zip(prior, falling, strict=True)}


def _seen(rank: int, propensity: Sequence[float]) -> float:
    return propensity[min(rank, len(propensity)) - 1] if rank > 0 and propensity else 1.0


def _non_increasing(values: Sequence[float], counts: Sequence[float]) -> list[float]:
    """The closest sequence that never rises, by weighted squares (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, places
    for value, count in zip(values, counts, strict=True):
        mean, weight, size = value, count, 1
        while pools and pools[-1][0] < mean:
            other, more, places = pools.pop()
            mean = (mean * weight + other * more) / (weight + more)
            weight, size = weight + more, size + places
        pools.append((mean, weight, size))
    return [mean for mean, _, size in pools for _ in range(size)]
