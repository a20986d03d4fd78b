"""Expired sign-ups and sessions go; sources that fell silent are told to the editors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from flows.articles.health import Silence, silences
from flows.articles.saying import how_often
from flows.clock import Clock, utc_now
from flows.database import transaction
from flows.models import (
    MailEvent,
    Notice,
    SignInAttempt,
    SignInLink,
    SignInSession,
    Source,
    SourceStatus,
)
from flows.settings import Settings
from subscribers.models import FormUse, Subscriber, Subscription, SubscriptionStatus

_UNCONFIRMED_FOR = timedelta(days=30)
_FORM_USES_FOR = timedelta(days=31)  # the longest limit counts thirty days back
_ATTEMPTS_FOR = timedelta(days=1)
_EVENTS_FOR = timedelta(days=400)
_BROKEN_AFTER = timedelta(days=3)
_TROUBLE = "source silent"  # the kind of these notices


@dataclass(frozen=True)
class Tidied:
    """How many rows went, and the sources that were told about."""

    unconfirmed: int
    sessions: int
    counters: int
    events: int
    notices: tuple[str, ...]


def tidy_house(
    engine: Engine, settings: Settings, *, clock: Clock = utc_now, progress: Callable[[str], None] = print
) -> Tidied:
    """One round of tidying. Doing it twice changes nothing more."""
    now = clock()
    with transaction(engine) as session:
        tidied = Tidied(
            unconfirmed=_drop_unconfirmed(session, now),
            sessions=_drop(session, delete(SignInSession).where(col(SignInSession.expires_at) < now))
            + _drop(session, delete(SignInLink).where(col(SignInLink.expires_at) < now)),
            counters=_drop(session, delete(FormUse).where(col(FormUse.at) < now - _FORM_USES_FOR))
            + _drop(session, delete(SignInAttempt).where(col(SignInAttempt.at) < now - _ATTEMPTS_FOR)),
            events=_drop(session, delete(MailEvent).where(col(MailEvent.received_at) < now - _EVENTS_FOR)),
            notices=tuple(_tell_of_sources(session, settings, now)),
        )
    progress(
        f"Tidied: {tidied.unconfirmed} unconfirmed sign-ups, {tidied.sessions} sessions, "
        f"{tidied.events} old events; {len(tidied.notices)} sources need a look."
    )
    return tidied


def _drop(session: Session, statement: object) -> int:
    return int(session.exec(statement).rowcount)  # type: ignore[call-overload]


def _drop_unconfirmed(session: Session, now: datetime) -> int:
    """Sign-ups that nobody confirmed, and the people who asked for nothing else and never were written to."""
    dropped = _drop(
        session,
        delete(Subscription)
        .where(col(Subscription.status) == SubscriptionStatus.PENDING)
        .where(col(Subscription.created_at) < now - _UNCONFIRMED_FOR),
    )
    alone = ~select(Subscription.id).where(Subscription.subscriber_id == Subscriber.id).exists()
    _drop(
        session,
        delete(Subscriber)
        .where(alone)
        .where(col(Subscriber.erased_at).is_(None))
        .where(col(Subscriber.created_at) < now - _UNCONFIRMED_FOR),
    )
    return dropped


def _tell_of_sources(session: Session, settings: Settings, now: datetime) -> list[str]:
    """A notice for each source that cannot be read, or is silent beyond its own rhythm; the same trouble once."""
    told = []
    quiet = silences(session, now)
    known = set(session.exec(select(Notice.key).where(Notice.kind == _TROUBLE)))
    columns: Any = (Source.id, Source.title, Source.url, Source.error, Source.error_since)
    active = select(*columns).where(col(Source.status) == SourceStatus.ACTIVE).order_by(col(Source.id))
    for source_id, title, url, error, error_since in session.exec(active):
        name = title or url
        if error_since and now - error_since > _BROKEN_AFTER:
            since, sentence = error_since, f"{name} has not been read since {error_since:%d %B}: {error}"
        elif source_id in quiet:
            since, sentence = quiet[source_id].since, _silent(name, quiet[source_id])
        else:
            continue
        key = f"source {source_id} in trouble since {since:%Y-%m-%d}"
        if key not in known:
            link = f"{settings.address}/desk/sources/{source_id}"
            session.add(Notice(key=key, at=now, kind=_TROUBLE, text=sentence, link=link))
            told.append(sentence)
    return told


def _silent(name: str, quiet: Silence) -> str:
    usual = f"; it usually brings {how_often(quiet.gap)}" if quiet.gap else ""
    return f"{name} has brought nothing new since {quiet.since:%d %B %Y}{usual}."
