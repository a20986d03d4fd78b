"""kill -9 of `deliver`, over and over: `python -m tests.drills.deliver [--short] [--seed N] [--json FILE]`

A worker is started, killed after a random time, started again, until it has been killed as often as asked;
then one is left to finish. Once into the outbox, once into a double of SES that also loses two in a hundred
answers after it has accepted the letter. Afterwards: nobody lost, nobody twice, the receipt adds up.
Exits with 1 when any of that fails.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from flows.clock import utc_now
from flows.database import open_engine, transaction
from flows.events.intake import listen_once
from flows.events.sqs import Message
from flows.letters.closing import Outcome
from flows.letters.sending import deliver_editions
from flows.models import EditionStatus, LetterStatus, Newsletter
from flows.settings import Settings, load_settings
from tests.conftest import NOW
from tests.letters.mailroom import (
    SLUG,
    approved_edition,
    edition_of,
    letters_of,
    plain_press,
    receipt_for,
    sign_up,
)
from tests.letters.runner import AWS, started, workers
from tests.ses_double.handle import Handle
from tests.ses_double.server import start_process

_QUICK = {"send_rate": 10_000.0, "send_concurrency": 8, "claim_batch": 100, "unknown_grace_s": 0.0}
_BATCH = 500


@dataclass(frozen=True)
class Score:
    """What a drill came to. `doubt` counts letters that were unknown when the last worker had finished."""

    transport: str
    database: str
    letters: int
    kills: int
    lost: int
    doubled: int
    doubt: int
    unknown: int
    put_aside: int
    balanced: bool
    sent: bool
    sound: bool
    seconds: float

    @property
    def passed(self) -> bool:
        return not (self.lost or self.doubled or self.unknown) and self.balanced and self.sent and self.sound


class Events:
    """The double's events as a queue in memory."""

    def __init__(self, double: Handle) -> None:
        self._waiting = [
            Message(str(number), json.dumps(told), str(number)) for number, told in enumerate(double.events())
        ]

    def receive(self, wait_s: int) -> list[Message]:
        return self._waiting[:_BATCH]

    def delete(self, messages: Sequence[Message]) -> None:
        done = {message.id for message in messages}
        self._waiting = [message for message in self._waiting if message.id not in done]

    def keeps_poison(self) -> bool:
        return False


@dataclass
class Installation:
    """A data folder with so many people and one approved edition."""

    folder: Path
    database_url: str
    people: int

    def __post_init__(self) -> None:
        self.engine: Engine = open_engine(self.settings().database)
        SQLModel.metadata.create_all(self.engine)
        with transaction(self.engine) as session:
            newsletter = Newsletter(slug=SLUG, name="The Gradient Post", created_at=NOW)
            session.add(newsletter)
        sign_up(self.engine, self.people, at=NOW - timedelta(days=30))
        self.edition_id = approved_edition(self.engine, newsletter)
        self.settings().outbox.mkdir()

    def overrides(self, **more: Any) -> dict[str, Any]:
        return {"database_url": self.database_url, "secret_key": "a key for drills only", **_QUICK, **more}

    def settings(self, **more: Any) -> Settings:
        return load_settings(self.folder, **self.overrides(**more))

    def sound(self) -> bool:
        """Does the database itself say that it is whole?"""
        if self.engine.dialect.name != "sqlite":
            return True
        with self.engine.connect() as connection:
            return bool(connection.execute(text("PRAGMA integrity_check")).scalar() == "ok")


@dataclass(frozen=True)
class Torment:
    """How workers are killed. `went` is how many letters have gone out so far, or anything that grows so."""

    kills: int
    chance: random.Random
    say: Callable[[str], None]

    def inflict(self, home: Installation, more: dict[str, Any], went: Callable[[], int]) -> int:
        """Returns how many workers still had something to do when they were killed.

        Three of four are killed up to 0.3 s after letters began to leave, the fourth wherever it is.
        """
        context = workers()
        struck = 0
        for number in range(self.kills):
            before = went()
            with started(context, home.folder, home.overrides(**more)) as worker:
                while number % 4 and worker.is_alive() and went() == before:
                    time.sleep(0.002)
                worker.join(self.chance.uniform(0.0, 0.3))
                struck += worker.is_alive()
            if number % 10 == 9:
                self.say(f"{number + 1} of {self.kills} kills; {went():,} (letters, or bytes of the log)")
        return struck


