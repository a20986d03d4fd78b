"""Any markup as blocks alone: loose text becomes paragraphs, boxes dissolve, tables for layout fall apart."""

from collections.abc import Iterator

from flows.articles.tree import HEADINGS, STRUCTURE, Element, Node, tidy


def blocks_of(element: Element) -> list[Element]:
    """The content of `element` as blocks alone: loose text becomes paragraphs, containers dissolve."""
    blocks: list[Element] = []
    run: list[Node] = []
    for child in element.children:
        if isinstance(child, Element) and (child.tag in STRUCTURE or child.holds_blocks):
            if run:
                blocks += _paragraphs(run)
                run = []
            blocks += _block(child)
        else:
            run.append(child)
    return blocks + _paragraphs(run)


def _block(element: Element) -> list[Element]:
    if element.tag == "pre":
        return _preformatted(element)
    if element.tag == "hr":
        return [Element("hr")]
    if element.tag == "p" or element.tag in HEADINGS:
        inner = blocks_of(element)
        if element.tag == "p" or any(block.tag != "p" for block in inner):
            return inner
        return [Element("h2" if element.tag == "h1" else element.tag, {}, block.children) for block in inner]
    if element.tag == "table":
        return _table(element)
    if element.tag in {"ul", "ol"}:
        items = [item for child in element.inner() for item in _items(child)]
        return [Element(element.tag, element.attributes, list(items))] if items else []
    inner = blocks_of(element)
    return [Element("blockquote", {}, list(inner))] if inner and element.tag == "blockquote" else inner


def _preformatted(element: Element) -> list[Element]:
    children: list[Node] = [element.text] if element.holds_blocks else list(element.children)
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
    rows: list[Element] = []
    for row in _rows(element):
        cells = [Element(cell.tag, cell.attributes, _cell(cell)) for cell in row.inner() if cell.tag in {"td", "th"}]
        if any(cell.children for cell in cells):
            rows.append(Element("tr", {}, list(cells)))
    captions = [block for part in element.inner() if part.tag == "caption" for block in blocks_of(part)]
    if max((len(row.children) for row in rows), default=0) > 1:
        return [*captions, Element("table", {}, list(rows))]
    return captions + [block for row in rows for cell in row.inner() for block in blocks_of(cell)]  # for layout only


def _rows(table: Element) -> Iterator[Element]:
    """Its own rows, not those of tables inside its cells."""
    for part in table.inner():
        if part.tag == "tr":
            yield part
        elif part.tag in {"tbody", "thead", "tfoot"}:
            yield from _rows(part)


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
        if isinstance(node, str) and (breaks or not parts[-1]) and not node.strip():
            continue
        if breaks > 1:
            parts.append([])
        elif breaks == 1 and parts[-1]:
            parts[-1].append(Element("br"))
        breaks = 0
        parts[-1].append(node)
    paragraphs = [Element("p", {}, part) for part in parts if part]
    for paragraph in paragraphs:
        tidy(paragraph)
    return [paragraph for paragraph in paragraphs if paragraph.children]
