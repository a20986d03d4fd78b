"""One entry, or what a feed says of itself, as feedparser would gather it: an element at a time, by tables.

Raises Doubt wherever feedparser's reading hangs on more than the element: what is inside it, or came before.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

from flows.articles import dialect
from flows.articles.dialect import Doubt, Names

_TYPES = {
    **dict.fromkeys(("text", "plain", "text/plain"), "text/plain"),
    **dict.fromkeys(("html", "text/html"), "text/html"),
}
_PAGES = {"text/html", "html", "application/xhtml+xml", "xhtml"}
_QUERY_ENTITY = re.compile(r"&([A-Za-z0-9_]+);")
_NONE: set[str] = set()
_PERSON = {"name", "email", "uri", "url"}
_DATES = {
    **dict.fromkeys(("pubdate", "published", "issued", "dcterms:issued"), "published"),
    **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc:date", "dcterms:modified"), "updated"),
    **dict.fromkeys(("created", "dcterms:created"), "created"),
}
_AUTHORS = ("author", "dc:creator", "dc:author", "itunes:author", "managingeditor")
# Elements that change nothing we read, and what each may hold beside elements that feedparser does not know.
_NOTHING = (
    *(
        "category",
        "keywords",
        "dc:subject",
        "rights",
        "copyright",
        "dc:rights",
        "generator",
        "webmaster",
        "dc:publisher",
    ),
    *("dc:contributor", "subtitle", "tagline", "cloud", "info", "image", "itunes:subtitle", "itunes:image"),
    *("itunes:block", "itunes:explicit", "itunes:keywords", "feedburner:browserfriendly"),
    *("media:rating", "media:credit", "media:keywords", "media:category", "media:license"),
)
_IDLE = {
    **dict.fromkeys(_NOTHING, _NONE),
    "contributor": _PERSON,
    "itunes:category": {"itunes:category"},
    "source": {"title", "id", "link", "updated", "subtitle", "rights", "logo", "icon", "generator", "category"},
}
_IDLE_IN_FEED = {
    **_IDLE,
    **dict.fromkeys(_DATES, _NONE),
    **dict.fromkeys(_AUTHORS, _PERSON),
    **dict.fromkeys(("items", "media:thumbnail", "source", "textinput"), _NONE),
    "image": {"title", "link", "url", "width", "height", "description"},
    "itunes:owner": {"itunes:name", "itunes:email"},
}


@dataclass(frozen=True)
class Document:
    """What all parts share.

    `controls`: C1 characters are possible. `guesses`: titles may be markup without saying so (RSS).
    """

    names: Names
    controls: bool
    guesses: bool

    def text(self, element: ET.Element) -> str:
        return dialect.mended((element.text or "").strip(), controls=self.controls)

    def typed(self, element: ET.Element, default: str) -> tuple[str, str]:
        """The text, and whether it is text/plain or text/html."""
        kind = _TYPES.get(element.get("type", default).lower())
        if kind is None:
            raise Doubt
        text = (element.text or "").strip()
        if self.guesses and kind == "text/plain" and dialect.looks_like_html(text):
            kind = "text/html"
        return dialect.mended(text, controls=self.controls), kind


class _Part:
    """An entry, or the feed: `found` has feedparser's keys."""

    TAKERS: ClassVar[dict[str, Callable[[Any, ET.Element], None]]]
    IDLE: ClassVar[dict[str, set[str]]]

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: dict[str, Any] = {}

    def take(self, element: ET.Element) -> None:
        """One element more."""
        name = self.document.names[element.tag]
        if (taker := self.TAKERS.get(name)) is not None:
            taker(self, element)
        else:
            self._pass_over(element, name)

    def _pass_over(self, element: ET.Element, name: str) -> None:
        allowed = self.IDLE.get(name)
        if allowed is None and not dialect.is_unknown(name):
            raise Doubt
        for inner in element.iter() if len(element) else ():
            within = self.document.names[inner.tag]
            if (
                inner is not element
                and within not in (allowed or _NONE)
                and (name == "image" or not dialect.is_unknown(within))
            ):
                raise Doubt

    def _text(self, element: ET.Element) -> str:
        if len(element):
            raise Doubt
        return self.document.text(element)

    def _typed(self, element: ET.Element, default: str) -> tuple[str, str]:
        if len(element):
            raise Doubt
        return self.document.typed(element, default)

    def title(self, element: ET.Element) -> None:
        if "title" in self.found:
            raise Doubt
        self.found["title"], kind = self._typed(element, "text/plain")
        self.found["title_detail"] = {"type": kind}

    def link(self, element: ET.Element) -> None:
        said = element.attrib
        if "href" not in said:
            if said:
                raise Doubt
            self.found["link"] = self._link_text(dialect.resolved(self._text(element)))
            return
        if len(element) or "url" in said or "uri" in said:
            raise Doubt
        rel, href = said.get("rel", "alternate").lower(), dialect.resolved(said["href"])
        kind = said.get("type", "application/atom+xml" if rel == "self" else "text/html").lower()
        if rel == "alternate" and kind in _PAGES:
            self.found["link"] = href
        elif rel == "enclosure":
            self.found.setdefault("enclosures", []).append({"type": kind, "href": href})

    def _link_text(self, link: str) -> str:
        return _QUERY_ENTITY.sub(r"&\1", link)

    def guid(self, element: ET.Element) -> None:
        is_link = element.get("isPermaLink", element.get("ispermalink", "true")) == "true"
        text = (element.text or "").strip()
        if len(element):
            raise Doubt
        text = dialect.mended(dialect.resolved(text) if is_link else text, controls=self.document.controls)
        self.found["id"] = text
        if is_link:
            self.found.setdefault("link", text)


