"""Stories that an editor puts together or takes apart: remembered, and never undone by clustering.

Clustering keeps every article in the story it is in and joins no two known stories, so membership alone holds a
merge. A split is held by the pairs that `read_apart` gives it: newcomers between the two halves join one of them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product

from sqlmodel import Session, col, select

from flows.errors import WorkflowError
from flows.models import Regrouping, Story, StoryArticle, StoryEdit
from flows.stories.features import Record
from flows.stories.store import choose_leads, lock_newsletter

_PAIRS_MOST = 10_000


def merge(
    session: Session,
    story_id: int,
    other_id: int,
    records: Mapping[int, Record],
    *,
    by: str,
    now: datetime,
) -> StoryEdit:
    """Put the articles of `other_id` into `story_id`. Raises WorkflowError if the two cannot be one."""
    story, other = _pair(session, story_id, other_id)
    moved = _members(session, other_id)
    _move(session, story.newsletter_id, moved, story_id)
    other.merged_into = story_id
    _settle(session, [story], records, now)
    return _remember(session, story, other, Regrouping.MERGED, moved, by=by, now=now)


def split(
    session: Session,
    story_id: int,
    article_ids: Sequence[int],
    records: Mapping[int, Record],
    *,
    by: str,
    now: datetime,
) -> StoryEdit:
    """Take some articles out of a story, into one of their own. Raises WorkflowError if none or all would go."""
    story = _locked(session, story_id)
    members = _members(session, story_id)
    leaving = sorted(set(article_ids) & set(members))
    if not leaving or len(leaving) == len(members):
        raise WorkflowError("To take a story apart, name some of its articles, not none and not all.")
    other = Story(
        newsletter_id=story.newsletter_id,
        lead_article_id=leaving[0],
        topic=story.topic,
        first_seen_at=story.first_seen_at,
        updated_at=now,
    )
    session.add(other)
    session.flush()
    _move(session, story.newsletter_id, leaving, other.id or 0)
    _settle(session, [story, other], records, now)
    return _remember(session, story, other, Regrouping.SPLIT, leaving, by=by, now=now)


def undo(session: Session, edit_id: int, records: Mapping[int, Record], *, by: str, now: datetime) -> StoryEdit:
    """Put the articles back where they were before; those that joined later stay. Twice is once.

    Raises WorkflowError when there is no such edit, or a later one moved the articles on.
    """
    edit = session.get(StoryEdit, edit_id)
    if edit is None:
        raise WorkflowError("There is nothing of the kind to take back. Load the page again.")
    lock_newsletter(session, edit.newsletter_id)
    session.refresh(edit)
    if edit.undone_at is not None:
        return edit
    merged = edit.kind is Regrouping.MERGED
    at, back_to = (edit.story_id, edit.other_id) if merged else (edit.other_id, edit.story_id)
    kept, other = session.get_one(Story, edit.story_id), session.get_one(Story, edit.other_id)
    members = set(_members(session, at))
    returning = edit.article_ids if merged else sorted(members)
    nothing_left = merged and len(returning) == len(members)
    if kept.merged_into is not None or nothing_left or not set(edit.article_ids) <= members:
        raise WorkflowError("These articles were moved again since; take that back first.")
    _move(session, edit.newsletter_id, returning, back_to)
    other.merged_into = None if merged else edit.story_id
    _settle(session, [kept, other] if merged else [kept], records, now)
    edit.undone_at, edit.undone_by = now, by
    session.add(edit)
    session.flush()
    return edit


def read_apart(session: Session, newsletter_id: int) -> list[tuple[int, int]]:
    """Pairs of articles that an editor took apart and that clustering must not bring together."""
    edits = session.exec(
        select(StoryEdit)
        .where(StoryEdit.newsletter_id == newsletter_id, StoryEdit.kind == Regrouping.SPLIT)
        .where(col(StoryEdit.undone_at).is_(None))
        .order_by(col(StoryEdit.id).desc())
    ).all()
    pairs: list[tuple[int, int]] = []
    for edit in edits:
        stayed = set(_members(session, edit.story_id))
        left = [article for article in edit.article_ids if article not in stayed]  # not put back by hand since
        pairs += product(left, sorted(stayed - set(edit.article_ids)))
        if len(pairs) > _PAIRS_MOST:
            break
    return pairs[:_PAIRS_MOST]


def edits_of(session: Session, story_id: int) -> list[StoryEdit]:
    """What was done to a story by hand and still stands, the latest first."""
    query = select(StoryEdit).where((col(StoryEdit.story_id) == story_id) | (col(StoryEdit.other_id) == story_id))
    return list(session.exec(query.where(col(StoryEdit.undone_at).is_(None)).order_by(col(StoryEdit.id).desc())))


def _pair(session: Session, story_id: int, other_id: int) -> tuple[Story, Story]:
    if story_id == other_id:
        raise WorkflowError("A story cannot be put together with itself.")
    story, other = _locked(session, story_id), _locked(session, other_id)
    if story.newsletter_id != other.newsletter_id:
        raise WorkflowError("These two stories belong to different newsletters.")
    if story.merged_into is not None or other.merged_into is not None:
        raise WorkflowError("One of these stories is part of another already. Load the page again.")
    return story, other


def _locked(session: Session, story_id: int) -> Story:
    story = session.get(Story, story_id)
    if story is None:
        raise WorkflowError("There is no such story (any more). Load the page again.")
    lock_newsletter(session, story.newsletter_id)
    session.refresh(story)
    return story


def _members(session: Session, story_id: int) -> list[int]:
    query = select(StoryArticle.article_id).where(StoryArticle.story_id == story_id)
    return sorted(session.exec(query))


def _move(session: Session, newsletter_id: int, articles: Sequence[int], story_id: int) -> None:
    for article in articles:
        session.get_one(StoryArticle, (newsletter_id, article)).story_id = story_id
    session.flush()


def _settle(session: Session, stories: Sequence[Story], records: Mapping[int, Record], now: datetime) -> None:
    for story in stories:
        story.updated_at = now
    choose_leads(session, {story.id or 0: story for story in stories}, records)
    session.flush()


def _remember(
    session: Session,
    story: Story,
    other: Story,
    kind: Regrouping,
    articles: Sequence[int],
    *,
    by: str,
    now: datetime,
) -> StoryEdit:
    edit = StoryEdit(
        newsletter_id=story.newsletter_id,
        at=now,
        by=by,
        kind=kind,
        story_id=story.id or 0,
        other_id=other.id or 0,
        article_ids=list(articles),
    )
    session.add(edit)
    session.flush()
    return edit
