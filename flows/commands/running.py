"""Commands that run things: demo, up, and each verb once."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.common import DATA, Data, house, say

DEMO_DATA = DATA / "demo"


def register(app: typer.Typer) -> None:
    """Put these commands on the top level of `masthead`."""
    for command in (demo, up, collect, curate, deliver, listen, learn, tidy, doctor, settings):
        app.command()(command)


def demo(
    data: Annotated[Path, typer.Option("--data", envvar="MASTHEAD_DATA", help="The demo's data folder.")] = DEMO_DATA,
    live: Annotated[bool, typer.Option("--live", help="Collect the real feeds of deploy/demo/sources.opml.")] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve and send without a browser, print the receipt, end.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=1024, max=65500, help="Port of the pages; the two after it are used too."),
    ] = None,
) -> None:
    """A first edition in one command: sample feeds, a draft on the desk, letters in an outbox folder.

    Prints three links: the editors' desk (signed in), a reader's preferences page, the outbox. Nothing leaves
    this machine. Ctrl-C ends it; running it again goes on with the same data folder.
    """
    say(f"Masthead demo, in {data}. Loading …")
    from flows.demo import run_demo

    raise typer.Exit(run_demo(data, live=live, unattended=approve, port=port, say=say))


def up(data: Data = DATA, host: str | None = None, port: int | None = None) -> None:
    """Run the installation: pages, scheduler and worker in one process tree, until Ctrl-C.

    The timetable (settings newsletter.*_cron) collects, drafts and sends; the pages work without it too.
    """
    say(f"Masthead, in {data}. Loading …")
    from flows.serving import run_up

    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    raise typer.Exit(run_up(house(data, **chosen), say))


def collect(
    data: Data = DATA,
    due: Annotated[
        bool, typer.Option("--due", help="Only sources whose own time has come, as the timetable does.")
    ] = False,
) -> None:
    """Fetch every source that may be asked now, and store what is new. One bad source harms no other.

    Sources that failed are asked again when their wait is over; the page of each on the desk says when.
    """
    from flows.articles.collecting import collect_articles

    opened = house(data)
    collected = collect_articles(opened.engine, opened.settings, clock=opened.clock, progress=say, due_only=due)
    for name, sentence in collected.problems:
        say(f"  {name}: {sentence}")


def curate(data: Data = DATA) -> None:
    """Gather new articles into stories, rank them, and draft the next edition (or bring its draft up to date)."""
    from flows.editions.curating import curate_edition
    from flows.letters.post import mail_notices

    opened = house(data)
    curate_edition(opened.engine, opened.settings, clock=opened.clock, progress=say)
    mail_notices(opened.engine, opened.settings, opened.clock, say=say)


def deliver(data: Data = DATA) -> None:
    """Send what is approved and due, and settle what is unknown. Safe to run again after any crash."""
    from flows.letters.post import mail_notices
    from flows.letters.sending import deliver_editions, until_told_to_stop

    opened = house(data)
    with until_told_to_stop() as stop:
        done = deliver_editions(opened.engine, opened.settings, clock=opened.clock, progress=say, stop=stop)
    mail_notices(opened.engine, opened.settings, opened.clock, say=say)
    if not done:
        say("Nothing is approved and due.")


def listen(data: Data = DATA) -> None:
    """Take in what came back from Amazon SES (bounces, complaints, deliveries), once."""
    from flows.events.intake import listen_once

    opened = house(data)
    listen_once(opened.engine, opened.settings, clock=opened.clock, progress=say)


def learn(data: Data = DATA) -> None:
    """Train a candidate ranker on past decisions and back-test it; it waits for `masthead ranker approve`."""
    from flows.editions.learning import learn_ranker
    from flows.events.clicks import count_clicks

    opened = house(data)
    count_clicks(opened.engine, now=opened.clock(), progress=say)
    learn_ranker(opened.engine, opened.settings, clock=opened.clock, progress=say)


def tidy(data: Data = DATA) -> None:
    """Clear what has expired, and tell the editors of sources that fell silent."""
    from flows.upkeep import tidy_house

    opened = house(data)
    tidy_house(opened.engine, opened.settings, clock=opened.clock, progress=say)


def doctor(data: Data = DATA) -> None:
    """Say in plain words what is missing before real letters can go out; exit code 1 if anything is."""
    from flows.doctor import Verdict, examine

    findings = examine(house(data))
    for finding in findings:
        say(f"{finding.verdict.value:>8}  {finding.about}: {finding.sentence}")
    missing = sum(finding.verdict is Verdict.MISSING for finding in findings)
    say("Ready to send." if not missing else f"Not ready to send: {missing} things are missing.")
    raise typer.Exit(1 if missing else 0)


def settings(data: Data = DATA) -> None:
    """List every setting: its value now, its meaning with its unit, and where it came from. Secrets stay hidden."""
    from flows.settings import listing

    for line in listing(house(data).settings):
        say(line)
