"""How the stories read text: words folded to one form, and the terms that topics are made of (pure)."""

import re
from functools import lru_cache

LEAD_WORDS = 200  # an article says what it is about in its first words
_WORD = re.compile(r"\w+(?:[.'’\-]\w+)*")
_SPACE = re.compile(r"\s+")
# Scripts that put no space between words: Thai to Myanmar, Khmer, kana, and the Han characters of Chinese and Japanese.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)

_STOP = """
a about after all also an and any are as at be been before but by can could did do does for from get go goes going had
has have he her here his how i if in into is it its just like may more most my new no not now of on one
only or other our out over s said say says she should so some such t than that the their them then there
these they this those through to under up us use used using was we were what when where which while who
why will with would you your
"""
STOP_WORDS = frozenset(_STOP.split())


def words_of(text: str) -> list[str]:
    """The words of a text, casefolded, in order."""
    return _WORD.findall(text.casefold())


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """One form for singular, plural and possessive: "agents" and "agent’s" are "agent"."""
    word = word.removesuffix("'s").removesuffix("’s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def folded(text: str) -> list[str]:
    return [fold(word) for word in words_of(text)]


def content_words(text: str) -> list[str]:
    """Folded words without those that every text has."""
    return [fold(word) for word in words_of(text) if word not in STOP_WORDS]


def split_words(text: str) -> list[str]:
    """Content words; where a script has no spaces, each pair of neighbouring characters counts as a word."""
    if text.isascii():
        return content_words(text)
    found: list[str] = []
    for word in content_words(text):
        if word.isascii() or not _UNSPACED.search(word):
            found.append(word)
        else:
            found += [part for part in _UNSPACED.sub(" ", word).split() if part not in STOP_WORDS]
            for run in _UNSPACED.findall(word):
                found += [run[place : place + 2] for place in range(max(len(run) - 1, 1))]
    return found


def lead(text: str, count: int = LEAD_WORDS) -> str:
    """The first `count` words of a text, with single spaces."""
    return " ".join(_SPACE.split(text.strip(), maxsplit=count)[:count])


def names_in(names: tuple[str, ...], text: str) -> frozenset[str]:
    """Those of `names` (of one word or several) that occur in a text, in singular, plural or possessive."""
    index = _index(names)
    tokens = folded(text)
    return frozenset(
        name
        for place, token in enumerate(tokens)
        if token in index
        for term, name in index[token]
        if tokens[place : place + len(term)] == term
    )


@lru_cache(maxsize=64)
def _index(names: tuple[str, ...]) -> dict[str, list[tuple[list[str], str]]]:
    """Each name as its folded words, by the first of them."""
    index: dict[str, list[tuple[list[str], str]]] = {}
    for name in names:
        if term := folded(name):
            index.setdefault(term[0], []).append((term, name))
    return index
