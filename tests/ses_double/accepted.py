"""The accept log: what the double has promised to deliver, one JSON line each, written before it answers."""

import base64
import json
import os
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Accepted:
    """One message that SES has taken responsibility for."""

    message_id: str
    at: datetime
    sender: str
    addresses: tuple[str, ...]
    tags: dict[str, str]
    configuration_set: str
    raw: bytes = field(repr=False)

    @property
    def address(self) -> str:
        """The recipient of a message that has one, as all of ours have."""
        (one,) = self.addresses
        return one

    @property
    def delivery_id(self) -> str:
        return self.tags.get("delivery", "")

    def as_json(self) -> dict[str, Any]:
        return {
            "message_id": self.message_id,
            "at": self.at.isoformat(),
            "sender": self.sender,
            "addresses": list(self.addresses),
            "tags": self.tags,
            "configuration_set": self.configuration_set,
            "raw": base64.b64encode(self.raw).decode(),
        }


def accepted_from(document: dict[str, Any]) -> Accepted:
    return Accepted(
        message_id=document["message_id"],
        at=datetime.fromisoformat(document["at"]).astimezone(UTC),
        sender=document["sender"],
        addresses=tuple(document["addresses"]),
        tags=document["tags"],
        configuration_set=document["configuration_set"],
        raw=base64.b64decode(document["raw"]),
    )


def read_log(file: Path) -> list[Accepted]:
    """Everything accepted so far. A line cut short by a kill was never answered, and counts as not there."""
    if not file.exists():
        return []
    lines = file.read_text("utf-8").split("\n")[:-1]
    return [accepted_from(json.loads(line)) for line in lines]


def _to_simulator(mail: Accepted) -> bool:
    """Mail to the mailbox simulator does not count towards the daily quota."""
    return all(address.lower().endswith("@simulator.amazonses.com") for address in mail.addresses)


class AcceptLog:
    """Append-only. Each line is one write to an O_APPEND file, so no kill of any process can lose it."""

    def __init__(self, file: Path, *, fsync: bool) -> None:
        self.file = file
        self._times = deque(mail.at for mail in read_log(file) if not _to_simulator(mail))
        self._fd = os.open(file, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        self._fsync = fsync
        self._lock = threading.Lock()

    def append(self, mail: Accepted) -> None:
        line = json.dumps(mail.as_json()).encode() + b"\n"
        with self._lock:
            os.write(self._fd, line)
            if self._fsync:
                os.fsync(self._fd)
            if not _to_simulator(mail):
                self._times.append(mail.at)

    def sent_last_day(self, now: datetime) -> int:
        with self._lock:
            while self._times and self._times[0] <= now - _DAY:
                self._times.popleft()
            return len(self._times)

    def close(self) -> None:
        os.close(self._fd)
