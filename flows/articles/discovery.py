"""The feeds that a web page names, in its head or, failing that, among its links. Nothing is asked or guessed."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

_MOST_CHARS = 300_000
_MOST_FEEDS = 10
_FEED_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
_LIKE_A_FEED = re.compile(
    r"(?:^|/)(?:feeds?|rss|atom|rss2)/?$|(?:^|/)(?:feed|rss|atom|index)\.(?:xml|rdf|json)$|\.(?:rss|atom)$", re.I
)
_NO_FEEDS = re.compile(r"(?:^|/)(?:package|manifest|index)\.json$", re.I)


class _Links(HTMLParser):
    """Finds what a page calls its feeds, and links whose address looks like one."""

    def __init__(self) -> None:
        super().__init__()
        self.named: list[str] = []
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        href = said.get("href", "").strip()
        if tag == "link" and "alternate" in said.get("rel", "").lower().split():
            if href and said.get("type", "").lower().strip() in _FEED_TYPES:
                self.named.append(href)
        elif tag == "a" and href:
            self.linked.append(href)


def discover(text: str, url: str) -> tuple[str, ...]:
    """The feeds of the page at `url`, absolute, in their order, ten at most."""
    parser = _Links()
    parser.feed(text[:_MOST_CHARS])
    named = _absolute(url, parser.named)
    found = named or [link for link in _absolute(url, parser.linked) if _looks_like_a_feed(link)]
    return tuple(dict.fromkeys(found))[:_MOST_FEEDS]


def _absolute(url: str, links: Iterable[str]) -> list[str]:
    found = []
    for link in links:
        try:
            whole = urljoin(url, link)
        except ValueError:
            continue
        if whole.startswith(("http://", "https://")):
            found.append(whole)
    return found


def _looks_like_a_feed(link: str) -> bool:
    try:
        path = urlsplit(link).path
    except ValueError:
        return False
    return bool(_LIKE_A_FEED.search(path)) and not _NO_FEEDS.search(path)
