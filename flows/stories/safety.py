"""Which stories a senior editor sees before they may be chosen: listed words, and what the team has taught (pure).

A flag is a reason to look, never a verdict: it holds a story back until a person has decided.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flows.stories.taught import Example, TaughtFilter, teach
from flows.stories.words import names_in

__all__ = ["Example", "Flag", "TaughtFilter", "flagged", "teach"]

_WORDS_SHOWN = 5
_DASH = re.compile(r"[-\u2010-\u2015]")


@dataclass(frozen=True)
class Flag:
    """A reason to look: its kind ("brand safety", "taught"), and what was found, in words."""

    kind: str
    words: str


def flagged(title: str, text: str, *, words: Sequence[str], filter: TaughtFilter | None) -> tuple[Flag, ...]:  # noqa: A002
    """Why a story needs a senior editor; empty if nothing speaks against it.

    `words` are words and phrases, found in title and text in singular, plural or possessive, never inside another
    word. A hyphen parts words: "self-harm" and "self harm" are the same. A single word listed in capitals ("ICE")
    is found in capitals only.
    """
    found = []
    if said := _listed(title, text, tuple(words)):
        found.append(Flag("brand safety", said))
    if filter is not None and (said := filter.says(title, text)):
        found.append(Flag("taught", said))
    return tuple(found)


def _listed(title: str, text: str, words: tuple[str, ...]) -> str:
    """Which listed words occur and where: "“layoffs” in the title; “fraud” in the text"; "" if none does."""
    in_title = _found(words, title)
    in_text = [word for word in _found(words, text) if word not in in_title]
    parts = [f"{_named(found)} in the {where}" for found, where in ((in_title, "title"), (in_text, "text")) if found]
    return "; ".join(parts)


def _found(words: tuple[str, ...], text: str) -> list[str]:
    plain = _plain(text)
    spoken, acronyms = _sorted_out(words)
    names = names_in(tuple(spoken), plain)
    return sorted({spoken[name] for name in names} | {word for word in acronyms if _acronym(word).search(plain)})


@lru_cache(maxsize=64)
def _sorted_out(words: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Words and phrases as they are looked for, each with the way it is listed; and those in capitals."""
    listed = [word.strip() for word in words if word.strip()]
    acronyms = tuple(word for word in listed if len(word) > 1 and word.isalpha() and word.isupper())
    spoken: dict[str, str] = {}
    for word in listed:
        if word not in acronyms:
            spoken.setdefault(_plain(word), word)
    return spoken, acronyms


@lru_cache(maxsize=1000)
def _acronym(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(_plain(word))}(?:['’]?s)?(?!\w)")


def _plain(text: str) -> str:
    """Without letters that do not show (they hide words from a list), and with hyphens as spaces."""
    shown = "".join(letter for letter in text if letter.isascii() or unicodedata.category(letter) != "Cf")
    return _DASH.sub(" ", unicodedata.normalize("NFKC", shown))


def _named(words: Sequence[str]) -> str:
    """“a”, “b” and “c”; of many, the first five and how many more."""
    shown = [f"“{word}”" for word in words[:_WORDS_SHOWN]]
    if len(words) > _WORDS_SHOWN:
        return f"{', '.join(shown)} and {len(words) - _WORDS_SHOWN} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
