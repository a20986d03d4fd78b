"""The whole way back: SES's double publishes to moto's SQS, `listen_once` reads it, and the ledger knows."""

from dataclasses import dataclass
from email.message import EmailMessage

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.errors import QueueError, Uncertain
from flows.events.intake import Listened, listen_once
from flows.events.sqs import SqsQueue
from flows.letters.ses import SesTransport
from flows.models import Letter, LetterStatus
from flows.settings import Settings
from subscribers.models import Suppression, SuppressionReason
from tests.conftest import NOW
from tests.events.conftest import MakeLetter, edition, make_letter
from tests.ses_double import Handle
from tests.ses_double.wiring import Queue, with_ses

pytest_plugins = ["tests.ses_double.fixtures"]
__all__ = ["edition", "make_letter"]  # fixtures

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FATES = {
    "success@simulator.amazonses.com": LetterStatus.DELIVERED,
    "bounce@simulator.amazonses.com": LetterStatus.BOUNCED,
    "complaint@simulator.amazonses.com": LetterStatus.COMPLAINED,
    "ooto@simulator.amazonses.com": LetterStatus.DELIVERED,
    "suppressionlist@simulator.amazonses.com": LetterStatus.BOUNCED,
    "ada@readers.example": LetterStatus.DELIVERED,
}
ADA = "ada@readers.example"


@dataclass(frozen=True)
class Way:
    """Out through SES's double, back through the queue."""

    engine: Engine
    settings: Settings
    double: Handle
    queue: Queue
    transport: SesTransport

    def send(self, delivery_id: str, address: str = ADA) -> str:
        letter = EmailMessage()
        letter["From"] = self.settings.newsletter.sender
        letter["To"] = address
        letter["Subject"] = "The week"
        letter.set_content("Hello.")
        return self.transport.send(delivery_id, address, letter.as_bytes(), {"edition": "7"})

    def listen(self) -> tuple[Listened, list[str]]:
        self.double.settle()
        said: list[str] = []
        heard = listen_once(self.engine, self.settings, clock=lambda: NOW, progress=said.append, wait_s=0)
        return heard, said

    def standing(self) -> dict[str, LetterStatus]:
        with reading(self.engine) as session:
            return {letter.address: letter.status for letter in session.exec(select(Letter))}


@pytest.fixture
def way(engine: Engine, settings: Settings, ses_double: Handle, sqs: Queue) -> Way:
    wired = with_ses(settings, ses_double, sqs)
    return Way(engine, wired, ses_double, sqs, SesTransport(wired, read_timeout_s=1))


@pytest.mark.parametrize("wrapped", [True, False], ids=["in SNS's envelope", "raw"])
def test_each_mailbox_of_the_simulator_leads_its_letter_to_its_end(
    way: Way, make_letter: MakeLetter, wrapped: bool
) -> None:
    way.double.change(wrapped=wrapped, copies=2, shuffle=3)  # SQS promises neither order nor once
    for number, address in enumerate(FATES):
        make_letter(f"d-{number}", address)
        way.send(f"d-{number}", address)
    heard, _ = way.listen()
    assert way.standing() == FATES
    assert (heard.poison, heard.parked, heard.known) == (0, 0, heard.events // 2)
    assert way.queue.count() == 0
    with reading(way.engine) as session:
        reasons = sorted(session.exec(select(Suppression.reason)).all())
    assert reasons == [SuppressionReason.BOUNCED, SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED]


def test_S07_a_letter_whose_answer_was_lost_is_found_by_its_events(way: Way, make_letter: MakeLetter) -> None:
    make_letter("d-1")
    way.double.fault("drop_after")
    with pytest.raises(Uncertain):
        way.send("d-1")
    with transaction(way.engine) as session:
        session.exec(select(Letter)).one().status = LetterStatus.UNKNOWN
    way.listen()
    assert way.standing() == {ADA: LetterStatus.DELIVERED}
    with reading(way.engine) as session:
        assert session.exec(select(Letter.provider_id)).one() == way.double.accepted()[0].message_id


@one_database
def test_W06_the_older_shape_finds_its_letter_once_our_answer_is_stored(way: Way, make_letter: MakeLetter) -> None:
    way.double.change(feedback=True)
    make_letter("d-1", "bounce@simulator.amazonses.com")
    provider_id = way.send("d-1", "bounce@simulator.amazonses.com")
    assert way.listen()[0] == Listened(messages=1, events=1, parked=1)
    with transaction(way.engine) as session:
        session.exec(select(Letter)).one().provider_id = provider_id
    assert way.listen()[0] == Listened(linked=1)
    assert way.standing() == {"bounce@simulator.amazonses.com": LetterStatus.BOUNCED}


@one_database
def test_W06_events_that_overtake_our_own_answer_lose_nothing(way: Way, make_letter: MakeLetter) -> None:
    way.double.change(first=True)
    make_letter("d-1")
    way.send("d-1")  # the events are in the queue before this returns
    way.listen()
    assert way.standing() == {ADA: LetterStatus.DELIVERED}


@one_database
def test_W06_poison_ends_in_the_dead_letter_queue_and_the_rest_is_read(way: Way, make_letter: MakeLetter) -> None:
    queue = way.queue
    queue.client.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "0"})
    make_letter("d-1")
    queue.put("no event at all", '{"eventType": "Teleported"}')
    way.send("d-1")
    said = [line for _ in range(4) for line in way.listen()[1]]
    assert way.standing() == {ADA: LetterStatus.DELIVERED}
    assert (queue.count(), queue.count(dead=True)) == (0, 2)
    assert any("Teleported" in line for line in said)


@one_database
def test_the_dead_letter_queue_is_seen(way: Way) -> None:
    assert SqsQueue(way.settings).keeps_poison()
    alone = way.settings.model_copy(update={"events_queue_url": way.queue.dead_url})
    assert not SqsQueue(alone).keeps_poison()


@one_database
def test_a_queue_that_is_not_there_is_an_error_with_advice(way: Way) -> None:
    wrong = way.settings.model_copy(update={"events_queue_url": way.queue.url + "-not"})
    with pytest.raises(QueueError, match="Check events_queue_url"):
        listen_once(way.engine, wrong, clock=lambda: NOW, progress=lambda _: None, wait_s=0)


@one_database
def test_events_that_are_off_leave_the_ledger_as_it_is(way: Way, make_letter: MakeLetter) -> None:
    way.double.change(events=False)
    make_letter("d-1", status=LetterStatus.ACCEPTED)
    way.send("d-1")
    assert way.listen()[0] == Listened()
    assert way.standing() == {ADA: LetterStatus.ACCEPTED}


def test_the_flow_is_the_same_work() -> None:
    from flows.events import intake
    from flows.listen import listen as flow
    from flows.listen import listen_once as work

    assert work is intake.listen_once
    assert flow.name == "listen"
