"""Editions that are approved and due go out, each letter once; trouble is told and never silent."""

import re
import socket
import threading
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.editions.brakes import cancel_edition, pause_edition, resume_edition
from flows.errors import PauseRun, Refused, StopRun, TemplateError, TryAgain, Uncertain, WorkflowError
from flows.letters.closing import Delivered, Outcome
from flows.letters.lease import take_lease
from flows.letters.render import template_hash
from flows.letters.sending import deliver_editions
from flows.models import Edition, EditionStatus, EventKind, LetterStatus, LogEntry, MailEvent, Newsletter, Notice
from flows.settings import Settings, load_settings
from subscribers.models import Subscriber, Subscription, SubscriptionStatus
from tests.conftest import NOW
from tests.letters.mailroom import (
    Clock,
    PlainPress,
    Post,
    approved_edition,
    edition_of,
    letters_of,
    plain_press,
    receipt_for,
    sign_up,
)

HOUR = timedelta(hours=1)


class House:
    """One installation with its clock, and what `deliver` has said so far."""

    def __init__(self, engine: Engine, settings: Settings, newsletter: Newsletter) -> None:
        self.engine, self.settings, self.newsletter = engine, settings, newsletter
        self.clock = Clock()
        self.said: list[str] = []
        self.post = Post()

    def approved(self, people: int = 0, **facts: Any) -> int:
        sign_up(self.engine, people)
        return approved_edition(self.engine, self.newsletter, **facts)

    def deliver(self, **edges: Any) -> list[Delivered]:
        with_defaults: dict[str, Any] = {
            "clock": self.clock,
            "progress": self.said.append,
            "transport": self.post,
            "pause": self.clock.pause,
            "ticks": self.clock.ticks,
            "chance": lambda: 0.0,
            "press": plain_press,
        }
        return deliver_editions(self.engine, self.settings, **(with_defaults | edges))

    def notices(self, *, closed: bool = False) -> list[str]:
        with reading(self.engine) as session:
            found = session.exec(select(Notice).order_by(Notice.key)).all()
        return [notice.text for notice in found if (notice.closed_at is not None) is closed]


@pytest.fixture
def house(engine: Engine, settings: Settings, newsletter: Newsletter) -> House:
    return House(engine, settings, newsletter)


@pytest.fixture
def small_batches(house: House) -> House:
    house.settings = house.settings.model_copy(update={"claim_batch": 4, "send_concurrency": 2, "send_rate": 4.0})
    return house


def test_everybody_gets_one_letter_and_the_edition_is_sent(house: House) -> None:
    edition_id = house.approved(30)
    (done,) = house.deliver()
    assert done.outcome is Outcome.SENT
    assert done.sentence == "Edition 1: sent. 30 people = 30 accepted."
    assert sorted(house.post.taken) == sorted(f"person{n}@readers.example" for n in range(1, 31))
    edition = edition_of(house.engine, edition_id)
    assert (edition.status, edition.sending_started_at, edition.audience_size) == (EditionStatus.SENT, NOW, 30)
    assert edition.sent_at is not None
    assert house.deliver() == []


def test_the_real_letter_of_the_real_template_reaches_the_real_outbox(house: House) -> None:
    edition_id = house.approved(2, template=template_hash())
    done = deliver_editions(
        house.engine, house.settings, clock=house.clock, progress=house.said.append, pause=house.clock.pause
    )
    assert [each.outcome for each in done] == [Outcome.SENT], house.said
    letters = letters_of(house.engine, edition_id)
    assert sorted(path.name for path in house.settings.outbox.iterdir()) == sorted(
        letter.provider_id for letter in letters
    )
    for letter in letters:
        raw = (house.settings.outbox / letter.provider_id).read_bytes()
        message = message_from_bytes(raw, policy=policy.default)
        assert letter.address in message["To"]
        assert "/u/u" in message["List-Unsubscribe"]


def test_an_edition_goes_out_when_it_is_due_and_not_sooner(house: House) -> None:
    house.approved(2, send_at=NOW + HOUR, expires_at=NOW + 25 * HOUR)
    (waits,) = house.deliver()
    assert (waits.outcome, house.post.taken) == (Outcome.SCHEDULED, [])
    assert waits.sentence.startswith("Edition 1: scheduled for 2026-11-19 09:00 UTC.")
    house.clock.now = NOW + HOUR
    assert house.deliver()[0].outcome is Outcome.SENT