def finish(home: Installation, more: dict[str, Any]) -> Outcome:
    done = deliver_editions(
        home.engine, home.settings(**more), clock=utc_now, progress=lambda _: None, press=plain_press
    )
    return done[0].outcome if done else Outcome.SENT


def into_outbox(home: Installation, torment: Torment) -> Score:
    began = time.monotonic()
    outbox = home.settings().outbox
    struck = torment.inflict(home, {}, lambda: sum(1 for _ in outbox.iterdir()))
    finish(home, {})
    got = Counter(message_from_bytes(path.read_bytes())["To"] for path in outbox.glob("*.eml"))
    return score(home, "outbox", struck, got, doubt=0, seconds=time.monotonic() - began)


def into_ses(home: Installation, torment: Torment) -> Score:
    began = time.monotonic()
    log = home.folder / "accepted.jsonl"
    log.touch()
    with start_process(log) as double:
        double.fault("drop_after", share=0.02, times=None)
        more = double.settings()
        struck = torment.inflict(home, more, lambda: log.stat().st_size)
        finish(home, more)
        doubt = receipt_for(home.engine, home.edition_id).unknown
        double.clear()
        for _ in range(5):
            torment.say(f"{receipt_for(home.engine, home.edition_id).unknown} in doubt; the events are read")
            listen_once(
                home.engine, home.settings(**more), clock=utc_now, progress=lambda _: None, queue=Events(double)
            )
            if finish(home, more) is Outcome.SENT:
                break
        got = Counter(mail.address for mail in double.accepted())
    return score(home, "SES double", struck, got, doubt=doubt, seconds=time.monotonic() - began)


def score(home: Installation, transport: str, kills: int, got: Counter[str], *, doubt: int, seconds: float) -> Score:
    letters = letters_of(home.engine, home.edition_id)
    told = receipt_for(home.engine, home.edition_id)
    failed = {letter.address for letter in letters if letter.status is LetterStatus.FAILED}
    return Score(
        transport=transport,
        database=home.engine.dialect.name,
        letters=home.people,
        kills=kills,
        lost=sum(letter.address not in got for letter in letters if letter.address not in failed),
        doubled=sum(times > 1 for times in got.values()),
        doubt=doubt,
        unknown=told.unknown,
        put_aside=len(failed),
        balanced=told.balanced and told.candidates == home.people,
        sent=edition_of(home.engine, home.edition_id).status is EditionStatus.SENT,
        sound=home.sound(),
        seconds=round(seconds, 1),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.drills.deliver", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a minute's worth, for every change")
    parser.add_argument("--letters", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--transport", choices=["outbox", "ses", "both"], default="both")
    parser.add_argument("--database-url", default="", help="an empty PostgreSQL database; SQLite otherwise")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--json", type=Path, help="where the result is kept")
    told = parser.parse_args()
    letters, kills = (400, 12) if told.short else (told.letters, told.kills)
    os.environ |= AWS
    scores = []
    print(f"seed {told.seed}: {letters:,} letters, {kills} kills", flush=True)
    ways = {"outbox": into_outbox, "ses": into_ses}
    for name in ways if told.transport == "both" else [told.transport]:
        with tempfile.TemporaryDirectory(prefix="masthead-drill-") as folder:
            home = Installation(Path(folder), told.database_url, letters)
            torment = Torment(kills, random.Random(told.seed), lambda line: print("  " + line, flush=True))
            result = ways[name](home, torment)
            receipt = receipt_for(home.engine, home.edition_id).sentence
            if told.database_url:
                SQLModel.metadata.drop_all(home.engine)
            home.engine.dispose()
        scores.append(result)
        print(
            f"{result.transport} on {result.database}: {'passed' if result.passed else 'FAILED'} "
            f"in {result.seconds:.0f} s: {result.kills} kills, lost {result.lost}, doubled {result.doubled}, "
            f"in doubt {result.doubt}, still unknown {result.unknown}, put aside {result.put_aside}. {receipt}.",
            flush=True,
        )
    if told.json:
        told.json.write_text(json.dumps({"seed": told.seed, "scores": [asdict(each) for each in scores]}, indent=2))
    sys.exit(not all(each.passed for each in scores))


if __name__ == "__main__":
    main()
