"""One source whole: its weeks, its rhythm, its trouble and what to do about it; and what an editor does with it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from flows.articles import tending
from flows.articles.collecting import collect_articles
from flows.articles.health import article_times, list_sources
from flows.articles.rhythm import typical_gap
from flows.articles.saying import every, how_often, language_name
from flows.database import reading, transaction
from flows.editions.desk.chart import draw
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.desk.forms import FormError
from flows.editions.desk.outside import POOL, in_haste
from flows.editions.desk.sources import asked_number
from flows.editions.preflight import is_web_link
from flows.errors import MastheadError
from flows.models import Article, LogEntry, Source, SourceStatus, TextFrom

_SHOWN = 10  # articles
SAID: Mapping[str, str] = {
    "added": "Added. The next collection reads it, or you do now with “Try now”.",
    "saved": "Saved.",
    "paused": "Paused: it is not asked any more until you resume it. Its articles stay.",
    "resumed": "Resumed: it is asked again with the next collection.",
    "back": "It is asked at its old address again.",
    "moved": "It is asked at its new address from now on.",
    "merged": "Merged: this source stands for both now.",
    "unchanged": "Read just now: nothing has changed since the last time.",
    "failed": "Tried just now, and it failed; below stands why.",
    "idle": "It was not tried: only an active source is asked.",
}
_ADVICE: Mapping[str, str] = {
    "http_404": "Look on the site for the feed’s new address, and give it below under “Another address”.",
    "http_403": "Ask the site to let our user agent in, or look whether it has another feed.",
    "http_401": "Look for the feed’s public address; one behind a password cannot be read.",
    "http_429": "Nothing: we wait as long as the site asks for.",
    "gone": "The publisher has taken it down. Look on the site for another feed; the articles stay.",
    "dns_error": "Open the site in a browser: it may have another name now, or be gone.",
    "tls_error": "Open the site in a browser; if it warns as well, tell its publisher.",
    "timeout": "Nothing for now: it is tried again, less often each time. If it stays, tell its publisher.",
    "not_a_feed": "Open the address in a browser and look for “RSS” on the site.",
    "body_too_large": "Ask the publisher for a shorter feed, or raise MASTHEAD_FETCH_MAX_BYTES.",
    "blocked_address": "Look whether the address is right: it leads into a private network.",
    "downgraded": "Give the https:// address below, or take back “https only”.",
}
_USUAL_ADVICE = "Nothing for now: it is tried again by itself, and nothing that is stored is lost."
_TEXT_FROM: Mapping[TextFrom, str] = {
    TextFrom.FEED: "text from the feed",
    TextFrom.TEASER: "teaser only",
    TextFrom.PAGE: "text from its page",
}


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    base = "/desk/sources/{source_id:int}"
    add(router, desk, "GET", base, need=Need.READ, handler=show_source)
    add(router, desk, "POST", f"{base}/settings", need=Need.EDIT, handler=_describe)
    add(router, desk, "POST", f"{base}/address", need=Need.EDIT, handler=_move)
    add(router, desk, "POST", f"{base}/weight", need=Need.EDIT, handler=_weigh)
    add(router, desk, "POST", f"{base}/pause", need=Need.EDIT, handler=_pause)
    add(router, desk, "POST", f"{base}/resume", need=Need.EDIT, handler=_resume)
    add(router, desk, "POST", f"{base}/move-back", need=Need.EDIT, handler=_move_back)
    add(router, desk, "POST", f"{base}/try", need=Need.EDIT, handler=_try_now, pool=POOL)


def show_source(
    visit: Visit,
    source_id: int,
    *,
    typed: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Response:
    """The page; with `wrong` (field -> sentence) beside the fields, and what was `typed` kept in them."""
    with reading(visit.desk.engine) as session:
        found = list_sources(session, visit.now, only=[source_id])
        if not found:
            return missing(visit, "source")
        row = found[0]
        times = article_times(session, source_id)
        articles = _articles(session, source_id)
        stands = session.get(Source, row["merged_into"]) if row["merged_into"] else None
    today = visit.now.astimezone(ZoneInfo(visit.desk.settings.newsletter.timezone)).date()
    return visit.page(
        "source.html",
        422 if wrong else 200,
        row=row,
        chart=draw(row["weekly"], today, width=720, height=120, gap=8),
        rhythm=_rhythm(row, times),
        several_languages=len({each["language"] for each in articles if each["language"]}) > 1,
        advice=_ADVICE.get(row["error_code"], _USUAL_ADVICE),
        articles=articles,
        stands=(stands.id, tending.name_of(stands)) if stands else None,
        weight="boost" if row["weight"] > 0 else "mute" if row["weight"] < 0 else "usual",
        typed=typed or {},
        wrong=wrong or {},
        said=_said(visit),
        language_name=language_name,
        link=lambda url: url if is_web_link(url) else "",
    )


def _articles(session: Session, source_id: int) -> list[dict[str, Any]]:
    columns: Any = (
        Article.title,
        Article.link,
        Article.published_at,
        Article.first_seen_at,
        Article.words,
        Article.language,
        Article.text_from,
        Article.page_error,
        Article.duplicate_of,
    )
    rows = session.execute(
        select(*columns)
        .where(Article.source_id == source_id)
        .order_by(col(Article.first_seen_at).desc(), col(Article.published_at).desc(), col(Article.id).desc())
        .limit(_SHOWN)
    )
    return [
        {
            **row._asdict(),
            "link": row.link if is_web_link(row.link) else "",
            "at": row.published_at or row.first_seen_at,
            "text": _TEXT_FROM[row.text_from],
        }
        for row in rows
    ]


def _rhythm(row: Mapping[str, Any], times: list[datetime]) -> str:
    """about two a week; asked every 6 hours."""
    said = how_often(typical_gap(times))
    return f"{said}; asked {every(row['interval_s'])}" if row["interval_s"] and row["status"] == "active" else said


def _said(visit: Visit) -> str:
    code = visit.request.query_params.get("said", "")
    if code != "read":
        return SAID.get(code, "")
    new, updated = asked_number(visit, "new"), asked_number(visit, "updated")
    changed = f", {updated:,} updated" if updated else ""
    return f"Read just now: {new:,} new {'article' if new == 1 else 'articles'}{changed}."


def _describe(visit: Visit, source_id: int) -> Response:
    form = visit.form
    typed = {name: form.get(name, "") for name in ("title", "topic", "https_only")}
    try:
        with transaction(visit.desk.engine) as session:
            if session.get(Source, source_id) is None:
                return missing(visit, "source")
            tending.describe(
                session,
                source_id,
                title=typed["title"],
                topic=typed["topic"],
                https_only=typed["https_only"] == "yes",
                now=visit.now,
                who=visit.who.email,
            )
    except MastheadError as error:
        return show_source(visit, source_id, typed=typed, wrong={"https_only": str(error)})
    return _back(source_id, "saved")


def _move(visit: Visit, source_id: int) -> Response:
    address = visit.form.get("address", "").strip()
    try:
        if not address:
            raise FormError("Give the address, such as https://blog.example/feed.")
        with transaction(visit.desk.engine) as session:
            if session.get(Source, source_id) is None:
                return missing(visit, "source")
            tending.move_to(session, source_id, address, now=visit.now, who=visit.who.email)
    except MastheadError as error:
        return show_source(visit, source_id, typed={"address": address[:2000]}, wrong={"address": str(error)})
    return _back(source_id, "moved")


def _weigh(visit: Visit, source_id: int) -> Response:
    wish = visit.form.get("weight", "")
    if wish not in tending.WEIGHTS:
        raise FormError("A source is boosted, as usual, or muted. Nothing was saved.")
    return _change(visit, source_id, "saved", partial(tending.weigh, wish=wish))


def _pause(visit: Visit, source_id: int) -> Response:
    return _change(visit, source_id, "paused", tending.pause)


def _resume(visit: Visit, source_id: int) -> Response:
    return _change(visit, source_id, "resumed", tending.resume)


def _move_back(visit: Visit, source_id: int) -> Response:
    return _change(visit, source_id, "back", tending.move_back)


def _change(visit: Visit, source_id: int, said: str, change: Callable[..., None]) -> Response:
    with transaction(visit.desk.engine) as session:
        if session.get(Source, source_id) is None:
            return missing(visit, "source")
        change(session, source_id, now=visit.now, who=visit.who.email)
    return _back(source_id, said)


def _try_now(visit: Visit, source_id: int) -> Response:
    """Collect this one source while the editor waits."""
    desk = visit.desk
    with transaction(desk.engine) as session:
        source = session.get(Source, source_id)
        if source is None:
            return missing(visit, "source")
        if source.status is not SourceStatus.ACTIVE:
            return _back(source_id, "idle")
        after = {"source": tending.name_of(source)}
        session.add(LogEntry(at=visit.now, who=visit.who.email, what="tried a source", after=after))
    tally = collect_articles(
        desk.engine, in_haste(desk.settings), clock=desk.clock, progress=lambda _line: None, only=[source_id]
    )
    if not tally.sources:
        return _back(source_id, "idle")
    if tally.failed:
        return _back(source_id, "failed")
    if not tally.new_articles and not tally.updated:
        return _back(source_id, "unchanged")
    return _back(source_id, "read", f"&new={tally.new_articles}&updated={tally.updated}")


def _back(source_id: int, said: str, more: str = "") -> Response:
    return RedirectResponse(f"/desk/sources/{source_id}?said={said}{more}", 303)
