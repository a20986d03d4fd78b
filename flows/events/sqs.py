"""The queue of SES's events at Amazon SQS, behind an interface of two verbs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flows.errors import QueueError
from flows.settings import Settings

BATCH = 10  # SQS hands out no more at once


@dataclass(frozen=True)
class Message:
    """One message as received; `receipt` is what it is deleted by."""

    id: str
    body: str
    receipt: str


class Queue(Protocol):
    """Hands out messages that come back unless they are deleted in time."""

    def receive(self, wait_s: int) -> list[Message]:
        """At most BATCH messages; waits up to `wait_s` for the first. Empty: there are none."""
        ...

    def delete(self, messages: Sequence[Message]) -> None:
        """These are done with."""
        ...

    def keeps_poison(self) -> bool:
        """Is there a dead-letter queue behind it, for what cannot be read?"""
        ...


class SqsQueue:
    """The queue that `events_queue_url` names. Raises QueueError with what a person should do."""

    def __init__(self, settings: Settings) -> None:
        import boto3  # noqa: PLC0415 - takes a third of a second, which --help must not pay
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        self._errors = (BotoCoreError, ClientError)
        self._url = settings.events_queue_url
        try:
            session = boto3.session.Session(region_name=settings.ses_region)
            self._client = session.client("sqs", endpoint_url=settings.sqs_endpoint or None)
        except (BotoCoreError, ValueError) as error:
            raise self._trouble(error) from error

    def receive(self, wait_s: int) -> list[Message]:
        answer = self._call("receive_message", MaxNumberOfMessages=BATCH, WaitTimeSeconds=wait_s)
        return [Message(told["MessageId"], told["Body"], told["ReceiptHandle"]) for told in answer.get("Messages", [])]

    def delete(self, messages: Sequence[Message]) -> None:
        """What SQS fails to delete comes again, and is known by then."""
        if messages:
            entries = [{"Id": str(i), "ReceiptHandle": one.receipt} for i, one in enumerate(messages)]
            self._call("delete_message_batch", Entries=entries)

    def keeps_poison(self) -> bool:
        told = self._call("get_queue_attributes", AttributeNames=["RedrivePolicy"])
        policy = told.get("Attributes", {}).get("RedrivePolicy", "")
        return bool(policy and json.loads(policy).get("deadLetterTargetArn"))

    def _call(self, verb: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, verb)(QueueUrl=self._url, **arguments)
        except self._errors as error:
            raise self._trouble(error) from error
        return answer

    def _trouble(self, error: Exception) -> QueueError:
        return QueueError(
            f"the queue of events {self._url} cannot be used: {error}. "
            "Check events_queue_url, ses_region and the AWS credentials."
        )
