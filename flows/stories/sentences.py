"""Where sentences end: full stops inside abbreviations, numbers and quotations do not end one (pure)."""

import re
from collections.abc import Iterator

# Written so that a run of marks is read once, from its first: a page may hold half a million full stops.
_END = re.compile(r"(?:(?<![.!?…])[.!?…]++[\"”’»)\]]*+(?=\s)|[。！？]++[」』”]*+)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Inc|Ltd|Corp|Co|vs|etc|e\.g|i\.e|cf|al|approx|ca|no|No"
    r"|Nos|Fig|Figs|Eq|Sec|Ch|Vol|pp?|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|U\.S|U\.K|E\.U|a\.m|p\.m|z\.B|d\.h)\.$|^\d{1,2}\.$"
)
_TAIL = 12  # characters before a full stop that can make it an abbreviation's; the longest has seven
_SEEN = re.compile(r"\S")


def split(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph on one line, without the space around them."""
    for start, end in spans(paragraph):
        yield paragraph[start:end]


def spans(paragraph: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends, in characters, without the space around it."""
    start = 0
    for match in _END.finditer(paragraph):
        end = match.end()
        following = _SEEN.search(paragraph, end)
        if (following and following[0].islower()) or _ABBREVIATION.search(paragraph[max(start, end - _TAIL) : end]):
            continue
        yield _stripped(paragraph, start, end)
        start = end
    if paragraph[start:].strip():
        yield _stripped(paragraph, start, len(paragraph))


def _stripped(paragraph: str, start: int, end: int) -> tuple[int, int]:
    sentence = paragraph[start:end]
    start += len(sentence) - len(sentence.lstrip())
    return start, start + len(sentence.strip())
