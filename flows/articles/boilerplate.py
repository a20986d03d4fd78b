"""What feeds put around an article: its title again, "Read More", "The post … appeared first on …"."""

import re
import unicodedata
from collections.abc import Iterator

from flows.articles.tree import Element, cut_tail

_SHORT = 400  # characters: longer blocks are article, whatever they say
_KEPT_WORDS = 25  # an article is not cut down to less than this by what looks like its end
_MORE = (
    r"(?:read|see|learn|view|show) more|read (?:the )?(?:full|whole|entire|complete|rest of (?:the|this)) "
    r"(?:article|post|story|text|blog post)|read (?:it|this)? ?on (?:the )?\w+|continue reading|keep reading|"
    r"read on|weiterlesen|mehr lesen|lire la suite|leer más|continua a leggere|czytaj (?:więcej|dalej)|more"
)
_ARROWS = r"[\s→»›>.…⟶➔\[\]()]*"
_READ_MORE = re.compile(rf"{_ARROWS}(?:{_MORE}){_ARROWS}", re.I)
_READ_MORE_OF = re.compile(r"(?:continue reading|read more|read the rest of)\b.{0,300}", re.I | re.S)
_READ_MORE_TAIL = re.compile(
    r"(?<=[.!?…”\"’)\]:])\s*(?:Read [Mm]ore|Continue [Rr]eading|Keep [Rr]eading|Weiterlesen)" + _ARROWS + r"\Z"
)
_POST_APPEARED = re.compile(
    r"(?:^|(?<=[\s.!?…]))(?:The post|The article|Der Beitrag)\s.{1,300}?\s"
    r"(?:(?:first )?appeared (?:first )?on|was originally published (?:on|in)|erschien zuerst auf)"
    r"\s.{1,150}\Z",
    re.I | re.S,
)
_ORIGINALLY = re.compile(
    r"(?:this (?:article|post|story)|.{1,200}) (?:was )?(?:originally|first) (?:appeared|published)"
    r" (?:on|in|at)\b.{1,150}",
    re.I | re.S,
)
_SOURCE = re.compile(r"(?:source|via|quelle)\s*:\s*\S.{0,100}", re.I | re.S)
_ABOUT = re.compile(r"about the (?:guest )?(?:author|writer|contributor)(?:s|\(s\)|’s|'s)?\s*:?", re.I)
_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|\[&hellip;\])\s*\Z")
_SHARE_WORDS = (
    r"share(?: (?:this|on|via|to|it|article|post|story|with friends))*|tweet|print|e-?mail|facebook|twitter"
    r"|linkedin|whatsapp|reddit|mastodon|bluesky|threads|telegram|pinterest|pin it|pocket|tumblr"
    r"|hacker news|flipboard|xing|copy link|x"
    r"|like this|like|loading|follow us|instagram|youtube"
)
_SHARE = re.compile(rf"(?:(?:{_SHARE_WORDS})[\s:|,/·•.…&+-]*)+", re.I)


def trim(blocks: list[Element], *, title: str, source: str) -> list[Element]:
    """The blocks without what is no part of the article; `source` is the feed's own title."""
    blocks = _without(blocks, set(map(id, _about_and_after(blocks))))
    blocks = _without(blocks, {id(leaf) for leaf in _leaves(blocks) if _is_noise(leaf)})
    blocks = _without_endings(blocks, title, source)
    for leaf in _leaves(blocks):
        _cut_read_more(leaf)
    blocks = _without_title(blocks, title)
    return _without(blocks, set())


def trim_teaser(text: str) -> str:
    """A teaser without its "Read More" and "[…]"; the cut-off is shown with "…"."""
    text = _POST_APPEARED.sub("", text).rstrip()
    text = _READ_MORE_TAIL.sub("", text).rstrip()
    lines = [line for line in text.split("\n") if not line.strip() or not _READ_MORE.fullmatch(line.strip())]
    text = "\n".join(lines).strip()
    return _ELLIPSIS.sub("…", text)


