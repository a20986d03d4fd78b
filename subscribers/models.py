"""Every table about people. SQLModel's one metadata holds them beside the editorial tables of `flows`.

A *subscriber* is a person with one address; a *subscription* is what that person asked of one newsletter.
A newsletter is known here by its slug alone: this package knows nothing of `flows`.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from subscribers.columns import BIG_ID, big_id, time_field, word_field


class SubscriptionStatus(StrEnum):
    PENDING = "pending"  # asked to join, has not confirmed yet
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"


class Cadence(StrEnum):
    EVERY = "every"  # every edition
    MONTHLY = "monthly"  # the first edition of each month


class LetterFormat(StrEnum):
    FULL = "full"
    TEXT = "text"  # the plain-text part alone


class SuppressionReason(StrEnum):
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    MANUAL = "manual"
    ERASED = "erased"


class Subscriber(SQLModel, table=True):
    """One person. `email` is as typed; `email_key` is what addresses are compared by (hygiene.py)."""

    id: int | None = big_id()
    email: str = Field(max_length=320)
    email_key: str = Field(max_length=320, unique=True)
    name: str = Field(default="", max_length=200)
    language: str = Field(default="en", max_length=12)
    timezone: str | None = Field(default=None, max_length=64)  # IANA name; None: the newsletter's own
    letter_format: LetterFormat = word_field(LetterFormat, LetterFormat.FULL)
    # Raised to make every link sent so far worthless (address changed, person asked for it).
    link_generation: int = Field(default=0)
    soft_bounces: int = Field(default=0)  # transient bounces since the last delivery
    created_at: datetime = time_field()
    erased_at: datetime | None = time_field(nullable=True)


class Subscription(SQLModel, table=True):
    """What one person asked of one newsletter."""

    __table_args__ = (UniqueConstraint("subscriber_id", "newsletter"),)

    id: int | None = big_id()
    subscriber_id: int = Field(
        sa_column=Column(BIG_ID, ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False)
    )
    newsletter: str = Field(max_length=60, index=True)  # slug
    status: SubscriptionStatus = word_field(SubscriptionStatus, SubscriptionStatus.PENDING, index=True)
    cadence: Cadence = word_field(Cadence, Cadence.EVERY)
    # Names of the sections the person wants; None means all, now and in future.
    topics: list[str] | None = Field(default=None, sa_column=Column(JSON))
    paused_until: date | None = None  # first day on which letters may come again, in the newsletter's zone
    created_at: datetime = time_field()
    confirmed_at: datetime | None = time_field(nullable=True)
    ended_at: datetime | None = time_field(nullable=True)


class ConsentEntry(SQLModel, table=True):
    """Append-only: every change of a person's state, who made it, and how it stood before and after."""

    id: int | None = big_id()
    subscriber_id: int = Field(
        sa_column=Column(BIG_ID, ForeignKey("subscriber.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    newsletter: str | None = Field(default=None, max_length=60)
    at: datetime = time_field()
    who: str = Field(max_length=80)  # "link", "form", "one-click", "import:NAME", "admin:EMAIL", "ses"
    what: str = Field(max_length=60)  # "asked to join", "confirmed", "unsubscribed", "paused", ...
    before: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    after: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class Suppression(SQLModel, table=True):
    """An address that must never be written to again, by a keyed hash that outlives the person's erasure."""

    address_hash: str = Field(primary_key=True, max_length=64)
    reason: SuppressionReason = word_field(SuppressionReason, SuppressionReason.MANUAL)
    at: datetime = time_field()
    source: str = Field(default="", max_length=200)


class FormUse(SQLModel, table=True):
    """One use of a public form, counted for the limits against list bombing. Keys are keyed hashes."""

    id: int | None = big_id()
    key: str = Field(max_length=100, index=True)  # "address:HASH", "network:HASH", "all"
    at: datetime = time_field(index=True)
