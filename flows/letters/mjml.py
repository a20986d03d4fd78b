"""The edge to the MJML compiler: what goes in is checked first, because the compiler hardly checks at all.

mjml-python (mrml) passes unknown tags and attributes over in silence, and ends the whole process at a few
thousand nested tags. So the source is walked once here, and refused with the line and the reason. After that
walk it is safe to compile within this process: sizes and depth are far below where the compiler fails (a test
shows it). Templates that are not our own are compiled by the same function; only rendering *them* needs a
child process, because it is Jinja, not MJML, that can run for ever.
"""

from functools import lru_cache
from html.parser import HTMLParser

from mjml import mjml2html

from flows.errors import TemplateError

MOST_BYTES = 512 * 1024
MOST_DEPTH = 60
_TOLD = 5

_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_CELL = f"align container-background-color vertical-align {_PADDING}"
_BAND = (
    f"background-color background-url background-repeat background-size background-position direction full-width "
    f"text-align {_BORDER} {_PADDING}"
)
# Tag -> (where it may stand, the attributes it takes); `css-class` is taken by all that stand in the body.
# From the reference compiler's own tables (npm mjml 5.4); carousels, accordions and the like are left out.
_TAGS: dict[str, tuple[str, str]] = {
    "mjml": ("", "lang dir owa"),
    "mj-head": ("mjml", ""),
    "mj-title": ("mj-head", ""),
    "mj-preview": ("mj-head", ""),
    "mj-style": ("mj-head", "inline"),
    "mj-breakpoint": ("mj-head", "width"),
    "mj-attributes": ("mj-head", ""),
    "mj-body": ("mjml", "width background-color id"),
    "mj-wrapper": ("mj-body", f"{_BAND} gap"),
    "mj-section": ("mj-body mj-wrapper", _BAND),
    "mj-group": ("mj-section", "background-color direction vertical-align width"),
    "mj-column": (
        "mj-section mj-group",
        f"background-color inner-background-color direction vertical-align width {_BORDER} {_PADDING}",
    ),
    "mj-text": ("mj-column", f"{_CELL} {_FONT} height"),
    "mj-button": (
        "mj-column",
        f"{_CELL} {_FONT} {_BORDER} background-color height href name title inner-padding rel target text-align width",
    ),
    "mj-divider": ("mj-column", f"{_CELL} border-color border-style border-width width"),
    "mj-spacer": ("mj-column", f"container-background-color height {_BORDER} {_PADDING}"),
    "mj-image": (
        "mj-column",
        f"{_CELL} {_BORDER} alt fluid-on-mobile font-size height href max-height name rel sizes src srcset target "
        "title width",
    ),
    "mj-table": ("mj-column", f"{_CELL} {_FONT} border cellpadding cellspacing role table-layout width"),
    "mj-raw": ("mj-head mj-body mj-wrapper mj-section mj-column", "position"),
}
_HTML_INSIDE = {"mj-text", "mj-button", "mj-table", "mj-raw", "mj-title", "mj-preview", "mj-style"}
_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@lru_cache(maxsize=16)
def compile_mjml(source: str) -> str:
    """The HTML of an MJML document; the same document is compiled once.

    Raises TemplateError that names every fault (five at most) with its line.
    """
    check_mjml(source)
    try:
        # Without fonts=… the compiler links to Google's servers wherever a font it knows is named.
        html = mjml2html(source, fonts={})
    except (ValueError, TypeError) as error:
        raise TemplateError(f"the template does not compile: {error}") from error
    return str(html)


def check_mjml(source: str) -> None:
    """Raises TemplateError for what the compiler would pass over, fetch, or fall over."""
    size = len(source.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise TemplateError(f"the template makes {size:,} bytes of MJML; {MOST_BYTES:,} is the most.")
    walk = _Walk()
    walk.feed(source)
    walk.close()
    walk.finish()
    if walk.faults:
        more = f" (and {len(walk.faults) - _TOLD} more)" if len(walk.faults) > _TOLD else ""
        raise TemplateError("; ".join(walk.faults[:_TOLD]) + more + ".")


class _Walk(HTMLParser):
    """Walks through the source and notes what is wrong, with the line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[tuple[str, int]] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look_at(tag, attrs)
        if tag not in _VOID:
            self.open.append((tag, self.getpos()[0]))
            if len(self.open) > MOST_DEPTH:  # at once: the walk itself would grow slow, too
                raise TemplateError(f"line {self.getpos()[0]}: <{tag}> is nested more than {MOST_DEPTH} deep.")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look_at(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        elif tag not in _VOID:
            wanted = f"</{self.open[-1][0]}> was expected" if self.open else "nothing is open"
            self._fault(f"</{tag}> closes nothing; {wanted}")

    def finish(self) -> None:
        for tag, line in self.open:
            self.faults.append(f"line {line}: <{tag}> is never closed")

    def handle_pi(self, data: str) -> None:
        self._fault("a processing instruction (<?…>) has no place in MJML")

    def handle_decl(self, decl: str) -> None:
        self._fault("a declaration (<!…>) has no place in MJML")

    def unknown_decl(self, data: str) -> None:
        self._fault("a declaration (<!…>) has no place in MJML")

    def handle_data(self, data: str) -> None:
        if data.strip() and self._html_host() is None and not self._among_attributes():
            self._fault(f"the text {' '.join(data.split())[:40]!r} stands outside of any mj-text")

    def _look_at(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self.open[-1][0] if self.open else ""
        if tag == "mj-include":
            return self._fault("<mj-include> is refused: a template stands alone")
        if self._among_attributes():
            return self._default_of(tag, attrs)
        if host := self._html_host():
            if tag.startswith("mj"):
                self._fault(f"<{tag}> cannot stand inside <{host}>")
            elif tag in {"script", "iframe", "object", "embed", "form"}:
                self._fault(f"<{tag}> has no place in a letter")
            return None
        if tag not in _TAGS:
            return self._fault(f"<{tag}> is not a tag of MJML that we know")
        places, takes = _TAGS[tag]
        if parent not in places.split() and (parent or places):
            self._fault(f"<{tag}> cannot stand in {f'<{parent}>' if parent else 'the open'}")
        return self._attributes(tag, attrs, {*takes.split(), "css-class", "mj-class"})

    def _default_of(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS and tag not in {"mj-all", "mj-class"}:
            self._fault(f"<{tag}> is not a tag of MJML that we know")
        elif tag in _TAGS:
            self._attributes(tag, attrs, {*_TAGS[tag][1].split(), "css-class"})

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]], takes: set[str]) -> None:
        for name, _ in attrs:
            if name not in takes:
                self._fault(f"<{tag}> takes no attribute “{name}”")

    def _html_host(self) -> str | None:
        return next((tag for tag, _ in self.open if tag in _HTML_INSIDE), None)

    def _among_attributes(self) -> bool:
        return any(tag == "mj-attributes" for tag, _ in self.open)

    def _fault(self, text: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {text}")
