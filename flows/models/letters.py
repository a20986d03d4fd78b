"""The ledger of letters, and the lease under which they are claimed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from subscribers.columns import BIG_ID, big_id, time_field, word_field


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
