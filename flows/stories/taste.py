"""The words an editor chooses by, learned from what she took and what she left (pure).

Each word gets the log-odds of being chosen that its stories had, against those of its edition's others, drawn
to nothing while the word is rare: a naive Bayes model over words, on the odds' own scale.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, tanh
from types import MappingProxyType

from flows.stories.words import lead, split_words

# A word counts as if so many of its stories had been chosen at the usual rate. Of 4, 10, 20 and 40, few prior
# stories did worst on both newsletters of tests/bench/ranking.py; beyond 20 it hardly matters.
_PRIOR_STORIES = 20.0
_HALFWAY = 1.5  # so many log-odds together make three quarters of the full value
_LEAD_WORDS = 40
_LEAD_SHARE = 0.3  # a word of the lead alone says this much of what one in the title does
_FEWEST = 2  # stories a word must have been in
_WORDS_SHOWN = 3
_RATE_LEAST = 0.01  # log-odds have no end; where all or nothing is chosen, no word says anything
_WORD_COUNTS = 0.05  # log-odds; a word that moves less is not named


@dataclass(frozen=True)
class Tasted:
    """A story of a past edition, as it read and as it was decided."""

    title: str
    lead: str
    chosen: bool
    edition_number: int


@dataclass(frozen=True)
class Taste:
    """The log-odds each word adds; `of` gives a story's taste. Words are folded as `words.fold` folds them."""

    words: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, title: str, text: str) -> tuple[float, tuple[str, ...]]:
        """From -1 (all words of stories left) to 1, and the words that moved it most that way, most first."""
        if not self.words:
            return 0.0, ()
        moved = {word: self.words[word] * share for word, share in _terms(title, text).items() if word in self.words}
        value = tanh(sum(moved[word] for word in sorted(moved)) / _HALFWAY)
        sign = 1 if value >= 0 else -1
        helped = sorted((-sign * points, word) for word, points in moved.items() if sign * points >= _WORD_COUNTS)
        return value, tuple(word for _, word in helped[:_WORDS_SHOWN])


NO_TASTE = Taste()


def learn_taste(stories: Sequence[Tasted]) -> Taste:
    """What the words of these stories say of being chosen. Stories of one edition are compared with each other."""
    usual = _rates(stories)
    held: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for story in stories:
        rate = usual[story.edition_number]
        for word, share in _terms(story.title, story.lead).items():
            sums = held[word]
            sums[0] += share * story.chosen
            sums[1] += share * rate
            sums[2] += share
    words = {
        word: round(_log_odds(chosen, expected, count), 4)
        for word, (chosen, expected, count) in sorted(held.items())
        if count >= _FEWEST
    }
    return Taste(MappingProxyType(words))


def _rates(stories: Iterable[Tasted]) -> dict[int, float]:
    """The share chosen of each edition."""
    sums: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for story in stories:
        sums[story.edition_number][0] += story.chosen
        sums[story.edition_number][1] += 1
    return {number: chosen / count for number, (chosen, count) in sums.items()}


def _log_odds(chosen: float, expected: float, count: float) -> float:
    """How much likelier its stories were than the others of their editions, shrunken."""
    rate = expected / count
    return _odds((chosen + _PRIOR_STORIES * rate) / (count + _PRIOR_STORIES)) - _odds(rate)


def _odds(rate: float) -> float:
    held = min(max(rate, _RATE_LEAST), 1 - _RATE_LEAST)
    return log(held / (1 - held))


def _terms(title: str, text: str) -> dict[str, float]:
    return dict.fromkeys(split_words(lead(text, _LEAD_WORDS)), _LEAD_SHARE) | dict.fromkeys(split_words(title), 1.0)
