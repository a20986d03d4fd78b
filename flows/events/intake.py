"""Takes messages from the queue into the database: deleted only when what they said is committed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from flows.clock import Clock
from flows.database import transaction
from flows.errors import EventError
from flows.events.clicks import count_clicks
from flows.events.parse import Came, parse
from flows.events.sqs import Message, Queue, SqsQueue
from flows.events.store import PARKED, SEEN, link_parked, record
from flows.settings import Settings

_WAIT_S = 5  # of the last, empty poll; one that finds something returns at once
_MOST = 200_000  # messages in one run; the next run goes on
_TOLD = 20  # unreadable messages told one by one

Read = tuple[Message, tuple[Came, ...]]


@dataclass(frozen=True)
class Listened:
    """What one run heard, counted."""

    messages: int = 0  # taken in and deleted
    events: int = 0
    known: int = 0  # events that had come before
    parked: int = 0  # events that wait for their letter
    linked: int = 0  # events that waited, and found it
    poison: int = 0  # messages left for the dead-letter queue
    queue: bool = True  # False: the settings name none

    @property
    def sentence(self) -> str:
        """For the command line and the flow's log."""
        if not self.queue:
            return "events_queue_url is not set, so no events of SES are read"
        parts = [f"{self.events:,} events"]
        parts += [f"{self.known:,} known already"] * bool(self.known)
        parts += [f"{self.parked:,} waiting for their letter"] * bool(self.parked)
        parts += [f"{self.linked:,} found their letter"] * bool(self.linked)
        parts += [f"{self.poison:,} unreadable messages left for the dead-letter queue"] * bool(self.poison)
        return ", ".join(parts)


def listen_once(
    engine: Engine,
    settings: Settings,
    *,
    clock: Clock,
    progress: Callable[[str], None],
    queue: Queue | None = None,
    wait_s: int = _WAIT_S,
) -> Listened:
    """Empty the queue of events. Raises QueueError when it cannot be reached, and then nothing is lost.

    Messages that cannot be read stay in the queue: after as many tries as its redrive policy allows, SQS
    moves them to the dead-letter queue. At the end, the clicks of the editions that were heard of are counted anew.
    `wait_s` is how long the last, empty poll waits, in whole seconds.
    """
    if queue is None and not settings.events_queue_url:
        heard = Listened(queue=False)
        progress(heard.sentence)
        return heard
    began = clock()
    intake = _Intake(engine, queue or SqsQueue(settings), settings.key, clock, progress)
    intake.empty(wait_s)
    with transaction(engine) as session:
        linked = link_parked(session, key=settings.key, now=clock())
    heard = intake.heard(linked)
    progress(heard.sentence)
    if heard.events > heard.known or linked:
        # What found its letter only now was received in an earlier run.
        count_clicks(engine, now=clock(), heard_since=None if linked else began, progress=progress)
    return heard


@dataclass
class _Intake:
    engine: Engine
    queue: Queue
    key: bytes
    clock: Clock
    progress: Callable[[str], None]
    messages: int = 0
    words: list[str] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)

    def empty(self, wait_s: int) -> None:
        while self.messages < _MOST and (batch := self.queue.receive(wait_s)):
            fresh = [message for message in batch if message.id not in self.poison]
            if not fresh:
                return  # only what could not be read comes back
            self._take(fresh)

    def heard(self, linked: int) -> Listened:
        return Listened(
            messages=self.messages,
            events=len(self.words),
            known=self.words.count(SEEN),
            parked=self.words.count(PARKED),
            linked=linked,
            poison=len(self.poison),
        )

    def _take(self, batch: Sequence[Message]) -> None:
        """A batch in one transaction; if the database balks at it, each message in one of its own."""
        readable = self._read(batch)
        try:
            self._store(readable)
        except StatementError:
            for one in readable:
                self._take_alone(one)

    def _take_alone(self, one: Read) -> None:
        try:
            self._store([one])
        except StatementError as error:
            # The rest of DBAPIError (locked, full, gone) is about the database, not about this message.
            if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
                raise
            self._spit_out(one[0], f"the database refuses it ({type(error).__name__}).")

    def _read(self, batch: Sequence[Message]) -> list[Read]:
        """What can be read, in an order in which two listeners at once take their locks alike."""
        readable = []
        for message in batch:
            try:
                readable.append((message, parse(message.body)))
            except EventError as error:
                self._spit_out(message, str(error))
        return sorted(readable, key=lambda one: [(came.delivery_id, came.provider_id) for came in one[1]])

    def _store(self, readable: Sequence[Read]) -> None:
        with transaction(self.engine) as session:
            now = self.clock()
            words = [record(session, came, key=self.key, now=now) for _, told in readable for came in told]
        self.queue.delete([message for message, _ in readable])
        self.messages += len(readable)
        self.words += words

    def _spit_out(self, message: Message, why: str) -> None:
        self.poison.add(message.id)
        if len(self.poison) == 1 and not self.queue.keeps_poison():
            self.progress("The queue of events has no dead-letter queue: give it a redrive policy.")
        if len(self.poison) <= _TOLD:
            self.progress(f"Message {message.id} is left in the queue: {why}")
