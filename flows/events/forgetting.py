"""What the ledger and the events hold of a person who was erased: that a letter went out stays, to whom does not."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from flows.models import Letter, MailEvent

ERASED = "erased"


def forget_person(session: Session, subscriber_id: int) -> None:
    """Blank the address of a person's letters and events, so that receipts still add up. Twice is once."""
    theirs = select(Letter.delivery_id).where(Letter.subscriber_id == subscriber_id)
    session.connection().execute(
        update(MailEvent).where(col(MailEvent.delivery_id).in_(theirs)).values(address=ERASED, detail="")
    )
    session.connection().execute(
        update(Letter).where(col(Letter.subscriber_id) == subscriber_id).values(address=ERASED)
    )
