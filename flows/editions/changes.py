"""What an editor does to an edition: one decision, one short transaction, one line in the log.

Every change names the version it was made on. If somebody else changed the same thing first, nothing is
written and StaleEditError carries how it reads now. A change that is made already is done, whatever its
version.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.editions import typed
from flows.editions.approval import void
from flows.editions.brakes import locked
from flows.editions.claims import claims_of, source_of, uncleared
from flows.editions.workflow import check_editable
from flows.errors import MastheadError, StaleEditError, WorkflowError
from flows.models import Decision, Edition, EditionItem, EditionStatus, LogEntry, Story, Tier, WrittenBy

_VOIDED = "voided the approval by a change"
_DONE = {
    Decision.CHOSEN: "chose",
    Decision.SKIPPED: "skipped",
    Decision.LATER: "kept for later",
    Decision.NONE: "put back into the queue",
}


@dataclass(frozen=True)
class Editor:
    """Who changes something, and when; `senior` may decide on flagged stories."""

    email: str
    now: datetime
    senior: bool = True


@dataclass(frozen=True)
class Done:
    """`voided`: an approval was lost by this change."""

    voided: bool = False


def decide(
    engine: Engine,
    edition_id: int,
    item_id: int,
    decision: Decision,
    editor: Editor,
    *,
    version: int,
    section: str = "",
    reason: str = "",
) -> Done:
    """Choose a story (for `section`, or the one it has), skip it for a reason, keep it, or put it back."""
    reason = typed.line(reason, "reason", 200)
    with transaction(engine) as session:
        edition, item = open_item(session, edition_id, item_id)
        section = section or item.section
        chosen = decision is Decision.CHOSEN
        same_place = not chosen or section == item.section
        if item.decision is decision and same_place and bool(item.decided_by) is (decision is not Decision.NONE):
            return Done()
        before = shown(item)
        if chosen:
            _check_part(session, item)
            _check_flags(item, editor)
        done = claim(session, edition, item, version, editor)
        left = item.section if item.decision is Decision.CHOSEN else ""
        stays = chosen and left == section
        item.decision, item.skip_reason = decision, reason if decision is Decision.SKIPPED else ""
        undecided = decision is Decision.NONE
        item.decided_by = "" if undecided else editor.email
        item.decided_at = None if undecided else editor.now
        if not stays:
            item.section = section
            item.position = len(section_of(session, edition_id, section, without=item)) + 1 if chosen else 0
            renumber(section_of(session, edition_id, left, without=item))
        after = shown(item) | _reason(reason)
        log(session, edition, item, _DONE[decision], editor, before=before, after=after)
    return done


def place(
    engine: Engine,
    edition_id: int,
    item_id: int,
    editor: Editor,
    *,
    version: int,
    step: int = 0,
    section: str = "",
    position: int = 0,
) -> Done:
    """Move a chosen story: by `step` within its section, to another section, or to a position (from 1)."""
    with transaction(engine) as session:
        edition, item = open_item(session, edition_id, item_id)
        if item.decision is not Decision.CHOSEN:
            raise WorkflowError("Only a chosen story has a place; choose it first.")
        to = section or item.section
        others = section_of(session, edition_id, to, without=item)
        stays = to == item.section
        wished = position or (item.position + step if stays else len(others) + 1)
        wished = max(1, min(len(others) + 1, wished))
        if stays and wished == item.position:
            return Done()
        before = shown(item)
        done = claim(session, edition, item, version, editor)
        if not stays:
            renumber(section_of(session, edition_id, item.section, without=item))
        item.section = to
        renumber([*others[: wished - 1], item, *others[wished - 1 :]])
        log(session, edition, item, "moved", editor, before=before, after=shown(item))
    return done


def write_item(
    engine: Engine, edition_id: int, item_id: int, editor: Editor, *, version: int, headline: str, blurb: str
) -> Done:
    """Save a story's headline and blurb."""
    headline = typed.line(headline, "headline", typed.HEADLINE_MOST)
    blurb = typed.prose(blurb, "blurb")
    with transaction(engine) as session:
        edition, item = open_item(session, edition_id, item_id)
        if (item.headline, item.blurb) == (headline, blurb):
            return Done()
        before = {"headline": item.headline, "blurb": item.blurb}
        done = claim(session, edition, item, version, editor)
        if item.blurb != blurb:
            item.blurb_by, item.blurb_note = WrittenBy.PERSON, ""
        item.headline, item.blurb = headline, blurb
        item.claims = claims_of(headline, blurb, source_of(session, item), earlier=item.claims)
        after = {"headline": headline, "blurb": blurb}
        old, new = _differing(before, after)
        log(session, edition, item, "edited a story", editor, before=old, after=new)
    return done


