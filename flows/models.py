"""Every editorial table, in the order of the pipeline. People live in `subscribers/models.py`."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from subscribers.columns import BIG_ID, big_id, time_field, word_field


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def _text() -> Any:
    return Field(default="", sa_column=Column(Text, nullable=False))


class Newsletter(SQLModel, table=True):
    """A newsletter's identity. What it looks like and when it goes out are settings (`[newsletter]`)."""

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True, max_length=60)
    name: str = Field(max_length=200)
    created_at: datetime = time_field()


# --- articles ---------------------------------------------------------------------------------------------


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
    error: str = _text()
    error_since: datetime | None = time_field(nullable=True)
    warning: str = _text()  # of the last good read: "external entity ignored", "encoding guessed", ...
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
    seen: str = _text()  # digests of the entries of the last document, all of them stored: one a line


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
    html: str = _text()  # cleaned: safe to show
    text: str = _text()  # the same, as plain text with paragraphs
    summary: str = _text()  # the feed's own teaser, plain text
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
    page_error: str = _text()  # why there is no text of the page; "" if there is, or nobody has asked


# --- stories ----------------------------------------------------------------------------------------------


class Story(SQLModel, table=True):
    """Articles about one event. `lead_article_id` is the one the letter links to."""

    id: int | None = Field(default=None, primary_key=True)
    newsletter_id: int = Field(foreign_key="newsletter.id", ondelete="CASCADE", index=True)
    lead_article_id: int = Field(foreign_key="article.id")
    topic: str = Field(default="", max_length=80)
    first_seen_at: datetime = time_field(index=True)
    updated_at: datetime = time_field()


class StoryArticle(SQLModel, table=True):
    """An article belongs to one story of each newsletter."""

    newsletter_id: int = Field(foreign_key="newsletter.id", primary_key=True, ondelete="CASCADE")
    article_id: int = Field(foreign_key="article.id", primary_key=True, ondelete="CASCADE")
    story_id: int = Field(foreign_key="story.id", ondelete="CASCADE", index=True)


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
    weights: dict[str, Any] = _json(dict)
    backtest: dict[str, Any] = _json(dict)
    created_at: datetime = time_field()
    decided_at: datetime | None = time_field(nullable=True)
    decided_by: str = Field(default="", max_length=320)


# --- editions ---------------------------------------------------------------------------------------------


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
    introduction: str = _text()
    closing: str = _text()
    version: int = Field(default=1)  # of the fields above; an editor saves against the version she saw
    approval_due_at: datetime | None = time_field(nullable=True)
    send_at: datetime | None = time_field(nullable=True)  # None: as soon as approved
    expires_at: datetime | None = time_field(nullable=True)  # later than this it waits for a person
    created_at: datetime = time_field()
    ranker_version: int = Field(default=1)
    ranker_weights: dict[str, Any] = _json(dict)
    sealed_hash: str = Field(default="", max_length=64)
    sealed_at: datetime | None = time_field(nullable=True)
    sealed_by: str = Field(default="", max_length=320)
    sealed_content: dict[str, Any] = _json(dict)
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


class EditionItem(SQLModel, table=True):
    """A story as a candidate for an edition, with its score and what the editor made of it."""

    __table_args__ = (UniqueConstraint("edition_id", "story_id"),)

    id: int | None = Field(default=None, primary_key=True)
    edition_id: int = Field(foreign_key="edition.id", ondelete="CASCADE", index=True)
    story_id: int = Field(foreign_key="story.id", ondelete="CASCADE")
    article_id: int = Field(foreign_key="article.id")  # the one linked to
    score: float = Field(default=0.0)
    # [{"name": "recency", "points": 1.2, "words": "published yesterday"}, ...]; the points sum to the score
    reasons: list[dict[str, Any]] = _json(list)
    features: dict[str, Any] = _json(dict)  # as the ranker saw them: what it may later learn from
    rank: int = Field(default=0)  # place in the queue when drafted, from 1
    suggested: bool = Field(default=False)  # pre-chosen by the ranker
    decision: Decision = word_field(Decision, Decision.NONE)
    decided_by: str = Field(default="", max_length=320)  # "" while only the ranker has chosen
    decided_at: datetime | None = time_field(nullable=True)
    skip_reason: str = Field(default="", max_length=200)
    section: str = Field(default="", max_length=80)
    position: int = Field(default=0)  # within the section, from 1
    headline: str = Field(default="", max_length=500)
    blurb: str = _text()
    version: int = Field(default=1)


class UserRole(StrEnum):
    EDITOR = "editor"  # edits
    PUBLISHER = "publisher"  # edits and approves
    ADMIN = "admin"  # and manages users and sources


class User(SQLModel, table=True):
    """A member of the editorial team."""

    __tablename__ = "editor"  # "user" is a reserved word of PostgreSQL

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=320)
    email_key: str = Field(unique=True, max_length=320)
    name: str = Field(default="", max_length=200)
    role: UserRole = word_field(UserRole, UserRole.EDITOR)
    password_hash: str = Field(default="", max_length=400)  # argon2; "" means only links sign in
    disabled: bool = Field(default=False)
    created_at: datetime = time_field()


