"""Markup of strangers to HTML that is safe to show, and to plain text. nh3 decides what may stay."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import nh3

from flows.articles.blocks import blocks_of
from flows.articles.boilerplate import trim, trim_teaser
from flows.articles.identify import canonical_link
from flows.articles.plain import one_line, shorten
from flows.articles.tree import Element, Node, build
from flows.articles.written import as_html, as_text

SUMMARY_CHARS = 5_000
_INLINE = {
    "a",
    "em",
    "strong",
    "b",
    "i",
    "s",
    "del",
    "ins",
    "sub",
    "sup",
    "br",
    "code",
    "kbd",
    "samp",
    "q",
    "cite",
}
_TEXT = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "pre",
    "blockquote",
    "hr",
    "dl",
    "dt",
    "dd",
}
_TABLE = {"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"}
_BOXES = {"div", "section", "article", "main", "figure", "figcaption", "header", "footer", "aside", "details"}
_WITH_CONTENT = {
    "script", "style", "svg", "iframe", "object", "embed", "noscript", "template", "form", "button", "select",
    "textarea", "nav", "video", "audio", "canvas", "title", "head",
}  # fmt: skip
_CLEANER = nh3.Cleaner(
    tags=_INLINE | _TEXT | _TABLE | _BOXES | {"img", "center", "summary"},
    clean_content_tags=_WITH_CONTENT,
    attributes={
        "a": {"href"},
        "img": {"src", "width", "height"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
        "ol": {"start"},
    },
    url_schemes={"http", "https"},
    link_rel=None,
)
_PIXEL_WORDS = (
    "pixel",
    "/track",
    "beacon",
    "feedburner.com/~",
    "stats.",
    "doubleclick",
    "feedsportal",
    "1x1",
    "spacer",
)


@dataclass(frozen=True)
class Cleaned:
    """`html` and `text` say the same; `image_url` is the first picture that is no pixel, "" for none."""

    html: str
    text: str
    words: int
    image_url: str


def clean(markup: str, *, base: str, title: str = "", source: str = "") -> Cleaned:
    """The article in `markup`, whose links start from `base`, without the boilerplate of its feed."""
    root = build(_CLEANER.clean(markup))
    image = next((link for part in root.elements() if part.tag == "img" and (link := _picture(part, base))), "")
    _keep(root, lambda link: _link(link, base))
    blocks = trim(blocks_of(root), title=title, source=source)
    text = as_text(blocks)
    return Cleaned(as_html(blocks), text, len(text.split()), image)


def clean_text(text: str, *, title: str = "", source: str = "") -> Cleaned:
    """The same for an article that is plain text: empty lines part its paragraphs."""
    paragraphs: list[Node] = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        lines = [one_line(line) for line in part.split("\n")]
        inner: list[Node] = []
        for line in lines:
            inner += [line, Element("br")]
        paragraphs.append(Element("p", {}, inner[:-1]))
    blocks = trim(blocks_of(Element("#root", {}, paragraphs)), title=title, source=source)
    plain = as_text(blocks)
    return Cleaned(as_html(blocks), plain, len(plain.split()), "")


def clean_summary(markup: str, *, is_text: bool = False) -> str:
    """A teaser as plain text, at most 5,000 characters."""
    markup = markup[: 20 * SUMMARY_CHARS]
    plain = clean_text(markup).text if is_text else as_text(blocks_of(_without_links(build(_CLEANER.clean(markup)))))
    return shorten(trim_teaser(plain), SUMMARY_CHARS)


def _without_links(root: Element) -> Element:
    _keep(root, lambda _link: "")
    return root


def _keep(element: Element, resolve: Callable[[str], str]) -> None:
    """Pictures go; links get their full, untracked address or become plain text."""
    children: list[Node] = []
    for child in element.children:
        if isinstance(child, str):
            children.append(child)
        elif child.tag != "img":
            _keep(child, resolve)
            address = resolve(child.attributes.get("href", "")) if child.tag == "a" else ""
            if child.tag == "a" and not address:
                children += child.children
                continue
            if address:
                child.attributes = {"href": address}
            children.append(child)
    element.children = children


def _link(link: str, base: str) -> str:
    link = link.strip()
    if not link or link.startswith("#"):
        return ""
    try:
        return canonical_link(urljoin(base, link), keep_fragment=True)
    except ValueError:
        return ""


def _picture(image: Element, base: str) -> str:
    width, height = (image.attributes.get(name, "").strip().removesuffix("px") for name in ("width", "height"))
    if any(size.isdigit() and int(size[:6]) < 40 for size in (width, height)):
        return ""
    return picture_link(image.attributes.get("src", ""), base)


def picture_link(link: str, base: str) -> str:
    """The address of a picture, "" for pixels that count readers and for what is no address."""
    address = _link(link, base)
    return "" if any(word in address.lower() for word in _PIXEL_WORDS) else address
