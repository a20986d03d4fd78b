"""What came back about letters."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from flows.models.columns import text_field
from subscribers.columns import big_id, time_field, word_field


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
    detail: str = text_field()  # cut to 2 KiB, text only
    effect: str = Field(default="", max_length=60)  # what it changed; "parked" until its letter is known
