"""How good an order of stories is, given what the editor chose (pure).

Equal scores share their places evenly, as a tester without a stake would have it: an order that says nothing
gets what chance gets.
"""

from collections.abc import Sequence
from math import log2

TOP = 10


def ndcg(scores: Sequence[float], gains: Sequence[float], top: int = TOP) -> float:
    """NDCG@`top` of the order by score; `gains` are 1 for chosen and 0 for not, or weights of the chosen.

    0.0 when there is nothing to gain.
    """
    found = sum(
        share * sum(_discount(spot) for spot in range(place, min(place + size, top + 1)))
        for place, size, share in _shared(scores, gains)
        if place <= top
    )
    ideal = sorted(gains, reverse=True)[:top]
    best = sum(gain * _discount(place) for place, gain in enumerate(ideal, 1))
    return found / best if best else 0.0


def recall(scores: Sequence[float], chosen: Sequence[bool], among: int) -> float:
    """The share of the chosen stories that stand among the first `among`; 0.0 when none was chosen."""
    found = 0.0
    for place, size, share in _shared(scores, [float(one) for one in chosen]):
        found += share * max(0, min(size, among - place + 1))
    return found / sum(chosen) if any(chosen) else 0.0


def _shared(scores: Sequence[float], gains: Sequence[float]) -> list[tuple[int, int, float]]:
    """Groups of equal score, best first: their first place, how many, and the gain each of them has."""
    groups: dict[float, list[float]] = {}
    for score, gain in zip(scores, gains, strict=True):
        groups.setdefault(round(score, 9), []).append(gain)
    places, place = [], 1
    for value in sorted(groups, reverse=True):
        held = groups[value]
        places.append((place, len(held), sum(held) / len(held)))
        place += len(held)
    return places


def _discount(place: int) -> float:
    return 1 / log2(place + 1)
