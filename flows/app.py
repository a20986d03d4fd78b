"""create_app(): the only wiring of HTTP. Each room brings its own pages; what lies above them is handed in here."""

import html
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import templates
from flows.database import reading, transaction
from flows.editions import desk
from flows.editions.desk import Preview
from flows.editions.seal import Content
from flows.editions.slot import next_slots
from flows.events.forgetting import forget_person
from flows.house import House
from flows.letters import viewer
from flows.letters.ledger import Receipt
from flows.letters.notices import tell
from flows.letters.post import Post
from flows.letters.render import Personal, compile_edition, personalise, template_hash
from flows.letters.store import receipt
from flows.settings import Settings
from subscribers import pages
from subscribers.links import Links
from subscribers.pages import PublicNewsletter

_TEMPLATES = Path(templates.__file__).parent
# What every response carries unless its page says something stricter or, for a frame of ours, looser.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
}


def create_app(house: House) -> FastAPI:
    """The pages of one installation: desk, subscribers' pages, outbox viewer, health."""
    app = FastAPI(title="Masthead", openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(_desk(house))
    if house.settings.transport == "outbox" and _only_here(house.settings):
        app.include_router(viewer.create_router(house.settings.outbox))
    app.mount("/static", StaticFiles(directory=_TEMPLATES / "static"), name="static")
    app.include_router(_house_pages(house))
    app.include_router(_subscribers(house))
    app.add_exception_handler(HTTPException, _error_page)
    app.add_exception_handler(Exception, _error_page)
    app.add_middleware(SafeHeaders)
    return app


def _only_here(settings: Settings) -> bool:
    """Do the pages answer this machine alone? Letters hold everybody's address and links: no page for strangers."""
    return settings.host in ("127.0.0.1", "::1", "localhost") and not settings.base_url


class SafeHeaders:
    """Puts the house's headers on every response that does not carry its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _desk(house: House) -> APIRouter:
    address = house.settings.address

    def preview(content: Content) -> Preview:
        """The letter as a reader without any wishes gets it, with links that lead nowhere."""
        nobody = Personal("", None, f"{address}/p/preview", f"{address}/u/preview", content.language, "full")
        body = personalise(compile_edition(content, address=address), nobody)
        return Preview(html=body.html, text=body.text)

    def announce(edition_id: int) -> None:
        from flows.deliver import announce_approval  # noqa: PLC0415 - Prefect is slow to import

        announce_approval(edition_id, house.settings)

    def told(edition_id: int) -> Receipt | None:
        with reading(house.engine) as session:
            return receipt(session, edition_id)

    return desk.create_router(
        house.engine,
        house.settings,
        clock=house.clock,
        preview=preview,
        announce=announce,
        receipt=told,
        template_hash=template_hash(),
    )


def _subscribers(house: House) -> APIRouter:
    settings, newsletter = house.settings, house.settings.newsletter

    def next_edition(after: datetime) -> datetime | None:
        return next((slot.letters_at for slot in next_slots(newsletter, after)), None)

    return pages.create_router(
        lambda: transaction(house.engine),
        look=lambda: reading(house.engine),
        now=house.clock,
        links=Links(settings.key, settings.address),
        key=settings.key,
        newsletter=PublicNewsletter(
            slug=newsletter.slug,
            name=newsletter.name,
            tagline=newsletter.tagline,
            sections=tuple(section.name for section in newsletter.sections),
            timezone=newsletter.timezone,
            language=newsletter.language,
            accent=newsletter.accent,
            next_edition=next_edition,
            postal_address=newsletter.postal_address,
        ),
        post=Post(settings, house.clock),
        alarm=lambda text: _alarm(house, text),
        forget=forget_person,
    )


def _alarm(house: House, text: str) -> None:
    """Somebody misuses the sign-up form: the team is told, once a day."""
    now = house.clock()
    with transaction(house.engine) as session:
        tell(session, f"sign-up form, {now:%Y-%m-%d}", "sign-up form", text, now=now)


def _house_pages(house: House) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def home() -> RedirectResponse:
        return RedirectResponse("/desk")

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    def healthz() -> JSONResponse:
        """200 only if the database answers: what a load balancer wants to know."""
        try:
            with reading(house.engine) as session:
                session.connection().execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            said = {"status": "down", "database": type(error).__name__}
            return JSONResponse(said, status_code=503, headers={"Cache-Control": "no-store"})
        return JSONResponse({"status": "up"}, headers={"Cache-Control": "no-store"})

    return router


def _error_page(_request: Request, error: Exception) -> Response:
    """A plain page for whatever no room has answered; it never shows what went wrong inside."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = {
        404: ("Nothing here", "There is no page at this address."),
        405: ("Not that way", "This address does not take such a request."),
    }.get(status, ("Something went wrong", "The team has a line about it in the log. Please try again."))
    title, sentence = (html.escape(part) for part in said)
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/desk.css">'
        f'<main class="plain"><h1>{title}</h1><p>{sentence}</p><p><a href="/desk">To the desk</a></p></main></html>'
    )
    headers = error.headers if isinstance(error, HTTPException) and error.headers else {}
    return HTMLResponse(page, status_code=status, headers=dict(headers))
