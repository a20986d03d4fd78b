"""An erased person's address is nowhere in the ledger or the events, and the receipt still adds up."""

from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.events.forgetting import ERASED, forget_person
from flows.letters.store import receipt
from flows.models import Edition, EditionStatus, EventKind, Letter, LetterStatus, MailEvent, Newsletter
from tests.conftest import NOW


def test_U25_an_erased_person_leaves_only_a_count(engine: Engine, newsletter: Newsletter) -> None:
    with transaction(engine) as session:
        edition = Edition(
            newsletter_id=newsletter.id or 0,
            number=1,
            slot=NOW.date(),
            status=EditionStatus.SENT,
            created_at=NOW,
            audience_frozen_at=NOW,
            audience_size=2,
        )
        session.add(edition)
        session.flush()
        for person, name in ((1, "ada"), (2, "bob")):
            session.add(
                Letter(
                    delivery_id=f"d{person}",
                    edition_id=edition.id or 0,
                    subscriber_id=person,
                    address=f"{name}@reader.example",
                    status=LetterStatus.ACCEPTED,
                )
            )
            session.add(
                MailEvent(
                    event_key=f"k{person}",
                    kind=EventKind.DELIVERY,
                    at=NOW,
                    received_at=NOW,
                    delivery_id=f"d{person}",
                    address=f"{name}@reader.example",
                    detail=f"250 ok {name}@reader.example",
                )
            )
    for _ in range(2):
        with transaction(engine) as session:
            forget_person(session, 1)
    with reading(engine) as session:
        assert [letter.address for letter in session.exec(select(Letter).order_by(Letter.delivery_id))] == [
            ERASED,
            "bob@reader.example",
        ]
        held = " ".join(event.address + event.detail for event in session.exec(select(MailEvent)))
        told = receipt(session, edition.id or 0)
    assert "ada" not in held
    assert "bob" in held
    assert told is not None
    assert told.balanced
    assert told.accepted == 2
