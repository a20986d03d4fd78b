"""The embedded transport: a folder of .eml files, one for each delivery, whole or not there."""

import errno
import os
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from flows.errors import StopRun, Uncertain

_DELIVERY_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class Outbox:
    """Writes letters to `folder`. The same delivery twice is one file, for its name is the delivery's id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, delivery_id: str, address: str, raw: bytes, tags: Mapping[str, str]) -> str:
        """The file's name. Raises StopRun when the folder cannot be written to; nothing is there then."""
        target = self._file(delivery_id)
        draft = self.folder / f".{delivery_id}-{os.getpid()}-{threading.get_ident()}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(draft, raw)
            _publish(draft, target)
        except OSError as error:
            raise StopRun(
                f"the outbox {self.folder} cannot be written to ({error.strerror}). "
                "Make room or give access, then resume the edition."
            ) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        self._make_name_durable(target)
        return target.name

    def look_up(self, delivery_id: str) -> str | None:
        """The file's name; None when there is none, and that is certain."""
        target = self._file(delivery_id)
        return target.name if target.exists() else None

    def _file(self, delivery_id: str) -> Path:
        if not _DELIVERY_ID.fullmatch(delivery_id):
            raise ValueError(f"{delivery_id!r} is not a delivery id")
        return self.folder / f"{delivery_id}.eml"

    def _make_name_durable(self, target: Path) -> None:
        try:
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Uncertain(f"{target} is written, but may not outlast a power cut: {error.strerror}") from error


def _write(path: Path, raw: bytes) -> None:
    with path.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def _publish(draft: Path, target: Path) -> None:
    """Give the finished draft its name; what bears that name already stays."""
    try:
        os.link(draft, target)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        draft.replace(target)  # some file systems have no links
