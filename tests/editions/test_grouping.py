"""Stories of a draft put together and taken apart: no story is twice in an edition, and none is lost."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import reading, transaction
from flows.editions.changes import Editor, decide
from flows.editions.grouping import edits_in, merge_items, split_item, take_back
from flows.errors import WorkflowError
from flows.models import (
    Channel,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    LogEntry,
    Newsletter,
    Story,
    StoryArticle,
    StoryEdit,
)
from flows.settings import Settings
from tests.conftest import NOW
from tests.editions.seed import Seeded

ADA = Editor("ada@newsletter.example", NOW)
BEN = Editor("ben@newsletter.example", NOW + timedelta(minutes=1))


def item_of(engine: Engine, item_id: int) -> EditionItem:
    with reading(engine) as session:
        return session.get_one(EditionItem, item_id)


def all_of(session: Session, draft: Seeded) -> list[EditionItem]:
    query = select(EditionItem).where(EditionItem.edition_id == draft.edition_id).order_by(col(EditionItem.rank))
    return list(session.exec(query).all())


def articles_of(engine: Engine, item_id: int) -> list[int]:
    with reading(engine) as session:
        story = session.get_one(EditionItem, item_id).story_id
        return sorted(session.exec(select(StoryArticle.article_id).where(StoryArticle.story_id == story)).all())


def others_of(engine: Engine, item_id: int) -> list[int]:
    own = item_of(engine, item_id).article_id
    return [article for article in articles_of(engine, item_id) if article != own]


def standing(engine: Engine, draft: Seeded) -> dict[int, tuple[object, ...]]:
    with reading(engine) as session:
        return {i.id or 0: (i.decision, i.section, i.position, i.article_id) for i in all_of(session, draft)}


def editions_hold(session: Session, draft: Seeded) -> None:
    """What is true of an edition whatever was put together or taken apart."""
    items = all_of(session, draft)
    stories = [item.story_id for item in items]
    assert len(set(stories)) == len(stories)
    gone = set(session.exec(select(Story.id).where(col(Story.merged_into).is_not(None))).all())
    assert not [item.headline for item in items if item.story_id in gone and item.decision is not Decision.SKIPPED]
    counts = {decision: sum(item.decision is decision for item in items) for decision in Decision}
    assert sum(counts.values()) == len(items)
    for section in {item.section for item in items}:
        places = [i.position for i in items if i.section == section and i.decision is Decision.CHOSEN]
        assert sorted(places) == list(range(1, len(places) + 1))
    assert all(item.position == 0 for item in items if item.decision is not Decision.CHOSEN)


@pytest.mark.parametrize("which", ["the chosen one first", "the other first"])
def test_of_two_that_are_put_together_the_chosen_one_stays(
    engine: Engine, settings: Settings, draft: Seeded, which: str
) -> None:
    chosen, other = draft.item_ids[0], draft.item_ids[6]
    count = len(articles_of(engine, chosen)) + len(articles_of(engine, other))
    pair = (chosen, other) if which == "the chosen one first" else (other, chosen)
    done = merge_items(engine, draft.edition_id, pair[0], ADA, settings, other_id=pair[1])
    assert (done.item_id, done.voided) == (chosen, False)
    kept, aside = item_of(engine, chosen), item_of(engine, other)
    assert (kept.decision, kept.section, kept.position) == (Decision.CHOSEN, "Research", 1)
    assert (aside.decision, aside.decided_by) == (Decision.SKIPPED, ADA.email)
    assert aside.skip_reason == f"put together with “{kept.headline}”"
    assert len(articles_of(engine, chosen)) == count
    with reading(engine) as session:
        editions_hold(session, draft)
        (entry,) = session.exec(select(LogEntry)).all()
    assert (entry.what, entry.item_id, entry.after["with"]) == ("put stories together", chosen, aside.headline)


def test_two_chosen_stories_are_not_put_together(engine: Engine, settings: Settings, draft: Seeded) -> None:
    before = standing(engine, draft)
    with pytest.raises(WorkflowError, match="Both stories are in the edition"):
        merge_items(engine, draft.edition_id, draft.item_ids[0], ADA, settings, other_id=draft.item_ids[1])
    assert standing(engine, draft) == before


def test_a_story_is_not_put_together_with_itself_or_with_one_put_aside(
    engine: Engine, settings: Settings, draft: Seeded
) -> None:
    one, other, third = draft.item_ids[5:8]
    with pytest.raises(WorkflowError, match="with itself"):
        merge_items(engine, draft.edition_id, one, ADA, settings, other_id=one)
    merge_items(engine, draft.edition_id, one, ADA, settings, other_id=other)
    with pytest.raises(WorkflowError, match="part of another"):
        merge_items(engine, draft.edition_id, third, ADA, settings, other_id=other)


def test_what_was_put_aside_comes_back_when_it_is_taken_back(engine: Engine, settings: Settings, draft: Seeded) -> None:
    chosen, other = draft.item_ids[0], draft.item_ids[6]
    before, articles = standing(engine, draft), articles_of(engine, other)
    done = merge_items(engine, draft.edition_id, chosen, ADA, settings, other_id=other)
    assert take_back(engine, draft.edition_id, done.edit_id, BEN, settings).item_id == chosen
    assert standing(engine, draft) == before
    aside = item_of(engine, other)
    assert (aside.decided_by, aside.decided_at, aside.skip_reason) == ("", None, "")
    assert articles_of(engine, other) == articles
    with reading(engine) as session:
        assert edits_in(session, draft.edition_id) == []


def test_taking_back_twice_leaves_what_was_decided_since(engine: Engine, settings: Settings, draft: Seeded) -> None:
    chosen, other = draft.item_ids[0], draft.item_ids[6]
    done = merge_items(engine, draft.edition_id, chosen, ADA, settings, other_id=other)
    take_back(engine, draft.edition_id, done.edit_id, ADA, settings)
    version = item_of(engine, other).version
    decide(engine, draft.edition_id, other, Decision.SKIPPED, BEN, version=version, reason="old")
    take_back(engine, draft.edition_id, done.edit_id, ADA, settings)
    item = item_of(engine, other)
    assert (item.decision, item.decided_by, item.skip_reason) == (Decision.SKIPPED, BEN.email, "old")
    with reading(engine) as session:
        whats = [entry.what for entry in session.exec(select(LogEntry).order_by(col(LogEntry.id)))]
    assert whats == ["put stories together", "took a grouping back", "skipped"]


def test_a_story_taken_apart_adds_a_candidate_at_the_end(engine: Engine, draft: Seeded, settings: Settings) -> None:
    item_id = draft.item_ids[0]
    before = item_of(engine, item_id)
    leaving = others_of(engine, item_id)[:1]
    split_item(engine, draft.edition_id, item_id, ADA, settings, article_ids=leaving)
    with reading(engine) as session:
        editions_hold(session, draft)
        items = all_of(session, draft)
    new = items[-1]
    assert (len(items), new.article_id, new.rank) == (9, leaving[0], 9)
    assert (new.decision, new.position, new.suggested, new.channel) == (Decision.NONE, 0, False, Channel.BY_HAND)
    assert sum(reason["points"] for reason in new.reasons) == new.score
    assert new.headline.endswith("reported")
    after = item_of(engine, item_id)
    assert (after.headline, after.article_id, after.position) == (before.headline, before.article_id, before.position)


def test_the_article_that_a_story_links_to_stays(engine: Engine, draft: Seeded, settings: Settings) -> None:
    item_id = draft.item_ids[0]
    own, before = item_of(engine, item_id).article_id, standing(engine, draft)
    for ids in ([own], [own, others_of(engine, item_id)[0]]):
        with pytest.raises(WorkflowError, match="links to stays"):
            split_item(engine, draft.edition_id, item_id, ADA, settings, article_ids=ids)
    with pytest.raises(WorkflowError, match="not none and not all"):
        split_item(engine, draft.edition_id, item_id, ADA, settings, article_ids=[999_999_999])
    assert standing(engine, draft) == before


def test_a_split_that_is_taken_back_puts_its_part_aside(engine: Engine, draft: Seeded, settings: Settings) -> None:
    item_id = draft.item_ids[0]
    articles = articles_of(engine, item_id)
    leaving = others_of(engine, item_id)[:1]
    done = split_item(engine, draft.edition_id, item_id, ADA, settings, article_ids=leaving)
    take_back(engine, draft.edition_id, done.edit_id, ADA, settings)
    assert articles_of(engine, item_id) == articles
    with reading(engine) as session:
        editions_hold(session, draft)
        part = all_of(session, draft)[-1]
    assert part.decision is Decision.SKIPPED
    assert part.skip_reason.startswith("put together with “Smaller models")


def test_a_split_is_not_taken_back_under_a_part_that_was_chosen(
    engine: Engine, draft: Seeded, settings: Settings
) -> None:
    item_id = draft.item_ids[0]
    leaving = others_of(engine, item_id)[:1]
    done = split_item(engine, draft.edition_id, item_id, ADA, settings, article_ids=leaving)
    with reading(engine) as session:
        part = all_of(session, draft)[-1]
    decide(engine, draft.edition_id, part.id or 0, Decision.CHOSEN, ADA, version=1)
    with pytest.raises(WorkflowError, match="in the edition by itself"):
        take_back(engine, draft.edition_id, done.edit_id, ADA, settings)
    assert articles_of(engine, part.id or 0) == leaving
    assert item_of(engine, part.id or 0).decision is Decision.CHOSEN
    with reading(engine) as session:
        assert session.get_one(StoryEdit, done.edit_id).undone_at is None


def test_what_is_of_another_newsletter_or_never_was_is_not_taken_back(
    engine: Engine, settings: Settings, draft: Seeded
) -> None:
    with transaction(engine) as session:
        second = Newsletter(slug="second", name="The Second", created_at=NOW)
        session.add(second)
        session.flush()
        theirs = StoryEdit(
            newsletter_id=second.id or 0, at=NOW, by="x", story_id=draft.story_ids[0], other_id=draft.story_ids[1]
        )
        session.add(theirs)
        session.flush()
        foreign = theirs.id or 0
    for edit in (foreign, 999_999_999, -1):
        with pytest.raises(WorkflowError, match="nothing of the kind"):
            take_back(engine, draft.edition_id, edit, ADA, settings)


def test_an_approval_is_lost_by_it_as_by_any_change(engine: Engine, draft: Seeded, settings: Settings) -> None:
    def approve() -> None:
        with transaction(engine) as session:
            session.get_one(Edition, draft.edition_id).status = EditionStatus.APPROVED

    def status() -> EditionStatus:
        with reading(engine) as session:
            return session.get_one(Edition, draft.edition_id).status

    item_id = draft.item_ids[0]
    approve()
    done = merge_items(engine, draft.edition_id, item_id, ADA, settings, other_id=draft.item_ids[6])
    assert (done.voided, status()) == (True, EditionStatus.DRAFT)
    approve()
    assert take_back(engine, draft.edition_id, done.edit_id, ADA, settings).voided
    assert status() is EditionStatus.DRAFT
    approve()
    leaving = others_of(engine, item_id)[:1]
    assert split_item(engine, draft.edition_id, item_id, ADA, settings, article_ids=leaving).voided
    assert status() is EditionStatus.DRAFT


def test_what_is_going_out_is_neither_put_together_nor_taken_apart(
    engine: Engine, draft: Seeded, settings: Settings
) -> None:
    item_id, leaving = draft.item_ids[0], others_of(engine, draft.item_ids[0])
    done = merge_items(engine, draft.edition_id, item_id, ADA, settings, other_id=draft.item_ids[6])
    with transaction(engine) as session:
        session.get_one(Edition, draft.edition_id).status = EditionStatus.SENDING
    with pytest.raises(WorkflowError, match="being sent"):
        merge_items(engine, draft.edition_id, item_id, ADA, settings, other_id=draft.item_ids[5])
    with pytest.raises(WorkflowError, match="being sent"):
        split_item(engine, draft.edition_id, item_id, ADA, settings, article_ids=leaving)
    with pytest.raises(WorkflowError, match="being sent"):
        take_back(engine, draft.edition_id, done.edit_id, ADA, settings)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_put_together_and_taken_apart_nothing_is_twice_or_lost(
    engine: Engine, draft: Seeded, settings: Settings, seed: int
) -> None:
    chance = random.Random(seed)
    with reading(engine) as session:
        every = sorted(session.exec(select(StoryArticle.article_id)).all())
    for _ in range(14):
        with reading(engine) as session:
            items, edits = all_of(session, draft), edits_in(session, draft.edition_id)
        one, other = chance.sample(items, 2)
        try:
            match chance.choice(["merge", "merge", "split", "back"]):
                case "merge":
                    merge_items(engine, draft.edition_id, one.id or 0, ADA, settings, other_id=other.id or 0)
                case "split":
                    leaving = others_of(engine, one.id or 0)[:1]
                    split_item(engine, draft.edition_id, one.id or 0, ADA, settings, article_ids=leaving)
                case "back" if edits:
                    take_back(engine, draft.edition_id, chance.choice(edits).id or 0, ADA, settings)
        except WorkflowError:
            pass
        with reading(engine) as session:
            editions_hold(session, draft)
            assert sorted(session.exec(select(StoryArticle.article_id)).all()) == every
            assert len(all_of(session, draft)) >= len(items)
