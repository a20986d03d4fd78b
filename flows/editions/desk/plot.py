"""Pictures of evidence: dots with intervals, leads, chances against what came, weights side by side. Pure.

Places are percent of the width of a drawing (of a square, in its own units); the templates draw them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

from flows.editions.ranking_evidence import Contender, EditionLead, Evidence
from flows.stories.calibration import Bin
from flows.stories.features import NAMES
from flows.stories.tiers import TierRecord, wilson
from flows.stories.weights import RankerWeights

_MARGIN = 5.0  # percent left free at both ends, so that no dot and no figure of the axis is cut
_TICKS_MOST = 6
_BARS_LEAST = 12  # so few editions do not make bars as wide as boards
_APART = 8.0  # percent of the height between two figures that can both be read
SQUARE = 240  # of the picture of chances
_DOT_LEAST, _DOT_MOST = 2.5, 9.0

WEIGHT_WORDS = {
    "recency": "New since the last edition",
    "source_record": "How often its source was chosen",
    "topic": "The newsletter’s topics",
    "section": "Words of its section",
    "coverage": "How many sources tell it",
    "substance": "Length of the text",
    "novelty": "Unlike what ran before",
    "kept": "Kept for later by an editor",
    "source_weight": "Boosts and mutes of its source",
    "taste": "Words that editors chose before",
    "interest": "What readers click",
    "wish": "Boosts and mutes of terms",
    "variety": "Less for others of its source above it",
    "likeness": "Less for one like it above it",
}


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high` with figures at `ticks`."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where a value stands, in percent of the width."""
        share = (value - self.low) / (self.high - self.low)
        return round(_MARGIN + (100 - 2 * _MARGIN) * min(1.0, max(0.0, share)), 2)


def scale_of(values: Iterable[float], step: float = 0.1) -> Scale:
    """Whole steps around all values; the steps grow until there are few of them."""
    told = list(values)
    least, most = min(told, default=0.0), max(told, default=1.0)
    while (ceil(most / step) - floor(least / step)) >= _TICKS_MOST:
        step *= 2
    first, last = floor(least / step), max(ceil(most / step), floor(least / step) + 1)
    ticks = tuple(round(number * step, 6) for number in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks)


@dataclass(frozen=True)
class Dot:
    """One way of ranking: its mean at `middle`, the interval from `left` to `right`."""

    of: Contender
    left: float
    middle: float
    right: float
    is_candidate: bool


def dots(evidence: Evidence) -> tuple[Scale, tuple[Dot, ...]]:
    """All ways of ranking on one axis of NDCG@10, the candidate first."""
    told = evidence.contenders
    scale = scale_of(value for one in told for value in (one.low, one.mean, one.high))
    return scale, tuple(
        Dot(one, scale.at(one.low), scale.at(one.mean), scale.at(one.high), one.lead is None) for one in told
    )


@dataclass(frozen=True)
class LeadBar:
    """One edition: from the line of 0 up where the candidate was ahead, else down. In percent of both sides."""

    of: EditionLead
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Leads:
    """`marks` are the figures of the axis with their height in percent; `zero` is that of 0."""

    bars: tuple[LeadBar, ...]
    zero: float
    marks: tuple[tuple[float, float], ...]
    words: str


def leads(evidence: Evidence) -> Leads:
    """Edition by edition, oldest first."""
    told = evidence.leads
    high, low = max(0.0, *(one.lead for one in told), 0.0), min(0.0, *(one.lead for one in told), 0.0)
    reach = (high - low) or 1.0
    zero = round(100 * high / reach, 2) if high > low else 50.0
    step = 100 / max(len(told), _BARS_LEAST)
    bars = []
    for place, one in enumerate(told):
        tall = max(0.5, 100 * abs(one.lead) / reach)
        top = zero - tall if one.lead >= 0 else zero
        bars.append(LeadBar(one, round(place * step, 2), round(top, 2), round(step * 0.55, 2), round(tall, 2)))
    ends = [(value, height) for value, height in ((high, 0.0), (low, 100.0)) if abs(height - zero) > _APART]
    of = "edition" if len(told) == 1 else "editions"
    words = f"It ranked better in {evidence.ahead} of {len(told)} {of}."
    return Leads(tuple(bars), zero, (*ends, (0.0, zero)), words)


@dataclass(frozen=True)
class Point:
    """Stories that were given much the same chance: said against came, as a dot in the square."""

    of: Bin
    x: float
    y: float
    radius: float


def reliability(bins: Sequence[Bin]) -> tuple[Point, ...]:
    """On the diagonal, chances may be taken at their word. The area of a dot grows with its stories."""
    most = max((one.count for one in bins), default=1) or 1
    return tuple(
        Point(
            one,
            round(SQUARE * one.predicted, 1),
            round(SQUARE * (1 - one.chosen), 1),
            round(max(_DOT_LEAST, _DOT_MOST * sqrt(one.count / most)), 1),
        )
        for one in bins
    )


@dataclass(frozen=True)
class Span:
    """A bar from `x`, `width` wide, in percent, and the points it stands for."""

    points: float
    x: float
    width: float


@dataclass(frozen=True)
class WeightPair:
    """One feature, weighed by the version in use and by the one that waits."""

    words: str
    now: Span
    then: Span

    @property
    def change(self) -> float:
        return self.then.points - self.now.points


def weight_pairs(now: RankerWeights, then: RankerWeights) -> tuple[float, tuple[WeightPair, ...]]:
    """Where 0 stands, in percent, and every feature, what would change most first."""
    pairs = [(WEIGHT_WORDS[name], now.points.get(name, 0.0), then.points.get(name, 0.0)) for name in NAMES]
    pairs.append((WEIGHT_WORDS["variety"], -now.variety, -then.variety))
    pairs.append((WEIGHT_WORDS["likeness"], -now.likeness, -then.likeness))
    values = [0.0, *(value for _, *both in pairs for value in both)]
    low, width = min(values), (max(values) - min(values)) or 1.0
    zero = round(100 * -low / width, 2)

    def span(points: float) -> Span:
        wide = max(0.4, 100 * abs(points) / width)
        return Span(points, round(zero - wide if points < 0 else zero, 2), round(wide, 2))

    made = [WeightPair(words, span(one), span(other)) for words, one, other in pairs]
    return zero, tuple(sorted(made, key=lambda pair: -abs(pair.change)))


@dataclass(frozen=True)
class TierBar:
    """The share of a tier that was right, and the bounds that it lies between; all of 0 to 1."""

    of: TierRecord
    share: float
    low: float
    high: float


def tier_bars(records: Sequence[TierRecord]) -> tuple[TierBar, ...]:
    """Those tiers that ever held a story."""
    return tuple(
        TierBar(record, record.share, *wilson(record.right, record.count))
        for record in records
        if record.share is not None
    )
