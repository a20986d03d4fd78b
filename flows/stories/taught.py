"""A small filter taught by what senior editors marked as unsuitable: naive Bayes over words (pure, deterministic).

Each word of title and lead speaks for "unsuitable" as much as it was oftener in stories marked so than in fine
ones; a rare word says little. Every example is then judged by the others alone (its own words taken back out of the
counts), and the filter flags only above a score where those judgements were right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, inf

import numpy as np
from numpy.typing import NDArray

from flows.stories.words import content_words, fold, lead, words_of

_FEWEST, _FEWEST_OF_A_KIND = 20, 5
_LEAD_WORDS = 60
_LEAST_STORIES = 2  # a word of one story alone is that story's own
_PRIOR = 1.0  # a word counts as if one story more of each kind had held it at the usual rate
_PRECISION = 0.75  # of what it flags: (right + 1) / (flagged + 2), which three of three reach
_BY_LUCK = 0.01  # so rarely may flags at random be as right
_WORDS_SHOWN = 3

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A story, and whether a senior editor marked it as unsuitable."""

    title: str
    text: str
    unsuitable: bool


@dataclass(frozen=True)
class TaughtFilter:
    """What each word adds to a story's score, and the score from which it flags (infinite: it never does).

    `summary` says what it was taught by, and how it judged those stories, each by the others alone.
    """

    words: Mapping[str, float]
    threshold: float
    summary: str

    def score(self, title: str, text: str) -> float:
        """The log-odds that the story's words add for "unsuitable"."""
        return sum(self.words.get(word, 0.0) for word in _terms(title, text))

    def says(self, title: str, text: str) -> str:
        """Why it flags a story ("like stories you flagged: layoffs, lawsuit"); "" if it does not."""
        if self.score(title, text) < self.threshold:
            return ""
        moved = sorted((-self.words.get(word, 0.0), word) for word in _terms(title, text))
        as_written = {fold(word): word for word in reversed(words_of(f"{title} {lead(text, _LEAD_WORDS)}"))}
        shown = [as_written[word] for points, word in moved[:_WORDS_SHOWN] if points < 0]
        return f"like stories you flagged: {', '.join(shown)}"


def teach(examples: Sequence[Example]) -> TaughtFilter | None:
    """A filter from marked stories, the same for the same ones in any order.

    None for fewer than 20 examples, or fewer than 5 of either kind.
    """
    unsuitable = sum(one.unsuitable for one in examples)
    if len(examples) < _FEWEST or min(unsuitable, len(examples) - unsuitable) < _FEWEST_OF_A_KIND:
        return None
    stories = _Stories(examples)
    threshold, right, flagged_count = _threshold(stories.scores_by_the_others(), stories.unsuitable)
    told = f"Taught by {len(examples)} stories, {unsuitable} of them unsuitable: "
    if threshold == inf:
        told += "their words do not tell one kind from the other, so it flags nothing yet."
    else:
        told += f"judged by the others alone, it flags {flagged_count} of them, {right} rightly."
    return TaughtFilter(stories.weights(), threshold, told)


class _Stories:
    """The examples as pairs of (story, word), and how many stories of each kind hold each word."""

    def __init__(self, examples: Sequence[Example]) -> None:
        told = sorted((sorted(_terms(one.title, one.text)), one.unsuitable) for one in examples)
        self.names = sorted({word for terms, _ in told for word in terms})
        places = {word: place for place, word in enumerate(self.names)}
        self.unsuitable = np.array([unsuitable for _, unsuitable in told], dtype=bool)
        self._story = np.array([row for row, (terms, _) in enumerate(told) for _ in terms], dtype=np.int64)
        self._word = np.array([places[word] for terms, _ in told for word in terms], dtype=np.int64)
        bad = self._word[self.unsuitable[self._story]]
        self._bad: Counts = np.bincount(bad, minlength=len(self.names))
        self._all: Counts = np.bincount(self._word, minlength=len(self.names))

    def weights(self) -> dict[str, float]:
        """What each word adds; words that add nothing are left out."""
        bad, everyone = int(self.unsuitable.sum()), len(self.unsuitable)
        points = _log_odds(self._bad, self._all, bad, everyone)
        return {word: float(value) for word, value in zip(self.names, points, strict=True) if value}

    def scores_by_the_others(self) -> Numbers:
        """Each story's score, had the filter been taught by all the others: exact, for counts can be taken back."""
        own_bad = self.unsuitable[self._story]
        points = _log_odds(
            self._bad[self._word] - own_bad,
            self._all[self._word] - 1,
            int(self.unsuitable.sum()) - own_bad,
            len(self.unsuitable) - 1,
        )
        sums = np.bincount(self._story, weights=points, minlength=len(self.unsuitable))
        return np.asarray(sums, dtype=np.float64)


def _log_odds(bad: Counts, everyone: Counts, bad_stories: Counts | int, stories: int) -> Numbers:
    """log(share of unsuitable stories with the word / share of fine ones), both drawn to its share of all."""
    usual = everyone / stories
    in_bad = (bad + _PRIOR * usual) / (bad_stories + _PRIOR)
    in_fine = (everyone - bad + _PRIOR * usual) / (stories - bad_stories + _PRIOR)
    known = everyone >= _LEAST_STORIES
    points = np.log(np.where(known, in_bad, 1.0) / np.where(known, in_fine, 1.0))
    return np.asarray(np.round(points, 6), dtype=np.float64)


def _threshold(scores: Numbers, unsuitable: NDArray[np.bool_]) -> tuple[float, int, int]:
    """The score from which flags find most while being right, with how many were right of how many flagged.

    Half-way down to the next score below, for no story scores exactly as an example did. Never below 0.
    """
    order = np.argsort(-scores, kind="stable")
    best: tuple[float, int, int] = (inf, 0, 0)
    base = float(unsuitable.mean())
    right = 0
    for count, place in enumerate(order, start=1):
        right += int(unsuitable[place])
        here = float(scores[place])
        below = float(scores[order[count]]) if count < len(order) else here - 1
        if here <= 0:
            break
        if below < here and right > best[1] and _is_good(right, count, base):
            best = (max((here + below) / 2, 0.0), right, count)
    return best


def _is_good(right: int, count: int, base: float) -> bool:
    return (right + 1) / (count + 2) >= _PRECISION and _at_random(right, count, base) <= _BY_LUCK


def _at_random(right: int, count: int, base: float) -> float:
    """How likely `count` flags at random are at least as often right."""
    if count > 60:  # then the precision that is asked for says more than chance does
        expected, spread = count * base, (count * base * (1 - base)) ** 0.5
        return 0.0 if right > expected + 3 * spread else 1.0
    return sum(comb(count, hits) * base**hits * (1 - base) ** (count - hits) for hits in range(right, count + 1))


def _terms(title: str, text: str) -> tuple[str, ...]:
    """The different content words of title and lead, in order of the alphabet."""
    return tuple(sorted(set(content_words(title)) | set(content_words(lead(text, _LEAD_WORDS)))))
