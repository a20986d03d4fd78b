"""Lists of feeds, in and out: an OPML file is looked at line by line first, and then added."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from flows.articles.importing import Fate, import_sources, outlines_of, plan_import
from flows.articles.opml import Outline, read_opml, write_opml
from flows.database import reading, transaction
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.upload import bytes_of, read_upload
from flows.errors import ReadError

_SHOWN = 500  # lines of the table; the rest are counted


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/sources/export.opml", need=Need.READ, handler=_export)
    add(router, desk, "GET", "/desk/sources/import", need=Need.READ, handler=_ask)
    add(router, desk, "POST", "/desk/sources/import", need=Need.EDIT, handler=_look, reader=read_upload)
    add(router, desk, "POST", "/desk/sources/import/add", need=Need.EDIT, handler=_import, reader=read_upload)


def _export(visit: Visit) -> Response:
    own = visit.desk.settings.newsletter
    with reading(visit.desk.engine) as session:
        document = write_opml(outlines_of(session), title=f"{own.name}: sources")
    headers = {"Content-Disposition": 'attachment; filename="sources.opml"'}
    return Response(document, 200, headers, media_type="text/x-opml")


def _ask(visit: Visit) -> Response:
    return visit.page("sources_import.html", wrong="", lines=None)


def _look(visit: Visit) -> Response:
    """What adding the file would do; nothing is stored. The page carries the list on to the next step."""
    try:
        outlines = _outlines(bytes_of(visit.form, "file"))
    except ReadError as error:
        return _refuse(visit, error)
    with reading(visit.desk.engine) as session:
        lines = plan_import(session, outlines)
    order = (Fate.BAD, Fate.NEW, Fate.THERE)
    counts = {fate.value: sum(line.fate is fate for line in lines) for fate in order}
    return visit.page(
        "sources_import.html",
        wrong="",
        lines=sorted(lines, key=lambda line: order.index(line.fate))[:_SHOWN],
        left_out=max(0, len(lines) - _SHOWN),
        counts=counts,
        new=counts[Fate.NEW.value],
        document=write_opml(outlines, title="to be added"),
    )


def _import(visit: Visit) -> Response:
    try:
        outlines = _outlines(visit.form.get("list", "").encode())
    except ReadError as error:
        return _refuse(visit, error)
    with transaction(visit.desk.engine) as session:
        lines = import_sources(session, outlines, now=visit.now, who=visit.who.email)
    new = sum(line.fate is Fate.NEW for line in lines)
    return RedirectResponse(f"/desk/sources?said=imported&new={new}", 303)


def _outlines(document: bytes) -> tuple[Outline, ...]:
    if not document.strip():
        raise ReadError("not_opml", "choose an OPML file; feed readers export their subscriptions as one")
    return read_opml(document)


def _refuse(visit: Visit, error: ReadError) -> Response:
    sentence = f"{error.reason[:1].upper()}{error.reason[1:]}."
    return visit.page("sources_import.html", 422, wrong=sentence, lines=None)
