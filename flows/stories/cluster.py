"""Articles gathered into stories: near-duplicates, copies, and reports of the same event (pure).

Average-link clustering on TF-IDF cosines, cut at a distance. Average link can only join what is connected by
pairs at or above the cut, so the whole is first broken into those connected parts, and a square matrix is
made of one part at a time.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from flows.stories.copies import contained
from flows.stories.pieces import Group, Piece
from flows.stories.vectors import text_vectors
from flows.stories.words import lead, words_of

# Where to cut (cosine). Measured on the demo's sample feeds (plateau 0.18 to 0.20) and, for headlines, on
# one half of 2,413 labelled news headlines, reported on the other: tests/bench/stories.py.
TEXT_CUT = 0.19
_LOUD_CUT = 0.04  # what the cut of headlines falls to
_HEADLINE_WORDS = 20  # with fewer words of text, an article is a headline
_NEIGHBOUR = 0.25
_PART_MOST = 6000  # articles in one square matrix: 144 MB
_BLOCK = 512


def cluster(pieces: Sequence[Piece]) -> tuple[Group, ...]:
    """Every piece in exactly one group; known stories keep their members and are never joined to each other.

    The order of `pieces` does not matter. Groups come ordered by their first article.
    """
    if not pieces:
        return ()
    ordered = sorted(pieces, key=lambda piece: piece.article_id)
    closeness = _Closeness(ordered)
    groups = [
        _group(ordered, members)
        for part in closeness.parts()
        for members in ([part] if len(part) == 1 else _average_link(closeness.square(part), part, ordered))
    ]
    return tuple(sorted(groups, key=lambda group: group.article_ids))


def _group(pieces: Sequence[Piece], members: Sequence[int]) -> Group:
    known = {story for i in members if (story := pieces[i].story_id) is not None}
    return Group(next(iter(known), None), tuple(pieces[i].article_id for i in sorted(members)))


class _Closeness:
    """Cosine over the cut, per pair: from 1 up two articles may tell one story."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.vectors = text_vectors([piece.title for piece in pieces], [piece.text for piece in pieces])
        self.headline = np.array(
            [len(words_of(lead(piece.text, 2 * _HEADLINE_WORDS))) < _HEADLINE_WORDS for piece in pieces]
        )
        self.headline_cut = self._headline_cut()
        self.copies = contained([piece.text for piece in pieces], [piece.source_id for piece in pieces])

    def _headline_cut(self) -> float:
        """Headlines share few words: the more of them tell each story, the looser the cut that finds them.

        Two random headlines of a loud day are likelier to belong together; `crowd` measures that, as the
        number of others that are clearly alike, on average.
        """
        own = self.vectors[self.headline.nonzero()[0]]
        if not own.shape[0]:
            return TEXT_CUT
        alike = sum(int((own[start : start + _BLOCK] @ own.T >= _NEIGHBOUR).sum()) for start in _starts(own))
        crowd = max(alike / int(own.shape[0]) - 1, 0.0)
        return float(_LOUD_CUT + (TEXT_CUT - _LOUD_CUT) / (1 + crowd) ** 1.5)

    def _cuts(self, rows: Any, columns: Any) -> Any:
        return np.where(self.headline[rows] | self.headline[columns], self.headline_cut, TEXT_CUT)

    def parts(self) -> list[list[int]]:
        """The connected parts, as lists of positions; one that is too large falls apart at a stricter cut."""
        done, open_parts = [], [(list(range(len(self.pieces))), 1.0)]
        while open_parts:
            members, strictness = open_parts.pop()
            for part in self._connected(members, strictness):
                if len(part) > _PART_MOST:
                    open_parts.append((part, strictness * 1.25))
                else:
                    done.append(part)
        return done

    def _connected(self, members: list[int], strictness: float) -> list[list[int]]:
        position = {member: i for i, member in enumerate(members)}
        places = np.asarray(members)
        own = self.vectors[places]
        rows, columns = [], []
        for start in _starts(own):
            block = (own[start : start + _BLOCK] @ own[start:].T).tocoo()
            row, column = block.row + start, block.col + start
            close = block.data >= strictness * self._cuts(places[row], places[column])
            rows.append(row[close])
            columns.append(column[close])
        linked = [*self.copies, *self._known_pairs()]
        both = [(position[i], position[j]) for i, j in linked if i in position and j in position]
        rows.append(np.array([i for i, _ in both], dtype=np.int64))
        columns.append(np.array([j for _, j in both], dtype=np.int64))
        row, column = np.concatenate(rows), np.concatenate(columns)
        graph = sparse.coo_matrix((np.ones(len(row), dtype=np.int8), (row, column)), shape=(len(members),) * 2)
        count, labels = connected_components(graph, directed=False)
        found: list[list[int]] = [[] for _ in range(count)]
        for i, label in enumerate(labels):
            found[label].append(members[i])
        return found

    def _known_pairs(self) -> list[tuple[int, int]]:
        first: dict[int, int] = {}
        return [
            (first.setdefault(piece.story_id, i), i)
            for i, piece in enumerate(self.pieces)
            if piece.story_id is not None
        ]

    def square(self, part: Sequence[int]) -> Any:
        """The closeness of every pair within a part, as a dense matrix."""
        own = self.vectors[np.asarray(part)]
        close = (own @ own.T).toarray()
        places = np.asarray(part)
        close /= self._cuts(places[:, None], places[None, :])
        position = {member: i for i, member in enumerate(part)}
        for (i, j), share in self.copies.items():
            if i in position and j in position:
                a, b = position[i], position[j]
                close[a, b] = close[b, a] = max(close[a, b], (share / TEXT_CUT))
        return close


def _is_headline(piece: Piece) -> bool:
    return len(words_of(lead(piece.text, 2 * _HEADLINE_WORDS))) < _HEADLINE_WORDS


def _starts(matrix: Any) -> range:
    return range(0, matrix.shape[0], _BLOCK)


def _average_link(close: Any, part: Sequence[int], pieces: Sequence[Piece]) -> Iterator[list[int]]:
    """Join the two closest clusters until no two are at 1 or more, by Lance and Williams' recurrence."""
    clusters: list[list[int]] = [[member] for member in part]
    sizes = np.ones(len(part))

    def join(i: int, j: int) -> None:
        close[i] = (sizes[i] * close[i] + sizes[j] * close[j]) / (sizes[i] + sizes[j])
        close[:, i] = close[i]
        close[j] = close[:, j] = -np.inf
        close[i, i] = -np.inf
        sizes[i] += sizes[j]
        clusters[i] += clusters[j]
        clusters[j] = []

    np.fill_diagonal(close, -np.inf)
    first: dict[int, int] = {}
    for i, member in enumerate(part):
        story = pieces[member].story_id
        if story is not None and first.setdefault(story, i) != i:
            join(first[story], i)
    known = np.array(sorted(first.values()), dtype=np.int64)
    close[np.ix_(known, known)] = -np.inf
    best = close.argmax(axis=1)
    top = close.max(axis=1)
    while top.max() >= 1:
        i = int(top.argmax())
        j = int(best[i])
        join(i, j)
        # An average is never above both its terms: only rows that pointed at either need another look.
        again = np.flatnonzero((best == i) | (best == j) | (np.arange(len(part)) == i))
        best[again] = close[again].argmax(axis=1)
        top[again] = close[again].max(axis=1)
    return (members for members in clusters if members)