def test_who_joins_after_the_approval_waits_for_the_next_edition(house: House) -> None:
    house.approved(2, send_at=NOW + HOUR)
    sign_up(house.engine, 1, first=3, at=NOW + timedelta(minutes=1))
    house.clock.now = NOW + HOUR
    house.deliver()
    assert len(house.post.taken) == 2


def test_S10_an_edition_that_is_far_too_late_waits_for_a_person(house: House) -> None:
    edition_id = house.approved(2, send_at=NOW, expires_at=NOW + 24 * HOUR)
    house.clock.now = NOW + 25 * HOUR
    (late,) = house.deliver()
    assert (late.outcome, house.post.taken) == (Outcome.HELD, [])
    assert "more than 24 hours late; 2 letters wait for a person" in house.notices()[0]
    assert edition_of(house.engine, edition_id).status is EditionStatus.HELD


def test_S10_an_edition_cut_off_long_ago_asks_before_it_goes_on(house: House) -> None:
    edition_id = house.approved(3, send_at=NOW, expires_at=NOW + 24 * HOUR)
    house.post.answers = [None, StopRun("credentials expired")]
    house.settings = house.settings.model_copy(update={"send_concurrency": 1})
    house.deliver()
    house.clock.now = NOW + 30 * HOUR
    resume_edition(house.engine, edition_id, by="ed", patience=HOUR, now=NOW + 2 * HOUR)
    assert house.deliver()[0].outcome is Outcome.PAUSED
    assert len(house.post.taken) == 1
    resume_edition(house.engine, edition_id, by="ed", patience=HOUR, now=house.clock.now)
    assert house.deliver()[0].outcome is Outcome.SENT


def test_S16_an_edition_changed_after_its_approval_is_held_and_not_sent(house: House) -> None:
    edition_id = house.approved(2)
    with transaction(house.engine) as session:
        edition = session.get_one(Edition, edition_id)
        edition.sealed_content = {**edition.sealed_content, "subject": "Another subject"}
    (held,) = house.deliver()
    assert (held.outcome, house.post.taken) == (Outcome.HELD, [])
    assert "differs from what was approved" in house.notices()[0]
    assert house.deliver() == []


def test_changed_templates_void_the_approval(house: House) -> None:
    house.approved(2, template="another hash")
    (held,) = deliver_editions(house.engine, house.settings, clock=house.clock, progress=house.said.append)
    assert held.outcome is Outcome.HELD
    assert "templates have changed" in held.sentence


def test_S13_a_template_that_fails_stops_everything_before_the_first_letter(house: House) -> None:
    class Broken(PlainPress):
        def write(self, owed: Any, now: Any) -> bytes:
            if owed.person.language == "de":
                raise TemplateError("line 3: no such word")
            return super().write(owed, now)

    house.approved(20)
    with transaction(house.engine) as session:
        session.exec(select(Subscriber).where(Subscriber.email == "person20@readers.example")).one().language = "de"
    (held,) = house.deliver(press=lambda *_: Broken())
    assert (held.outcome, house.post.taken) == (Outcome.HELD, [])
    assert "people who read de, full, all sections: line 3: no such word" in house.notices()[0]


def test_S13_a_letter_that_cannot_be_built_fails_alone(house: House) -> None:
    house.approved(101)
    cannot = PlainPress(frozenset({"person77@readers.example"}))
    (done,) = house.deliver(press=lambda *_: cannot)
    assert done.outcome is Outcome.SENT
    assert done.sentence.endswith("101 people = 100 accepted + 1 failed (render).")


def test_S13_a_fault_of_the_first_person_of_a_kind_is_not_taken_for_the_templates(house: House) -> None:
    house.approved(101)
    cannot = PlainPress(frozenset({"person1@readers.example"}))
    assert house.deliver(press=lambda *_: cannot)[0].outcome is Outcome.SENT
    assert "person1@readers.example" not in house.post.taken


def test_S13_many_letters_that_cannot_be_built_pause_the_run(small_batches: House) -> None:
    house = small_batches
    edition_id = house.approved(60)
    cannot = PlainPress(frozenset(f"person{n}@readers.example" for n in range(20, 60)))
    (paused,) = house.deliver(press=lambda *_: cannot)
    assert paused.outcome is Outcome.PAUSED
    assert len(house.post.taken) == 19
    assert 2 <= receipt_for(house.engine, edition_id).failed["render"] <= 3
    assert "letters could not be built; render: no word fits person2" in house.notices()[0]


