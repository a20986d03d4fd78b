"""What blurbs of a language model may cost in one edition: money is set aside before a call, never after (pure).

Money is counted in whole nano-dollars (1e-9 USD), rounded up, so that a thousand small sums add up exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

_NANO = 10**9
_NANO_OF_A_MILLIONTH = _NANO // 10**6
# Tokenisers work on bytes, so that a token is one byte at the least: four times the usual count, and never too
# few. What the service puts around the messages (roles, separators) is added on top.
_TOKENS_AROUND = 200


@dataclass(frozen=True)
class Prices:
    """What a model costs, in USD per million tokens."""

    read: float
    written: float


@dataclass(frozen=True)
class Usage:
    """Tokens that a call has really used."""

    read: int
    written: int


@dataclass(frozen=True)
class Reservation:
    """What one call may cost at most, in nano-dollars."""

    nano: int


class Budget:
    """The dollars of one edition. Every call is reserved at its worst, and settled at what it was.

    A reservation that is never settled stays spent: of a call that failed nobody knows what it cost.
    """

    def __init__(self, limit_usd: float, prices: Prices) -> None:
        """Raises ValueError for a limit below 0 and for prices that are not above 0: they would bound nothing."""
        if not isfinite(limit_usd) or limit_usd < 0:
            raise ValueError(f"A budget of {limit_usd} USD is none; give 0 or more.")
        if not all(isfinite(price) and price > 0 for price in (prices.read, prices.written)):
            raise ValueError(
                f"Prices of {prices.read} and {prices.written} USD for a million tokens bound nothing; "
                "give the model's own, both above 0."
            )
        self._prices = prices
        self._limit = int(limit_usd * _NANO)
        self._spent = 0
        self._held = 0

    @property
    def limit_usd(self) -> float:
        """What there was at the start."""
        return self._limit / _NANO

    @property
    def spent_usd(self) -> float:
        """What settled calls have cost."""
        return self._spent / _NANO

    @property
    def held_usd(self) -> float:
        """What calls under way, and those that failed, may have cost."""
        return self._held / _NANO

    @property
    def left_usd(self) -> float:
        """What a further call may cost at most."""
        return max(0, self._limit - self._spent - self._held) / _NANO

    def reserve(self, input_bytes: int, most_written: int) -> Reservation | None:
        """Money for a call that sends so many bytes and gets so many tokens at most; None if there is not enough."""
        worst = self._cost(Usage(input_bytes + _TOKENS_AROUND, most_written))
        if self._spent + self._held + worst > self._limit:
            return None
        self._held += worst
        return Reservation(worst)

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Puts what a call really cost in the place of its reservation. Once for each reservation."""
        self._held -= reservation.nano
        self._spent += self._cost(usage)

    def _cost(self, usage: Usage) -> int:
        read = usage.read * self._prices.read * _NANO_OF_A_MILLIONTH
        return ceil(read + usage.written * self._prices.written * _NANO_OF_A_MILLIONTH)


def usage_of(told: Any) -> Usage | None:
    """The tokens in a Converse answer's `usage`; None where it does not say them in whole numbers.

    What was read from or written to a prompt cache is counted as read: we ask for no cache.
    """
    if not isinstance(told, Mapping):
        return None
    read, written = _count(told.get("inputTokens")), _count(told.get("outputTokens"))
    if read is None or written is None:
        return None
    cached = (_count(told.get(name)) or 0 for name in ("cacheReadInputTokens", "cacheWriteInputTokens"))
    return Usage(read + sum(cached), written)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
