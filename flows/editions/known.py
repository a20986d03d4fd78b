"""What the tables know of the past, as a draft needs it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from flows.editions.claims import BY_HAND, uncleared
from flows.editions.suggesting import Known
from flows.models import Edition, EditionItem, Tier
from flows.settings import Settings
from flows.stories.history import read_history, read_outcomes
from flows.stories.tiers import Outcome, lines_from
from flows.stories.tuning import read_taught


def read_known(session: Session, newsletter_id: int, *, before: int) -> Known:
    """Everything that editions with a number below `before` say."""
    outcomes = read_outcomes(session, newsletter_id, before=before)
    return Known(
        history=read_history(session, newsletter_id, before=before),
        lines=lines_from(outcomes),
        taught=read_taught(session, newsletter_id),
        usual_count=_usual_count(outcomes),
        flags=_flags_by_hand(session, newsletter_id, before),
    )


def _flags_by_hand(session: Session, newsletter_id: int, before: int) -> dict[int, tuple[Mapping[str, Any], ...]]:
    """By story, what colleagues flagged in earlier editions and nobody has cleared: it is flagged still."""
    items = session.exec(
        select(EditionItem)
        .join(Edition, col(Edition.id) == col(EditionItem.edition_id))
        .where(Edition.newsletter_id == newsletter_id, Edition.number < before, EditionItem.tier == Tier.FLAGGED)
        .order_by(col(Edition.number))
    ).all()
    return {item.story_id: tuple(flag for flag in uncleared(item) if flag["kind"] == BY_HAND) for item in items}


def window_start(settings: Settings, now: datetime) -> datetime:
    """How far back a story may be new."""
    return now - timedelta(days=settings.newsletter.window_days)


def _usual_count(outcomes: list[Outcome]) -> float:
    editions = len({one.edition for one in outcomes})
    return sum(one.chosen for one in outcomes) / editions if editions else 0.0
