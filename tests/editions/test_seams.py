"""Where two rooms meet: what a review of the seams found, each a test so that it stays mended."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.editions.changes import Editor, decide, write_item
from flows.editions.checking import confirm, flag, open_story
from flows.editions.claims import in_doubt
from flows.editions.curating import Curated, curate_edition
from flows.editions.grouping import merge_items, take_back
from flows.editions.turning import turn
from flows.errors import WorkflowError
from flows.models import Article, Decision, Edition, EditionItem, EditionStatus, Newsletter, Story, StoryArticle, Tier
from flows.settings import Settings
from flows.stories.pieces import Group
from flows.stories.store import lock_newsletter, read_pieces, write_groups
from tests.conftest import NOW
from tests.editions.test_bad_weeks import own_words
from tests.stories.shelf import add_article, add_source

ADA = Editor("ada@newsletter.example", NOW)
JUN = Editor("jun@newsletter.example", NOW, senior=False)
Run = Callable[..., Curated]


@pytest.fixture
def run(engine: Engine, settings: Settings, newsletter: Newsletter) -> Run:
    def curate(hours: float = 0, **changes: object) -> Curated:
        own = settings.model_copy(update={"newsletter": settings.newsletter.model_copy(update=changes)})
        now = NOW + timedelta(hours=hours)
        return curate_edition(engine, own, clock=lambda: now, progress=lambda _line: None)

    return curate


def items_of(engine: Engine, edition_id: int | None) -> list[EditionItem]:
    with reading(engine) as session:
        query = select(EditionItem).where(EditionItem.edition_id == edition_id).order_by(col(EditionItem.rank))
        return list(session.exec(query))


def publish(engine: Engine, stories: list[tuple[str, str]]) -> list[int]:
    with transaction(engine) as session:
        source = add_source(session, "orchid", NOW)
        return [
            add_article(session, source, title, text, NOW - timedelta(hours=2 + n), NOW - timedelta(hours=1))
            for n, (title, text) in enumerate(stories)
        ]


def send(engine: Engine, edition_id: int | None, *, ago: timedelta = timedelta()) -> None:
    with transaction(engine) as session:
        edition = session.get_one(Edition, edition_id)
        edition.status, edition.sealed_at = EditionStatus.SENT, NOW - ago


def test_a_rerank_measures_the_article_that_is_linked_to_and_keeps_its_flag(
    engine: Engine, settings: Settings, newsletter: Newsletter, run: Run
) -> None:
    publish(engine, [("Harbour board accused in lawsuit", "A long story of a lawsuit. " * 9), *own_words(6)])
    made = run(flag_words=("lawsuit",))
    [item] = [each for each in items_of(engine, made.edition_id) if each.flags]
    with transaction(engine) as session:
        source = add_source(session, "other", NOW)
        other = add_article(session, source, "Quay walls measured", "No courts here.", NOW, NOW)
        session.add(StoryArticle(newsletter_id=newsletter.id or 0, article_id=other, story_id=item.story_id))
        session.get_one(Story, item.story_id).lead_article_id = other
    turn(engine, newsletter.id or 0, JUN, settings, way="mute", term="opera", edition_id=made.edition_id or 0)
    [same] = [each for each in items_of(engine, made.edition_id) if each.id == item.id]
    assert (same.tier, same.article_id) == (Tier.FLAGGED, item.article_id)
    with pytest.raises(WorkflowError, match="a publisher decides"):
        decide(engine, made.edition_id or 0, same.id or 0, Decision.CHOSEN, JUN, version=same.version)


def test_a_confirmation_is_for_one_claim_in_its_sentence(engine: Engine, run: Run) -> None:
    publish(engine, [("The mayor spoke", "The mayor of Lyon did speak. Two workers were hurt."), *own_words(5)])
    made = run()
    [item] = [each for each in items_of(engine, made.edition_id) if each.headline == "The mayor spoke"]
    edition_id, item_id = made.edition_id or 0, item.id or 0

    def words(blurb: str) -> EditionItem:
        now = next(each for each in items_of(engine, edition_id) if each.id == item_id)
        write_item(engine, edition_id, item_id, ADA, version=now.version, headline=now.headline, blurb=blurb)
        return next(each for each in items_of(engine, edition_id) if each.id == item_id)

    denied = words("The mayor of Lyon did not speak.")
    assert [claim["by"] for claim in denied.claims] == [""]
    confirm(engine, edition_id, item_id, ADA, version=denied.version, which=0)
    both = words("The mayor of Lyon did not speak. Two workers were not hurt.")
    assert sorted(claim["by"] for claim in both.claims) == ["", ADA.email]


def test_an_article_rewritten_after_the_draft_is_checked_again_before_it_goes_out(engine: Engine, run: Run) -> None:
    publish(engine, [("The bridge opened", "The bridge opened after 40 months of work in Lyon."), *own_words(5)])
    made = run(stories_most=15)
    [item] = [each for each in items_of(engine, made.edition_id) if each.headline == "The bridge opened"]
    decide(engine, made.edition_id or 0, item.id or 0, Decision.CHOSEN, ADA, version=item.version)
    with transaction(engine) as session:
        assert in_doubt(session, made.edition_id or 0, ()) == ({}, {})
        article = session.get_one(Article, item.article_id)
        article.text = "A lawsuit keeps the bridge shut for another 14 months."
    with reading(engine) as session:
        claims, flags = in_doubt(session, made.edition_id or 0, ("lawsuit",))
    assert "40" in " ".join(claims[item.id or 0])
    assert "lawsuit" in flags[item.id or 0]


def test_what_was_put_aside_is_not_chosen_beside_the_story_it_is_part_of(
    engine: Engine, settings: Settings, run: Run
) -> None:
    publish(engine, own_words(8))
    made = run(stories_most=1)
    one, other = [item for item in items_of(engine, made.edition_id) if item.decision is Decision.NONE][:2]
    edition_id = made.edition_id or 0
    decide(engine, edition_id, other.id or 0, Decision.LATER, ADA, version=other.version)
    done = merge_items(engine, edition_id, one.id or 0, ADA, settings, other_id=other.id or 0)
    now = {item.id: item for item in items_of(engine, edition_id)}
    with pytest.raises(WorkflowError, match="put together with"):
        decide(engine, edition_id, other.id or 0, Decision.CHOSEN, ADA, version=now[other.id].version)
    take_back(engine, edition_id, done.edit_id, ADA, settings)
    back = next(item for item in items_of(engine, edition_id) if item.id == other.id)
    assert (back.decision, back.decided_by) == (Decision.LATER, ADA.email)


def test_a_flag_by_hand_is_not_forgotten_in_the_next_edition(engine: Engine, run: Run) -> None:
    publish(engine, own_words(9))
    made = run()
    item = items_of(engine, made.edition_id)[0]
    flag(engine, made.edition_id or 0, item.id or 0, JUN, version=item.version, reason="names a minor")
    with transaction(engine) as session:
        for each in session.exec(select(EditionItem).where(EditionItem.edition_id == made.edition_id)):
            each.decision = Decision.NONE
    send(engine, made.edition_id)
    second = run(1)
    [again] = [each for each in items_of(engine, second.edition_id) if each.story_id == item.story_id]
    assert (again.tier, again.suggested, again.flags[0]["words"]) == (Tier.FLAGGED, False, "names a minor")


def test_an_article_with_a_new_date_is_no_follow_up_of_itself(engine: Engine, run: Run) -> None:
    articles = publish(engine, own_words(5))
    made = run()
    send(engine, made.edition_id, ago=timedelta(minutes=30))
    with transaction(engine) as session:
        for article in articles:
            session.get_one(Article, article).published_at = NOW + timedelta(hours=1)
    assert run(2).edition_id is None


def test_a_skipped_follow_up_stays_skipped(engine: Engine, newsletter: Newsletter, run: Run) -> None:
    publish(engine, own_words(9))
    made = run()
    ran = items_of(engine, made.edition_id)[0]
    with transaction(engine) as session:
        for each in session.exec(select(EditionItem).where(EditionItem.id != ran.id)):
            each.decision = Decision.NONE
    send(engine, made.edition_id, ago=timedelta(minutes=30))
    with transaction(engine) as session:
        source = add_source(session, "late", NOW)
        new = add_article(session, source, "More of the same", "And more.", NOW, NOW)
        session.add(StoryArticle(newsletter_id=newsletter.id or 0, article_id=new, story_id=ran.story_id))
    second = run(1)
    [item] = [each for each in items_of(engine, second.edition_id) if each.story_id == ran.story_id]
    decide(engine, second.edition_id or 0, item.id or 0, Decision.SKIPPED, ADA, version=item.version)
    send(engine, second.edition_id)
    third = run(2)
    assert third.edition_id != second.edition_id
    assert ran.story_id not in {each.story_id for each in items_of(engine, third.edition_id)}


def test_newcomers_join_the_story_that_theirs_was_put_into_meanwhile(
    engine: Engine, settings: Settings, newsletter: Newsletter, run: Run
) -> None:
    publish(engine, own_words(6))
    made = run(stories_most=1)
    one, other = [item for item in items_of(engine, made.edition_id) if item.decision is Decision.NONE][:2]
    newsletter_id = newsletter.id or 0
    with transaction(engine) as session:
        source = add_source(session, "late", NOW)
        new = add_article(session, source, other.headline, "The same once more.", NOW, NOW)
    with reading(engine) as session:
        pieces = read_pieces(session, newsletter_id, since=NOW - timedelta(days=9), known_since=NOW - timedelta(days=9))
    theirs = tuple(sorted({p.article_id for p in pieces if p.story_id == other.story_id} | {new}))
    merge_items(engine, made.edition_id or 0, one.id or 0, ADA, settings, other_id=other.id or 0)
    with transaction(engine) as session:
        lock_newsletter(session, newsletter_id)
        write_groups(session, newsletter_id, [Group(other.story_id, theirs)], {}, now=NOW)
    with reading(engine) as session:
        assert session.get_one(StoryArticle, (newsletter_id, new)).story_id == one.story_id


def test_a_run_that_brings_nothing_new_adds_nothing(engine: Engine, run: Run) -> None:
    publish(engine, own_words(40))
    first = run(queue_most=10)
    assert (first.candidates, run(1, queue_most=10).candidates, run(2, queue_most=10).candidates) == (10, 10, 10)


def test_a_small_queue_is_no_reason_for_no_edition(engine: Engine, run: Run) -> None:
    publish(engine, own_words(40))
    assert run(queue_most=10, stories_min=20).created


def test_a_look_back_at_a_sent_edition_is_no_look_at_its_queue(engine: Engine, run: Run) -> None:
    publish(engine, own_words(6))
    made = run()
    item = items_of(engine, made.edition_id)[0]
    send(engine, made.edition_id)
    open_story(engine, made.edition_id or 0, item.id or 0, now=NOW)
    assert items_of(engine, made.edition_id)[0].opened_at is None
