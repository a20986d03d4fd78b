"""Editions and the stories in them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from flows.models.columns import json_field, text_field
from subscribers.columns import time_field, word_field


class EditionStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"  # sealed; goes out when due
    SENDING = "sending"
    PAUSED = "paused"  # by a person, or by quota; `pause_reason` says which
    HELD = "held"  # due too long ago: waits for a person
    SENT = "sent"
    CANCELLED = "cancelled"
    NONE = "none"  # "no edition this week": nothing new; explicit and notified


class Edition(SQLModel, table=True):
    """One issue of a newsletter. `slot` is the local day it is meant for: one edition per slot.

    `sealed_content` is what was approved, whole and frozen; `sealed_hash` is its SHA-256.
    """

    __table_args__ = (UniqueConstraint("newsletter_id", "number"), UniqueConstraint("newsletter_id", "slot"))

    id: int | None = Field(default=None, primary_key=True)
    newsletter_id: int = Field(foreign_key="newsletter.id", ondelete="CASCADE")
    number: int
    slot: date
    status: EditionStatus = word_field(EditionStatus, EditionStatus.DRAFT, index=True)
    subject: str = Field(default="", max_length=300)
    preheader: str = Field(default="", max_length=300)
    introduction: str = text_field()
    closing: str = text_field()
    version: int = Field(default=1)  # of the fields above; an editor saves against the version she saw
    approval_due_at: datetime | None = time_field(nullable=True)
    send_at: datetime | None = time_field(nullable=True)  # None: as soon as approved
    expires_at: datetime | None = time_field(nullable=True)  # later than this it waits for a person
    created_at: datetime = time_field()
    ranker_version: int = Field(default=1)
    ranker_weights: dict[str, Any] = json_field(dict)
    sealed_hash: str = Field(default="", max_length=64)
    sealed_at: datetime | None = time_field(nullable=True)
    sealed_by: str = Field(default="", max_length=320)
    sealed_content: dict[str, Any] = json_field(dict)
    audience_frozen_at: datetime | None = time_field(nullable=True)
    audience_size: int = Field(default=0)  # letters written down when the audience was frozen
    sending_started_at: datetime | None = time_field(nullable=True)
    sent_at: datetime | None = time_field(nullable=True)
    pause_reason: str = Field(default="", max_length=400)
    resume_at: datetime | None = time_field(nullable=True)  # when a pause for quota ends by itself


class Decision(StrEnum):
    NONE = "none"  # nobody has decided
    CHOSEN = "chosen"
    SKIPPED = "skipped"
    LATER = "later"


class Tier(StrEnum):
    """What the ranking makes of a candidate, for the editor."""

    SURE = "sure"  # likely enough to be chosen beforehand
    OPEN = "open"  # the editor's to decide, and what she sees first
    FOLDED = "folded"  # unlikely: folded away
    FLAGGED = "flagged"  # for a senior editor


class Channel(StrEnum):
    """The way by which a story became a candidate: the first of these that brought it."""

    KNOWN = "known"  # what the newsletter and its editors are known to like
    POPULAR = "popular"  # told by many sources, or clicked by many readers
    RECENT = "recent"  # among the newest
    EXPLORATION = "exploration"  # tried on purpose: too little is known of its source or topic
    BY_HAND = "by hand"  # an editor kept or split it


class WrittenBy(StrEnum):
    EXTRACT = "extract"  # the article's own sentences
    MODEL = "model"  # drafted by a language model
    PERSON = "person"  # an editor's own words


class EditionItem(SQLModel, table=True):
    """A story as a candidate for an edition, with its score and what the editor made of it."""

    __table_args__ = (UniqueConstraint("edition_id", "story_id"),)

    id: int | None = Field(default=None, primary_key=True)
    edition_id: int = Field(foreign_key="edition.id", ondelete="CASCADE", index=True)
    story_id: int = Field(foreign_key="story.id", ondelete="CASCADE")
    article_id: int = Field(foreign_key="article.id")  # the one linked to
    score: float = Field(default=0.0)
    # [{"name": "recency", "points": 1.2, "words": "published yesterday"}, ...]; the points sum to the score
    reasons: list[dict[str, Any]] = json_field(list)
    features: dict[str, Any] = json_field(dict)  # as the ranker saw them: what it may later learn from
    rank: int = Field(default=0)  # place in the queue when drafted, from 1
    suggested: bool = Field(default=False)  # pre-chosen by the ranker
    decision: Decision = word_field(Decision, Decision.NONE)
    decided_by: str = Field(default="", max_length=320)  # "" while only the ranker has chosen
    decided_at: datetime | None = time_field(nullable=True)
    skip_reason: str = Field(default="", max_length=200)
    section: str = Field(default="", max_length=80)
    position: int = Field(default=0)  # within the section, from 1
    headline: str = Field(default="", max_length=500)
    blurb: str = text_field()
    version: int = Field(default=1)
    channel: Channel = word_field(Channel, Channel.KNOWN)
    tier: Tier = word_field(Tier, Tier.OPEN)
    chance: float | None = Field(default=None)  # 0 to 1: that the editor will choose it, as the ranker saw it
    # [{"kind": "brand safety", "words": "…"}, ...]: why a senior editor must look; [] if nothing is wrong
    flags: list[dict[str, Any]] = json_field(list)
    # What headline and blurb say and the article does not, each with field ("headline" or "blurb"), kind, text,
    # start and end (characters), doubt (0 to 1), why (a sentence), and by: who confirmed it, or "".
    claims: list[dict[str, Any]] = json_field(list)
    blurb_by: WrittenBy = word_field(WrittenBy, WrittenBy.EXTRACT)
    blurb_note: str = Field(default="", max_length=400)  # the model's name, or why there is no text of a model
    opened_at: datetime | None = time_field(nullable=True)  # when an editor first read it whole


class ItemClicks(SQLModel, table=True):
    """What readers did with a story of a sent edition: people, never clicks. Written by `events`."""

    item_id: int = Field(foreign_key="editionitem.id", primary_key=True, ondelete="CASCADE")
    edition_id: int = Field(foreign_key="edition.id", ondelete="CASCADE", index=True)
    place: int  # in the letter, from 1
    people: int  # whose letter was accepted
    clicked: int  # of these, who clicked as people do
    machines: int = Field(default=0)  # of these, where only machines clicked
    counted_at: datetime = time_field()
