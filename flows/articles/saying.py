"""Rhythms, spans and counts as one says them, for the desk and for the command line alike. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_BLOCKS = "▁▂▃▄▅▆▇█"
_PERIODS = ((timedelta(hours=1), "an hour"), (timedelta(days=1), "a day"), (timedelta(days=7), "a week"))
_MONTH = timedelta(days=30.4)
_LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}
_ABOUT_ONE = 0.7  # fewer than this in a period are told by the next longer one


def how_often(gap: timedelta | None) -> str:
    """about two a week · about one a month · about one every 3 months · too few articles to tell how often."""
    if gap is None:
        return "too few articles to tell how often"
    for period, name in (*_PERIODS, (_MONTH, "a month")):
        if (count := period / gap) >= _ABOUT_ONE:
            return f"about {_number(count)} {name}"
    months = gap / _MONTH
    return f"about one every {round(months)} months" if months < 18 else "less than one a year"


def _number(count: float) -> str:
    whole = max(1, round(count))
    return _NUMBERS[whole] if whole < len(_NUMBERS) else f"{whole:,}"


def every(seconds: float) -> str:
    """every 15 minutes · every 6 hours · once a day · every 3 days."""
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return {1: "every minute", 60: "once an hour"}.get(minutes, f"every {minutes} minutes")
    if (hours := round(minutes / 60)) < 36:
        return "once a day" if 23 <= hours <= 25 else f"every {hours} hours"
    return f"every {round(hours / 24)} days"


def silence(since: datetime, gap: timedelta | None, now: datetime) -> str:
    """nothing new for 34 days, usually one every 6 days."""
    said = f"nothing new for {(now - since).days} days"
    if gap is None:
        return said
    days = gap / timedelta(days=1)
    if days < 0.75:
        return f"{said}, usually several a day"
    return f"{said}, usually one {'a day' if days < 1.5 else f'every {round(days)} days'}"


def sparkline(counts: Sequence[int]) -> str:
    """The counts as bars of block characters, one each; the lowest is nought."""
    most = max(counts, default=0)
    return "".join(_BLOCKS[0] if not count else _BLOCKS[max(1, round(7 * count / most))] for count in counts)


def counted(count: int, noun: str) -> str:
    """1 article · 1,200 articles."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def language_name(code: str) -> str:
    """English for en, en-GB and EN_us; a language that is not in the list keeps its code."""
    return _LANGUAGES.get(code.lower().replace("_", "-").partition("-")[0], code)


def size(count: int) -> str:
    """812 bytes · 45 KB · 3.1 MB."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} KB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"
