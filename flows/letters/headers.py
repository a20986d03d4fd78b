"""The words of a header: cleaned to one line, and encoded by RFC 2047 where they must be. Pure.

The standard library's own encoder differs between Python versions, and some of them (3.11.7, 3.12.1) let an
encoded word smuggle a line break into the header block; so what goes out is written here, and read back with
the standard library before it leaves (`letter.py`).
"""

import re
import unicodedata
from base64 import b64encode
from functools import lru_cache

import idna

from flows.errors import LetterError

_FOLD_AT = 76
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")
_Q_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_ASCII = re.compile(r"[\x20-\x7e]*")
# Marks that turn the direction of what follows: a subject could show another text than it says.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DROPPED = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
_SPLIT = re.compile(r"\s+")


@lru_cache(maxsize=256)
def one_line(text: str) -> str:
    """`text` as one line of visible characters: breaks, tabs and controls become single spaces."""
    if _ASCII.fullmatch(text) and "  " not in text:
        return text.strip()
    text = _TURNING.sub("", text)
    text = "".join(" " if unicodedata.category(char) in _DROPPED else char for char in text)
    return _SPLIT.sub(" ", text).strip()


@lru_cache(maxsize=64)
def unstructured(name: str, text: str) -> str:
    """The value of a header such as Subject, folded so that no line passes 76 characters where it can."""
    text = one_line(text)
    if not _ASCII.fullmatch(text) or "=?" in text or max(map(len, text.split(" "))) > 900:
        return encoded_words(text, first_indent=len(name) + 2)
    return _folded(text, len(name) + 2)


def mailbox(name: str, address: str) -> str:
    """`name <address>` as a header value. Raises LetterError for an address that is not one."""
    address = checked_address(address)
    name = one_line(name)[:100].strip()
    if not name:
        return address
    if not _ASCII.fullmatch(name) or "=?" in name:
        return f"{encoded_words(name, first_indent=12)}\r\n <{address}>"
    if _PLAIN_PHRASE.fullmatch(name):
        return f"{name} <{address}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def name_and_address(text: str) -> tuple[str, str]:
    """The parts of `Name <address>` as people write it, quoted or not; "" for a name that is not there."""
    text = one_line(text)
    name, found, address = text.rpartition("<")
    if not found or not address.endswith(">"):
        return "", text
    name = name.strip()
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, address[:-1].strip()


def checked_address(address: str) -> str:
    """The address as it may stand in a header: ASCII, the domain as A-label.

    Raises LetterError for two addresses in one, comments, quoted local parts, and local parts that only
    servers with SMTPUTF8 accept.
    """
    local, at, domain = address.rpartition("@")
    if not domain.isascii():
        domain = _a_label(domain)
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(address) > 320:
        reason = "its part before the @ is not ASCII" if not local.isascii() else "it is not a single address"
        raise LetterError(f"no letter can be addressed to {address[:80]!r}: {reason}.")
    return f"{local}@{domain}"


@lru_cache(maxsize=256)
def _a_label(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""


def encoded_words(text: str, *, first_indent: int) -> str:
    """RFC 2047 encoded words, one a line, in Q or B: whichever is shorter. No character is cut in two."""
    raw = text.encode("utf-8", "replace")
    quoted = sum(1 if byte in _Q_PLAIN or byte == 0x20 else 3 for byte in raw)
    frame = _q_word if quoted <= len(raw) * 4 // 3 + 8 else _b_word
    words: list[str] = []
    chunk = ""
    room = _FOLD_AT - min(first_indent, 30)
    for char in text:
        if chunk and len(frame(chunk + char)) > room:
            words.append(frame(chunk))
            chunk = ""
            room = _FOLD_AT - 2
        chunk += char
    return "\r\n ".join([*words, frame(chunk)])


def _b_word(text: str) -> str:
    return f"=?utf-8?b?{b64encode(text.encode('utf-8', 'replace')).decode()}?="


def _q_word(text: str) -> str:
    body = "".join(
        chr(byte) if byte in _Q_PLAIN else "_" if byte == 0x20 else f"={byte:02X}"
        for byte in text.encode("utf-8", "replace")
    )
    return f"=?utf-8?q?{body}?="


def _folded(text: str, indent: int) -> str:
    lines: list[str] = []
    line, room = "", _FOLD_AT - indent
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = word, _FOLD_AT - 1
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])
