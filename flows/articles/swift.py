"""Ordinary feeds in a tenth of the time: what feedparser would find in them, or None where that is in doubt.

feedparser hands each tag and each piece of text to Python; ElementTree builds the document in C, upon the same
expat. What follows is feedparser's reading of RSS, RDF and Atom as tables; whatever could matter and is in no table
(markup inside an element, a doctype, xml:base, a second title) leaves the document to feedparser.
`tests/articles/test_swift.py` and `tests/bench/feed_corpus.py` compare the two, field by field.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from flows.articles import dialect
from flows.articles.dialect import Doubt, Names
from flows.articles.gathered import Document, EntryPart, FeedPart

_ENTRIES = {"item", "entry"}


@dataclass(frozen=True)
class Found:
    """What `feedparser.parse` finds, with its keys, as far as we look at them."""

    version: str
    feed: dict[str, Any]
    entries: list[dict[str, Any]]
    bozo: bool = False


def read_swiftly(text: str) -> Found | None:
    """What feedparser would find in this document; None where it must be asked itself."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        data = text.encode()
        walk: Any = ET.iterparse(io.BytesIO(data), events=("start-ns",))  # noqa: S314 - no doctype means no entities
        declared = [(prefix or "", uri or "") for _event, (prefix, uri) in walk]
        return _found(walk.root, declared, controls=dialect.needs_mending(data))
    except (ET.ParseError, Doubt, ValueError):
        return None


def _found(root: ET.Element, declared: list[tuple[str, str]], *, controls: bool) -> Found:
    names = Names(declared)
    version = dialect.version_of(names[root.tag], root.attrib, declared)
    dialect.check_attributes({name for element in root.iter() for name in element.attrib})
    document = Document(names, controls=controls, guesses=not version.startswith("atom"))
    feed = FeedPart(document)
    if language := root.get(dialect.LANG, root.get("lang", "")) if names[root.tag] != "rdf:rdf" else "":
        feed.found["language"] = language.replace("_", "-")
    entries = []
    for element in _parts(root, names):
        if names[element.tag] in _ENTRIES:
            entries.append(EntryPart.of(element, document))
        else:
            feed.take(element)
    return Found(version, feed.found, entries)


def _parts(root: ET.Element, names: Names) -> Iterable[ET.Element]:
    """What the feed says of itself, and its entries, in their order."""
    if names[root.tag] == "feed":
        return root
    channel = next(iter(root), None)
    if channel is None or names[channel.tag] != "channel" or "href" in channel.attrib:
        raise Doubt
    after = root[1:]
    if any(
        names[element.tag] not in ({"item", "image"} if names[root.tag] == "rdf:rdf" else set()) for element in after
    ):
        raise Doubt
    return [*channel, *after]
