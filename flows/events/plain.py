"""Strangers' words (diagnostic codes, user agents) as plain text that every page and log can bear. Pure."""

import re
import unicodedata

DETAIL_BYTES = 2048

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_TAGS = re.compile(r"</?[A-Za-z!][^<>]*>")
_MAILBOX = re.compile(r"<[^\s<>@\"'=]+@[^\s<>@\"'=]+>")


def plain_text(text: str, *, limit: int = DETAIL_BYTES) -> str:
    """One line without markup, terminal sequences or control signs, at most `limit` bytes of UTF-8.

    `<name@host>` stays: mail servers write addresses like that.
    """
    text = text[: 4 * limit]  # what lies beyond cannot be kept, and need not be looked at
    text = _ESCAPES.sub("", text)
    text = _TAGS.sub(lambda found: found[0] if _MAILBOX.fullmatch(found[0]) else " ", text)
    text = "".join(" " if sign in "\t\r\n" else sign for sign in text if _bearable(sign))
    text = " ".join(text.split())
    return text.encode("utf-8", "ignore")[:limit].decode("utf-8", "ignore").strip()


def _bearable(sign: str) -> bool:
    """Not a control sign, a surrogate, or one that turns the direction of writing (PostgreSQL has no NUL)."""
    return sign in "\t\r\n" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs"}
