"""An article's web page to clean text: for feeds that give only a teaser. Pure; it runs in the reading process."""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urljoin

from lxml.html import HtmlElement
from trafilatura import load_html
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, to_unicode

from flows.articles.boilerplate import folded
from flows.articles.charset import decode
from flows.articles.clean import Cleaned, clean
from flows.articles.entry import PageText
from flows.articles.main_text import main_markup
from flows.articles.measure import count_words
from flows.articles.page_head import read_head
from flows.articles.parse import in_range
from flows.articles.plain import one_line, to_title
from flows.articles.tongue import language_of
from flows.articles.walls import no_text, says_not_found
from flows.errors import ReadError

_MARKUP = re.compile(r"<(?:html|head|body|main|article|section|div|p|h1)\b", re.I)
_TAG = re.compile(r"<[^<>]*>")
_LOOKED_AT = 200_000  # characters in which a page shows that it is one
_MOST_ELEMENTS = 60_000
_LONG_TAG = 50_000  # characters, as pictures written into a page have
_MOST_ATTRIBUTES = 5_000  # the parser compares each with each
_DAMAGED = 20  # characters beyond ASCII for one that cannot be read: a page cut off, not one in another encoding
_NOT_FOR_PAGES = ("utf-7", "utf-16", "utf-32", "punycode", "idna", "undefined", "unicode", "raw", "mbcs", "oem")
_KINDS = ("text/", "application/xhtml", "application/xml", "application/octet-stream")
_STARTS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"GIF8": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"RIFF": "a picture or a recording",
    b"PK\x03\x04": "a packed file",
    b"\x1f\x8b": "a packed file",
}


def read_page(body: bytes, *, content_type: str, url: str, title: str, source: str, now: datetime) -> PageText:
    """The article on the page in `body`, which was fetched from `url`; the feed calls it `title`, and itself `source`.

    Its words are counted as in `measure`. The first page of a process takes 0.6 s more where only the model of
    py3langid can tell its language; no file is opened then but Python's own modules' (see `warm_up`).

    Raises ReadError: empty_body, not_a_page, page_not_found (a "404" that says 200), no_text, too_complex.
    """
    page = _tree(_text(body, content_type))
    base = _base(page, url)
    head = read_head(page, url=url, base=base)
    wants_password = page.find('.//input[@type="password"]') is not None
    headings = [to_title(heading.text_content(), markup=False) for heading in page.findall(".//h1")[:2]]
    cleaned = _cleaned(main_markup(page), base, (title, head.title, *headings), source)
    words = count_words(cleaned.text)
    if says_not_found(head.title, words):
        raise ReadError("page_not_found", "the site says that there is no such page, or no longer")
    if reason := no_text(cleaned.text, words, title=head.title, wants_password=wants_password):
        raise ReadError("no_text", reason)
    return PageText(
        html=cleaned.html,
        text=cleaned.text,
        words=words,
        image_url=head.image_url or cleaned.image_url,
        canonical=head.canonical,
        language=language_of(cleaned.text, head.language),
        author=head.author,
        published=in_range(head.published, now)[0],
        title=head.title,
    )


def warm_up(now: datetime) -> None:
    """Read a small page in a language that only the model knows, so that the first real one costs what the others do.

    Nothing depends on it: what is read later (the model, the list of public suffixes) lies with Python's modules.
    """
    prose = "<p>" + "Cynllun newydd yw hwn sydd wedi cael ei baratoi gan y tîm ers wythnos gyfan. " * 5 + "</p>"
    read_page(
        f"<html><head><link rel=canonical href=/b></head><body><article>{prose * 2}</article></body></html>".encode(),
        content_type="text/html",
        url="https://blog.example/a",
        title="",
        source="",
        now=now,
    )


def _text(body: bytes, content_type: str) -> str:
    if not body.strip():
        raise ReadError("empty_body", "the server sent nothing")
    kind = content_type.partition(";")[0].strip().lower()
    found = next((name for start, name in _STARTS.items() if body.startswith(start)), "")
    if found or (kind and not kind.startswith(_KINDS)):
        raise ReadError("not_a_page", f"it is {found or f'of the kind “{kind[:60]}”'}, not a web page")
    text = _decoded(body, content_type)
    if not _MARKUP.search(text[:_LOOKED_AT]) or re.match(r"\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:rss|feed|rdf:RDF)\b", text):
        raise ReadError("not_a_page", "it is not HTML, so there is no article to be found in it")
    return text


def _decoded(body: bytes, content_type: str) -> str:
    """UTF-8 if it is that, else as the server says, else as the page says, else a guess.

    Many a server calls every page Latin; but text in another encoding is never well-formed UTF-8 by chance.
    """
    if re.search(r"utf-?7\b", content_type, re.I):
        raise ReadError("not_a_page", "it is encoded in UTF-7, which hides markup; it is not read")
    if b"\x00" in body[:4] or body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decode(body, "").text
    said = (http_content_type_encoding(content_type), html_body_declared_encoding(body))
    for name in ("" if body.isascii() else "utf-8", *said, "utf-8"):
        if name and not name.startswith(_NOT_FOR_PAGES):
            text = to_unicode(body, name)
            damaged = text.count("\ufffd")
            if not damaged or _DAMAGED * damaged < len(text) - len(text.encode("ascii", "ignore")):
                return text
    return decode(body, "").text


def _tree(text: str) -> HtmlElement:
    if any(len(tag) > _LONG_TAG and tag.count("=") > _MOST_ATTRIBUTES for tag in _tags(text)):
        raise ReadError("too_complex", "one of its elements has more attributes than can be read in time")
    page = load_html(text)
    if page is None:
        raise ReadError("not_a_page", "it is not HTML, so there is no article to be found in it")
    if sum(1 for _ in page.iter()) > _MOST_ELEMENTS:
        raise ReadError("too_complex", "it has more elements than any article; it is not read")
    return page


def _tags(text: str) -> Iterator[str]:
    return (part.partition(">")[0] for part in text.split("<"))


def _base(page: HtmlElement, url: str) -> str:
    element = page.find(".//base[@href]")
    try:
        return urljoin(url, element.get("href", "").strip()) if element is not None else url
    except ValueError:
        return url


def _cleaned(markup: str, base: str, titles: tuple[str, ...], source: str) -> Cleaned:
    """Without the title that the page repeats: as the feed, the page's head or its heading has it."""
    start = folded(one_line(_TAG.sub(" ", markup.partition("<body")[2])))
    shown = next((title for title in titles if title and folded(title) in start), titles[0])
    return clean(markup, base=base, title=shown, source=source)
