"""May a candidate ask for approval? Only with evidence that it is better, not merely with a better mean (pure).

A mean above 0 lets a model that is no better through half the time. Here the 10 % quantile of the mean difference
must be above 0, over at least 8 editions: of equal models about one in ten passes (tests/stories/test_backtest.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from flows.stories.bootstrap import interval, quantiles

HELD_OUT_MIN = 8
GATE_QUANTILE = 0.1


@dataclass(frozen=True)
class Difference:
    """How much better than `against` a ranking was, edition by edition; `low` to `high` is the 90 % interval."""

    against: str
    mean: float
    low: float
    high: float
    q10: float
    q90: float
    per_edition: tuple[float, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "q10": self.q10,
            "q90": self.q90,
            "per_edition": list(self.per_edition),
        }


def difference(against: str, ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """Paired by edition."""
    gained = [mine - other for mine, other in zip(ours, theirs, strict=True)]
    low, high = interval(gained)
    q10, q90 = quantiles(gained, (GATE_QUANTILE, 1 - GATE_QUANTILE))
    return Difference(
        against=against,
        mean=round(fmean(gained), 4) if gained else 0.0,
        low=round(low, 4),
        high=round(high, 4),
        q10=round(q10, 4),
        q90=round(q90, 4),
        per_edition=tuple(round(value, 4) for value in gained),
    )


@dataclass(frozen=True)
class Verdict:
    """`failed` are sentences, one for each condition that was not met."""

    passed: bool
    failed: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return " ".join(self.failed) if self.failed else "It is better than what it would replace, beyond chance."


def judge(held_out: int, differences: Sequence[Difference], names: Mapping[str, str]) -> Verdict:
    """Whether all conditions are met; `names` says what each `against` is called in a sentence."""
    failed: list[str] = []
    if held_out < HELD_OUT_MIN:
        editions = "edition was" if held_out == 1 else "editions were"
        failed.append(f"Only {held_out} {editions} held out, and {HELD_OUT_MIN} are needed.")
    failed += [_sentence(one, names.get(one.against, one.against)) for one in differences if one.q10 <= 0]
    return Verdict(not failed, tuple(failed))


def _sentence(one: Difference, name: str) -> str:
    if one.mean <= 0:
        return f"It is no better than {name}: NDCG@10 differs by {one.mean:+.3f}."
    return (
        f"It may be better than {name} by chance: NDCG@10 differs by {one.mean:+.3f}, "
        f"but the 10 % quantile of that is {one.q10:+.3f}, and must be above 0."
    )
