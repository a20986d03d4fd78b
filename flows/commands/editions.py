"""`masthead stories …`, `masthead editions …`, `masthead ranker …`, and `masthead approve`."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from flows.commands.common import DATA, AsJson, Data, Limit, house, say, show

stories = typer.Typer(no_args_is_help=True, help="Stories: articles about the same thing.")
editions = typer.Typer(no_args_is_help=True, help="Editions: drafts, approvals, receipts.")
ranker = typer.Typer(no_args_is_help=True, help="The ranking's versions; none is used without approval.")

Number = Annotated[int, typer.Argument(max=2**31 - 1, help="Number of the edition.")]
Version = Annotated[int, typer.Argument(help="Version, as `masthead ranker list` shows it.")]
By = Annotated[str, typer.Option("--by", help="Address of the team member who decides.")]


def register(app: typer.Typer) -> None:
    """Put `approve` on the top level of `masthead`."""
    app.command()(approve)


def approve(number: Number, by: By, data: Data = DATA) -> None:
    """Approve an edition as it stands now: what it says is sealed, and goes out when it is due.

    The address must belong to a publisher or an admin of the team. The desk is the better place: it shows what
    you approve.
    """
    from flows.database import reading
    from flows.deliver import announce_approval
    from flows.editions import store
    from flows.editions.seal import seal
    from flows.letters.render import template_hash

    opened = house(data)
    who = approver(opened, by)
    with reading(opened.engine) as session:
        edition_id = store.edition_by_number(session, number).id or 0
        content = store.content_of(session, edition_id, opened.settings, template_hash=template_hash())
    sealed = store.approve(
        opened.engine,
        edition_id,
        by=who,
        seen_hash=seal(content),
        settings=opened.settings,
        template_hash=template_hash(),
        now=opened.clock(),
    )
    announce_approval(edition_id, opened.settings)
    when = f"on {content.send_at}" if content.send_at else "with the next `masthead deliver`"
    say(f"Approved: no. {number}, “{content.subject}”, {content.stories} stories. It goes out {when}.")
    say(f"Seal: {sealed}")


def approver(opened: Any, email: str) -> str:
    """The address of somebody of the team who may approve. Raises MastheadError for anybody else."""
    from sqlmodel import col, select

    from flows.database import reading
    from flows.errors import MastheadError
    from flows.models import User, UserRole
    from subscribers.hygiene import email_key

    with reading(opened.engine) as session:
        user = session.exec(select(User).where(User.email_key == email_key(email), ~col(User.disabled))).one_or_none()
    if user is None or user.role is UserRole.EDITOR:
        raise MastheadError(
            f"{email} is not somebody of the team who may approve; "
            "`masthead users list` names them, `masthead users add EMAIL --role publisher` adds one."
        )
    return user.email


@stories.command("list")
def list_all_stories(data: Data = DATA, limit: Limit = 500, as_json: AsJson = False) -> None:
    """List stories, the latest first.

    JSON fields: id, title, source, link, topic, articles (count), sources (count), first_seen, updated, titles
    (one for each article, the one linked to first).
    """
    from flows.database import reading
    from flows.stories.store import list_stories

    opened = house(data)
    with reading(opened.engine) as session:
        rows = list_stories(session, opened.newsletter_id, limit=limit)
    show(
        rows,
        ["title", "source", "articles", "sources", "updated"],
        as_json=as_json,
        nothing="No story yet: `masthead collect`, then `masthead curate`.",
    )


@editions.command("list")
def list_all_editions(data: Data = DATA, as_json: AsJson = False) -> None:
    """List editions, the latest first.

    JSON fields: id, number, slot (day it is meant for), status (draft, approved, sending, paused, held, sent,
    cancelled, none), subject, chosen and candidates (stories), audience (people), approval_due_at, send_at,
    sealed_at, sealed_by, sealed_hash, sent_at.
    """
    from flows.database import reading
    from flows.editions.store import list_editions

    opened = house(data)
    with reading(opened.engine) as session:
        rows = list_editions(session)
    show(
        rows,
        ["number", "slot", "status", "subject", "chosen", "candidates", "audience", "sent_at"],
        as_json=as_json,
        nothing="No edition yet: `masthead collect`, then `masthead curate`.",
    )


@editions.command("show")
def show_edition(number: Number, data: Data = DATA, as_json: AsJson = False) -> None:
    """Show one edition: its stories with the reasons for them, and its receipt.

    JSON: one document with the fields of `editions list`, preheader, introduction, closing, pause_reason,
    stories (item_id, headline, blurb, link, source, author, minutes, section, position, score, reasons) and
    receipt (candidates, accepted, delivered, bounced, complained, skipped and failed by reason, unknown, owed,
    balanced; null until the audience is frozen) and
    came_back (kind of event: letters it came for).
    """
    from flows.commands.common import print_json
    from flows.database import reading
    from flows.editions.store import edition_by_number, get_edition
    from flows.events.report import letters_by_kind
    from flows.letters.store import receipt

    opened = house(data)
    with reading(opened.engine) as session:
        edition_id = edition_by_number(session, number).id or 0
        document = get_edition(session, edition_id)
        told = receipt(session, edition_id)
        came_back = letters_by_kind(session, edition_id)
    if as_json:
        document["receipt"] = None if told is None else {**asdict(told), "balanced": told.balanced}
        document["came_back"] = {str(kind): count for kind, count in came_back.items()}
        print_json(document)
        return
    say(f"No. {number}, {document['slot']}, {document['status']}: {document['subject']}")
    section = ""
    order = [part.name for part in opened.settings.newsletter.sections]
    for story in sorted(document["stories"], key=lambda story: _place(story, order)):
        if story["section"] != section:
            section = story["section"]
            say(f"\n{section}")
        say(f"  {story['headline']}  ({story['source']}, score {story['score']:.2f})")
        say(f"      {'; '.join(reason['words'] for reason in story['reasons'] if reason['points'])}")
    say(f"\n{told.sentence if told else 'No letter is written yet.'}")


def _place(story: dict[str, Any], order: list[str]) -> tuple[int, int]:
    name = story["section"]
    return (order.index(name) if name in order else len(order), story["position"])


@ranker.command("list")
def list_rankers(data: Data = DATA, as_json: AsJson = False) -> None:
    """List the versions of the ranking; the rules rank while none is approved.

    JSON fields: version, status (pending, approved, rejected, retired), created_at, decided_by, decided_at,
    weights, backtest.
    """
    from flows.database import reading
    from flows.stories.registry import versions

    opened = house(data)
    with reading(opened.engine) as session:
        rows = [
            {
                "version": row.version,
                "status": row.status.value,
                "created_at": row.created_at,
                "decided_by": row.decided_by,
                "decided_at": row.decided_at,
                "weights": row.weights,
                "backtest": row.backtest,
            }
            for row in versions(session, opened.newsletter_id)
        ]
    show(
        rows,
        ["version", "status", "created_at", "decided_by"],
        as_json=as_json,
        nothing="Only the rules so far: `masthead learn` trains a version once twelve editions are decided.",
    )


@ranker.command("approve")
def approve_ranker(version: Version, by: By, data: Data = DATA) -> None:
    """Use a learned version from the next draft on."""
    from flows.editions import versions

    _decide(versions.approve, version, by, data, "is in use from the next draft on")


@ranker.command("reject")
def reject_ranker(version: Version, by: By, data: Data = DATA) -> None:
    """Turn a learned version down."""
    from flows.editions import versions

    _decide(versions.reject, version, by, data, "is turned down")


@ranker.command("rollback")
def roll_back_ranker(by: By, data: Data = DATA) -> None:
    """Give up the version in use for the one before it."""
    from flows.database import reading
    from flows.editions import versions
    from flows.editions.changes import Editor
    from flows.errors import WorkflowError
    from flows.models import RankerStatus
    from flows.stories import registry

    opened = house(data)
    who = approver(opened, by)
    with reading(opened.engine) as session:
        rows = registry.versions(session, opened.newsletter_id)
    used = [row.version for row in rows if row.status is RankerStatus.APPROVED]
    if not used:
        raise WorkflowError("the rules rank already; there is no earlier version to go back to.")
    versions.roll_back(opened.engine, opened.newsletter_id, used[0], Editor(who, opened.clock()))
    with reading(opened.engine) as session:
        weights = registry.in_use(session, opened.newsletter_id)
    say(f"Version {weights.version} ranks again.")


def _decide(decide: Any, version: int, by: str, data: Any, then: str) -> None:
    from flows.database import reading
    from flows.editions.changes import Editor
    from flows.errors import MastheadError
    from flows.stories.registry import versions

    opened = house(data)
    who = approver(opened, by)
    with reading(opened.engine) as session:
        ids = {row.version: row.id for row in versions(session, opened.newsletter_id)}
    if version not in ids:
        raise MastheadError(f"there is no version {version}; `masthead ranker list` names them.")
    decide(opened.engine, opened.newsletter_id, ids[version], Editor(who, opened.clock()))
    say(f"Version {version} of the ranking {then}.")
