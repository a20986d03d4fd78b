"""Blocks written down: as HTML that is safe to show, and as plain text with paragraphs."""

from collections.abc import Iterable
from html import escape

from flows.articles.tree import Element, Node

_VOID = {"br", "hr"}


def as_html(blocks: Iterable[Element]) -> str:
    """HTML with one block on a line; every text is escaped here, whatever it was."""
    return "\n".join(_html(block) for block in blocks)


def _html(node: Node) -> str:
    if isinstance(node, str):
        return escape(node, quote=False)
    if node.tag in _VOID:
        return f"<{node.tag}>"
    attributes = "".join([f' {name}="{escape(value)}"' for name, value in node.attributes.items()])
    return f"<{node.tag}{attributes}>{''.join([_html(child) for child in node.children])}</{node.tag}>"


def as_text(blocks: Iterable[Element]) -> str:
    """Plain text: blocks parted by an empty line, list items with a dash or a number, cells with a bar."""
    return "\n\n".join(text for block in blocks if (text := _text(block)))


def _text(block: Element) -> str:
    if block.tag in {"ul", "ol"}:
        return "\n".join(_item(item, block, place) for place, item in enumerate(block.inner()))
    if block.tag == "blockquote":
        return as_text(block.inner())
    if block.tag == "table":
        return "\n".join(
            " | ".join(cell.text.strip().replace("\n", " ") for cell in row.inner()) for row in block.inner()
        )
    if block.tag == "pre":
        return block.text.strip("\n")
    return block.text.strip()


def _item(item: Element, within: Element, place: int) -> str:
    start = within.attributes.get("start", "1")
    number = (int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1) + place
    mark = f"{number}. " if within.tag == "ol" else "- "
    inner = item.text if item.is_leaf else as_text(item.inner())
    return mark + inner.strip().replace("\n\n", "\n").replace("\n", "\n  ")
