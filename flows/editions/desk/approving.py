"""Saying yes: what was looked at, exactly what goes out, to how many, when; and the seal on it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.background import BackgroundTask

from flows.database import reading
from flows.editions.approval import approve, ran_before
from flows.editions.claims import in_doubt
from flows.editions.content import content_of
from flows.editions.desk.door import MAY, Desk, Need, Visit, add
from flows.editions.desk.edition import back, missing
from flows.editions.desk.previewing import rendered
from flows.editions.differences import Difference, differences
from flows.editions.forecast import Forecast, forecast
from flows.editions.preflight import Facts, Finding, Level, check, errors
from flows.editions.seal import Content, seal
from flows.errors import SealError
from flows.models import Edition, EditionStatus

_PATH = "/desk/editions/{edition_id:int}/approve"


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", _PATH, need=Need.READ, handler=_show)
    add(router, desk, "POST", _PATH, need=Need.APPROVE, handler=_approve)


@dataclass(frozen=True)
class Looked:
    """An edition as it stands before its approval; `fault` says why there is no letter."""

    edition: Edition
    content: Content
    audience: Forecast
    findings: tuple[Finding, ...]
    fault: str
    html_bytes: int

    @property
    def errors(self) -> tuple[Finding, ...]:
        return errors(self.findings)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level is Level.WARNING)


def _look(visit: Visit, edition_id: int) -> Looked | None:
    desk = visit.desk
    with reading(desk.engine) as session:
        edition = session.get(Edition, edition_id)
        if edition is None:
            return None
        content = content_of(session, edition_id, desk.settings, template_hash=desk.template_hash)
        audience = forecast(session, edition, content, desk.settings, now=visit.now)
        again = ran_before(session, edition)
        unconfirmed, flagged = in_doubt(session, edition_id, desk.settings.newsletter.flag_words)
    letter, fault = rendered(desk, content)
    facts = Facts(
        outbox=desk.settings.transport == "outbox",
        ran_before=again,
        html_bytes=len(letter.html.encode()) if letter else None,
        has_unsubscribe=f"{desk.settings.address}/u/" in letter.html if letter else None,
        unconfirmed=unconfirmed,
        flagged=flagged,
    )
    return Looked(edition, content, audience, check(content, facts), fault, facts.html_bytes or 0)


def _show(visit: Visit, edition_id: int) -> Response:
    looked = _look(visit, edition_id)
    if looked is None:
        return missing(visit, "edition")
    if looked.edition.status is not EditionStatus.DRAFT:
        return back(visit, edition_id)
    return _page(visit, looked)


def _page(
    visit: Visit,
    looked: Looked,
    *,
    status: int = 200,
    sentence: str = "",
    changed: Sequence[Difference] = (),
) -> Response:
    seen = json.dumps(looked.content.as_json(), ensure_ascii=False, separators=(",", ":"))
    return visit.page(
        "approve.html",
        status,
        looked=looked,
        edition=looked.edition,
        content=looked.content,
        seal=seal(looked.content),
        seen=seen,
        may=visit.who.role in MAY[Need.APPROVE],
        sentence=sentence,
        changed=changed,
    )


def _approve(visit: Visit, edition_id: int) -> Response:
    """409 with what is different when the edition is not what the approver saw; 422 while a gate is shut."""
    desk, seen_hash = visit.desk, visit.form.get("seal", "")
    looked = _look(visit, edition_id)
    if looked is None:
        return missing(visit, "edition")
    draft = looked.edition.status is EditionStatus.DRAFT
    if draft and seal(looked.content) == seen_hash and (why := _in_the_way(visit, looked)):
        return _page(visit, looked, status=422, sentence=why)
    try:
        approve(
            desk.engine,
            edition_id,
            by=visit.who.email,
            seen_hash=seen_hash,
            settings=desk.settings,
            template_hash=desk.template_hash,
            now=visit.now,
        )
    except SealError as error:
        # Looked at again: what was seen may have changed only a moment ago.
        present = _look(visit, edition_id) or looked
        changed = _since(visit, seen_hash, present.content)
        return _page(visit, present, status=409, sentence=str(error), changed=changed)
    response = back(visit, edition_id, said="approved")
    response.background = BackgroundTask(desk.tell_worker, edition_id)
    return response


def _in_the_way(visit: Visit, looked: Looked) -> str:
    if looked.fault:
        return "The letter cannot be made; nothing was approved."
    if looked.errors:
        return "Something stands in the way; nothing was approved."
    if looked.warnings and visit.form.get("warnings") != "seen":
        return "Say first that you have seen what was found; nothing was approved."
    return ""


def _since(visit: Visit, seen_hash: str, present: Content) -> tuple[Difference, ...]:
    """What has changed since the approver looked: the form carries what was seen, and its hash proves it."""
    try:
        seen = Content.from_json(json.loads(visit.form.get("seen", "")))
        return differences(seen, present) if seal(seen) == seen_hash else ()
    except (SealError, ValueError, TypeError, AttributeError, RecursionError):
        return ()
