"""The desk's first page: the draft to work on, what the team must know, and what went out before."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from flows.database import reading, transaction
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.desk.forms import HOME, local_path
from flows.editions.store import list_editions
from flows.models import EditionStatus, LogEntry, Notice

_SHOWN = 30  # past editions
_IN_HAND = {
    EditionStatus.DRAFT.value,
    EditionStatus.APPROVED.value,
    EditionStatus.SENDING.value,
    EditionStatus.PAUSED.value,
    EditionStatus.HELD.value,
}


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", HOME, need=Need.READ, handler=_show)
    add(router, desk, "POST", "/desk/notices/{notice_id:int}/close", need=Need.EDIT, handler=_close_notice)


def _show(visit: Visit) -> Response:
    with reading(visit.desk.engine) as session:
        editions = list_editions(session)
        notices = _open_notices(session, visit.desk.settings.address)
    in_hand = [row for row in editions if row["status"] in _IN_HAND]
    past = [row for row in editions if row["status"] not in _IN_HAND][:_SHOWN]
    in_hand.sort(key=lambda row: row["slot"])
    receipts = {row["id"]: visit.desk.receipt(row["id"]) for row in [*in_hand, *past]}
    return visit.page("home.html", in_hand=in_hand, past=past, receipts=receipts, notices=notices)


def _open_notices(session: Session, address: str) -> list[tuple[Notice, str]]:
    """Open notices, the latest first, each with a link of our own ("" when it leads nowhere useful)."""
    statement = select(Notice).where(col(Notice.closed_at).is_(None)).order_by(col(Notice.at).desc())
    found = []
    for notice in session.exec(statement):
        link = local_path(notice.link.removeprefix(address) or HOME)
        found.append((notice, "" if link == HOME else link))
    return found


def _close_notice(visit: Visit, notice_id: int) -> Response:
    with transaction(visit.desk.engine) as session:
        notice = session.get(Notice, notice_id)
        if notice is None:
            return missing(visit, "notice")
        if notice.closed_at is None:
            notice.closed_at = visit.now
            entry = LogEntry(at=visit.now, who=visit.who.email, what="closed a notice", after={"text": notice.text})
            session.add(entry)
    return RedirectResponse(HOME, 303)
