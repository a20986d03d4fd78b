"""The pages that readers meet: joining, preferences, leaving. No scripts, no cookies, no third party."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from subscribers.joining import Limits
from subscribers.links import Links
from subscribers.pages import data, join, leave, preferences
from subscribers.pages.colour import accent_css
from subscribers.pages.frame import HEADERS, Desk, Note, OpenSession, PublicNewsletter, plain

__all__ = ["Limits", "Note", "PublicNewsletter", "create_router"]

_ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"]


def create_router(
    open_session: OpenSession,
    *,
    now: Callable[[], datetime],
    links: Links,
    key: bytes,
    newsletter: PublicNewsletter,
    post: Callable[[Note], None],
    look: OpenSession | None = None,
    limits: Limits | None = None,
    alarm: Callable[[str], None] | None = None,
    forget: Callable[[Session, int], None] | None = None,
) -> APIRouter:
    """The router of one newsletter's pages: /join, /c/…, /p/…, /u/….

    `open_session` opens a transaction that is committed at its end; `look` (by default the same) one for
    reading only. `post` sends a single letter. `alarm` is told when the sign-up form is under attack;
    `forget(session, subscriber_id)` runs inside the transaction that erases a person, for what others hold.
    """
    optional = {"alarm": alarm, "forget": forget}
    desk = Desk(
        open_session=open_session,
        look=look or open_session,
        now=now,
        links=links,
        key=key,
        newsletter=newsletter,
        post=post,
        limits=limits or Limits(),
        **{name: given for name, given in optional.items() if given is not None},  # type: ignore[arg-type]
    )
    router = APIRouter(include_in_schema=False)
    for pages in (join, leave, preferences, data):
        pages.add_routes(router, desk)
    _add_the_rest(router, desk)
    return router


def _add_the_rest(router: APIRouter, desk: Desk) -> None:
    """The accent colour; and an answer of ours to every other method and to every path below a link."""
    css = accent_css(desk.newsletter.accent)

    @router.api_route("/join/accent.css", methods=["GET", "HEAD"])
    def accent() -> Response:
        return plain(css, media_type="text/css")

    @router.api_route("/join", methods=["OPTIONS"])
    @router.api_route("/c/{rest:path}", methods=["OPTIONS"])
    @router.api_route("/p/{rest:path}", methods=["OPTIONS"])
    @router.api_route("/u/{rest:path}", methods=["OPTIONS"])
    def options() -> Response:
        return Response(status_code=204, headers={**HEADERS, "Allow": "GET, HEAD, POST, OPTIONS"})

    @router.api_route("/join", methods=["PUT", "PATCH", "DELETE", "TRACE"])
    def not_here(request: Request) -> HTMLResponse:
        return desk.message(desk.words(request), "method", status=405)

    @router.api_route("/c/{rest:path}", methods=_ALL_METHODS)
    @router.api_route("/p/{rest:path}", methods=_ALL_METHODS)
    @router.api_route("/u/{rest:path}", methods=_ALL_METHODS)
    def refuse(request: Request) -> HTMLResponse:
        return desk.refused(request)
