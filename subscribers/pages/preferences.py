"""The preferences page: what a person gets, changed over a signed link and nothing else."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from subscribers.consent import Act, Wishes
from subscribers.errors import LinkError
from subscribers.links import Claims, Purpose
from subscribers.models import SubscriptionStatus
from subscribers.pages.forms import Answer, Form, read_form
from subscribers.pages.frame import Desk
from subscribers.pages.leave import RETURNS, Found, come_back, goodbye, leave
from subscribers.pages.view import changes_in_words, history, summary, timezone_options
from subscribers.pages.wishes import MANY, SINGLE, read_wishes, shown
from subscribers.pages.words import Words, languages
from subscribers.people import apply, find_subscription, id_of
from subscribers.suppression import suppression_of

PostedForm = Annotated[Form, Depends(read_form)]


def add_routes(router: APIRouter, desk: Desk) -> None:
    """/p/{token}."""

    @router.api_route("/p/{token}", methods=["GET", "HEAD"])
    def look(request: Request, token: str) -> HTMLResponse:
        claims = claims_of(desk, token)
        with desk.look() as session:
            found = owner(session, claims)
            if found is None:
                return desk.refused(request)
            return _page(desk, desk.words(request, found[0].language), session, found)

    @router.post("/p/{token}")
    def change(request: Request, token: str, form: PostedForm) -> HTMLResponse:
        claims = claims_of(desk, token)
        with desk.open_session() as session:
            found = owner(session, claims, locked=True)
            if found is None:
                return desk.refused(request)
            return _change(desk, request, session, found, form)


def claims_of(desk: Desk, token: str) -> Claims | None:
    """What the token allows here; None when it is not to be honoured."""
    try:
        return desk.links.read(token, Purpose.PREFERENCES, newsletter=desk.newsletter.slug)
    except LinkError:
        return None


def owner(session: Session, claims: Claims | None, *, locked: bool = False) -> Found | None:
    """The person whose link it is, and her subscription: the token is the only identity there is."""
    if claims is None:
        return None
    found = find_subscription(session, claims.subscriber_id, claims.newsletter, locked=locked)
    return found if found and found[0].link_generation == claims.generation else None


def _change(desk: Desk, request: Request, session: Session, found: Found, form: Form) -> HTMLResponse:
    words = desk.words(request, found[0].language)
    if form.too_big:
        return desk.message(words, "toobig", status=413)
    wish = form.one("do")
    alone = form.holds_only({"do"})
    if wish == "leave" and alone:
        leave(desk, session, found, who="link")
        return goodbye(desk, words, found[0].email)
    if wish in RETURNS and alone:
        return come_back(desk, words, session, found, wish, onward=request.url.path)
    if wish == "resume" and alone:
        outcome = apply(session, *found, Act.RESUMED, who="link", now=desk.now())
        told = changes_in_words(words, outcome.before, outcome.after)
        return _page(desk, words, session, found, told=told)
    if wish != "save" or not form.holds_only(SINGLE, MANY):
        strange = Answer(errors={"form": words("error.strange")})
        return _page(desk, words, session, found, answer=strange, status=422)
    return _save(desk, request, session, found, form)


def _save(desk: Desk, request: Request, session: Session, found: Found, form: Form) -> HTMLResponse:
    words = desk.words(request, found[0].language)
    read = read_wishes(form, words, sections=desk.newsletter.sections, today=desk.today(), now=Wishes.of(*found))
    if read.errors:
        return _page(desk, words, session, found, answer=read, status=422)
    chosen: dict[str, Any] = dict(read.typed)
    pause = {"paused_until": chosen.pop("paused_until")}
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for act, changes in (
        (Act.CHANGED, chosen),
        (Act.PAUSED if pause["paused_until"] else Act.RESUMED, pause),
    ):
        outcome = apply(session, *found, act, who="link", now=desk.now(), **changes)
        before |= outcome.before
        after |= outcome.after
    words = desk.words(request, found[0].language)
    return _page(desk, words, session, found, told=changes_in_words(words, before, after))


def _page(
    desk: Desk,
    words: Words,
    session: Session,
    found: Found,
    *,
    answer: Answer | None = None,
    told: list[str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The page as things stand. `told`: what has just been changed; `answer`: a form that came back wrong."""
    person, subscription = found
    wishes = Wishes.of(person, subscription)
    stopped = suppression_of(session, person.email, key=desk.key)
    zone = ZoneInfo(person.timezone) if person.timezone else desk.newsletter.zone
    claims = Claims(id_of(person), desk.newsletter.slug, person.link_generation)
    fields = {**shown(wishes, desk.newsletter.sections), **(answer.typed if answer else {})}
    return desk.page(
        "preferences.html",
        words,
        status=status,
        address=person.email,
        state=_state(subscription.status, stopped.reason.value if stopped else ""),
        paused=subscription.paused_until is not None and desk.today() < subscription.paused_until,
        summary=summary(words, desk.newsletter, wishes, now=desk.now(), zone=zone),
        fields=fields,
        errors=answer.errors if answer else {},
        told=told,
        today=desk.today().isoformat(),
        languages=[(code, each("meta.name")) for code, each in languages().items()],
        timezones=timezone_options(str(fields["timezone"])),
        zone=desk.newsletter.timezone,
        history=history(session, words, id_of(person), desk.newsletter.slug, zone=zone),
        path=f"/p/{desk.links.token(Purpose.PREFERENCES, claims)}",
    )


def _state(status: SubscriptionStatus, suppressed: str) -> str:
    """Which banner stands at the top: "on", "left", "pending", "bounced" or "stopped"."""
    if suppressed:
        return "bounced" if suppressed == "bounced" else "stopped"
    return {
        SubscriptionStatus.CONFIRMED: "on",
        SubscriptionStatus.PENDING: "pending",
        SubscriptionStatus.UNSUBSCRIBED: "left",
    }[status]
