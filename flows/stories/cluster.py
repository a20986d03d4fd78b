"""Articles gathered into stories: near-duplicates, copies, and reports of the same event (pure).

Average-link clustering (linkage.py) of how close articles are (closeness.py). What enters it are nodes: a known
story, or the articles with one and the same title and text, or one article.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from flows.stories.closeness import Closeness, nodes_by_tellings
from flows.stories.linkage import LOOSEST, average_link
from flows.stories.pieces import Group, Piece

_PART_MOST = 6000  # nodes or tellings in one square matrix: 144 MB, and three are held at a time
_STRICTER = 1.25


@dataclass(frozen=True)
class _Node:
    """Articles, by position, that stay together whatever comes; `story_id` if they are a known story."""

    members: tuple[int, ...]
    story_id: int | None


def cluster(pieces: Sequence[Piece], apart: Iterable[tuple[int, int]] = ()) -> tuple[Group, ...]:
    """Every piece in exactly one group; known stories keep their members and are never joined to each other.

    `apart` are pairs of article ids that an editor has separated: they never end in one group, whatever lies
    between them. Only a pair whose articles have the same `story_id` already stays, as the later decision.
    The order of `pieces` does not matter. Groups come ordered by their first article.
    """
    if not pieces:
        return ()
    ordered = sorted(pieces, key=lambda piece: piece.article_id)
    place = {piece.article_id: i for i, piece in enumerate(ordered)}
    split = [(place[a], place[b]) for a, b in apart if a != b and a in place and b in place]
    closeness = Closeness.of(ordered)
    nodes = _nodes(ordered, closeness, set(chain.from_iterable(split)))
    groups = [
        _group(ordered, [nodes[i] for i in found])
        for part in _parts(nodes, closeness)
        for found in _joined(part, nodes, closeness, split)
    ]
    return tuple(sorted(groups, key=lambda group: group.article_ids))


def _group(pieces: Sequence[Piece], nodes: Sequence[_Node]) -> Group:
    known = next((node.story_id for node in nodes if node.story_id is not None), None)
    return Group(known, tuple(pieces[i].article_id for i in sorted(chain.from_iterable(n.members for n in nodes))))


def _nodes(pieces: Sequence[Piece], closeness: Closeness, alone: Collection[int]) -> list[_Node]:
    """The nodes by their first article. Articles without a word, or in `alone`, are like no other."""
    empty = np.diff(closeness.vectors.indptr) == 0
    held: dict[tuple[str, int], list[int]] = {}
    for i, piece in enumerate(pieces):
        telling = int(closeness.telling[i])
        if piece.story_id is not None:
            held.setdefault(("story", piece.story_id), []).append(i)
        elif i in alone or empty[telling]:
            held["article", i] = [i]
        else:
            held.setdefault(("telling", telling), []).append(i)
    return [_Node(tuple(members), pieces[members[0]].story_id) for members in held.values()]


def _parts(nodes: Sequence[_Node], closeness: Closeness) -> Iterator[list[int]]:
    """The nodes in lots that fit in a square matrix, as lists of positions.

    Only more than `_PART_MOST` fall into parts: those that are connected by pairs at the loosest cut or above,
    which average link could not join anyway, and at stricter cuts as long as they are too large.
    """
    tellings = [sorted({int(closeness.telling[i]) for i in node.members}) for node in nodes]
    waiting, least = [list(range(len(nodes)))], LOOSEST
    while waiting:
        fit = [part for part in waiting if _size(part, tellings) <= _PART_MOST or least > 1]
        yield from fit
        large = [part for part in waiting if _size(part, tellings) > _PART_MOST and least <= 1]
        if not large:
            return
        links = closeness.links(least)
        waiting = [smaller for part in large for smaller in _connected(part, tellings, links, len(closeness.headline))]
        least *= _STRICTER


def _size(part: Sequence[int], tellings: Sequence[Sequence[int]]) -> int:
    return max(len(part), len({t for i in part for t in tellings[i]}))


def _connected(
    part: Sequence[int], tellings: Sequence[Sequence[int]], links: tuple[Any, Any], count: int
) -> list[list[int]]:
    bound = [(tellings[i][0], other) for i in part for other in tellings[i][1:]]
    rows = np.concatenate([links[0], np.array([a for a, _ in bound], dtype=np.int64)])
    columns = np.concatenate([links[1], np.array([b for _, b in bound], dtype=np.int64)])
    inside = np.zeros(count, dtype=np.bool_)
    inside[[t for i in part for t in tellings[i]]] = True
    both = inside[rows] & inside[columns]
    graph = sparse.coo_matrix((np.ones(both.sum(), dtype=np.int8), (rows[both], columns[both])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    found: dict[int, list[int]] = {}
    for i in part:
        found.setdefault(int(labels[tellings[i][0]]), []).append(i)
    return list(found.values())


def _joined(
    part: Sequence[int], nodes: Sequence[_Node], closeness: Closeness, split: Sequence[tuple[int, int]]
) -> list[list[int]]:
    """The groups that average link makes of a part, as lists of positions of nodes."""
    if len(part) == 1:
        return [list(part)]
    counts = [Counter(closeness.telling[list(nodes[i].members)].tolist()) for i in part]
    tellings = np.array(sorted(set(chain.from_iterable(counts))))
    square = closeness.square(tellings)
    own = np.diagonal(square).copy()
    mean = nodes_by_tellings(counts, tellings)
    # The average cosine of two nodes is the average over the pairs of their articles.
    alone = [list(count) for count in counts] == [[telling] for telling in tellings]
    close = square if alone else mean @ (mean @ square).T
    sizes = np.array([len(nodes[i].members) for i in part], dtype=np.float64)
    inner = (np.diagonal(close) * sizes**2 - (mean @ own) * sizes) / 2
    terse = [sum(n for t, n in count.items() if closeness.headline[t]) for count in counts]
    found = average_link(close, sizes, inner, terse, never=_never(part, nodes, split))
    return [[part[i] for i in group] for group in found]


def _never(part: Sequence[int], nodes: Sequence[_Node], split: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pairs of positions within a part that must stay apart: those split by hand, and two known stories."""
    holder = {member: i for i, node in enumerate(part) for member in nodes[node].members}
    yield from ((holder[a], holder[b]) for a, b in split if a in holder and b in holder and holder[a] != holder[b])
    yield from combinations([i for i, node in enumerate(part) if nodes[node].story_id is not None], 2)
