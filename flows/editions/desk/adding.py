"""Adding a source by its address: first a look at what it will bring, then the word."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import IntegrityError

from flows.articles import tending
from flows.articles.check import Diagnosis, diagnose, reason_of
from flows.articles.findings import Level
from flows.articles.saying import language_name
from flows.database import reading, transaction
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.outside import POOL, in_haste
from flows.errors import FetchError, ReadError

# Told by the rest of the page, or of no use to who decides about a source.
_TOLD_ELSEWHERE = {"page", "text", "asking"}
_SAID = {tending.Taken.NEW: "added", tending.Taken.THERE: "", tending.Taken.MERGED: ""}


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/sources/add", need=Need.READ, handler=_ask)
    add(router, desk, "POST", "/desk/sources/add", need=Need.EDIT, handler=_look, pool=POOL)
    add(router, desk, "POST", "/desk/sources", need=Need.EDIT, handler=_add)


def _ask(visit: Visit) -> Response:
    return _page(visit, "")


def _look(visit: Visit) -> Response:
    """What the feed at this address will bring; nothing is stored."""
    address = visit.form.get("address", "").strip()
    if not address:
        return _page(visit, "", wrong="Give an address: of a feed, or of a page that names its feed.")
    try:
        with reading(visit.desk.engine) as session:
            known = tending.find_address(session, address)
        if known:
            return _page(visit, address, known=known)
        found = diagnose(address, in_haste(visit.desk.settings), visit.now)
        with reading(visit.desk.engine) as session:
            known = tending.find_address(session, found.feed_url)
    except (FetchError, ReadError) as error:
        return _page(visit, address, wrong=reason_of(error))
    return _page(visit, address, found=found, known=known)


def _add(visit: Visit) -> Response:
    form = visit.form
    address, title, topic = (form.get(name, "").strip() for name in ("address", "title", "topic"))
    if not address:
        return _page(visit, "", wrong="Give an address: of a feed, or of a page that names its feed.")
    try:
        try:
            added = _take(visit, address, title, topic)
        except IntegrityError:  # somebody else added it in this very moment
            added = _take(visit, address, title, topic)
    except FetchError as error:
        return _page(visit, address, wrong=reason_of(error))
    said = _SAID[added.taken]
    return RedirectResponse(f"/desk/sources/{added.source_id}" + (f"?said={said}" if said else ""), 303)


def _take(visit: Visit, address: str, title: str, topic: str) -> tending.Addition:
    with transaction(visit.desk.engine) as session:
        return tending.add(session, address, title=title, topic=topic, now=visit.now, who=visit.who.email)


def _page(
    visit: Visit,
    address: str,
    *,
    wrong: str = "",
    found: Diagnosis | None = None,
    known: tending.Addition | None = None,
) -> Response:
    return visit.page(
        "sources_add.html",
        422 if wrong else 200,
        address=address[:2000],
        wrong=wrong,
        found=found,
        known=known,
        problems=[each for each in found.problems if each.part not in _TOLD_ELSEWHERE] if found else [],
        trouble=Level.TROUBLE,
        language_name=language_name,
        topic=visit.form.get("topic", ""),
    )
