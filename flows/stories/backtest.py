"""How good a ranking would have been on past editions: each judged by what was learned before it (pure).

The walk goes forward: a candidate is fitted on the editions so far, judged on the next few, and fitted again.
Its chances are calibrated (Platt) on those it gave for editions it had not seen. What is judged is the way of
learning; the version that is registered has learned from all editions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from statistics import fmean
from typing import Any

from flows.stories import measures
from flows.stories.bootstrap import interval
from flows.stories.calibration import base_for, brier, calibration_error, chance, platt, reliability
from flows.stories.features import NAMES
from flows.stories.fitting import PastEdition, fit, fit_table, tabled
from flows.stories.gate import HELD_OUT_MIN, Difference, difference, judge
from flows.stories.position import examined, honest_ndcg
from flows.stories.weights import RULES, RankerWeights

__all__ = ["BackTest", "PastEdition", "back_test", "by_recency", "by_source", "by_weights", "candidate_of", "ndcg"]

Scorer = Callable[[Mapping[str, float]], float]
LEARN_FROM_MIN = 4  # editions before the first that is held out
_FITS_MOST = 25
_TOP_LIST = 15
_DIGITS = 4
_NAMES = {"in_use": "the version in use", "rules": "the rules"}


def by_weights(weights: RankerWeights) -> Scorer:
    """The score of a story by itself, under these weights."""
    return lambda features: sum(weights.points[name] * features.get(name, 0.0) for name in NAMES)


def by_recency(features: Mapping[str, float]) -> float:
    """The newest first."""
    return features.get("recency", 0.0)


def by_source(features: Mapping[str, float]) -> float:
    """The sources whose stories were chosen most, their shares shrunken, first."""
    return features.get("source_record", 0.0)


def ndcg(editions: Sequence[PastEdition], score: Scorer, top: int = measures.TOP) -> list[float]:
    """NDCG@`top` of each edition under a scorer; equal scores share their places evenly."""
    found = []
    for edition in editions:
        scores = [score(story.features) for story in edition.stories]
        found.append(measures.ndcg(scores, [float(story.chosen) for story in edition.stories], top))
    return found


@dataclass
class _Judged:
    """What one way of ranking came to, edition by edition; chances only of those that give any."""

    ndcg: list[float] = field(default_factory=list)
    honest: list[float] = field(default_factory=list)
    recall_of_chosen: list[float] = field(default_factory=list)
    recall_at_15: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)
    outcomes: list[bool] = field(default_factory=list)

    def add(self, edition: PastEdition, scores: Sequence[float], propensity: Sequence[float]) -> None:
        chosen = [story.chosen for story in edition.stories]
        self.ndcg.append(measures.ndcg(scores, [float(one) for one in chosen]))
        self.honest.append(honest_ndcg(edition, scores, propensity))
        self.recall_of_chosen.append(measures.recall(scores, chosen, sum(chosen)))
        self.recall_at_15.append(measures.recall(scores, chosen, _TOP_LIST))

    def add_chances(self, edition: PastEdition, chances: Sequence[float]) -> None:
        chosen = [story.chosen for story in edition.stories]
        self.error.append(calibration_error(chances, chosen))
        self.chances += chances
        self.outcomes += chosen


@dataclass(frozen=True)
class BackTest:
    """`evidence` is JSON; `sharpness` and `base` turn the scores of a candidate that saw all into chances."""

    evidence: dict[str, Any]
    sharpness: float
    base: float

    @property
    def better(self) -> bool:
        return bool(self.evidence["better"])


def back_test(editions: Sequence[PastEdition], current: RankerWeights, *, learned_to: int = 0) -> BackTest:
    """Walk forward over the later half of the editions (at least 8), and judge by the gate.

    `learned_to` is the number of the last edition that `current` has learned from. Where 8 held-out editions come
    after it, only those are judged; else it is flattered, which the evidence notes, and no candidate is ever
    preferred by mistake. Needs at least 2 editions with stories.
    """
    editions = sorted((edition for edition in editions if edition.stories), key=lambda edition: edition.number)
    first = _first_held_out(editions, learned_to)
    walk = _Walk(editions, current)
    walk.run(first)
    return BackTest(walk.evidence(first, learned_to), *walk.calibrated())


def candidate_of(editions: Sequence[PastEdition], tested: BackTest) -> RankerWeights:
    """What all editions teach, with chances calibrated on those that earlier fits gave for unseen ones."""
    candidate = fit(editions, 0, examined(editions))
    return replace(candidate, base=tested.base, sharpness=tested.sharpness)


def _first_held_out(editions: Sequence[PastEdition], learned_to: int) -> int:
    count = len(editions)
    first = max(1, min(count - HELD_OUT_MIN, count - count // 2))
    first = max(first, min(LEARN_FROM_MIN, count - 1))
    unseen = sum(edition.number > learned_to for edition in editions)
    return max(first, count - unseen) if unseen >= HELD_OUT_MIN else first


class _Walk:
    def __init__(self, editions: Sequence[PastEdition], current: RankerWeights) -> None:
        self.editions, self.current = editions, current
        names = ("candidate", "in_use", "rules", "source_record", "recency")
        self.judged = {name: _Judged() for name in names}
        self.propensity = examined(editions)
        self.scores: list[float] = []  # of the candidate, out of fold, and what came of them
        self.chosen: list[bool] = []

    def run(self, first: int) -> None:
        # Calibration needs chances of unseen editions before the first that is judged: the walk starts earlier.
        start = max(1, min(first, LEARN_FROM_MIN, first - first // 2))
        table = tabled(self.editions, self.propensity)
        every = ceil((len(self.editions) - start) / _FITS_MOST)
        for begin in range(start, len(self.editions), every):
            candidate = fit_table(table.before(begin), 0)
            sharpness, base = platt(self.scores, self.chosen, candidate.base)
            group = self.editions[begin : begin + every]
            for place, edition in enumerate(group, begin):
                scores = [by_weights(candidate)(story.features) for story in edition.stories]
                if place >= first:
                    self._judge(place, edition, scores, [chance(score, base, sharpness) for score in scores])
                self.scores += scores
                self.chosen += [story.chosen for story in edition.stories]

    def calibrated(self) -> tuple[float, float]:
        return platt(self.scores, self.chosen)

    def _judge(self, place: int, edition: PastEdition, scores: Sequence[float], chances: Sequence[float]) -> None:
        usual = fmean(sum(story.chosen for story in one.stories) for one in self.editions[:place])
        contenders = {
            "candidate": scores,
            "in_use": [by_weights(self.current)(story.features) for story in edition.stories],
            "rules": [by_weights(RULES)(story.features) for story in edition.stories],
            "source_record": [by_source(story.features) for story in edition.stories],
            "recency": [by_recency(story.features) for story in edition.stories],
        }
        for name, given in contenders.items():
            self.judged[name].add(edition, given, self.propensity)
        self.judged["candidate"].add_chances(edition, chances)
        for name, weights in (("in_use", self.current), ("rules", RULES)):
            base = weights.base if weights.version != RULES.version else base_for(contenders[name], usual)
            self.judged[name].add_chances(edition, [chance(one, base, weights.sharpness) for one in contenders[name]])

    def evidence(self, first: int, learned_to: int) -> dict[str, Any]:
        held_out = self.editions[first:]
        mine = self.judged["candidate"].ndcg
        against = {name: difference(name, mine, self.judged[name].ndcg) for name in self.judged if name != "candidate"}
        verdict = judge(len(held_out), self._opponents(against), _NAMES)
        ndcgs = {name: one.ndcg for name, one in self.judged.items()}
        return {
            "measure": f"NDCG@{measures.TOP}",
            "learned_from": [edition.number for edition in self.editions[:first]],
            "held_out": [edition.number for edition in held_out],
            "per_edition": {name: _rounded(values) for name, values in ndcgs.items()},
            "mean": {name: _mean(values) for name, values in ndcgs.items()},
            "interval": {name: _rounded(interval(values)) for name, values in ndcgs.items()},
            "difference": {name: one.as_json() for name, one in against.items()},
            "measures": {name: _measured(one) for name, one in self.judged.items()},
            "calibration": {name: _calibrated(one) for name, one in self.judged.items() if one.chances},
            "in_use_version": self.current.version,
            "note": self._note(held_out, learned_to),
            "first_edition": self.editions[0].number,
            "last_edition": self.editions[-1].number,
            "editions": len(self.editions),
            "stories": sum(len(edition.stories) for edition in self.editions),
            "better": verdict.passed,
            "verdict": verdict.sentence,
        }

    def _opponents(self, against: Mapping[str, Difference]) -> list[Difference]:
        names = ["rules"] if self.current.version == RULES.version else ["in_use", "rules"]
        return [against[name] for name in names]

    def _note(self, held_out: Sequence[PastEdition], learned_to: int) -> str:
        known = sum(edition.number <= learned_to for edition in held_out)
        if not known:
            return ""
        of = "one" if known == 1 else str(known)
        return f"Version {self.current.version} has learned from {of} of these editions, which flatters it."


def _measured(one: _Judged) -> dict[str, Any]:
    """Beside NDCG: with choices weighted for their place, and recall among as many as were chosen, and 15."""
    given = {
        "honest_ndcg": one.honest,
        "recall_of_chosen": one.recall_of_chosen,
        f"recall_at_{_TOP_LIST}": one.recall_at_15,
    }
    return {name: {"mean": _mean(values), "interval": _rounded(interval(values))} for name, values in given.items()}


def _calibrated(one: _Judged) -> dict[str, Any]:
    bins = [
        {key: round(value, _DIGITS) for key, value in vars(found).items()}
        for found in reliability(one.chances, one.outcomes)
    ]
    return {
        "error": round(calibration_error(one.chances, one.outcomes), _DIGITS),
        "error_per_edition": _mean(one.error),
        "interval": _rounded(interval(one.error)),
        "brier": round(brier(one.chances, one.outcomes), _DIGITS),
        "bins": bins,
    }


def _mean(values: Sequence[float]) -> float:
    return round(fmean(values), _DIGITS) if values else 0.0


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, _DIGITS) for value in values]
