"""The small interface behind which letters leave the house."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Unclear:
    """The transport cannot tell whether it holds a delivery."""


class Transport(Protocol):
    """Hands over one letter a call; used by several threads at once."""

    def send(self, delivery_id: str, address: str, raw: bytes, tags: Mapping[str, str]) -> str:
        """The provider's id of the accepted letter.

        Raises Refused, TryAgain, PauseRun, StopRun or Uncertain (errors.py says what follows from each).
        """
        ...

    def look_up(self, delivery_id: str) -> str | Unclear | None:
        """The provider's id if the letter is held; None if for certain it is not and never will be."""
        ...