class FeedPart(_Part):
    """What the feed says of itself."""

    def summary(self, element: ET.Element) -> None:
        self.description(element)
        self.found["summary"] = ""

    def description(self, element: ET.Element) -> None:
        if "summary" in self.found:  # feedparser takes this one for content, and the first entry's text differently
            raise Doubt
        self._text(element)

    def keep(self, element: ET.Element) -> None:
        if element.attrib:
            raise Doubt
        name = self.document.names[element.tag]
        self.found[_KEPT[name]] = self._text(element)


class EntryPart(_Part):
    """One entry; `has_content` decides how feedparser takes a second summary."""

    has_content = False

    @classmethod
    def of(cls, element: ET.Element, document: Document) -> dict[str, Any]:
        """All that the entry in `element` has."""
        entry = cls(document)
        if "href" in element.attrib:
            raise Doubt
        if about := element.get(dialect.ABOUT):
            entry.found["id"] = about
        for part in element:
            entry.take(part)
        for name in ("published", "updated", "created"):
            if words := entry.found.get(name):
                entry.found[f"{name}_parsed"] = dialect.time_of(words)
                break
        return entry.found

    def _link_text(self, link: str) -> str:
        return super()._link_text(link.replace("&amp;", "&"))

    def media_title(self, element: ET.Element) -> None:
        if not self.found.get("title"):
            raise Doubt  # it would be the title, or not, as more follows
        self._text(element)

    def date(self, element: ET.Element) -> None:
        self.found[_DATES[self.document.names[element.tag]]] = self._text(element)

    def author(self, element: ET.Element) -> None:
        if not len(element):
            self.found["author"] = self.document.text(element)
            return
        said: dict[str, str] = {}
        for part in element:
            name = self.document.names[part.tag]
            if len(part) or name in said or not (name in _PERSON or dialect.is_unknown(name)):
                raise Doubt
            said[name] = (part.text or "").strip()
        name, mail = said.get("name", ""), said.get("email", "")
        if not name or (element.text or "").strip():
            raise Doubt
        if "author" in self.found and (mail or "@" in name + self.found["author"]):
            raise Doubt  # feedparser mixes the addresses of several
        self.found["author"] = f"{name} ({mail})" if mail else name

    def description(self, element: ET.Element) -> None:
        self._summary(element, "text/html")

    def summary(self, element: ET.Element) -> None:
        self._summary(element, "text/plain")

    def _summary(self, element: ET.Element, default: str) -> None:
        if "summary" in self.found and not self.has_content:
            self._content(element, "text/plain")  # the second of two is the longer one, feedparser thinks
        else:
            self.found["summary"], kind = self._typed(element, default)
            self.found["summary_detail"] = {"type": kind}

    def content(self, element: ET.Element) -> None:
        self._content(element, "text/plain")

    def encoded(self, element: ET.Element) -> None:
        self._content(element, "text/html")

    def _content(self, element: ET.Element, default: str) -> None:
        self.has_content = True
        value, kind = self._typed(element, default)
        self.found.setdefault("content", []).append({"value": value, "type": kind})
        self.found.setdefault("summary", value)

    def enclosure(self, element: ET.Element) -> None:
        if len(element) or "uri" in element.attrib:
            raise Doubt
        self.found.setdefault("enclosures", []).append(_lower(element.attrib))

    def media(self, element: ET.Element) -> None:
        for part in element.iter():
            name = self.document.names[part.tag]
            if name in {"media:content", "media:thumbnail"}:
                if name == "media:thumbnail" and (part.text or "").strip():
                    raise Doubt
                self.found.setdefault(name.replace(":", "_"), []).append(_lower(part.attrib))
            elif name == "media:title":
                self.media_title(part)
            elif part is not element:
                self._pass_over(part, name)


def _lower(attributes: dict[str, str]) -> dict[str, str]:
    return attributes | {"type": attributes.get("type", "").lower()}


_KEPT = {
    **dict.fromkeys(("language", "dc:language"), "language"),
    "ttl": "ttl",
    "sy:updateperiod": "sy_updateperiod",
    "sy:updatefrequency": "sy_updatefrequency",
}
FeedPart.IDLE, EntryPart.IDLE = _IDLE_IN_FEED, _IDLE
FeedPart.TAKERS = {
    **dict.fromkeys(("title", "dc:title"), FeedPart.title),
    **dict.fromkeys(("guid", "id"), FeedPart.guid),
    **dict.fromkeys(("summary", "itunes:summary"), FeedPart.summary),
    **dict.fromkeys(("description", "dc:description"), FeedPart.description),
    **dict.fromkeys(_KEPT, FeedPart.keep),
    "link": FeedPart.link,
}
EntryPart.TAKERS = {
    **dict.fromkeys(("title", "dc:title"), EntryPart.title),
    **dict.fromkeys(("guid", "id"), EntryPart.guid),
    **dict.fromkeys(("description", "dc:description", "media:description"), EntryPart.description),
    **dict.fromkeys(("summary", "itunes:summary"), EntryPart.summary),
    **dict.fromkeys(("media:content", "media:group", "media:thumbnail"), EntryPart.media),
    **dict.fromkeys(_AUTHORS, EntryPart.author),
    **dict.fromkeys(_DATES, EntryPart.date),
    "media:title": EntryPart.media_title,
    "content": EntryPart.content,
    "content:encoded": EntryPart.encoded,
    "enclosure": EntryPart.enclosure,
    "link": EntryPart.link,
}
