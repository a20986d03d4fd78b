"""The articles that the benches of blurbs read: full texts of feeds, and pages with the text that people marked.

MASTHEAD_ACCEPTANCE_DATA names a folder with `feeds/` and `articles/`; nothing of it is kept in the project.
"""

import html
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from flows.articles.read import read_feed
from flows.stories.sentences import split
from tests.bench.page_text import pages
from tests.bench.planted import Article, article

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
_META = re.compile(r"<meta\b[^>]{0,2000}>", re.IGNORECASE)
_NAMED = re.compile(r"(?:name|property)\s*=\s*[\"']?(?:og:)?description[\"'\s]", re.IGNORECASE)
_CONTENT = re.compile(r"content\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^>]*>([^<]*)</title>", re.IGNORECASE)


def folder() -> Path | None:
    """Where the articles are, None where they are not here."""
    said = os.environ.get("MASTHEAD_ACCEPTANCE_DATA", "")
    data = Path(said)
    return data if said and (data / "feeds").is_dir() and (data / "articles" / "ground-truth.json").exists() else None


def of_feeds(data: Path) -> list[Article]:
    """Full articles of blogs about machine learning, in English."""
    found = []
    for path in sorted((data / "feeds").glob("*.xml")):
        feed = read_feed(path.read_bytes(), content_type="application/xml", url="https://blog.example/feed", now=NOW)
        found += [article(path.stem, e.title, e.text, e.summary, quotable(e.text)) for e in feed.entries]
    return found


def of_pages(data: Path) -> list[Article]:
    """News and other pages in several languages; the summary is the page's own description, "" without one."""
    found = []
    for page in pages(data / "articles"):
        markup = page.body.decode("utf-8", "replace")
        title = _TITLE.search(markup)
        found.append(
            article(
                page.name[:8], _clean(title[1]) if title else "", page.truth, _described(markup), quotable(page.truth)
            )
        )
    return found


def quotable(text: str) -> list[str]:
    """Sentences of six to sixty words that end like one."""
    sentences = [one for line in text.split("\n") for one in split(" ".join(line.split()))]
    return [one for one in sentences if 6 <= len(one.split()) <= 60 and re.search(r"[.!?][\"”’)]*$", one)]


def tells_apart(summary: str, text: str) -> bool:
    """Whether a summary is written by a person and not the text's own beginning or sentences."""
    ours, theirs = _letters(summary), _letters(text)
    return len(summary.split()) >= 8 and ours[:60] not in theirs and ours[-60:] not in theirs


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text.casefold())


def _described(markup: str) -> str:
    described = [
        _clean(found[1] or found[2] or "")
        for tag in _META.findall(markup)
        if _NAMED.search(tag) and (found := _CONTENT.search(tag))
    ]
    return max(described, key=len, default="")


def _clean(text: str) -> str:
    return " ".join(html.unescape(html.unescape(text)).split())
