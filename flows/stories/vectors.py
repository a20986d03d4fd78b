"""Texts as TF-IDF vectors of words and of character runs, on NumPy and SciPy (pure).

Not scikit-learn: importing it took 4 to 5 s on two cores, SciPy's sparse matrices 0.6 s, and this is the
whole of what was needed from it.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

import numpy as np
from scipy import sparse

from flows.stories.words import lead, split_words, words_of

# Measured on labelled news headlines (tests/bench/clustering.py) and on the sample feeds of the demo: a plain
# IDF (power 1) makes the very names that a much-told story turns on too cheap.
WORDS_SHARE = 0.7
HEADLINE_WORDS_SHARE = 0.5  # with a handful of words, their spellings tell as much as they do
_IDF_POWER = 0.5
_TITLE_REPEATS = 2  # a title word counts as much as two in the text
_RUN_LENGTHS = (3, 4, 5)


def text_vectors(titles: Sequence[str], texts: Sequence[str], words_share: Any = WORDS_SHARE) -> Any:
    """A sparse matrix with one row per text (titles[i], texts[i]); the product of two rows is their cosine.

    Rows mix the words of title and lead with the character runs of the title, so that "Fed" meets "Fed's".
    `words_share`, one number or one for each text, is how much of the square of a row's length is words.
    """
    of_words = np.broadcast_to(np.asarray(words_share, dtype=np.float32), (len(titles),))
    words = _tfidf(
        split_words(title) * _TITLE_REPEATS + split_words(lead(text)) for title, text in zip(titles, texts, strict=True)
    )
    runs = _tfidf(_character_runs(title) for title in titles)
    return sparse.hstack(
        [sparse.diags(np.sqrt(of_words)) @ words, sparse.diags(np.sqrt(1 - of_words)) @ runs],
        format="csr",
        dtype=np.float32,
    )


def _character_runs(title: str) -> list[str]:
    found = []
    for word in words_of(title):
        padded = f" {word} "
        for length in _RUN_LENGTHS:
            found += [padded[start : start + length] for start in range(len(padded) - length + 1)]
    return found


def _tfidf(documents: Iterable[list[str]]) -> Any:
    """Rows of length 1 (or 0 for an empty document)."""
    columns: defaultdict[str, int] = defaultdict(count().__next__)
    starts, indices, counts = [0], array("i"), array("i")
    for document in documents:
        held = Counter(document)
        indices.extend(columns[word] for word in held)
        counts.extend(held.values())
        starts.append(len(indices))
    shape = (len(starts) - 1, max(len(columns), 1))
    weights = 1 + np.log(np.asarray(counts, dtype=np.float32))
    matrix = sparse.csr_matrix((weights, indices, starts), shape=shape, dtype=np.float32)
    held_by = np.bincount(matrix.indices, minlength=shape[1])
    rarity = (np.log((1 + shape[0]) / (1 + held_by)) + 1) ** _IDF_POWER
    matrix = matrix @ sparse.diags(rarity.astype(np.float32))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    return sparse.csr_matrix(sparse.diags((1 / lengths).astype(np.float32)) @ matrix)
