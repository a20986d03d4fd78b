"""Leaving: the page with one button, the one-click POST of mail programs (RFC 8058), and the way back."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from subscribers.consent import Act
from subscribers.errors import LinkError
from subscribers.links import Claims, Purpose
from subscribers.models import Cadence, Subscriber, Subscription, SubscriptionStatus
from subscribers.pages.forms import Form, read_form
from subscribers.pages.frame import Desk
from subscribers.pages.words import Words
from subscribers.people import apply, find_subscription
from subscribers.suppression import suppression_of

_PAUSE = timedelta(weeks=4)
RETURNS = {"undo", "pause", "monthly"}  # what the buttons beside the good-bye ask for

Found = tuple[Subscriber, Subscription]
PostedForm = Annotated[Form, Depends(read_form)]


def add_routes(router: APIRouter, desk: Desk) -> None:
    """/u/{token}."""

    @router.api_route("/u/{token}", methods=["GET", "HEAD"])
    def ask(request: Request, token: str) -> HTMLResponse:
        return _ask(desk, request, token)

    @router.post("/u/{token}")
    def act(request: Request, token: str, form: PostedForm) -> HTMLResponse:
        return _act(desk, request, token, form)


def _claims(desk: Desk, token: str) -> Claims | None:
    try:
        return desk.links.read(token, Purpose.UNSUBSCRIBE, newsletter=desk.newsletter.slug)
    except LinkError:
        return None


def _is_current(found: Found | None, claims: Claims) -> bool:
    """Whether the link is of the person's present ones. An older one may say good-bye, and no more."""
    return found is not None and found[0].link_generation == claims.generation


def _ask(desk: Desk, request: Request, token: str) -> HTMLResponse:
    claims = _claims(desk, token)
    if claims is None:
        return desk.refused(request)
    with desk.look() as session:
        found = find_subscription(session, claims.subscriber_id, claims.newsletter)
    if found is None or not _is_current(found, claims):
        words, address = desk.words(request), ""
    else:
        words, address = desk.words(request, found[0].language), masked(found[0].email)
    body = "leave.body" if address else "leave.body_plain"
    return desk.page(
        "leave.html",
        words,
        title=words("leave.title"),
        body=words(body, address=address, newsletter=desk.newsletter.name),
        ask=True,
        offers=("pause", "monthly") if address else (),
    )


def _act(desk: Desk, request: Request, token: str, form: Form) -> HTMLResponse:
    """A genuine link always ends the subscription, whatever the body says, unless it asks to come back."""
    claims = _claims(desk, token)
    if claims is None:
        return desk.refused(request)
    wish = form.one("do")
    with desk.open_session() as session:
        found = find_subscription(session, claims.subscriber_id, claims.newsletter, locked=True)
        if found is None:
            return goodbye(desk, desk.words(request), None)
        current = _is_current(found, claims)
        words = desk.words(request, found[0].language if current else None)
        if wish in RETURNS:
            return come_back(desk, words, session, found, wish) if current else desk.refused(request)
        one_click = form.one("List-Unsubscribe") is not None
        leave(desk, session, found, who="one-click" if one_click else "link")
    return goodbye(desk, words, found[0].email if current else None)


def leave(desk: Desk, session: Session, found: Found, *, who: str) -> None:
    """End the subscription; ending it again changes nothing."""
    apply(session, *found, Act.LEFT, who=who, now=desk.now())


def goodbye(desk: Desk, words: Words, address: str | None) -> HTMLResponse:
    """The page after leaving. Without an address it offers no way back: the link is an old one."""
    values = {"newsletter": desk.newsletter.name, "address": masked(address or "")}
    return desk.page(
        "leave.html",
        words,
        title=words("goodbye.title"),
        body=words("goodbye.body" if address else "goodbye.body_plain", **values),
        ask=False,
        offers=("undo", "pause", "monthly") if address else (),
    )


def come_back(desk: Desk, words: Words, session: Session, found: Found, wish: str, *, onward: str = "") -> HTMLResponse:
    """Undo leaving, or ask for less instead (`wish`, one of RETURNS). A suppressed address stays as it is."""
    person, subscription = found
    if suppression_of(session, person.email, key=desk.key) is not None:
        return desk.message(words, "refused", status=403)
    until = desk.today() + _PAUSE
    kept: dict[str, Any] = {"paused_until": subscription.paused_until}
    here = subscription.status is SubscriptionStatus.CONFIRMED
    act, changes, told = {
        "undo": (Act.RETURNED, kept, "kept"),
        "pause": (Act.PAUSED if here else Act.RETURNED, {"paused_until": until}, "kept_pause"),
        "monthly": (
            Act.CHANGED if here else Act.RETURNED,
            {**kept, "cadence": Cadence.MONTHLY},
            "kept_monthly",
        ),
    }[wish]
    apply(session, person, subscription, act, who="link", now=desk.now(), **changes)
    values = {"newsletter": desk.newsletter.name, "address": masked(person.email), "day": words.day(until)}
    return desk.page(
        "message.html",
        words,
        title=words("goodbye.kept_title"),
        paragraphs=[words(f"goodbye.{told}", **values)],
        onward=onward,
        onward_text=words("frame.manage"),
    )


def masked(address: str) -> str:
    """Enough of an address for its owner to know it: letters are forwarded, and their links with them."""
    local, _, domain = address.rpartition("@")
    return f"{local[:2]}…@{domain}" if domain else ""
