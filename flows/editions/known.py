"""What the tables know of the past, as a draft needs it."""

from datetime import datetime, timedelta

from sqlmodel import Session

from flows.editions.suggesting import Known
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
    )


def window_start(settings: Settings, now: datetime) -> datetime:
    """How far back a story may be new."""
    return now - timedelta(days=settings.newsletter.window_days)


def _usual_count(outcomes: list[Outcome]) -> float:
    editions = len({one.edition for one in outcomes})
    return sum(one.chosen for one in outcomes) / editions if editions else 0.0