def test_S11_who_leaves_while_letters_go_out_gets_none_if_not_yet_claimed(small_batches: House) -> None:
    house = small_batches
    house.approved(12)

    def leave(address: str) -> None:
        if address == "person1@readers.example":
            with transaction(house.engine) as session:
                newest = select(Subscription).order_by(col(Subscription.id).desc()).limit(1)
                session.exec(newest).one().status = SubscriptionStatus.UNSUBSCRIBED

    house.post.on_send = leave
    (done,) = house.deliver()
    assert done.sentence.endswith("12 people = 11 accepted + 1 skipped (unsubscribed).")


@pytest.mark.parametrize("brake", ["pause", "cancel"])
def test_S16_pausing_and_cancelling_stop_within_one_batch(small_batches: House, brake: str) -> None:
    house = small_batches
    edition_id = house.approved(20)

    def pull(address: str) -> None:
        if address != "person5@readers.example":
            return
        if brake == "cancel":
            cancel_edition(house.engine, edition_id, by="ed", now=NOW)
        else:
            with transaction(house.engine) as session:
                pause_edition(session, edition_id, by="ed", reason="wrong picture", now=NOW)

    house.post.on_send = pull
    (stopped,) = house.deliver()
    went = len(house.post.taken)
    assert 5 <= went <= 8
    told = receipt_for(house.engine, edition_id)
    assert told.balanced
    if brake == "cancel":
        assert stopped.outcome is Outcome.CANCELLED
        assert (told.accepted, told.owed) == (went, 0)
        assert f"{20 - went} skipped (the edition was cancelled)" in stopped.sentence
        return
    assert (stopped.outcome, told.owed) == (Outcome.PAUSED, 20 - went)
    assert house.deliver()[0].outcome is Outcome.PAUSED
    resume_edition(house.engine, edition_id, by="ed", patience=HOUR, now=NOW)
    assert house.deliver()[0].outcome is Outcome.SENT
    assert house.post.doubles == []
    with reading(house.engine) as session:
        assert [(entry.who, entry.what) for entry in session.exec(select(LogEntry))] == [
            ("ed", "paused"),
            ("ed", "resumed"),
        ]


def test_only_what_is_paused_can_be_resumed(house: House) -> None:
    edition_id = house.approved()
    with pytest.raises(WorkflowError, match="not paused"):
        resume_edition(house.engine, edition_id, by="ed", patience=HOUR, now=NOW)


def test_S05_a_busy_mail_service_is_given_time_and_nobody_is_lost(house: House) -> None:
    house.approved(20)
    house.post.answers = [TryAgain("throttled")] * 9
    (done,) = house.deliver()
    assert done.outcome is Outcome.SENT
    assert (len(house.post.taken), house.post.doubles) == (20, [])
    assert house.clock.slept_s > 2


def test_S05_a_mail_service_that_takes_nothing_is_left_alone_until_the_next_run(house: House) -> None:
    edition_id = house.approved(40)
    house.post.always = TryAgain("503")
    (cut,) = house.deliver()
    assert cut.outcome is Outcome.INTERRUPTED
    assert house.post.calls < 40
    assert receipt_for(house.engine, edition_id).owed == 40
    house.post.always = None
    house.clock.pause(600)
    assert house.deliver()[0].outcome is Outcome.SENT
    assert house.post.doubles == []


def test_S06_a_quota_pauses_the_edition_and_ends_the_pause_by_itself(small_batches: House) -> None:
    house = small_batches
    edition_id = house.approved(10)
    house.post.answers = [None, None, None, PauseRun("daily quota reached")]
    (paused,) = house.deliver()
    assert paused.outcome is Outcome.PAUSED
    assert "daily quota reached (7 letters are still owed; it goes on by itself at 09:00 UTC)" in paused.sentence
    assert house.deliver()[0].outcome is Outcome.PAUSED
    house.clock.now = edition_of(house.engine, edition_id).resume_at or NOW
    assert house.deliver()[0].outcome is Outcome.SENT
    assert (len(house.post.taken), house.post.doubles) == (10, [])
    assert house.notices() == []


