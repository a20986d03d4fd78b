"""What an event changes: the letter's status, the person's standing, the count of soft bounces. Pure.

Every decision follows from *which* events have come, and from their own times, never from the order of their
arrival: SES promises none. A letter stands where the weightiest of its events puts it:

    sent < refused by SES < bounced for now < delivered < bounced for good < complained

"Bounced for now" weighs less than "delivered", for automatic replies of people who did get their letter
come as soft bounces; "bounced for good" weighs more, for some servers take a letter and refuse it later.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.events.parse import Came
from flows.models import EventKind, LetterStatus
from subscribers.models import SuppressionReason

MAX_SOFT_BOUNCES = 5
SOFT_BOUNCE_WINDOW = timedelta(days=30)

_WEIGHT: Mapping[EventKind, int] = {
    EventKind.SEND: 1,
    EventKind.DELAY: 1,
    EventKind.OPEN: 1,
    EventKind.CLICK: 1,
    EventKind.SUBSCRIPTION: 1,
    EventKind.REJECT: 2,
    EventKind.RENDERING_FAILURE: 2,
    EventKind.SOFT_BOUNCE: 3,
    EventKind.CONTENT_REFUSED: 3,
    EventKind.DELIVERY: 4,
    EventKind.BOUNCE: 5,
    EventKind.COMPLAINT: 6,
}
_STATUS: Mapping[int, LetterStatus] = {
    1: LetterStatus.ACCEPTED,
    2: LetterStatus.FAILED,
    3: LetterStatus.BOUNCED,
    4: LetterStatus.DELIVERED,
    5: LetterStatus.BOUNCED,
    6: LetterStatus.COMPLAINED,
}
# What a letter's status alone proves, where the events that led to it are no longer kept. All others of our
# own making (queued, skipped, failed, unknown, …) weigh nothing against the mail service's word.
_PROVEN: Mapping[LetterStatus, int] = {
    LetterStatus.ACCEPTED: 1,
    LetterStatus.DELIVERED: 4,
    LetterStatus.BOUNCED: 5,
    LetterStatus.COMPLAINED: 6,
}
_REASONS: Mapping[EventKind, str] = {
    EventKind.REJECT: "refused by SES",
    EventKind.RENDERING_FAILURE: "not rendered by SES",
    EventKind.SOFT_BOUNCE: "bounced for now",
    EventKind.CONTENT_REFUSED: "content refused",
    EventKind.BOUNCE: "bounced",
    EventKind.COMPLAINT: "complained",
}


@dataclass(frozen=True)
class Facts:
    """A letter before the event: its status, and the kinds of all events recorded about it earlier."""

    status: LetterStatus
    kinds: frozenset[EventKind] = frozenset()


@dataclass(frozen=True)
class Effect:
    """What an event changes. None and False: it leaves that alone.

    `lift`: soft bounces no longer speak against the address; a suppression that rested on them alone ends.
    """

    status: LetterStatus | None = None
    reason: str = ""
    suppress: SuppressionReason | None = None
    lift: bool = False
    unsubscribe: bool = False
    soft_bounces: int | None = None
    blames_edition: bool = False

    @property
    def words(self) -> str:
        """For the event's row: what it changed."""
        parts = [
            self.status.value if self.status else "",
            "suppressed" if self.suppress else "",
            "unsubscribed" if self.unsubscribe else "",
            "no longer suppressed" if self.lift else "",
        ]
        return ", ".join(filter(None, parts)) or "nothing"


@dataclass(frozen=True)
class Happened:
    """One soft bounce or delivery in a person's history."""

    kind: EventKind
    at: datetime


def effect_of(came: Came, letter: Facts | None, soft_bounces: int, *, before: int = 0) -> Effect:
    """What follows from an event.

    `letter` is None while it is not known which letter is meant: what concerns the address holds all the
    same. `soft_bounces` is the person's count with this event in it, `before` the count without it.
    """
    status, reason = _standing(came, letter) if letter else (None, "")
    gone = came.kind in {EventKind.BOUNCE, EventKind.COMPLAINT}
    worn_out = came.kind is EventKind.SOFT_BOUNCE and soft_bounces >= MAX_SOFT_BOUNCES > before
    suppress = SuppressionReason.BOUNCED if came.kind is EventKind.BOUNCE or worn_out else None
    return Effect(
        status=status,
        reason=reason,
        suppress=SuppressionReason.COMPLAINED if came.kind is EventKind.COMPLAINT else suppress,
        lift=not gone and soft_bounces < MAX_SOFT_BOUNCES <= before,
        unsubscribe=came.kind is EventKind.COMPLAINT,
        soft_bounces=soft_bounces if soft_bounces != before else None,
        blames_edition=came.kind is EventKind.CONTENT_REFUSED,
    )


def counts_softly(kind: EventKind) -> bool:
    """Does this kind of event change a person's count of soft bounces?"""
    return kind in {EventKind.SOFT_BOUNCE, EventKind.DELIVERY}


def count_soft_bounces(history: Iterable[Happened]) -> int:
    """The most soft bounces that fell within 30 days since the last delivery."""
    happened = list(history)
    delivered = max((one.at for one in happened if one.kind is EventKind.DELIVERY), default=None)
    bounces = [
        one.at for one in happened if one.kind is EventKind.SOFT_BOUNCE and (delivered is None or one.at > delivered)
    ]
    windows = (sum(timedelta() <= last - at <= SOFT_BOUNCE_WINDOW for at in bounces) for last in bounces)
    return max(windows, default=0)


def _standing(came: Came, letter: Facts) -> tuple[LetterStatus | None, str]:
    """The status that the event leads to, and why; None when the letter stands there or further already."""
    weight = _WEIGHT[came.kind]
    if weight <= _weight_of(letter.status, letter.kinds):
        return None, ""
    why = _REASONS.get(came.kind, "")
    return _STATUS[weight], f"{why}: {came.detail}"[:400].rstrip(": ") if why else ""


def _weight_of(status: LetterStatus, kinds: Collection[EventKind]) -> int:
    recorded = max((_WEIGHT[kind] for kind in kinds), default=0)
    if status is LetterStatus.BOUNCED and recorded == _WEIGHT[EventKind.SOFT_BOUNCE]:
        return recorded
    return max(recorded, _PROVEN.get(status, 0))
