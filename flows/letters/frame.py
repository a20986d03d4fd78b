"""What every letter is rendered with: the words of its language, dates, colours, and the template environments.

Text of strangers (feeds, names) reaches a template only as data: plain dictionaries of plain strings, in a
sandbox, escaped on output. It never becomes a template, and never MJML.
"""

import re
import textwrap
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import FileSystemLoader, StrictUndefined, TemplateSyntaxError
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

import templates
from flows.errors import TemplateError
from flows.letters.colour import readable

FOLDER = Path(templates.__file__).parent / "email"
WIDTH = 72  # characters a line of the text part
_KEPT = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]*")
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")

PAPER, INK, SOFT, STROKE, RULE = "#ffffff", "#1b1a18", "#605c55", "#8f887b", "#d9d5cc"
DARK_PAPER, DARK_INK, DARK_SOFT, DARK_STROKE, DARK_RULE = "#161513", "#ebe7df", "#a8a299", "#7a746a", "#3d3a35"

Words = Mapping[str, Any]


def palette(accent: str) -> dict[str, str]:
    """The colours of a letter by day and by night; the accent is made readable on both grounds."""
    return {
        "paper": PAPER,
        "ink": INK,
        "soft": SOFT,
        "stroke": STROKE,  # under links
        "rule": RULE,
        "accent": readable(accent, PAPER),
        "dark_paper": DARK_PAPER,
        "dark_ink": DARK_INK,
        "dark_soft": DARK_SOFT,
        "dark_stroke": DARK_STROKE,
        "dark_rule": DARK_RULE,
        "dark_accent": readable(accent, DARK_PAPER),
        "on_accent": PAPER,
    }


@lru_cache(maxsize=1)
def all_words() -> Mapping[str, Words]:
    """The words of the frame by language."""
    return tomllib.loads((FOLDER / "words.toml").read_text("utf-8"))


def language_for(*wanted: str) -> str:
    """The first of the languages wanted that the frame speaks (`de-AT` counts as `de`), or English."""
    known = all_words()
    primary = (tag.replace("_", "-").split("-")[0].lower() for tag in wanted)
    return next((tag for tag in primary if tag in known), "en")


def long_date(day: date, words: Words) -> str:
    """As a newspaper prints it: Monday, 23 November 2026."""
    return (
        str(words["date"])
        .replace("{weekday}", words["weekdays"][day.weekday()])
        .replace("{day}", str(day.day))
        .replace("{month}", words["months"][day.month - 1])
        .replace("{year}", str(day.year))
    )


def visible(text: str) -> str:
    """`text` without what can break a letter or turn its direction: controls, surrogates, overrides."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _KEPT.fullmatch(text):
        return text
    return "".join(char if _KEPT.fullmatch(char) else " " for char in text)


def line_of(text: str) -> str:
    """`text` as one visible line."""
    return " ".join(visible(text).split())


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text typed by a person or found by a machine; blank lines part them."""
    return [found for part in _PARAGRAPHS.split(visible(text).strip()) if (found := " ".join(part.split()))]


def web_link(link: str) -> str:
    """`link` if it is an http(s) address that can stand in a letter, else ""."""
    link = link.strip()
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    odd = any(char.isspace() or unicodedata.category(char) in {"Cc", "Cs", "Cf"} for char in link)
    return link if parts.scheme in {"http", "https"} and parts.netloc and not odd else ""


def filled(words: Words, key: str, **values: str) -> str:
    """The frame's words under `key` with {values} put in; what is put in is not read again."""
    text = str(words[key])
    return re.sub(r"\{(\w+)\}", lambda hole: values.get(hole[1], hole[0]), text)


def render(name: str, context: Mapping[str, Any]) -> str:
    """One template of templates/email. Raises TemplateError with its name, line and reason."""
    environment = _mjml() if name.endswith(".mjml.j2") else _text()
    try:
        return environment.get_template(name).render(context)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.name}, line {error.lineno}: {error.message}") from error
    except (JinjaError, TypeError, ValueError) as error:
        raise TemplateError(f"{name}{_line_in(name, error)}: {error}") from error


def _line_in(name: str, error: BaseException) -> str:
    step, line = error.__traceback__, 0
    while step is not None:
        if step.tb_frame.f_code.co_filename.endswith(name):
            line = step.tb_lineno
        step = step.tb_next
    return f", line {line}" if line else ""


@lru_cache(maxsize=1)
def _mjml() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def _text() -> ImmutableSandboxedEnvironment:
    """Without escaping, as the text part is text."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = wrapped
    environment.filters["underlined"] = underlined
    return environment


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """`text` in lines of at most WIDTH; long words (links) stay whole."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def underlined(text: str, stroke: str = "-") -> str:
    """`text`, wrapped, with a line of strokes under it as wide as it is."""
    lines = wrapped(text).split("\n")
    return "\n".join([*lines, stroke * min(max(map(_columns, lines)), WIDTH)])


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)
