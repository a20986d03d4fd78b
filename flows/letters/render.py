"""An edition as HTML and as plain text: compiled once, then made each person's own by splicing.

    Content -> Jinja -> MJML -> HTML -> segments        once for each language of the frame
    segments + Personal -> Body                         for each person: a join, no template, no compiler

Personal places are opaque marks while the templates run; afterwards the text is cut at the marks, and each
person's values are put between the pieces. Nothing is rendered a second time, so `{{ }}` in a headline or in
a name is text. Sections are cut out whole, so that a person who did not ask for one does not get it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from html import escape
from typing import Any

from flows.editions.seal import Content, ContentSection, Item
from flows.errors import TemplateError
from flows.letters.frame import (
    FOLDER,
    Words,
    all_words,
    filled,
    language_for,
    line_of,
    long_date,
    palette,
    paragraphs,
    render,
    web_link,
)
from flows.letters.letter import Body, joined, quoted_printable
from flows.letters.mjml import compile_mjml

_FILES = ("edition.mjml.j2", "edition.txt.j2", "words.toml")
_HOLES = ("greeting", "preferences", "unsubscribe")
_PREHEADER_CHARACTERS = 140


@dataclass(frozen=True)
class Personal:
    """What one person's letter has of its own. `topics` are names of sections; None means all."""

    name: str
    topics: tuple[str, ...] | None
    preferences_link: str
    unsubscribe_link: str
    language: str
    letter_format: str  # "full" or "text"


@dataclass(frozen=True)
class Piece:
    """Text that is the same for all, with its quoted-printable form; or, if `hole` is set, a personal place.

    `section` is the name of the section it belongs to; None for what everybody gets.
    """

    text: str
    encoded: bytes
    hole: str = ""
    section: str | None = None


@dataclass(frozen=True)
class Variant:
    """An edition in one language of the frame."""

    html: tuple[Piece, ...]
    text: tuple[Piece, ...]
    words: Words


@dataclass(frozen=True)
class Compiled:
    """An edition, ready to be made each person's own; `variants` are by language of the frame."""

    variants: Mapping[str, Variant]
    language: str  # of the frame, where a person's own is not spoken here


def template_hash() -> str:
    """The SHA-256, in hex, of the files that decide how an edition looks."""
    digest = sha256()
    for name in _FILES:
        digest.update(name.encode() + b"\0" + (FOLDER / name).read_bytes() + b"\0")
    return digest.hexdigest()


def compile_edition(content: Content, *, address: str) -> Compiled:
    """Compile an edition for every language of the frame, so that a fault shows before the first letter.

    `address` is the public address of the pages, without a slash at its end. Raises TemplateError.
    """
    variants = {tag: _variant(content, address, tag, words) for tag, words in all_words().items()}
    return Compiled(variants, language_for(content.language))


def personalise(compiled: Compiled, personal: Personal) -> Body:
    """One person's letter. Sections the person did not ask for are left out; format "text" has no HTML."""
    variant = compiled.variants[language_for(personal.language, compiled.language)]
    values = _values(personal, variant.words)
    text, text_qp = _spliced(variant.text, values, personal.topics, str)
    if personal.letter_format == "text":
        return Body("", text, text_qp=text_qp)
    html, html_qp = _spliced(variant.html, values, personal.topics, escape)
    return Body(html, text, html_qp, text_qp)


def _values(personal: Personal, words: Words) -> dict[str, str]:
    name = line_of(personal.name)[:100].strip()
    return {
        "greeting": filled(words, "greeting", name=name) if name else str(words["greeting_nameless"]),
        "preferences": personal.preferences_link,
        "unsubscribe": personal.unsubscribe_link,
    }


def _spliced(
    pieces: tuple[Piece, ...],
    values: Mapping[str, str],
    topics: tuple[str, ...] | None,
    safe: Callable[[str], str],
) -> tuple[str, bytes]:
    text: list[str] = []
    encoded: list[bytes] = []
    for piece in pieces:
        if piece.section is None or topics is None or piece.section in topics:
            value = safe(values[piece.hole]) if piece.hole else piece.text
            text.append(value)
            encoded.append(quoted_printable(value) if piece.hole else piece.encoded)
    return "".join(text), joined(encoded)


def _variant(content: Content, address: str, language: str, words: Words) -> Variant:
    marks = _Marks.unlike(content)
    names = [section.name for section in content.sections]
    context = _context(content, address, language, words, marks)
    html = compile_mjml(render("edition.mjml.j2", context))
    text = render("edition.txt.j2", context)
    return Variant(
        html=tuple(marks.cut(html, names, "edition.mjml.j2")),
        text=tuple(marks.cut(text, names, "edition.txt.j2")),
        words=words,
    )


