"""The letter as it will look: in a frame in which nothing can run, and as plain text."""

import re

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from flows.database import reading
from flows.editions.approval import sealed
from flows.editions.content import content_of
from flows.editions.desk.door import Desk, Need, Preview, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.desk.frame import LETTER_CSP
from flows.editions.seal import Content
from flows.errors import TemplateError
from flows.models import Edition, EditionStatus

_LETTER = "/desk/editions/{edition_id:int}/preview"


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", _LETTER, need=Need.READ, handler=_show)
    add(router, desk, "GET", f"{_LETTER}/letter", need=Need.READ, handler=_show_letter)


def content_to_show(session: Session, edition: Edition, desk: Desk) -> Content:
    """What was sealed, for an edition that is; else what would be sealed now."""
    if edition.status is not EditionStatus.DRAFT and (approved := sealed(edition)) is not None:
        return approved
    return content_of(session, edition.id or 0, desk.settings, template_hash=desk.template_hash)


def rendered(desk: Desk, content: Content) -> tuple[Preview | None, str]:
    """The letter, or why there is none: the template and line at fault."""
    try:
        return desk.preview(content), ""
    except TemplateError as error:
        return None, str(error)


def in_light_or_dark(html: str, *, dark: bool) -> str:
    """The letter as a mail program in this mode shows it, whatever the editor's own screen prefers."""
    return _SCHEME.sub(lambda found: _ALWAYS if (found[1].lower() == "dark") is dark else _NEVER, html)


_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width:0)", "(max-width:0)"


def _show(visit: Visit, edition_id: int) -> Response:
    with reading(visit.desk.engine) as session:
        edition = session.get(Edition, edition_id)
        if edition is None:
            return missing(visit, "edition")
        content = content_to_show(session, edition, visit.desk)
    letter, fault = rendered(visit.desk, content)
    return visit.page(
        "preview.html",
        edition=edition,
        content=content,
        letter=letter,
        fault=fault,
        html_bytes=len(letter.html.encode()) if letter else 0,
    )


def _show_letter(visit: Visit, edition_id: int) -> Response:
    with reading(visit.desk.engine) as session:
        edition = session.get(Edition, edition_id)
        if edition is None:
            return missing(visit, "edition")
        content = content_to_show(session, edition, visit.desk)
    letter, fault = rendered(visit.desk, content)
    headers = {"Content-Security-Policy": LETTER_CSP}
    dark = visit.request.query_params.get("look") == "dark"
    if letter is None:
        return Response(fault, 422, headers, media_type="text/plain")
    return HTMLResponse(in_light_or_dark(letter.html, dark=dark), 200, headers)
