"""Sources and their articles."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from flows.models.columns import text_field
from subscribers.columns import time_field, word_field


class SourceStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    RETIRED = "retired"  # the server said 410 Gone
    MERGED = "merged"  # another source stands for it; its address stays known, so that nobody adds it again


class Source(SQLModel, table=True):
    """A feed. `url` is where it is asked for; `topic` is the section its articles lean to ("" if none)."""

    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(unique=True, max_length=2000)
    title: str = Field(default="", max_length=300)
    site_url: str = Field(default="", max_length=2000)
    topic: str = Field(default="", max_length=80)
    weight: float = Field(default=0.0)  # an editor's boost (> 0) or mute (< 0), in score points
    status: SourceStatus = word_field(SourceStatus, SourceStatus.ACTIVE)
    etag: str = Field(default="", max_length=400)
    last_modified: str = Field(default="", max_length=100)
    body_hash: str = Field(default="", max_length=64)
    created_at: datetime = time_field()
    next_due_at: datetime | None = time_field(nullable=True, index=True)
    last_tried_at: datetime | None = time_field(nullable=True)
    last_success_at: datetime | None = time_field(nullable=True)
    failures: int = Field(default=0)  # in a row
    error_code: str = Field(default="", max_length=60)
    error: str = text_field()
    error_since: datetime | None = time_field(nullable=True)
    warning: str = text_field()  # of the last good read: "external entity ignored", "encoding guessed", ...
    full_read_at: datetime | None = time_field(nullable=True)  # last asked for without validators
    moved_to: str = Field(default="", max_length=2000)  # where it says it lives for good now
    moved_since: datetime | None = time_field(nullable=True)
    moved_times: int = Field(default=0)  # how often in a row it has said so
    moved_from: str = Field(default="", max_length=2000)  # the address before the last move, to undo it
    merged_into: int | None = Field(default=None)  # the source that stands for this one
    https_only: bool = Field(default=False)  # a redirect to plain http is refused
    language: str = Field(default="", max_length=12)  # as the feed says; "" if it does not
    interval_s: int = Field(default=0)  # how long it may rest between two requests, as it really publishes
    last_new_at: datetime | None = time_field(nullable=True)  # when it last brought an article we had not
    seen: str = text_field()  # digests of the entries of the last document, all of them stored: one a line


class TextFrom(StrEnum):
    FEED = "feed"  # the feed gives the whole article
    TEASER = "teaser"  # the feed gives the beginning alone; the page is still to come, or cannot be had
    PAGE = "page"  # the feed gives the beginning alone; this is the text of the page


class Article(SQLModel, table=True):
    """One article of one source and link (`link_key`). One that turns out to be another stays, as its duplicate."""

    __table_args__ = (
        UniqueConstraint("source_id", "link_key"),
        Index("ix_article_source_guid", "source_id", "guid"),
        Index("ix_article_source_canonical", "source_id", "canonical_key"),
        Index("ix_article_health", "source_id", "duplicate_of", "text_from", "published_at", "first_seen_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id", ondelete="CASCADE")
    link: str = Field(default="", max_length=2000)  # canonical; "" when the feed gave none that can be used
    link_key: str = Field(max_length=64)
    guid: str = Field(default="", max_length=1000)
    title: str = Field(max_length=500)
    author: str = Field(default="", max_length=300)
    published_at: datetime | None = time_field(nullable=True)
    first_seen_at: datetime = time_field(index=True)
    html: str = text_field()  # cleaned: safe to show
    text: str = text_field()  # the same, as plain text with paragraphs
    summary: str = text_field()  # the feed's own teaser, plain text
    words: int = Field(default=0)
    content_hash: str = Field(default="", max_length=64)
    image_url: str = Field(default="", max_length=2000)
    needs_review: str = Field(default="", max_length=200)  # "no usable link", "date_rejected", ...
    language: str = Field(default="", max_length=12)  # ISO 639-1, "" when nobody can tell
    canonical_key: str = Field(default="", max_length=64)  # of the link that its own page calls canonical
    duplicate_of: int | None = Field(default=None)  # the article of the same source that stands for it
    text_from: TextFrom = word_field(TextFrom, TextFrom.FEED)
    page_due_at: datetime | None = time_field(nullable=True, index=True)  # when its page may be asked for; None: not
    page_tries: int = Field(default=0)
    page_error: str = text_field()  # why there is no text of the page; "" if there is, or nobody has asked
