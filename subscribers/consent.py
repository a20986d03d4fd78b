"""The moves of a subscription, as a table, and the entry that each leaves in its history. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from subscribers.errors import ConsentError
from subscribers.models import (
    Cadence,
    ConsentEntry,
    LetterFormat,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)


class Act(StrEnum):
    """What can happen to a subscription; the value is the entry's `what`."""

    ASKED = "asked to join"
    CONFIRMED = "confirmed"
    ADDED = "added"  # by the team, which vouches for the consent
    LEFT = "unsubscribed"
    RETURNED = "subscribed again"  # by the person, over a signed link
    PAUSED = "paused"
    RESUMED = "resumed"
    CHANGED = "changed preferences"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "suppression lifted"
    ERASED = "erased"


_PENDING, _CONFIRMED, _LEFT = SubscriptionStatus

# (state before, act) -> state after. None: there is no subscription yet. What is not here is not allowed.
_MOVES: dict[tuple[SubscriptionStatus | None, Act], SubscriptionStatus] = {
    (None, Act.ASKED): _PENDING,
    (_PENDING, Act.ASKED): _PENDING,
    (_CONFIRMED, Act.ASKED): _CONFIRMED,  # asking again never changes what stands
    (_LEFT, Act.ASKED): _LEFT,
    (_PENDING, Act.CONFIRMED): _CONFIRMED,
    (_CONFIRMED, Act.CONFIRMED): _CONFIRMED,
    (_LEFT, Act.CONFIRMED): _CONFIRMED,  # left, asked to join again, and confirmed that
    (None, Act.ADDED): _CONFIRMED,
    (_PENDING, Act.ADDED): _CONFIRMED,
    (_CONFIRMED, Act.ADDED): _CONFIRMED,
    # (_LEFT, ADDED) is missing on purpose: who left is not brought back by others.
    (None, Act.LEFT): _LEFT,  # an import of people who left elsewhere
    (_PENDING, Act.LEFT): _LEFT,
    (_CONFIRMED, Act.LEFT): _LEFT,
    (_LEFT, Act.LEFT): _LEFT,
    (_PENDING, Act.RETURNED): _CONFIRMED,
    (_CONFIRMED, Act.RETURNED): _CONFIRMED,
    (_LEFT, Act.RETURNED): _CONFIRMED,
    **{(status, Act.PAUSED): status for status in SubscriptionStatus},
    **{(status, Act.RESUMED): status for status in SubscriptionStatus},
    **{(status, Act.CHANGED): status for status in SubscriptionStatus},
}


def move(status: SubscriptionStatus | None, act: Act) -> SubscriptionStatus:
    """The state after `act`. Raises ConsentError when the state does not allow it."""
    try:
        return _MOVES[status, act]
    except KeyError:
        stands = status.value if status else "not on the list"
        raise ConsentError(f"somebody who is {stands} cannot be “{act.value}”.") from None


@dataclass(frozen=True)
class Wishes:
    """What a person asked for: the subscription and the person's own fields, as one frozen thing."""

    status: SubscriptionStatus | None = None
    cadence: Cadence = Cadence.EVERY
    topics: tuple[str, ...] | None = None
    paused_until: date | None = None
    name: str = ""
    language: str = "en"
    timezone: str | None = None
    letter_format: LetterFormat = LetterFormat.FULL

    @classmethod
    def of(cls, person: Subscriber, subscription: Subscription) -> "Wishes":
        return cls(
            status=subscription.status,
            cadence=subscription.cadence,
            topics=None if subscription.topics is None else tuple(subscription.topics),
            paused_until=subscription.paused_until,
            name=person.name,
            language=person.language,
            timezone=person.timezone,
            letter_format=person.letter_format,
        )

    def write(self, person: Subscriber, subscription: Subscription, *, now: datetime) -> None:
        """Put these wishes into the rows; the times of joining and leaving follow the state."""
        if self.status is not None and self.status is not subscription.status:
            subscription.status = self.status
            if self.status is SubscriptionStatus.CONFIRMED:
                subscription.confirmed_at, subscription.ended_at = now, None
            elif self.status is SubscriptionStatus.UNSUBSCRIBED:
                subscription.ended_at = now
        subscription.cadence = self.cadence
        subscription.topics = None if self.topics is None else list(self.topics)
        subscription.paused_until = self.paused_until
        person.name = self.name
        person.language = self.language
        person.timezone = self.timezone
        person.letter_format = self.letter_format


@dataclass(frozen=True)
class Outcome:
    """What an act comes to: the wishes after it, and what differs ({} when nothing does)."""

    wishes: Wishes
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def changed(self) -> bool:
        return bool(self.after)


def decide(wishes: Wishes, act: Act, **changes: Any) -> Outcome:
    """`act` upon `wishes`, with new values of some of their fields. Raises ConsentError.

    Coming back ends a pause. The same act twice changes nothing the second time.
    """
    status = move(wishes.status, act)
    if act in {Act.RETURNED, Act.RESUMED}:
        changes = {"paused_until": None, **changes}
    new = replace(wishes, status=status, **changes)
    names = [name for name in new.__dataclass_fields__ if getattr(new, name) != getattr(wishes, name)]
    return Outcome(
        new,
        before={name: _plain(getattr(wishes, name)) for name in names},
        after={name: _plain(getattr(new, name)) for name in names},
    )


def entry(outcome: Outcome, act: Act, *, subscriber_id: int, newsletter: str, who: str, now: datetime) -> ConsentEntry:
    """The line of history for an outcome that changed something."""
    return ConsentEntry(
        subscriber_id=subscriber_id,
        newsletter=newsletter,
        at=now,
        who=who[:80],
        what=act.value,
        before=outcome.before,
        after=outcome.after,
    )


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
