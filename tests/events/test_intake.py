"""Messages taken in: deleted after the commit and never before it, and no poison stops the queue."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, text
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from flows.database import reading
from flows.events.intake import Listened, listen_once
from flows.events.sqs import BATCH, Message
from flows.models import Letter, LetterStatus, MailEvent
from flows.settings import Settings
from subscribers.models import Subscriber
from tests.conftest import NOW
from tests.events.conftest import MakeLetter
from tests.events.recorded import in_envelope, payload

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class FakeQueue:
    """A queue that hands everything out again that is not deleted, up to `tries` times."""

    bodies: list[str]
    dead_letters: bool = True
    tries: int = 3
    deleted: list[str] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)

    def receive(self, wait_s: int) -> list[Message]:
        waiting = [
            Message(str(number), body, f"receipt-{number}")
            for number, body in enumerate(self.bodies)
            if str(number) not in self.deleted and self.received.get(str(number), 0) < self.tries
        ]
        waiting.sort(key=lambda message: self.received.get(message.id, 0))
        for message in waiting[:BATCH]:
            self.received[message.id] = self.received.get(message.id, 0) + 1
        return waiting[:BATCH]

    def delete(self, messages: Sequence[Message]) -> None:
        self.deleted += [message.id for message in messages]

    def keeps_poison(self) -> bool:
        return self.dead_letters


def event_of(delivery_id: str, name: str = "event_delivery") -> dict[str, Any]:
    made = payload(name)
    made["mail"]["tags"]["delivery"] = [delivery_id]
    made["mail"]["messageId"] = f"ses-{delivery_id}"
    return made


def listen(engine: Engine, settings: Settings, queue: FakeQueue) -> tuple[Listened, list[str]]:
    said: list[str] = []
    heard = listen_once(engine, settings, clock=lambda: NOW, progress=said.append, queue=queue, wait_s=0)
    return heard, said


def stored(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(MailEvent)).one()


def test_the_queue_is_emptied_in_batches(engine: Engine, settings: Settings, make_letter: MakeLetter) -> None:
    for number in range(25):
        make_letter(f"d-{number}", f"r{number}@readers.example")
    queue = FakeQueue([json.dumps(event_of(f"d-{number}")) for number in range(25)])
    heard, said = listen(engine, settings, queue)
    assert heard == Listened(messages=25, events=25)
    assert said == ["25 events"]
    assert len(queue.deleted) == 25
    with reading(engine) as session:
        assert set(session.exec(select(Letter.status)).all()) == {LetterStatus.DELIVERED}


@one_database
def test_W06_poison_is_left_with_its_reason_and_stops_nothing(engine: Engine, settings: Settings) -> None:
    poison = ["junk", json.dumps(payload("event_send") | {"eventType": "\x1b[31mNew"}), "x" * 300_000]
    bodies = [*poison, in_envelope(event_of("d-1")), *["more junk"] * 30, in_envelope(event_of("d-2"))]
    queue = FakeQueue(bodies)
    heard, said = listen(engine, settings, queue)
    assert (heard.messages, heard.events, heard.poison) == (2, 2, 33)
    assert sorted(queue.deleted) == ["3", "34"]
    assert said[:3] == [
        "Message 0 is left in the queue: the message is not JSON (JSONDecodeError).",
        "Message 1 is left in the queue: it is of no kind that Masthead knows: “New”.",
        "Message 2 is left in the queue: it is longer than 256 KiB, and no event of SES is.",
    ]
    assert len(said) == 21  # twenty of the thirty-three, and the sum
    assert "33 unreadable messages left for the dead-letter queue" in said[-1]


@one_database
def test_a_queue_without_a_dead_letter_queue_is_told_about(engine: Engine, settings: Settings) -> None:
    _, said = listen(engine, settings, FakeQueue(["junk", "junk"], dead_letters=False))
    assert said[0] == "The queue of events has no dead-letter queue: give it a redrive policy."


@one_database
def test_poison_that_comes_back_at_once_does_not_keep_the_run_going(engine: Engine, settings: Settings) -> None:
    queue = FakeQueue(["junk"], tries=1_000_000)
    heard, _ = listen(engine, settings, queue)
    assert heard.poison == 1
    assert queue.received["0"] == 2


def test_W06_what_was_taken_in_before_is_deleted_and_changes_nothing(
    engine: Engine, settings: Settings, make_letter: MakeLetter
) -> None:
    make_letter("d-1")
    body = json.dumps(event_of("d-1"))
    queue = FakeQueue([body, in_envelope(event_of("d-1")), body])
    heard, said = listen(engine, settings, queue)
    assert (heard.messages, heard.events, heard.known) == (3, 3, 2)
    assert said == ["3 events, 2 known already"]
    assert stored(engine) == 1


@one_database
def test_nothing_is_deleted_when_the_database_is_gone(engine: Engine, settings: Settings) -> None:
    queue = FakeQueue([json.dumps(event_of("d-1"))])

    def refuse(*arguments: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk I/O error"))

    event.listen(engine, "before_cursor_execute", refuse)
    with pytest.raises(OperationalError):
        listen(engine, settings, queue)
    event.remove(engine, "before_cursor_execute", refuse)
    assert (queue.deleted, stored(engine)) == ([], 0)
    heard, _ = listen(engine, settings, queue)
    assert heard.events == 1


def test_one_message_that_the_database_refuses_does_not_hold_up_its_batch(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.events import intake

    honest = intake.record

    def record(session: Any, came: Any, **more: Any) -> str:
        words = honest(session, came, **more)
        if came.delivery_id == "d-2":
            session.connection().execute(text("INSERT INTO mailevent (id) VALUES (NULL)"))  # NOT NULL
        return words

    monkeypatch.setattr(intake, "record", record)
    queue = FakeQueue([json.dumps(event_of(f"d-{number}")) for number in range(1, 4)])
    heard, said = listen(engine, settings, queue)
    assert (heard.events, heard.poison, sorted(queue.deleted)) == (2, 1, ["0", "2"])
    assert said[0] == "Message 1 is left in the queue: the database refuses it (IntegrityError)."
    assert stored(engine) == 2


@one_database
def test_a_greeting_of_ses_is_deleted_and_counts_as_no_event(engine: Engine, settings: Settings) -> None:
    queue = FakeQueue([in_envelope("Successfully validated SNS topic for Amazon SES event publishing.")])
    heard, _ = listen(engine, settings, queue)
    assert (heard.messages, heard.events, queue.deleted) == (1, 0, ["0"])


def test_W06_an_event_that_came_before_its_letter_was_known_is_linked_by_the_next_run(
    engine: Engine, settings: Settings, make_letter: MakeLetter
) -> None:
    early = payload("notification_delivery")
    early["mail"]["messageId"] = "ses-d-1"
    heard, said = listen(engine, settings, FakeQueue([json.dumps(early)]))
    assert (heard.parked, heard.linked) == (1, 0)
    assert said == ["1 events, 1 waiting for their letter"]
    make_letter("d-1", status=LetterStatus.ACCEPTED, provider_id="ses-d-1")
    heard, said = listen(engine, settings, FakeQueue([]))
    assert (heard.parked, heard.linked) == (0, 1)
    assert said == ["0 events, 1 found their letter"]


@one_database
def test_without_a_queue_it_says_so(engine: Engine, settings: Settings) -> None:
    said: list[str] = []
    heard = listen_once(engine, settings, clock=lambda: NOW, progress=said.append)
    assert not heard.queue
    assert said == ["events_queue_url is not set, so no events of SES are read"]


def test_W06_two_listeners_at_once_share_the_work(engine: Engine, settings: Settings, make_letter: MakeLetter) -> None:
    for number in range(12):
        make_letter(f"d-{number}", "ada@readers.example" if number % 2 else "bob@readers.example", number=number)
    soft = [json.dumps(event_of(f"d-{number}", "event_bounce_full")) for number in range(12)]
    told = [json.dumps(event_of(f"d-{number}", "event_send")) for number in range(12)]

    def run(bodies: list[str]) -> Listened:
        return listen(engine, settings, FakeQueue(bodies))[0]

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(run, [soft + told, told[::-1] + soft[::-1]]))
    assert sum(heard.events for heard in runs) == 48
    assert sum(heard.known for heard in runs) == 24
    assert stored(engine) == 24
    with reading(engine) as session:
        assert list(session.exec(select(Subscriber.soft_bounces)).all()) == [6, 6]
        assert set(session.exec(select(Letter.status)).all()) == {LetterStatus.BOUNCED}
