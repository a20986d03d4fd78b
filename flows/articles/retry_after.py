"""When to ask again: what a server wishes, and how long we wait on our own."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SHORTEST_S = 60.0
LONGEST_S = 24 * 3600.0
FIRST_WAIT = timedelta(hours=1)


def read_retry_after(value: str, now: datetime) -> float | None:
    """Seconds to wait, between a minute and a day; None when the header says nothing that can be used."""
    value = value.strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        seconds = float(value[:12])
    else:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, SHORTEST_S), LONGEST_S)


def back_off(failures: int, jitter: float) -> timedelta:
    """The wait after the n-th failure in a row: 1 h, 2 h, 4 h … 24 h; `jitter` in [0, 1) adds ±10 %."""
    doublings = min(max(failures, 1) - 1, 10)
    return min(FIRST_WAIT * int(2**doublings), timedelta(seconds=LONGEST_S)) * (0.9 + 0.2 * jitter)
