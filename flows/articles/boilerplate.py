"""An article without what its feed puts around it; `phrases` knows the words, this module the places."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flows.articles import phrases
from flows.articles.tree import Element, cut_tail

_KEPT_WORDS = 25  # an article is not cut down to less than this by what looks like its end
_BEGINNING_WORDS = 300  # with "Read more" below so many, it is as likely the whole
_NO_PROSE = {"table", "pre", "hr"}
_NO_ASCII_WORD = re.compile("[^0-9a-z]+")


@dataclass(slots=True)
class _Leaf:
    """A block that is taken or left whole, and its text, which is asked for many times."""

    block: Element
    text: str

    @property
    def is_prose(self) -> bool:
        return self.block.tag not in _NO_PROSE

    @property
    def is_furniture(self) -> bool:
        return self.is_prose and phrases.is_furniture(self.text)

    @property
    def is_footer(self) -> bool:
        return self.is_prose and phrases.is_footer(self.text)

    def is_linked(self, share: float) -> bool:
        """Whether so much of its text is a link."""
        linked = sum(len(part.text) for part in self.block.elements() if part.tag == "a")
        return linked >= share * len(self.text)

    def cut(self, characters: int) -> None:
        """Take so much away from the end."""
        if characters:
            cut_tail(self.block, characters)
            self.text = self.block.text.strip()


def trim(blocks: list[Element], *, title: str, source: str) -> tuple[list[Element], bool]:
    """The blocks without what is no part of the article, and whether they are only its beginning.

    `source` is the feed's own title.
    """
    leaves = _before_about([leaf for leaf in _leaves(blocks) if leaf.text or leaf.block.tag == "hr"])
    cut_off = _is_cut_off(leaves, title, source)
    leaves = _without_endings([leaf for leaf in leaves if not leaf.is_furniture], title, source)
    for leaf in leaves:
        if leaf.is_prose:
            leaf.cut(phrases.glued_read_more(leaf.text))
    leaves = _without_title([leaf for leaf in leaves if leaf.text or leaf.block.tag == "hr"], title)
    return _kept(blocks, {id(leaf.block) for leaf in leaves}), cut_off


def _leaves(blocks: Iterable[Element]) -> Iterator[_Leaf]:
    for block in blocks:
        if block.is_leaf:
            yield _Leaf(block, block.text.strip())
        else:
            yield from _leaves(block.inner())


def _kept(blocks: list[Element], leaves: set[int]) -> list[Element]:
    """The blocks with these leaves alone, without lists of nothing, and without lines that part nothing."""
    kept = []
    for block in blocks:
        if block.is_leaf:
            if id(block) not in leaves:
                continue
        else:
            inner = _kept(block.inner(), leaves)
            if not inner:
                continue
            block.children = list(inner)
        kept.append(block)
    while kept and kept[-1].tag == "hr":
        kept.pop()
    return kept


def _before_about(leaves: list[_Leaf]) -> list[_Leaf]:
    """Up to "About the author", if an article stands before it."""
    for place, leaf in enumerate(leaves):
        if phrases.is_about_the_author(leaf.text) and _has_words(leaves[:place], _KEPT_WORDS):
            return leaves[:place]
    return leaves


def _has_words(leaves: list[_Leaf], least: int) -> bool:
    words = 0
    for leaf in leaves:
        words += len(leaf.text.split())
        if words >= least:
            return True
    return False


def _is_cut_off(leaves: list[_Leaf], title: str, source: str) -> bool:
    """Whether the last words of the article, or what stands below them, say that it goes on elsewhere."""
    for leaf in reversed(leaves):
        text = leaf.text[: len(leaf.text) - phrases.glued_note(leaf.text)].rstrip()
        below = leaf.is_furniture or leaf.is_footer or _ends_article(leaf, title, source)
        tail = phrases.glued_continue(text) or phrases.glued_read_more(text)
        more = text if below else text[len(text) - tail :]
        if phrases.says_it_continues(more):
            return True
        if phrases.may_say_it_continues(more) and not _has_words(leaves, _BEGINNING_WORDS):
            return True
        if leaf.is_prose and phrases.is_unfinished(text):
            return True
        if text and not below and leaf.block.tag != "hr":
            return False
    return False


def _without_endings(leaves: list[_Leaf], title: str, source: str) -> list[_Leaf]:
    """Without the notes about the publication at the very end, as many as there are."""
    while leaves:
        last, before = leaves[-1], leaves[:-1]
        is_note = bool(before) and _ends_article(last, title, source)
        if last.block.tag == "hr" or is_note or (last.is_footer and _has_words(before, _KEPT_WORDS)):
            leaves = before
        elif not last.is_prose:
            break
        elif len(shorter := _before_related(leaves)) < len(leaves):
            leaves = shorter
        else:
            last.cut(phrases.glued_note(last.text) or phrases.glued_continue(last.text))
            if last.text:
                break
            leaves = before
    return leaves


def _ends_article(leaf: _Leaf, title: str, source: str) -> bool:
    text = leaf.text
    if not leaf.is_prose:
        return False
    if phrases.is_note(text):
        return True
    if phrases.is_read_more_of(text):
        return leaf.is_linked(0.8) or _names(text, title)
    return phrases.is_note_of(text) and (_names(text, title) or _names(text, source))


def _names(text: str, title: str) -> bool:
    wanted = folded(title)
    return bool(wanted) and wanted in folded(text)


def _before_related(leaves: list[_Leaf]) -> list[_Leaf]:
    """Up to "Related posts", if an article stands before it and nothing but links behind it."""
    for place in range(len(leaves) - 1, 0, -1):
        if phrases.heads_related(leaves[place].text):
            return leaves[:place] if _has_words(leaves[:place], _KEPT_WORDS) else leaves
        if not leaves[place].is_linked(0.6):
            break
    return leaves


def _without_title(leaves: list[_Leaf], title: str) -> list[_Leaf]:
    """Without the title where it is said again at the beginning; an article that is nothing else keeps it."""
    wanted = folded(title)
    if not wanted or len(leaves) < 2:
        return leaves
    for place, leaf in enumerate(leaves[:2]):
        # to fold a whole paragraph would cost more than all the rest: what is far longer cannot be the title
        if leaf.is_prose and len(leaf.text) < 4 * len(wanted) + 100 and folded(leaf.text) == wanted:
            return leaves[:place] + leaves[place + 1 :]
    return leaves


def folded(text: str) -> str:
    """Letters and digits alone, in lower case: how titles are compared."""
    if text.isascii():
        return _NO_ASCII_WORD.sub("", text[:2000].lower())
    plain = unicodedata.normalize("NFKC", text[:2000]).casefold()
    return "".join(character for character in plain if character.isalnum())
