"""Which editions a person is due, by what she asked for. Pure."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from subscribers.models import Cadence

_LOOK_AHEAD = 400  # editions: more than a year of daily ones


@dataclass(frozen=True)
class EditionFacts:
    """What the rules need to know of an edition.

    `slot` is its local day in the newsletter's zone; `previous_slot` that of the latest earlier edition that
    went out (None: there was none); `sections` are the names of its sections that hold a story.
    """

    slot: date
    sections: tuple[str, ...]
    previous_slot: date | None = None

    @property
    def first_of_month(self) -> bool:
        return is_first_of_month(self.slot, self.previous_slot)


def is_first_of_month(slot: date, previous_slot: date | None) -> bool:
    """Whether no earlier edition went out in this edition's month."""
    return previous_slot is None or (previous_slot.year, previous_slot.month) != (slot.year, slot.month)


def is_due(cadence: Cadence, *, first_of_month: bool) -> bool:
    """Whether this rhythm asks for the edition: every one, or the first of each month."""
    return cadence is Cadence.EVERY or first_of_month


def is_paused(paused_until: date | None, today: date) -> bool:
    """`paused_until` is the first day on which letters may come again, in the newsletter's zone."""
    return paused_until is not None and today < paused_until


def wanted_sections(topics: Collection[str] | None, sections: Sequence[str]) -> tuple[str, ...]:
    """The edition's sections that the person wants, in the edition's order; None means all."""
    return tuple(name for name in sections if topics is None or name in topics)


def next_letter(
    cadence: Cadence,
    paused_until: date | None,
    *,
    now: datetime,
    zone: ZoneInfo,
    next_edition: Callable[[datetime], datetime | None],
) -> datetime | None:
    """When this person's next letter is planned; None when the timetable knows of no edition.

    `next_edition(t)` is the first planned sending after `t`, both aware and in UTC.
    """
    month_start = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    previous: date | None = None
    at = next_edition(month_start.astimezone(UTC) - timedelta(seconds=1))
    for _ in range(_LOOK_AHEAD):
        if at is None:
            return None
        slot = at.astimezone(zone).date()
        first = is_first_of_month(slot, previous)
        if at > now and is_due(cadence, first_of_month=first) and not is_paused(paused_until, slot):
            return at
        previous = slot
        at = next_edition(at)
    return None
