"""A person's data: taken along as a file, or erased."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session, col, select

from subscribers.models import ConsentEntry, Subscriber, Subscription
from subscribers.pages.frame import Desk, plain
from subscribers.pages.preferences import claims_of, owner
from subscribers.people import id_of
from subscribers.suppression import erase, suppression_of


def add_routes(router: APIRouter, desk: Desk) -> None:
    """/p/{token}/data.json and /p/{token}/erase."""

    @router.api_route("/p/{token}/data.json", methods=["GET", "HEAD"])
    def download(request: Request, token: str) -> Response:
        with desk.look() as session:
            found = owner(session, claims_of(desk, token))
            if found is None:
                return desk.refused(request)
            document = personal_data(session, found[0], key=desk.key)
        return plain(
            json.dumps(document, ensure_ascii=False, indent=2),
            media_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="my-data.json"'},
        )

    @router.api_route("/p/{token}/erase", methods=["GET", "HEAD"])
    def ask(request: Request, token: str) -> HTMLResponse:
        with desk.look() as session:
            found = owner(session, claims_of(desk, token))
        if found is None:
            return desk.refused(request)
        words = desk.words(request, found[0].language)
        return desk.page(
            "message.html",
            words,
            title=words("erase.title"),
            paragraphs=[words("erase.body"), words("erase.stays")],
            button=words("erase.button"),
            onward=request.url.path.removesuffix("/erase"),
            onward_text=words("erase.back"),
        )

    @router.post("/p/{token}/erase")
    def forget(request: Request, token: str) -> HTMLResponse:
        with desk.open_session() as session:
            found = owner(session, claims_of(desk, token), locked=True)
            if found is None:
                return desk.refused(request)
            words = desk.words(request, found[0].language)
            subscriber_id = id_of(found[0])
            erase(session, subscriber_id, key=desk.key, who="link", now=desk.now())
            desk.forget(session, subscriber_id)
        return desk.message(words, "erased")


def personal_data(session: Session, person: Subscriber, *, key: bytes) -> dict[str, Any]:
    """All that is held about a person, over all newsletters, as a plain document."""
    mine = [
        row.model_dump(mode="json", exclude={"id", "subscriber_id"})
        for row in session.exec(
            select(Subscription).where(col(Subscription.subscriber_id) == person.id).order_by(col(Subscription.id))
        )
    ]
    entries = [
        row.model_dump(mode="json", exclude={"id", "subscriber_id"})
        for row in session.exec(
            select(ConsentEntry).where(col(ConsentEntry.subscriber_id) == person.id).order_by(col(ConsentEntry.id))
        )
    ]
    stopped = suppression_of(session, person.email, key=key)
    return {
        "person": person.model_dump(mode="json", exclude={"erased_at", "link_generation"}),
        "subscriptions": mine,
        "history": entries,
        "suppressed": stopped.model_dump(mode="json") if stopped else None,
    }
