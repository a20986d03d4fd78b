"""Cleaned HTML as a small tree: boxes, blocks (paragraphs, headings, lists, tables), and what runs inside a line."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Union

from flows.articles.plain import visible

MAX_DEPTH = 64
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
BLOCKS = {"p", "ul", "ol", "li", "table", "tr", "td", "th", "pre", "blockquote", "hr"} | HEADINGS
CONTAINERS = {
    "div", "section", "article", "main", "figure", "figcaption", "header", "footer", "aside", "details",
    "summary", "center", "dl", "dt", "dd", "tbody", "thead", "tfoot", "caption", "#root",
}  # fmt: skip
_LEAVES = {"p", "pre", "table", "hr"} | HEADINGS
STRUCTURE = BLOCKS | CONTAINERS
_VOID = {"br", "hr"}
_TAG = re.compile(r'(<[^>"]*(?:"[^"]*"[^>"]*)*>)')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_FILLERS = ("\u115f", "\u1160", "\u3164")  # letters by their class, and yet nothing to see
_SPACES = re.compile(r"[ \t\r\n\f\xa0]{2,}|[\t\r\n\f\xa0]")

Node = Union["Element", str]


@dataclass(slots=True)
class Element:
    """`children` are elements and texts, in their order. `holds_blocks`: some element below is no part of a line."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    holds_blocks: bool = False

    @property
    def is_leaf(self) -> bool:
        """A block that holds running text, or one that is taken or left whole."""
        if self.tag in _LEAVES:
            return True
        return self.tag == "li" and not any(
            isinstance(child, Element) and child.tag in BLOCKS for child in self.children
        )

    @property
    def text(self) -> str:
        """All text below, made anew at every call: keep it where it is needed more than once."""
        children = self.children
        if len(children) == 1 and isinstance(children[0], str):
            return children[0]
        return "".join(
            [child if isinstance(child, str) else "\n" if child.tag == "br" else child.text for child in children]
        )

    def inner(self) -> list["Element"]:
        """The elements among the children."""
        return [child for child in self.children if isinstance(child, Element)]

    def elements(self) -> Iterator["Element"]:
        """This element and all within, in document order."""
        yield self
        for child in self.inner():
            yield from child.elements()


def build(html: str, *, link: Callable[[str], str]) -> tuple[Element, list[dict[str, str]]]:
    """The tree of nh3's output, which closes what it opens, and the attributes of its pictures.

    Pictures are no part of the tree. A link gets the address that `link` makes of its own; with "" it is plain text.
    """
    shown = str if _hides_nothing(html) else visible
    root = Element("#root")
    pictures: list[dict[str, str]] = []
    within = [root]  # what is open, outermost first; a tag that does not count opens its parent once more
    for place, part in enumerate(_TAG.split(html)):
        if place % 2 == 0:
            if part:
                within[-1].children.append(shown(unescape(part) if "&" in part else part))
        elif part.startswith("</"):
            within.pop()
        else:
            name, attributes = _tag(part)
            if name == "img":
                pictures.append(attributes)
            elif name in _VOID:
                _open(Element(name), within)
                within.pop()
            elif len(within) >= MAX_DEPTH:
                within.append(within[-1])  # deeper than anybody writes: the text counts, the tags do not
            elif name != "a":
                _open(Element(name, attributes), within)
            elif address := link(attributes.get("href", "")):
                _open(Element(name, {"href": address}), within)
            else:
                within.append(within[-1])
    return root, pictures


def _hides_nothing(html: str) -> bool:
    """Whether `visible` would leave all of it as it is; one look at a whole article is cheap."""
    return html.replace("\n", "").replace("\t", "").isprintable() and not any(filler in html for filler in _FILLERS)


def _tag(part: str) -> tuple[str, dict[str, str]]:
    name, _, rest = part[1:-1].partition(" ")
    return name, {key: unescape(value) for key, value in _ATTRIBUTE.findall(rest)} if rest else {}


def _open(element: Element, within: list[Element]) -> None:
    if element.tag in STRUCTURE:
        for outer in reversed(within):
            if outer.holds_blocks:
                break
            outer.holds_blocks = True
    within[-1].children.append(element)
    within.append(element)


def tidy(paragraph: Element) -> None:
    """One space where there were many, none at the ends, no empty inline elements; without text, no children."""
    _collapse(paragraph, True)
    _strip_end(paragraph)


def _collapse(element: Element, after_space: bool) -> bool:
    children: list[Node] = []
    for child in element.children:
        if isinstance(child, str):
            text = child if child.isprintable() and "  " not in child else _SPACES.sub(" ", child)
            text = text.removeprefix(" ") if after_space else text
            if text:
                children.append(text)
                after_space = text.endswith(" ")
        elif child.tag == "br":
            children.append(child)
            after_space = True
        else:
            after_space = _collapse(child, after_space)
            if child.children:
                children.append(child)
    element.children = children
    return after_space


def _strip_end(element: Element) -> None:
    while element.children:
        last = element.children[-1]
        if isinstance(last, str):
            element.children[-1] = last.rstrip()
            if element.children[-1]:
                return
        elif last.tag != "br":
            _strip_end(last)
            if last.children:
                return
        element.children.pop()


def cut_tail(element: Element, characters: int) -> None:
    """Take the last `characters` of the text of a leaf away, and the elements that end up empty."""
    _cut(element, characters)
    _strip_end(element)


def _cut(element: Element, characters: int) -> int:
    while characters > 0 and element.children:
        last = element.children[-1]
        if isinstance(last, str):
            kept = last[: max(0, len(last) - characters)]
            characters -= len(last) - len(kept)
            element.children[-1] = kept
        elif last.tag == "br":
            characters -= 1
            element.children.pop()
            continue
        else:
            characters = _cut(last, characters)
        last = element.children[-1]
        if not (last if isinstance(last, str) else last.children):
            element.children.pop()
    return characters