def test_a_fault_of_the_account_waits_for_a_person(house: House) -> None:
    edition_id = house.approved(4)
    house.post.always = StopRun("the key is no longer valid; renew it")
    assert house.deliver()[0].outcome is Outcome.PAUSED
    assert "renew it (4 letters are still owed; it goes on when someone resumes it)" in house.notices()[0]
    house.clock.now = NOW + 48 * HOUR
    assert house.deliver()[0].outcome is Outcome.PAUSED
    house.post.always = None
    resume_edition(house.engine, edition_id, by="ed", patience=HOUR, now=house.clock.now)
    assert house.deliver()[0].outcome is Outcome.SENT


def test_a_person_the_service_refuses_is_marked_and_the_rest_go_on(house: House) -> None:
    house.approved(10)
    house.post.answers = [Refused("address blocked")]
    assert house.deliver()[0].sentence.endswith("10 people = 9 accepted + 1 failed (refused).")


def test_S07_a_lost_answer_leaves_the_letter_unknown_and_the_edition_open(house: House) -> None:
    edition_id = house.approved(10)
    house.post.lose = {"person4@readers.example": Uncertain("the connection was cut")}
    (open_,) = house.deliver()
    assert open_.outcome is Outcome.UNSETTLED
    assert open_.sentence.endswith("10 people = 9 accepted + 1 unknown.")
    assert "(to person4@readers.example)" in house.notices()[0]
    assert edition_of(house.engine, edition_id).status is EditionStatus.SENDING
    house.clock.pause(3600)
    assert house.deliver()[0].outcome is Outcome.UNSETTLED
    assert house.post.doubles == []
    (letter,) = [each for each in letters_of(house.engine, edition_id) if each.status is LetterStatus.UNKNOWN]
    with transaction(house.engine) as session:
        session.get_one(type(letter), letter.id).status = LetterStatus.DELIVERED
    assert house.deliver()[0].outcome is Outcome.SENT
    assert house.notices() == []


def test_S07_an_unknown_letter_that_was_never_taken_goes_once_more(house: House) -> None:
    edition_id = house.approved(3)
    house.post.answers = [Uncertain("the connection was cut")]
    house.settings = house.settings.model_copy(update={"send_concurrency": 1})
    house.deliver()
    letters = letters_of(house.engine, edition_id)
    with transaction(house.engine) as session:
        session.add(
            MailEvent(
                event_key="k",
                kind=EventKind.DELIVERY,
                at=NOW,
                received_at=NOW + HOUR,
                delivery_id=letters[-1].delivery_id,
            )
        )
    house.clock.now = NOW + 2 * HOUR
    assert house.deliver()[0].outcome is Outcome.SENT
    assert sorted(house.post.taken) == [f"person{n}@readers.example" for n in (1, 2, 3)]


