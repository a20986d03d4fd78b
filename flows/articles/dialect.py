"""feedparser's dialect: its names for elements, its mending of text, its times. For `swift`, which must agree with it.

The names imported here are feedparser's own and no interface of it; a release without them fails at the import,
and one that behaves otherwise fails the comparison in `tests/articles/test_swift.py`.
"""

import re
from calendar import month_abbr
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from feedparser.api import StrictFeedParser
from feedparser.datetimes import _parse_date
from feedparser.html import _cp1252
from feedparser.util import FeedParserDict

_STANDARD = {uri.lower(): prefix.lower() for uri, prefix in StrictFeedParser.namespaces.items()}
_PREFIXES = set(_STANDARD.values()) - {""}
_XML = "{http://www.w3.org/XML/1998/namespace}"
LANG = f"{_XML}lang"
ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
# Attributes that mean something. Under another spelling feedparser would see them, and we would not.
_MEANT = {"href", "url", "uri", "rel", "type", "src", "medium", "version", "lang", "ispermalink"}
_ALTERING = {"base", "mode", "lastmod"}
# feedparser keeps what it does not know under its own name, and these names are taken.
_TAKEN = {
    *FeedParserDict.keymap,
    *("title_detail", "summary_detail", "content_detail", "published_parsed", "updated_parsed", "created_parsed"),
    *(
        "authors",
        "author_detail",
        "contributors",
        "publishers",
        "publisher_detail",
        "links",
        "enclosures",
        "guidislink",
    ),
}
_FIRST = {
    "http://purl.org/rss/1.0/": "rss10",
    "http://my.netscape.com/rdf/simple/0.9/": "rss090",
    "http://www.w3.org/2005/atom": "atom10",
}
_RSS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_C1 = re.compile(b"\xc2[\x80-\x9f]")
_C1_REFERENCE = re.compile(b"&#(?:0*1[2-5]\\d|x0*[89][0-9A-Fa-f]);")
_SLASHES = re.compile(r"\A([A-Za-z][A-Za-z0-9+-.]*://)/+")
_MONTHS = {name: month for month, name in enumerate(month_abbr) if name}
_RFC = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) ([12]\d{3}) (\d\d):(\d\d):(\d\d) (?:GMT|[+-]0000)"
)
_ISO = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?(?:Z|[+-]\d\d:\d\d)")


class Doubt(Exception):  # noqa: N818 - no error: feedparser reads the document instead
    """Here feedparser might find something else."""


class Names(dict[str, str]):
    """ElementTree's names to feedparser's, `{http://purl.org/dc/elements/1.1/}Creator` to `dc:creator`."""

    def __init__(self, declared: Iterable[tuple[str, str]]) -> None:
        """`declared` are the prefixes and namespaces, in the order of the document."""
        super().__init__()
        self._others: dict[str, str] = {}
        bound: dict[str, str] = {}
        for prefix, uri in declared:
            key, standard = prefix.lower(), _STANDARD.get(uri.lower())
            # dc: for the elements of another vocabulary that feedparser knows is translated twice
            borrowed = key in _PREFIXES and prefix != standard and (standard is not None or key == "rdf")
            if borrowed or standard == "xlink" or "backend.userland.com" in uri.lower():
                raise Doubt
            if prefix and bound.setdefault(key, uri) != uri:
                raise Doubt
            if standard is None and self._others.setdefault(uri, key) != key:
                raise Doubt

    def __missing__(self, tag: str) -> str:
        uri, _, local = tag.rpartition("}")
        prefix = _STANDARD.get(uri[1:].lower(), self._others.get(uri[1:], ""))
        name = self[tag] = f"{prefix}:{local.lower()}" if prefix else local.lower()
        return name


@lru_cache(1000)
def is_unknown(name: str) -> bool:
    """Whether feedparser has no idea of this element, so that it changes nothing else."""
    key = name.replace(":", "_", 1)
    handled = hasattr(StrictFeedParser, f"_start_{key}") or hasattr(StrictFeedParser, f"_end_{key}")
    return not handled and key not in _TAKEN


def check_attributes(names: Iterable[str]) -> None:
    """Raises Doubt for those that change what stands around them (xml:base), or that hide behind a prefix."""
    for name in names:
        uri, _, local = name.rpartition("}")
        key = local.lower()
        if key in _ALTERING or (uri and key in _MEANT and not _STANDARD.get(uri[1:].lower())):
            raise Doubt
        if not uri and key in _MEANT and name not in {key, "isPermaLink"}:
            raise Doubt


def version_of(root: str, attributes: Mapping[str, str], declared: Iterable[tuple[str, str]]) -> str:
    """feedparser's word for the format, by the first namespace it knows or by the root element."""
    kinds = (
        kind for prefix, uri in declared if (kind := _FIRST.get(uri.lower(), "")) and (kind != "rss090" or not prefix)
    )
    version = next(kinds, "")
    if root == "rss" and not version.startswith("rss"):
        said = attributes.get("version", "")
        return _RSS.get(said) or ("rss20" if said.startswith("2.") else "rss")
    if (root, version[:3]) not in {("feed", "ato"), ("rdf:rdf", "rss")}:
        raise Doubt
    return version


def needs_mending(document: bytes) -> bool:
    """Whether C1 controls stand in this UTF-8, or character references, which might be some."""
    # two searches, since each begins with a fixed text and so runs at the speed of memory
    return bool(_C1.search(document) or _C1_REFERENCE.search(document))


def mended(text: str, *, controls: bool) -> str:
    """The text without what feedparser mends: UTF-8 taken for Latin-1, and (`controls`) Windows characters."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252) if controls else text


def resolved(link: str) -> str:
    """Too many slashes go; nothing else does, since feedparser is told no base."""
    return _SLASHES.sub(r"\1", link)


def looks_like_html(text: str) -> bool:
    """RSS leaves open whether a title is markup; this is feedparser's guess."""
    return ("&" in text or "</" in text) and bool(StrictFeedParser.looks_like_html(text))


def time_of(words: str) -> Any:
    """The struct_time in UTC, None for no time; the two forms that nearly all feeds use are read at once."""
    try:
        if found := _RFC.fullmatch(words):
            day, month, year, hour, minute, second = found.groups()
            moment = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
            return moment.utctimetuple()
        if _ISO.fullmatch(words):
            return datetime.fromisoformat(words).utctimetuple()
    except (ValueError, KeyError, OverflowError):
        pass
    try:
        return _parse_date(words)
    except Exception as error:  # what trips feedparser here (a 13th month with slashes) trips it on the whole feed
        raise Doubt from error
