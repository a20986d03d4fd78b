"""Lists of people in and out as CSV. The same file imported twice changes nothing the second time.

An import never overrules a person: who unsubscribed or is suppressed stays out, and what somebody chose on
the preferences page stands. Every change leaves a line of history that names the file.
"""

import csv
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Self

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from subscribers.batch import Counts, import_batch
from subscribers.errors import TransferError
from subscribers.models import SubscriptionStatus
from subscribers.people import Listed, list_subscribers
from subscribers.rows import Entry, find_columns, read_row
from subscribers.tables import Record, Table, guarded

_BATCH = 2_000  # rows a transaction
_TELL_EVERY = 20_000  # rows
_SEPARATOR_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

OpenSession = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Imported:
    """What came of an import, in rows: rows = added + updated + unchanged + refused + kept_out.

    `kept_out` are people who unsubscribed or are suppressed. `errors_file` holds the refused rows with
    what is wrong with each, ready to be mended and imported; None when there are none.
    """

    rows: int
    added: int
    updated: int
    unchanged: int
    refused: int
    kept_out: int
    errors_file: Path | None = None


def import_csv(
    open_session: OpenSession,
    file: Path,
    *,
    newsletter: str,
    now: datetime,
    key: bytes,
    who: str = "",
    confirmed: bool = False,
    progress: Callable[[str], None] = lambda _text: None,
    dry_run: bool = False,
    errors_file: Path | None = None,
    sections: Collection[str] | None = None,
    language: str = "en",
) -> Imported:
    """Import a list. Encoding, separator and columns are found by themselves; memory stays flat.

    `confirmed`: the team vouches that people agreed to get this newsletter, where a row does not say; others
    are kept as pending. Each batch is a transaction: an import that was cut off is begun again and goes on.
    `dry_run` changes nothing. Raises TransferError for a file that is not such a list.
    """
    errors_file = errors_file or _beside(file)
    if errors_file.absolute() == file.absolute():
        raise TransferError(f"{file.name} cannot be the file for refused rows, too. Name another.")
    with _opened(file) as table, _Refused(errors_file, table.header) as refused:
        columns = find_columns(table.header)
        progress(_told(file, table, columns.ignored))
        run = _Run(open_session, newsletter, now, key, who or f"import:{file.name}", language, dry_run)
        for record in table.rows():
            run.rows += 1
            try:
                entry = read_row(record, columns, confirmed=confirmed, sections=sections)
            except ValueError as error:
                refused.add(record, str(error))
            else:
                run.take(entry)
            if run.rows % _TELL_EVERY == 0:
                progress(f"{run.rows:,} rows read; {run.counts.added:,} people added so far.")
        run.finish()
        return run.imported(refused)


@dataclass
class _Run:
    """One import on its way."""

    open_session: OpenSession
    newsletter: str
    now: datetime
    key: bytes
    who: str
    language: str
    dry_run: bool
    rows: int = 0
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self._batch: dict[str, Entry] = {}
        self._seen: set[int] = set()  # only a dry run needs to remember: it stores nothing

    def take(self, entry: Entry) -> None:
        """Add a row to the batch. Of two rows for one address, the one that says good-bye counts."""
        fingerprint = hash(entry.key)
        known = self._batch.get(entry.key)
        if known is not None or fingerprint in self._seen:
            self.counts += Counts(unchanged=1)
            if known is not None and entry.status is SubscriptionStatus.UNSUBSCRIBED:
                self._batch[entry.key] = entry
            return
        if self.dry_run:
            self._seen.add(fingerprint)
        self._batch[entry.key] = entry
        if len(self._batch) >= _BATCH:
            self.finish()

    def finish(self) -> None:
        """Import what is waiting. Two imports at once may both add a person: the later one looks again."""
        try:
            self.counts += self._import()
        except IntegrityError:
            self.counts += self._import()
        self._batch.clear()

    def _import(self) -> Counts:
        with self.open_session() as session:
            return import_batch(
                session,
                list(self._batch.values()),
                newsletter=self.newsletter,
                key=self.key,
                who=self.who,
                now=self.now,
                language=self.language,
                dry_run=self.dry_run,
            )

    def imported(self, refused: "_Refused") -> Imported:
        counts = self.counts
        return Imported(
            rows=self.rows,
            added=counts.added,
            updated=counts.updated,
            unchanged=counts.unchanged,
            refused=refused.count,
            kept_out=counts.kept_out,
            errors_file=refused.path if refused.count else None,
        )


class _Refused:
    """The file of refused rows; made with the first of them."""

    def __init__(self, path: Path, header: tuple[str, ...]) -> None:
        self.path = path
        self.count = 0
        kept = [place for place, name in enumerate(header) if name.lower() not in {"line", "problem"}]
        self._header, self._kept = header, kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.count:
            self._file.close()

    def add(self, record: Record, problem: str) -> None:
        if not self.count:
            self._open()
        self.count += 1
        cells = [guarded(cell.replace("\x00", "")) for cell in record.cells]
        mine = [cells[place] if place < len(cells) else "" for place in self._kept]
        self._writer.writerow([record.line, problem, *mine, *cells[len(self._header) :]])

    def _open(self) -> None:
        try:
            self._file = self.path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise TransferError(
                f"rows were refused, and the file for them, {self.path}, cannot be written "
                f"({error.strerror}). Copy the list to a folder that can be written to."
            ) from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(["line", "problem", *(self._header[place] for place in self._kept)])


class _opened:  # noqa: N801 - used like contextlib.closing
    """A table that is closed at the end, with errors that name the file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> Table:
        try:
            self.table = Table(self.file)
        except OSError as error:
            raise TransferError(f"{self.file} cannot be read: {error.strerror}.") from error
        return self.table

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.table.close()
        if isinstance(error, TransferError) and self.file.name not in str(error):
            raise TransferError(f"{self.file.name}: {error}") from error


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.stem}.errors.csv")


def _told(file: Path, table: Table, ignored: tuple[str, ...]) -> str:
    used = ", ".join(name for name in table.header if name and name not in ignored)
    rest = f"; not used: {', '.join(ignored)}" if ignored else ""
    separated = _SEPARATOR_WORDS.get(table.separator, table.separator)
    return f"{file.name}: {table.encoding}, separated by {separated}; columns {used}{rest}."


EXPORTED = (
    "email",
    "name",
    "status",
    "joined",
    "cadence",
    "topics",
    "paused_until",
    "timezone",
    "language",
    "letter_format",
    "suppressed",
)


def export_csv(open_session: OpenSession, file: Path, *, newsletter: str, key: bytes) -> int:
    """Write everybody who ever asked anything of this newsletter; the number of people. UTF-8, commas.

    Cells that a spreadsheet would run get an apostrophe; `import_csv` takes it away again.
    """
    count = 0
    with open_session() as session, _writable(file) as out:
        writer = csv.writer(out)
        writer.writerow(EXPORTED)
        for person in list_subscribers(session, newsletter, key=key):
            writer.writerow(_cells(person))
            count += 1
    return count


def _writable(file: Path) -> IO[str]:
    try:
        return file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise TransferError(
            f"{file} cannot be written ({error.strerror}). Name a file in a folder that is there."
        ) from error


def _cells(person: Listed) -> list[str]:
    flat = person.as_json() | {"topics": ";".join(person.topics or ())}
    return [guarded(str(flat[name] or "")) for name in EXPORTED]
