"""One row of a list of people: which column is what, and what its cells say. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from subscribers.errors import AddressError, TransferError
from subscribers.hygiene import check_address, check_name, check_timezone, email_key
from subscribers.models import Cadence, LetterFormat, SubscriptionStatus
from subscribers.tables import Record, unguarded

# What each field's column may be called, in any case and with any of " -_." in it; the first found counts.
_NAMES = {
    "email": ("email", "emailaddress", "mail", "address", "subscriberemail"),
    "name": ("name", "fullname", "subscribername"),
    "topics": ("topics", "sections", "interests"),
    "timezone": ("timezone", "tz"),
    "language": ("language", "lang", "locale"),
    "cadence": ("cadence", "frequency"),
    "paused_until": ("pauseduntil",),
    "letter_format": ("letterformat", "format"),
    "confirmed": ("confirmed", "optin", "doubleoptin"),
    "status": ("status", "state"),
    "joined": ("joined", "joinedat", "createdat", "signupdate"),
    "suppressed": ("suppressed",),
}
_YES = {"yes", "y", "true", "1", "ja", "j", "x"}
_NO = {"no", "n", "false", "0", "nein", ""}
_STATUSES = {
    **dict.fromkeys(("confirmed", "subscribed", "active", "enabled"), SubscriptionStatus.CONFIRMED),
    **dict.fromkeys(("pending", "unconfirmed"), SubscriptionStatus.PENDING),
    **dict.fromkeys(("unsubscribed", "left", "disabled"), SubscriptionStatus.UNSUBSCRIBED),
}
_W = TypeVar("_W", Cadence, LetterFormat)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


@dataclass(frozen=True)
class Columns:
    """Where each field stands in a row, and the columns that are not used."""

    places: dict[str, int]
    ignored: tuple[str, ...]
    width: int


@dataclass(frozen=True)
class Entry:
    """What a row asks for. Fields that the file leaves open are None (`topics`: all)."""

    line: int
    email: str
    key: str
    status: SubscriptionStatus
    suppressed: bool = False
    name: str = ""
    language: str | None = None
    timezone: str | None = None
    topics: tuple[str, ...] | None = None
    cadence: Cadence = Cadence.EVERY
    letter_format: LetterFormat = LetterFormat.FULL
    paused_until: date | None = None
    joined: datetime | None = None


def find_columns(header: Sequence[str]) -> Columns:
    """Which column is what, by name. Raises TransferError that says what was found and what to do."""
    plain = [re.sub(r"[\s\-_.]", "", name).lower() for name in header]
    places: dict[str, int] = {}
    for field, names in _NAMES.items():
        called = next((name for name in names if name in plain), None)
        if called is None:
            continue
        if plain.count(called) > 1:
            raise TransferError(f"two columns are called “{called}”. Rename or delete one, then import again.")
        places[field] = plain.index(called)
    if "email" not in places:
        raise TransferError(_no_email_column(header))
    used = set(places.values())
    ignored = tuple(name for place, name in enumerate(header) if place not in used and name)
    return Columns(places, ignored, len(header))


def _no_email_column(header: Sequence[str]) -> str:
    found = ", ".join(f"“{name[:40]}”" for name in header[:20] if name) or "none"
    if any("@" in name for name in header):
        return (
            f"the first line names no columns, it is a person already ({found}). "
            "Put a line before it such as: email,name"
        )
    return f"no column is called “email” (found: {found}). Rename the one with the addresses to “email”."


def read_row(record: Record, columns: Columns, *, confirmed: bool, sections: Collection[str] | None = None) -> Entry:
    """What the row asks for. Raises ValueError, in words, for a row that must be mended first.

    `confirmed`: whether people are confirmed where the row itself does not say. With `sections`, topics
    must be among them.
    """
    if record.trouble:
        raise ValueError(record.trouble)
    if any(cell.strip() for cell in record.cells[columns.width :]):
        raise ValueError(f"it has {len(record.cells)} cells, but the first line names {columns.width} columns")
    cells = {
        field: unguarded(record.cells[place].strip(" ")) if place < len(record.cells) else ""
        for field, place in columns.places.items()
    }
    try:
        email = check_address(cells["email"])
    except AddressError as error:
        raise ValueError(f"the address “{error.address[:80]}”: {error.reason}") from error
    return Entry(
        line=record.line,
        email=email,
        key=email_key(email),
        status=_status(cells, confirmed),
        suppressed=cells.get("suppressed", "").strip().lower() not in _NO,
        name=check_name(cells.get("name", "")),
        language=_language(cells.get("language", "")),
        timezone=check_timezone(cells.get("timezone", "")),
        topics=_topics(cells.get("topics", ""), sections),
        cadence=_word("cadence", cells.get("cadence", ""), Cadence, Cadence.EVERY),
        letter_format=_word("format", cells.get("letter_format", ""), LetterFormat, LetterFormat.FULL),
        paused_until=_day(cells.get("paused_until", "")),
        joined=_moment(cells.get("joined", "")),
    )


def _status(cells: dict[str, str], confirmed: bool) -> SubscriptionStatus:
    if said := cells.get("status", "").strip().lower():
        if said not in _STATUSES:
            raise ValueError(f"the status “{said[:40]}” is not one of confirmed, pending, unsubscribed")
        return _STATUSES[said]
    if "confirmed" in cells:
        said = cells["confirmed"].strip().lower()
        confirmed = said in _YES or (said not in _NO and _moment(said) is not None)
    return SubscriptionStatus.CONFIRMED if confirmed else SubscriptionStatus.PENDING


def _topics(text: str, sections: Collection[str] | None) -> tuple[str, ...] | None:
    names = [name.strip() for name in re.split(r"[;|]", text) if name.strip()]
    if sections is not None:
        known = {section.casefold(): section for section in sections}
        if strange := [name for name in names if name.casefold() not in known]:
            raise ValueError(f"there is no section “{strange[0][:60]}”; there are {', '.join(sections)}")
        names = [known[name.casefold()] for name in names]
    return tuple(dict.fromkeys(names)) or None


def _language(text: str) -> str | None:
    code = text.strip().replace("_", "-")
    if code and not (_LANGUAGE.fullmatch(code) and len(code) <= 12):
        raise ValueError(f"the language “{code[:20]}” is not a code such as en or de")
    return code or None


def _word(field: str, text: str, words: type[_W], default: _W) -> _W:
    said = text.strip().lower()
    try:
        return words(said) if said else default
    except ValueError:
        raise ValueError(f"the {field} “{said[:40]}” is not one of {', '.join(words)}") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise ValueError(f"the day “{text[:40]}” is not written like 2026-12-24") from None


def _moment(text: str) -> datetime | None:
    """A moment in ISO form; without a zone it is UTC."""
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"the day “{text[:40]}” is not written like 2026-12-24") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
