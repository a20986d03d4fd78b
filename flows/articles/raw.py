"""What the parsers give: entries as the feed has them, nothing cleaned but titles and names."""

from dataclasses import dataclass
from datetime import datetime

MAX_ENTRIES = 1000


@dataclass(frozen=True)
class RawEntry:
    """`published` is a str when the feed's date is none. `base` resolves the links of `body`."""

    guid: str
    link: str
    title: str
    author: str
    published: datetime | str | None
    body: str
    body_is_text: bool
    base: str
    summary: str
    image_url: str
    summary_is_text: bool = False


@dataclass(frozen=True)
class RawFeed:
    """A feed as its parser gave it; `base` is what its relative links start from, "" if it says nothing.

    `language` is a tag like "en" or "pt-br", "" if it says none; `ttl_s` is how long it asks to be left alone, in
    seconds (a day at most), 0.0 if it does not ask.
    """

    kind: str
    title: str
    site_url: str
    base: str
    entries: tuple[RawEntry, ...]
    warnings: tuple[str, ...] = ()
    left_out: int = 0
    language: str = ""
    ttl_s: float = 0.0
