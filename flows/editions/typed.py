"""Text as editors type or paste it, made fit to be kept (pure)."""

import unicodedata

from flows.errors import MastheadError

LINE_MOST = 300  # characters of a subject or a preheader
HEADLINE_MOST = 500
PROSE_MOST = 10_000


def line(text: str, what: str, most: int = LINE_MOST) -> str:
    """One line without signs that hide or turn text. Raises MastheadError when it is longer than `most`."""
    return _limited(" ".join(_visible(text).split()), what, most)


def prose(text: str, what: str, most: int = PROSE_MOST) -> str:
    """Paragraphs with "\\n" between lines. Raises MastheadError when it is longer than `most`."""
    lines = _visible(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return _limited("\n".join(part.rstrip() for part in lines).strip(), what, most)


def _visible(text: str) -> str:
    kept = (sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in _UNSEEN)
    return unicodedata.normalize("NFC", "".join(sign for sign in kept if sign not in _TURNING))


# Controls, line separators, lone surrogates; and what changes the direction of the text after it.
_UNSEEN = {"Cc", "Zl", "Zp", "Cs"}
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _limited(text: str, what: str, most: int) -> str:
    if len(text) > most:
        raise MastheadError(f"The {what} has {len(text):,} characters; {most:,} is the most. Shorten it.")
    return text
