"""From articles to the draft of the next edition."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import reading, transaction
from flows.editions.curating import Curated, curate_edition
from flows.models import (
    Article,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    Newsletter,
    Notice,
    Ranker,
    RankerStatus,
    Source,
    Story,
    StoryArticle,
)
from flows.settings import NewsletterSettings, Settings, load_settings
from flows.stories.registry import as_json
from flows.stories.store import list_stories
from flows.stories.weights import RULES, RankerWeights
from tests.conftest import NOW
from tests.stories.shelf import add_article, add_past_edition, add_source, add_week

Run = Callable[..., Curated]


@pytest.fixture
def told() -> list[Notice]:
    return []


@pytest.fixture
def run(engine: Engine, settings: Settings, newsletter: Newsletter, told: list[Notice]) -> Run:
    def run(now: datetime = NOW, own: Settings = settings) -> Curated:
        return curate_edition(engine, own, clock=lambda: now, progress=lambda _: None, notify=told.append)

    return run


@pytest.fixture
def week(engine: Engine) -> list[int]:
    with transaction(engine) as session:
        topics = {"millrace": "Engineering", "fenwick": "Research", "orchid": "Applied"}
        sources = [add_source(session, name, NOW, topic=topic) for name, topic in topics.items()]
        return add_week(session, sources, NOW)


def changed(settings: Settings, **newsletter: object) -> Settings:
    own = NewsletterSettings(**{**settings.newsletter.model_dump(), **newsletter})
    return settings.model_copy(update={"newsletter": own})


def items_of(session: Session, edition_id: int | None) -> list[EditionItem]:
    query = select(EditionItem).where(EditionItem.edition_id == edition_id).order_by(col(EditionItem.rank))
    return list(session.exec(query).all())


def set_status(engine: Engine, edition_id: int | None, status: EditionStatus) -> None:
    with transaction(engine) as session:
        session.get_one(Edition, edition_id).status = status


def test_a_first_draft_has_everything_an_editor_needs(
    engine: Engine, run: Run, week: list[int], told: list[Notice]
) -> None:
    made = run()
    assert made == Curated(made.edition_id, 1, 10, 10, 10, created=True)
    with reading(engine) as session:
        edition = session.get_one(Edition, made.edition_id)
        assert (edition.number, edition.status, edition.slot) == (1, EditionStatus.DRAFT, date(2026, 11, 23))
        assert edition.send_at == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 07:00 in Berlin
        assert edition.approval_due_at == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
        assert edition.expires_at == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
        assert edition.ranker_version == 1
        assert edition.ranker_weights["points"] == dict(RULES.points)
        items = items_of(session, made.edition_id)
        assert [item.rank for item in items] == list(range(1, 11))
        assert edition.subject == items[0].headline
        assert items[1].headline in edition.preheader
        for item in items:
            assert item.suggested
            assert (item.decision, item.decided_by) == (Decision.CHOSEN, "")
            assert item.headline
            assert item.blurb.endswith(".")
            assert sum(reason["points"] for reason in item.reasons) == item.score
            assert all(reason["words"] for reason in item.reasons)
            assert set(item.features) == set(RULES.points)
        for name in {item.section for item in items}:
            places = [item.position for item in items if item.section == name]
            assert places == list(range(1, len(places) + 1))
    assert [notice.kind for notice in told] == ["draft ready"]
    assert told[0].link.endswith(f"/desk/editions/{made.edition_id}")
    assert "10 of 10 stories" in told[0].text
    assert "Friday 20 November at 16:00" in told[0].text


def test_running_it_again_changes_nothing(engine: Engine, run: Run, week: list[int], told: list[Notice]) -> None:
    first = run()
    with reading(engine) as session:
        before = [item.model_dump() for item in items_of(session, first.edition_id)]
    again = run(NOW + timedelta(hours=3))
    assert (again.edition_id, again.stories, again.candidates, again.created) == (first.edition_id, 0, 10, False)
    with reading(engine) as session:
        assert [item.model_dump() for item in items_of(session, first.edition_id)] == before
        assert len(session.exec(select(Edition)).all()) == 1
    assert len(told) == 1


RANKED = {"score", "reasons", "features", "rank", "chance", "tier", "channel", "flags"}  # what newcomers may move


def test_later_articles_become_candidates_and_touch_no_decision(engine: Engine, run: Run, week: list[int]) -> None:
    made = run()
    with transaction(engine) as session:
        first, second, *_ = items_of(session, made.edition_id)
        first.headline, first.position, first.version = "Edited by hand", 9, 2
        second.decision, second.decided_by = Decision.SKIPPED, "ada@newsletter.example"
        session.get_one(Edition, made.edition_id).subject = "A better subject"
        source = session.exec(select(Source.id)).first() or 0
        add_article(session, source, "Ferrets guard a data centre", "They hunt the mice that gnaw on cables.", NOW, NOW)
        before = {item.id: item.model_dump(exclude=RANKED) for item in items_of(session, made.edition_id)}
    again = run(NOW + timedelta(hours=1))
    assert (again.stories, again.candidates, again.chosen) == (1, 11, 9)
    with reading(engine) as session:
        items = items_of(session, made.edition_id)
        assert {item.id: item.model_dump(exclude=RANKED) for item in items if item.id in before} == before
        [late] = [item for item in items if item.id not in before]
        assert (late.headline, late.decision, late.suggested) == ("Ferrets guard a data centre", Decision.NONE, False)
        assert sorted(item.rank for item in items) == list(range(1, 12))
        assert late.position == 0
        assert session.get_one(Edition, made.edition_id).subject == "A better subject"


def test_articles_of_one_event_are_one_candidate_with_its_best_source(engine: Engine, run: Run) -> None:
    text = (
        "The Vanda model is out with open weights and a context of 128 thousand tokens. "
        "It was trained on text in 62 languages and runs on one card. "
    )
    with transaction(engine) as session:
        sources = [add_source(session, name, NOW) for name in ("cumulane", "orchid", "dry-run")]
        add_week(session, sources, NOW, count=4)
        copies = [
            add_article(session, sources[0], "Vanda is out", text * 3, NOW - timedelta(hours=5), NOW),
            add_article(session, sources[1], "Vanda: open weights", text * 3, NOW - timedelta(hours=9), NOW),
            add_article(session, sources[2], "Vanda, out now", text, NOW - timedelta(hours=30), NOW),
        ]
    made = run()
    assert made.candidates == 5
    with reading(engine) as session:
        items = items_of(session, made.edition_id)
        vanda = next(item for item in items if item.article_id in copies)
        assert vanda.article_id == copies[1]  # full text, and earlier than the other full text
        assert "3 sources cover it" in [reason["words"] for reason in vanda.reasons]
        listed = next(row for row in list_stories(session) if row["articles"] == 3)
        assert listed["title"] == "Vanda: open weights"
        assert listed["sources"] == 3
        assert sorted(listed["titles"]) == ["Vanda is out", "Vanda, out now", "Vanda: open weights"]
        assert len(session.exec(select(StoryArticle)).all()) == 7


def test_a_follow_up_joins_its_story_and_does_not_come_twice(engine: Engine, run: Run, week: list[int]) -> None:
    first = run()
    with transaction(engine) as session:
        original = session.get_one(Article, week[0])
        title, text = original.title, original.text
        other = add_source(session, "saltmarsh", NOW)
        add_article(session, other, title, text + " Updated.", NOW + timedelta(hours=2), NOW)
    again = run(NOW + timedelta(hours=3))
    assert (again.stories, again.candidates) == (0, 10)
    with reading(engine) as session:
        stories = session.exec(select(StoryArticle.story_id).where(StoryArticle.article_id == week[0])).all()
        members = session.exec(select(StoryArticle).where(StoryArticle.story_id == stories[0])).all()
        assert len(members) == 2
    assert first.edition_id == again.edition_id


def test_a_decided_edition_leaves_its_day_and_what_ran_is_not_offered_again(
    engine: Engine, run: Run, week: list[int]
) -> None:
    first = run()
    with transaction(engine) as session:
        items = items_of(session, first.edition_id)
        for item in items[5:]:
            item.decision = Decision.NONE
        ran = {item.story_id for item in items[:5]}
    set_status(engine, first.edition_id, EditionStatus.APPROVED)
    second = run(NOW + timedelta(hours=1))
    assert (second.number, second.candidates, second.created) == (2, 5, True)
    with reading(engine) as session:
        assert session.get_one(Edition, second.edition_id).slot == date(2026, 11, 30)
        assert not ran & {item.story_id for item in items_of(session, second.edition_id)}


def test_a_cancelled_edition_gives_its_stories_back(engine: Engine, run: Run, week: list[int]) -> None:
    first = run()
    set_status(engine, first.edition_id, EditionStatus.CANCELLED)
    second = run(NOW + timedelta(hours=1))
    assert (second.number, second.candidates) == (2, 10)


def test_what_an_editor_skipped_stays_away_and_what_she_kept_comes_back(
    engine: Engine, run: Run, week: list[int]
) -> None:
    first = run()
    with transaction(engine) as session:
        skipped, kept, *rest = items_of(session, first.edition_id)
        for item, decision in ((skipped, Decision.SKIPPED), (kept, Decision.LATER)):
            item.decision, item.decided_by = decision, "ada@newsletter.example"
        for item in rest[4:]:
            item.decision = Decision.NONE
        session.get_one(Edition, first.edition_id).status = EditionStatus.SENT
    second = run(NOW + timedelta(hours=1))
    with reading(engine) as session:
        offered = {item.story_id: item for item in items_of(session, second.edition_id)}
        assert skipped.story_id not in offered
        words = [reason["words"] for reason in offered[kept.story_id].reasons]
        assert "an editor kept it for later" in words


def test_a_kept_story_comes_back_although_it_has_left_the_window(engine: Engine, run: Run, week: list[int]) -> None:
    first = run()
    with transaction(engine) as session:
        kept = items_of(session, first.edition_id)[0]
        kept.decision, kept.decided_by = Decision.LATER, "ada@newsletter.example"
        session.get_one(Edition, first.edition_id).status = EditionStatus.SENT
        sources = list(session.exec(select(Source.id)).all())
        add_week(session, [one or 0 for one in sources], NOW + timedelta(days=21), start=10, count=4)
    later = run(NOW + timedelta(days=21))
    with reading(engine) as session:
        assert kept.story_id in {item.story_id for item in items_of(session, later.edition_id)}


def test_too_few_new_stories_are_an_outcome_of_their_own(engine: Engine, run: Run, told: list[Notice]) -> None:
    with transaction(engine) as session:
        sources = [add_source(session, "millrace", NOW)]
        add_week(session, sources, NOW, count=2)
    made = run()
    assert (made.edition_id, made.number, made.candidates, made.created) == (None, None, 2, False)
    assert [notice.kind for notice in told] == ["no edition"]
    assert "2 new stories" in told[0].text
    assert "needs 3" in told[0].text
    run(NOW + timedelta(hours=1))
    assert len(told) == 1
    with transaction(engine) as session:
        assert session.exec(select(Edition)).all() == []
        add_week(session, sources, NOW, start=2, count=5)
    after_all = run(NOW + timedelta(hours=2))
    assert after_all.created
    assert [notice.kind for notice in told] == ["no edition", "draft ready"]
    with reading(engine) as session:
        first = session.exec(select(Notice).where(Notice.kind == "no edition")).one()
        assert first.closed_at is not None


def test_no_articles_at_all_are_no_edition_too(run: Run, told: list[Notice]) -> None:
    assert run().edition_id is None
    assert [notice.kind for notice in told] == ["no edition"]


def test_old_articles_of_a_new_source_are_no_news(engine: Engine, run: Run) -> None:
    with transaction(engine) as session:
        source = add_source(session, "archive", NOW)
        for year in range(4):
            add_article(session, source, f"Annals {year}", "Long ago.", NOW - timedelta(days=300 + year), NOW)
    assert run().candidates == 0


def test_an_article_without_a_link_cannot_be_a_candidate(engine: Engine, run: Run, week: list[int]) -> None:
    with transaction(engine) as session:
        source = add_source(session, "linkless", NOW)
        add_article(session, source, "Where is it", "Nobody can open this.", NOW, NOW, link="")
    assert run().candidates == 10


def test_what_needs_a_look_is_offered_but_not_suggested(engine: Engine, run: Run, week: list[int]) -> None:
    with transaction(engine) as session:
        session.get_one(Article, week[0]).needs_review = "date_rejected"
    made = run()
    assert (made.candidates, made.chosen) == (10, 9)


def test_limits_of_sections_and_of_the_whole_hold(
    engine: Engine, run: Run, settings: Settings, week: list[int]
) -> None:
    sections = [
        {"name": "All", "most": 4, "words": []},
        {"name": "Sea", "most": 9, "words": ["harbour", "cello", "hive"]},
    ]
    made = run(own=changed(settings, sections=sections, stories_most=5))
    assert made.chosen == 5
    with reading(engine) as session:
        chosen = [item.section for item in items_of(session, made.edition_id) if item.suggested]
        assert chosen.count("All") <= 4
        assert {"All", "Sea"} == set(chosen)


def test_an_edition_may_go_out_as_soon_as_it_is_approved(
    engine: Engine, run: Run, settings: Settings, week: list[int]
) -> None:
    made = run(own=changed(settings, send_when_approved=True))
    with reading(engine) as session:
        edition = session.get_one(Edition, made.edition_id)
        assert edition.send_at is None
        assert edition.expires_at == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def test_two_runs_at_once_make_one_edition(
    engine: Engine, settings: Settings, newsletter: Newsletter, week: list[int]
) -> None:
    told: list[Notice] = []
    made: list[Curated] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        made.append(curate_edition(engine, settings, clock=lambda: NOW, progress=lambda _: None, notify=told.append))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.edition_id for one in made}) == 1
    assert sum(one.created for one in made) == 1
    assert len(told) == 1
    with reading(engine) as session:
        assert len(session.exec(select(Story)).all()) == 10
        assert len(session.exec(select(EditionItem)).all()) == 10


def test_an_approved_ranker_ranks_and_is_recorded(
    engine: Engine, run: Run, newsletter: Newsletter, week: list[int]
) -> None:
    points = {**RULES.points, "recency": 0.0, "substance": 9.0}
    with transaction(engine) as session:
        session.add(
            Ranker(
                newsletter_id=newsletter.id or 0,
                version=4,
                status=RankerStatus.APPROVED,
                weights=as_json(RankerWeights(4, points, variety=0.0, base=-1.0)),
                created_at=NOW,
            )
        )
    made = run()
    with reading(engine) as session:
        edition = session.get_one(Edition, made.edition_id)
        assert (edition.ranker_version, edition.ranker_weights["points"]) == (4, points)
        names = {reason["name"] for item in items_of(session, made.edition_id) for reason in item.reasons}
        assert "recency" not in names


def test_a_ranker_that_cannot_be_read_leaves_the_rules_and_says_so(
    engine: Engine, run: Run, newsletter: Newsletter, week: list[int], told: list[Notice]
) -> None:
    with transaction(engine) as session:
        session.add(
            Ranker(
                newsletter_id=newsletter.id or 0,
                version=5,
                status=RankerStatus.APPROVED,
                weights={"format": 3, "trees": []},
                created_at=NOW,
            )
        )
    made = run()
    run(NOW + timedelta(hours=1))
    assert [notice.kind for notice in told] == ["ranking", "draft ready"]
    assert "Version 5" in told[0].text
    assert "the rules rank instead" in told[0].text
    with reading(engine) as session:
        assert session.get_one(Edition, made.edition_id).ranker_version == 1


def test_the_record_of_a_source_and_likeness_to_past_stories_are_among_the_reasons(
    engine: Engine, run: Run, newsletter: Newsletter
) -> None:
    before = NOW - timedelta(days=30)
    with transaction(engine) as session:
        good, poor = add_source(session, "good", NOW), add_source(session, "poor", NOW)
        past = []
        for place in range(8):
            source = good if place % 2 else poor
            decision = Decision.CHOSEN if source == good else Decision.SKIPPED
            article = add_article(session, source, f"Old {place}", f"An old text, number {place}.", before, before)
            past.append((article, decision, {}))
        like = session.get_one(Article, past[1][0])
        like.title = "Tide gauges"
        like.text = "The harbour master read storms off his tide gauges and notebooks."
        add_past_edition(session, newsletter.id or 0, 1, before, past)
        add_week(session, [good, poor], NOW, count=6)
    made = run()
    assert made.number == 2
    with reading(engine) as session:
        reasons = {item.headline: [r["words"] for r in item.reasons] for item in items_of(session, made.edition_id)}
        gauges = reasons["What the tide gauges missed"]
        assert "Good: 4 of 4 of its stories chosen" in gauges
        assert "much like “Headline 2” in no. 1" in gauges
        assert "Poor: 0 of 4 of its stories chosen" in reasons["Sodium cells after six thousand charges"]


def test_the_newsletter_is_made_if_it_is_not_there(engine: Engine, settings: Settings) -> None:
    made = curate_edition(engine, settings, clock=lambda: NOW, progress=lambda _: None)
    assert made.edition_id is None
    with reading(engine) as session:
        assert session.exec(select(Newsletter.slug)).all() == [load_settings(settings.data).newsletter.slug]


def test_headlines_alone_in_an_unknown_script_make_a_draft(engine: Engine, run: Run) -> None:
    titles = ["海洋潮位计数字化", "大提琴协奏曲开季", "钠电池寿命延长", "语音识别方言"]
    with transaction(engine) as session:
        source = add_source(session, "haiyang", NOW)
        for title in titles:
            add_article(session, source, title, "", NOW, NOW)
    made = run()
    assert made.candidates == 4
    with reading(engine) as session:
        assert {item.blurb for item in items_of(session, made.edition_id)} == {""}
