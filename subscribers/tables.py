"""Tables as files: a CSV in whatever encoding and with whatever separator, row by row; cells written safely.

Memory stays flat: no file is ever held whole.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from subscribers.errors import TransferError

_CHUNK = 1 << 20
_SAMPLE = 64 * 1024
_SEPARATORS = (",", ";", "\t", "|")
_LONGEST_LINE = 131_072
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSES = ["cp1250", "cp1252", "cp1251", "iso8859_2", "iso8859_15"]

# What a spreadsheet would run: a formula sign, bare or full-width, also behind blanks and quotation marks.
_FORMULA = re.compile(r"[\s\"'‘’“”]*[=+\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True)
class Record:
    """One row: the line it begins on (from 1), its cells, and `trouble` if it could not be read as a row."""

    line: int
    cells: tuple[str, ...]
    trouble: str = ""


def encoding_of(path: Path) -> str:
    """The file's encoding, by its BOM, by being UTF-8 throughout, or by a guess. Raises TransferError."""
    try:
        with path.open("rb") as file:
            head = file.read(_SAMPLE)
            for bom, name in _BOMS:
                if head.startswith(bom):
                    return name
            if wide := _wide_without_bom(head):
                return wide
            file.seek(0)
            odd = _not_utf8(file)
    except OSError as error:
        raise TransferError(f"{path} cannot be read: {error.strerror}.") from error
    if odd is None:
        return "utf-8"
    best = from_bytes(odd, cp_isolation=_GUESSES).best()
    return best.encoding if best else "cp1252"


def _wide_without_bom(head: bytes) -> str:
    """UTF-16 that does not say so: most letters leave every second byte zero, and the other never."""
    even, odd = head[:400:2], head[1:400:2]
    if odd.count(0) > len(odd) / 3 and 0 not in even:
        return "utf-16-le"
    if even.count(0) > len(even) / 3 and 0 not in odd:
        return "utf-16-be"
    return ""


def _not_utf8(file: IO[bytes]) -> bytes | None:
    """The neighbourhood of the first bytes that are not UTF-8; None when all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while chunk := file.read(_CHUNK):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return chunk[max(0, error.start - _SAMPLE // 2) :][:_SAMPLE]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return b"\xe9"
    return None


class Table:
    """A CSV file, opened: its header, and its rows one at a time.

    A quotation mark that is never closed spoils its own row alone: the lines it would have swallowed are read
    again as rows of their own.
    """

    def __init__(self, path: Path) -> None:
        self.encoding = encoding_of(path)
        self._file = path.open(encoding=self.encoding, errors="replace", newline="")
        self._line = 0
        self._waiting: deque[str] = deque()
        first = self._next_line() or ""
        told = re.fullmatch(r"\s*\"?sep=(.)\"?\s*", first)
        if told:
            first = self._next_line() or ""
        self.separator = told[1] if told else max(_SEPARATORS, key=first.count)
        self.header = tuple(cell.strip() for cell in _split(first, self.separator))

    def close(self) -> None:
        self._file.close()

    def rows(self) -> Iterator[Record]:
        """Every row but the header and blank lines."""
        while (line := self._next_line()) is not None:
            if self._is_cut(line):
                start = self._line
                while self._is_cut(line):
                    line = self._file.readline(_LONGEST_LINE)
                yield Record(start, (), f"it is longer than {_LONGEST_LINE} characters")
            elif line.strip(" \t\r\n" + self.separator):
                yield self._record(line)

    def _record(self, line: str) -> Record:
        if '"' not in line:
            return Record(self._line, tuple(line.rstrip("\r\n").split(self.separator)))
        start, taken, length = self._line, [line], len(line)
        is_open = _has_quoted_cell(line, self.separator) and line.count('"') % 2 == 1
        while is_open:
            more = self._next_line()
            if more is None or length > _LONGEST_LINE:
                taken += [] if more is None else [more]
                return self._spoiled(start, taken, "a quotation mark is opened and never closed")
            taken.append(more)
            length += len(more)
            is_open ^= more.count('"') % 2 == 1
        try:
            cells = _split("".join(taken), self.separator, strict=True)
        except csv.Error:
            return self._spoiled(start, taken, "its quotation marks do not match")
        if len(taken) > 1 and len(cells) != len(self.header):
            return self._spoiled(start, taken, "a quotation mark runs over several lines")
        return Record(start, cells)

    def _spoiled(self, start: int, taken: list[str], trouble: str) -> Record:
        """A row that cannot be read; the lines after its first are read again."""
        self._waiting.extendleft(reversed(taken[1:]))
        self._line = start
        return Record(start, tuple(taken[0].rstrip("\r\n").split(self.separator)), trouble)

    def _next_line(self) -> str | None:
        """The next line, cut where it is longer than any row can be; None at the end."""
        line = self._waiting.popleft() if self._waiting else self._file.readline(_LONGEST_LINE)
        self._line += bool(line)
        return line or None

    @staticmethod
    def _is_cut(line: str) -> bool:
        return len(line) >= _LONGEST_LINE and not line.endswith(("\n", "\r"))


def _has_quoted_cell(line: str, separator: str) -> bool:
    return line.startswith('"') or f'{separator}"' in line


def _split(text: str, separator: str, *, strict: bool = False) -> tuple[str, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    return tuple(next(reader, []))


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet takes it for a formula: an apostrophe before what looks like one."""
    return f"'{cell}" if cell.startswith("'") or _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that `guarded` put before it."""
    rest = cell[1:]
    return rest if cell.startswith("'") and (rest.startswith("'") or _FORMULA.match(rest)) else cell
