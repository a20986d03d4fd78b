"""Weeks that go wrong: one source, one story, nothing new, an unknown language, machines that click, broken pasts."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.editions.curating import Curated, curate_edition
from flows.editions.known import read_known
from flows.models import (
    Channel,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    ItemClicks,
    Newsletter,
    Notice,
    StoryArticle,
    Tier,
)
from flows.settings import Settings
from tests.conftest import NOW
from tests.stories.shelf import add_article, add_past_edition, add_source

Run = Callable[[], Curated]
CHINESE = (
    ("研究人员发布新的开放权重模型", "该模型在六个数据集上进行了评估，结果优于以往的系统。"),
    ("监管机构要求在三天内报告事故", "新规定将于明年一月生效，涉及所有大型供应商。"),
    ("医院公布首年分诊数据", "医生表示等待时间缩短了四分之一，误判有所减少。"),
    ("芯片公司向外部编译器开放接口", "工程师们可以首次直接编写内核程序。"),
)


@pytest.fixture
def run(engine: Engine, settings: Settings, newsletter: Newsletter) -> Run:
    return lambda: curate_edition(engine, settings, clock=lambda: NOW, progress=lambda _line: None)


def items_of(engine: Engine, edition_id: int | None) -> list[EditionItem]:
    with reading(engine) as session:
        query = select(EditionItem).where(EditionItem.edition_id == edition_id).order_by(col(EditionItem.rank))
        return list(session.exec(query))


def publish(engine: Engine, stories: list[tuple[str, str]], *, sources: int = 1) -> list[int]:
    with transaction(engine) as session:
        ids = [add_source(session, f"source-{number}", NOW) for number in range(sources)]
        return [
            add_article(session, ids[n % sources], title, text, NOW - timedelta(hours=2 + n), NOW)
            for n, (title, text) in enumerate(stories)
        ]


def own_words(count: int) -> list[tuple[str, str]]:
    """Stories that share no word."""
    chance = Random(count)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]

    def words(many: int) -> str:
        return " ".join("".join(chance.choices(syllables, k=4)) for _ in range(many))

    return [(words(4).capitalize(), words(40).capitalize() + ".") for _ in range(count)]


def test_one_source_alone_fills_its_section(engine: Engine, run: Run, settings: Settings) -> None:
    publish(engine, own_words(20))
    made = run()
    assert (made.candidates, made.chosen) == (20, settings.newsletter.sections[0].most)


def test_no_history_ranks_by_the_rules_and_says_chances_that_add_up(
    engine: Engine, run: Run, settings: Settings
) -> None:
    publish(engine, own_words(40), sources=8)
    items = items_of(engine, run().edition_id)
    assert all(item.chance is not None and 0 < item.chance < 1 for item in items)
    assert sum(item.chance or 0 for item in items) == pytest.approx(settings.newsletter.stories_most, abs=0.6)
    assert {item.tier for item in items} == {Tier.SURE, Tier.OPEN}  # nothing is folded away without evidence


def test_when_all_tell_one_story_there_is_no_edition_and_it_is_said(engine: Engine, run: Run) -> None:
    text = "The harbour master compared the readings with his notebooks and found nine quiet storms in one spring."
    publish(engine, [("Nine quiet storms", text)] * 6, sources=6)
    made = run()
    assert (made.edition_id, made.candidates) == (None, 1)
    with reading(engine) as session:
        assert [notice.kind for notice in session.exec(select(Notice))] == ["no edition"]


def test_a_week_without_anything_new_is_no_edition_even_with_follow_ups(
    engine: Engine, newsletter: Newsletter, run: Run
) -> None:
    publish(engine, own_words(4), sources=4)
    first = run()
    assert first.edition_id is not None
    with transaction(engine) as session:
        edition = session.get_one(Edition, first.edition_id)
        edition.status, edition.sealed_at = EditionStatus.SENT, NOW
        stories = {item.story_id for item in items_of(engine, first.edition_id)}
        source = add_source(session, "late", NOW)
        for story in stories:
            # A new article in each story that ran: followed up, but nothing new.
            article = add_article(session, source, f"More on {story}", "More.", NOW + timedelta(hours=3), NOW)
            session.add(StoryArticle(newsletter_id=newsletter.id or 0, article_id=article, story_id=story))
    made = run()
    assert made.edition_id is None


def test_a_follow_up_says_where_its_story_ran_and_is_never_chosen_beforehand(
    engine: Engine, newsletter: Newsletter, run: Run
) -> None:
    publish(engine, own_words(6), sources=3)
    first = run()
    ran = items_of(engine, first.edition_id)[0]
    with transaction(engine) as session:
        edition = session.get_one(Edition, first.edition_id)
        edition.status, edition.sealed_at = EditionStatus.SENT, NOW - timedelta(hours=1)
        for item in session.exec(select(EditionItem).where(EditionItem.id != ran.id)):
            item.decision = Decision.NONE
        source = add_source(session, "late", NOW)
        new = add_article(session, source, "More of the same", "And more.", NOW - timedelta(minutes=9), NOW)
        old = add_article(session, source, "What was said before", "As it was.", NOW - timedelta(days=2), NOW)
        for article in (new, old):
            session.add(StoryArticle(newsletter_id=newsletter.id or 0, article_id=article, story_id=ran.story_id))
    second = run()
    [item] = [item for item in items_of(engine, second.edition_id) if item.story_id == ran.story_id]
    assert (item.article_id, item.suggested, item.tier) == (new, False, Tier.OPEN)
    assert f"follows up “{ran.headline}”, which ran in no. 1" in [reason["words"] for reason in item.reasons]


def test_stories_in_a_language_the_words_do_not_cover_are_kept_apart_and_ranked(engine: Engine, run: Run) -> None:
    publish(engine, [*CHINESE, CHINESE[0]], sources=5)
    items = items_of(engine, run().edition_id)
    assert len(items) == 4  # the copy is one story with its original
    assert all(item.blurb and item.headline for item in items)


def test_clicks_of_machines_alone_are_no_interest(engine: Engine, newsletter: Newsletter) -> None:
    with transaction(engine) as session:
        source = add_source(session, "one", NOW)
        decided = [(add_article(session, source, f"T {n}", "Text.", NOW, NOW), Decision.CHOSEN, {}) for n in range(4)]
        edition_id = add_past_edition(session, newsletter.id or 0, 1, NOW - timedelta(days=7), decided)
        items = session.exec(select(EditionItem).where(EditionItem.edition_id == edition_id)).all()
        for place, item in enumerate(items, start=1):
            session.add(
                ItemClicks(
                    item_id=item.id or 0,
                    edition_id=edition_id,
                    place=place,
                    people=1000,
                    clicked=0,
                    machines=900,
                    counted_at=NOW,
                )
            )
    with reading(engine) as session:
        interest = read_known(session, newsletter.id or 0, before=2).history.interest
    assert set(interest.values()) <= {0.0}


def test_little_known_sources_are_tried_below_what_is_suggested_and_it_is_said(
    engine: Engine, run: Run, settings: Settings
) -> None:
    publish(engine, own_words(60), sources=12)
    items = items_of(engine, run().edition_id)
    tried = [item for item in items if any(part["name"] == "exploration" for part in item.reasons)]
    assert 0 < len(tried) <= 2
    assert all(item.channel is Channel.EXPLORATION and not item.suggested for item in tried)
    assert all(item.rank > settings.newsletter.stories_most for item in tried)
