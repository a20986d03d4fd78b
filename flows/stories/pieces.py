"""What goes into clustering and what comes out (pure)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """An article as clustering sees it; `story_id` is the story it is in already, if any."""

    article_id: int
    source_id: int
    title: str
    text: str
    story_id: int | None = None


@dataclass(frozen=True)
class Group:
    """A story: a known one with all its members and the newcomers, or (`story_id` None) a new one."""

    story_id: int | None
    article_ids: tuple[int, ...]