def test_S09_results_the_database_cannot_take_are_kept_and_applied_later(small_batches: House) -> None:
    house = small_batches
    edition_id = house.approved(8)
    broken = threading.Event()

    def fail(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if broken.is_set() and statement.startswith("UPDATE letter SET status"):
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    house.post.on_send = lambda address: broken.set() if address == "person5@readers.example" else None
    event.listen(house.engine, "before_cursor_execute", fail)
    (cut,) = house.deliver()
    event.remove(house.engine, "before_cursor_execute", fail)
    assert cut.outcome is Outcome.INTERRUPTED
    assert "database or disk is full" in cut.sentence
    went = len(house.post.taken)
    assert went < 8
    house.clock.pause(3600)
    (done,) = house.deliver()
    assert (done.outcome, len(house.post.taken), house.post.doubles) == (Outcome.SENT, 8, [])
    assert all(letter.attempts == 1 for letter in letters_of(house.engine, edition_id))


def test_S04_two_at_once_send_nothing_twice_and_the_second_says_who_sends(small_batches: House) -> None:
    house = small_batches
    house.approved(12)
    others: list[Delivered] = []

    def meanwhile(address: str) -> None:
        if address == "person3@readers.example":
            others.extend(house.deliver())

    house.post.on_send = meanwhile
    (done,) = house.deliver()
    assert done.outcome is Outcome.SENT
    assert [each.outcome for each in others] == [Outcome.ELSEWHERE]
    assert "another process" in others[0].sentence
    assert (len(house.post.taken), house.post.doubles) == (12, [])


def test_S04_a_lease_held_elsewhere_is_respected_until_it_runs_out(house: House) -> None:
    edition_id = house.approved(2)
    take_lease(house.engine, edition_id, "another machine", now=NOW, term=timedelta(seconds=60))
    (other,) = house.deliver()
    assert other.outcome is Outcome.ELSEWHERE
    assert "being sent by another machine (seen 08:00:00 UTC)" in other.sentence
    house.clock.pause(60)
    assert house.deliver()[0].outcome is Outcome.SENT


def test_S19_told_to_stop_it_finishes_what_is_on_the_wire_and_gives_the_rest_back(small_batches: House) -> None:
    house = small_batches
    edition_id = house.approved(12)
    told = threading.Event()
    house.post.on_send = lambda address: told.set() if address == "person3@readers.example" else None
    (cut,) = house.deliver(stop=told.is_set)
    assert cut.outcome is Outcome.INTERRUPTED
    statuses = [letter.status for letter in letters_of(house.engine, edition_id)]
    assert set(statuses) == {LetterStatus.ACCEPTED, LetterStatus.QUEUED}
    assert statuses.count(LetterStatus.ACCEPTED) == len(house.post.taken) < 6
    assert house.deliver()[0].outcome is Outcome.SENT
    assert house.post.doubles == []


def test_letters_leave_at_the_rate_that_is_set(house: House) -> None:
    house.settings = house.settings.model_copy(update={"send_rate": 5.0})
    house.approved(30)
    house.deliver()
    assert 5 <= house.clock.slept_s <= 7
    assert any(re.fullmatch(r"\d+ of 30 letters, [56]/s, about \d s left", line) for line in house.said)


def test_a_long_wait_keeps_the_lease(house: House) -> None:
    house.settings = house.settings.model_copy(update={"send_rate": 0.01, "lease_s": 30.0})
    house.approved(3)
    assert house.deliver()[0].outcome is Outcome.SENT
    assert house.clock.slept_s >= 200


def test_S16_a_receipt_that_does_not_add_up_is_told_and_the_edition_is_not_called_sent(house: House) -> None:
    edition_id = house.approved(3, send_at=NOW + HOUR)
    house.deliver()
    with transaction(house.engine) as session:
        session.delete(letters_of(house.engine, edition_id)[0])
    house.clock.now = NOW + HOUR
    assert house.deliver()[0].outcome is not Outcome.SENT
    assert "3 people does NOT equal 2 accepted" in house.notices()[0]


def test_one_editions_trouble_does_not_keep_another_from_going_out(house: House) -> None:
    house.approved(2, template="", number=1, send_at=NOW, expires_at=NOW)
    approved_edition(house.engine, house.newsletter, number=2)
    house.clock.now = NOW + HOUR
    assert {each.number: each.outcome for each in house.deliver()} == {1: Outcome.HELD, 2: Outcome.SENT}


def test_an_edition_for_nobody_is_sent_to_nobody(house: House) -> None:
    house.approved(0)
    (done,) = house.deliver()
    assert (done.outcome, done.sentence) == (Outcome.SENT, "Edition 1: sent. 0 people = 0 accepted.")


# --- Prefect ----------------------------------------------------------------------------------------------


def test_S20_an_approval_is_announced_to_a_server_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import announcing, deliver

    announced: list[tuple[str, str, str]] = []

    def emit(name: str, *, resource: dict[str, str]) -> None:
        announced.append((name, resource["prefect.resource.id"], str(PREFECT_API_URL.value())))

    from prefect.settings import PREFECT_API_URL

    monkeypatch.setattr(announcing, "emit_event", emit)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/api"
        deliver.announce_approval(7, load_settings(tmp_path, prefect_api_url=url))
    assert announced == [("masthead.edition.approved", "masthead.edition.7", url)]


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/api", "nonsense", "http://[::1", "http://a:99999/"])
def test_S20_without_a_server_an_approval_is_announced_to_nobody_and_nothing_fails(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import announcing, deliver

    def emit(*_: object, **__: object) -> None:
        raise AssertionError("nobody listens")

    monkeypatch.setattr(announcing, "emit_event", emit)
    monkeypatch.setenv("PREFECT_API_URL", url)
    deliver.announce_approval(7, load_settings(tmp_path))


def test_the_flow_is_found_by_its_module_path() -> None:
    from prefect.flows import load_flow_from_entrypoint

    found = load_flow_from_entrypoint("flows.deliver.deliver", use_placeholder_flow=False)
    assert (found.name, found.retries) == ("deliver", 2)
