"""The desk: where editors choose, write and approve. One page per file; `door.py` lets people in."""

from collections.abc import Callable
from functools import lru_cache

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Engine

from flows.clock import Clock
from flows.editions.desk import (
    adding,
    answering,
    approving,
    brake,
    decisions,
    edition,
    home,
    lists,
    log,
    merge,
    missed,
    previewing,
    ranking,
    sign_in,
    source,
    sources,
    story,
)
from flows.editions.desk.door import Desk, Need, Preview, Receipt, Visit, add
from flows.editions.seal import Content
from flows.settings import Settings
from subscribers.pages.colour import accent_css

__all__ = ["Preview", "Receipt", "create_router"]

_PAGES = (sign_in, home, edition, story, decisions, answering, previewing, approving, brake, missed, ranking, log)
_OF_SOURCES = (sources, source, adding, lists, merge)
_PREVIEWS_KEPT = 8  # the page of a letter, its frame and the approval ask for the same one


def create_router(
    engine: Engine,
    settings: Settings,
    *,
    clock: Clock,
    preview: Callable[[Content], Preview],
    announce: Callable[[int], None],
    receipt: Callable[[int], Receipt | None],
    template_hash: str,
) -> APIRouter:
    """The pages under /desk and /sign-in.

    `preview` makes the letter of a content and raises TemplateError; `announce` is called after an approval
    (and when an edition goes on), once it is committed, with the edition's id; `receipt` says where an
    edition's letters stand, None before there are any. Static files are served at /static by the application.
    """
    remembered = lru_cache(maxsize=_PREVIEWS_KEPT)(preview)
    desk = Desk(engine, settings, clock, remembered, announce, receipt, template_hash)
    router = APIRouter()
    for page in (*_PAGES, *_OF_SOURCES):
        page.add_pages(router, desk)
    add(router, desk, "GET", "/desk/accent.css", need=Need.NOTHING, handler=_accent)
    return router


def _accent(visit: Visit) -> Response:
    """The newsletter's own colour: a style sheet of its own, as pages may have no inline styles."""
    css = accent_css(visit.desk.settings.newsletter.accent)
    return Response(css, media_type="text/css", headers={"Cache-Control": "max-age=300"})
