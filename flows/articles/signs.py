"""What a feed's document shows before it is cleaned: guids, dates and links as its publisher wrote them. Pure.

It counts and judges nothing, and reads with `find` alone: a document made to hang a parser cannot hang this.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flows.articles.charset import decode
from flows.errors import ReadError

_MOST = 1000  # items that are looked at
_PIECE_CHARS = 200_000  # of one item
_ITEM = re.compile(r"<(?:\w{1,20}:)?(?:item|entry)[\s>]", re.I)
_HREF = re.compile(r"""<(?:atom:)?link\b[^<>]{0,500}?\bhref\s*=\s*["']([^"'<>]{0,2000})["']""", re.I)
_TRACKED = re.compile(r"[?&;](?:utm_\w+|fbclid|gclid|mc_cid|mc_eid|_hsenc)=", re.I)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]{0,20}:", re.I)
_BOILERPLATE = re.compile(
    r"appeared first on|continue reading|read more|share on (?:facebook|twitter|linkedin|x)\b|sociable|addtoany"
    r"|feedflare|about the authors?\b",
    re.I,
)


@dataclass(frozen=True)
class Signs:
    """Counts of a document's items, of the first thousand."""

    items: int = 0
    without_guid: int = 0
    doubled_guids: int = 0  # items whose guid stands on an earlier one too
    without_date: int = 0
    relative_links: int = 0
    tracked_links: int = 0
    boilerplate: int = 0  # items with "The post … appeared first on …", share buttons and the like


@dataclass(frozen=True)
class _Item:
    guid: str
    date: str
    link: str
    text: str


def look_for_signs(body: bytes, content_type: str) -> Signs:
    """The signs of a feed, whatever its kind; nothing where it cannot be made out."""
    try:
        text = decode(body, content_type).text
    except ReadError:
        return Signs()
    items = list(_json_items(text) if text.lstrip().startswith("{") else _xml_items(text))
    guids = Counter(item.guid for item in items if item.guid)
    links = [item.link for item in items if item.link]
    return Signs(
        items=len(items),
        without_guid=sum(not item.guid for item in items),
        doubled_guids=sum(count - 1 for count in guids.values()),
        without_date=sum(not item.date for item in items),
        relative_links=sum(not _ABSOLUTE.match(link) for link in links),
        tracked_links=sum(bool(_TRACKED.search(link)) for link in links),
        boilerplate=sum(bool(_BOILERPLATE.search(item.text)) for item in items),
    )


def _xml_items(text: str) -> Iterator[_Item]:
    starts = [found.start() for _, found in zip(range(_MOST + 1), _ITEM.finditer(text), strict=False)]
    for number, start in enumerate(starts[:_MOST]):
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        piece = text[start : min(end, start + _PIECE_CHARS)]
        yield _Item(
            guid=_first(piece, "guid", "id", "dc:identifier"),
            date=_first(piece, "pubDate", "published", "updated", "dc:date"),
            link=_first(piece, "link") or _href(piece),
            text=piece,
        )


def _first(piece: str, *tags: str) -> str:
    """The text of the first of these elements that has any."""
    for tag in tags:
        start = piece.find(f"<{tag}")
        if start < 0 or piece[start + len(tag) + 1 : start + len(tag) + 2] not in {">", " ", "\n", "\t", "\r"}:
            continue
        opened, closed = piece.find(">", start), piece.find(f"</{tag}", start)
        if 0 <= opened < closed and (text := _plain(piece[opened + 1 : closed])):
            return text
    return ""


def _plain(text: str) -> str:
    text = text.strip()
    if text.startswith("<![CDATA["):
        text = text.removeprefix("<![CDATA[").removesuffix("]]>")
    return html.unescape(text[:3000]).strip()


def _href(piece: str) -> str:
    found = _HREF.search(piece)
    return html.unescape(found.group(1)).strip() if found else ""


def _json_items(text: str) -> Iterator[_Item]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    items = document.get("items") if isinstance(document, dict) else None
    for item in (items if isinstance(items, list) else [])[:_MOST]:
        if isinstance(item, dict):
            yield _Item(
                guid=_string(item, "id"),
                date=_string(item, "date_published", "date_modified"),
                link=_string(item, "url", "external_url"),
                text=_string(item, "content_html", "content_text")[:_PIECE_CHARS],
            )


def _string(item: dict[str, Any], *names: str) -> str:
    return next((str(item[name]).strip() for name in names if isinstance(item.get(name), str | int)), "")
