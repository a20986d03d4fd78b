"""Asking to join: what a request comes to, and the limits that keep the form from being a weapon.

Nothing here is shown to whoever asked: the page has been answered before this runs, alike for everybody.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from ipaddress import ip_address, ip_network

from sqlalchemy import delete, func, text
from sqlmodel import Session, col, select

from subscribers.consent import Act
from subscribers.hygiene import address_hash, email_key, keyed_hash
from subscribers.links import Claims
from subscribers.models import (
    FormUse,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Suppression,
    SuppressionReason,
)
from subscribers.people import apply, ensure, find_subscription

_ALL = "all"
_FORM_TOKEN_FOR = timedelta(hours=24)
_DOTLESS_DOMAINS = {"gmail.com", "googlemail.com"}


@dataclass(frozen=True)
class Limits:
    """How often the sign-up form may be used. Counts, over the time in their names."""

    address_a_day: int = 1  # confirmation letters
    address_in_30_days: int = 3
    network_an_hour: int = 10  # requests from one /24 or /64
    all_an_hour: int = 500  # confirmation letters; beyond it the form rests and the team is told
    youngest_form: timedelta = timedelta(seconds=3)  # people read before they write


class FormAge(Enum):
    """What the form's own stamp says."""

    GOOD = auto()
    TOO_YOUNG = auto()
    TOO_OLD = auto()
    FALSE = auto()


def form_token(key: bytes, now: datetime) -> str:
    """A stamp for a form handed out now."""
    stamp = str(int(now.timestamp()))
    return f"{stamp}.{keyed_hash(key, 'form', stamp)[:32]}"


def form_age(key: bytes, token: str, now: datetime, limits: Limits) -> FormAge:
    """How old the form is that comes back with this stamp."""
    stamp, _, signature = token.partition(".")
    expected = keyed_hash(key, "form", stamp)[:32]
    if not signature.isascii() or not hmac.compare_digest(signature, expected):
        return FormAge.FALSE
    age = now - datetime.fromtimestamp(int(stamp), now.tzinfo)
    if age < limits.youngest_form:
        return FormAge.TOO_YOUNG
    return FormAge.GOOD if age <= _FORM_TOKEN_FOR else FormAge.TOO_OLD


def network_may_ask(session: Session, host: str, *, key: bytes, now: datetime, limits: Limits) -> bool:
    """Count one request from this network; whether it is within the limit. Knows nothing of addresses."""
    name = "network:" + keyed_hash(key, "network", _network(host))
    session.add(FormUse(key=name, at=now))
    session.flush()
    return _uses(session, name, now - timedelta(hours=1)) <= limits.network_an_hour


@dataclass(frozen=True)
class Invited:
    """What came of a request. `use_id` is the count to give back when the letter could not be posted."""

    subscriber: Subscriber | None = None
    use_id: int | None = None
    breaker: bool = False  # the limit over all has just been reached


def ask_to_join(
    session: Session,
    address: str,
    *,
    newsletter: str,
    key: bytes,
    now: datetime,
    limits: Limits,
    name: str = "",
    language: str = "en",
) -> Invited:
    """Note the request of a checked address; who is to get a confirmation letter, if anybody is.

    Nobody who is on the list, whose address is suppressed, or who was written to too lately gets one.
    An existing subscription is never changed.
    """
    counter = "address:" + keyed_hash(key, "mailbox", _mailbox(address))
    _queue_up(session, counter)
    stopped = session.get(Suppression, address_hash(key, address))
    if stopped is not None and stopped.reason is not SuppressionReason.ERASED:
        return Invited()
    if _uses(session, counter, now - timedelta(days=1)) >= limits.address_a_day:
        return Invited()
    if _uses(session, counter, now - timedelta(days=30)) >= limits.address_in_30_days:
        return Invited()
    sent = _uses(session, _ALL, now - timedelta(hours=1))
    if sent >= limits.all_an_hour:
        return Invited()
    person, subscription, _ = ensure(
        session, address, newsletter, act=Act.ASKED, who="form", now=now, name=name, language=language
    )
    if subscription.status is SubscriptionStatus.CONFIRMED:
        return Invited()
    if subscription.status is SubscriptionStatus.PENDING:
        subscription.created_at = now  # asked anew: it is kept as long as the new link is good
        session.add(subscription)
    use = FormUse(key=counter, at=now)
    session.add_all([use, FormUse(key=_ALL, at=now)])
    session.flush()
    return Invited(person, use.id, breaker=sent + 1 == limits.all_an_hour)


def forget_use(session: Session, use_id: int) -> None:
    """Give back the count of a letter that was not posted, so that the person may ask again."""
    session.connection().execute(delete(FormUse).where(col(FormUse.id) == use_id))


def confirm(session: Session, claims: Claims, *, key: bytes, now: datetime) -> tuple[Subscriber, Subscription] | None:
    """Confirm what was asked for; doing it twice changes nothing. None when the link must not be honoured.

    A link older than the last good-bye is spent: it cannot bring back who has left since.
    """
    found = find_subscription(session, claims.subscriber_id, claims.newsletter, locked=True)
    if found is None or found[0].link_generation != claims.generation:
        return None
    person, subscription = found
    if subscription.ended_at and claims.issued and subscription.ended_at >= claims.issued:
        return None
    stopped = session.get(Suppression, address_hash(key, person.email))
    if stopped is not None:
        if stopped.reason is not SuppressionReason.ERASED:
            return None
        session.delete(stopped)  # the person herself is back
    apply(session, person, subscription, Act.CONFIRMED, who="link", now=now)
    return person, subscription


def _uses(session: Session, name: str, since: datetime) -> int:
    statement = select(func.count()).select_from(FormUse)
    return session.exec(statement.where(col(FormUse.key) == name, col(FormUse.at) > since)).one()


def _queue_up(session: Session, counter: str) -> None:
    """One request for an address at a time; on SQLite every writing transaction is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        session.connection().execute(lock, {"name": counter})


def _mailbox(address: str) -> str:
    """The address less what one mailbox can be written as in many ways: plus-tags, and the dots of Gmail."""
    local, _, domain = email_key(address).rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain in _DOTLESS_DOMAINS else local}@{domain}"


def _network(host: str) -> str:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    mapped = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network(f"{mapped}/{24 if mapped.version == 4 else 64}", strict=False))
