"""Who would get an edition if it went out now: a look ahead for the approver, not the ledger."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from flows.editions.seal import Content
from flows.models import Edition, EditionStatus
from flows.settings import Settings
from subscribers.cadence import EditionFacts
from subscribers.models import Subscriber, Subscription, SubscriptionStatus
from subscribers.roll import candidates, why_not

_EXACT_UP_TO = 5_000  # people; beyond, calling the whole roll would keep the approver waiting
_WENT_OUT = (EditionStatus.SENDING, EditionStatus.PAUSED, EditionStatus.SENT)


@dataclass(frozen=True)
class Forecast:
    """`people` are on the list; `skipped` counts those who get nothing, by reason. Not `exact`: not counted."""

    people: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    exact: bool = True

    @property
    def letters(self) -> int:
        return self.people - sum(self.skipped.values())


def forecast(session: Session, edition: Edition, content: Content, settings: Settings, *, now: datetime) -> Forecast:
    """Count the list, and, up to five thousand people, why some of them get nothing."""
    slug = content.newsletter
    on_list = _on_list(session, slug)
    if on_list > _EXACT_UP_TO:
        return Forecast(on_list, exact=False)
    facts = EditionFacts(
        slot=edition.slot,
        sections=tuple(section.name for section in content.sections),
        previous_slot=_previous_slot(session, edition),
    )
    today = max(now, edition.send_at or now).astimezone(ZoneInfo(settings.newsletter.timezone)).date()
    people = candidates(session, slug, key=settings.key, joined_until=now, limit=_EXACT_UP_TO)
    reasons = Counter(reason for person in people if (reason := why_not(person, facts, today=today)))
    return Forecast(len(people), dict(reasons.most_common()))


def _on_list(session: Session, slug: str) -> int:
    statement = (
        select(func.count())
        .select_from(Subscription)
        .join(Subscriber, col(Subscriber.id) == col(Subscription.subscriber_id))
        .where(
            col(Subscription.newsletter) == slug,
            col(Subscription.status) == SubscriptionStatus.CONFIRMED,
            col(Subscriber.erased_at).is_(None),
        )
    )
    return session.exec(statement).one()


def _previous_slot(session: Session, edition: Edition) -> date | None:
    statement = (
        select(col(Edition.slot))
        .where(
            col(Edition.newsletter_id) == edition.newsletter_id,
            col(Edition.slot) < edition.slot,
            col(Edition.status).in_(_WENT_OUT),
        )
        .order_by(col(Edition.slot).desc())
        .limit(1)
    )
    return session.exec(statement).first()
