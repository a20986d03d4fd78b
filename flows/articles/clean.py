"""Markup of strangers to HTML that is safe to show, and to plain text. nh3 decides what may stay."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

import nh3

from flows.articles.blocks import blocks_of
from flows.articles.boilerplate import trim
from flows.articles.links import canonical_link, picture_address
from flows.articles.phrases import trim_teaser
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
_WHOLE = re.compile(r"https?://[^/?#]")
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
    "scorecardresearch",
    "feeds.wordpress.com",
    "/_/stat?",
    "s.w.org/images",
    "gravatar.com/avatar",
)


@dataclass(frozen=True)
class Cleaned:
    """`html` and `text` say the same; `image_url` is the first picture that is no pixel, "" for none.

    `cut_off`: it ended in an ellipsis or in "Continue reading", so this is a beginning. So it is with "Read more"
    below a short text; below a long one that may mean anything.
    """

    html: str
    text: str
    words: int
    image_url: str
    cut_off: bool = False


def clean(markup: str, *, base: str, title: str = "", source: str = "") -> Cleaned:
    """The article in `markup`, whose links start from `base`, without the boilerplate of its feed."""
    root, pictures = build(_CLEANER.clean(markup), link=lambda link: _link(link, base))
    image = next((link for picture in pictures if (link := _picture(picture, base))), "")
    return _trimmed(root, title, source, image)


def clean_text(text: str, *, title: str = "", source: str = "") -> Cleaned:
    """The same for an article that is plain text: empty lines part its paragraphs."""
    paragraphs: list[Node] = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        lines = [one_line(line) for line in part.split("\n")]
        inner: list[Node] = []
        for line in lines:
            inner += [line, Element("br")]
        paragraphs.append(Element("p", {}, inner[:-1]))
    return _trimmed(Element("#root", {}, paragraphs), title, source, "")


def _trimmed(root: Element, title: str, source: str, image: str) -> Cleaned:
    blocks, cut_off = trim(blocks_of(root), title=title, source=source)
    text = as_text(blocks)
    return Cleaned(as_html(blocks), text, len(text.split()), image, cut_off)


def clean_summary(markup: str, *, is_text: bool = False) -> str:
    """A teaser as plain text, at most 5,000 characters."""
    markup = markup[: 20 * SUMMARY_CHARS]
    plain = clean_text(markup).text if is_text else _bare(markup)
    return shorten(trim_teaser(plain), SUMMARY_CHARS)


def _bare(markup: str) -> str:
    root, _ = build(_CLEANER.clean(markup), link=lambda _link: "")
    return as_text(blocks_of(root))


def _link(link: str, base: str) -> str:
    return canonical_link(_joined(base, link), keep_fragment=True)


def _picture(said: dict[str, str], base: str) -> str:
    width, height = (said.get(name, "").strip().removesuffix("px") for name in ("width", "height"))
    if any(size.isdigit() and int(size[:6]) < 40 for size in (width, height)):
        return ""
    return picture_link(said.get("src", ""), base)


def picture_link(link: str, base: str) -> str:
    """The address of a picture, "" for pixels that count readers and for what is no address."""
    address = picture_address(_joined(base, link))
    return "" if any(word in address.lower() for word in _PIXEL_WORDS) else address


def _joined(base: str, link: str) -> str:
    """The link made whole; "" for one within the page, and for what is none."""
    link = link.strip()
    if _WHOLE.match(link) and link.isprintable():
        return link
    try:
        return urljoin(base, link) if link and not link.startswith("#") else ""
    except ValueError:
        return ""
