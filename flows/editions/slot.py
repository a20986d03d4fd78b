"""When the next edition goes out, when its approval is due, and when it is too late for it (pure).

Cron expressions are read as local wall-clock times without a zone, and each is placed in the zone afterwards:
a time that the clocks skip in spring moves on by the hour they skipped, one that comes twice in autumn is
meant the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim

from flows.settings import NewsletterSettings

_LOOKED_AHEAD = 400  # slots; a year of daily editions


@dataclass(frozen=True)
class Slot:
    """The local day an edition is meant for; all times aware, in UTC. `send_at` None: when it is approved."""

    day: date
    letters_at: datetime
    send_at: datetime | None
    approval_due_at: datetime
    expires_at: datetime


def next_slots(newsletter: NewsletterSettings, now: datetime) -> Iterator[Slot]:
    """The coming slots, soonest first, one for each local day (the first time of a day with several)."""
    seen: set[date] = set()
    for local, moment in _times(newsletter.letters_cron, newsletter.timezone, now):
        if local.date() in seen:
            continue
        seen.add(local.date())
        yield Slot(
            day=local.date(),
            letters_at=moment,
            send_at=None if newsletter.send_when_approved else moment,
            approval_due_at=_approval_due(newsletter, now, moment),
            expires_at=moment + timedelta(hours=newsletter.expiry_hours),
        )
        if len(seen) >= _LOOKED_AHEAD:
            return


def cadence_days(newsletter: NewsletterSettings, now: datetime) -> float:
    """Days from one edition to the next, as the schedule says; 7 when there is but one."""
    coming = []
    for slot in next_slots(newsletter, now):
        coming.append(slot.letters_at)
        if len(coming) == 8:
            break
    gaps = sorted((later - sooner).total_seconds() / 86_400 for sooner, later in pairwise(coming))
    return gaps[len(gaps) // 2] if gaps else 7.0


def _approval_due(newsletter: NewsletterSettings, now: datetime, letters_at: datetime) -> datetime:
    """The last time before the letters at which approvals are due; the letters' own time if it has passed."""
    zone = ZoneInfo(newsletter.timezone)
    back = letters_at.astimezone(zone).replace(tzinfo=None)
    for local in CronSim(newsletter.approval_cron, back, reverse=True):
        moment = _placed(local, zone)
        if moment >= letters_at:
            continue
        return moment if moment > now else letters_at
    return letters_at


def _times(cron: str, zone_name: str, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Local time and moment of each hit later than `after`."""
    zone = ZoneInfo(zone_name)
    # An hour that comes twice begins before the first of its two local times: start a little earlier.
    start = after.astimezone(zone).replace(tzinfo=None) - timedelta(hours=3)
    for local in CronSim(cron, start):
        moment = _placed(local, zone)
        if moment > after:
            yield local, moment


def _placed(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
