"""The form of the preferences page: read into wishes, or into what to change beside each field. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from subscribers.consent import Wishes
from subscribers.hygiene import check_name, check_timezone
from subscribers.models import Cadence, LetterFormat
from subscribers.pages.forms import Answer, Form
from subscribers.pages.words import Words, languages

SINGLE = ("do", "cadence", "paused_until", "letter_format", "name", "language", "timezone")
MANY = ("topics",)
_LONGEST_PAUSE = timedelta(days=366)


def shown(wishes: Wishes, sections: Sequence[str]) -> dict[str, object]:
    """The form's fields as these wishes fill them in."""
    return {
        "topics": list(sections if wishes.topics is None else wishes.topics),
        "cadence": wishes.cadence.value,
        "paused_until": wishes.paused_until.isoformat() if wishes.paused_until else "",
        "letter_format": wishes.letter_format.value,
        "name": wishes.name,
        "language": wishes.language,
        "timezone": wishes.timezone or "",
    }


def read_wishes(form: Form, words: Words, *, sections: Sequence[str], today: date, now: Wishes) -> Answer:
    """The form's wishes as fields of Wishes; or, with errors, what was typed, to be shown again.

    `now` are the wishes as they stand: what stands may be sent back even if it could not be chosen anew.
    """
    raw = {name: form.one(name) for name in SINGLE if name != "do"}
    ticked = list(dict.fromkeys(form.all("topics")))
    read: dict[str, object] = {}
    errors: dict[str, str] = {}
    try:
        read["topics"] = _topics(ticked, sections, now)
    except ValueError as error:
        errors["topics"] = words(f"error.{error.args[0]}")
    for name, value in raw.items():
        try:
            read[name] = _READERS[name](_given(value), now, today)
        except ValueError as error:
            errors[name] = words(f"error.{error.args[0]}")
    if errors:
        return Answer({"topics": ticked, **{name: value for name, value in raw.items() if value is not None}}, errors)
    return Answer(read)


def _given(value: str | None) -> str:
    if value is None:
        raise ValueError("missing")
    return value


def _topics(ticked: list[str], sections: Sequence[str], now: Wishes) -> tuple[str, ...] | None:
    if any(name not in sections for name in ticked):
        raise ValueError("choose")
    if not ticked:
        raise ValueError("topics_none")
    if now.topics is not None and set(ticked) == set(now.topics):
        return now.topics
    return None if len(ticked) == len(sections) else tuple(name for name in sections if name in ticked)


def _choice(words: type[StrEnum], text: str) -> StrEnum:
    try:
        return words(text)
    except ValueError:
        raise ValueError("choose") from None


def _pause(text: str, now: Wishes, today: date) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("day") from None
    if day <= today:
        if day == now.paused_until:
            return None  # a pause that has ended by itself
        raise ValueError("past")
    if day > today + _LONGEST_PAUSE and day != now.paused_until:
        raise ValueError("far")
    return day


def _name(text: str, _now: Wishes, _today: date) -> str:
    try:
        return check_name(text)
    except ValueError:
        raise ValueError("name") from None


def _language(text: str, now: Wishes, _today: date) -> str:
    if text not in languages() and text != now.language:
        raise ValueError("choose")
    return text


def _timezone(text: str, _now: Wishes, _today: date) -> str | None:
    try:
        return check_timezone(text)
    except ValueError:
        raise ValueError("timezone") from None


_READERS: dict[str, Any] = {
    "cadence": lambda text, _now, _today: _choice(Cadence, text),
    "paused_until": _pause,
    "letter_format": lambda text, _now, _today: _choice(LetterFormat, text),
    "name": _name,
    "language": _language,
    "timezone": _timezone,
}
