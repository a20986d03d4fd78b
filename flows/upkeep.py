"""Expired sign-ups and sessions go; sources that fell silent are told to the editors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func
from sqlmodel import Session, col, select

from flows.clock import Clock, utc_now
from flows.database import transaction
from flows.models import (
    Article,
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
_SILENT_AFTER = timedelta(days=30)
_BROKEN_AFTER = timedelta(days=3)


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
    told = []
    sources = session.exec(select(Source).where(col(Source.status) == SourceStatus.ACTIVE)).all()
    newest = dict(
        session.exec(select(Article.source_id, func.max(Article.first_seen_at)).group_by(col(Article.source_id))).all()
    )
    for source in sources:
        sentence = _trouble(source, newest.get(source.id or 0), now)
        if sentence is None:
            continue
        since = source.error_since or newest.get(source.id or 0) or source.created_at
        key = f"source {source.id} in trouble since {since:%Y-%m-%d}"
        if session.exec(select(Notice).where(Notice.key == key)).first() is None:
            link = f"{settings.address}/desk/sources"
            session.add(Notice(key=key, at=now, kind="source silent", text=sentence, link=link))
            told.append(sentence)
    return told


def _trouble(source: Source, newest: datetime | None, now: datetime) -> str | None:
    name = source.title or source.url
    if source.error_since and now - source.error_since > _BROKEN_AFTER:
        return f"{name} has not been read since {source.error_since:%d %B}: {source.error}"
    last = newest or source.created_at
    if now - last > _SILENT_AFTER:
        return f"{name} has brought nothing new since {last:%d %B %Y}."
    return None
