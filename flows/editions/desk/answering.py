"""What an editor answers for, and what she turns: claims, flags, reasons, and stories put together or taken apart."""

import re
from collections.abc import Callable
from functools import partial

from fastapi import APIRouter
from fastapi.responses import Response

from flows.database import reading
from flows.editions.changes import Done
from flows.editions.checking import clear, confirm, flag, open_story
from flows.editions.desk.decisions import done_at, editor_of
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.edition import back, missing
from flows.editions.desk.forms import FormError, number
from flows.editions.grouping import Regrouped, merge_items, split_item, take_back
from flows.editions.turning import turn
from flows.models import Edition

_EDITION = "/desk/editions/{edition_id:int}"
_ITEM = _EDITION + "/items/{item_id:int}"
_IDS = re.compile(r"[0-9]{1,9}(,[0-9]{1,9}){0,99}")


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    for name, handler in (("confirm", _confirm), ("flag", _flag), ("clear", _clear)):
        need = Need.APPROVE if name == "clear" else Need.EDIT
        add(router, desk, "POST", f"{_ITEM}/{name}", need=need, handler=partial(_answer, handler))
    add(router, desk, "POST", f"{_ITEM}/opened", need=Need.EDIT, handler=_opened)
    add(router, desk, "POST", f"{_ITEM}/merge", need=Need.EDIT, handler=_merge)
    add(router, desk, "POST", f"{_ITEM}/split", need=Need.EDIT, handler=_split)
    add(router, desk, "POST", f"{_EDITION}/take-back", need=Need.EDIT, handler=_take_back)
    add(router, desk, "POST", f"{_EDITION}/turn", need=Need.EDIT, handler=_turn)


def _answer(change: Callable[[Visit, int, int], Done], visit: Visit, edition_id: int, item_id: int) -> Response:
    """On another version it is refused, never done "all the same": what she answered for may be gone."""
    return done_at(visit, change(visit, edition_id, item_id), edition_id, item_id)


def _confirm(visit: Visit, edition_id: int, item_id: int) -> Done:
    version, which = number(visit.form, "version"), number(visit.form, "claim")
    return confirm(visit.desk.engine, edition_id, item_id, editor_of(visit), version=version, which=which)


def _flag(visit: Visit, edition_id: int, item_id: int) -> Done:
    version, reason = number(visit.form, "version"), visit.form.get("reason", "")
    return flag(visit.desk.engine, edition_id, item_id, editor_of(visit), version=version, reason=reason)


def _clear(visit: Visit, edition_id: int, item_id: int) -> Done:
    version = number(visit.form, "version")
    return clear(visit.desk.engine, edition_id, item_id, editor_of(visit), version=version)


def _opened(visit: Visit, edition_id: int, item_id: int) -> Response:
    """Our module says that a story was opened to be read; what was looked at is what ranking may learn from."""
    open_story(visit.desk.engine, edition_id, item_id, now=visit.now)
    return Response(status_code=204)


def _merge(visit: Visit, edition_id: int, item_id: int) -> Response:
    desk, other = visit.desk, number(visit.form, "other")
    done = merge_items(desk.engine, edition_id, item_id, editor_of(visit), desk.settings, other_id=other)
    return _regrouped(visit, edition_id, done, "merged")


def _split(visit: Visit, edition_id: int, item_id: int) -> Response:
    ids = visit.form.get("articles", "")
    if not _IDS.fullmatch(ids):
        raise FormError("The form names no article. Load the page again. Nothing was saved.")
    desk, articles = visit.desk, [int(each) for each in ids.split(",")]
    done = split_item(desk.engine, edition_id, item_id, editor_of(visit), desk.settings, article_ids=articles)
    return _regrouped(visit, edition_id, done, "split")


def _take_back(visit: Visit, edition_id: int) -> Response:
    done = take_back(visit.desk.engine, edition_id, number(visit.form, "edit"), editor_of(visit), visit.desk.settings)
    return _regrouped(visit, edition_id, done, "restored")


def _regrouped(visit: Visit, edition_id: int, done: Regrouped, said: str) -> Response:
    return back(visit, edition_id, said="voided" if done.voided else said, item_id=done.item_id)


def _turn(visit: Visit, edition_id: int) -> Response:
    """Boost or mute what stands behind a reason, and show the queue as it is ranked now."""
    desk = visit.desk
    with reading(desk.engine) as session:
        edition = session.get(Edition, edition_id)
    if edition is None:
        return missing(visit, "edition")
    turn(
        desk.engine,
        edition.newsletter_id,
        editor_of(visit),
        desk.settings,
        way=visit.form.get("way", ""),
        term=visit.form.get("term", ""),
        source_id=number(visit.form, "source") if visit.form.get("source") else 0,
        edition_id=edition_id,
    )
    return back(visit, edition_id, said="turned")
