"""Joining: the form, the one answer to everybody, and the page behind the confirmation link."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import HTMLResponse

from subscribers.errors import AddressError, LinkError
from subscribers.hygiene import check_address, check_name
from subscribers.joining import (
    FormAge,
    ask_to_join,
    confirm,
    forget_use,
    form_age,
    form_token,
    network_may_ask,
)
from subscribers.links import CONFIRM_FOR, Claims, Purpose
from subscribers.pages.forms import Form, read_form
from subscribers.pages.frame import Desk, Note
from subscribers.pages.words import Words
from subscribers.people import find_subscription, id_of

_FIELDS = {"email", "name", "website", "form"}
_AGE_WORDS = {FormAge.TOO_YOUNG: "join.young", FormAge.TOO_OLD: "join.stale", FormAge.FALSE: "join.stale"}

PostedForm = Annotated[Form, Depends(read_form)]


def add_routes(router: APIRouter, desk: Desk) -> None:
    """/join and /c/{token}."""

    @router.api_route("/join", methods=["GET", "HEAD"])
    def form_page(request: Request) -> HTMLResponse:
        return _form_page(desk, desk.words(request))

    @router.post("/join")
    def join(request: Request, form: PostedForm, later: BackgroundTasks) -> HTMLResponse:
        return _join(desk, request, form, later)

    @router.api_route("/c/{token}", methods=["GET", "HEAD"])
    def ask(request: Request, token: str) -> HTMLResponse:
        return _ask(desk, request, token)

    @router.post("/c/{token}")
    def confirmed(request: Request, token: str) -> HTMLResponse:
        return _confirmed(desk, request, token)


def _form_page(
    desk: Desk, words: Words, *, email: str = "", name: str = "", wrong: str = "", field: str = "email"
) -> HTMLResponse:
    """The form; with `wrong`, what to change in `field`. A form that came back keeps what was typed."""
    return desk.page(
        "join.html",
        words,
        status=422 if wrong else 200,
        email=email,
        name=name,
        errors={field: wrong} if wrong else {},
        form=form_token(desk.key, desk.now()),
        next=desk.next_moment(words),
    )


def _join(desk: Desk, request: Request, form: Form, later: BackgroundTasks) -> HTMLResponse:
    words = desk.words(request)
    if form.too_big:
        return desk.message(words, "toobig", status=413)
    if not form.holds_only(_FIELDS):
        return _form_page(desk, words, wrong=words("join.strange"))
    email, name = form.one("email") or "", form.one("name") or ""
    sent = desk.message(words, "sent", status=202, newsletter=desk.newsletter.name, days=CONFIRM_FOR.days)
    if form.one("website"):
        return sent  # filled in by a machine: it learns nothing
    try:
        address = check_address(email)
    except AddressError as error:
        return _form_page(desk, words, email=email, name=name, wrong=words("error.address", reason=error.reason))
    try:
        name = check_name(name)
    except ValueError:
        return _form_page(desk, words, email=email, name=name, wrong=words("error.name"), field="name")
    age = form_age(desk.key, form.one("form") or "", desk.now(), desk.limits)
    if age is not FormAge.GOOD:
        return _form_page(desk, words, email=email, name=name, wrong=words(_AGE_WORDS[age]))
    host = request.client.host if request.client else "unknown"
    with desk.open_session() as session:
        allowed = network_may_ask(session, host, key=desk.key, now=desk.now(), limits=desk.limits)
    if not allowed:
        busy = desk.message(words, "busy", status=429)
        busy.headers["Retry-After"] = "3600"
        return busy
    later.add_task(_invite, desk, address, name, words.language)
    return sent


def _invite(desk: Desk, address: str, name: str, language: str) -> None:
    """After the answer has left: store the request and post the confirmation letter, if one is due."""
    with desk.open_session() as session:
        now = desk.now()
        invited = ask_to_join(
            session,
            address,
            newsletter=desk.newsletter.slug,
            key=desk.key,
            now=now,
            limits=desk.limits,
            name=name,
            language=language,
        )
    if invited.subscriber is None or invited.use_id is None:
        return
    person = invited.subscriber
    link = desk.links.confirm(id_of(person), desk.newsletter.slug, person.link_generation, now=now)
    try:
        # Nothing that the person typed is in it: a stranger may have typed it.
        values = {"link": link, "days": str(CONFIRM_FOR.days), "language": person.language}
        desk.post(Note(person.email, "confirm", values))
    except Exception:
        with desk.open_session() as session:
            forget_use(session, invited.use_id)
        raise
    if invited.breaker:
        desk.alarm(
            f"{desk.limits.all_an_hour} confirmation letters went out within an hour; the sign-up form rests "
            "until the hour is over. Look at who is using it."
        )


def _claims(desk: Desk, token: str) -> Claims | None:
    try:
        return desk.links.read(token, Purpose.CONFIRM, newsletter=desk.newsletter.slug, now=desk.now())
    except LinkError:
        return None


def _ask(desk: Desk, request: Request, token: str) -> HTMLResponse:
    claims = _claims(desk, token)
    if claims is None:
        return desk.refused(request)
    with desk.look() as session:
        found = find_subscription(session, claims.subscriber_id, claims.newsletter)
    if found is None or found[0].link_generation != claims.generation:
        return desk.refused(request)
    words = desk.words(request, found[0].language)
    values = {"address": found[0].email, "newsletter": desk.newsletter.name}
    return desk.page(
        "message.html",
        words,
        title=words("confirm.title"),
        paragraphs=[words("confirm.body", **values)],
        button=words("confirm.button"),
    )


def _confirmed(desk: Desk, request: Request, token: str) -> HTMLResponse:
    claims = _claims(desk, token)
    if claims is None:
        return desk.refused(request)
    with desk.open_session() as session:
        found = confirm(session, claims, key=desk.key, now=desk.now())
    if found is None:
        return desk.refused(request)
    person = found[0]
    words = desk.words(request, person.language)
    token = desk.links.token(Purpose.PREFERENCES, Claims(id_of(person), claims.newsletter, person.link_generation))
    paragraphs = [words("confirmed.body", address=person.email, newsletter=desk.newsletter.name)]
    if moment := desk.next_moment(words):
        paragraphs.append(words("join.next", moment=moment))
    return desk.page(
        "message.html",
        words,
        title=words("confirmed.title"),
        paragraphs=paragraphs,
        onward=f"/p/{token}",
        onward_text=words("frame.manage"),
    )