class SignInSession(SQLModel, table=True):
    """A session on the desk; the cookie holds the token, the table only its hash."""

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="editor.id", ondelete="CASCADE", index=True)
    csrf: str = Field(max_length=64)
    created_at: datetime = time_field()
    seen_at: datetime = time_field()
    expires_at: datetime = time_field()
    agent: str = Field(default="", max_length=300)


class SignInLink(SQLModel, table=True):
    """A link that signs one user in until it expires; made on the command line by whoever owns the data."""

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="editor.id", ondelete="CASCADE")
    expires_at: datetime = time_field()


class SignInAttempt(SQLModel, table=True):
    """A failed sign-in, counted for the limit on guessing."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=100, index=True)  # keyed hash of account and network
    at: datetime = time_field(index=True)


class LogEntry(SQLModel, table=True):
    """Append-only: who did what on the desk, when, before and after."""

    id: int | None = big_id()
    at: datetime = time_field(index=True)
    who: str = Field(max_length=320)
    what: str = Field(max_length=60)  # "chose", "edited headline", "approved", ...
    edition_id: int | None = Field(default=None, index=True)
    item_id: int | None = None
    before: dict[str, Any] = _json(dict)
    after: dict[str, Any] = _json(dict)


class Notice(SQLModel, table=True):
    """Something the team must know: shown on the desk, and written to the editors where marked so."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=200, unique=True)  # the same trouble is told once
    at: datetime = time_field()
    kind: str = Field(max_length=40)  # "draft ready", "no edition", "source silent", "paused", "unknown"
    text: str = _text()
    link: str = Field(default="", max_length=500)
    mailed_at: datetime | None = time_field(nullable=True)
    closed_at: datetime | None = time_field(nullable=True)


# --- letters ----------------------------------------------------------------------------------------------


class LetterStatus(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"  # a worker holds it; nothing has left the house
    SUBMITTING = "submitting"  # committed before the call: from here on it may have left
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"  # will never be accepted, or could not be built; `reason` says why
    SKIPPED = "skipped"  # not owed; `reason` says why
    UNKNOWN = "unknown"  # submitted by a worker that died or got no answer


class Letter(SQLModel, table=True):
    """The ledger: one row per edition and person, from the freeze of the audience on."""

    __table_args__ = (
        UniqueConstraint("edition_id", "subscriber_id"),
        Index("ix_letter_edition_status", "edition_id", "status", "id"),
    )

    id: int | None = big_id()
    delivery_id: str = Field(unique=True, max_length=40)
    edition_id: int = Field(foreign_key="edition.id", ondelete="CASCADE")
    subscriber_id: int = Field(sa_column=Column(BIG_ID, nullable=False, index=True))  # outlives the person
    address: str = Field(max_length=320)  # frozen
    status: LetterStatus = word_field(LetterStatus, LetterStatus.QUEUED)
    reason: str = Field(default="", max_length=400)
    owner: str = Field(default="", max_length=80)  # the worker that holds it
    fence: int = Field(default=0)  # the lease's fencing token under which it was claimed
    attempts: int = Field(default=0)  # calls to the mail service
    deaths: int = Field(default=0)  # workers that ended while this letter was in their hands
    not_before: datetime | None = time_field(nullable=True)  # told to try again later than this
    claimed_at: datetime | None = time_field(nullable=True)
    submitted_at: datetime | None = time_field(nullable=True)
    settled_at: datetime | None = time_field(nullable=True)
    provider_id: str = Field(default="", max_length=120, index=True)  # SES MessageId, or the .eml's name


class SendLease(SQLModel, table=True):
    """Who may claim letters of an edition now. The fence grows with every holder; each claim checks it."""

    edition_id: int = Field(primary_key=True, foreign_key="edition.id", ondelete="CASCADE")
    owner: str = Field(default="", max_length=80)
    fence: int = Field(default=0)
    until: datetime = time_field()


# --- events -----------------------------------------------------------------------------------------------


class EventKind(StrEnum):
    SEND = "send"
    DELIVERY = "delivery"
    DELAY = "delay"
    BOUNCE = "bounce"  # for good
    SOFT_BOUNCE = "soft bounce"  # for now
    CONTENT_REFUSED = "content refused"  # a bounce that is the edition's fault, not the person's
    COMPLAINT = "complaint"
    REJECT = "reject"
    RENDERING_FAILURE = "rendering failure"
    OPEN = "open"
    CLICK = "click"
    SUBSCRIPTION = "subscription"


class MailEvent(SQLModel, table=True):
    """One thing that came back about one letter. `event_key` makes the same event twice one row."""

    id: int | None = big_id()
    event_key: str = Field(unique=True, max_length=80)
    kind: EventKind = word_field(EventKind, EventKind.SEND, index=True)
    at: datetime = time_field()  # when it happened, by the mail service's clock
    received_at: datetime = time_field(index=True)
    delivery_id: str = Field(default="", max_length=40, index=True)
    provider_id: str = Field(default="", max_length=120, index=True)
    address: str = Field(default="", max_length=320)
    detail: str = _text()  # cut to 2 KiB, text only
    effect: str = Field(default="", max_length=60)  # what it changed; "parked" until its letter is known
