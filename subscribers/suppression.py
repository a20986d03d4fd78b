"""Addresses that must not be written to, and people who asked to be forgotten."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from subscribers.consent import Act
from subscribers.hygiene import address_hash, key_hash
from subscribers.models import ConsentEntry, Subscriber, Subscription, Suppression, SuppressionReason
from subscribers.people import find, id_of, insert_if_absent

# A later reason replaces an earlier one only if it weighs more.
_WEIGHT = {
    SuppressionReason.ERASED: 0,
    SuppressionReason.BOUNCED: 1,
    SuppressionReason.MANUAL: 2,
    SuppressionReason.COMPLAINED: 3,
}


def suppress(
    session: Session,
    email: str,
    *,
    key: bytes,
    reason: SuppressionReason,
    source: str,
    now: datetime,
    who: str = "ses",
) -> bool:
    """Never write to this address again; whether that is news. `source` says what it rests on.

    The address need not belong to anybody. Told twice, it is stored once.
    """
    fingerprint = address_hash(key, email)
    if not _put(session, fingerprint, reason, source, now):
        return False
    if person := find(session, email):
        _note(session, person, Act.SUPPRESSED, {"suppressed": reason.value}, who=who, now=now)
    return True


def unsuppress(session: Session, email: str, *, key: bytes, who: str, now: datetime) -> bool:
    """Allow writing to this address again; whether it was not allowed. Subscriptions stand."""
    row = session.get(Suppression, address_hash(key, email))
    if row is None:
        return False
    session.delete(row)
    if person := find(session, email):
        _note(session, person, Act.UNSUPPRESSED, {"suppressed": None}, who=who, now=now)
    session.flush()
    return True


def suppression_of(session: Session, email: str, *, key: bytes) -> Suppression | None:
    """The suppression of this address, if there is one."""
    return session.get(Suppression, address_hash(key, email))


def erase(session: Session, subscriber_id: int, *, key: bytes, who: str, now: datetime) -> bool:
    """Forget a person: fields, subscriptions and history go; whether there was anything left to forget.

    A keyed fingerprint of the address stays, so that no import brings the address back; an empty row keeps
    the ids of old letters from pointing at somebody else. Every link sent so far becomes worthless.
    """
    statement = select(Subscriber).where(col(Subscriber.id) == subscriber_id).with_for_update()
    person = session.exec(statement).first()
    if person is None or person.erased_at is not None:
        return False
    _put(session, key_hash(key, person.email_key), SuppressionReason.ERASED, "asked for by the person", now)
    for table in (Subscription, ConsentEntry):
        session.connection().execute(delete(table).where(col(table.subscriber_id) == subscriber_id))
    blank = Subscriber(email="", email_key=f"erased:{subscriber_id}", created_at=person.created_at)
    for field in ("email", "email_key", "name", "language", "timezone", "letter_format", "soft_bounces"):
        setattr(person, field, getattr(blank, field))
    person.erased_at = now
    person.link_generation += 1
    session.add(person)
    _note(session, person, Act.ERASED, {}, who=who, now=now)
    session.flush()
    return True


def _put(session: Session, fingerprint: str, reason: SuppressionReason, source: str, now: datetime) -> bool:
    new = Suppression(address_hash=fingerprint, reason=reason, at=now, source=source[:200])
    if insert_if_absent(session, new, "address_hash"):
        return True
    row = session.get_one(Suppression, fingerprint, with_for_update=True)
    if _WEIGHT[row.reason] >= _WEIGHT[reason]:
        return False
    row.reason, row.at, row.source = new.reason, new.at, new.source
    session.add(row)
    session.flush()
    return True


def _note(session: Session, person: Subscriber, act: Act, after: dict[str, object], *, who: str, now: datetime) -> None:
    session.add(ConsentEntry(subscriber_id=id_of(person), at=now, who=who[:80], what=act.value, after=after))
