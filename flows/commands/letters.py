"""`masthead letters …`: who got what, for certain."""

from typing import Annotated

import typer

from flows.commands.common import DATA, AsJson, Data, Limit, house, say, show

app = typer.Typer(no_args_is_help=True, help="Letters: one for each edition and person.")


@app.command("list")
def list_all(
    data: Data = DATA,
    edition: Annotated[
        int | None, typer.Option("--edition", max=2**31 - 1, help="Number of the edition; all without it.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            help="queued, claimed, submitting, accepted, delivered, bounced, complained, failed, skipped, unknown."
        ),
    ] = None,
    limit: Limit = 1000,
    as_json: AsJson = False,
) -> None:
    """List letters and their fate.

    JSON fields: edition (number), subscriber (id), address, status, reason, attempts, delivery_id, provider_id
    (SES MessageId or file name), claimed_at, submitted_at, settled_at (ISO 8601 with zone, or null).
    """
    from flows.database import reading
    from flows.editions.store import edition_by_number
    from flows.errors import MastheadError
    from flows.letters.store import list_letters
    from flows.models import LetterStatus

    opened = house(data)
    if status is not None and status not in set(LetterStatus):
        raise MastheadError(f"no letter is ever “{status}”; choose one of {', '.join(LetterStatus)}.")
    with reading(opened.engine) as session:
        edition_id = edition_by_number(session, edition).id if edition is not None else None
        rows = list_letters(
            session, edition_id=edition_id, status=LetterStatus(status) if status else None, limit=limit
        )
    show(
        rows,
        ["edition", "address", "status", "reason", "provider_id"],
        as_json=as_json,
        nothing="No letters yet: approve an edition, then `masthead deliver`.",
    )


@app.command("settle")
def settle(
    number: Annotated[int, typer.Argument(help="Number of the edition.")],
    by: Annotated[str, typer.Option("--by", help="Address of the team member who decides.")],
    data: Data = DATA,
    send_again: Annotated[
        bool,
        typer.Option("--send-again/--accepted", help="Queue them again (some people may get two), or call them sent."),
    ] = False,
) -> None:
    """Decide by hand about the letters of an edition that nobody can tell of: sent, or to be sent again."""
    from flows.commands.editions import approver
    from flows.database import reading
    from flows.editions.store import edition_by_number
    from flows.letters.recovery import decide_unknown
    from flows.letters.store import list_letters
    from flows.models import LetterStatus

    opened = house(data)
    who = approver(opened, by)
    with reading(opened.engine) as session:
        edition_id = edition_by_number(session, number).id
        unknown = list_letters(session, edition_id=edition_id, status=LetterStatus.UNKNOWN, limit=1_000_000)
    ids = [str(letter["delivery_id"]) for letter in unknown]
    decided = decide_unknown(opened.engine, ids, send_again=send_again, by=who, now=opened.clock())
    say(f"{decided:,} letters {'are queued again: `masthead deliver`' if send_again else 'count as accepted'}.")
