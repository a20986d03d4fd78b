"""`masthead subscribers …` and `masthead users …`: readers, and the team."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.common import DATA, AsJson, Data, house, say, show

subscribers = typer.Typer(no_args_is_help=True, help="Readers and what they asked for.")
users = typer.Typer(no_args_is_help=True, help="The editorial team: who may sign in to the desk.")

File = Annotated[Path, typer.Argument(help="The CSV file.")]


@subscribers.command("list")
def list_readers(data: Data = DATA, as_json: AsJson = False) -> None:
    """List the readers of the newsletter.

    JSON fields: email, name, status (pending, confirmed, unsubscribed), joined, cadence, topics (null: all),
    paused_until, timezone, language, letter_format, suppressed (why we never write to the address, or "").
    """
    from flows.database import reading
    from subscribers.people import list_subscribers

    opened = house(data)
    slug, key = opened.settings.newsletter.slug, opened.settings.key
    with reading(opened.engine) as session:
        rows = [person.as_json() for person in list_subscribers(session, slug, key=key)]
    show(
        rows,
        ["email", "name", "status", "cadence", "topics", "paused_until", "suppressed"],
        as_json=as_json,
        nothing="Nobody yet: `masthead subscribers import FILE.csv`, or the sign-up page at /join.",
    )


@subscribers.command("import")
def import_readers(
    file: File,
    data: Data = DATA,
    confirmed: Annotated[
        bool,
        typer.Option("--confirmed", help="You have their consent, and vouch for it: they get letters."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")] = False,
) -> None:
    """Import readers from a CSV file with a column email (and name, topics, timezone, language if you like).

    The encoding and the separator are found. People who unsubscribed, bounced or complained stay out. Rows that
    cannot be read go to FILE.errors.csv, to be mended and imported again; the same file twice changes nothing.
    """
    from flows.database import transaction
    from subscribers.transfer import import_csv

    opened = house(data)
    imported = import_csv(
        lambda: transaction(opened.engine),
        file,
        newsletter=opened.settings.newsletter.slug,
        now=opened.clock(),
        who=f"import:{file.name}",
        confirmed=confirmed,
        key=opened.settings.key,
        progress=say,
        dry_run=dry_run,
        sections=[section.name for section in opened.settings.newsletter.sections],
        language=opened.settings.newsletter.language,
    )
    would = "would be " if dry_run else ""
    say(
        f"{imported.rows:,} rows: {imported.added:,} people {would}added, {imported.updated:,} {would}updated, "
        f"{imported.unchanged:,} as they were, {imported.kept_out:,} kept out (unsubscribed or suppressed), "
        f"{imported.refused:,} refused."
    )
    if not confirmed and imported.added:
        say(
            "Rows that do not say so themselves (a column confirmed) are kept as pending: nothing is sent to them. "
            "If you have their consent, import the file again with --confirmed."
        )
    if imported.errors_file:
        say(f"The refused rows, each with what is wrong: {imported.errors_file}. Mend them and import that file.")


@subscribers.command("export")
def export_readers(file: File, data: Data = DATA) -> None:
    """Export all readers to a CSV file that a spreadsheet may open safely and `import` reads back."""
    from flows.database import reading
    from subscribers.transfer import export_csv

    opened = house(data)
    count = export_csv(
        lambda: reading(opened.engine),
        file,
        newsletter=opened.settings.newsletter.slug,
        key=opened.settings.key,
    )
    say(f"{count} readers are in {file}.")


@users.command("add")
def add_user(
    email: str,
    data: Data = DATA,
    name: str = "",
    role: Annotated[str, typer.Option(help="editor, publisher (may approve) or admin.")] = "editor",
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password; without it, a link signs in.")
    ] = False,
) -> None:
    """Add somebody to the team, and print a link that signs them in for a day."""
    from flows.database import transaction
    from flows.editions.login import create_user
    from flows.errors import MastheadError
    from flows.models import UserRole

    if role not in set(UserRole):
        raise MastheadError(f"there is no role “{role}”; choose one of {', '.join(UserRole)}.")
    opened = house(data)
    secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    with transaction(opened.engine) as session:
        create_user(session, email, name=name, role=UserRole(role), password=secret, now=opened.clock())
    sign_in_link(email, data)


@users.command("link")
def sign_in_link(email: str, data: Data = DATA) -> None:
    """Print a link that signs this member of the team in; it is good for a day."""
    from sqlmodel import select

    from flows.database import transaction
    from flows.editions.login import make_sign_in_link
    from flows.errors import MastheadError
    from flows.models import User
    from subscribers.hygiene import email_key

    opened = house(data)
    with transaction(opened.engine) as session:
        user = session.exec(select(User).where(User.email_key == email_key(email))).first()
        if user is None:
            raise MastheadError(f"nobody on the team has the address {email}; add them with `masthead users add`.")
        token = make_sign_in_link(session, user, now=opened.clock(), ttl=timedelta(days=1))
    say(f"{opened.settings.address}/sign-in/{token}")


@users.command("list")
def list_users(data: Data = DATA, as_json: AsJson = False) -> None:
    """List the team. JSON fields: email, name, role, disabled, created_at."""
    from sqlmodel import col, select

    from flows.database import reading
    from flows.models import User

    opened = house(data)
    with reading(opened.engine) as session:
        found = session.exec(select(User).order_by(col(User.email_key))).all()
    rows = [
        {
            "email": u.email,
            "name": u.name,
            "role": u.role.value,
            "disabled": u.disabled,
            "created_at": u.created_at,
        }
        for u in found
    ]
    show(
        rows,
        ["email", "name", "role", "disabled"],
        as_json=as_json,
        nothing="Nobody yet: `masthead users add EMAIL --role publisher`.",
    )
