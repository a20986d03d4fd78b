"""An edition that has gone out, and its letters."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.events.parse import Came
from flows.events.store import record
from flows.models import Edition, EditionStatus, Letter, LetterStatus, Newsletter
from flows.settings import Settings
from subscribers.models import Subscriber, Subscription, SubscriptionStatus
from tests.conftest import NOW

MakeLetter = Callable[..., Letter]


@pytest.fixture
def edition(engine: Engine, newsletter: Newsletter) -> Edition:
    with transaction(engine) as session:
        row = Edition(
            newsletter_id=newsletter.id or 0,
            number=7,
            slot=NOW.date(),
            created_at=NOW,
            status=EditionStatus.SENT,
        )
        session.add(row)
    return row


@pytest.fixture
def make_letter(engine: Engine, settings: Settings, edition: Edition) -> MakeLetter:
    """Makes a letter, and its reader if need be: make_letter("d-1", address=…, edition=…, **columns)."""

    def make(delivery_id: str, address: str = "ada@readers.example", *, number: int = 7, **columns: object) -> Letter:
        with transaction(engine) as session:
            person = session.exec(select(Subscriber).where(Subscriber.email_key == address)).first()
            if person is None:
                person = Subscriber(email=address, email_key=address, created_at=NOW)
                session.add(person)
                session.flush()
                session.add(
                    Subscription(
                        subscriber_id=person.id or 0,
                        newsletter=settings.newsletter.slug,
                        status=SubscriptionStatus.CONFIRMED,
                        created_at=NOW,
                        confirmed_at=NOW,
                    )
                )
            issue = session.exec(select(Edition).where(Edition.number == number)).first()
            if issue is None:
                issue = Edition(
                    newsletter_id=edition.newsletter_id,
                    number=number,
                    slot=NOW.date().replace(day=1, year=2000 + number),
                    created_at=NOW,
                    status=EditionStatus.SENT,
                )
                session.add(issue)
                session.flush()
            letter = Letter(
                delivery_id=delivery_id,
                edition_id=issue.id or 0,
                subscriber_id=person.id or 0,
                address=address,
                **({"status": LetterStatus.SUBMITTING, "submitted_at": NOW} | columns),
            )
            session.add(letter)
        return letter

    return make


@pytest.fixture
def take(engine: Engine, settings: Settings) -> Callable[[Came], str]:
    """Records one event in a transaction of its own."""

    def take_one(came: Came) -> str:
        with transaction(engine) as session:
            return record(session, came, key=settings.key, now=NOW)

    return take_one


@pytest.fixture
def letter_of(engine: Engine) -> Callable[[str], Letter]:
    def look(delivery_id: str) -> Letter:
        with reading(engine) as session:
            return session.exec(select(Letter).where(Letter.delivery_id == delivery_id)).one()

    return look
