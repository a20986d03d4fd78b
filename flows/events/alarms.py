"""What the team must be told when events come back: an edition that is refused, readers who complain."""

from datetime import datetime

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from flows.models import Letter, LetterStatus, Notice
from subscribers.people import insert_if_absent

# Gmail asks senders to stay below 0.1 % and not to reach 0.3 %: support.google.com/mail/answer/81126
COMPLAINT_LINE = 0.001

_WENT_OUT = (
    LetterStatus.ACCEPTED,
    LetterStatus.DELIVERED,
    LetterStatus.BOUNCED,
    LetterStatus.COMPLAINED,
)


def readers_complain(session: Session, edition_id: int, *, now: datetime) -> None:
    """Tell once when complaints about an edition reach 0.1 % of its letters."""
    complained = func.sum(case((col(Letter.status) == LetterStatus.COMPLAINED, 1), else_=0))
    count, out = session.exec(
        select(complained, func.count())
        .select_from(Letter)
        .where(col(Letter.edition_id) == edition_id, col(Letter.status).in_(_WENT_OUT))
    ).one()
    if not count or count < COMPLAINT_LINE * out:
        return
    _tell(
        session,
        key=f"complaints:{edition_id}",
        kind="complaints",
        text=f"Readers report this edition as spam: {count} of {out:,} letters, the line is 0.1 %. "
        "They are unsubscribed. Look at how they joined before the next edition goes out.",
        edition_id=edition_id,
        now=now,
    )


def edition_is_refused(session: Session, edition_id: int, said: str, *, now: datetime) -> None:
    """Tell once that mail servers refuse an edition for what is in it; no reader is blamed for that."""
    _tell(
        session,
        key=f"content refused:{edition_id}",
        kind="content refused",
        text=f"A mail server refuses this edition for its content or size: {said[:300]}. "
        "No reader was marked for it; look at the links and the size of the letter.",
        edition_id=edition_id,
        now=now,
    )


def _tell(session: Session, *, key: str, kind: str, text: str, edition_id: int, now: datetime) -> None:
    link = f"/desk/editions/{edition_id}"
    insert_if_absent(session, Notice(key=key, at=now, kind=kind, text=text, link=link), "key")
