"""Carries events to the queue from a thread of its own, so that answering a send never waits for them."""

import json
import threading
from collections import deque
from dataclasses import dataclass, fields
from functools import cache
from random import Random
from typing import Any

import boto3

from flows.clock import monotonic_s
from tests.ses_double.notifications import as_feedback, wrapped

_SQS_BATCH = 10


@dataclass
class Habits:
    """How events come: all of this can be changed while the double runs."""

    events: bool = True  # off: nothing comes back at all
    wrapped: bool = True  # in SNS's envelope; False: raw delivery
    feedback: bool = False  # the older shape (`notificationType`), without tags
    copies: int = 1  # of each event
    shuffle: int = 0  # events are handed on in random order within groups of this size
    delay_s: float = 0.0
    first: bool = False  # events are in the queue before the send is answered

    def change(self, values: dict[str, Any]) -> None:
        known = {field.name for field in fields(self)}
        for name in values.keys() & known:
            setattr(self, name, values[name])


class Publisher:
    """Keeps every event in `sent`, and puts it into SQS if there is a queue."""

    def __init__(self, habits: Habits, *, queue_url: str, sqs_endpoint: str, region: str, seed: int) -> None:
        self.habits = habits
        self.sent: list[dict[str, Any]] = []
        self._queue_url = queue_url
        self._region = region
        self._sqs = sqs_client(sqs_endpoint, region) if queue_url else None
        self._chance = Random(seed)
        self._waiting: deque[tuple[float, str]] = deque()
        self._busy = 0
        self._change = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._carry, name="ses-double-events", daemon=True)
        self._thread.start()

    def publish(self, events: list[dict[str, Any]]) -> None:
        if not self.habits.events:
            return
        made = [as_feedback(event) if self.habits.feedback else event for event in events]
        bodies = [event for event in made if event for _ in range(self.habits.copies)]
        due = monotonic_s() + self.habits.delay_s
        with self._change:
            self.sent.extend(bodies)
            if self._sqs is None:
                return
            for event in bodies:
                shell = wrapped(event, region=self._region) if self.habits.wrapped else event
                self._waiting.append((due, json.dumps(shell)))
            self._mix()
            self._change.notify_all()
        if self.habits.first:
            self.settle(10)

    def _mix(self) -> None:
        group = self.habits.shuffle
        if group and len(self._waiting) >= group:
            tail = [self._waiting.pop() for _ in range(group)]
            self._chance.shuffle(tail)
            self._waiting.extend(tail)

    def settle(self, timeout_s: float) -> bool:
        """Waits until every event is in the queue; False if that took too long."""
        with self._change:
            return self._change.wait_for(lambda: not self._waiting and not self._busy, timeout_s)

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify_all()
        self._thread.join(5)

    def _carry(self) -> None:
        while batch := self._next():
            entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(batch)]
            if self._sqs is not None:
                self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            with self._change:
                self._busy = 0
                self._change.notify_all()

    def _next(self) -> list[str]:
        """The events that are due now, at most one batch; empty when the double is closed."""
        with self._change:
            while not self._closed:
                wait_s = self._waiting[0][0] - monotonic_s() if self._waiting else None
                if wait_s is not None and wait_s <= 0:
                    count = min(_SQS_BATCH, len(self._waiting))
                    self._busy = count
                    return [self._waiting.popleft()[1] for _ in range(count)]
                self._change.wait(wait_s)
            return []


@cache
def sqs_client(endpoint: str, region: str) -> Any:
    """A client with made-up credentials; one for all, for a client takes a while to make."""
    return boto3.session.Session().client(
        "sqs",
        region_name=region,
        endpoint_url=endpoint or None,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
