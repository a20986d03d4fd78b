"""Is the ranking still what was approved? Looked at with every draft: the data it meets, and how well it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, select

from flows.editions.draft_notices import tell
from flows.editions.learning import past_editions
from flows.models import Edition, Newsletter, Notice, Ranker
from flows.settings import Settings
from flows.stories.drift import drift
from flows.stories.quality import quality
from flows.stories.weights import RULES, RankerWeights

_EDITIONS_WATCHED = 16  # of which 8 with an editor's decisions are judged


@dataclass(frozen=True)
class Alarm:
    """Something the editors should know of the version in use: told once under its key."""

    key: str
    text: str


def alarms_of(
    session: Session, newsletter_id: int, weights: RankerWeights, features: Sequence[Mapping[str, float]]
) -> tuple[Alarm, ...]:
    """What is wrong with the version that has just ranked candidates of these features; nothing of the rules."""
    if weights.version == RULES.version:
        return ()
    which = f"newsletter {newsletter_id}, version {weights.version}"
    found = (
        Alarm(f"ranking below its gate: {which}", _quality(session, newsletter_id, weights)),
        Alarm(f"ranking meets other data: {which}", _drift(session, newsletter_id, weights, features)),
    )
    return tuple(alarm for alarm in found if alarm.text)


def raise_alarms(
    session: Session, newsletter_id: int, alarms: Sequence[Alarm], settings: Settings, *, now: datetime
) -> list[Notice | None]:
    """Notices for the editors, once each, and a word that the ranking is to learn again."""
    if alarms:
        session.get_one(Newsletter, newsletter_id).learn_asked_at = now
    link = f"{settings.address}/desk/ranking"
    return [tell(session, alarm.key, "ranking", alarm.text, link=link, now=now) for alarm in alarms]


def _quality(session: Session, newsletter_id: int, weights: RankerWeights) -> str:
    last = session.exec(select(func.max(Edition.number)).where(Edition.newsletter_id == newsletter_id)).one() or 0
    found = quality(past_editions(session, newsletter_id, since=last - _EDITIONS_WATCHED), weights)
    if not found.below:
        return ""
    return f"{found.sentence} It is learned again; until you approve another version, you can roll this one back."


def _drift(
    session: Session, newsletter_id: int, weights: RankerWeights, features: Sequence[Mapping[str, float]]
) -> str:
    row = session.exec(
        select(Ranker).where(Ranker.newsletter_id == newsletter_id, Ranker.version == weights.version)
    ).first()
    base = row.backtest.get("baseline") if row is not None else None
    if not base:
        return ""
    try:
        moved = [one for one in drift(base, features) if one.alarm]
    except ValueError:
        return ""
    if not moved:
        return ""
    names = ", ".join(f"{one.name.replace('_', ' ')} (PSI {one.psi:.2f}, alarm from {one.line:.2f})" for one in moved)
    return (
        f"This week’s stories are unlike those that version {weights.version} of the ranking has learned from: "
        f"{names}. It is learned again; look at the draft with care."
    )
