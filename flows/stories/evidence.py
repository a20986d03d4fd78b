"""An article made ready for questions: where does it say this, and does it say so in this place? (pure)."""

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flows.stories.sentences import spans
from flows.stories.terms import Sort, Term, terms

REACH = 6  # terms to either side that are the surroundings of a number or a name
_NEAR = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3)  # what a match is worth by its distance
_STOP_WORTH = 0.35
_OTHER_SIDE = 0.5
_LOCAL = 0.75  # the rest is for the sentence as a whole
_LONGEST_SENTENCE = 80  # terms; what is longer is cut, so that no sentence costs more than its length
_MOST_PLACES = 60  # of one key that are compared; an article that says "1" ten thousand times has no surroundings
_COMMON = 400  # sentences: a word in more of them finds none
_BREAK = Term("\u00b6", 0, 0, Sort.WORD, True)

Place = tuple[int, int]  # from and to, in terms


class Sentence(NamedTuple):
    """A sentence as a range of terms."""

    begin: int
    end: int


@dataclass(frozen=True)
class Evidence:
    """An article's title, text and summary; made by `gather`.

    `joined` holds all keys with single spaces, `offsets` where each begins in it; `places` each key's terms;
    `sentence_of` the sentence of each term.
    """

    texts: tuple[str, ...]
    terms: tuple[Term, ...]
    part_of: tuple[int, ...]
    sentences: tuple[Sentence, ...]
    sentence_of: tuple[int, ...]
    joined: str
    offsets: tuple[int, ...]
    places: dict[str, list[int]]
    in_sentences: dict[str, list[int]]

    def said(self, begin: int, end: int) -> str:
        """The article's own words for a range of terms, on one line and not longer than 60 characters."""
        text = self.texts[self.part_of[begin]]
        said = " ".join(text[self.terms[begin].start : self.terms[end - 1].end].split())
        return said if len(said) <= 60 else said[:59] + "…"

    def find(self, keys: Sequence[str], limit: int = 20) -> list[int]:
        """Where these keys stand one after the other: the terms at which they begin."""
        sought = f" {' '.join(keys)} "
        found: list[int] = []
        at = self.joined.find(sought)
        while at >= 0 and len(found) < limit:
            found.append(bisect_left(self.offsets, at + 1))
            at = self.joined.find(sought, at + 1)
        return found

    def worth(self, term: Term) -> float:
        """How much a term tells: rare words more, those of every text little."""
        if term.stop:
            return _STOP_WORTH
        return 1.0 + min(
            1.0, 0.25 * math.log((len(self.sentences) + 1) / (len(self.in_sentences.get(term.key, ())) + 1))
        )


def gather(*texts: str) -> Evidence:
    """The parts of an article (title, text, summary) as one source. Time and memory grow with their length alone."""
    all_terms: list[Term] = []
    part_of: list[int] = []
    sentences: list[Sentence] = []
    for part, text in enumerate(texts):
        found = terms(text)
        begin = len(all_terms)
        all_terms += [*found, _BREAK]
        part_of += [part] * (len(found) + 1)
        sentences += [Sentence(begin + one.begin, begin + one.end) for one in sentences_of(text, found)]
    sentence_of = [-1] * len(all_terms)
    in_sentences: dict[str, list[int]] = defaultdict(list)
    for number, sentence in enumerate(sentences):
        sentence_of[sentence.begin : sentence.end] = [number] * (sentence.end - sentence.begin)
        for key in {term.key for term in all_terms[sentence.begin : sentence.end] if not term.stop}:
            in_sentences[key].append(number)
    places: dict[str, list[int]] = defaultdict(list)
    offsets: list[int] = []
    length = 1
    for place, term in enumerate(all_terms):
        places[term.key].append(place)
        offsets.append(length)
        length += len(term.key) + 1
    joined = f" {' '.join(term.key for term in all_terms)} "
    return Evidence(
        texts, tuple(all_terms), tuple(part_of), tuple(sentences), tuple(sentence_of), joined, tuple(offsets),
        dict(places), dict(in_sentences),
    )  # fmt: skip


def sentences_of(text: str, found: Sequence[Term]) -> list[Sentence]:
    """The sentences of a text over its terms; paragraphs end sentences, and very long ones are cut."""
    starts = [term.start for term in found]
    sentences: list[Sentence] = []
    offset = begin = 0
    for line in text.split("\n"):
        for _, end in spans(line):
            until = bisect_left(starts, offset + end)
            cuts = range(begin, until, _LONGEST_SENTENCE)
            sentences += [Sentence(cut, min(cut + _LONGEST_SENTENCE, until)) for cut in cuts]
            begin = max(begin, until)
        offset += len(line) + 1
    return sentences


def nearest_sentences(source: Evidence, asked: Sequence[Term], most: int = 8) -> list[tuple[int, float]]:
    """The sentences that share most with `asked`, each with its share (0 to 1) of what `asked` says, best first."""
    shares: Counter[int] = Counter()
    total = 0.0
    for key, worth in {term.key: source.worth(term) for term in asked if not term.stop}.items():
        total += worth
        sentences = source.in_sentences.get(key, ())
        if len(sentences) <= _COMMON:
            for number in sentences:
                shares[number] += worth  # type: ignore[assignment]  # a counter of weights
    return [(number, share / total) for number, share in shares.most_common(most)]


class Surroundings:
    """The surroundings of one place of a blurb, compared with places of the article: 0 is nothing in common, 1 all."""

    def __init__(
        self, source: Evidence, sentence: Sequence[Term], begin: int, end: int, shares: dict[int, float]
    ) -> None:
        self.source, self.shares = source, shares
        self.sides = (
            [(t.key, source.worth(t)) for t in reversed(sentence[max(0, begin - REACH) : begin])],
            [(t.key, source.worth(t)) for t in sentence[end : end + REACH]],
        )
        self.whole = sum(worth * near for side in self.sides for (_, worth), near in zip(side, _NEAR, strict=False))

    def likeness(self, begin: int, end: int) -> float:
        """How like the surroundings of the article's terms from `begin` to `end` are."""
        theirs = self.source.terms
        before = [term.key for term in reversed(theirs[max(0, begin - REACH) : begin])]
        after = [term.key for term in theirs[end : end + REACH]]
        alike = 0.0
        for side, same, other in ((self.sides[0], before, after), (self.sides[1], after, before)):
            for distance, (key, worth) in enumerate(side):
                if key in same:
                    alike += worth * _NEAR[max(distance, same.index(key))]
                elif key in other:
                    alike += worth * _NEAR[max(distance, other.index(key))] * _OTHER_SIDE
        local = alike / self.whole if self.whole else 1.0
        share = self.shares.get(self.source.sentence_of[begin], 0.0) if self.shares else 1.0
        return _LOCAL * local + (1 - _LOCAL) * share

    def best(self, places: Iterable[Place]) -> tuple[float, Place | None]:
        """The likest of these places; (0, None) where there is none."""
        likest: tuple[float, Place | None] = (0.0, None)
        for place in places:
            if (likeness := self.likeness(*place)) > likest[0] or likest[1] is None:
                likest = (likeness, place)
        return likest


def some(source: Evidence, places: Sequence[int], near: Iterable[int]) -> list[int]:
    """At most 60 of a key's places: the first, and those in the sentences `near`."""
    if len(places) <= _MOST_PLACES:
        return list(places)
    chosen = set(places[: _MOST_PLACES // 2])
    for number in near:
        sentence = source.sentences[number]
        chosen.update(places[bisect_left(places, sentence.begin) : bisect_right(places, sentence.end)][:_MOST_PLACES])
    return sorted(chosen)
