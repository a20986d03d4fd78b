"""Plain numbers of what came back about an edition."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from flows.models import EventKind, Letter, MailEvent


def letters_by_kind(session: Session, edition_id: int) -> dict[EventKind, int]:
    """For each kind of event, how many of the edition's letters had at least one of it; 0 for the others."""
    rows = session.exec(
        select(MailEvent.kind, func.count(func.distinct(col(Letter.id))))
        .join(Letter, col(Letter.delivery_id) == col(MailEvent.delivery_id))
        .where(col(Letter.edition_id) == edition_id)
        .group_by(col(MailEvent.kind))
    )
    found = {EventKind(kind): count for kind, count in rows}
    return {kind: found.get(kind, 0) for kind in EventKind}
