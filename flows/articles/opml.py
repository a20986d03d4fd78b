"""Lists of sources as OPML, with folders as topics. Read without entities; written so that others read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from flows.articles.identify import canonical_link
from flows.articles.plain import to_title
from flows.errors import ReadError

MOST = 5_000
_MOST_BYTES = 10 * 2**20
_MOST_DEPTH = 64


@dataclass(frozen=True)
class Outline:
    """One feed of a list. `topic` is the innermost folder it stands in, "" for none."""

    url: str
    title: str = ""
    topic: str = ""
    site_url: str = ""


def read_opml(document: bytes) -> tuple[Outline, ...]:
    """The feeds of an OPML list, each once, in their order.

    Raises ReadError: not_opml, entities_refused, too_many_sources.
    """
    if len(document) > _MOST_BYTES:
        raise ReadError("too_many_sources", f"the list is larger than {_MOST_BYTES // 2**20} MiB; split it")
    handler = _Handler()
    parser = expat.ParserCreate()
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise ReadError("not_opml", f"the list is not well-formed OPML (line {error.lineno}: {error})") from error
    if not handler.is_opml:
        raise ReadError("not_opml", "this is no OPML; export the list from a feed reader as OPML and try again")
    return tuple(handler.found.values())


def _refuse_entities(*_details: Any) -> None:
    raise ReadError("entities_refused", "the list declares XML entities, which no honest list needs; not read")


class _Handler:
    def __init__(self) -> None:
        self.found: dict[str, Outline] = {}
        self.folders: list[str] = []
        self.is_opml = False
        self.depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise ReadError("not_opml", f"the list is nested more than {_MOST_DEPTH} deep; it is not read")
        if self.depth == 1:
            self.is_opml = tag.lower() == "opml"
        if tag.lower() != "outline" or not self.is_opml:
            return
        said = {name.lower(): value.strip() for name, value in attributes.items()}
        title = to_title(said.get("title") or said.get("text") or "", markup=False, limit=300)
        url = said.get("xmlurl", "")
        if url:
            self._add(Outline(url, title, self._topic(), said.get("htmlurl", "")))
        self.folders.append("" if url else title)

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag.lower() == "outline" and self.folders:
            self.folders.pop()

    def _topic(self) -> str:
        return next((folder for folder in reversed(self.folders) if folder), "")[:80]

    def _add(self, outline: Outline) -> None:
        if len(self.found) >= MOST:
            raise ReadError("too_many_sources", f"the list holds more than {MOST:,} feeds; split it")
        self.found.setdefault(canonical_link(outline.url) or outline.url, outline)


def write_opml(outlines: Iterable[Outline], *, title: str) -> str:
    """An OPML 2.0 document, sorted by topic and title."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"  <head><title>{escape(title)}</title></head>",
        "  <body>",
    ]
    ordered = sorted(outlines, key=lambda outline: (outline.topic, outline.title.casefold(), outline.url))
    for topic, feeds in groupby(ordered, key=lambda outline: outline.topic):
        indent = "      " if topic else "    "
        inner = [indent + _written(feed) for feed in feeds]
        name = quoteattr(topic)
        lines += [f"    <outline text={name} title={name}>", *inner, "    </outline>"] if topic else inner
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _written(feed: Outline) -> str:
    name = quoteattr(feed.title or feed.url)
    site = f" htmlUrl={quoteattr(feed.site_url)}" if feed.site_url else ""
    return f'<outline type="rss" text={name} title={name} xmlUrl={quoteattr(feed.url)}{site}/>'
