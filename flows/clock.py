"""The only reader of the clock. Everything else takes `now` (or a `Clock`) as an argument."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Seconds on a clock that never goes backwards: for deadlines within one process."""
    return time.monotonic()
