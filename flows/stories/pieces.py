"""What goes into clustering and what comes out (pure)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Piece:
    """An article as clustering sees it; `story_id` is the story it is in already, if any.

    `published_at` (with its zone) tells apart what headlines of different days have in common; without one the
    words alone decide.
    """

    article_id: int
    source_id: int
    title: str
    text: str
    story_id: int | None = None
    published_at: datetime | None = None


@dataclass(frozen=True)
class Group:
    """A story: a known one with all its members and the newcomers, or (`story_id` None) a new one."""

    story_id: int | None
    article_ids: tuple[int, ...]
