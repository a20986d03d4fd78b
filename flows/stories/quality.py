"""Is the version in use still worth its place? Watched on the last editions, against the rules (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from flows.stories.backtest import by_weights, ndcg
from flows.stories.fitting import PastEdition
from flows.stories.gate import HELD_OUT_MIN, difference
from flows.stories.weights import RULES, RankerWeights


@dataclass(frozen=True)
class Quality:
    """NDCG@10 over the last editions. `below`: worse than the rules beyond chance; `sentence` is for editors."""

    ndcg: float
    rules_ndcg: float
    below: bool
    sentence: str


def quality(editions: Sequence[PastEdition], current: RankerWeights) -> Quality:
    """Of `current` over the last 8 editions: below the gate when the 90 % quantile of its lead is under 0.

    It does not ask for 8 new ones: a version that has learned from some of them and still loses is bad indeed.
    """
    last = sorted(editions, key=lambda edition: edition.number)[-HELD_OUT_MIN:]
    ours, rules = ndcg(last, by_weights(current)), ndcg(last, by_weights(RULES))
    mean, rules_mean = (round(fmean(values), 4) if values else 0.0 for values in (ours, rules))
    if current.version == RULES.version:
        return Quality(mean, rules_mean, False, "The rules are in use; there is nothing to hold against them.")
    if len(last) < HELD_OUT_MIN:
        sentence = f"Version {current.version} cannot be judged yet: {len(last)} of {HELD_OUT_MIN} editions are there."
        return Quality(mean, rules_mean, False, sentence)
    lead = difference("rules", ours, rules)
    below = lead.q90 < 0
    found = "ranks worse than the rules would" if below else "holds its own against the rules"
    sentence = (
        f"Version {current.version} {found}: on editions {last[0].number} to {last[-1].number}, NDCG@10 was "
        f"{mean:.2f}, and {rules_mean:.2f} with the rules."
    )
    return Quality(mean, rules_mean, below, sentence)
