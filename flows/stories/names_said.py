"""Names in a text: runs of capitalised words, acronyms and product names; none in scripts without case (pure)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from flows.stories.evidence import Evidence, Sentence
from flows.stories.terms import Sort, Term
from flows.stories.words import STOP_WORDS

_TELLING_SHARE = 0.4  # of a sentence's words: with more capitals, capitals tell nothing (headlines, German)
_CAPITAL_SHARE = 0.3  # of an article's words within sentences: with more, every noun has one
_ADJECTIVES = ("n", "an", "ian", "ese", "i", "ic", "ish", "s", "ns", "ans", "ians", "ean", "eans", "ite", "er")
_COMMON_ENDS = ("ly", "ing", "ed", "ers", "ors", "ists", "ions", "ies", "ments", "ants", "ents", "ness", "als")
_OPENING_WORDS = """
although because since while when where after before once if unless despite during until though whether however
therefore moreover meanwhile furthermore additionally instead indeed then thus hence also besides finally first second
third last next later earlier today yesterday tomorrow tonight recently currently now here there this that these those
each every both either neither many most much more some several few all any none one two three other another such what
which who whose why how let see read consider note given thanks according based using with without within under over
between among across through throughout against along about above below behind beyond near toward towards upon via
despite except like unlike as at by for from in into of off on onto out to up yes no not never nothing nobody everyone
everybody everything someone something anyone anything people officials police researchers scientists experts critics
it its he she they we you i his her their our your my an a the and but or so yet nor even just only still perhaps maybe
again overall together further early late new old good great big small high low long short mr mrs ms dr sir please sorry
quite rather almost nearly half whole full own same different better best worse worst easy hard free open fresh live
meet make get take try watch learn build use run set find tell say ask look think know want need keep give go come
inside outside around toward notes news story stories week month year day how's what's here's there's let's
don didn doesn isn wasn won can could will would shall should may might must do does did have has had is are was were be
"""
_OPENERS = frozenset(_OPENING_WORDS.split())
_TITLE_WORDS = "mr mrs ms dr prof sir president minister senator professor judge chief ceo king queen pope"
_TITLES = frozenset(_TITLE_WORDS.split())


class Name(NamedTuple):
    """A run of terms. `is_soft`: the capitals may have another reason than a name (the sentence begins here)."""

    begin: int
    end: int
    is_soft: bool


def case_tells(source: Evidence) -> bool:
    """Whether a capital within a sentence of this article is a sign of a name: not so in German."""
    within = [
        term.capital
        for sentence in source.sentences[:200]
        for term in source.terms[sentence.begin + 1 : sentence.end]
        if term.sort is Sort.WORD and len(term.key) > 1
    ]
    return not within or sum(within) / len(within) <= _CAPITAL_SHARE


def names_in(text: str, found: Sequence[Term], sentence: Sentence) -> list[Name]:
    """The names of a sentence as ranges of `found`."""
    words = [t for t in found[sentence.begin : sentence.end] if t.sort is Sort.WORD and not t.stop]
    is_loud = len(words) > 3 and sum(term.capital for term in words) > _TELLING_SHARE * 2 * len(words)
    names: list[Name] = []
    place = sentence.begin
    while place < sentence.end:
        if not _is_name(text, found, place):
            place += 1
            continue
        begin = place
        place += 1
        while place < sentence.end and _goes_on(text, found, place):
            place += 1
        is_first = begin == sentence.begin or text[found[begin].start - 1 : found[begin].start] in set("\"“‘'([:«„")
        is_telling = place - begin == 1 and has_inner_capital(text, found[begin])
        names.append(Name(begin, place, (is_first or is_loud) and not is_telling))
    return names


def has_inner_capital(text: str, term: Term) -> bool:
    """Acronyms and product names: "UN", "OpenAI", "iPhone"."""
    return any(character.isupper() for character in text[term.start + 1 : term.end])


def _is_name(text: str, found: Sequence[Term], place: int) -> bool:
    term = found[place]
    if term.sort is not Sort.WORD or len(term.key) < 2:
        return False
    if has_inner_capital(text, term):
        return True
    return term.capital and not term.stop and text[term.start : term.end].casefold() not in STOP_WORDS


def _goes_on(text: str, found: Sequence[Term], place: int) -> bool:
    gap = text[found[place - 1].end : found[place].start]
    if gap not in {" ", "-", "\u00a0", "‑", ". "}:
        return False
    if gap == ". " and found[place - 1].end - found[place - 1].start > 3:
        return False
    term = found[place]
    is_initial = term.sort is Sort.WORD and term.capital and len(term.key) == 1
    return is_initial or _is_name(text, found, place)


def is_common(word: str) -> bool:
    """Whether a word (lower case) at the beginning of a sentence is more likely a common word than a name."""
    stem = re.split(r"['’]", word, maxsplit=1)[0]  # "here" of "here’s"
    return stem in _OPENERS or stem in STOP_WORDS or stem.endswith(_COMMON_ENDS)


def knows(source: Evidence, key: str, acronyms: frozenset[str]) -> bool:
    """Whether an article has a name's word, its country or people ("Russia", "Russian"), or what it abbreviates."""
    if key in source.places or key in _TITLES or key in acronyms:
        return True
    return any(
        (key.endswith(end) and len(key) - len(end) >= 4 and key[: -len(end)] in source.places)
        or (len(key) >= 4 and key + end in source.places)
        for end in _ADJECTIVES
    )


def acronyms_of(source: Evidence) -> frozenset[str]:
    """The first letters of each run of two to five capitalised words: "un" for United Nations."""
    made: set[str] = set()
    run: list[str] = []
    for term in source.terms:
        if term.sort is Sort.WORD and term.capital and len(term.key) > 1:
            run = [*run[-4:], term.key[0]]
            made.update("".join(run[start:]) for start in range(len(run) - 1))
        elif not (term.stop and term.key in {"of", "the", "and", "for"}):
            run = []
    return frozenset(made)


def source_names(source: Evidence, sentences: Sequence[int]) -> list[Name]:
    """The names in some of an article's sentences, as ranges of its terms."""
    names: list[Name] = []
    for number in sentences:
        sentence = source.sentences[number]
        text = source.texts[source.part_of[sentence.begin]]
        names += [
            name
            for name in names_in(text, source.terms, sentence)
            if not (name.is_soft and name.end - name.begin == 1 and is_ordinary(source, name.begin))
        ]
    return names


def is_ordinary(source: Evidence, place: int) -> bool:
    """Whether the article has the word without a capital too, or whether it is one that begins sentences."""
    term = source.terms[place]
    return is_common(term.key) or any(not source.terms[other].capital for other in source.places[term.key][:20])
