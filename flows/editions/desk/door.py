"""The door of the desk: every request passes here, and only what the table allows comes in.

A page is added with what it needs; there is no way to add one without. What changes anything is a POST, comes
from a page of ours, and carries the token of its session.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from flows.clock import Clock
from flows.database import reading
from flows.editions.desk.forms import Form, FormError, read_form
from flows.editions.desk.frame import page, times, with_headers
from flows.editions.login import TooManyTriesError
from flows.editions.seal import Content
from flows.editions.sessions import Member, member_of
from flows.errors import MastheadError, SignInError, WorkflowError
from flows.models import UserRole
from flows.settings import Settings
from subscribers.hygiene import keyed_hash

_MOST_ID = 2**31 - 1
_LOG = logging.getLogger(__name__)


class Need(StrEnum):
    """What a page asks of who opens it."""

    NOTHING = "nothing"  # the sign-in pages
    READ = "read"
    EDIT = "edit"
    APPROVE = "approve"  # say that letters go out, or go on, or never will


_EVERYBODY = frozenset({UserRole.EDITOR, UserRole.PUBLISHER, UserRole.ADMIN})
MAY: Mapping[Need, frozenset[UserRole]] = {
    Need.READ: _EVERYBODY,
    Need.EDIT: _EVERYBODY,
    Need.APPROVE: frozenset({UserRole.PUBLISHER, UserRole.ADMIN}),
}


@dataclass(frozen=True)
class Preview:
    """An edition as a letter to nobody in particular."""

    html: str
    text: str


class Receipt(Protocol):
    """Where everybody of an edition's audience stands (made by the letters' ledger)."""

    @property
    def candidates(self) -> int: ...
    @property
    def accepted(self) -> int: ...
    @property
    def delivered(self) -> int: ...
    @property
    def bounced(self) -> int: ...
    @property
    def complained(self) -> int: ...
    @property
    def skipped(self) -> Mapping[str, int]: ...
    @property
    def failed(self) -> Mapping[str, int]: ...
    @property
    def unknown(self) -> int: ...
    @property
    def owed(self) -> int: ...
    @property
    def balanced(self) -> bool: ...
    @property
    def sentence(self) -> str: ...


@dataclass(frozen=True)
class Desk:
    """What the pages work with; what lies above the desk is handed in as callables."""

    engine: Engine
    settings: Settings
    clock: Clock
    preview: Callable[[Content], Preview]
    announce: Callable[[int], None]
    receipt: Callable[[int], Receipt | None]
    template_hash: str

    @property
    def https(self) -> bool:
        return self.settings.address.startswith("https://")

    @property
    def cookie(self) -> str:
        """Cookies are shared by all ports of a host: two installations on one machine stay apart."""
        return "__Host-masthead" if self.https else f"masthead-{self.settings.port}"

    @property
    def form_cookie(self) -> str:
        return f"{self.cookie}-form"

    def tell_worker(self, edition_id: int) -> None:
        """Announce an edition after its row is committed; if nobody hears it, the timetable finds the row."""
        try:
            self.announce(edition_id)
        except Exception:  # noqa: BLE001 - the approval stands, whatever the messenger says
            _LOG.exception("edition %s could not be announced; the timetable will find it", edition_id)


@dataclass(frozen=True)
class Visit:
    """One request that came in. `member` is None only on pages that need nothing."""

    desk: Desk
    request: Request
    form: Form
    member: Member | None
    now: datetime
    told: dict[str, str] = field(default_factory=dict)

    @property
    def who(self) -> Member:
        if self.member is None:
            raise SignInError("Sign in first.")
        return self.member

    @property
    def scripted(self) -> bool:
        """Posted by our module, which puts the answer into the page it has."""
        return self.request.headers.get("x-masthead") == "fragment"

    def page(self, template: str, status: int = 200, /, **values: Any) -> Response:
        own = self.desk.settings.newsletter
        return page(
            template,
            status,
            newsletter=own,
            member=self.member,
            path=self.request.url.path,
            now=self.now,
            **times(self.now, own.timezone),
            **values,
        )


Handler = Callable[..., Response]
FormReader = Callable[[Request], Awaitable[Form]]


def add(
    router: APIRouter,
    desk: Desk,
    method: str,
    path: str,
    *,
    need: Need,
    handler: Handler,
    pool: ThreadPoolExecutor | None = None,
    reader: FormReader = read_form,
) -> None:
    """Put a page on the router. `handler(visit, **path parameters)` runs in a thread, of `pool` if given.

    `reader` reads what is posted, within limits; pages that take files have their own.
    """

    async def endpoint(request: Request) -> Response:
        try:
            form: Form = await reader(request) if method == "POST" else {}
        except FormError as error:
            return with_headers(page("plain.html", 413, sentence=str(error)), https=desk.https)
        serve = partial(_serve, desk, request, need, handler, form)
        if pool is not None:
            return await asyncio.get_running_loop().run_in_executor(pool, serve)
        return await run_in_threadpool(serve)

    endpoint.need = need  # type: ignore[attr-defined] # the tests draw their matrix from it
    router.add_route(path, endpoint, methods=[method], include_in_schema=False, name=f"{method} {path}")


def form_token(desk: Desk, secret: str) -> str:
    """The token of a form that somebody not yet signed in may post, bound to a cookie."""
    return keyed_hash(desk.settings.key, "desk form", secret)


def new_form_secret() -> str:
    return secrets.token_urlsafe(24)


def _serve(desk: Desk, request: Request, need: Need, handler: Handler, form: Form) -> Response:
    visit = Visit(desk, request, form, _member(desk, request), desk.clock())
    try:
        response = _refusal(visit, need) or _no_such_id(visit) or handler(visit, **request.path_params)
    except TooManyTriesError as error:
        response = visit.page("message.html", 429, title="Wait a little", sentence=str(error))
    except SignInError as error:
        response = visit.page("message.html", 403, title="No entry", sentence=str(error))
    except WorkflowError as error:
        response = visit.page("message.html", 409, title="That is not possible now", sentence=str(error))
    except MastheadError as error:
        response = visit.page("message.html", 422, title="That did not work", sentence=str(error))
    except Exception:  # noqa: BLE001 - the last net: the person gets a page, the log the whole story
        _LOG.exception("the desk failed at %s %s", request.method, request.url.path)
        sentence = "Something broke on our side; what happened stands in the log of the server."
        response = visit.page("message.html", 500, title="That went wrong", sentence=sentence)
    return with_headers(response, https=desk.https)


def _member(desk: Desk, request: Request) -> Member | None:
    token = request.cookies.get(desk.cookie, "")
    if not token:
        return None
    with reading(desk.engine) as session:
        return member_of(session, token, now=desk.clock())


def _refusal(visit: Visit, need: Need) -> Response | None:
    """Why this visit ends at the door; None: come in."""
    unsafe = visit.request.method not in {"GET", "HEAD"}
    if need is not Need.NOTHING and visit.member is None:
        if unsafe:
            sentence = "Your session has ended; nothing was changed. Sign in again."
            return visit.page("message.html", 403, title="Signed out", sentence=sentence)
        path = visit.request.url.path + (f"?{query}" if (query := visit.request.url.query) else "")
        return RedirectResponse(f"/sign-in?next={quote(path, safe='/')}", 303)
    if unsafe and (_foreign(visit) or not _has_token(visit, need)):
        sentence = "This form did not come from a page of your session; nothing was changed. Load it again."
        return visit.page("message.html", 403, title="Not accepted", sentence=sentence)
    if need is not Need.NOTHING and visit.who.role not in MAY.get(need, frozenset()):
        sentence = f"This needs a publisher; you are signed in as {visit.who.email}, {visit.who.role}."
        return visit.page("message.html", 403, title="Not yours to decide", sentence=sentence)
    return None


def _no_such_id(visit: Visit) -> Response | None:
    """404 for a number in the address that no id can be; PostgreSQL would refuse to look for it."""
    if all(value <= _MOST_ID for value in visit.request.path_params.values() if isinstance(value, int)):
        return None
    return visit.page("message.html", 404, title="Not here", sentence="There is no such thing (any more).")


def _has_token(visit: Visit, need: Need) -> bool:
    given = visit.form.get("csrf", "")
    if need is Need.NOTHING:
        secret = visit.request.cookies.get(visit.desk.form_cookie, "")
        expected = form_token(visit.desk, secret) if secret else ""
    else:
        expected = visit.who.csrf
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _foreign(visit: Visit) -> bool:
    """Whether the browser says that another site posts this.

    Our pages send no referrer, and browsers then write `Origin: null` even for our own forms: where they tell
    the site itself (Sec-Fetch-Site) that decides, and elsewhere the token has to.
    """
    headers = visit.request.headers
    if (site := headers.get("sec-fetch-site")) is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin", "null")
    if origin == "null":
        return False
    allowed = {visit.desk.settings.address, str(visit.request.base_url).rstrip("/")}
    return _bare(origin) not in {_bare(each) for each in allowed}


def _bare(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.scheme, parts.netloc.lower()
