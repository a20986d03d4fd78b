"""What a web page says about its article, in its head and in the description it carries for machines (JSON-LD)."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement
from tld import get_fld

from flows.articles.clean import picture_link
from flows.articles.identify import canonical_link
from flows.articles.plain import to_title

_KINDS = ("article", "posting", "report")  # of schema.org: NewsArticle, BlogPosting, TechArticle, Report…
_LONGEST_JSON = 500_000
_PUBLISHED = (
    *("article:published_time", "datepublished", "og:published_time", "parsely-pub-date", "sailthru.date", "pubdate"),
    *("publishdate", "dc.date.issued", "dcterms.created", "dc.date", "date"),
)
_AUTHOR = ("author", "parsely-author", "sailthru.author", "dc.creator", "article:author")
_TWIN_HOST = re.compile(r"^(?:www|m|mobile|amp)\.(?=.*[a-z])")
_PICTURE = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")


@dataclass(frozen=True)
class Head:
    """`published` is as the page has it, however unlikely; `language` is a hint ("en-GB"); "" for what it lacks."""

    title: str
    author: str
    published: datetime | None
    language: str
    canonical: str
    image_url: str


def read_head(page: HtmlElement, *, url: str, base: str) -> Head:
    """`url` is where the page was fetched from, `base` what its relative links start from."""
    said = _said(page)
    article = _article(page)
    return Head(
        title=_first(_title(page, said, article)),
        author=_first(_authors(page, said, article), limit=300),
        published=next((moment for text in _dates(page, said, article) if (moment := _moment(text))), None),
        language=_language(page, said),
        canonical=_canonical(page, said, url=url, base=base),
        image_url=next((link for text in _pictures(page, said) if (link := picture_link(text, base))), ""),
    )


def _said(page: HtmlElement) -> dict[str, str]:
    """The <meta> elements: name, property or itemprop in lower case, and what they say; the first of a name counts."""
    said: dict[str, str] = {}
    for meta in page.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv") or ""
        if content := (meta.get("content") or "").strip():
            said.setdefault(name.strip().lower(), content)
    return said


def _article(page: HtmlElement) -> dict[str, Any]:
    for script in page.iterfind('.//script[@type="application/ld+json"]'):
        text = script.text or ""
        if len(text) > _LONGEST_JSON:
            continue
        with suppress(ValueError, RecursionError):
            for thing in _things(json.loads(text), 0):
                kinds = thing.get("@type")
                if any(str(kind).lower().endswith(_KINDS) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                    return thing
    return {}


def _things(document: Any, depth: int) -> Iterator[dict[str, Any]]:
    if isinstance(document, list):
        for part in document if depth < 4 else ():
            yield from _things(part, depth + 1)
    elif isinstance(document, dict):
        yield document
        yield from _things([document.get("@graph"), document.get("mainEntity")], depth + 1)


def _first(texts: Iterator[str], limit: int = 500) -> str:
    return next((title for text in texts if (title := to_title(text, markup=False, limit=limit))), "")


def _title(page: HtmlElement, said: dict[str, str], article: dict[str, Any]) -> Iterator[str]:
    yield _text(article.get("headline"))
    yield said.get("og:title", "")
    headings = page.findall(".//h1")
    yield headings[0].text_content() if len(headings) == 1 else ""
    yield page.findtext(".//title") or ""


def _authors(page: HtmlElement, said: dict[str, str], article: dict[str, Any]) -> Iterator[str]:
    people = article.get("author")
    names = [
        _text(person.get("name") if isinstance(person, dict) else person)
        for person in (people if isinstance(people, list) else [people])
    ]
    yield ", ".join(name for name in names if name and not _is_link(name))
    yield from (said[name] for name in _AUTHOR if name in said and not _is_link(said[name]))
    for element in page.xpath('.//*[@rel="author" or @itemprop="author"]')[:1]:
        yield element.text_content()


def _dates(page: HtmlElement, said: dict[str, str], article: dict[str, Any]) -> Iterator[str]:
    yield _text(article.get("datePublished"))
    yield from (said[name] for name in _PUBLISHED if name in said)
    times = page.xpath('.//time[@datetime][@pubdate or @itemprop="datePublished"]') or page.xpath(
        "(.//article|.//main)[1]//time[@datetime]"
    )
    yield from (time.get("datetime") for time in times[:1])


def _moment(text: str) -> datetime | None:
    """A time in ISO 8601 or as in e-mail; one without a zone is taken for UTC."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, TypeError, OverflowError, IndexError):
            moment = read(text.strip()[:60])
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _language(page: HtmlElement, said: dict[str, str]) -> str:
    root = page.getroottree().getroot()
    written = root.get("lang") or root.get("xml:lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
    return (written or said.get("content-language") or said.get("og:locale") or "").strip()[:20]


def _pictures(page: HtmlElement, said: dict[str, str]) -> Iterator[str]:
    yield from (said[name] for name in _PICTURE if said.get(name, "").strip("/\\ "))
    yield from (link.get("href", "") for link in page.xpath('.//link[@rel="image_src"]')[:1])


def _canonical(page: HtmlElement, said: dict[str, str], *, url: str, base: str) -> str:
    named = [link.get("href", "") for link in page.iter("link") if "canonical" in link.get("rel", "").lower().split()]
    for text in (*named[:3], said.get("og:url", "")):
        with suppress(ValueError):
            link = canonical_link(urljoin(base, text.strip())) if text.strip("/\\ ") else ""
            if link and _same_site(link, url) and (not _is_front(link) or _is_front(url)):
                return link
    return ""


def _same_site(one: str, other: str) -> bool:
    """Whether both are under one registrable name; the blogs of one host (github.io) are sites of their own."""
    return _site(one) == _site(other)


def _site(url: str) -> str:
    name = get_fld(url, fail_silently=True, search_private=True)
    return name or _TWIN_HOST.sub("", urlsplit(url).hostname or "")  # no public name: compared as it is


def _is_front(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _is_link(text: str) -> bool:
    return text.startswith(("http://", "https://", "//", "@"))