def write_edition(engine: Engine, edition_id: int, editor: Editor, *, version: int, words: Mapping[str, str]) -> Done:
    """Save some of subject, preheader, introduction and closing."""
    clean = {name: _word(name, text) for name, text in words.items()}
    with transaction(engine) as session:
        edition = locked(session, edition_id)
        check_editable(edition.status, edition.number)
        before = {name: getattr(edition, name) for name in clean}
        if before == clean:
            return Done()
        if edition.version != version:
            theirs: dict[str, object] = {**before, "version": edition.version}
            raise StaleEditError("What this edition says around its stories", theirs)
        done = _voided(session, edition, editor)
        for name, text in clean.items():
            setattr(edition, name, text)
        edition.version += 1
        old, new = _differing(before, clean)
        log(session, edition, None, "edited the edition", editor, before=old, after=new)
    return done


def _check_flags(item: EditionItem, editor: Editor) -> None:
    """A flagged story is a senior editor's to choose; by choosing it, she answers for it."""
    waiting = uncleared(item)
    if not waiting:
        return
    if not editor.senior:
        why = "; ".join(str(flag.get("words", "")) for flag in waiting)
        raise WorkflowError(f"“{item.headline}” is flagged ({why}): a publisher decides whether it runs.")
    item.flags = [{**flag, "by": flag.get("by") or editor.email} for flag in item.flags]
    item.tier = Tier.OPEN


def _check_part(session: Session, item: EditionItem) -> None:
    """A story that was put together with another is in the edition as that other one, or not at all."""
    if session.get_one(Story, item.story_id).merged_into is not None:
        raise WorkflowError(f"“{item.headline}” was {item.skip_reason}. Take that back first, below the queue.")


def _word(name: str, text: str) -> str:
    match name:
        case "subject" | "preheader":
            return typed.line(text, name)
        case "introduction" | "closing":
            return typed.prose(text, name)
    raise MastheadError(f"An edition has no “{name[:40]}”.")


def open_item(session: Session, edition_id: int, item_id: int) -> tuple[Edition, EditionItem]:
    """The edition, locked until the end, and one of its items; only if it may still be changed."""
    edition = locked(session, edition_id)
    check_editable(edition.status, edition.number)
    item = session.get(EditionItem, item_id, populate_existing=True)
    if item is None or item.edition_id != edition_id:
        raise WorkflowError(f"Edition {edition.number} has no such story (any more); load the page again.")
    return edition, item


def claim(session: Session, edition: Edition, item: EditionItem, version: int, editor: Editor) -> Done:
    """Only on the version that the editor saw. The lock on the edition makes look and write one step."""
    if item.version != version:
        theirs: dict[str, object] = {
            "headline": item.headline,
            "blurb": item.blurb,
            "decision": item.decision.value,
            "section": item.section,
            "position": item.position,
            "decided_by": item.decided_by,
            "version": item.version,
        }
        raise StaleEditError(f"“{item.headline or 'This story'}”", theirs)
    item.version += 1
    return _voided(session, edition, editor)


def _voided(session: Session, edition: Edition, editor: Editor) -> Done:
    if edition.status is EditionStatus.DRAFT:
        return Done()
    void(session, edition, by=editor.email, why=_VOIDED, now=editor.now)
    return Done(voided=True)


def section_of(
    session: Session, edition_id: int, name: str, *, without: EditionItem | None = None
) -> list[EditionItem]:
    """The chosen items of one section, in order."""
    statement = (
        select(EditionItem)
        .where(
            col(EditionItem.edition_id) == edition_id,
            col(EditionItem.decision) == Decision.CHOSEN,
            col(EditionItem.section) == name,
        )
        .order_by(col(EditionItem.position), col(EditionItem.rank), col(EditionItem.id))
    )
    found = session.exec(statement).all()
    return [item for item in found if without is None or item.id != without.id]


def renumber(items: Sequence[EditionItem]) -> None:
    """Neighbours make room without a new version: nothing that somebody typed is touched."""
    for number, item in enumerate(items, start=1):
        if item.position != number:
            item.position = number


def shown(item: EditionItem) -> dict[str, Any]:
    shown: dict[str, Any] = {"decision": item.decision.value}
    if item.decision is Decision.CHOSEN:
        shown |= {"section": item.section, "position": item.position}
    return shown


def _reason(reason: str) -> dict[str, Any]:
    return {"reason": reason} if reason else {}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def log(
    session: Session,
    edition: Edition,
    item: EditionItem | None,
    what: str,
    editor: Editor,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    titled = {"story": item.headline} if item is not None else {}
    session.add(
        LogEntry(
            at=editor.now,
            who=editor.email,
            what=what,
            edition_id=edition.id,
            item_id=item.id if item is not None else None,
            before=dict(before),
            after=titled | dict(after),
        )
    )