def _leaves(blocks: list[Element]) -> Iterator[Element]:
    for block in blocks:
        if block.is_leaf:
            yield block
        else:
            yield from _leaves([child for child in block.children if isinstance(child, Element)])


def _without(blocks: list[Element], gone: set[int]) -> list[Element]:
    """The blocks without those leaves, without empty ones, and without lists of nothing."""
    kept = []
    for block in blocks:
        if id(block) in gone:
            continue
        if not block.is_leaf:
            inner = _without([child for child in block.children if isinstance(child, Element)], gone)
            if not inner:
                continue
            block.children = list(inner)
        elif block.tag != "hr" and not block.text.strip():
            continue
        kept.append(block)
    while kept and kept[-1].tag == "hr":
        kept.pop()
    return kept


def _about_and_after(blocks: list[Element]) -> list[Element]:
    """From "About the author" on, if an article stands before it."""
    leaves = list(_leaves(blocks))
    words = 0
    for place, leaf in enumerate(leaves):
        text = leaf.text.strip()
        if words >= _KEPT_WORDS and len(text) < 60 and _ABOUT.fullmatch(text):
            return leaves[place:]
        words += len(text.split())
    return []


def _is_noise(leaf: Element) -> bool:
    if leaf.tag in {"table", "pre", "hr"}:
        return False
    text = leaf.text.strip()
    if len(text) > _SHORT:
        return False
    if _READ_MORE.fullmatch(text) and text.lower() != "more":
        return True
    return len(text) < 160 and bool(_SHARE.fullmatch(text)) and _is_share(text)


def _is_share(text: str) -> bool:
    """One word of the list may be a heading of the article; "Share …" or several words are buttons."""
    return text.lower().startswith("share") or len(re.findall(r"\w+", text)) >= 3


def _without_endings(blocks: list[Element], title: str, source: str) -> list[Element]:
    """Notes about the publication, at the very end, as often as there is one."""
    while leaf := next(iter(reversed(list(_leaves(blocks)))), None):
        text = leaf.text.strip()
        if leaf.tag in {"table", "pre"}:
            break
        if _ends_article(text, leaf, title, source) and len(list(_leaves(blocks))) > 1:
            blocks = _without(blocks, {id(leaf)})
        elif (found := _POST_APPEARED.search(text[-_SHORT - 100 :])) and found.group():
            cut_tail(leaf, len(found.group()) + len(leaf.text) - len(leaf.text.rstrip()))
            blocks = _without(blocks, set())
            if not leaf.text.strip():
                continue
            break
        else:
            break
    return blocks


def _ends_article(text: str, leaf: Element, title: str, source: str) -> bool:
    if len(text) > _SHORT:
        return False
    if _POST_APPEARED.fullmatch(text) or _SOURCE.fullmatch(text) or _READ_MORE.fullmatch(text):
        return True
    linked = sum(len(part.text) for part in leaf.elements() if part.tag == "a") >= 0.8 * len(text)
    if _READ_MORE_OF.fullmatch(text) and (linked or (title and folded(title) in folded(text))):
        return True
    return bool(_ORIGINALLY.fullmatch(text)) and (not source or len(text) < 250)


def _cut_read_more(leaf: Element) -> None:
    if leaf.tag in {"table", "pre", "hr"}:
        return
    if found := _READ_MORE_TAIL.search(leaf.text[-80:]):
        cut_tail(leaf, len(found.group()))


def _without_title(blocks: list[Element], title: str) -> list[Element]:
    """Without the title where it is said again at the beginning; an article that is nothing else keeps it."""
    wanted = folded(title)
    leaves = list(_leaves(blocks))
    if not wanted or len(leaves) < 2:
        return blocks
    for leaf in leaves[:2]:
        if leaf.tag not in {"table", "pre", "hr"} and folded(leaf.text) == wanted:
            return _without(blocks, {id(leaf)})
    return blocks


def folded(text: str) -> str:
    """Letters and digits alone, in lower case: how titles are compared."""
    plain = unicodedata.normalize("NFKC", text[:2000]).casefold()
    return "".join(character for character in plain if character.isalnum())
