"""Events in the database: each recorded once, and its effect in the same transaction.

An event whose letter is not known is parked: the answer to our own call may not have been stored yet.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from flows.events.alarms import edition_is_refused, readers_complain
from flows.events.effects import Effect, Facts, Happened, count_soft_bounces, counts_softly, effect_of
from flows.events.forgetting import ERASED
from flows.events.parse import Came
from flows.models import EventKind, Letter, MailEvent
from subscribers.consent import Act
from subscribers.models import Subscriber, Subscription, SuppressionReason
from subscribers.people import apply, find, id_of
from subscribers.suppression import suppress, suppression_of, unsuppress

WHO = "ses"
PARKED = "parked"
SEEN = "seen before"
PARKED_FOR = timedelta(hours=24)
_SOFT_SOURCE = "ses: soft bounces"
_LINKED_AT_ONCE = 500


def record(session: Session, came: Came, *, key: bytes, now: datetime) -> str:
    """Keep the event and do what follows from it; what that was, `PARKED`, or `SEEN` for one that was here.

    `key` is the installation's, by which suppressed addresses are known.
    """
    letter = _find_letter(session, came)
    erased = letter is not None and letter.address == ERASED
    row_id = _keep(
        session,
        event_key=came.key,
        kind=came.kind,
        at=came.at,
        received_at=now,
        delivery_id=letter.delivery_id if letter else came.delivery_id,
        provider_id=came.provider_id,
        address=ERASED if erased else came.address,
        detail="" if erased else came.detail,
        effect="" if letter else PARKED,
    )
    if row_id is None:
        return SEEN
    words = _act(session, came, letter, key=key, now=now).words
    if letter is None:
        return PARKED
    session.connection().execute(update(MailEvent).where(col(MailEvent.id) == row_id).values(effect=words[:60]))
    return words


def link_parked(session: Session, *, key: bytes, now: datetime) -> int:
    """Give parked events of the last 24 hours to their letters, where these are known by now; how many."""
    found = session.exec(
        select(MailEvent, Letter)
        .join(Letter, col(Letter.provider_id) == col(MailEvent.provider_id))
        .where(col(MailEvent.effect) == PARKED, col(MailEvent.received_at) >= now - PARKED_FOR)
        .order_by(col(MailEvent.id))
        .limit(_LINKED_AT_ONCE)
        .with_for_update()
    ).all()
    for row, letter in found:
        row.delivery_id = letter.delivery_id
        session.add(row)
        session.flush()
        row.effect = _act(session, _came(row), letter, key=key, now=now).words[:60]
        session.add(row)
    session.flush()
    return len(found)


def parked(session: Session) -> int:
    """Events that wait for their letter, or never had one of ours."""
    return session.exec(select(func.count()).select_from(MailEvent).where(col(MailEvent.effect) == PARKED)).one()


def last_event_about_letters_submitted_after(session: Session, moment: datetime) -> datetime | None:
    """When an event about a letter submitted later than `moment` last came in: the sign that events come.

    This is what makes silence about an earlier letter mean something.
    """
    return session.exec(
        select(func.max(MailEvent.received_at))
        .join(Letter, col(Letter.delivery_id) == col(MailEvent.delivery_id))
        .where(col(Letter.submitted_at) > moment)
    ).one()


def _keep(session: Session, **values: object) -> int | None:
    """The new row's id; None if the event is here already, or is just being stored by another listener."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(MailEvent).values(**values).on_conflict_do_nothing(index_elements=["event_key"])
    found: int | None = session.connection().execute(statement.returning(col(MailEvent.id))).scalar()
    return found


def _find_letter(session: Session, came: Came) -> Letter | None:
    """By our own tag, else by SES's id; locked until the transaction ends."""
    letters = select(Letter).with_for_update()
    if came.delivery_id:
        letter = session.exec(letters.where(col(Letter.delivery_id) == came.delivery_id)).first()
        if letter is not None:
            return letter
    return session.exec(letters.where(col(Letter.provider_id) == came.provider_id)).first()


