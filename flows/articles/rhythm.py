"""How often a source really publishes: when to ask it again, and when its silence is news. Pure."""

import statistics
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

_RECENT = 30  # articles that the rhythm is taken from: how a blog wrote years ago says little
_LEAST = 3  # fewer say nothing about a rhythm
ASKS_PER_GAP = 4  # a source is asked about four times between two of its articles
_DEFAULT_REST_S = 3600.0
_SILENT_GAPS = 4
_SILENT_LEAST, _SILENT_MOST = timedelta(days=14), timedelta(days=120)
_SILENT_DEFAULT = timedelta(days=30)


def typical_gap(times: Iterable[datetime]) -> timedelta | None:
    """The median time between two articles; None while there are too few to tell. Any order."""
    newest = sorted(set(times), reverse=True)[:_RECENT]
    if len(newest) < _LEAST:
        return None
    return timedelta(
        seconds=statistics.median((later - earlier).total_seconds() for later, earlier in pairwise(newest))
    )


def rest_s(gap: timedelta | None, still: timedelta, *, least_s: float, most_s: float, asked_s: float = 0.0) -> float:
    """How long a source may rest until it is asked again, between `least_s` and `most_s`.

    A quarter of its typical gap; one that has been still for longer than that rests longer. `asked_s` is what the
    server or the feed wishes (Cache-Control, ttl): it lengthens the rest, never shortens it.
    """
    wanted = _DEFAULT_REST_S if gap is None else max(gap, still / 2).total_seconds() / ASKS_PER_GAP
    return min(max(wanted, asked_s, least_s), most_s)


def silent_after(times: Iterable[datetime]) -> timedelta:
    """How long a source may bring nothing until that is worth a notice: four of its gaps, 14 to 120 days."""
    gap = typical_gap(times)
    return _SILENT_DEFAULT if gap is None else min(max(_SILENT_GAPS * gap, _SILENT_LEAST), _SILENT_MOST)
