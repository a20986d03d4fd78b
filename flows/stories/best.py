"""Which article of a story the letter links to (pure).

The rule: of the articles with a link that tell the story in full (at least 60 % of the longest text), the
earliest; of those published in the same hour, the one whose source has the better record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_FULL_SHARE = 0.6


@dataclass(frozen=True)
class Telling:
    """One article of a story; `published_at` falls back to when it was first seen, `record` is 0 to 1."""

    article_id: int
    link: str
    words: int
    published_at: datetime
    record: float = 0.0


def best_telling(tellings: Sequence[Telling]) -> Telling:
    """The article to link to. Without any link, the rule runs over all of them. Needs at least one."""
    linked = [telling for telling in tellings if telling.link] or tellings
    longest = max(telling.words for telling in linked)
    full = [telling for telling in linked if telling.words >= _FULL_SHARE * longest]
    return min(
        full,
        key=lambda telling: (
            telling.published_at.replace(minute=0, second=0, microsecond=0),
            -telling.record,
            telling.published_at,
            telling.article_id,
        ),
    )
