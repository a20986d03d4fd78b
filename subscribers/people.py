"""People in the database: found, added, listed, and changed, each change with its line of history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import inspect, literal
from sqlalchemy import select as sql_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from subscribers.consent import Act, Outcome, Wishes, decide, entry
from subscribers.errors import ConsentError
from subscribers.hygiene import address_hash, check_address, check_name, check_timezone, email_key, key_hash
from subscribers.models import Cadence, Subscriber, Subscription, SubscriptionStatus
from subscribers.roll import suppressions

_PAGE = 1_000
_THEIRS = ("id", "email", "email_key", "name", "timezone", "language", "letter_format")
_ASKED = ("status", "confirmed_at", "cadence", "topics", "paused_until")


def id_of(person: Subscriber) -> int:
    """The number of a person that the database knows."""
    assert person.id is not None  # noqa: S101 - it comes from the table
    return person.id


def find(session: Session, email: str) -> Subscriber | None:
    """The person with this address, however it is written."""
    return session.exec(select(Subscriber).where(col(Subscriber.email_key) == email_key(email))).first()


def find_subscription(
    session: Session, subscriber_id: int, newsletter: str, *, locked: bool = False
) -> tuple[Subscriber, Subscription] | None:
    """A person and what she asked of one newsletter; `locked` until the transaction ends. Not the erased."""
    statement = (
        select(Subscriber, Subscription)
        .join(Subscription, col(Subscription.subscriber_id) == col(Subscriber.id))
        .where(
            col(Subscriber.id) == subscriber_id,
            col(Subscription.newsletter) == newsletter,
            col(Subscriber.erased_at).is_(None),
        )
    )
    row = session.exec(statement.with_for_update() if locked else statement).first()
    return None if row is None else (row[0], row[1])


def apply(
    session: Session,
    person: Subscriber,
    subscription: Subscription,
    act: Act,
    *,
    who: str,
    now: datetime,
    **changes: Any,
) -> Outcome:
    """Do `act`, write its line of history, and say what changed; doing it again changes nothing.

    Raises ConsentError when the subscription's state does not allow it.
    """
    outcome = decide(Wishes.of(person, subscription), act, **changes)
    if outcome.changed:
        outcome.wishes.write(person, subscription, now=now)
        record(session, person, subscription.newsletter, outcome, act, who=who, now=now)
        session.add_all([person, subscription])
        session.flush()
    return outcome


def record(
    session: Session,
    person: Subscriber,
    newsletter: str,
    outcome: Outcome,
    act: Act,
    *,
    who: str,
    now: datetime,
) -> None:
    """Add one line of history."""
    session.add(entry(outcome, act, subscriber_id=id_of(person), newsletter=newsletter, who=who, now=now))


def ensure(
    session: Session,
    address: str,
    newsletter: str,
    *,
    act: Act,
    who: str,
    now: datetime,
    **wishes: Any,
) -> tuple[Subscriber, Subscription, bool]:
    """The person and subscription of a checked address, made by `act` if need be, and whether they were made.

    Two at once make one. What exists already is not touched.
    """
    key = email_key(address)
    new = Wishes(**wishes)
    outcome = decide(Wishes(), act, **wishes)
    insert_if_absent(
        session,
        Subscriber(
            email=address,
            email_key=key,
            name=new.name,
            language=new.language,
            timezone=new.timezone,
            letter_format=new.letter_format,
            created_at=now,
        ),
        "email_key",
    )
    person = session.exec(select(Subscriber).where(col(Subscriber.email_key) == key)).one()
    subscriber_id = id_of(person)
    blank = Subscription(subscriber_id=subscriber_id, newsletter=newsletter, created_at=now)
    # The person's own fields are hers: a second newsletter does not change them.
    asked = replace(
        Wishes.of(person, blank),
        status=outcome.wishes.status,
        cadence=new.cadence,
        topics=new.topics,
        paused_until=new.paused_until,
    )
    asked.write(person, blank, now=now)
    made = insert_if_absent(session, blank, "subscriber_id", "newsletter")
    found = find_subscription(session, subscriber_id, newsletter, locked=True)
    assert found is not None  # noqa: S101 - it was there, or has just been stored
    if made:
        record(session, person, newsletter, outcome, act, who=who, now=now)
        session.flush()
    return *found, made


def add_subscriber(
    session: Session,
    email: str,
    *,
    newsletter: str,
    key: bytes,
    who: str,
    now: datetime,
    name: str = "",
    language: str = "en",
    timezone: str = "",
    topics: tuple[str, ...] | None = None,
    cadence: Cadence = Cadence.EVERY,
) -> Subscriber:
    """Add a person whose consent the team vouches for (`who`: "admin:EMAIL"); again is harmless.

    Raises AddressError, ValueError for a name or zone that cannot be, and ConsentError for a person who
    unsubscribed or whose address is suppressed: only she herself can come back.
    """
    address = check_address(email)
    if reason := suppressions(session, {address_hash(key, address)}):
        word = next(iter(reason.values())).value
        raise ConsentError(f"{address} is on the suppression list ({word}) and was not added.")
    person, subscription, made = ensure(
        session,
        address,
        newsletter,
        act=Act.ADDED,
        who=who,
        now=now,
        name=check_name(name),
        language=language,
        timezone=check_timezone(timezone),
        topics=topics,
        cadence=cadence,
    )
    if subscription.status is SubscriptionStatus.UNSUBSCRIBED:
        raise ConsentError(
            f"{address} unsubscribed on {subscription.ended_at:%Y-%m-%d}; only that person can come back, "
            "by the sign-up form or the preferences link."
        )
    if not made:
        apply(session, person, subscription, Act.ADDED, who=who, now=now)
    return person


@dataclass(frozen=True)
class Listed:
    """One line of a newsletter's list. `joined` is the confirmation, or the request while it is pending."""

    email: str
    name: str
    status: str
    joined: datetime
    cadence: str
    topics: tuple[str, ...] | None  # None: all
    paused_until: date | None
    timezone: str | None
    language: str
    letter_format: str
    suppressed: str  # the reason, or ""

    def as_json(self) -> dict[str, Any]:
        """A plain document; times and days in ISO form."""
        document: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        document["joined"] = self.joined.isoformat()
        document["paused_until"] = self.paused_until.isoformat() if self.paused_until else None
        document["topics"] = None if self.topics is None else list(self.topics)
        return document


