"""Articles of each week as bars: where each stands, and what it says. Pure; the templates draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Bar:
    """One week. Lengths are in units of the drawing; `begins` is the first of its seven days."""

    x: float
    y: float
    width: float
    height: float
    count: int
    begins: date

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Chart:
    """A drawing of `width` by `height`. `most` is the highest count, `words` the whole as a sentence."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    most: int
    words: str


def draw(counts: Sequence[int], today: date, *, width: float, height: float, gap: float) -> Chart:
    """Bars for weeks of which the last ends today, oldest first; a week without any keeps a line of its own."""
    most = max(counts, default=0)
    step = (width + gap) / max(1, len(counts))
    bars = []
    for number, count in enumerate(counts):
        tall = max(2.0, height * count / most) if count else 1.0
        begins = today - timedelta(weeks=len(counts) - number) + timedelta(days=1)
        bars.append(
            Bar(round(number * step, 2), round(height - tall, 2), round(step - gap, 2), round(tall, 2), count, begins)
        )
    return Chart(width, height, tuple(bars), most, _words(counts))


def _words(counts: Sequence[int]) -> str:
    if not any(counts):
        return f"No article in the last {len(counts)} weeks."
    return f"Articles of each of the last {len(counts)} weeks, oldest first: {', '.join(map(str, counts))}."
