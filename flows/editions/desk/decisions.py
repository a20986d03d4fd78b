"""Every decision of an editor: one form, one POST, one short transaction."""

from functools import partial

from fastapi import APIRouter
from fastapi.responses import Response

from flows.database import reading
from flows.editions.changes import Done, Editor, decide, place, write_edition, write_item
from flows.editions.content import section_names
from flows.editions.desk.door import MAY, Desk, Need, Visit, add
from flows.editions.desk.edition import back
from flows.editions.desk.forms import FormError, number
from flows.editions.desk.loading import names_of
from flows.errors import StaleEditError
from flows.models import Decision

_ITEM = "/desk/editions/{edition_id:int}/items/{item_id:int}"
_WORDS = ("subject", "preheader", "introduction", "closing")
_DECISIONS = {
    "choose": Decision.CHOSEN,
    "skip": Decision.SKIPPED,
    "later": Decision.LATER,
    "back": Decision.NONE,
}


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    for name, decision in _DECISIONS.items():
        add(router, desk, "POST", f"{_ITEM}/{name}", need=Need.EDIT, handler=partial(_decide, decision))
    add(router, desk, "POST", f"{_ITEM}/move", need=Need.EDIT, handler=_move)
    add(router, desk, "POST", f"{_ITEM}/words", need=Need.EDIT, handler=_write_item)
    add(router, desk, "POST", "/desk/editions/{edition_id:int}/words", need=Need.EDIT, handler=_write_edition)


def _decide(decision: Decision, visit: Visit, edition_id: int, item_id: int) -> Response:
    try:
        done = decide(
            visit.desk.engine,
            edition_id,
            item_id,
            decision,
            editor_of(visit),
            version=number(visit.form, "version"),
            section=_section(visit),
            reason=visit.form.get("reason", ""),
        )
    except StaleEditError as error:
        return conflict(visit, error, edition_id, {"section": visit.form.get("section", "")})
    return done_at(visit, done, edition_id, item_id)


def _move(visit: Visit, edition_id: int, item_id: int) -> Response:
    form = visit.form
    try:
        done = place(
            visit.desk.engine,
            edition_id,
            item_id,
            editor_of(visit),
            version=number(form, "version"),
            step={"up": -1, "down": 1}.get(form.get("step", ""), 0),
            section=_section(visit),
            position=number(form, "position") if form.get("position") else 0,
        )
    except StaleEditError as error:
        mine = {name: form.get(name, "") for name in ("step", "section", "position")}
        return conflict(visit, error, edition_id, mine)
    return done_at(visit, done, edition_id, item_id)


def _write_item(visit: Visit, edition_id: int, item_id: int) -> Response:
    mine = {name: visit.form.get(name, "") for name in ("headline", "blurb")}
    try:
        done = write_item(
            visit.desk.engine,
            edition_id,
            item_id,
            editor_of(visit),
            version=number(visit.form, "version"),
            **mine,
        )
    except StaleEditError as error:
        return conflict(visit, error, edition_id, mine)
    return done_at(visit, done, edition_id, item_id)


def _write_edition(visit: Visit, edition_id: int) -> Response:
    mine = {name: visit.form[name] for name in _WORDS if name in visit.form}
    try:
        done = write_edition(
            visit.desk.engine, edition_id, editor_of(visit), version=number(visit.form, "version"), words=mine
        )
    except StaleEditError as error:
        return conflict(visit, error, edition_id, mine)
    return done_at(visit, done, edition_id)


def done_at(visit: Visit, done: Done, edition_id: int, item_id: int = 0) -> Response:
    """Back to the edition after a change, saying so if it cost an approval."""
    return back(visit, edition_id, said="voided" if done.voided else "", item_id=item_id)


def editor_of(visit: Visit) -> Editor:
    """Who is at the desk, as the changes want to know it."""
    return Editor(visit.who.email, visit.now, senior=visit.who.role in MAY[Need.APPROVE])


def _section(visit: Visit) -> str:
    """The section that the form names; "" for the one the story has."""
    name = visit.form.get("section", "")
    if name and name not in section_names((), visit.desk.settings.newsletter):
        raise FormError("This newsletter has no such section. Load the page again. Nothing was saved.")
    return name


def conflict(visit: Visit, error: StaleEditError, edition_id: int, mine: dict[str, str]) -> Response:
    """409 with both versions: the editor decides, nothing is overwritten."""
    theirs = {name: str(value) for name, value in error.theirs.items()}
    with reading(visit.desk.engine) as session:
        names = names_of(session, {theirs.get("decided_by", "")})
    return visit.page(
        "conflict.html",
        409,
        sentence=str(error),
        edition_id=edition_id,
        mine=mine,
        theirs=theirs,
        by=names.get(theirs.get("decided_by", ""), ""),
        typed=any(name in mine for name in ("headline", "blurb", *_WORDS)),
        action=visit.request.url.path,
    )
