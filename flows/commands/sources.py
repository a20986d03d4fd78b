"""`masthead sources …` and `masthead articles …`: what comes in."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.common import DATA, AsJson, Data, Limit, house, say, show

if TYPE_CHECKING:
    from flows.articles.importing import Line

app = typer.Typer(no_args_is_help=True, help="Feeds: where articles come from.")
articles = typer.Typer(no_args_is_help=True, help="Articles: what the feeds brought.")

Id = Annotated[int, typer.Argument(max=2**31 - 1, help="Number of the source, as `masthead sources list` shows it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
WHO = "command line"  # in the log
_OPTIONAL = {"topic", "yield", "error"}  # columns of the list that are left out where nobody has any


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Address of the feed, or of a page that names its feed.")],
    data: Data = DATA,
    topic: Annotated[str, typer.Option(help="Section that its articles lean to.")] = "",
    title: Annotated[str, typer.Option(help="Its name; without it, the feed's own.")] = "",
) -> None:
    """Look at a feed, say what it brings, and add it. An address that is no feed is refused with the reason.

    An address that belongs to a source that was merged leads to the one that stands for it.
    """
    from flows.articles import tending
    from flows.articles.check import diagnose
    from flows.database import reading, transaction

    opened = house(data)
    with reading(opened.engine) as session:
        known = tending.find_address(session, url)
    if known:
        say(known.sentence)
        return
    found = diagnose(url, opened.settings, now=opened.clock())
    for line in found.lines():
        say(line)
    with transaction(opened.engine) as session:
        added = tending.add(
            session, found.feed_url, title=title or found.title, topic=topic, now=opened.clock(), who=WHO
        )
    say(added.sentence)
    if added.taken is tending.Taken.NEW:
        say("`masthead collect` fetches it now; the timetable does every hour.")


@app.command("check")
def check(url: str, data: Data = DATA) -> None:
    """Explain a feed as a doctor would, and store nothing. Exit code 1 where something is amiss.

    Each finding is ok, a note (we cope) or a trouble (something is lost), with what we do about it and what the
    publisher could mend.
    """
    from flows.articles.check import diagnose, reason_of
    from flows.articles.findings import Level
    from flows.errors import FetchError, ReadError

    opened = house(data)
    say(f"Asked: {url}")
    try:
        found = diagnose(url, opened.settings, now=opened.clock())
    except (FetchError, ReadError) as error:
        say(f"{Level.TROUBLE:<8} {reason_of(error)}")
        say(f"\nIt would be refused ({error.code}).")
        raise typer.Exit(1) from error
    for line in found.report():
        say(line)
    if any(finding.level is Level.TROUBLE for finding in found.findings):
        raise typer.Exit(1)


@app.command("import")
def import_opml(
    place: Annotated[str, typer.Argument(metavar="FILE|URL", help="An OPML file, or its web address.")],
    data: Data = DATA,
    dry_run: DryRun = False,
) -> None:
    """Add every feed of an OPML list; its folders become topics. What is there already stays as it is."""
    from flows.articles.importing import fetch_list, import_sources, plan_import
    from flows.articles.opml import read_opml
    from flows.database import reading, transaction

    opened = house(data)
    is_web = place.lower().startswith(("http://", "https://"))
    outlines = read_opml(fetch_list(place, opened.settings) if is_web else _bytes_of(Path(place)))
    if dry_run:
        with reading(opened.engine) as session:
            lines = plan_import(session, outlines)
        _show_lines(lines)
        return
    with transaction(opened.engine) as session:
        lines = import_sources(session, outlines, now=opened.clock(), who=WHO)
    say(f"{len(lines)} feeds of {place}: {_summary(lines)}. `masthead collect` fetches them now.")


def _show_lines(lines: "Sequence[Line]") -> None:
    rows = [
        {"title": line.title, "url": line.url, "topic": line.topic, "what": line.fate.value, "why": line.note}
        for line in lines
    ]
    show(rows, ["what", "title", "topic", "url", "why"], as_json=False, nothing="The list names no feed.")
    say(f"{_summary(lines)}. Nothing was changed.")


def _summary(lines: "Sequence[Line]") -> str:
    from flows.articles.importing import Fate

    counts = {fate: sum(line.fate is fate for line in lines) for fate in Fate}
    bad = f", {counts[Fate.BAD]} with a bad address" if counts[Fate.BAD] else ""
    return f"{counts[Fate.NEW]} new, {counts[Fate.THERE]} there already{bad}"


def _bytes_of(file: Path) -> bytes:
    from flows.errors import MastheadError

    try:
        return file.read_bytes()
    except OSError as error:
        raise MastheadError(f"{file} cannot be read ({error.strerror}). Give the path of an OPML file.") from error


@app.command("export")
def export_opml(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; without it, standard output.")] = None,
    data: Data = DATA,
) -> None:
    """Write the sources as OPML, topics as folders; retired and merged ones are left out."""
    from flows.articles.importing import outlines_of
    from flows.articles.opml import write_opml
    from flows.database import reading
    from flows.errors import MastheadError

    opened = house(data)
    with reading(opened.engine) as session:
        outlines = list(outlines_of(session))
    document = write_opml(outlines, title=f"{opened.settings.newsletter.name}: sources")
    if file is None:
        say(document.rstrip("\n"))
        return
    try:
        file.write_text(document, "utf-8")
    except OSError as error:
        raise MastheadError(f"{file} cannot be written ({error.strerror}). Name another place.") from error
    say(f"{len(outlines)} sources are in {file}.")


@app.command("pause")
def pause(source: Id, data: Data = DATA) -> None:
    """Ask a source no more until it is resumed; its articles stay."""
    from flows.articles import tending

    _tend(data, source, tending.pause)
    say(f"Source {source} is paused. `masthead sources resume {source}` takes it up again.")


@app.command("resume")
def resume(source: Id, data: Data = DATA) -> None:
    """Ask a paused or retired source again; it is due at once."""
    from flows.articles import tending

    _tend(data, source, tending.resume)
    say(f"Source {source} is asked again with the next `masthead collect`.")


@app.command("merge")
def merge(
    source: Id,
    into: Annotated[int, typer.Argument(max=2**31 - 1, help="Number of the source that stands for both afterwards.")],
    data: Data = DATA,
    dry_run: DryRun = False,
) -> None:
    """Merge a source into another: its articles go over, and its address leads there. This cannot be undone."""
    from flows.articles import merging
    from flows.database import reading, transaction

    opened = house(data)
    if dry_run:
        with reading(opened.engine) as session:
            say(f"{merging.plan_merge(session, source, into).sentence} Nothing was changed.")
        return
    with transaction(opened.engine) as session:
        say(merging.merge(session, source, into, now=opened.clock(), who=WHO).sentence)


@app.command("move")
def move(source: Id, url: Annotated[str, typer.Argument(help="Its new address.")], data: Data = DATA) -> None:
    """Give a source another address; `undo-move` puts it back."""
    from flows.articles import tending
    from flows.database import transaction

    opened = house(data)
    with transaction(opened.engine) as session:
        tending.move_to(session, source, url, now=opened.clock(), who=WHO)
    say(f"Source {source} is asked at its new address. `masthead sources undo-move {source}` puts it back.")


@app.command("undo-move")
def undo_move(source: Id, data: Data = DATA) -> None:
    """Put a source that has moved back to its old address."""
    from flows.articles import tending

    _tend(data, source, tending.move_back)
    say(f"Source {source} is asked at its old address again.")


def _tend(data: Path, source: int, change: Any) -> None:
    from flows.database import transaction

    opened = house(data)
    with transaction(opened.engine) as session:
        change(session, source, now=opened.clock(), who=WHO)


@app.command("list")
def list_all(data: Data = DATA, as_json: AsJson = False) -> None:
    """List the sources and how they do.

    JSON fields: id, title, url, site_url, topic, status (active, paused, retired, merged), health (well, failing,
    silent, new, paused, retired, merged), articles (duplicates not counted), weekly (articles of each of the last
    12 weeks, oldest first), seen (articles that were candidates of approved editions), chosen (those that editors
    chose), yield (chosen / seen, null if never seen), full_text (share of articles whose text is whole, null without
    articles), pages_failing (articles whose page cannot be had), silent_since (null, or since when it has been
    silent beyond its own rhythm), silence (the same as a sentence), weight (score points), created_at,
    last_tried_at, last_success_at, last_new_at, failures (in a row), error_code, error, error_since, warning,
    next_due_at, interval_s (rest between two requests, in seconds), moved_from (address before the last move),
    merged_into (id of the source that stands for it, or null), https_only, language.
    """
    from flows.articles.health import list_sources
    from flows.database import reading

    opened = house(data)
    with reading(opened.engine) as session:
        rows = list_sources(session, opened.clock())
    told = rows if as_json else [_told(row) for row in rows]
    columns = ("id", "title", "topic", "health", "articles", "last_success", "yield", "12_weeks", "error")
    show(
        told,
        [name for name in columns if name not in _OPTIONAL or any(row[name] for row in told)],
        as_json=as_json,
        nothing="No source yet: `masthead sources add URL` or `masthead sources import FILE.opml`.",
        whole=("health", "last_success", "12_weeks"),
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    from flows.articles.saying import sparkline

    return row | {
        "last_success": f"{row['last_success_at']:%Y-%m-%d}" if row["last_success_at"] else "",
        "yield": f"{row['chosen']} of {row['seen']}" if row["seen"] else "",
        "12_weeks": sparkline(row["weekly"]),
        "error": row["error"] if row["health"] == "failing" else row["silence"],
    }


@articles.command("list")
def list_articles_command(data: Data = DATA, limit: Limit = 1000, as_json: AsJson = False) -> None:
    """List articles, newest first.

    JSON fields: title, source (its name), link (without tracking), published (ISO 8601, or null), words, minutes
    (of reading), language (two letters, "" if unknown), text_from (feed: the feed gives it whole; teaser: only its
    beginning, and page_error says why; page: from its web page), page_error, image (its picture's address), text
    (clean, paragraphs parted by an empty line).
    """
    from flows.articles.store import list_articles
    from flows.database import reading

    opened = house(data)
    with reading(opened.engine) as session:
        rows = list_articles(session, limit=limit)
    show(
        rows,
        ["title", "source", "published", "language", "minutes", "text_from"],
        as_json=as_json,
        nothing="No article yet: `masthead sources add URL`, then `masthead collect`.",
    )
