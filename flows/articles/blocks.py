"""Any markup as blocks alone: loose text becomes paragraphs, boxes dissolve, tables for layout fall apart."""

from collections.abc import Iterator

from flows.articles.tree import BLOCKS, HEADINGS, Element, Node, tidy

_CONTAINERS = {
    "div", "section", "article", "main", "figure", "figcaption", "header", "footer", "aside", "details",
    "summary", "center", "dl", "dt", "dd", "tbody", "thead", "tfoot", "caption", "#root",
}  # fmt: skip


def blocks_of(element: Element) -> list[Element]:
    """The content of `element` as blocks alone: loose text becomes paragraphs, containers dissolve."""
    blocks: list[Element] = []
    run: list[Node] = []
    for child in element.children:
        if isinstance(child, Element) and (child.tag in BLOCKS or _holds_block(child)):
            blocks += _paragraphs(run)
            run = []
            blocks += _block(child)
        else:
            run.append(child)
    return blocks + _paragraphs(run)


def _holds_block(element: Element) -> bool:
    return element.tag in _CONTAINERS or any(
        isinstance(child, Element) and (child.tag in BLOCKS or _holds_block(child)) for child in element.children
    )


def _block(element: Element) -> list[Element]:
    if element.tag == "pre":
        return _preformatted(element)
    if element.tag == "hr":
        return [Element("hr")]
    if element.tag == "p" or element.tag in HEADINGS:
        inner = blocks_of(element)
        if any(block.tag != "p" for block in inner) or element.tag == "p":
            return inner
        return [Element("h2" if element.tag == "h1" else element.tag, {}, block.children) for block in inner]
    if element.tag == "table":
        return _table(element)
    if element.tag in {"ul", "ol"}:
        items = [item for child in element.children if isinstance(child, Element) for item in _items(child)]
        return [Element(element.tag, element.attributes, list(items))] if items else []
    inner = blocks_of(element)
    return [Element("blockquote", {}, list(inner))] if inner and element.tag == "blockquote" else inner


def _preformatted(element: Element) -> list[Element]:
    inner_tags = {part.tag for part in element.elements()} - {"pre"}
    children: list[Node] = [element.text] if inner_tags & (BLOCKS | _CONTAINERS) else list(element.children)
    while children and not (children[0] if isinstance(children[0], str) else children[0].text).strip("\n"):
        children.pop(0)
    if children and isinstance(children[0], str):
        children[0] = children[0].lstrip("\n")  # a browser drops the first line break, and only the first
    return [Element("pre", {}, children)] if element.text.strip() else []


def _items(element: Element) -> list[Element]:
    inner = blocks_of(element) if element.tag == "li" else blocks_of(Element("#root", {}, [element]))
    if len(inner) == 1 and inner[0].tag == "p":  # a lone paragraph needs no tag of its own
        return [Element("li", {}, inner[0].children)]
    return [Element("li", {}, list(inner))] if inner else []


def _table(element: Element) -> list[Element]:
    rows: list[Node] = []
    for row in _rows(element):
        cells: list[Node] = [
            Element(cell.tag, cell.attributes, list(_cell(cell)))
            for cell in row.children
            if isinstance(cell, Element) and cell.tag in {"td", "th"}
        ]
        if any(isinstance(cell, Element) and cell.children for cell in cells):
            rows.append(Element("tr", {}, cells))
    widest = max((len(row.children) for row in rows if isinstance(row, Element)), default=0)
    captions = [block for part in _elements(element) if part.tag == "caption" for block in blocks_of(part)]
    if widest > 1:
        return [*captions, Element("table", {}, rows)]
    return captions + [block for row in rows for cell in _elements(row) for block in blocks_of(cell)]  # for layout only


def _rows(table: Element) -> Iterator[Element]:
    """Its own rows, not those of tables inside its cells."""
    for part in _elements(table):
        if part.tag == "tr":
            yield part
        elif part.tag in {"tbody", "thead", "tfoot"}:
            yield from _rows(part)


def _elements(node: Node) -> list[Element]:
    return [child for child in node.children if isinstance(child, Element)] if isinstance(node, Element) else []


def _cell(cell: Element) -> list[Node]:
    inner = blocks_of(cell)
    return inner[0].children if len(inner) == 1 and inner[0].tag == "p" else list(inner)


def _paragraphs(run: list[Node]) -> list[Element]:
    """Paragraphs of loose text; two line breaks in a row part them."""
    parts: list[list[Node]] = [[]]
    breaks = 0
    for node in run:
        if isinstance(node, Element) and node.tag == "br":
            breaks += 1
            continue
        if isinstance(node, str) and not node.strip() and breaks:
            continue
        if breaks > 1:
            parts.append([])
        elif breaks == 1 and parts[-1]:
            parts[-1].append(Element("br"))
        breaks = 0
        parts[-1].append(node)
    paragraphs = [Element("p", {}, part) for part in parts]
    for paragraph in paragraphs:
        tidy(paragraph)
    return [paragraph for paragraph in paragraphs if paragraph.text.strip()]
