"""How close the articles of a clustering are to each other (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from flows.stories.copies import contained
from flows.stories.decay import hours, time_decay
from flows.stories.expansion import expanded
from flows.stories.pieces import Piece
from flows.stories.vectors import HEADLINE_WORDS_SHARE, WORDS_SHARE, text_vectors
from flows.stories.words import lead, split_words, words_of

_HEADLINE_WORDS = 20  # with fewer words of text, an article is a headline
_BLOCK = 512


@dataclass(frozen=True)
class Closeness:
    """Every different pair of title and text once, however many articles bear it: a telling.

    `telling` gives each article's; `vectors` has a row, and `headline` and `hour` (of the earliest article) an
    entry, for each telling. `copied` is the share of text that two tellings have in common, by pair (i < j).
    """

    telling: Any
    vectors: Any
    headline: Any
    hour: Any
    copied: Mapping[tuple[int, int], float]

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> Self:
        places: dict[tuple[str, str], int] = {}
        telling = [places.setdefault((piece.title, piece.text), len(places)) for piece in pieces]
        titles, texts = [title for title, _ in places], [text for _, text in places]
        headline = np.array([_is_headline(text) for text in texts])
        share = np.where(headline, HEADLINE_WORDS_SHARE, WORDS_SHARE)
        hour = np.full(len(places), np.nan)
        for place, at in zip(telling, hours([piece.published_at for piece in pieces]), strict=True):
            hour[place] = np.fmin(hour[place], at)
        copied: dict[tuple[int, int], float] = {}
        found = contained([piece.text for piece in pieces], [piece.source_id for piece in pieces])
        for (i, j), shared in found.items():
            pair = min(telling[i], telling[j]), max(telling[i], telling[j])
            copied[pair] = max(shared, copied.get(pair, 0.0))
        return cls(np.array(telling), text_vectors(titles, texts, share), headline, hour, copied)

    def links(self, least: float) -> tuple[Any, Any]:
        """Pairs of tellings, as rows and columns: the connected parts of those that are at least so close.

        Close by their cosine or by the share copied. Each telling comes with one of its part, since all the
        pairs of 9,000 articles took 1.5 GB.
        """
        count = self.vectors.shape[0]
        copied = [pair for pair, share in self.copied.items() if share >= least]
        pairs = np.array(copied, dtype=np.int64).reshape(-1, 2)
        part = _united(np.arange(count), pairs[:, 0], pairs[:, 1])
        for start in range(0, count, _BLOCK):
            block = (self.vectors[start : start + _BLOCK] @ self.vectors[start:].T).tocoo()
            close = block.data >= least
            part = _united(part, block.row[close] + start, block.col[close] + start)
        _, first = np.unique(part, return_index=True)
        return np.arange(count), first[part]

    def square(self, tellings: Any) -> Any:
        """The closeness of every pair of some tellings, as a dense matrix; of each with itself 1, or 0 if empty."""
        vectors, headline, hour = self.vectors[tellings], self.headline[tellings], self.hour[tellings]
        cosines = np.empty((len(tellings), len(tellings)), dtype=np.float32)
        near = np.empty_like(cosines) if headline.any() else cosines
        for start in range(0, len(tellings), _BLOCK):
            end = start + _BLOCK
            cosines[start:end] = (vectors[start:end] @ vectors.T).toarray()
            if near is not cosines:
                near[start:end] = cosines[start:end] * _fading(hour, headline, start, end)
        close = expanded(cosines, near, headline)
        if headline.any():
            for start in range(0, len(tellings), _BLOCK):
                close[start : start + _BLOCK] *= _fading(hour, headline, start, start + _BLOCK)
        position = {int(telling): i for i, telling in enumerate(tellings)}
        for (i, j), share in self.copied.items():
            if i in position and j in position:
                a, b = position[i], position[j]
                close[a, b] = close[b, a] = max(close[a, b], share)
        return close


def nodes_by_tellings(nodes: Sequence[Mapping[int, int]], tellings: Any) -> Any:
    """A sparse matrix: for each node (article counts by telling) the part of it that each telling is."""
    position = {int(telling): i for i, telling in enumerate(tellings)}
    entries = [(row, position[t], n / sum(node.values())) for row, node in enumerate(nodes) for t, n in node.items()]
    rows, columns, parts = zip(*entries, strict=True)
    return sparse.csr_matrix((np.array(parts, dtype=np.float32), (rows, columns)), shape=(len(nodes), len(tellings)))


def _united(part: Any, rows: Any, columns: Any) -> Any:
    """The numbers (from 0) of the parts after those of each pair became one."""
    edges = np.ones(len(rows))  # of 8 bytes: equal pairs are added up, and must not come to 0
    graph = sparse.coo_matrix((edges, (part[rows], part[columns])), shape=(len(part), len(part)))
    _, labels = connected_components(graph, directed=False)
    return np.unique(labels[part], return_inverse=True)[1]


def _fading(hour: Any, headline: Any, start: int, end: int) -> Any:
    """Time decay for some rows, where either of a pair is a headline: a whole text says itself which day it is of."""
    either = headline[start:end, None] | headline[None, :]
    return np.where(either, time_decay(hour[start:end], hour), np.float32(1))


def _is_headline(text: str) -> bool:
    start = lead(text, 2 * _HEADLINE_WORDS)
    return max(len(words_of(start)), len(split_words(start))) < _HEADLINE_WORDS
