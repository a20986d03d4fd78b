"""A batch of imported rows against the database: who is added, who is changed, who is kept out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, SQLModel, col, select

from subscribers.consent import Act, Wishes, decide
from subscribers.hygiene import key_hash
from subscribers.models import Cadence, ConsentEntry, Subscriber, Subscription, SubscriptionStatus
from subscribers.people import apply, id_of
from subscribers.roll import suppressions
from subscribers.rows import Entry

_ACTS = {
    SubscriptionStatus.CONFIRMED: Act.ADDED,
    SubscriptionStatus.PENDING: Act.ASKED,
    SubscriptionStatus.UNSUBSCRIBED: Act.LEFT,
}


@dataclass(frozen=True)
class Counts:
    """Rows by what came of them."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    kept_out: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass
class _Known:
    """What the database holds of the people in a batch, by email_key."""

    people: dict[str, Subscriber] = field(default_factory=dict)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    suppressed: set[str] = field(default_factory=set)
    chose: set[int] = field(default_factory=set)  # ids of people who have changed something themselves


def import_batch(
    session: Session,
    entries: Sequence[Entry],
    *,
    newsletter: str,
    key: bytes,
    who: str,
    now: datetime,
    language: str,
    dry_run: bool,
) -> Counts:
    """Import rows of different addresses; with `dry_run`, only say what would come of them."""
    known = _known(session, entries, newsletter, key)
    new: list[Entry] = []
    counts = Counts()
    for row in entries:
        person = known.people.get(row.key)
        subscription = known.subscriptions.get(id_of(person)) if person else None
        if row.suppressed or row.key in known.suppressed:
            counts += Counts(kept_out=1)
        elif person is None or subscription is None:
            new.append(row)
        elif subscription.status is SubscriptionStatus.UNSUBSCRIBED:
            left = row.status is SubscriptionStatus.UNSUBSCRIBED
            counts += Counts(unchanged=1) if left else Counts(kept_out=1)
        else:
            act, changes = _asked(row, person, subscription, known)
            nothing_new = act is Act.CHANGED and not changes
            if nothing_new or not decide(Wishes.of(person, subscription), act, **changes).changed:
                counts += Counts(unchanged=1)
                continue
            counts += Counts(updated=1)
            if not dry_run:
                apply(session, person, subscription, act, who=who, now=now, **changes)
    if new and not dry_run:
        _add(session, new, known, newsletter=newsletter, who=who, now=now, language=language)
    return counts + Counts(added=len(new))


def _asked(row: Entry, person: Subscriber, subscription: Subscription, known: _Known) -> tuple[Act, dict[str, Any]]:
    """What a row asks of somebody who is on the list: it may confirm, say good-bye, and fill in blanks."""
    if row.status is SubscriptionStatus.UNSUBSCRIBED:
        return Act.LEFT, {}
    changes: dict[str, Any] = {}
    if id_of(person) not in known.chose:
        if row.name and not person.name:
            changes["name"] = row.name
        if row.timezone and not person.timezone:
            changes["timezone"] = row.timezone
    pending = subscription.status is SubscriptionStatus.PENDING
    return (Act.ADDED if pending and row.status is SubscriptionStatus.CONFIRMED else Act.CHANGED), changes


def _known(session: Session, entries: Sequence[Entry], newsletter: str, key: bytes) -> _Known:
    keys = [row.key for row in entries]
    hashes = {key_hash(key, each): each for each in keys}
    known = _Known(suppressed={hashes[each] for each in suppressions(session, hashes)})
    found = select(Subscriber).where(col(Subscriber.email_key).in_(keys))
    known.people = {person.email_key: person for person in session.exec(found)}
    ids = [id_of(person) for person in known.people.values()]
    if ids:
        held = select(Subscription).where(
            col(Subscription.subscriber_id).in_(ids), col(Subscription.newsletter) == newsletter
        )
        known.subscriptions = {each.subscriber_id: each for each in session.exec(held.with_for_update())}
        own = select(ConsentEntry.subscriber_id).where(
            col(ConsentEntry.subscriber_id).in_(ids),
            col(ConsentEntry.who) == "link",
            col(ConsentEntry.what) == Act.CHANGED.value,
        )
        known.chose = set(session.exec(own))
    return known


def _add(
    session: Session,
    new: Sequence[Entry],
    known: _Known,
    *,
    newsletter: str,
    who: str,
    now: datetime,
    language: str,
) -> None:
    ids = {each: id_of(person) for each, person in known.people.items()}
    strangers = [row for row in new if row.key not in ids]
    if strangers:
        statement = insert(Subscriber).returning(col(Subscriber.email_key), col(Subscriber.id))
        values = [_person_values(row, now, language) for row in strangers]
        ids |= {found[0]: found[1] for found in session.connection().execute(statement, values)}
    _insert(session, Subscription, (_subscription_values(row, ids[row.key], newsletter, now) for row in new))
    _insert(session, ConsentEntry, (_history_values(row, ids[row.key], newsletter, who, now) for row in new))


def _insert(session: Session, table: type[SQLModel], values: Iterable[dict[str, Any]]) -> None:
    session.connection().execute(insert(table), list(values))


def _person_values(row: Entry, now: datetime, language: str) -> dict[str, Any]:
    return {
        "email": row.email,
        "email_key": row.key,
        "name": row.name,
        "language": row.language or language,
        "timezone": row.timezone,
        "letter_format": row.letter_format,
        "link_generation": 0,
        "soft_bounces": 0,
        "created_at": min(row.joined or now, now),
        "erased_at": None,
    }


def _subscription_values(row: Entry, subscriber_id: int, newsletter: str, now: datetime) -> dict[str, Any]:
    joined = min(row.joined or now, now)
    return {
        "subscriber_id": subscriber_id,
        "newsletter": newsletter,
        "status": row.status,
        "cadence": row.cadence,
        "topics": None if row.topics is None else list(row.topics),
        "paused_until": row.paused_until,
        "created_at": joined,
        "confirmed_at": joined if row.status is SubscriptionStatus.CONFIRMED else None,
        "ended_at": now if row.status is SubscriptionStatus.UNSUBSCRIBED else None,
    }


def _history_values(row: Entry, subscriber_id: int, newsletter: str, who: str, now: datetime) -> dict[str, Any]:
    return {
        "subscriber_id": subscriber_id,
        "newsletter": newsletter,
        "at": now,
        "who": who[:80],
        "what": _ACTS[row.status].value,
        "before": {},
        "after": _asked_for(row.status, row.cadence, row.topics, row.paused_until),
    }


@lru_cache(maxsize=2_000)
def _asked_for(
    status: SubscriptionStatus, cadence: Cadence, topics: tuple[str, ...] | None, paused_until: date | None
) -> dict[str, Any]:
    """What a new person's line of history says; many rows of a list ask for the same."""
    wishes = {"cadence": cadence, "topics": topics, "paused_until": paused_until}
    return decide(Wishes(), _ACTS[status], **wishes).after
