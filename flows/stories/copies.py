"""Copies of a text, whole, shortened or edited, found by the runs of five words they share (pure)."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
from scipy import sparse

from flows.stories.words import words_of

SHINGLE_WORDS = 5
SHINGLES_MIN = 15  # a shorter text shares a sentence by chance
WORDS_READ = 3000
CONTAINED = 0.25  # measured: finds truncated and edited copies without one false pair of 34,191
_OWN_BOILERPLATE = 3  # a run in so many texts of one source is that source's footer
_KNOWN_EVERYWHERE = 60  # a run in so many texts of all says nothing


def contained(texts: Sequence[str], sources: Sequence[int]) -> dict[tuple[int, int], float]:
    """The share of the shorter text's word runs that the longer one holds, by pair (i < j).

    A round-up, which holds pieces of several texts that share nothing with each other, is nobody's copy.
    """
    rows, hashes = _shingles(texts)
    if not len(hashes):
        return {}
    _, columns, times = np.unique(hashes, return_inverse=True, return_counts=True)
    sizes = np.bincount(rows, minlength=len(texts))
    common = times[columns] > 1  # the rest, by far the most, counts for the size of its text alone
    rows, columns = rows[common], columns[common]
    if not len(rows):
        return {}
    marked = _boilerplate(rows, columns, np.asarray(sources))
    sizes -= np.bincount(rows[marked], minlength=len(texts))
    return _without_roundups(_pairs(rows[~marked], columns[~marked], sizes))


def _shingles(texts: Sequence[str]) -> tuple[Any, Any]:
    """Row numbers and 64-bit hashes of the distinct runs of each text."""
    numbers: defaultdict[str, int] = defaultdict(count(1).__next__)
    rows, hashes = [], []
    for row, text in enumerate(texts):
        words = [numbers[word] for word in words_of(text)[:WORDS_READ]]
        if len(words) < SHINGLES_MIN + SHINGLE_WORDS - 1:
            continue
        found = np.unique(_rolling(np.asarray(words, dtype=np.uint64)))
        rows.append(np.full(len(found), row, dtype=np.int32))
        hashes.append(found)
    if not rows:
        return np.zeros(0, np.int32), np.zeros(0, np.uint64)
    return np.concatenate(rows), np.concatenate(hashes)


def _rolling(words: Any) -> Any:
    runs = len(words) - SHINGLE_WORDS + 1
    total = np.zeros(runs, dtype=np.uint64)
    for offset in range(SHINGLE_WORDS):
        total = total * np.uint64(0x9E3779B97F4A7C15) + words[offset : offset + runs]  # wraps at 2**64
    return total


def _boilerplate(rows: Any, columns: Any, sources: Any) -> Any:
    """Marks the entries whose run is a source's footer, or known everywhere."""
    everywhere = np.bincount(columns) >= _KNOWN_EVERYWHERE
    of_source = columns.astype(np.int64) * (int(sources.max()) + 1) + sources[rows]
    _, which, times = np.unique(of_source, return_inverse=True, return_counts=True)
    marked: Any = everywhere[columns] | (times[which] >= _OWN_BOILERPLATE)
    return marked


def _pairs(rows: Any, columns: Any, sizes: Any) -> dict[tuple[int, int], float]:
    if not len(rows):
        return {}
    ones = np.ones(len(rows), dtype=np.float32)
    held = sparse.csr_matrix((ones, (rows, columns)), shape=(len(sizes), int(columns.max()) + 1))
    shared = sparse.triu(held @ held.T, k=1).tocoo()
    smaller = np.minimum(sizes[shared.row], sizes[shared.col])
    share = shared.data / np.maximum(smaller, 1)
    good = (share >= CONTAINED) & (smaller >= SHINGLES_MIN)
    return {
        (int(i), int(j)): float(value)
        for i, j, value in zip(shared.row[good], shared.col[good], share[good], strict=True)
    }


def _without_roundups(pairs: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    partners: dict[int, set[int]] = {}
    for i, j in pairs:
        partners.setdefault(i, set()).add(j)
        partners.setdefault(j, set()).add(i)
    roundups = {
        text
        for text, others in partners.items()
        if len(others) > 1 and not any(partners[one] & others for one in others)
    }
    return {pair: share for pair, share in pairs.items() if not roundups & set(pair)}
