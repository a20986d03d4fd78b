"""How like a story is to one that ran before (pure)."""

from collections.abc import Sequence

from flows.stories.vectors import text_vectors

_BLOCK = 1024


def nearest(new: Sequence[tuple[str, str]], old: Sequence[tuple[str, str]]) -> list[tuple[float, int]]:
    """For each (title, text) of `new`: the highest cosine with one of `old`, and its place there.

    `old` must not be empty.
    """
    if not new:
        return []
    everything = [*new, *old]
    vectors = text_vectors([title for title, _ in everything], [text for _, text in everything])
    past = vectors[len(new) :].T.tocsr()
    found: list[tuple[float, int]] = []
    for start in range(0, len(new), _BLOCK):
        close = (vectors[start : min(start + _BLOCK, len(new))] @ past).toarray()
        best = close.argmax(axis=1)
        found += [(float(row[place]), int(place)) for row, place in zip(close, best, strict=True)]
    return found
