"""What the tests of the ledger share: a list of people, an approved edition, and fakes for the edges."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.editions.seal import Content, ContentSection, Item, seal
from flows.letters.ledger import Receipt
from flows.letters.letter import Body, Envelope, build
from flows.letters.store import Owed, receipt
from flows.letters.transport import Unclear
from flows.models import Edition, EditionStatus, Letter, Newsletter
from flows.settings import Settings
from subscribers.hygiene import email_key
from subscribers.models import Subscriber, Subscription, SubscriptionStatus
from tests.conftest import NOW

SLUG = "gradient-post"


def sign_up(engine: Engine, count: int, *, first: int = 1, at: datetime = NOW - timedelta(days=30)) -> list[int]:
    """So many confirmed people, person1@… and on; their ids."""
    with transaction(engine) as session:
        people = []
        for number in range(first, first + count):
            email = f"person{number}@readers.example"
            people.append(Subscriber(email=email, email_key=email_key(email), name=f"Reader {number}", created_at=at))
        session.add_all(people)
        session.flush()
        ids = [person.id or 0 for person in people]
        session.add_all(
            Subscription(
                subscriber_id=id_,
                newsletter=SLUG,
                status=SubscriptionStatus.CONFIRMED,
                created_at=at,
                confirmed_at=at,
            )
            for id_ in ids
        )
    return ids


def content_of(edition_id: int, number: int, template: str) -> Content:
    item = Item(1, "A headline", "A blurb of some words.", "https://a.example/1", "A source")
    return Content(
        newsletter=SLUG,
        newsletter_name="The Gradient Post",
        tagline="",
        sender="The Gradient Post <post@newsletter.example>",
        reply_to="",
        postal_address="The Gradient Post, 1 Example Street, 10115 Berlin, Germany",
        list_id="gradient-post.newsletter.example",
        language="en",
        accent="#b3261e",
        edition_id=edition_id,
        number=number,
        slot="2026-11-23",
        subject="The week",
        preheader="",
        introduction="Hello.",
        closing="",
        sections=(ContentSection("Research", (item,)),),
        audience="everybody",
        template=template,
        send_at="",
    )


def approved_edition(
    engine: Engine,
    newsletter: Newsletter,
    *,
    number: int = 1,
    template: str = "",
    send_at: datetime | None = None,
    expires_at: datetime | None = None,
    status: EditionStatus = EditionStatus.APPROVED,
) -> int:
    """An edition that somebody has approved at NOW; its id."""
    with transaction(engine) as session:
        edition = Edition(
            newsletter_id=newsletter.id or 0,
            number=number,
            slot=date(2026, 11, 16) + timedelta(days=7 * number),
            created_at=NOW,
            send_at=send_at,
            expires_at=expires_at,
        )
        session.add(edition)
        session.flush()
        content = content_of(edition.id or 0, number, template)
        edition.sealed_content, edition.sealed_hash = content.as_json(), seal(content)
        edition.sealed_at, edition.sealed_by, edition.status = NOW, "ed@example.org", status
        return edition.id or 0


def letters_of(engine: Engine, edition_id: int) -> list[Letter]:
    with reading(engine) as session:
        statement = select(Letter).where(Letter.edition_id == edition_id).order_by(Letter.id)  # type: ignore[arg-type]
        return list(session.exec(statement))


def edition_of(engine: Engine, edition_id: int) -> Edition:
    with reading(engine) as session:
        return session.get_one(Edition, edition_id)


def receipt_for(engine: Engine, edition_id: int) -> Receipt:
    with reading(engine) as session:
        told = receipt(session, edition_id)
    assert told is not None
    return told


@dataclass
class Clock:
    """Stands still, except while someone sleeps on it. `ticks` and `pause` go with it."""

    now: datetime = NOW
    slept_s: float = 0.0

    def __call__(self) -> datetime:
        return self.now

    def ticks(self) -> float:
        return (self.now - NOW).total_seconds()

    def pause(self, seconds: float) -> None:
        self.slept_s += seconds
        self.now += timedelta(seconds=seconds)


@dataclass
class PlainPress:
    """Writes short letters without a template; cannot write to the addresses in `cannot`."""

    cannot: frozenset[str] = frozenset()

    def write(self, owed: Owed, now: datetime) -> bytes:
        if owed.address in self.cannot:
            raise ValueError(f"no word fits {owed.address}")
        envelope = Envelope(
            sender="The Gradient Post <post@newsletter.example>",
            to_address=owed.address,
            subject="The week",
            delivery_id=owed.delivery_id,
            date=now,
            message_id_domain="newsletter.example",
        )
        return build(envelope, Body(html="", text=f"Hello {owed.person.name}."))


def plain_press(_content: Content, _settings: Settings) -> PlainPress:
    return PlainPress()


@dataclass
class Post:
    """A transport that remembers every letter it took, and fails as told.

    `answers` are errors, one for each call, first come first served; None is a letter taken. `lose` are
    addresses whose letter is taken and whose answer is lost.
    """

    answers: list[Exception | None] = field(default_factory=list)
    lose: dict[str, Exception] = field(default_factory=dict)
    always: Exception | None = None
    knows: bool = False  # can it be asked what it holds?
    taken: list[str] = field(default_factory=list)  # addresses
    calls: int = 0
    held: dict[str, str] = field(default_factory=dict)
    on_send: Callable[[str], None] = lambda _address: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, delivery_id: str, address: str, raw: bytes, tags: Mapping[str, str]) -> str:
        self.on_send(address)
        with self.lock:
            self.calls += 1
            error = self.always or (self.answers.pop(0) if self.answers else None)
            if error is not None:
                raise error
            self.taken.append(address)
            self.held[delivery_id] = f"id-{sha256(delivery_id.encode()).hexdigest()[:12]}"
            if address in self.lose:
                raise self.lose[address]
            return self.held[delivery_id]

    def look_up(self, delivery_id: str) -> str | Unclear | None:
        return self.held.get(delivery_id) if self.knows else Unclear()

    @property
    def doubles(self) -> Sequence[str]:
        return sorted({address for address in self.taken if self.taken.count(address) > 1})
