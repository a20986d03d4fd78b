"""Settings that send through a double and listen to its queue."""

from dataclasses import dataclass
from typing import Any

from flows.settings import Settings
from tests.ses_double.handle import Handle


@dataclass(frozen=True)
class Queue:
    """A queue of moto's SQS with its dead-letter queue behind it."""

    url: str
    dead_url: str
    endpoint: str
    client: Any

    def settings(self, **more: Any) -> dict[str, Any]:
        """Overrides for `load_settings`."""
        return {"sqs_endpoint": self.endpoint, "events_queue_url": self.url} | more

    def put(self, *bodies: str) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def count(self, *, dead: bool = False) -> int:
        """Messages there, waiting or under way."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.dead_url if dead else self.url, AttributeNames=names)[
            "Attributes"
        ]
        return sum(int(found[name]) for name in names)


def with_ses(settings: Settings, double: Handle, queue: Queue | None = None, **more: Any) -> Settings:
    """The same settings, sending through the double and listening to the queue."""
    told = double.settings() | (queue.settings() if queue else {}) | more
    return settings.model_copy(update=told)
