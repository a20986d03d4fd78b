"""The blurb: the article's own first sentences, in house length, without boilerplate (pure)."""

import re
from collections.abc import Iterator, Sequence

from flows.stories.sentences import split
from flows.stories.words import content_words

HOUSE_WORDS = 45
_STRETCH = 1.2  # so far may a second sentence go beyond the house length, where the first is very short
_SHORT_SHARE = 1 / 3
_HEADING_WORDS = 12  # a paragraph shorter than this, without a full stop, is a heading or a caption
_SUBJECT_CHARACTERS = 72
_PREHEADER_CHARACTERS = 110

_BOILERPLATE = re.compile(
    r"appeared first on|originally (?:published|appeared)|^read (?:more|on|the )|continue reading|click here"
    r"|^(?:sign up|subscribe|follow us|share this|listen to|watch |skip to|photo|image|credit|source:)"
    r"|^update[:d]|newsletter|all rights reserved|©|\bcookies?\b|minute read|min read|table of contents"
    r"|we(?:’|')re hiring|^(?:posted|written|authored|published|edited|reviewed) (?:by|on)\b"
    r"|^(?:this|today(?:’|')s) is a guest post"
    r"|^this (?:is a |guest )?(?:post|article|blog)[^.]*(?:written|authored|published|contributed|series)"
    r"|^(?:guest post|editor(?:’|')s note|disclaimer|disclosure|about the authors?|acknowledge?ments?)\b"
    r"|^by [^.]{3,60}$",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"(?:[-*•–]|\d{1,2}[.)])\s")
_CUT_OFF = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)$")
_CLAUSE = re.compile(r"[,;:–—]$")


def blurb(title: str, text: str, *, summary: str = "", limit_words: int = HOUSE_WORDS) -> str:
    """Whole sentences from the lead, about `limit_words` long; "" when there is no sentence to take.

    Only a single sentence longer than the limit is cut, with "…". `summary`, the feed's own teaser, is
    read where the text has no sentence of its own.
    """
    for source in (text, summary):
        sentences = [sentence for sentence in _sentences(source) if not _repeats(sentence, title)]
        if sentences:
            return _fill(sentences, limit_words)
    return ""


def headline(title: str, text: str) -> str:
    """The article's title on one line, or its first words where it has none."""
    if plain := " ".join(title.split()):
        return plain
    return _shorten(" ".join(text.split()), 80) or "Untitled"


def subject_line(lead: str) -> str:
    """The subject of the letter: the lead's headline, shortened at a clause or a word if it is long."""
    return _shorten(lead, _SUBJECT_CHARACTERS).rstrip(".")


def preheader_line(headlines: Sequence[str]) -> str:
    """What stands beside the subject in the inbox: the next headlines, as many as fit."""
    if not headlines:
        return ""
    joined = " · ".join(headlines)
    if len(joined) <= _PREHEADER_CHARACTERS:
        return "Also: " + joined
    return "Also: " + _shorten(headlines[0], _PREHEADER_CHARACTERS)


def _fill(sentences: Sequence[str], limit: int) -> str:
    first, *rest = sentences
    if _length(first) > limit:
        return _cut(first, limit)
    taken, words = [first], _length(first)
    for sentence in rest:
        room = limit * (_STRETCH if words < limit * _SHORT_SHARE else 1)
        if words + _length(sentence) > room:
            break
        taken.append(sentence)
        words += _length(sentence)
    return " ".join(taken)


def _length(text: str) -> int:
    return len(text.split())


def _cut(sentence: str, limit: int) -> str:
    """The first `limit` words at most, back to the last clause if that costs less than a third."""
    words = sentence.split()[:limit]
    for end in range(len(words), int(limit * 2 / 3), -1):
        if _CLAUSE.search(words[end - 1]):
            words = words[:end]
            break
    return re.sub(r"[\s,;:–—(\[“\"-]+$", "", " ".join(words)) + "…"


def _sentences(text: str) -> Iterator[str]:
    """The sentences one may quote: no headings, bylines, captions, list leads or boilerplate."""
    found = False
    for paragraph in re.split(r"\n+", text):
        plain = " ".join(paragraph.split())
        if _LIST_ITEM.match(plain):
            if found:  # a lead ends where a list begins; picking from it would misquote
                return
            continue
        for sentence in split(plain):
            ended = re.search(r"[.!?…。！？][\"”’»)\]」』]*$", sentence)
            if not ended and (sentence.endswith(":") or _length(sentence) < _HEADING_WORDS):
                continue
            if _BOILERPLATE.search(sentence) or not re.search(r"\w", sentence):
                continue
            found = True
            yield _CUT_OFF.sub("…", sentence) if ended else sentence + "…"


def _repeats(sentence: str, title: str) -> bool:
    """Whether a sentence says nothing that the title has not said."""
    said, new = set(content_words(title)), set(content_words(sentence))
    return bool(said) and len(new - said) <= 0.25 * len(new) and len(new & said) >= 0.6 * len(said)


def _shorten(text: str, most: int) -> str:
    """At most `most` characters: whole, or up to a colon or dash past half, or whole words and "…"."""
    if len(text) <= most:
        return text
    for mark in re.finditer(r"(?::|;|\s[–—-])\s", text[: most + 1]):
        if mark.start() >= most / 2:
            return text[: mark.start()]
    cut = text[: most - 1]
    if " " in cut:
        cut = cut.rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:–—-") + "…"
