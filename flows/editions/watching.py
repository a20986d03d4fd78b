"""Is the ranking still what was approved? Looked at with every draft: the data it meets, and how well it does."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, select

from flows.editions.draft_notices import tell
from flows.editions.learning import past_editions
from flows.models import Newsletter, Notice, Ranker
from flows.settings import Settings
from flows.stories.drift import drift
from flows.stories.quality import quality
from flows.stories.weights import RULES, RankerWeights


def watch(
    session: Session,
    newsletter_id: int,
    weights: RankerWeights,
    features: Sequence[Mapping[str, float]],
    settings: Settings,
    *,
    now: datetime,
) -> list[Notice]:
    """Notices for the editors, once each, and a word to learn again; nothing while the rules rank.

    `features` are those of the candidates that the version has just ranked.
    """
    if weights.version == RULES.version:
        return []
    told = [
        (
            f"ranking below its gate: newsletter {newsletter_id}, version {weights.version}",
            _quality(session, newsletter_id, weights),
        ),
        (
            f"ranking meets other data: newsletter {newsletter_id}, version {weights.version}",
            _drift(session, newsletter_id, weights, features),
        ),
    ]
    link = f"{settings.address}/desk/ranking"
    notices = [tell(session, key, "ranking", text, link=link, now=now) for key, text in told if text]
    if any(text for _, text in told):
        session.get_one(Newsletter, newsletter_id).learn_asked_at = now
    return [notice for notice in notices if notice is not None]


def _quality(session: Session, newsletter_id: int, weights: RankerWeights) -> str:
    found = quality(past_editions(session, newsletter_id), weights)
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
