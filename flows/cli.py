"""`masthead …`: every command of the house. Prefect, the database and the web are imported late, inside commands."""

import sys
from importlib.metadata import version

import typer

from flows.commands import editions, letters, people, ranking, running, sources
from flows.errors import MastheadError
from subscribers.errors import SubscribersError

app = typer.Typer(
    name="masthead",
    help="A curated e-mail newsletter, from feeds to letters.\n\n"
    "Begin with `masthead demo`. Every command takes --data DIR (or MASTHEAD_DATA): one folder is one "
    "installation, and several live side by side.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 110},
)
running.register(app)
editions.register(app)
ranking.register(app)
app.add_typer(sources.app, name="sources")
app.add_typer(sources.articles, name="articles")
app.add_typer(editions.stories, name="stories")
app.add_typer(editions.editions, name="editions")
app.add_typer(editions.ranker, name="ranker")
app.add_typer(letters.app, name="letters")
app.add_typer(people.subscribers, name="subscribers")
app.add_typer(people.users, name="users")


@app.command("version")
def show_version() -> None:
    """Print the version."""
    typer.echo(version("masthead"))


def main() -> None:
    """The entry point: an error that we expected is one sentence on standard error, and exit code 2."""
    try:
        app()
    except (MastheadError, SubscribersError) as error:
        typer.echo(f"masthead: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `masthead letters list | head`
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
