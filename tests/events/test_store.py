"""Events in the database: recorded once, their effects with them, on SQLite and PostgreSQL."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Engine, func, insert, text
from sqlmodel import select

from flows.database import reading, transaction
from flows.events.parse import Came
from flows.events.store import (
    PARKED,
    SEEN,
    last_event_about_letters_submitted_after,
    link_parked,
    parked,
    record,
)
from flows.models import EventKind, Letter, LetterStatus, MailEvent, Notice
from flows.settings import Settings
from subscribers.models import (
    ConsentEntry,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Suppression,
    SuppressionReason,
)
from subscribers.suppression import erase, suppression_of
from tests.conftest import NOW
from tests.events.conftest import MakeLetter

K = EventKind
ADA = "ada@readers.example"
Take = Callable[[Came], str]
LetterOf = Callable[[str], Letter]


def came(
    kind: EventKind,
    letter: str = "d-1",
    *,
    tagged: bool = True,
    minutes: float = 0,
    address: str = ADA,
    detail: str = "said",
) -> Came:
    at = NOW + timedelta(minutes=minutes)
    return Came(
        kind=kind,
        at=at,
        provider_id=f"ses-{letter}",
        delivery_id=letter if tagged else "",
        address=address,
        bounce="",
        detail=detail,
        key=f"{kind.value}/{letter}/{at.isoformat()}",
    )


def test_an_event_is_kept_whole_with_what_it_changed(
    engine: Engine, make_letter: MakeLetter, take: Take, letter_of: LetterOf
) -> None:
    make_letter("d-1")
    assert take(came(K.DELIVERY)) == "delivered"
    with reading(engine) as session:
        row = session.exec(select(MailEvent)).one()
    assert (row.kind, row.delivery_id, row.provider_id) == (K.DELIVERY, "d-1", "ses-d-1")
    assert (row.address, row.detail, row.effect, row.received_at) == (ADA, "said", "delivered", NOW)
    letter = letter_of("d-1")
    assert (letter.status, letter.provider_id, letter.settled_at) == (LetterStatus.DELIVERED, "ses-d-1", NOW)


def test_W06_the_same_event_twice_has_one_effect(engine: Engine, make_letter: MakeLetter, take: Take) -> None:
    make_letter("d-1")
    assert take(came(K.SOFT_BOUNCE)) == "bounced"
    assert take(came(K.SOFT_BOUNCE)) == SEEN
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(MailEvent)).one() == 1
        assert session.exec(select(Subscriber.soft_bounces)).one() == 1


@pytest.mark.parametrize(
    "status", [LetterStatus.SUBMITTING, LetterStatus.UNKNOWN, LetterStatus.QUEUED, LetterStatus.CLAIMED]
)
def test_W06_an_event_before_our_own_answer_was_stored_finds_its_letter_by_the_tag(
    make_letter: MakeLetter, take: Take, letter_of: LetterOf, status: LetterStatus
) -> None:
    make_letter("d-1", status=status)
    take(came(K.SEND))
    assert (letter_of("d-1").status, letter_of("d-1").provider_id) == (LetterStatus.ACCEPTED, "ses-d-1")


def test_an_event_without_our_tag_finds_its_letter_by_sess_id(
    make_letter: MakeLetter, take: Take, letter_of: LetterOf, engine: Engine
) -> None:
    make_letter("d-1", status=LetterStatus.ACCEPTED, provider_id="ses-d-1")
    take(came(K.DELIVERY, tagged=False))
    assert letter_of("d-1").status is LetterStatus.DELIVERED
    with reading(engine) as session:
        assert session.exec(select(MailEvent.delivery_id)).one() == "d-1"


def test_W06_an_event_of_an_unknown_letter_waits_and_is_linked_later(
    engine: Engine, settings: Settings, make_letter: MakeLetter, take: Take, letter_of: LetterOf
) -> None:
    make_letter("d-1")
    assert take(came(K.DELIVERY, tagged=False)) == PARKED
    assert letter_of("d-1").status is LetterStatus.SUBMITTING
    with transaction(engine) as session:
        assert parked(session) == 1
        assert link_parked(session, key=settings.key, now=NOW) == 0
        letter = session.exec(select(Letter)).one()
        letter.provider_id, letter.status = "ses-d-1", LetterStatus.ACCEPTED
    with transaction(engine) as session:
        assert link_parked(session, key=settings.key, now=NOW + timedelta(hours=23)) == 1
        assert (parked(session), link_parked(session, key=settings.key, now=NOW)) == (0, 0)
    assert letter_of("d-1").status is LetterStatus.DELIVERED


def test_what_waited_a_day_is_not_looked_for_any_longer(
    engine: Engine, settings: Settings, make_letter: MakeLetter, take: Take
) -> None:
    take(came(K.DELIVERY, tagged=False))
    make_letter("d-1", provider_id="ses-d-1", status=LetterStatus.ACCEPTED)
    with transaction(engine) as session:
        assert link_parked(session, key=settings.key, now=NOW + timedelta(hours=25)) == 0
        assert parked(session) == 1


def test_W10_a_bounce_for_good_suppresses_and_says_who_did_it(
    engine: Engine, settings: Settings, make_letter: MakeLetter, take: Take
) -> None:
    make_letter("d-1")
    assert take(came(K.BOUNCE)) == "bounced, suppressed"
    with reading(engine) as session:
        row = suppression_of(session, ADA, key=settings.key)
        assert row is not None
        assert (row.reason, row.source) == (SuppressionReason.BOUNCED, "ses: said")
        entry = session.exec(select(ConsentEntry)).one()
        assert (entry.who, entry.what) == ("ses", "suppressed")
        assert session.exec(select(Subscription.status)).one() is SubscriptionStatus.CONFIRMED


def test_W10_a_complaint_suppresses_unsubscribes_and_raises_the_alarm(
    engine: Engine, settings: Settings, make_letter: MakeLetter, take: Take, letter_of: LetterOf
) -> None:
    make_letter("d-1")
    assert take(came(K.COMPLAINT)) == "complained, suppressed, unsubscribed"
    assert letter_of("d-1").status is LetterStatus.COMPLAINED
    with reading(engine) as session:
        row = suppression_of(session, ADA, key=settings.key)
        assert row is not None
        assert row.reason is SuppressionReason.COMPLAINED
        assert session.exec(select(Subscription.status)).one() is SubscriptionStatus.UNSUBSCRIBED
        entries = session.exec(select(ConsentEntry).order_by(ConsentEntry.what)).all()
        assert [(entry.who, entry.what) for entry in entries] == [
            ("ses", "suppressed"),
            ("ses", "unsubscribed"),
        ]
        assert entries[1].before == {"status": "confirmed"}
        assert "0.1 %" in session.exec(select(Notice)).one().text


def test_W10_one_complaint_in_two_thousand_letters_is_below_the_line(
    engine: Engine, make_letter: MakeLetter, take: Take
) -> None:
    first = make_letter("d-1")
    with transaction(engine) as session:
        rows = [
            {
                "delivery_id": f"more-{number}",
                "edition_id": first.edition_id,
                "subscriber_id": 10_000 + number,
                "address": f"r{number}@readers.example",
                "status": LetterStatus.DELIVERED,
            }
            for number in range(2000)
        ]
        session.connection().execute(insert(Letter), rows)
    take(came(K.COMPLAINT))
    take(came(K.COMPLAINT, "more-1", address="r1@readers.example"))
    with reading(engine) as session:
        assert session.exec(select(Notice)).all() == []
    take(came(K.COMPLAINT, "more-2", address="r2@readers.example"))
    take(came(K.COMPLAINT, "more-3", address="r3@readers.example"))
    with reading(engine) as session:
        assert session.exec(select(Notice)).one().text.startswith("Readers report this edition as spam: 3 of")


def test_a_bounce_of_mail_that_is_no_letter_suppresses_all_the_same(
    engine: Engine, settings: Settings, take: Take
) -> None:
    assert take(came(K.BOUNCE, "confirm-1", address="typo@nowhere.example")) == PARKED
    with reading(engine) as session:
        assert suppression_of(session, "typo@nowhere.example", key=settings.key) is not None


def test_W10_five_soft_bounces_suppress_and_a_delivery_in_between_starts_over(
    engine: Engine, settings: Settings, make_letter: MakeLetter, take: Take
) -> None:
    for number in range(5):
        make_letter(f"d-{number}", number=number)
    for number in range(4):
        take(came(K.SOFT_BOUNCE, f"d-{number}", minutes=number))
    with reading(engine) as session:
        assert session.exec(select(Subscriber.soft_bounces)).one() == 4
        assert suppression_of(session, ADA, key=settings.key) is None
    assert take(came(K.SOFT_BOUNCE, "d-4", minutes=4)) == "bounced, suppressed"
    # A delivery that happened in between, told late: the mailbox did work.
    assert take(came(K.DELIVERY, "d-2", minutes=2.5)) == "delivered, no longer suppressed"
    with reading(engine) as session:
        assert session.exec(select(Subscriber.soft_bounces)).one() == 2
        assert suppression_of(session, ADA, key=settings.key) is None
        whats = session.exec(select(ConsentEntry.what).order_by(ConsentEntry.id)).all()
        assert list(whats) == ["suppressed", "suppression lifted"]


def test_a_bounce_for_good_is_not_lifted_by_a_delivery(
    engine: Engine, settings: Settings, make_letter: MakeLetter, take: Take
) -> None:
    for number in range(6):
        make_letter(f"d-{number}", number=number)
    for number in range(5):
        take(came(K.SOFT_BOUNCE, f"d-{number}", minutes=number))
    take(came(K.BOUNCE, "d-5", minutes=6))
    take(came(K.DELIVERY, "d-5", minutes=7))
    with reading(engine) as session:
        row = suppression_of(session, ADA, key=settings.key)
        assert row is not None
        assert row.source == "ses: said"


def test_W10_refused_content_is_told_to_the_team_once_and_marks_nobody(
    engine: Engine, settings: Settings, make_letter: MakeLetter, take: Take
) -> None:
    make_letter("d-1")
    make_letter("d-2", "bob@readers.example")
    take(came(K.CONTENT_REFUSED))
    take(came(K.CONTENT_REFUSED, "d-2", address="bob@readers.example"))
    with reading(engine) as session:
        assert session.exec(select(Notice.kind)).all() == ["content refused"]
        assert session.exec(select(Suppression)).all() == []
        assert set(session.exec(select(Subscriber.soft_bounces)).all()) == {0}


def test_W06_a_complaint_after_erasure_still_suppresses_the_address(
    engine: Engine, settings: Settings, make_letter: MakeLetter, take: Take, letter_of: LetterOf
) -> None:
    letter = make_letter("d-1", status=LetterStatus.DELIVERED)
    with transaction(engine) as session:
        assert erase(session, letter.subscriber_id, key=settings.key, who="link", now=NOW)
    take(came(K.COMPLAINT))
    take(came(K.SOFT_BOUNCE))
    assert letter_of("d-1").status is LetterStatus.COMPLAINED
    with reading(engine) as session:
        row = suppression_of(session, ADA, key=settings.key)
        assert row is not None
        assert row.reason is SuppressionReason.COMPLAINED
        assert session.exec(select(Subscriber.soft_bounces)).one() == 0


HISTORY = [
    came(K.SEND, "d-0"),
    came(K.SOFT_BOUNCE, "d-0", minutes=1),
    came(K.SOFT_BOUNCE, "d-1", minutes=10),
    came(K.SOFT_BOUNCE, "d-2", minutes=20),
    came(K.SOFT_BOUNCE, "d-3", minutes=30),
    came(K.SOFT_BOUNCE, "d-4", minutes=40),
    came(K.DELIVERY, "d-2", minutes=25),
    came(K.DELIVERY, "d-5", minutes=50),
    came(K.BOUNCE, "d-5", minutes=51),
    came(K.SEND, "d-6", minutes=60),
    came(K.COMPLAINT, "d-6", minutes=65),
    came(K.DELIVERY, "d-6", minutes=61),
]


def _standing(engine: Engine) -> object:
    with reading(engine) as session:
        letters = session.exec(select(Letter.delivery_id, Letter.status).order_by(Letter.delivery_id)).all()
        people = session.exec(select(Subscriber.soft_bounces)).all()
        stopped = session.exec(select(Suppression.reason)).all()
        lists = session.exec(select(Subscription.status)).all()
    return list(map(tuple, letters)), list(people), list(stopped), list(lists)


def _replay(engine: Engine, settings: Settings, history: Sequence[Came]) -> object:
    for one in history:
        with transaction(engine) as session:
            record(session, one, key=settings.key, now=NOW)
    standing = _standing(engine)
    with transaction(engine) as session:
        for table in ("mailevent", "suppression", "consententry", "notice"):
            session.connection().execute(text(f"DELETE FROM {table}"))
        for letter in session.exec(select(Letter)).all():
            letter.status, letter.provider_id, letter.reason = LetterStatus.SUBMITTING, "", ""
        for person in session.exec(select(Subscriber)).all():
            person.soft_bounces = 0
        for subscription in session.exec(select(Subscription)).all():
            subscription.status = SubscriptionStatus.CONFIRMED
    return standing


@pytest.mark.parametrize("cut", [7, 12])
def test_W06_a_history_told_in_any_order_and_twice_ends_alike(
    engine: Engine, settings: Settings, make_letter: MakeLetter, cut: int
) -> None:
    for number in range(7):
        make_letter(f"d-{number}", number=number)
    history = HISTORY[:cut]
    told = _replay(engine, settings, history)
    chance = Random(cut)
    for _ in range(5):
        shuffled = history + chance.sample(history, 3)
        chance.shuffle(shuffled)
        assert _replay(engine, settings, shuffled) == told


def test_the_pipeline_is_alive_once_an_event_came_about_a_later_letter(
    engine: Engine, make_letter: MakeLetter, take: Take
) -> None:
    def heard(moment: datetime) -> datetime | None:
        with reading(engine) as session:
            return last_event_about_letters_submitted_after(session, moment)

    make_letter("d-1", status=LetterStatus.UNKNOWN, submitted_at=NOW - timedelta(minutes=20))
    make_letter("d-2", "bob@readers.example", submitted_at=NOW - timedelta(minutes=10))
    assert heard(NOW - timedelta(minutes=20)) is None
    take(came(K.SEND, "d-2", address="bob@readers.example"))
    assert heard(NOW - timedelta(minutes=20)) == NOW
    assert heard(NOW - timedelta(minutes=10)) is None
