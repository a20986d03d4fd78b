"""Average-link clustering with a cut that follows how dense each cluster is, and cannot-links (pure).

A fixed cut cannot serve both a quiet day and a loud one: the reports of a much-told event share few words with
each other, so that what joins them also joins two small events. Here two clusters join if they are close *for
them*: their average cosine is at least `_CUT` of the density (average cosine between members) within them, the
"relative closeness" of Chameleon (Karypis, Han and Kumar, 1999).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

# Measured: from 0.2 to 0.35 B-cubed F1 moves by 0.02 on the labelled stories (tests/bench/clustering.py).
_CUT = 0.3
# The density of a cluster of which nothing is known. Times the cut it is what joins two single articles: 0.19
# for whole texts, the middle of the plateau (0.18 to 0.20) on the demo's sample feeds; 0.36 for headlines, whose
# few words meet by chance. On the labelled stories 0.19 would do as well for those (within 0.01), but 300
# headlines of Hacker News, most of them a story each, fell into 180 groups with it and into 240 with 0.36.
_TEXTS = 0.19 / _CUT
_HEADLINES = 0.36 / _CUT
_GUESS_PAIRS = 1.0  # the weight of that guess: with 3, B-cubed F1 of ten reports a story is 0.01 lower
# No cluster counts as thinner. Without this bound thin clusters chain: 5,000 headlines of Hacker News over 38
# days made a heap of 235 at 0.2, of 95 at 0.3. B-cubed F1 over all is 0.91 up to 0.35 and 0.89 at 0.4.
_THINNEST = 0.3
LOOSEST = _CUT * _THINNEST


def average_link(
    close: Any, sizes: Any, inner: Any, terse: Any, *, never: Iterable[tuple[int, int]], cut: float = _CUT
) -> list[list[int]]:
    """Groups of positions. `never` are the pairs of positions that must not end together, however connected.

    `close` is square: the average cosine between the articles of two nodes; it is used up. A node stands for
    `sizes[i]` articles, `terse[i]` of them headlines, whose cosines with each other add up to `inner[i]`.
    """
    forest = _Forest(close, sizes, inner, terse)
    for i, j in never:
        close[i, j] = close[j, i] = -np.inf
    return list(forest.grow(cut))


class _Forest:
    """The clusters so far; row i of `close` belongs to the cluster that node i came to lead.

    `top[i]` bounds what row i may offer from above, and is exact where `fresh[i]`. A join can only lower what
    other rows are offered by the two, or raise it by the new one, which is looked at: so a row is read again
    only when its bound is the highest of all.
    """

    def __init__(self, close: Any, sizes: Any, inner: Any, terse: Any) -> None:
        count = len(close)
        self.close = close
        self.sizes = np.asarray(sizes, dtype=np.float64)
        self.inner = np.asarray(inner, dtype=np.float64)
        self.terse = np.asarray(terse, dtype=np.float64)
        self.density = np.array([self._density(i) for i in range(count)])
        self.members: list[list[int]] = [[i] for i in range(count)]
        self.best = np.zeros(count, dtype=np.int64)
        self.top = np.zeros(count)
        self.fresh = np.ones(count, dtype=np.bool_)

    def grow(self, cut: float) -> Iterator[list[int]]:
        np.fill_diagonal(self.close, -np.inf)
        for i in range(len(self.close)):
            self._read(i, self._offers(i))
        while True:
            i = int(self.top.argmax())
            if self.top[i] < cut:
                break
            if self.fresh[i]:
                self._join(i, int(self.best[i]))
            else:
                self._read(i, self._offers(i))
        return (members for members in self.members if members)

    def _offers(self, i: int) -> Any:
        """The relative closeness of cluster i to every other."""
        sizes, density = self.sizes, self.density
        return self.close[i] * ((sizes[i] + sizes) / (sizes[i] * density[i] + sizes * density))

    def _read(self, i: int, offers: Any) -> None:
        self.best[i] = offers.argmax()
        self.top[i] = offers[self.best[i]]
        self.fresh[i] = True

    def _join(self, i: int, j: int) -> None:
        close, sizes = self.close, self.sizes
        self.inner[i] += self.inner[j] + close[i, j] * sizes[i] * sizes[j]
        row = (sizes[i] * close[i] + sizes[j] * close[j]) / (sizes[i] + sizes[j])
        row[[i, j]] = -np.inf
        close[i] = close[:, i] = row
        close[j] = close[:, j] = -np.inf
        sizes[i] += sizes[j]
        self.terse[i] += self.terse[j]
        self.density[i] = self._density(i)
        self.members[i] += self.members[j]
        self.members[j] = []
        self._after(i, j)

    def _after(self, i: int, j: int) -> None:
        self.fresh[(self.best == i) | (self.best == j)] = False
        self.top[j], self.fresh[j] = -np.inf, True
        offers = self._offers(i)
        better = offers > self.top
        self.best[better], self.top[better], self.fresh[better] = i, offers[better], True
        self._read(i, offers)

    def _density(self, i: int) -> float:
        """Only headlines make a cluster thin: whole texts on one event have words enough in common."""
        terse = self.terse[i] / self.sizes[i]
        guess = terse * _HEADLINES + (1 - terse) * _TEXTS
        pairs = self.sizes[i] * (self.sizes[i] - 1) / 2
        found = (self.inner[i] + _GUESS_PAIRS * guess) / (pairs + _GUESS_PAIRS)
        return float(guess - terse * (guess - min(max(found, _THINNEST), guess)))
