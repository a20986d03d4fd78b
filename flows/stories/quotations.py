"""Quotations: what stands between quotation marks, and whether the article says it in these words (pure)."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from flows.stories.evidence import Evidence
from flows.stories.terms import Term, unified

LONG = 4  # words: what is shorter may be a title or a word held at arm's length
_MARK = re.compile(r"[\"«»「」『』‹›]|(?<![^\W_])'(?=\S)|(?<=\S)'(?!\w)")
_OPENING, _CLOSING = frozenset("«「『‹"), frozenset("»」』›")
_LEFT_OUT = re.compile(r"\[[^\[\]]{0,80}\]|…|\.\.\.|\(\.\.\.\)")
_MOST_CHARACTERS = 2000  # a mark that is never closed does not make the rest of a text a quotation


Marked = tuple[int, int, int]  # which of the article's texts, and from and to in characters


class Quotation(NamedTuple):
    """`text[start:end]` with its marks; the words are within `inner_start` and `inner_end`."""

    start: int
    end: int
    inner_start: int
    inner_end: int


def quotations(text: str) -> list[Quotation]:
    """The quotations of a text in their order; one that is not closed ends with its paragraph."""
    plain = unified(text)
    found: list[Quotation] = []
    opened = -1
    for mark in _MARK.finditer(plain):
        at, kind = mark.start(), mark[0]
        if opened >= 0 and (
            "\n" in plain[opened : min(at, opened + _MOST_CHARACTERS)] or at - opened > _MOST_CHARACTERS
        ):
            _close(found, plain, opened, None)
            opened = -1
        if opened < 0:
            if _opens(plain, at, kind):
                opened = at
        elif _pairs(plain[opened], kind) and _closes(plain, at, kind):
            _close(found, plain, opened, at)
            opened = -1
    if opened >= 0:
        _close(found, plain, opened, None)
    return found


def _opens(plain: str, at: int, kind: str) -> bool:
    if kind in _OPENING or kind in _CLOSING:
        return kind in _OPENING or (at > 0 and plain[at - 1].isspace())  # »so« in German
    before, after = plain[at - 1 : at] or " ", plain[at + 1 : at + 2] or " "
    return not after.isspace() and (before.isspace() or before in "([{-/:,")


def _closes(plain: str, at: int, kind: str) -> bool:
    return kind not in {'"', "'"} or not plain[at - 1].isspace()


def _pairs(opening: str, kind: str) -> bool:
    if opening in {'"', "'"}:
        return kind == opening
    return kind != opening and kind not in {'"', "'"}


def _close(found: list[Quotation], plain: str, opened: int, closed: int | None) -> None:
    if closed is not None:
        inner = (opened + 1, closed)
        end = closed + 1
    else:
        if plain[opened] == "'":  # an apostrophe at the beginning of a word
            return
        line = plain.find("\n", opened)
        end = min(len(plain) if line < 0 else line, opened + _MOST_CHARACTERS)
        inner = (opened + 1, end)
    if plain[opened] == "'" and len(plain[inner[0] : inner[1]].split()) < 3:
        return  # 'so' may be two apostrophes
    found.append(Quotation(opened, end, *inner))


def parts_of(text: str, quotation: Quotation, found: Sequence[Term]) -> list[list[Term]]:
    """The terms of a quotation, apart where something is left out or put in by “…” or brackets."""
    inner = text[quotation.inner_start : quotation.inner_end]
    cuts = [(m.start() + quotation.inner_start, m.end() + quotation.inner_start) for m in _LEFT_OUT.finditer(inner)]
    parts: list[list[Term]] = []
    at = quotation.inner_start
    for cut_start, cut_end in [*cuts, (quotation.inner_end, quotation.inner_end)]:
        parts.append(_within(found, at, cut_start))
        at = cut_end
    return [part for part in parts if part]


def _within(found: Sequence[Term], start: int, end: int) -> list[Term]:
    first = bisect_left(found, start, key=lambda term: term.start)
    last = bisect_left(found, end, lo=first, key=lambda term: term.start)
    return list(found[first:last])


def is_said(source: Evidence, part: Sequence[Term]) -> bool:
    """Whether the article has these words one after the other."""
    return bool(source.find([term.key for term in part], limit=1))


def marked_in(source: Evidence) -> tuple[Marked, ...]:
    """The article's own quotations."""
    return tuple((part, q.start, q.end) for part, text in enumerate(source.texts) for q in quotations(text))


def is_quoted(source: Evidence, part: Sequence[Term], marked: Sequence[Marked]) -> bool:
    """Whether it has them within quotation marks, which `marked_in` found."""
    for begin in source.find([term.key for term in part]):
        at = (source.part_of[begin], source.terms[begin].start)
        before = bisect_left(marked, (at[0], at[1] + 1, 0)) - 1
        if before >= 0 and marked[before][0] == at[0] and at[1] < marked[before][2]:
            return True
    return False
