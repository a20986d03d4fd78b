"""Cleaned HTML as a small tree of blocks: paragraphs, headings, lists, tables and the like."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Union

from flows.articles.plain import visible

MAX_DEPTH = 64
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
BLOCKS = {"p", "ul", "ol", "li", "table", "tr", "td", "th", "pre", "blockquote", "hr"} | HEADINGS
_VOID = {"br", "hr", "img"}
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_SPACE_AT_BREAK = re.compile(r" ?\n ?")

Node = Union["Element", str]


@dataclass
class Element:
    """`children` are elements and texts, in their order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    @property
    def is_leaf(self) -> bool:
        """A block that holds running text, or one that is taken or left whole."""
        return (
            self.tag in {"p", "pre", "table", "hr"}
            or self.tag in HEADINGS
            or (
                self.tag == "li"
                and not any(isinstance(child, Element) and child.tag in BLOCKS for child in self.children)
            )
        )

    @property
    def text(self) -> str:
        return "".join("\n" if child.tag == "br" else child.text for child in self._parts())

    def _parts(self) -> Iterator["Element"]:
        for child in self.children:
            yield child if isinstance(child, Element) else _Text(child)

    def elements(self) -> Iterator["Element"]:
        """This element and all within, in document order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.elements()


class _Text(Element):
    def __init__(self, text: str) -> None:
        super().__init__("#text")
        self._text = text

    @property
    def text(self) -> str:
        return self._text


class _Builder(HTMLParser):
    """For the output of nh3 only, which closes what it opens."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("#root")
        self.open = [self.root]
        self.deeper = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        if tag not in _VOID and len(self.open) >= MAX_DEPTH:
            self.deeper += 1  # deeper than anybody writes: the text counts, the tags do not
            return
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self.deeper:
            self.deeper -= 1
        elif len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(visible(data))


def build(html: str) -> Element:
    """The tree of cleaned HTML, as it stands."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def tidy(paragraph: Element) -> None:
    """One space where there were many, none at the ends, no empty inline elements."""
    _collapse(paragraph, True)
    _strip_end(paragraph)


def _collapse(element: Element, after_space: bool) -> bool:
    children: list[Node] = []
    for child in element.children:
        if isinstance(child, str):
            text = _SPACES.sub(" ", child)
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
