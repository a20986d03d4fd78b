"""After the approval: withdraw it, pause, go on, send it all the same, or stop for good."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.background import BackgroundTask

from flows.database import transaction
from flows.editions.approval import release, withdraw
from flows.editions.brakes import cancel_edition, pause_edition, resume_edition
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.edition import back

_EDITION = "/desk/editions/{edition_id:int}"


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "POST", f"{_EDITION}/withdraw", need=Need.EDIT, handler=_withdraw)
    add(router, desk, "POST", f"{_EDITION}/pause", need=Need.EDIT, handler=_pause)
    add(router, desk, "POST", f"{_EDITION}/resume", need=Need.APPROVE, handler=_resume)
    add(router, desk, "POST", f"{_EDITION}/release", need=Need.APPROVE, handler=_release)
    add(router, desk, "POST", f"{_EDITION}/cancel", need=Need.APPROVE, handler=_cancel)


def _withdraw(visit: Visit, edition_id: int) -> Response:
    withdraw(visit.desk.engine, edition_id, by=visit.who.email, now=visit.now)
    return back(visit, edition_id, said="withdrawn")


def _pause(visit: Visit, edition_id: int) -> Response:
    with transaction(visit.desk.engine) as session:
        reason = f"paused on the desk by {visit.who.called}"
        pause_edition(session, edition_id, by=visit.who.email, reason=reason, now=visit.now)
    return back(visit, edition_id, said="paused")


def _resume(visit: Visit, edition_id: int) -> Response:
    resume_edition(visit.desk.engine, edition_id, by=visit.who.email, patience=_patience(visit), now=visit.now)
    return _announced(visit, edition_id, "resumed")


def _release(visit: Visit, edition_id: int) -> Response:
    release(visit.desk.engine, edition_id, by=visit.who.email, patience=_patience(visit), now=visit.now)
    return _announced(visit, edition_id, "released")


def _cancel(visit: Visit, edition_id: int) -> Response:
    cancel_edition(visit.desk.engine, edition_id, by=visit.who.email, now=visit.now)
    return back(visit, edition_id, said="cancelled")


def _announced(visit: Visit, edition_id: int, said: str) -> Response:
    """The worker hears of it at once, after the commit."""
    response = back(visit, edition_id, said=said)
    response.background = BackgroundTask(visit.desk.tell_worker, edition_id)
    return response


def _patience(visit: Visit) -> timedelta:
    return timedelta(hours=visit.desk.settings.newsletter.expiry_hours)
