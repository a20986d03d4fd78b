"""Two stories of a draft put together, one taken apart, and either taken back: in the tables and in the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import transaction
from flows.editions.brakes import locked
from flows.editions.changes import Editor, claim, log, open_item
from flows.editions.drafting import add_items
from flows.editions.known import read_known, window_start
from flows.editions.reranking import rerank
from flows.editions.suggesting import suggest, weigh
from flows.editions.workflow import check_editable
from flows.errors import WorkflowError
from flows.models import Channel, Decision, Edition, EditionItem, Regrouping, Story, StoryEdit
from flows.settings import Settings
from flows.stories import regrouping
from flows.stories.candidates import read_told
from flows.stories.history import PUT_ASIDE, source_records
from flows.stories.registry import in_use
from flows.stories.store import lock_newsletter


@dataclass(frozen=True)
class Regrouped:
    """`edit_id` takes it back; `item_id` is the story to go on with. `voided`: an approval was lost by it."""

    edit_id: int
    item_id: int
    voided: bool = False


def merge_items(
    engine: Engine, edition_id: int, item_id: int, editor: Editor, settings: Settings, *, other_id: int
) -> Regrouped:
    """Put the story of another item together with this one's. The one that is chosen, if one is, stays.

    Raises WorkflowError when both are chosen: an edition would lose one without a word.
    """
    with transaction(engine) as session:
        _lock(session, edition_id)
        edition, item = open_item(session, edition_id, item_id)
        _, other = open_item(session, edition_id, other_id)
        if item.decision is Decision.CHOSEN and other.decision is Decision.CHOSEN:
            raise WorkflowError("Both stories are in the edition. Take one of them out first.")
        if other.decision is Decision.CHOSEN:
            item, other = other, item
        edit_before = _word_on(other)
        records = source_records(session, edition.newsletter_id)
        edit = regrouping.merge(session, item.story_id, other.story_id, records, by=editor.email, now=editor.now)
        edit.before = edit_before
        _put_aside(other, item, editor)
        done = claim(session, edition, item, item.version, editor)
        rerank(session, edition_id, settings, now=editor.now)
        after = {"with": other.headline, "edit": edit.id}
        log(session, edition, item, "put stories together", editor, before={}, after=after)
        return Regrouped(edit.id or 0, item.id or 0, done.voided)


def split_item(
    engine: Engine, edition_id: int, item_id: int, editor: Editor, settings: Settings, *, article_ids: Sequence[int]
) -> Regrouped:
    """Take some articles of a story out of it; they are a candidate of their own, at the end of the queue.

    Raises WorkflowError when the item's own article would go: headline and blurb are about it.
    """
    with transaction(engine) as session:
        _lock(session, edition_id)
        edition, item = open_item(session, edition_id, item_id)
        if item.article_id in article_ids:
            raise WorkflowError("The article that this story links to stays. Take the others out of it instead.")
        records = source_records(session, edition.newsletter_id)
        edit = regrouping.split(session, item.story_id, article_ids, records, by=editor.email, now=editor.now)
        done = claim(session, edition, item, item.version, editor)
        _add_story(session, edition, edit.other_id, settings, editor)
        rerank(session, edition_id, settings, now=editor.now)
        log(session, edition, item, "took a story apart", editor, before={}, after={"edit": edit.id})
        return Regrouped(edit.id or 0, item.id or 0, done.voided)


def take_back(engine: Engine, edition_id: int, edit_id: int, editor: Editor, settings: Settings) -> Regrouped:
    """Undo what was put together or taken apart by hand. Twice is once."""
    with transaction(engine) as session:
        _lock(session, edition_id)
        edition = locked(session, edition_id)
        check_editable(edition.status, edition.number)
        edit = _edit_of(session, edition.newsletter_id, edit_id)
        kept, other = _item_of(session, edition_id, edit.story_id), _item_of(session, edition_id, edit.other_id)
        back_at = Regrouped(edit_id, (kept.id if kept is not None else 0) or 0)
        if edit.undone_at is not None:
            return back_at
        records = source_records(session, edition.newsletter_id)
        regrouping.undo(session, edit_id, records, by=editor.email, now=editor.now)
        if other is not None and edit.kind is Regrouping.MERGED:
            _bring_back(other, edit.before)
        elif other is not None:
            _check_free(other)
            _put_aside(other, kept or other, editor)
        rerank(session, edition_id, settings, now=editor.now)
        if kept is None:
            return back_at
        done = claim(session, edition, kept, kept.version, editor)
        log(session, edition, kept, "took a grouping back", editor, before={}, after={"edit": edit.id})
        return replace(back_at, voided=done.voided)


def _edit_of(session: Session, newsletter_id: int, edit_id: int) -> StoryEdit:
    lock_newsletter(session, newsletter_id)
    edit = session.get(StoryEdit, edit_id, populate_existing=True)
    if edit is None or edit.newsletter_id != newsletter_id:
        raise WorkflowError("There is nothing of the kind to take back. Load the page again.")
    return edit


def _check_free(item: EditionItem) -> None:
    if item.decision is Decision.CHOSEN:
        raise WorkflowError(f"“{item.headline}” is in the edition by itself. Take it out first.")


def _put_aside(item: EditionItem, into: EditionItem, editor: Editor) -> None:
    item.decision, item.position = Decision.SKIPPED, 0
    item.decided_by, item.decided_at = editor.email, editor.now
    item.skip_reason = f"{PUT_ASIDE}“{into.headline}”"[:200]
    item.version += 1


def _word_on(item: EditionItem) -> dict[str, Any]:
    """What an editor had decided on it; {} if nobody had."""
    if not item.decided_by or item.decided_at is None:
        return {}
    return {
        "decision": item.decision.value,
        "by": item.decided_by,
        "at": item.decided_at.isoformat(),
        "reason": item.skip_reason,
    }


def _bring_back(item: EditionItem, before: Mapping[str, Any]) -> None:
    """As it was, unless an editor has decided on it otherwise since it was put aside."""
    if item.decision is not Decision.SKIPPED or not item.skip_reason.startswith(PUT_ASIDE):
        return
    item.decision = Decision(before.get("decision", Decision.NONE.value))
    item.decided_by, item.skip_reason = before.get("by", ""), before.get("reason", "")
    item.decided_at = datetime.fromisoformat(before["at"]) if before else None
    item.version += 1


def _lock(session: Session, edition_id: int) -> None:
    """The newsletter before the edition, as everywhere: two who wait for each other would wait for ever."""
    edition = session.get(Edition, edition_id)
    if edition is not None:
        lock_newsletter(session, edition.newsletter_id)


def _add_story(session: Session, edition: Edition, story_id: int, settings: Settings, editor: Editor) -> None:
    known = read_known(session, edition.newsletter_id, before=edition.number)
    since = window_start(settings, edition.created_at)
    lead = session.get_one(Story, story_id).lead_article_id
    told = read_told(session, edition.newsletter_id, known.history, since=since, only={story_id: lead})
    weights = in_use(session, edition.newsletter_id)
    queue = weigh(told, known, weights, settings.newsletter, editor.now, exploring=False)
    made = suggest(queue, known, settings.newsletter, most=0)
    add_items(session, edition.id or 0, [replace(item, channel=Channel.BY_HAND) for item in made])


def _item_of(session: Session, edition_id: int, story_id: int) -> EditionItem | None:
    query = select(EditionItem).where(EditionItem.edition_id == edition_id, EditionItem.story_id == story_id)
    return session.exec(query.order_by(col(EditionItem.id))).first()


def edits_in(session: Session, edition_id: int) -> list[StoryEdit]:
    """What was put together or taken apart among an edition's stories and still stands, the latest first."""
    held = select(EditionItem.story_id).where(EditionItem.edition_id == edition_id)
    query = select(StoryEdit).where(col(StoryEdit.story_id).in_(held), col(StoryEdit.undone_at).is_(None))
    return list(session.exec(query.order_by(col(StoryEdit.id).desc())))
