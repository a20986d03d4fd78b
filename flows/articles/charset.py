"""Bytes to text: as the server says, else as the document says, else UTF-8, else a guess that is told."""

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from flows.errors import ReadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_FAMILIES = re.compile(
    r"utf_?(8|8_sig|16|16_be|16_le|32|32_be|32_le)|ascii|latin_1|iso8859_\d+|cp\d+|windows_\d+|koi8_[rtu]"
    r"|mac_\w+|big5(hkscs)?|gb2312|gbk|gb18030|hz|euc_\w+|shift_jis\w*|iso2022_\w+|johab|tis_620|ptcp154|kz1048"
)
# Pages that call themselves Latin are mostly written in the Windows alphabet next to it: with bytes 80–9F,
# which are control characters in the one and quotation marks in the other.
_WINDOWS = {
    "ascii": "cp1252",
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso8859_2": "cp1250",
    "iso8859_5": "cp1251",
    "iso8859_7": "cp1253",
    "iso8859_9": "cp1254",
}
# What blogs are written in. Among all encodings there are, the guess would rather be Nordic than Polish.
_LIKELY = [
    *("cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "cp949"),
]
_MARKUP = re.compile(rb"<[^<>]{0,2000}>")
_C1 = re.compile("[\x80-\x9f]")
_HTTP = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.I)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"'>]{1,40})[\"']")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")


@dataclass(frozen=True)
class Text:
    """`guessed` is the encoding that had to be guessed, "" when what was declared held."""

    text: str
    guessed: str = ""


def decode(body: bytes, content_type: str) -> Text:
    """The document as text, without its mark and its XML declaration.

    Raises ReadError (`unreadable_feed`) for encodings that are none, and for UTF-7, which hides markup.
    """
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), "")
    unmarked = next((name for start, name in _UNMARKED if body.startswith(start)), "")
    declared = [_named(name) for name in (_said_by_server(content_type), _said_by_document(body)) if name]
    for name in (marked, unmarked, *declared, "utf-8"):
        if name and (text := _strictly(body, name)) is not None:
            return Text(_bare(text))
    return _guess(body)


def _said_by_server(content_type: str) -> str:
    found = _HTTP.search(content_type)
    return found.group(1) if found else ""


def _said_by_document(body: bytes) -> str:
    found = _DECLARED.search(body[:1000])
    return found.group(1).decode("ascii", "replace").strip() if found else ""


def _named(name: str) -> str:
    """Python's own name of a text encoding, "" for one that nobody knows."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower())
    if plain in {"utf_7", "unicode_1_1_utf_7"}:
        raise ReadError("unreadable_feed", "the feed is encoded in UTF-7, which is not read; ask for UTF-8")
    try:
        known = codecs.lookup(name).name.replace("-", "_")
    except (LookupError, ValueError):
        return ""
    if not _FAMILIES.fullmatch(known):
        raise ReadError("unreadable_feed", f"the feed says its encoding is “{name}”, which is none for text")
    return known


def _strictly(body: bytes, name: str) -> str | None:
    try:
        text = body.decode(name)
    except (UnicodeError, ValueError):
        return body.decode(_WINDOWS[name], "replace") if name in {"latin_1", "iso8859_1"} else None
    if name in _WINDOWS and _C1.search(text):
        return body.decode(_WINDOWS[name], "replace")
    return text


def _guess(body: bytes) -> Text:
    best = from_bytes(_MARKUP.sub(b" ", body[:200_000]), cp_isolation=_LIKELY).best()
    name = best.encoding if best else "cp1252"
    return Text(_bare(body.decode(name, "replace")), guessed=name)


def _bare(text: str) -> str:
    return _DECLARATION.sub("", text.removeprefix("\ufeff"), count=1)
