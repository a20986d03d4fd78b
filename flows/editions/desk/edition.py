"""The page of an edition: the queue beside the letter while it is made, the receipt once it is approved."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from flows.database import reading
from flows.editions.approval import sealed
from flows.editions.content import content_of
from flows.editions.desk.door import MAY, Desk, Need, Visit, add
from flows.editions.desk.loading import QUEUES, load_edition, names_of
from flows.editions.differences import differences
from flows.editions.seal import Content
from flows.errors import SealError
from flows.models import Edition, EditionStatus

SAID: Mapping[str, str] = {
    "voided": "This edition was approved. Your change took the approval back: it is a draft again, and nothing "
    "goes out until someone approves it.",
    "withdrawn": "The approval is withdrawn. Nothing goes out until someone approves it again.",
    "approved": "Approved and sealed.",
    "paused": "Paused. No further letter leaves.",
    "resumed": "Going on.",
    "cancelled": "Cancelled. No further letter leaves.",
    "released": "Released: it goes out as it was approved.",
    "saved": "Saved.",
    "turned": "Done, and the queue is ranked afresh. Under Ranking you see all that is boosted or muted.",
    "merged": "Put together: new articles about either join this story. Below the queue you can take it back.",
    "split": "Taken apart: the other story is at the end of the queue. Below the queue you can take it back.",
    "restored": "Taken back: the stories are as they were.",
}
_LIVE = {EditionStatus.APPROVED, EditionStatus.SENDING, EditionStatus.PAUSED}


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/editions/{edition_id:int}", need=Need.READ, handler=show_edition)
    add(router, desk, "GET", "/desk/editions/{edition_id:int}/receipt", need=Need.READ, handler=_show_receipt)


def show_edition(visit: Visit, edition_id: int) -> Response:
    """GET, and the answer to a decision that our module posted."""
    with reading(visit.desk.engine) as session:
        edition = session.get(Edition, edition_id)
        if edition is None:
            return missing(visit, "edition")
        if edition.status is not EditionStatus.DRAFT:
            return _show_out(visit, edition)
        view = load_edition(session, edition, visit.desk.settings.newsletter)
    asked = visit.form.get("show") or visit.request.query_params.get("show", "")
    pane = visit.form.get("pane") or visit.request.query_params.get("pane", "")
    return visit.page(
        "edition.html",
        edition=edition,
        view=view,
        senior=visit.who.role in MAY[Need.APPROVE],
        show=asked if asked in QUEUES else "todo",
        pane="edition" if pane == "edition" else "queue",
        said=_said(visit),
    )


def back(visit: Visit, edition_id: int, *, said: str = "", item_id: int = 0) -> Response:
    """After a change: the page afresh for our module, else a redirect to where the editor was."""
    if visit.scripted:
        visit.told["said"] = said
        return show_edition(visit, edition_id)
    query = [f"said={said}"] if said in SAID else []
    if (show := visit.form.get("show", "")) in QUEUES[1:]:
        query.append(f"show={show}")
    if visit.form.get("pane") == "edition":
        query.append("pane=edition")
    following = visit.form.get("next", "")
    anchor = following if following.isascii() and following.isdigit() else str(item_id or "")
    place = f"#story-{anchor}" if anchor else ""
    where = f"/desk/editions/{edition_id}"
    return RedirectResponse(where + ("?" + "&".join(query) if query else "") + place, 303)


def missing(visit: Visit, what: str) -> Response:
    sentence = f"There is no such {what} (any more)."
    return visit.page("message.html", 404, title="Not here", sentence=sentence)


def _said(visit: Visit) -> str:
    code = visit.told.get("said") or visit.request.query_params.get("said", "")
    return SAID.get(code, "")


def _show_out(visit: Visit, edition: Edition) -> Response:
    """An edition that is no draft any more: what was approved, and where its letters stand."""
    content, broken = _sealed(edition)
    return visit.page(
        "edition_out.html",
        edition=edition,
        content=content,
        broken=broken,
        drift=_drift(visit, edition, content),
        said=_said(visit),
        **_standing(visit, edition),
    )


def _show_receipt(visit: Visit, edition_id: int) -> Response:
    """The part of the page that fills in while letters leave."""
    with reading(visit.desk.engine) as session:
        edition = session.get(Edition, edition_id)
    if edition is None:
        return missing(visit, "edition")
    return visit.page("standing.html", edition=edition, **_standing(visit, edition))


def _standing(visit: Visit, edition: Edition) -> dict[str, Any]:
    with reading(visit.desk.engine) as session:
        names = names_of(session, {edition.sealed_by})
    due_now = edition.send_at is None or edition.send_at <= visit.now
    waiting = edition.status is EditionStatus.APPROVED and not due_now
    return {
        "receipt": visit.desk.receipt(edition.id or 0),
        "approver": names.get(edition.sealed_by, ""),
        "due_now": due_now,
        "live_ms": (30_000 if waiting else 2_000) if edition.status in _LIVE else 0,
    }


def _sealed(edition: Edition) -> tuple[Content | None, str]:
    try:
        return sealed(edition), ""
    except SealError as error:
        return None, str(error)


def _drift(visit: Visit, edition: Edition, content: Content | None) -> tuple[object, ...]:
    """What has changed around an approved edition that waits: settings, templates, articles."""
    if content is None or edition.status not in {EditionStatus.APPROVED, EditionStatus.HELD}:
        return ()
    desk = visit.desk
    with reading(desk.engine) as session:
        present = content_of(session, edition.id or 0, desk.settings, template_hash=desk.template_hash)
    return differences(content, present)
