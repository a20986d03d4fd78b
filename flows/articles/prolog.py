"""What a document is, by its first element, and whether its entities would swell. Nothing is expanded."""

import re
from dataclasses import dataclass

from flows.errors import ReadError

_MAX_ENTITIES = 300
_MAX_GROWTH = 500_000  # characters that entities may add to one document
_SPACE = re.compile(r"\s*")
_SKIPPED = {"<?": "?>", "<!--": "-->"}
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_ENTITY = re.compile(r"<!ENTITY\s+(%\s+)?([\w.:-]+)\s+(SYSTEM\b|PUBLIC\b|\"([^\"]*)\"|'([^']*)')", re.I)
_REFERENCE = re.compile(r"&([A-Za-z_][\w.:-]*);")


@dataclass(frozen=True)
class Prolog:
    """`root` is the local name of the first element, lower case, "json" for JSON, "" for neither."""

    root: str
    warnings: tuple[str, ...] = ()


def look_at(text: str) -> Prolog:
    """Raises ReadError (`entity_limit`) if the entities expand into more than a feed could need."""
    start = text.lstrip()[:1]
    if start in {"{", "["}:
        return Prolog("json")
    place = _after_skipped(text, 0)
    if text[place : place + 9].upper() != "<!DOCTYPE":
        return Prolog(_root_at(text, place))  # entities are declared there, or nowhere
    warnings = _check_entities(text)
    return Prolog(_root_at(text, _after_skipped(text, _after_doctype(text, place))), warnings)


def _after_skipped(text: str, place: int) -> int:
    """The place after white space, comments and instructions, however long they are."""
    while True:
        place = _SPACE.match(text, place).end()  # type: ignore[union-attr] # it matches nothing, too
        end = next((end for start, end in _SKIPPED.items() if text.startswith(start, place)), "")
        after = text.find(end, place + 2) if end else -1
        if after < 0:
            return place
        place = after + len(end)


def _root_at(text: str, place: int) -> str:
    found = _ROOT.match(text, place)
    return found.group(2).lower() if found else ""


def _after_doctype(text: str, place: int) -> int:
    close, subset = text.find(">", place), text.find("[", place)
    if 0 <= subset < close:
        end = text.find("]", subset)
        close = text.find(">", end) if end >= 0 else -1
    return close + 1 if close >= 0 else len(text)


def _check_entities(text: str) -> tuple[str, ...]:
    if "<!ENTITY" not in text and "<!entity" not in text:
        return ()
    values: dict[str, str] = {}
    outside = False
    for count, found in enumerate(_ENTITY.finditer(text), 1):
        if count > _MAX_ENTITIES:
            raise _too_many()
        if found.group(1) or found.group(3).upper() in {"SYSTEM", "PUBLIC"}:
            outside = True
        else:
            values.setdefault(found.group(2), found.group(4) or found.group(5) or "")
    _check_growth(text, values)
    return ("external entity ignored",) if outside else ()


def _check_growth(text: str, values: dict[str, str]) -> None:
    sizes: dict[str, int] = {}
    growth = 0
    for found in _REFERENCE.finditer(text):
        growth += _size(found.group(1), values, sizes, frozenset())
        if growth > _MAX_GROWTH:
            raise _too_many()


def _size(name: str, values: dict[str, str], sizes: dict[str, int], within: frozenset[str]) -> int:
    if name not in values:
        return 0
    if name in within or len(within) > 20:
        raise _too_many()
    if name not in sizes:
        value = values[name]
        inner = (_size(found.group(1), values, sizes, within | {name}) for found in _REFERENCE.finditer(value))
        sizes[name] = min(len(value) + sum(inner), 10 * _MAX_GROWTH)
    return sizes[name]


def _too_many() -> ReadError:
    return ReadError("entity_limit", "its entities expand into far more text than a feed holds; it is not read")