def list_subscribers(session: Session, newsletter: str, *, key: bytes) -> Iterator[Listed]:
    """Everybody who has ever asked anything of this newsletter, oldest first, a page at a time."""
    after = 0
    while rows := _list_page(session, newsletter, after):
        hashes = {row.email_key: key_hash(key, row.email_key) for row in rows}
        stopped = suppressions(session, set(hashes.values()))
        for row in rows:
            reason = stopped.get(hashes[row.email_key])
            yield _listed(row, reason.value if reason else "")
        after = rows[-1].id


def _list_page(session: Session, newsletter: str, after: int) -> Sequence[Any]:
    """Plain rows rather than objects: a list may be a million people long."""
    theirs, asked = inspect(Subscriber).columns, inspect(Subscription).columns
    statement = (
        sql_select(*(theirs[name] for name in _THEIRS), *(asked[name] for name in _ASKED), asked.created_at)
        .join(Subscription, asked.subscriber_id == theirs.id)
        .where(asked.newsletter == newsletter, theirs.id > after)
        .order_by(theirs.id)
        .limit(_PAGE)
    )
    return session.connection().execute(statement).all()


def _listed(row: Any, suppressed: str) -> Listed:
    return Listed(
        email=row.email,
        name=row.name,
        status=row.status.value,
        joined=row.confirmed_at or row.created_at,
        cadence=row.cadence.value,
        topics=None if row.topics is None else tuple(row.topics),
        paused_until=row.paused_until,
        timezone=row.timezone,
        language=row.language,
        letter_format=row.letter_format.value,
        suppressed=suppressed,
    )


def insert_if_absent(session: Session, row: SQLModel, *unique: str) -> bool:
    """Insert the row unless one with these values stands; whether it was inserted."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {name: value for name, value in row.model_dump().items() if name != "id"}
    statement = insert(type(row)).values(**values).on_conflict_do_nothing(index_elements=list(unique))
    made = session.connection().execute(statement.returning(literal(1)))  # rowcount is -1 on PostgreSQL
    return made.first() is not None
