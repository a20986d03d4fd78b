"""What the preferences page tells: what a person gets, when, and what happened so far, in her own words."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from markupsafe import Markup
from sqlmodel import Session, col, or_, select

from subscribers.cadence import next_letter
from subscribers.consent import Wishes
from subscribers.models import Cadence, ConsentEntry
from subscribers.pages.frame import PublicNewsletter
from subscribers.pages.words import Words

_HISTORY = 10
_CONTINENTS = {
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific", "UTC",
}  # fmt: skip


def summary(
    words: Words, newsletter: PublicNewsletter, wishes: Wishes, *, now: datetime, zone: ZoneInfo
) -> dict[str, str]:
    """What she gets and when the next comes: `gets`, `sections`, `next` ("" when nothing is planned)."""
    at = next_letter(
        wishes.cadence,
        wishes.paused_until,
        now=now,
        zone=newsletter.zone,
        next_edition=newsletter.next_edition,
    )
    wanted = [name for name in newsletter.sections if wishes.topics is None or name in wishes.topics]
    return {
        "gets": words("preferences.get_every" if wishes.cadence is Cadence.EVERY else "preferences.get_monthly"),
        "sections": words("preferences.get_all") if wishes.topics is None else ", ".join(wanted),
        "next": words.moment(at, zone) if at else "",
        "paused": words("preferences.paused", day=words.day(wishes.paused_until)) if wishes.paused_until else "",
    }


def history(
    session: Session, words: Words, subscriber_id: int, newsletter: str, *, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """The last ten things that happened to this subscription, the latest first, each in plain words."""
    statement = (
        select(ConsentEntry)
        .where(
            col(ConsentEntry.subscriber_id) == subscriber_id,
            or_(col(ConsentEntry.newsletter) == newsletter, col(ConsentEntry.newsletter).is_(None)),
        )
        .order_by(col(ConsentEntry.at).desc(), col(ConsentEntry.id).desc())
        .limit(_HISTORY)
    )
    return [_line(words, entry, zone) for entry in session.exec(statement)]


def _line(words: Words, entry: ConsentEntry, zone: ZoneInfo) -> dict[str, Any]:
    what = f"history.{entry.what.replace(' ', '_')}"
    who = f"who.{entry.who.partition(':')[0]}"
    told = entry.what in {"changed preferences", "paused"}
    return {
        "day": words.day(entry.at.astimezone(zone).date()),
        "iso": entry.at.astimezone(zone).date().isoformat(),
        "what": words(what) if words.has(what) else entry.what,
        "who": words(who) if words.has(who) else "",
        "changes": changes_in_words(words, entry.before, entry.after) if told else [],
    }


def changes_in_words(words: Words, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Each field that differs, as “Sections: all → Research, Safety”."""
    return [
        words(
            "change.line",
            field=words(f"change.{name}"),
            before=_value(words, name, before.get(name)),
            after=_value(words, name, value),
        )
        for name, value in after.items()
        if words.has(f"change.{name}")
    ]


def _value(words: Words, name: str, value: Any) -> str:
    """One value as the page names it."""
    match name:
        case "topics":
            return words("change.all") if value is None else ", ".join(value)
        case "paused_until":
            return words.day(date.fromisoformat(value)) if value else words("change.empty")
        case "timezone":
            return value or words("change.own_timezone")
        case "language":
            return str(value)
        case "name":
            return value or words("change.empty")
    return words(f"change.{value}") if words.has(f"change.{value}") else str(value or "")


@lru_cache(maxsize=600)
def timezone_options(chosen: str) -> Markup:
    """The <option>s of all time zones, this one chosen; without values and end tags, to be small."""
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in _CONTINENTS)
    if chosen not in names:
        names.insert(0, chosen[:64])
    chosen_option, option = Markup("<option selected>{}"), Markup("<option>{}")
    return Markup("\n").join((chosen_option if name == chosen else option).format(name) for name in names if name)
