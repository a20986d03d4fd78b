"""What is doubted in a blurb, and the sentence of it in hand beside its article (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flows.stories.evidence import Evidence, Place, Sentence, Surroundings
from flows.stories.quotations import Marked
from flows.stories.terms import Sort, Term

MARGIN = 0.1  # by so much must another value fit a place better before the one that stands there is doubted


class ClaimKind(StrEnum):
    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    QUOTATION = "quotation"
    NEGATION = "negation"
    ANTONYM = "antonym"


@dataclass(frozen=True)
class Claim:
    """`text[start:end]` of a blurb, which the article does not support.

    `doubt` is between 0 and 1, `why` a sentence for the editor.
    """

    kind: ClaimKind
    text: str
    start: int
    end: int
    doubt: float
    why: str


@dataclass(frozen=True)
class Source:
    """An article, read once for any number of blurbs; made by `index`.

    `acronyms` are the first letters of its runs of names, `quoted` its quotations; `names_apply` is False where
    capitals do not tell names from other words.
    """

    evidence: Evidence
    acronyms: frozenset[str]
    quoted: tuple[Marked, ...]
    names_apply: bool


@dataclass(frozen=True)
class Reader:
    """A sentence of a blurb; `near` are the article's sentences most like it, with their shares of what it says."""

    text: str
    terms: Sequence[Term]
    article: Source
    sentence: Sentence
    near: dict[int, float]

    @property
    def source(self) -> Evidence:
        return self.article.evidence

    def claim(self, kind: ClaimKind, place: Place, doubt: float, why: str) -> Claim:
        start, end = self.terms[place[0]].start, self.terms[place[1] - 1].end
        return Claim(kind, self.text[start:end], start, end, round(min(max(doubt, 0.0), 1.0), 3), why)

    def around(self, begin: int, end: int) -> Surroundings:
        own = self.terms[self.sentence.begin : self.sentence.end]
        return Surroundings(self.source, own, begin - self.sentence.begin, end - self.sentence.begin, self.near)


def said_in(reader: Reader, begin: int, end: int) -> str:
    """The blurb's own words for a range of its terms, on one line."""
    return " ".join(reader.text[reader.terms[begin].start : reader.terms[end - 1].end].split())


def there_in(source: Evidence, place: Place) -> str:
    """The article's own words for a place, with the unit that follows."""
    begin, end = place
    if end < len(source.terms) and source.terms[end].sort is Sort.UNIT:
        end += 1
    return source.said(begin, end)


def elsewhere(reader: Reader, place: Place, rival: Place) -> str:
    """Why a value or name that the article has is doubted in this place."""
    said, there = said_in(reader, *place), there_in(reader.source, rival)
    return f"The article has “{said}”, but in a place like this it says “{there}”."
