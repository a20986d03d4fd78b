"""What every command shares: the data folder, and lists that are a table for people or JSON for scripts."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from flows.house import House

Data = Annotated[
    Path,
    typer.Option("--data", envvar="MASTHEAD_DATA", help="The data folder of the installation.", show_envvar=True),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")]
DATA = Path(".masthead")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def house(data: Path, **overrides: Any) -> "House":
    """The installation in `data`, made if it is not there yet."""
    from flows.house import open_house

    return open_house(data, **overrides)


def say(line: str) -> None:
    """A line of progress, at once."""
    print(line, flush=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, ensure_ascii=False, indent=1, default=plain))


def plain(value: Any) -> Any:
    """A value as JSON has it: times in ISO 8601 with their zone."""
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def show(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    nothing: str,
    whole: Sequence[str] = (),
) -> None:
    """Print rows: all fields as JSON, or the named columns as a table; `nothing` says what to do if there are none.

    Columns that stand in `whole` are never broken, however narrow the terminal.
    """
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        print(nothing)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        number = all(isinstance(row.get(column), int | float) for row in rows)
        table.add_column(
            column.replace("_", " "), justify="right" if number else "left", overflow="fold", no_wrap=column in whole
        )
    for row in rows:
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    Console(soft_wrap=False).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    text = str(value)
    if _ISO.match(text):
        return text[:16].replace("T", " ")
    return text if len(text) <= 90 else text[:89] + "…"
