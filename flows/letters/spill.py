"""What the mail service answered, kept in a small file until the database has it.

Between an answer and its commit, a crash or a full disk would turn a known result into an unknown one. The
file is made and filled at its full size before anything is sent, so that a full disk cannot stop a note.
"""

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.letters.ledger import Answer, Course
from flows.models import LetterStatus

_SIZE = 256 * 1024
_BLANK = b"\0"


@dataclass(frozen=True)
class Settled:
    """One letter's answer under one fence; what `store.settle` takes."""

    delivery_id: str
    fence: int
    answer: Answer


class Spill:
    """Notes of one edition's results; written by several threads, read by the next run."""

    def __init__(self, path: Path) -> None:
        """Opens the file, making it if need be. Raises OSError where there is no room for it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._end = len(_noted(self._read()))
        missing = _SIZE - os.fstat(self._file).st_size
        if missing > 0:
            os.pwrite(self._file, _BLANK * missing, _SIZE - missing)
            os.fsync(self._file)

    def note(self, settled: Settled) -> None:
        """Outlasts the end of this process; `keep` makes it outlast a power cut."""
        line = json.dumps(asdict(settled)).encode() + b"\n"
        with self._lock:
            os.pwrite(self._file, line, self._end)
            self._end += len(line)

    def noted(self) -> list[Settled]:
        """What is in the file; a last line that was cut off is left out."""
        whole, _, _ = _noted(self._read()).rpartition(b"\n")
        return [_settled(line) for line in whole.split(b"\n") if line]

    def keep(self) -> None:
        """Force the notes onto the disk: the database has failed to take them."""
        os.fsync(self._file)

    def clear(self) -> None:
        """The database has them all."""
        with self._lock:
            os.pwrite(self._file, _BLANK * self._end, 0)
            self._end = 0

    def close(self) -> None:
        os.close(self._file)

    def _read(self) -> bytes:
        return os.pread(self._file, os.fstat(self._file).st_size, 0)


def _noted(content: bytes) -> bytes:
    return content.partition(_BLANK)[0]


def _settled(line: bytes) -> Settled:
    document = json.loads(line)
    answer = document["answer"]
    answer["status"] = LetterStatus(answer["status"])
    answer["course"] = Course(answer["course"])
    return Settled(document["delivery_id"], document["fence"], Answer(**answer))
