"""Approving an edition: what the approver saw is sealed; withdrawing and voiding, the way back."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.editions.brakes import locked
from flows.editions.claims import in_doubt
from flows.editions.content import content_of
from flows.editions.draft_notices import close_draft_ready
from flows.editions.preflight import Facts, check, errors
from flows.editions.seal import Content, seal
from flows.editions.workflow import move
from flows.errors import SealError, WorkflowError
from flows.models import Decision, Edition, EditionItem, EditionStatus, Letter, LetterStatus, LogEntry
from flows.settings import Settings
from flows.stories.store import absorbed

# Editions that reached readers, or are about to.
_RAN = (
    EditionStatus.APPROVED,
    EditionStatus.SENDING,
    EditionStatus.PAUSED,
    EditionStatus.HELD,
    EditionStatus.SENT,
)


def approve(
    engine: Engine,
    edition_id: int,
    *,
    by: str,
    seen_hash: str,
    settings: Settings,
    template_hash: str,
    now: datetime,
) -> str:
    """Seal what the approver saw, and say yes to it; returns the sealed hash. Twice is once.

    Raises SealError when the edition is no longer what was seen, WorkflowError when it is not a draft or a
    gate of the preflight is shut.
    """
    with transaction(engine) as session:
        edition = locked(session, edition_id)
        content = content_of(session, edition_id, settings, template_hash=template_hash)
        present = seal(content)
        if edition.status is EditionStatus.APPROVED and edition.sealed_hash == seen_hash == present:
            return present
        status = move(edition.status, EditionStatus.APPROVED)
        if edition.status is EditionStatus.HELD:
            raise WorkflowError(f"Edition {edition.number} is held back: release it, or take it back to the desk.")
        if present != seen_hash:
            raise SealError(
                f"Edition {edition.number} has changed since you looked at it; nothing was approved. "
                "Look at what is different, and approve again."
            )
        unconfirmed, flagged = in_doubt(session, edition_id, settings.newsletter.flag_words)
        facts = Facts(
            outbox=settings.transport == "outbox",
            ran_before=ran_before(session, edition),
            unconfirmed=unconfirmed,
            flagged=flagged,
        )
        if shut := errors(check(content, facts)):
            raise WorkflowError(" ".join(f"{finding.sentence} {finding.fix}" for finding in shut))
        _forget_audience(session, edition)
        close_draft_ready(session, edition_id, now=now)
        edition.status = status
        edition.sealed_content, edition.sealed_hash = content.as_json(), present
        edition.sealed_by, edition.sealed_at = by, now
        # A late approval is still an approval of today: it has its full patience from now on.
        edition.expires_at = max(edition.send_at or now, now) + timedelta(hours=settings.newsletter.expiry_hours)
        edition.pause_reason = ""
        session.add(_entry(edition, "approved", by, now, before={}, after={"hash": present}))
    return present


def withdraw(engine: Engine, edition_id: int, *, by: str, now: datetime) -> None:
    """Take an approved or held edition back to the desk. Twice is once."""
    with transaction(engine) as session:
        edition = locked(session, edition_id)
        if edition.status is not EditionStatus.DRAFT:
            void(session, edition, by=by, why="withdrew the approval", now=now)


def void(session: Session, edition: Edition, *, by: str, why: str, now: datetime) -> None:
    """The approval is worth nothing any more: the edition is a draft again. `why` goes into the log."""
    before = {"status": edition.status.value, "hash": edition.sealed_hash}
    edition.status = move(edition.status, EditionStatus.DRAFT)
    edition.sealed_hash, edition.sealed_by, edition.sealed_at, edition.sealed_content = "", "", None, {}
    edition.pause_reason = ""
    session.add(_entry(edition, why, by, now, before=before, after={"status": edition.status.value}))


def release(engine: Engine, edition_id: int, *, by: str, patience: timedelta, now: datetime) -> None:
    """Send an edition that was held back all the same, as it was approved. Twice is once."""
    with transaction(engine) as session:
        edition = locked(session, edition_id)
        if edition.status is EditionStatus.APPROVED:
            return
        if edition.status is not EditionStatus.HELD:
            raise WorkflowError(f"Edition {edition.number} is not held back; there is nothing to release.")
        edition.status = move(edition.status, EditionStatus.APPROVED)
        edition.expires_at = max(edition.send_at or now, now) + patience
        reason, edition.pause_reason = edition.pause_reason, ""
        session.add(_entry(edition, "released", by, now, before={"reason": reason}, after={}))


def ran_before(session: Session, edition: Edition) -> dict[int, int]:
    """Of the chosen items, those whose story already ran: item id -> number of that edition."""
    mine = select(EditionItem.id, EditionItem.story_id).where(
        col(EditionItem.edition_id) == edition.id, col(EditionItem.decision) == Decision.CHOSEN
    )
    item_of = {story_id: item_id for item_id, story_id in session.exec(mine)}
    parts = {part: story for part, story in absorbed(session, edition.newsletter_id).items() if story in item_of}
    earlier = (
        select(EditionItem.story_id, Edition.number)
        .join(Edition, col(Edition.id) == col(EditionItem.edition_id))
        .where(
            col(Edition.newsletter_id) == edition.newsletter_id,
            col(Edition.id) != edition.id,
            col(Edition.status).in_(_RAN),
            col(EditionItem.decision) == Decision.CHOSEN,
            col(EditionItem.story_id).in_([*item_of, *parts]),
        )
        .order_by(col(Edition.number))
    )
    found: dict[int, int] = {}
    for story_id, number in session.exec(earlier):
        if item_id := item_of.get(parts.get(story_id, story_id)):
            found[item_id] = number
    return found


def sealed(edition: Edition) -> Content | None:
    """What was approved; None for an edition that carries no approval."""
    return Content.from_json(edition.sealed_content) if edition.sealed_hash else None


def _forget_audience(session: Session, edition: Edition) -> None:
    """An audience frozen for an approval that was taken back is called again: no letter of it has left."""
    if edition.sending_started_at is None and edition.audience_frozen_at is not None:
        unsent: Iterable[LetterStatus] = (LetterStatus.QUEUED, LetterStatus.SKIPPED)
        session.connection().execute(
            delete(Letter).where(col(Letter.edition_id) == edition.id, col(Letter.status).in_(unsent))
        )
        edition.audience_frozen_at, edition.audience_size = None, 0


def _entry(
    edition: Edition,
    what: str,
    by: str,
    now: datetime,
    *,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> LogEntry:
    return LogEntry(at=now, who=by, what=what, edition_id=edition.id, before=dict(before), after=dict(after))
