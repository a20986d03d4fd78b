"""The main part of a web page, in the page's own markup.

trafilatura tells best what belongs to an article, but gives it back changed: inline code as blocks, numbered lists as
plain ones, spaces lost where words were bold, links as paragraphs of their own. So we only ask it *which* pieces
belong: each run of text gets a mark of two signs that no article uses, and the runs whose marks come back stay where
they stood, in the page's tree; all other text is taken out.
"""

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field

from lxml.etree import strip_elements, tostring
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Document

from flows.errors import ReadError

# Byzantine musical symbols: printable (others are dropped on the way), no letters, one character each.
_FIRST, _SIGNS = 0x1D000, 246
_MARK = re.compile("[\U0001d000-\U0001d0f5]{2}")
_SIGN = re.compile("[\U0001d000-\U0001d0f5]")
_MOST_RUNS = 50_000  # a long article has hundreds; marks would do for 60,516
_INLINE = {
    *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img"),
    *("ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong"),
    *("sub", "sup", "time", "tt", "u", "var", "wbr"),
}
_SILENT = (
    *("script", "style", "noscript", "template", "svg", "math", "iframe", "object", "select", "textarea", "head"),
    *("video", "audio", "canvas", "embed"),
)
_BOXES = ("form", "nav", "button")  # cleaning would take them with all within: what was chosen of them, stays
_A_PART = 300  # characters of paragraphs, at least, that make a box a part of an article
_LINE_NUMBERS = re.compile(r"[\s\d]+")
_LAZY = ("data-src", "data-lazy-src", "data-original")

Piece = tuple[HtmlElement, str]  # where a text is: an element, and "text" or "tail"


@dataclass
class _Run:
    """Text that reads on without a break, in pieces."""

    pieces: list[Piece] = field(default_factory=list)

    def mark(self, number: int) -> None:
        element, place = self.pieces[0]
        text = getattr(element, place)
        start = len(text) - len(text.lstrip())
        signs = chr(_FIRST + number // _SIGNS) + chr(_FIRST + number % _SIGNS)
        setattr(element, place, text[:start] + signs + text[start:])

    def drop(self) -> None:
        for element, place in self.pieces:
            setattr(element, place, " ")


def main_markup(page: HtmlElement) -> str:
    """The markup of the page with the text and the pictures of its main part alone, "" if it has none.

    `page` is changed. Raises ReadError (`too_complex`) for a page with more pieces than any article has.
    """
    _straighten(page)
    runs = list(_runs(page))
    if len(runs) > _MOST_RUNS:
        raise ReadError("too_complex", f"it has {len(runs):,} pieces of text, more than any article; it is not read")
    for number, run in enumerate(runs):
        run.mark(number)
    # fast: its rescuers add more of a page's furniture than of lost text (tests/bench/page_text.py)
    found = bare_extraction(copy(page), fast=True, include_comments=False)
    if not isinstance(found, Document):
        return ""
    numbers = {_number(mark) for mark in _MARK.findall("".join(found.body.itertext()))}
    chosen = {number for number in numbers if number < len(runs)}  # a page may hold such signs of its own
    if not chosen:  # the text is from a script that describes the page, and stands nowhere in it
        return _written(found.body)
    for number, run in enumerate(runs):
        if number not in chosen:
            run.drop()
    kept = [run.pieces[0][0] for number, run in enumerate(runs) if number in chosen]
    _keep_pictures(page, kept[0], kept[-1])
    strip_elements(page, *_SILENT, with_tail=False)
    for box in page.iter(*_BOXES):
        box.tag = "div"
    return _written(page)


def _written(tree: HtmlElement) -> str:
    return _SIGN.sub("", tostring(tree, encoding="unicode", method="html"))


def _number(mark: str) -> int:
    return (ord(mark[0]) - _FIRST) * _SIGNS + ord(mark[1]) - _FIRST


def _runs(page: HtmlElement) -> Iterator[_Run]:
    run = _Run()
    for piece in _pieces(page):
        text = getattr(*piece) if piece else None
        if piece is None:
            if run.pieces:
                yield run
                run = _Run()
        elif text and (run.pieces or text.strip()):
            run.pieces.append(piece)
    if run.pieces:
        yield run


def _pieces(element: HtmlElement) -> Iterator[Piece | None]:
    """The places of text in their order, and None where a block or a line ends."""
    if element.tag in _SILENT or not isinstance(element.tag, str):
        return
    inline = element.tag in _INLINE
    if not inline:
        yield None
    yield element, "text"
    for child in element:
        yield from _pieces(child)
        yield child, "tail"
    if not inline:
        yield None


def _straighten(page: HtmlElement) -> None:
    for table in list(page.iter("table")):
        _lift_code(table)
    for article in list(page.iter("article")):
        _join_parts(article)


def _lift_code(table: HtmlElement) -> None:
    """Code beside its line numbers is a table of one row: the code alone takes its place."""
    code = [block for block in table.iter("pre") if not _LINE_NUMBERS.fullmatch(block.text_content())]
    if len(code) == 1 and len(list(table.iter("tr"))) == 1 and table.getparent() is not None:
        code[0].tail = None
        table.addprevious(code[0])
        table.drop_tree()


def _join_parts(article: HtmlElement) -> None:
    """An article that advertisements part into boxes of one class becomes one box: only the first would be read."""
    parts: dict[str, list[HtmlElement]] = {}
    for box in article.iter("div", "section"):
        paragraphs = box.findall("p")
        if len(paragraphs) > 1 and sum(len(paragraph.text_content()) for paragraph in paragraphs) >= _A_PART:
            parts.setdefault(box.get("class", ""), []).append(box)
    for name, (first, *others) in parts.items():
        for box in others if name else ():
            if box.find(".//h1") is None and first not in box.iterancestors():
                first.extend(list(box))


def _keep_pictures(page: HtmlElement, first: HtmlElement, last: HtmlElement) -> None:
    """Only those within the smallest box that holds the main part, with the address a lazy one has in waiting."""
    around = {last, *last.iterancestors()}
    box = next((ancestor for ancestor in (first, *first.iterancestors()) if ancestor in around), page)
    within = set(box.iter("img"))
    for image in list(page.iter("img")):
        if image not in within:
            image.drop_tree()
        else:
            image.set("src", _address(image))


def _address(image: HtmlElement) -> str:
    waiting = next((value for name in _LAZY if (value := image.get(name, "").strip())), "")
    shown = image.get("src", "").strip()
    if waiting or (shown and not shown.startswith("data:")):
        return waiting or shown
    choice = (image.get("data-srcset") or image.get("srcset") or "").split()  # "small.jpg 400w, large.jpg 800w"
    return choice[0].rstrip(",") if choice else ""