def _act(session: Session, came: Came, letter: Letter | None, *, key: bytes, now: datetime) -> Effect:
    person = _person(session, letter) if letter and counts_softly(came.kind) else None
    before = person.soft_bounces if person else 0
    # A delivery can only lower a count: where there is none, the history need not be read.
    counted = _count(session, person) if person and (before or came.kind is EventKind.SOFT_BOUNCE) else 0
    facts = _facts(session, came, letter) if letter else None
    effect = effect_of(came, facts, counted, before=before)
    # Of an erased person only the hash is kept: whom not to write to again.
    address = letter.address if letter and letter.address != ERASED else came.address
    if person and effect.soft_bounces is not None:
        person.soft_bounces = effect.soft_bounces
        session.add(person)
    if letter:
        _settle(letter, came, effect, now)
        session.add(letter)
    if "@" in address:
        _judge_address(session, address, effect, came, key=key, now=now)
    session.flush()
    if letter and effect.blames_edition:
        edition_is_refused(session, letter.edition_id, came.detail, now=now)
    if letter and effect.unsubscribe:
        readers_complain(session, letter.edition_id, now=now)
    return effect


def _settle(letter: Letter, came: Came, effect: Effect, now: datetime) -> None:
    letter.provider_id = letter.provider_id or came.provider_id
    if effect.status is not None:
        letter.status = effect.status
        letter.reason = effect.reason
        letter.settled_at = letter.settled_at or now


def _judge_address(session: Session, address: str, effect: Effect, came: Came, *, key: bytes, now: datetime) -> None:
    if effect.suppress:
        soft = came.kind is EventKind.SOFT_BOUNCE
        source = _SOFT_SOURCE if soft else f"ses: {came.detail}"
        news = suppress(session, address, key=key, reason=effect.suppress, source=source, now=now, who=WHO)
        if not news and not soft:
            _harden(session, address, source, key=key)
    if effect.lift and _rests_on_soft_bounces(session, address, key=key):
        unsuppress(session, address, key=key, who=WHO, now=now)
    if effect.unsubscribe:
        _unsubscribe(session, address, now=now)


def _rests_on_soft_bounces(session: Session, address: str, *, key: bytes) -> bool:
    row = suppression_of(session, address, key=key)
    return row is not None and row.reason is SuppressionReason.BOUNCED and row.source == _SOFT_SOURCE


def _harden(session: Session, address: str, source: str, *, key: bytes) -> None:
    """A bounce for good makes final what rested on soft ones."""
    row = suppression_of(session, address, key=key)
    if row is not None and row.source == _SOFT_SOURCE:
        row.source = source[:200]
        session.add(row)


def _unsubscribe(session: Session, address: str, *, now: datetime) -> None:
    person = find(session, address)
    if person is None:
        return
    owned = col(Subscription.subscriber_id) == id_of(person)
    for subscription in session.exec(select(Subscription).where(owned).with_for_update()).all():
        apply(session, person, subscription, Act.LEFT, who=WHO, now=now)


def _person(session: Session, letter: Letter) -> Subscriber | None:
    """Whom the letter went to, locked; None for somebody who asked to be forgotten."""
    return session.exec(
        select(Subscriber)
        .where(col(Subscriber.id) == letter.subscriber_id, col(Subscriber.erased_at).is_(None))
        .with_for_update()
    ).first()


def _count(session: Session, person: Subscriber) -> int:
    rows = session.exec(
        select(MailEvent.kind, MailEvent.at)
        .join(Letter, col(Letter.delivery_id) == col(MailEvent.delivery_id))
        .where(
            col(Letter.subscriber_id) == id_of(person),
            col(MailEvent.kind).in_([EventKind.SOFT_BOUNCE, EventKind.DELIVERY]),
        )
    )
    return count_soft_bounces(Happened(EventKind(kind), at) for kind, at in rows)


def _facts(session: Session, came: Came, letter: Letter) -> Facts:
    earlier = session.exec(
        select(MailEvent.kind).where(
            col(MailEvent.delivery_id) == letter.delivery_id, col(MailEvent.event_key) != came.key
        )
    )
    return Facts(letter.status, frozenset(map(EventKind, earlier)))


def _came(row: MailEvent) -> Came:
    return Came(
        kind=row.kind,
        at=row.at,
        provider_id=row.provider_id,
        delivery_id=row.delivery_id,
        address=row.address,
        bounce="",
        detail=row.detail,
        key=row.event_key,
    )
