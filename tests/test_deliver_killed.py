"""kill -9 in the middle of `deliver`, in real processes: afterwards everybody has one letter."""

import random
import signal
from email import message_from_bytes
from multiprocessing.context import ForkServerContext
from typing import Any

import pytest
from sqlalchemy import Engine

from flows.clock import utc_now
from flows.events.intake import listen_once
from flows.letters.closing import Outcome
from flows.letters.sending import deliver_editions
from flows.models import EditionStatus, LetterStatus, Newsletter
from flows.settings import Settings
from tests.letters.mailroom import (
    approved_edition,
    edition_of,
    letters_of,
    plain_press,
    receipt_for,
    sign_up,
)
from tests.letters.runner import started, wait_for, workers
from tests.ses_double.handle import Handle
from tests.ses_double.wiring import Queue, with_ses

PEOPLE = 24
KILLS = (1, 8, 15, 22)  # letters in the outbox when the worker is killed

pytest_plugins = ["tests.ses_double.fixtures"]


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    return workers()


def quick(settings: Settings, **more: Any) -> dict[str, Any]:
    return {
        "database_url": settings.database_url,
        "secret_key": "a key for tests only",
        "send_rate": 400.0,
        "send_concurrency": 3,
        "claim_batch": 10,
        "lease_s": 60.0,
        **more,
    }


def addresses_in(settings: Settings) -> list[str]:
    return sorted(message_from_bytes(path.read_bytes())["To"] for path in settings.outbox.glob("*.eml"))


def everybody() -> list[str]:
    return sorted(f"person{number}@readers.example" for number in range(1, PEOPLE + 1))


def test_S01_kill_9_at_any_point_and_everybody_has_one_letter(
    engine: Engine, settings: Settings, newsletter: Newsletter, context: ForkServerContext
) -> None:
    sign_up(engine, PEOPLE)
    edition_id = approved_edition(engine, newsletter)
    settings.outbox.mkdir()
    chance = random.Random(20261121)
    for files in KILLS:
        with started(context, settings.data, quick(settings)) as worker:
            assert wait_for(worker, settings.outbox, files), "it ended before it could be killed"
            worker.join(chance.random() * 0.02)
        told = receipt_for(engine, edition_id)
        assert told.balanced
        assert told.accounted == PEOPLE
    with started(context, settings.data, quick(settings)) as worker:
        worker.join(60)
        assert worker.exitcode == 0
    assert addresses_in(settings) == everybody()
    told = receipt_for(engine, edition_id)
    assert (told.accepted, told.balanced) == (PEOPLE, True)
    assert edition_of(engine, edition_id).status is EditionStatus.SENT


def test_S02_kill_9_while_the_audience_is_frozen(
    engine: Engine, settings: Settings, newsletter: Newsletter, context: ForkServerContext
) -> None:
    sign_up(engine, PEOPLE)
    edition_id = approved_edition(engine, newsletter)
    settings.outbox.mkdir()
    for wait_s in (0.0, 0.01, 0.02, 0.03):
        with started(context, settings.data, quick(settings)) as worker:
            worker.join(wait_s)
    with started(context, settings.data, quick(settings)) as worker:
        worker.join(60)
        assert worker.exitcode == 0
    assert addresses_in(settings) == everybody()
    assert receipt_for(engine, edition_id).balanced


def test_S04_two_processes_at_once_send_nothing_twice(
    engine: Engine, settings: Settings, newsletter: Newsletter, context: ForkServerContext
) -> None:
    sign_up(engine, PEOPLE)
    edition_id = approved_edition(engine, newsletter)
    settings.outbox.mkdir()
    slow = quick(settings, send_rate=200.0)
    with (
        started(context, settings.data, slow) as one,
        started(context, settings.data, slow) as two,
        started(context, settings.data, slow) as three,
    ):
        for worker in (one, two, three):
            worker.join(60)
            assert worker.exitcode == 0
    letters = letters_of(engine, edition_id)
    assert [letter.attempts for letter in letters] == [1] * PEOPLE
    assert {letter.fence for letter in letters} == {1}
    assert addresses_in(settings) == everybody()


def deliver_here(engine: Engine, settings: Settings) -> Outcome:
    (done,) = deliver_editions(engine, settings, clock=utc_now, progress=lambda _: None, press=plain_press)
    return done.outcome


def test_S07_killed_between_acceptance_and_answer(  # noqa: PLR0917 - fixtures
    engine: Engine,
    settings: Settings,
    newsletter: Newsletter,
    context: ForkServerContext,
    ses_double: Handle,
    sqs: Queue,
) -> None:
    sign_up(engine, PEOPLE)
    edition_id = approved_edition(engine, newsletter)
    child = quick(settings, **ses_double.settings(**sqs.settings(unknown_grace_s=0.0)))
    child |= {"claim_batch": 10, "send_rate": 400.0}
    for number in (5, 12, 20):
        ses_double.clear()
        with started(context, settings.data, child) as worker:
            ses_double.fault("kill_after", address=f"person{number}@readers.example", pid=worker.pid)
            worker.join(60)
            assert worker.exitcode == -signal.SIGKILL
        assert receipt_for(engine, edition_id).balanced
    assert_settled_by_events(engine, edition_id, with_ses(settings, ses_double, sqs, unknown_grace_s=0.0), ses_double)


def test_S07_cut_off_between_acceptance_and_answer(
    engine: Engine, settings: Settings, newsletter: Newsletter, ses_double: Handle, sqs: Queue
) -> None:
    sign_up(engine, PEOPLE)
    edition_id = approved_edition(engine, newsletter)
    faults = {3: "drop_after", 7: "cut_after", 11: "empty_after", 15: "drop_before", 19: "garbage_after"}
    for number, fault in faults.items():
        ses_double.fault(fault, address=f"person{number}@readers.example")
    assert_settled_by_events(engine, edition_id, with_ses(settings, ses_double, sqs, unknown_grace_s=0.0), ses_double)


def assert_settled_by_events(engine: Engine, edition_id: int, settings: Settings, double: Handle) -> None:
    """What is in doubt stays so until events come; then everybody has one letter."""

    def deliver() -> Outcome:
        (done,) = deliver_editions(engine, settings, clock=utc_now, progress=lambda _: None, press=plain_press)
        return done.outcome

    assert deliver() is Outcome.UNSETTLED
    assert deliver() is Outcome.UNSETTLED
    in_doubt = [each for each in letters_of(engine, edition_id) if each.status is LetterStatus.UNKNOWN]
    assert receipt_for(engine, edition_id).unknown == len(in_doubt) > 0

    double.settle()
    listen_once(engine, settings, clock=utc_now, progress=lambda _: None, wait_s=0)
    assert deliver() is Outcome.SENT
    assert sorted(mail.address for mail in double.accepted()) == everybody()
    told = receipt_for(engine, edition_id)
    assert (told.accepted, told.unknown, told.balanced) == (PEOPLE, 0, True)
