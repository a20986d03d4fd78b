"""The payloads in tests/recorded/ses: shapes of SES's developer guide (each names its page), our values."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[1] / "recorded" / "ses"
NAMES = sorted(file.stem for file in _FOLDER.glob("*.json"))


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))["payload"]
    return found


def in_envelope(event: dict[str, Any] | str) -> str:
    """As SNS puts it into a queue: docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html"""
    message = event if isinstance(event, str) else json.dumps(event)
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:ses-events",
            "Subject": "Amazon SES Email Event Notification",
            "Message": message,
            "Timestamp": "2026-11-16T06:00:06.100Z",
            "SignatureVersion": "1",
            "Signature": "RXhhbXBsZQ==",
        }
    )
