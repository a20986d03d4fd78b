"""The words of the pages: one file a language in templates/subscribers, and its way to write dates."""

import tomllib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "subscribers"
_FALLBACK = "en"


class Words:
    """One language's messages. `words("join.title", newsletter="…")` fills in the sentence."""

    def __init__(self, language: str, messages: dict[str, Any]) -> None:
        self.language = language
        self._messages = messages

    def __call__(self, name: str, **values: object) -> str:
        """The sentence of this name. Raises KeyError for a name that the language's file does not hold."""
        found: Any = self._messages
        for part in name.split("."):
            found = found[part]
        return str(found).format(**values)

    def has(self, name: str) -> bool:
        section, _, key = name.partition(".")
        return key in self._messages.get(section, {})

    def day(self, day: date) -> str:
        """A day in full: “Monday, 23 November 2026”."""
        dates = self._messages["dates"]
        return str(dates["day"]).format(
            weekday=dates["weekdays"][day.weekday()],
            day=day.day,
            month=dates["months"][day.month - 1],
            year=day.year,
        )

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        """A moment in full, in the reader's zone, which it names."""
        local = at.astimezone(zone)
        return self("dates.moment", day=self.day(local.date()), time=f"{local:%H:%M}", zone=zone.key)


@cache
def languages() -> dict[str, Words]:
    """Every language that has a file, by its code."""
    codes = (path.name.split(".")[1] for path in sorted(FOLDER.glob("messages.*.toml")))
    return {code: Words(code, _read(code)) for code in codes}


def _read(code: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"messages.{code}.toml").read_text("utf-8"))


def speak(*preferences: str | None) -> Words:
    """The words of the first of these language codes (`de`, `de-AT`) that has a file; English otherwise."""
    known = languages()
    for code in preferences:
        if code and (base := code.lower().replace("_", "-").partition("-")[0]) in known:
            return known[base]
    return known[_FALLBACK]


def accepted(header: str) -> list[str]:
    """The language codes of an Accept-Language header, the most wanted first. Never raises."""
    wanted: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        code, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=")
        try:
            wanted.append((float(weight) if weight else 1.0, code))
        except ValueError:
            continue
    return [code for weight, code in sorted(wanted, key=lambda pair: -pair[0]) if weight > 0]
