"""Steers a double over its control address, wherever it runs, and reads what it accepted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.ses_double.accepted import Accepted, read_log
from tests.ses_double.faults import FaultKind
from tests.ses_double.notifications import Fate

CONTROL = "/_double/"

__all__ = ["Accepted", "Handle"]


class Handle:
    """`url` is what boto3 takes as `endpoint_url`."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.log = log

    def settings(self, **more: Any) -> dict[str, Any]:
        """Overrides for `load_settings`: SES as the transport, at this double, with events."""
        return {
            "transport": "ses",
            "ses_endpoint": self.url,
            "ses_configuration_set": "masthead",
            "send_rate": 10_000.0,
        } | more

    def accepted(self) -> list[Accepted]:
        """Every message the double has promised to deliver, in order, since its log began."""
        return read_log(self.log)

    def events(self) -> list[dict[str, Any]]:
        """Every event published so far, unwrapped."""
        told: list[dict[str, Any]] = self._ask("GET", "events")
        return told

    def settle(self, timeout_s: float = 10.0) -> None:
        """Waits until all events are in the queue."""
        assert self._ask("POST", "settle", {"timeout_s": timeout_s})["settled"], "events are still under way"

    def fault(self, kind: str, **details: Any) -> None:
        """One of FaultKind; details are those of `faults.Fault` (times, share, address, code, status, …)."""
        self._ask("POST", "faults", {"kind": FaultKind(kind).value} | details)

    def throttle(self, times: int | None = 1) -> None:
        """Answers 429 without accepting."""
        self.fault(
            "error_before",
            times=times,
            code="TooManyRequestsException",
            status=429,
            message="Maximum sending rate exceeded.",
        )

    def clear(self) -> None:
        """Takes all faults back."""
        self._ask("DELETE", "faults")

    def change(self, **state: Any) -> None:
        """Sets fields of `desk.Account` (quota, paused, …) and `publisher.Habits` (events, copies, …)."""
        self._ask("POST", "state", state)

    def fate(self, fates: Mapping[str, Fate | str]) -> None:
        """What becomes of messages to these addresses; "*" is everybody else."""
        self.change(fates={address: Fate(fate).value for address, fate in fates.items()})

    def _ask(self, method: str, what: str, told: dict[str, Any] | None = None) -> Any:
        body = None if told is None else json.dumps(told).encode()
        with urlopen(Request(self.url + CONTROL + what, data=body, method=method), timeout=30) as answer:
            return json.load(answer)
