"""Fixtures for whoever needs SES or SQS. A test module gets them by this line:

pytest_plugins = ["tests.ses_double.fixtures"]

`tests.ses_double.wiring.with_ses(settings, ses_double, sqs)` is the settings that use them.
"""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.ses_double.handle import Handle
from tests.ses_double.publisher import sqs_client
from tests.ses_double.server import start
from tests.ses_double.wiring import Queue

__all__ = ["aws_credentials", "moto_url", "ses_alone", "ses_double", "sqs"]


@pytest.fixture
def aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up credentials, and none of this machine's profiles."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """moto's server on a free port, for SQS and SNS."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def sqs(moto_url: str, aws_credentials: None) -> Queue:
    """An empty queue of this test's own. A message that was received three times is dead."""
    client = sqs_client(moto_url, "eu-west-1")
    name = f"events-{uuid4().hex[:12]}"
    dead_url = client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    dead_arn = client.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url = client.create_queue(
        QueueName=name,
        Attributes={
            "VisibilityTimeout": "30",
            "RedrivePolicy": f'{{"deadLetterTargetArn": "{dead_arn}", "maxReceiveCount": "3"}}',
        },
    )["QueueUrl"]
    return Queue(url, dead_url, moto_url, client)


@pytest.fixture
def ses_double(tmp_path: Path, sqs: Queue) -> Iterator[Handle]:
    """SES, publishing to `sqs`."""
    with start(tmp_path / "accepted.jsonl", queue_url=sqs.url, sqs_endpoint=sqs.endpoint) as handle:
        yield handle


@pytest.fixture
def ses_alone(tmp_path: Path, aws_credentials: None) -> Iterator[Handle]:
    """SES without a queue: quick to start; its events are in `events()`."""
    with start(tmp_path / "accepted.jsonl") as handle:
        yield handle
