"""When to ask again."""

from datetime import timedelta

import pytest

from flows.articles.retry_after import back_off, read_retry_after
from tests.conftest import NOW

DAY = 24 * 3600.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        (" 3600 ", 3600.0),
        ("0", 60.0),
        ("1", 60.0),
        ("315360000", DAY),
        ("9" * 400, DAY),
        ("Thu, 19 Nov 2026 09:00:00 GMT", 3600.0),
        ("Thu, 19 Nov 2026 07:00:00 GMT", 60.0),
        ("Thu, 19 Nov 2036 09:00:00 GMT", DAY),
        ("Thu, 19 Nov 2026 10:00:00 +0100", 3600.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("١٢٠", None),
        ("Thu, 99 Nov 2026 09:00:00 GMT", None),
        ("Thu, 19 Nov 99999 09:00:00 GMT", None),
    ],
)
def test_F20_retry_after_is_honoured_between_a_minute_and_a_day(said: str, seconds: float | None) -> None:
    assert read_retry_after(said, NOW) == seconds


def test_F19_waits_double_from_an_hour_to_a_day() -> None:
    waits = [back_off(failures, 0.5) for failures in range(8)]
    hours = [round(wait / timedelta(hours=1)) for wait in waits]
    assert hours == [1, 1, 2, 4, 8, 16, 24, 24]
    assert back_off(10**6, 0.5) == timedelta(days=1)


def test_jitter_spreads_a_wait_by_a_tenth() -> None:
    assert back_off(1, 0.0) == timedelta(minutes=54)
    assert back_off(1, 1.0) == timedelta(minutes=66)
