"""What the team must know, an edition's letters above all: told once, and closed when it is over."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, select

from flows.models import Notice


def tell(session: Session, key: str, kind: str, text: str, *, now: datetime, link: str = "/desk") -> None:
    """Open the notice, or bring its words up to date. One that was closed is opened and mailed again."""
    notice = _find(session, key)
    if notice is None:
        session.add(Notice(key=key, at=now, kind=kind, text=text, link=link))
    elif notice.closed_at is not None:
        notice.at, notice.closed_at, notice.mailed_at, notice.text = now, None, None, text
    else:
        notice.text = text


def tell_edition(session: Session, edition_id: int, kind: str, text: str, *, now: datetime) -> None:
    """A notice about one edition; one of each kind."""
    tell(session, f"{kind}:{edition_id}", kind, text, now=now, link=f"/desk/editions/{edition_id}")


def close_edition(session: Session, edition_id: int, kind: str, *, now: datetime) -> None:
    """The trouble is over; harmless when it never was."""
    notice = _find(session, f"{kind}:{edition_id}")
    if notice is not None and notice.closed_at is None:
        notice.closed_at = now


def _find(session: Session, key: str) -> Notice | None:
    return session.exec(select(Notice).where(Notice.key == key).with_for_update()).one_or_none()


def unknown_text(number: int, addresses: Sequence[str], count: int) -> str:
    """Names the people; a long list is cut, never the count."""
    named = ", ".join(addresses)
    more = f" and {count - len(addresses):,} more" if count > len(addresses) else ""
    return (
        f"Edition {number}: nobody can tell yet whether {count:,} letter{'s' * (count != 1)} went out "
        f"(to {named}{more}). Events of the mail service will settle it; until then nothing is sent again. "
        "`masthead letters list --status unknown` shows them."
    )
