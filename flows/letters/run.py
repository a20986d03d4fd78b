"""One worker's run over an edition's letters: claim, build, submit, send, settle, group by group.

A letter is `submitting` only while its group is on the wire, so a crash leaves few letters in doubt; and each
answer is noted in the spill file before the database has it, so that most of these are known all the same.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from flows.database import transaction
from flows.letters.audience import Audience
from flows.letters.lease import Lease, renew
from flows.letters.ledger import Answer, Course, accepted, answer_to, not_rendered, too_many_unrendered
from flows.letters.pacing import Pacer, progress_line
from flows.letters.press import Press
from flows.letters.spill import Settled, Spill
from flows.letters.store import Owed, claim, mark_submitting, settle
from flows.letters.transport import Transport
from flows.models import EditionStatus, LetterStatus

_SETTLE_TRIES = 3
_PATIENCE = 24  # answers in a row of "try again later", after which the run ends and leaves it to the next
_PROGRESS_EVERY_S = 2.0


@dataclass(frozen=True)
class Edges:
    """Time, chance and the outside, as arguments. `ticks` and `pause` are in seconds."""

    clock: Callable[[], datetime]
    ticks: Callable[[], float]
    pause: Callable[[float], None]
    chance: Callable[[], float]
    new_id: Callable[[], str]
    stop: Callable[[], bool]
    progress: Callable[[str], None]


class End(StrEnum):
    """Why a run is over."""

    DONE = "done"  # nothing is owed any more
    HALTED = "halted"  # somebody paused or cancelled the edition
    STOPPED = "stopped"  # this process was asked to end
    BUSY = "busy"  # the mail service takes nothing at present
    PAUSE = "pause"  # quota
    STOP = "stop"  # a person must act


@dataclass(frozen=True)
class RunEnd:
    end: End
    reason: str = ""


@dataclass
class Run:
    """The state of one run. Call `go` once."""

    engine: Engine
    lease: Lease
    audience: Audience
    press: Press
    transport: Transport
    spill: Spill
    edges: Edges
    pacer: Pacer
    concurrency: int
    batch: int
    total: int  # owed at the start
    size: int  # of the audience
    done: int = 0
    unrendered: int = 0
    refusals: int = 0  # "try again later", in a row
    started_s: float = 0.0
    said_s: float = 0.0
    pool: ThreadPoolExecutor = field(init=False)

    def go(self) -> RunEnd:
        """Send until nothing is owed or something ends the run. Raises LeaseError or SQLAlchemyError."""
        self.started_s = self.said_s = self.edges.ticks()
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="letters") as self.pool:
            while True:
                if end := self._claim_and_send():
                    return end

    def _claim_and_send(self) -> RunEnd | None:
        if self.edges.stop():
            return RunEnd(End.STOPPED)
        now = self.edges.clock()
        got = claim(self.engine, self.lease, self.audience, limit=self.batch, now=now)
        if got.status is not EditionStatus.SENDING:
            return RunEnd(End.HALTED, got.status.value)
        self.done += got.skipped
        if not got.letters and not got.skipped:
            if got.next_at is None:
                return RunEnd(End.DONE)
            self.edges.progress(f"some letters are tried again at {got.next_at:%H:%M:%S} UTC")
            self._wait((got.next_at - now).total_seconds())
        rest = got.letters
        while rest:
            group, rest = rest[: self._group], rest[self._group :]
            if end := self._send_group(group):
                return end
        return None

    @property
    def _group(self) -> int:
        return min(self.concurrency, self.pacer.group)

    def _send_group(self, group: Sequence[Owed]) -> RunEnd | None:
        written, failed = self._write(group)
        if failed:
            self._settle(failed)
            if too_many_unrendered(self.unrendered, self.size):
                reason = f"{self.unrendered:,} letters could not be built; {failed[-1].answer.reason}"
                return RunEnd(End.STOP, reason)
        if not written:
            return None
        self._wait(self.pacer.reserve(len(written), self.edges.ticks()))
        if self.edges.stop():
            return RunEnd(End.STOPPED)
        ids = [owed.letter_id for owed, _ in written]
        status, ours = mark_submitting(self.engine, self.lease, ids, now=self.edges.clock())
        if status is not EditionStatus.SENDING:
            return RunEnd(End.HALTED, status.value)
        deadline = self.edges.ticks() + self.lease.term.total_seconds() / 2
        calls = [
            self.pool.submit(self._send_one, owed, raw, deadline) for owed, raw in written if owed.letter_id in ours
        ]
        results = [call.result() for call in calls]
        self._settle(results)
        return self._steer([result.answer for result in results])

    def _write(self, group: Sequence[Owed]) -> tuple[list[tuple[Owed, bytes]], list[Settled]]:
        written, failed = [], []
        for owed in group:
            try:
                written.append((owed, self.press.write(owed, self.edges.clock())))
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the others' letters
                self.unrendered += 1
                failed.append(Settled(owed.delivery_id, self.lease.fence, not_rendered(error)))
        return written, failed

    def _send_one(self, owed: Owed, raw: bytes, deadline: float) -> Settled:
        if self.edges.ticks() > deadline:  # we were asleep: another worker may be about to take over
            answer = Answer(LetterStatus.QUEUED, "held up before the call")
        else:
            answer = self._answer(owed, raw)
        settled = Settled(owed.delivery_id, self.lease.fence, answer)
        self.spill.note(settled)
        return settled

    def _answer(self, owed: Owed, raw: bytes) -> Answer:
        tags = {"edition": str(self.lease.edition_id), "newsletter": self.audience.newsletter}
        try:
            return accepted(self.transport.send(owed.delivery_id, owed.address, raw, tags))
        except Exception as error:  # noqa: BLE001 - any other error leaves the letter in doubt, and says so
            others_pass = self.refusals == 0
            chance = self.edges.chance()
            return answer_to(error, attempts=owed.attempts + 1, others_pass=others_pass, chance=chance)

    def _settle(self, results: Sequence[Settled]) -> None:
        for left in reversed(range(_SETTLE_TRIES)):
            try:
                with transaction(self.engine) as session:
                    settle(session, results, now=self.edges.clock())
                break
            except SQLAlchemyError:
                if not left:
                    self.spill.keep()
                    raise
                self.edges.pause(1.0)
        self.spill.clear()
        self.done += sum(result.answer.status is not LetterStatus.QUEUED for result in results)
        self._tell_progress()

    def _steer(self, answers: Sequence[Answer]) -> RunEnd | None:
        for course, end in ((Course.STOP, End.STOP), (Course.PAUSE, End.PAUSE)):
            for answer in answers:
                if answer.course is course:
                    return RunEnd(end, answer.reason)
        slow = [answer for answer in answers if answer.course is Course.SLOW_DOWN]
        if slow:
            self.pacer.busy()
        else:
            self.pacer.good()
        self.refusals = self.refusals + len(slow) if len(slow) == len(answers) else 0
        return RunEnd(End.BUSY, slow[-1].reason) if self.refusals >= _PATIENCE else None

    def _wait(self, seconds: float) -> None:
        """Sleep in turns, so that the lease is kept and a call to stop is heard."""
        keep_every = self.lease.term.total_seconds() / 4
        since = 0.0
        while seconds > 0 and not self.edges.stop():
            turn = min(seconds, keep_every, 1.0)
            self.edges.pause(turn)
            seconds, since = seconds - turn, since + turn
            if since >= keep_every:
                since = 0.0
                with transaction(self.engine) as session:
                    renew(session, self.lease, now=self.edges.clock())

    def _tell_progress(self) -> None:
        now = self.edges.ticks()
        if now - self.said_s >= _PROGRESS_EVERY_S:
            self.said_s = now
            self.edges.progress(progress_line(self.done, self.total, now - self.started_s))
