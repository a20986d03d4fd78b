"""Switches for what may go wrong between us and SES, each named by when it strikes."""

import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from random import Random
from typing import Any


class FaultKind(StrEnum):
    """`before` and `after` are seen from acceptance: after it, the letter goes out whatever we hear."""

    DROP_BEFORE = "drop_before"  # connection reset, nothing accepted
    DROP_AFTER = "drop_after"  # accepted, then the connection is reset: the reply is lost
    HANG_BEFORE = "hang_before"  # no answer for `seconds`, nothing accepted
    HANG_AFTER = "hang_after"  # accepted, no answer for `seconds`
    CUT_AFTER = "cut_after"  # accepted, the answer ends in the middle of its body
    ERROR_BEFORE = "error_before"  # `code`, `status`, `message`; nothing accepted
    ERROR_AFTER = "error_after"  # accepted, and yet an error
    GARBAGE_AFTER = "garbage_after"  # accepted, 200 with something that is not JSON
    EMPTY_AFTER = "empty_after"  # accepted, 200 with {} and no MessageId
    KILL_AFTER = "kill_after"  # accepted, then `on_kill` is run before anything is answered

    @property
    def accepts(self) -> bool:
        return self.value.endswith("_after")


@dataclass
class Fault:
    """Strikes `times` sends (None: all) at random with `share`, of `address` alone if given."""

    kind: FaultKind
    times: int | None = 1
    share: float = 1.0
    address: str = ""
    code: str = "InternalServiceErrorException"
    status: int = 500
    message: str = "The double was told to fail."
    seconds: float = 5.0
    pid: int = 0  # of the process that KILL_AFTER kills

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Faults:
    """The switches in the order they were set; the first that strikes a send is spent on it."""

    def __init__(self, seed: int) -> None:
        self._faults: list[Fault] = []
        self._chance = Random(seed)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def strike(self, address: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.address not in {"", address} or self._chance.random() >= fault.share:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None
