"""The ranking: what ranks, what was learned and waits, by which evidence; and a person's word on it."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from flows.database import reading, transaction
from flows.editions import versions
from flows.editions.changes import Editor
from flows.editions.desk import plot
from flows.editions.desk.decisions import editor_of
from flows.editions.desk.door import MAY, Desk, Need, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.desk.forms import number
from flows.editions.desk.loading import names_of
from flows.editions.missed import newsletter_of
from flows.editions.ranking_view import Ahead, RankingView, Waiting, read_ranking
from flows.editions.store import ensure_newsletter
from flows.editions.turning import turn
from flows.errors import WorkflowError
from flows.models import RankerStatus, Tier
from flows.stories.tiers import EDITIONS_MIN, STOP_SHARE
from flows.stories.weights import RULES

_PATH = "/desk/ranking"
_SAID = {
    "approved": "Approved: the next draft is ranked by it.",
    "rejected": "Rejected: the ranking stays as it is, and learns again from what is decided from now on.",
    "rolled": "Rolled back: the next draft is ranked as before.",
}
_TURNED = "Noted: it counts from the next ranking on."
_STATUS = {
    RankerStatus.PENDING: "waits for approval",
    RankerStatus.APPROVED: "in use",
    RankerStatus.REJECTED: "rejected",
    RankerStatus.RETIRED: "was in use",
}
_TIERS = {
    Tier.SURE: ("Chosen beforehand", "stayed in the edition"),
    Tier.OPEN: ("Left to the editor", "were chosen"),
    Tier.FOLDED: ("Folded away", "were left there"),
    Tier.FLAGGED: ("Kept for a publisher", "were chosen"),
}


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", _PATH, need=Need.READ, handler=show_ranking)
    add(router, desk, "POST", f"{_PATH}/{{ranker_id:int}}/approve", need=Need.APPROVE, handler=_approve)
    add(router, desk, "POST", f"{_PATH}/{{ranker_id:int}}/reject", need=Need.APPROVE, handler=_reject)
    add(router, desk, "POST", f"{_PATH}/roll-back", need=Need.APPROVE, handler=_roll_back)
    add(router, desk, "POST", f"{_PATH}/turn", need=Need.EDIT, handler=_turn)


def show_ranking(visit: Visit, *, typed: str = "", wrong: str = "") -> Response:
    """The page; with what was typed and why it was not taken, after a term that cannot be turned."""
    with reading(visit.desk.engine) as session:
        view = read_ranking(session, newsletter_of(session, visit.desk.settings.newsletter.slug))
        names = names_of(session, view.people)
    said = visit.request.query_params.get("said", "")
    return visit.page(
        "ranking.html",
        422 if wrong else 200,
        view=view,
        summary=_summary(view),
        pictures=_pictures(view, view.waiting) if view.waiting else {},
        reach=_reach(view.ahead),
        tier_bars=[(*_TIERS[bar.of.tier], bar) for bar in plot.tier_bars(view.ahead.records)],
        tiers_need=EDITIONS_MIN,
        named=lambda who: names.get(who, who),
        rules=RULES.version,
        status_words=_STATUS,
        decides=visit.who.role in MAY[Need.APPROVE],
        said=_SAID.get(said, ""),
        turned=_TURNED if said == "turned" else "",
        typed=typed,
        wrong=wrong,
        percent=percent,
        signed=signed,
        version_name=version_name,
    )


def percent(share: float) -> str:
    """71 %; and 0.4 %, where a whole number would say none."""
    return f"{share * 100:.{1 if 0 < share < 0.01 else 0}f} %"


def signed(value: float) -> str:
    """+0.12, -0.03, and 0.00 without a sign."""
    return f"{value:+.2f}" if round(value, 2) else "0.00"


def version_name(version: int) -> str:
    """What a version is called in a sentence: version 3, or the rules."""
    return "the rules" if version == RULES.version else f"version {version}"


def _summary(view: RankingView) -> str:
    ranks = version_name(view.used.weights.version)
    waits = f"; version {view.waiting.row.version} waits for approval" if view.waiting else ""
    return f"{ranks[0].upper()}{ranks[1:]} {'rank' if ranks == 'the rules' else 'ranks'} what editors see{waits}."


def _pictures(view: RankingView, waiting: Waiting) -> dict[str, Any]:
    """What of the evidence can be drawn: only what could be read."""
    found: dict[str, Any] = {"square": plot.SQUARE}
    if (evidence := waiting.evidence) is not None:
        found["scale"], found["dots"] = plot.dots(evidence)
        found["leads"], found["points"] = plot.leads(evidence), plot.reliability(evidence.bins)
    if waiting.weights is not None:
        found["zero"], found["weights"] = plot.weight_pairs(view.used.weights, waiting.weights)
    found["moved"] = [(plot.WEIGHT_WORDS.get(one.name, one.name), one) for one in waiting.drifted if one.alarm]
    return found


def _reach(ahead: Ahead) -> str:
    """The lines in force, as a sentence."""
    lines = ahead.lines
    if lines.editions < EDITIONS_MIN:
        return f"Nothing is folded away yet: {lines.editions} of {EDITIONS_MIN} editions of evidence."
    sure = (
        f"chosen beforehand from {percent(lines.sure_from)} on"
        if lines.sure_from is not None and lines.sure_from < 1
        else "no chance is high enough to be chosen beforehand"
    )
    folded = f"folded away below {percent(lines.folded_below)}" if lines.folded_below else "nothing is folded away"
    stop = f"; {percent(STOP_SHARE)} of past picks stood at place {ahead.stop} or above" if ahead.stop else ""
    return f"{sure[0].upper()}{sure[1:]}; {folded}{stop}."


def _approve(visit: Visit, ranker_id: int) -> Response:
    return _decide(visit, ranker_id, versions.approve, "approved")


def _reject(visit: Visit, ranker_id: int) -> Response:
    return _decide(visit, ranker_id, versions.reject, "rejected")


def _decide(visit: Visit, ranker_id: int, decide: Callable[..., bool], said: str) -> Response:
    if not decide(visit.desk.engine, _newsletter(visit), ranker_id, editor_of(visit)):
        return missing(visit, "version of the ranking")
    return RedirectResponse(f"{_PATH}?said={said}", 303)


def _roll_back(visit: Visit) -> Response:
    version = number(visit.form, "version")
    versions.roll_back(visit.desk.engine, _newsletter(visit), version, editor_of(visit))
    return RedirectResponse(f"{_PATH}?said=rolled", 303)


def _turn(visit: Visit) -> Response:
    term, editor = visit.form.get("term", ""), editor_of(visit)
    source_id = number(visit.form, "source") if visit.form.get("source") else 0
    try:
        _turn_it(visit, editor, term, source_id)
    except WorkflowError as error:
        return show_ranking(visit, typed=term[:80], wrong=str(error))
    return RedirectResponse(f"{_PATH}?said=turned#turned", 303)


def _turn_it(visit: Visit, editor: Editor, term: str, source_id: int) -> None:
    desk, way = visit.desk, visit.form.get("way", "")
    turn(desk.engine, _newsletter(visit), editor, desk.settings, way=way, term=term, source_id=source_id)


def _newsletter(visit: Visit) -> int:
    with transaction(visit.desk.engine) as session:
        return ensure_newsletter(session, visit.desk.settings, now=visit.now).id or 0
