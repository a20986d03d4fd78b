"""Signing in, by password or by link, and out."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from flows.database import reading, transaction
from flows.editions import sessions
from flows.editions.desk.door import Desk, Need, Visit, add, form_token, new_form_secret
from flows.editions.desk.forms import local_path
from flows.editions.login import POOL, Attempt, TooManyTriesError, check_password, user_of_link
from flows.errors import SignInError


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/sign-in", need=Need.NOTHING, handler=_show)
    add(router, desk, "POST", "/sign-in", need=Need.NOTHING, handler=_sign_in, pool=POOL)
    add(router, desk, "GET", "/sign-in/{token:str}", need=Need.NOTHING, handler=_show_link)
    add(router, desk, "POST", "/sign-in/{token:str}", need=Need.NOTHING, handler=_follow_link)
    add(router, desk, "POST", "/sign-out", need=Need.READ, handler=_sign_out)


def _show(visit: Visit, *, wrong: str = "", email: str = "", status: int = 200) -> Response:
    after = local_path(visit.form.get("next") or visit.request.query_params.get("next", ""))
    return _with_form_cookie(visit, "sign_in.html", status, next=after, wrong=wrong, email=email)


def _sign_in(visit: Visit) -> Response:
    email, password = visit.form.get("email", ""), visit.form.get("password", "")
    network = visit.request.client.host if visit.request.client else ""
    attempt = Attempt(email, password, network, visit.desk.settings.key)
    try:
        user_id = check_password(visit.desk.engine, attempt, now=visit.now)
    except SignInError as error:
        status = 429 if isinstance(error, TooManyTriesError) else 401
        return _show(visit, wrong=str(error), email=email[:320], status=status)
    return _welcome(visit, user_id)


def _show_link(visit: Visit, token: str) -> Response:
    with reading(visit.desk.engine) as session:
        user = user_of_link(session, token, now=visit.now)
    after = local_path(visit.request.query_params.get("next", ""))
    name = user.name or user.email
    return _with_form_cookie(visit, "sign_in_link.html", 200, next=after, token=token, name=name)


def _follow_link(visit: Visit, token: str) -> Response:
    with reading(visit.desk.engine) as session:
        user = user_of_link(session, token, now=visit.now)
    return _welcome(visit, user.id or 0)


def _welcome(visit: Visit, user_id: int) -> Response:
    """A new session, whatever the browser brought along."""
    desk = visit.desk
    with transaction(desk.engine) as session:
        token = sessions.begin(
            session,
            user_id,
            replaced=visit.request.cookies.get(desk.cookie, ""),
            agent=visit.request.headers.get("user-agent", ""),
            now=visit.now,
        )
    response = RedirectResponse(local_path(visit.form.get("next", "")), 303)
    response.set_cookie(
        desk.cookie,
        token,
        max_age=int(sessions.LASTS.total_seconds()),
        path="/",
        secure=desk.https,
        httponly=True,
        samesite="lax",
    )
    response.delete_cookie(desk.form_cookie, path="/", secure=desk.https, httponly=True, samesite="strict")
    return response


def _sign_out(visit: Visit) -> Response:
    desk = visit.desk
    with transaction(desk.engine) as session:
        sessions.end(session, visit.request.cookies.get(desk.cookie, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(desk.cookie, path="/", secure=desk.https, httponly=True, samesite="lax")
    return response


def _with_form_cookie(visit: Visit, template: str, status: int, **values: object) -> Response:
    """The page with a form whose token fits a cookie that only this browser has."""
    desk = visit.desk
    secret = visit.request.cookies.get(desk.form_cookie) or new_form_secret()
    response = visit.page(template, status, csrf=form_token(desk, secret), **values)
    response.set_cookie(
        desk.form_cookie,
        secret,
        max_age=3600,
        path="/",
        secure=desk.https,
        httponly=True,
        samesite="strict",
    )
    return response
