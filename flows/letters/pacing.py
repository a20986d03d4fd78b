"""How fast letters leave: a steady rate that halves when the mail service is busy, and recovers. Pure."""

from dataclasses import dataclass

_SLOWEST = 1 / 64  # of the full rate
_RECOVERY = 1.25


@dataclass
class Pacer:
    """Allows `rate` letters a second. Times are seconds on a clock that never goes backwards."""

    rate: float
    share: float = 1.0  # of the rate, at present
    free_at_s: float = 0.0  # when the next letter may leave

    @property
    def group(self) -> int:
        """How many letters may leave together: half a second's worth, so that bursts stay short."""
        return max(1, int(self.rate * self.share / 2))

    def reserve(self, letters: int, now_s: float) -> float:
        """Book the departure of some letters; returns how long to wait before it, in seconds."""
        start = max(now_s, self.free_at_s)
        self.free_at_s = start + letters / (self.rate * self.share)
        return start - now_s

    def busy(self) -> None:
        """The mail service asked for patience: half the speed."""
        self.share = max(_SLOWEST, self.share / 2)

    def good(self) -> None:
        """A group went through."""
        self.share = min(1.0, self.share * _RECOVERY)


def progress_line(done: int, total: int, elapsed_s: float) -> str:
    """`1,200 of 5,000 letters, 14/s, about 4 min left`; the speed is left out while it is not known."""
    line = f"{done:,} of {total:,} letters"
    if done <= 0 or elapsed_s < 1:
        return line
    speed = done / elapsed_s
    shown = f"{speed:,.0f}/s" if speed >= 1 else f"{speed * 60:,.0f}/min"
    left = (total - done) / speed
    return f"{line}, {shown}, {_about(left)} left" if total > done else f"{line}, {shown}"


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"
