"""The one seat at which a data folder sends an edition: a file lock, so the kernel tells who has died."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.errors import LeaseError


@dataclass(frozen=True)
class Seat:
    """`place` names the lock file for certain: this machine, this file. Only one process sits there."""

    place: str
    pid: int

    @property
    def owner(self) -> str:
        """How the lease names us."""
        return f"{self.place} process {self.pid}"

    def outlived(self, owner: str) -> bool:
        """Was that owner at this seat before us? Then it is dead, for we hold the lock it held."""
        return owner.startswith(f"{self.place} process ")


@contextmanager
def take_seat(folder: Path, edition_id: int) -> Iterator[Seat]:
    """Holds the seat. Raises LeaseError when another process of this folder has it.

    A lock of the kernel ends with its process, however that ended. So after a crash nobody need wait for
    the lease to run out, and a process that is merely slow is never mistaken for a dead one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"edition-{edition_id}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LeaseError(
                f"another process on {folder.parent} is sending edition {edition_id} already; this one leaves it alone."
            ) from error
        facts = os.fstat(file.fileno())
        place = f"{socket.gethostname()[:30]} {facts.st_dev:x}.{facts.st_ino:x}"
        yield Seat(place, os.getpid())