@dataclass(frozen=True)
class _Marks:
    """Marks that no text of this edition holds, as they depend on all of it. They survive escaping."""

    stem: str

    @classmethod
    def unlike(cls, content: Content) -> "_Marks":
        whole = str(content.as_json())
        stem = _stem(whole)
        while stem in whole:
            stem = _stem(stem)
        return cls(stem)

    def hole(self, name: str) -> str:
        return f"{self.stem}h{name}z"

    def border(self, kind: str, number: int) -> str:
        return f"{self.stem}{kind}{number}z"

    def cut(self, whole: str, sections: list[str], template: str) -> list[Piece]:
        """The pieces of `whole`. Raises TemplateError when the template lost or doubled a mark."""
        pieces: list[Piece] = []
        section: str | None = None
        begin, seen = 0, []
        for mark in re.finditer(rf"(?:<!-- ?)?{self.stem}(?:h([a-z]+)|([be])(\d+))z(?: ?-->)?", whole):
            pieces.append(_fixed(whole[begin : mark.start()], section))
            begin = mark.end()
            hole, border, number = mark.groups()
            if hole:
                pieces.append(Piece("", b"", hole, section))
            else:
                section = sections[int(number)] if border == "b" else None
            seen.append(hole or f"{border}{number}")
        pieces.append(_fixed(whole[begin:], section))
        _check_marks(seen, len(sections), template)
        return [piece for piece in pieces if piece.hole or piece.text]


def _stem(text: str) -> str:
    return f"x{sha256(text.encode('utf-8', 'replace')).hexdigest()[:20]}"


def _fixed(text: str, section: str | None) -> Piece:
    return Piece(text, quoted_printable(text), section=section)


def _check_marks(seen: list[str], sections: int, template: str) -> None:
    borders = [mark for mark in seen if mark not in _HOLES]
    if borders != [f"{border}{number}" for number in range(sections) for border in "be"]:
        raise TemplateError(f"{template}: each section must stand once, in order, between its two marks.")
    for hole in ("preferences", "unsubscribe"):
        if hole not in seen:
            raise TemplateError(f"{template}: the link “{hole}” is missing; no letter goes out without it.")


def _context(content: Content, address: str, language: str, words: Words, marks: _Marks) -> dict[str, Any]:
    """What the templates are given: plain dictionaries, lists and strings, and nothing of any person."""
    return {
        "words": words,
        "frame_language": language,
        "language": line_of(content.language) or "en",
        "colours": palette(content.accent),
        "newsletter": line_of(content.newsletter_name),
        "tagline": line_of(content.tagline),
        "postal_address": line_of(content.postal_address),
        "subject": line_of(content.subject),
        "preheader": _preheader(content),
        "number": filled(words, "number", number=str(content.number)),
        "date": _date(content.slot, words),
        "introduction": paragraphs(content.introduction),
        "closing": paragraphs(content.closing),
        "sections": [_section(section, number, words, marks) for number, section in enumerate(content.sections)],
        "why": filled(words, "why", newsletter=line_of(content.newsletter_name)),
        "join_link": web_link(f"{address}/join"),
        "personal": {name: marks.hole(name) for name in _HOLES},
    }


def _section(section: ContentSection, number: int, words: Words, marks: _Marks) -> dict[str, Any]:
    return {
        "name": line_of(section.name),
        "begin": marks.border("b", number),
        "end": marks.border("e", number),
        "items": [_story(item, words) for item in section.items],
    }


def _story(item: Item, words: Words) -> dict[str, Any]:
    minutes = filled(words, "minutes", minutes=str(item.minutes)) if item.minutes > 0 else ""
    drafted = words["drafted"] if item.drafted else ""
    link = web_link(item.link)
    source = line_of(item.source)
    return {
        "headline": line_of(item.headline) or link or source or "—",
        "blurb": paragraphs(item.blurb),
        "link": link,
        "source": source,
        "author": line_of(item.author),
        "minutes": minutes,
        "drafted": drafted,
        "credit": " · ".join(part for part in (source, line_of(item.author), minutes, drafted) if part),
    }


def _preheader(content: Content) -> str:
    """What the inbox shows beside the subject: the editors' own words, or the first headlines."""
    own = line_of(content.preheader)
    if own:
        return own
    headlines = [line_of(item.headline) for section in content.sections for item in section.items]
    told = " · ".join(headline for headline in headlines[:3] if headline)
    return told if len(told) <= _PREHEADER_CHARACTERS else told[: _PREHEADER_CHARACTERS - 1].rstrip() + "…"


def _date(slot: str, words: Words) -> str:
    try:
        return long_date(date.fromisoformat(slot[:10]), words)
    except ValueError:
        return line_of(slot)
