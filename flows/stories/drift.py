"""Do new stories still look like those the ranking learned from? The PSI of each feature, with an alarm line (pure).

The population stability index is sum((new - old) * ln(new / old)) over the shares of a few bins. Textbooks alarm
above 0.2, which 27 stories reach by chance: without any drift the index is about chi-square, with one degree of
freedom fewer than bins, times (1/n_old + 1/n_new). So the line is drawn where chance hardly reaches, and never
below 0.2.

What is not judged, and never alarms: a feature with fewer than 20 values in the baseline or 10 among the new
stories. A missing name, NaN, infinity and what is no number are no values. A feature that was constant (as any
with up to five different values) is compared value by value, and what it never was counts as "other".
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Any, TypeGuard

import numpy as np
from scipy.special import chdtri

_MOST_BINS = 5
_FEWEST_BASELINE, _FEWEST_NEW = 20, 10
_CHANCE = 0.01  # of any alarm in an edition without drift, over all features together
_LEAST_LINE = 0.2
_HALF = 0.5  # a story, added to every bin: an empty one would make the index infinite
_DIGITS = 6  # values that differ less are the same


@dataclass(frozen=True)
class Drifted:
    """One feature: its index, the line above which it alarms, and the same in words."""

    name: str
    psi: float
    line: float
    alarm: bool
    words: str


def baseline(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, Any]:
    """What the features were like, as JSON: {"count": rows, "features": {name: bins}}.

    Bins are {"count", "shares"} with "values" (a share for each value) or "edges" (a share more than edges:
    bin i holds edges[i-1] <= value < edges[i]). Too few values: no shares.
    """
    return {"count": len(rows), "features": {name: _binned(_values(rows, name)) for name in names}}


def drift(baseline: Mapping[str, Any], rows: Sequence[Mapping[str, float]]) -> tuple[Drifted, ...]:
    """Every feature of the baseline, those that moved furthest beyond their line first.

    Raises ValueError, with a sentence, when the baseline is not one that `baseline` has made.
    """
    features = _read(baseline)
    found = [_compared(name, bins, _values(rows, name), len(features)) for name, bins in features.items()]
    return tuple(sorted(found, key=lambda one: (-one.psi / one.line, one.name)))


def _values(rows: Sequence[Mapping[str, float]], name: str) -> list[float]:
    told = (row.get(name) for row in rows)
    return [round(float(value), _DIGITS) for value in told if _is_number(value)]


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float | np.floating | np.integer) and isfinite(value)


def _binned(values: Sequence[float]) -> dict[str, Any]:
    if len(values) < _FEWEST_BASELINE:
        return {"count": len(values), "values": [], "shares": []}
    different = sorted(set(values))
    if len(different) <= _MOST_BINS:
        held = Counter(values)
        shares = [held[value] / len(values) for value in different]
        return {"count": len(values), "values": different, "shares": shares}
    cuts = np.quantile(values, np.arange(1, _MOST_BINS) / _MOST_BINS, method="lower")
    # Where many stories share a value, cuts fall together; one at the least value would leave an empty bin.
    edges = sorted({float(cut) for cut in cuts} - {different[0]}) or [different[1]]
    counts = _counts_between(edges, values)
    return {"count": len(values), "edges": edges, "shares": [count / len(values) for count in counts]}


def _counts_between(edges: Sequence[float], values: Sequence[float]) -> list[int]:
    held = Counter(bisect_right(edges, value) for value in values)
    return [held[place] for place in range(len(edges) + 1)]


def _counts_at(known: Sequence[float], values: Sequence[float]) -> list[int]:
    """How often each known value occurs, then all others together."""
    held = Counter(values)
    counts = [held[value] for value in known]
    return [*counts, len(values) - sum(counts)]


def _compared(name: str, bins: Mapping[str, Any], values: Sequence[float], features: int) -> Drifted:
    was, is_now = int(bins["count"]), len(values)
    old = [share * was for share in bins["shares"]]
    if "values" in bins:
        old, new = [*old, 0.0], _counts_at(bins["values"], values)
    else:
        new = _counts_between(bins["edges"], values)
    # A bin that nobody was in, then or now, is none.
    pairs = [pair for pair in zip(old, new, strict=True) if any(pair)]
    line = _line(len(pairs), max(was, 1), max(is_now, 1), features)
    if was < _FEWEST_BASELINE or is_now < _FEWEST_NEW:
        said = f"{name} is not judged: {was} stories had it then (at least {_FEWEST_BASELINE} are needed)"
        return Drifted(name, 0.0, line, False, f"{said}, {is_now} have it now (at least {_FEWEST_NEW}).")
    psi = _psi(pairs)
    alarm = psi > line
    moved = "has moved away from" if alarm else "is as in"
    return Drifted(
        name, psi, line, alarm, f"{name} {moved} the stories it was learned from (PSI {psi:.2f}, line {line:.2f})."
    )


def _psi(pairs: Sequence[tuple[float, float]]) -> float:
    was, is_now = (sum(side) + _HALF * len(pairs) for side in zip(*pairs, strict=True))
    shares = [((old + _HALF) / was, (new + _HALF) / is_now) for old, new in pairs]
    return round(float(sum((new - old) * log(new / old) for old, new in shares)), 6)


def _line(bins: int, was: int, is_now: int, features: int) -> float:
    by_chance = float(chdtri(max(bins - 1, 1), _CHANCE / features)) * (1 / was + 1 / is_now)
    return round(max(_LEAST_LINE, by_chance), 6)


def _read(document: Any) -> dict[str, Mapping[str, Any]]:
    held = document.get("features") if isinstance(document, Mapping) else None
    features: dict[str, Mapping[str, Any]] = dict(held) if isinstance(held, Mapping) else {}
    wrongs = [f"“{name}” cannot be read: {wrong}" for name, bins in features.items() if (wrong := _wrong(bins))]
    if not isinstance(held, Mapping):
        wrongs = ["the features cannot be read: it has no “features”"]
    if wrongs:
        raise ValueError(f"The baseline of {wrongs[0]}. Train the ranking again.")
    return features


def _wrong(bins: Any) -> str:
    """What is wrong with the bins of a feature; "" if nothing is."""
    if not isinstance(bins, Mapping) or ("edges" in bins) == ("values" in bins):
        return "it needs either edges or values"
    count, shares, places = bins.get("count"), bins.get("shares"), bins.get("edges", bins.get("values"))
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        return "its count is no whole number"
    if not _are_numbers(shares) or not _are_numbers(places):
        return "its bins are no lists of numbers"
    if list(places) != sorted(set(places)):
        return "its bins are out of order"
    if count < _FEWEST_BASELINE:
        return ""
    if len(shares) != len(places) + ("edges" in bins):
        return "its shares do not fit its bins"
    if any(share < 0 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        return "its shares do not add up to 1"
    return ""


def _are_numbers(values: Any) -> TypeGuard[Sequence[float]]:
    return isinstance(values, list | tuple) and all(
        _is_number(value) and not isinstance(value, bool) for value in values
    )
