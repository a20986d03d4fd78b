"""How far the ranking may go ahead of the editor, by the evidence of past editions (pure).

Without evidence the best are chosen beforehand as a mere suggestion and nothing is folded away. With it, only
what is likely enough is chosen beforehand, what is unlikely enough is folded away, and the editor's attention
goes to what lies between. Both lines come from past editions alone, with bounds (Wilson 1927) that ask for more
right answers the fewer there are: so the share that is decided ahead of her grows by evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from flows.models import Tier

EDITIONS_MIN = 8
SURE_RIGHT = 0.75  # at least so much of what is chosen beforehand must be right
FOLDED_LOST = 0.04  # at most so much of what editors choose may lie folded away
STOP_SHARE = 0.94
_Z = 1.2816  # one-sided 90 %
_LINES = 40  # thresholds tried
_ROUNDED = 1e-9  # what 0.94 * 50 may be above 47


@dataclass(frozen=True)
class Outcome:
    """A candidate of a sealed edition: the chance it was given, its place in the queue, and what became of it."""

    edition: int
    chance: float | None
    place: int
    tier: Tier
    chosen: bool


@dataclass(frozen=True)
class Lines:
    """`sure_from`: chances from here up are chosen beforehand; None: the best are, as a suggestion.

    `folded_below`: chances below are folded away; None: nothing is. `editions` is the evidence.
    """

    sure_from: float | None = None
    folded_below: float | None = None
    editions: int = 0


NO_LINES = Lines()


@dataclass(frozen=True)
class TierRecord:
    """How a tier did: of `count` stories, `right` ended where the tier put them."""

    tier: Tier
    count: int
    right: int

    @property
    def share(self) -> float | None:
        return self.right / self.count if self.count else None


def lines_from(past: Sequence[Outcome]) -> Lines:
    """The lines that the past bears out; none with fewer than 8 editions of chances."""
    known = [(one.chance, one.chosen) for one in past if one.chance is not None]
    editions = len({one.edition for one in past if one.chance is not None})
    if editions < EDITIONS_MIN:
        return Lines(editions=editions)
    lines = sorted({round(chance, 3) for chance, _ in known})
    tried = lines[:: max(1, len(lines) // _LINES)]
    sure = [line for line in tried if _bears_sure([chosen for chance, chosen in known if chance >= line])]
    picks = [chance for chance, chosen in known if chosen]
    lowest = min(chance for chance, _ in known)  # a line with nothing below it has no evidence
    folded = [
        line for line in tried if lowest < line and _bears_folding(sum(chance < line for chance in picks), len(picks))
    ]
    sure_from = min(sure, default=1.0)
    return Lines(sure_from, min(max(folded), sure_from) if folded else None, editions)


def tier_of(chance: float | None, lines: Lines, *, suggested: bool, flagged: bool) -> Tier:
    """`suggested`: it has a place in the draft. A flagged story is for a senior editor, whatever its chance."""
    if flagged:
        return Tier.FLAGGED
    if suggested:
        return Tier.SURE
    if chance is not None and lines.folded_below is not None and chance < lines.folded_below:
        return Tier.FOLDED
    return Tier.OPEN


def tier_records(past: Sequence[Outcome]) -> tuple[TierRecord, ...]:
    """Of the stories chosen beforehand, how many stayed; of those folded away, how many were left.

    The open tier promises nothing: "right" counts there what was chosen.
    """
    found = []
    for tier in Tier:
        inside = [one for one in past if one.tier is tier]
        right = sum(one.chosen is (tier is not Tier.FOLDED) for one in inside)
        found.append(TierRecord(tier, len(inside), right))
    return tuple(found)


def stop_line(past: Sequence[Outcome], share: float = STOP_SHARE) -> int | None:
    """The place in the queue above which `share` of past picks stood; None with fewer than 8 editions."""
    if len({one.edition for one in past}) < EDITIONS_MIN:
        return None
    places = sorted(one.place for one in past if one.chosen and one.place > 0)
    if not places:
        return None
    return places[min(len(places), max(1, ceil(share * len(places) - _ROUNDED))) - 1]


def _bears_sure(chosen: Sequence[bool]) -> bool:
    return bool(chosen) and wilson(sum(chosen), len(chosen))[0] >= SURE_RIGHT


def _bears_folding(lost: int, picks: int) -> bool:
    return picks > 0 and wilson(lost, picks)[1] <= FOLDED_LOST


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Lower and upper bound of a share, each at 90 %."""
    if not count:
        return 0.0, 1.0
    share, z2 = hits / count, _Z**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    reach = _Z * sqrt(share * (1 - share) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)
