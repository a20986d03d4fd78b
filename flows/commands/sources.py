"""`masthead sources …` and `masthead articles …`: what comes in."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.common import DATA, AsJson, Data, Limit, house, say, show

app = typer.Typer(no_args_is_help=True, help="Feeds: where articles come from.")
articles = typer.Typer(no_args_is_help=True, help="Articles: what the feeds brought.")


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Address of the feed, or of a page that names its feed.")],
    data: Data = DATA,
    topic: Annotated[str, typer.Option(help="Section that its articles lean to.")] = "",
    title: Annotated[str, typer.Option(help="Its name; without it, the feed's own.")] = "",
) -> None:
    """Look at a feed, say what it brings, and add it. An address that is no feed is refused with the reason."""
    from flows.articles.check import diagnose
    from flows.articles.store import add_source
    from flows.database import transaction

    opened = house(data)
    found = diagnose(url, opened.settings, now=opened.clock())
    for line in found.lines():
        say(line)
    with transaction(opened.engine) as session:
        source = add_source(session, found.feed_url, title=title or found.title, topic=topic, now=opened.clock())
        name = source.title or source.url
    say(f"Added: {name}. `masthead collect` fetches it now; the timetable does every hour.")


@app.command("check")
def check(url: str, data: Data = DATA) -> None:
    """Explain a feed as a doctor would, and store nothing."""
    from flows.articles.check import diagnose

    opened = house(data)
    for line in diagnose(url, opened.settings, now=opened.clock()).lines():
        say(line)


@app.command("import")
def import_opml(file: Annotated[Path, typer.Argument(help="The OPML file.")], data: Data = DATA) -> None:
    """Add every feed of an OPML file; its folders become topics. What is there already stays as it is."""
    from flows.articles.opml import read_opml
    from flows.articles.store import add_source
    from flows.database import transaction
    from flows.errors import MastheadError

    opened = house(data)
    try:
        outlines = read_opml(file.read_bytes())
    except OSError as error:
        raise MastheadError(f"{file} cannot be read ({error.strerror}). Give the path of an OPML file.") from error
    with transaction(opened.engine) as session:
        for outline in outlines:
            add_source(session, outline.url, title=outline.title, topic=outline.topic, now=opened.clock())
    say(f"{len(outlines)} feeds of {file} are in the list. `masthead collect` fetches them now.")


@app.command("list")
def list_all(data: Data = DATA, as_json: AsJson = False) -> None:
    """List the sources and how they do.

    JSON fields: id, title, url, topic, status (active, paused, retired), health (well, failing, new, paused,
    retired), articles, last_success_at, failures, error_code, error, error_since, warning, next_due_at.
    """
    from flows.articles.store import list_sources
    from flows.database import reading

    opened = house(data)
    with reading(opened.engine) as session:
        rows = list_sources(session)
    show(
        rows,
        ["title", "topic", "health", "articles", "last_success_at", "error"],
        as_json=as_json,
        nothing="No source yet: `masthead sources add URL` or `masthead sources import FILE.opml`.",
    )


@articles.command("list")
def list_articles_command(data: Data = DATA, limit: Limit = 1000, as_json: AsJson = False) -> None:
    """List articles, newest first.

    JSON fields: title, source (its name), link (without tracking), published (ISO 8601, or null), words, text
    (clean, paragraphs parted by an empty line).
    """
    from flows.articles.store import list_articles
    from flows.database import reading

    opened = house(data)
    with reading(opened.engine) as session:
        rows = list_articles(session, limit=limit)
    show(
        rows,
        ["title", "source", "published", "words"],
        as_json=as_json,
        nothing="No article yet: `masthead sources add URL`, then `masthead collect`.",
    )
