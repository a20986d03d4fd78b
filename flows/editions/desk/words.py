"""Times and numbers as one says them (pure)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def long_day(day: date) -> str:
    """Monday, 23 November 2026."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """today, 16:00 · tomorrow, 07:00 · Friday, 16:00 · Fri 4 December, 16:00, in the newsletter's zone."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    if days in near:
        name = near[days]
    elif 1 < days < 7:
        name = f"{local:%A}"
    else:
        name = f"{local:%a} {local.day} {local:%B}" + ("" if local.year == today.year else f" {local.year}")
    return f"{name}, {local:%H:%M}"


def until(at: datetime, now: datetime) -> str:
    """in 1 day 7 hours · in 20 minutes · 3 hours ago."""
    span = span_of(abs(at - now))
    if span == _NOW:
        return _NOW
    return f"in {span}" if at > now else f"{span} ago"


_NOW = "just now"


def ago(at: datetime, now: datetime) -> str:
    """5 minutes ago · 3 hours ago · yesterday · 12 days ago: the largest unit, whole."""
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return _NOW
    if minutes < 60:
        return f"{many(minutes, 'minute')} ago"
    if minutes < 1440:
        return f"{many(minutes // 60, 'hour')} ago"
    return "yesterday" if minutes < 2880 else f"{minutes // 1440} days ago"


def span_of(span: timedelta) -> str:
    """The two largest units, whole."""
    minutes = int(span.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days >= 7:
        return many(days, "day")
    parts = [many(days, "day")] * bool(days) + [many(hours, "hour")] * bool(hours)
    if not days and rest and hours < 6:
        parts.append(many(rest, "minute"))
    return " ".join(parts[:2]) or _NOW


def many(count: int, noun: str) -> str:
    """1 story, 2 stories, 1,200 people."""
    if count == 1:
        return f"1 {noun}"
    plural = {"person": "people"}.get(noun) or (f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s")
    return f"{count:,} {plural}"
