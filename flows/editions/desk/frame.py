"""What every page of the desk has in common: how it is drawn, and the headers it never lacks."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import templates
from flows.editions.desk.words import ago, long_day, many, moment, span_of, until

_FOLDER = Path(templates.__file__).parent / "desk"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
# A letter in its frame: inline styles are what e-mail is made of; nothing else may run or load.
LETTER_CSP = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
)


def page(template: str, status: int = 200, /, **values: Any) -> Response:
    """A page of templates/desk."""
    return HTMLResponse(_environment().get_template(template).render(values), status)


def with_headers(response: Response, *, https: bool) -> Response:
    """The same response with the desk's headers wherever it has not its own."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def times(now: datetime, zone_name: str) -> Mapping[str, Callable[..., str]]:
    """How the page says times: `when(t)` in the newsletter's zone, `until(t)` from now on."""
    zone = ZoneInfo(zone_name)
    return {
        "when": lambda at: moment(at, now, zone),
        "until": lambda at: until(at, now),
        "ago": lambda at: ago(at, now),
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"long_day": _long_day, "many": many, "span": span_of, "paragraphs": _paragraphs}
    return environment


@lru_cache(maxsize=64)
def _long_day(day: date) -> str:
    return long_day(day)


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.split("\n\n") if part.strip()]
