"""What every page has in common: what it is given, how it is drawn, and the headers it never lacks."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlmodel import Session

from subscribers.joining import Limits
from subscribers.links import Links
from subscribers.pages.words import FOLDER, Words, accepted, speak

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

OpenSession = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class PublicNewsletter:
    """What readers are told of a newsletter.

    `sections` are the names of its sections; `next_edition(t)` is the first planned sending after `t`, aware,
    or None when none is planned.
    """

    slug: str
    name: str
    tagline: str
    sections: tuple[str, ...]
    timezone: str
    language: str = "en"
    accent: str = "#b3261e"
    next_edition: Callable[[datetime], datetime | None] = field(default=lambda _after: None)
    postal_address: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class Note:
    """A single letter to one person, for whoever posts it: `template` names it, `values` fill it in."""

    to: str
    template: str
    values: Mapping[str, str]


def _nobody(_text: str) -> None:
    """The alarm of an installation that has none."""


def _nothing(_session: Session, _subscriber_id: int) -> None:
    """Nothing else to forget."""


@dataclass(frozen=True)
class Desk:
    """All that the pages work with, handed in from above.

    `open_session` opens a transaction, `look` a session for reading only. `forget` is called inside the
    transaction that erases a person, for what others hold about her; `alarm` when the form is under attack.
    """

    open_session: OpenSession
    look: OpenSession
    now: Callable[[], datetime]
    links: Links
    key: bytes
    newsletter: PublicNewsletter
    post: Callable[[Note], None]
    limits: Limits = field(default_factory=Limits)
    alarm: Callable[[str], None] = _nobody
    forget: Callable[[Session, int], None] = _nothing

    def words(self, request: Request, language: str | None = None) -> Words:
        """The person's language; else what the browser asks for; else the newsletter's."""
        return speak(language, *accepted(request.headers.get("accept-language", "")), self.newsletter.language)

    def page(
        self,
        template: str,
        words: Words,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """One page of templates/subscribers, drawn."""
        html = _environment().get_template(template).render(t=words, newsletter=_shown(self.newsletter), **values)
        return HTMLResponse(html, status, headers={**HEADERS, **(headers or {})})

    def message(self, words: Words, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page that says one thing: the `title`, `body` and, if there is one, `hint` of that section."""
        paragraphs = [
            words(f"{name}.{part}", **values) for part in ("body", "stays", "hint") if words.has(f"{name}.{part}")
        ]
        return self.page(
            "message.html",
            words,
            status=status,
            title=words(f"{name}.title", **values),
            paragraphs=paragraphs,
        )

    def refused(self, request: Request) -> HTMLResponse:
        """The one answer to every link that is not to be honoured, whatever is wrong with it."""
        return self.message(self.words(request), "refused", status=403)

    def next_moment(self, words: Words, zone: ZoneInfo | None = None) -> str:
        """When the next edition is planned, in words; "" when none is."""
        at = self.newsletter.next_edition(self.now())
        return words.moment(at, zone or self.newsletter.zone) if at else ""

    def today(self) -> date:
        """The day in the newsletter's zone."""
        return self.now().astimezone(self.newsletter.zone).date()


def plain(content: str, *, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """A response that is no page, with the same headers."""
    return Response(content, media_type=media_type, headers={**HEADERS, **(headers or {})})


def _shown(newsletter: PublicNewsletter) -> dict[str, Any]:
    """Plain values for templates: a template could call what it is handed."""
    return {
        "name": newsletter.name,
        "tagline": newsletter.tagline,
        "sections": newsletter.sections,
        "postal_address": newsletter.postal_address,
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
