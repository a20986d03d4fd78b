"""Stories, what editors said about them by hand, and the versions of the ranking."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from flows.models.columns import json_field
from subscribers.columns import time_field, word_field


class Story(SQLModel, table=True):
    """Articles about one event. `lead_article_id` is the one the letter links to."""

    id: int | None = Field(default=None, primary_key=True)
    newsletter_id: int = Field(foreign_key="newsletter.id", ondelete="CASCADE", index=True)
    lead_article_id: int = Field(foreign_key="article.id")
    topic: str = Field(default="", max_length=80)
    first_seen_at: datetime = time_field(index=True)
    updated_at: datetime = time_field()
    merged_into: int | None = Field(default=None)  # the story that an editor put its articles into


class StoryArticle(SQLModel, table=True):
    """An article belongs to one story of each newsletter."""

    newsletter_id: int = Field(foreign_key="newsletter.id", primary_key=True, ondelete="CASCADE")
    article_id: int = Field(foreign_key="article.id", primary_key=True, ondelete="CASCADE")
    story_id: int = Field(foreign_key="story.id", ondelete="CASCADE", index=True)


class Regrouping(StrEnum):
    MERGED = "merged"
    SPLIT = "split"


class StoryEdit(SQLModel, table=True):
    """A story that an editor put together or took apart. Clustering never undoes it; the editor may.

    MERGED: the articles came from `other_id` into `story_id`. SPLIT: they left `story_id` for `other_id`.
    """

    id: int | None = Field(default=None, primary_key=True)
    newsletter_id: int = Field(foreign_key="newsletter.id", ondelete="CASCADE", index=True)
    at: datetime = time_field()
    by: str = Field(max_length=320)
    kind: Regrouping = word_field(Regrouping, Regrouping.MERGED)
    story_id: int = Field(foreign_key="story.id", ondelete="CASCADE", index=True)
    other_id: int = Field(foreign_key="story.id", ondelete="CASCADE", index=True)
    article_ids: list[int] = json_field(list)
    before: dict[str, Any] = json_field(dict)  # what an editor had decided on the story that was put aside
    undone_at: datetime | None = time_field(nullable=True)
    undone_by: str = Field(default="", max_length=320)


class Wish(SQLModel, table=True):
    """A topic or term that an editor boosted (> 0) or muted (< 0), in score points. Sources keep their own."""

    __table_args__ = (UniqueConstraint("newsletter_id", "name_key"),)

    id: int | None = Field(default=None, primary_key=True)
    newsletter_id: int = Field(foreign_key="newsletter.id", ondelete="CASCADE")
    name: str = Field(max_length=80)
    name_key: str = Field(max_length=80)  # casefolded
    points: float
    by: str = Field(default="", max_length=320)
    at: datetime = time_field()


class SafetyExample(SQLModel, table=True):
    """An article that a senior editor called unsuitable, or fine: what the team's own filter is taught with."""

    __table_args__ = (UniqueConstraint("newsletter_id", "article_id"),)

    id: int | None = Field(default=None, primary_key=True)
    newsletter_id: int = Field(foreign_key="newsletter.id", ondelete="CASCADE")
    article_id: int = Field(foreign_key="article.id", ondelete="CASCADE")
    unsuitable: bool
    by: str = Field(default="", max_length=320)
    at: datetime = time_field()


class RankerStatus(StrEnum):
    PENDING = "pending"  # learned, waiting for a person
    APPROVED = "approved"  # at most one: the one in use
    REJECTED = "rejected"
    RETIRED = "retired"  # was in use once


class Ranker(SQLModel, table=True):
    """One version of the ranking's weights, with the evidence for it. Version 1 is the rules."""

    id: int | None = Field(default=None, primary_key=True)
    newsletter_id: int = Field(foreign_key="newsletter.id", ondelete="CASCADE", index=True)
    version: int
    status: RankerStatus = word_field(RankerStatus, RankerStatus.PENDING)
    weights: dict[str, Any] = json_field(dict)
    backtest: dict[str, Any] = json_field(dict)
    created_at: datetime = time_field()
    decided_at: datetime | None = time_field(nullable=True)
    decided_by: str = Field(default="", max_length=320)
