"""Features, score, reasons and the order of the queue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.explain import when
from flows.stories.features import NAMES, Facts, Profile, Record, measure, shrunken
from flows.stories.rank import VARIETY, rank, score
from flows.stories.weights import RULES, RankerWeights

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
PROFILE = Profile(
    now=NOW,
    zone="Europe/Berlin",
    cadence_days=7,
    topics=("language model", "agents"),
    sections=(("Research", ("paper", "dataset")), ("Industry", ("chip", "market"))),
    usual=Record(30, 100),
)
STORY = Facts(
    story_id=1,
    title="A chip for language models",
    text="The market for a chip is small. Agents need one anyway.",
    words=300,
    published_at=NOW - timedelta(days=1),
    first_seen_at=NOW,
    source_id=4,
    source_title="Orchid Lab",
    record=Record(4, 9),
    sources=3,
)


def reasons(story: Facts, profile: Profile = PROFILE) -> dict[str, str]:
    return {part.name: part.words for part in score(story, profile, RULES).parts}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"published_at": NOW - timedelta(hours=5)}, {"published_at": NOW - timedelta(days=6)}),
        ({"published_at": NOW}, {"published_at": None}),
        ({"record": Record(9, 10)}, {"record": Record(0, 10)}),
        ({"record": Record(60, 100)}, {"record": Record(1, 1)}),
        ({"title": "Agents and language models"}, {"title": "Notes", "text": "Nothing."}),
        ({"sources": 4}, {"sources": 1}),
        ({"words": 900}, {"words": 60}),
        ({"alike": 0.0}, {"alike": 0.8}),
        ({"kept": True}, {"kept": False}),
        ({"source_weight": 0.5}, {"source_weight": -0.5}),
    ],
    ids=lambda change: ",".join(f"{k}={v}" for k, v in change.items())[:40],
)
def test_a_fact_that_speaks_for_a_story_raises_its_score(better: dict, worse: dict) -> None:  # type: ignore[type-arg]
    def points(change: dict) -> float:  # type: ignore[type-arg]
        return score(replace(STORY, **change), PROFILE, RULES).score

    assert points(better) > points(worse)


def test_reasons_are_said_in_words() -> None:
    assert reasons(replace(STORY, alike=0.5, alike_to="A chip for all", alike_no=12, source_weight=-1.0)) == {
        "recency": "published yesterday",
        "source_record": "Orchid Lab: 4 of 9 of its stories chosen",
        "topic": "about language model and agents",
        "section": "fits Industry: chip and market",
        "coverage": "3 sources cover it",
        "substance": "300 words of text",
        "novelty": "much like “A chip for all” in no. 12",
        "source_weight": "Orchid Lab is muted by an editor",
    }


def test_a_story_is_measured_against_the_section_of_its_source() -> None:
    assert measure(replace(STORY, source_topic="research"), PROFILE)["section"] == 0
    assert measure(replace(STORY, source_topic="Elsewhere"), PROFILE).section == "Industry"


def test_an_article_from_the_future_is_as_new_as_one_from_now() -> None:
    assert measure(replace(STORY, published_at=NOW + timedelta(days=300)), PROFILE)["recency"] == 1.0


def test_recency_follows_the_cadence_of_the_newsletter() -> None:
    old = replace(STORY, published_at=NOW - timedelta(days=3))
    daily = replace(PROFILE, cadence_days=1)
    monthly = replace(PROFILE, cadence_days=30)
    assert measure(old, daily)["recency"] < 0.1
    assert measure(old, monthly)["recency"] > 0.8


def test_a_source_without_history_counts_as_a_usual_one() -> None:
    assert measure(replace(STORY, record=Record()), PROFILE)["source_record"] == pytest.approx(0)
    assert "source_record" not in reasons(replace(STORY, record=Record()))


def test_one_lucky_story_does_not_make_a_record() -> None:
    usual = Record(30, 100)
    assert shrunken(Record(1, 1), usual) < shrunken(Record(20, 25), usual)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 19, 7, 0, tzinfo=UTC), "today"),
        (datetime(2026, 11, 18, 23, 30, tzinfo=UTC), "today"),  # past midnight in Berlin
        (datetime(2026, 11, 18, 22, 30, tzinfo=UTC), "yesterday"),
        (datetime(2026, 11, 16, 7, 0, tzinfo=UTC), "3 days ago"),
        (datetime(2026, 10, 2, 7, 0, tzinfo=UTC), "on 2 October"),
        (datetime(2025, 10, 2, 7, 0, tzinfo=UTC), "on 2 October 2025"),
    ],
)
def test_days_are_those_of_the_newsletters_zone(moment: datetime, said: str) -> None:
    assert when(moment, NOW, "Europe/Berlin") == said


def test_a_source_with_many_stories_makes_room_for_others() -> None:
    loud = [replace(STORY, story_id=n, source_id=1, sources=1) for n in range(1, 6)]
    quiet = replace(STORY, story_id=9, source_id=2, sources=1, words=250)
    queue = rank([*loud, quiet], PROFILE, RULES)
    assert [story.facts.story_id for story in queue][:2] == [1, 9]
    assert queue[2].parts[-1].name == VARIETY
    assert queue[2].parts[-1].words == "1 story of Orchid Lab above it"


def test_one_source_alone_keeps_all_its_stories() -> None:
    queue = rank([replace(STORY, story_id=n) for n in range(40)], PROFILE, RULES)
    assert len(queue) == 40
    assert queue[-1].score > queue[0].score - 2


def test_nothing_ranks_as_nothing() -> None:
    assert rank([], PROFILE, RULES) == ()


weights = st.builds(
    lambda values, variety: RankerWeights(2, dict(zip(NAMES, values, strict=True)), variety),
    st.lists(st.floats(-50, 50), min_size=len(NAMES), max_size=len(NAMES)),
    st.floats(0, 5),
)
stories = st.lists(
    st.builds(
        lambda **facts: replace(STORY, **facts),
        title=st.sampled_from(["Agents", "A paper on a dataset", "", "Chip market"]),
        words=st.integers(0, 10**6),
        published_at=st.one_of(st.none(), st.integers(-400, 2500).map(lambda days: NOW - timedelta(days=days))),
        source_id=st.integers(1, 3),
        record=st.builds(lambda chosen, more: Record(chosen, chosen + more), st.integers(0, 50), st.integers(0, 50)),
        sources=st.integers(1, 40),
        alike=st.floats(0, 1),
        kept=st.booleans(),
        source_weight=st.floats(-5, 5),
    ),
    max_size=12,
)  # fmt: skip


@given(stories, weights, st.randoms(use_true_random=False))
def test_the_parts_sum_to_the_score_exactly_in_any_order(
    facts: list[Facts], points: RankerWeights, chance: Random
) -> None:
    numbered = [replace(one, story_id=n) for n, one in enumerate(facts)]
    queue = rank(numbered, PROFILE, points)
    assert {story.facts.story_id for story in queue} == set(range(len(facts)))
    assert [story.rank for story in queue] == list(range(1, len(facts) + 1))
    assert [story.score for story in queue] == sorted((story.score for story in queue), reverse=True)
    for story in queue:
        parts = [part.points for part in story.parts]
        chance.shuffle(parts)
        assert sum(parts) == story.score
        assert all(part.words for part in story.parts)


@given(stories, weights, st.randoms(use_true_random=False))
def test_the_queue_does_not_depend_on_the_order_of_the_stories(
    facts: list[Facts], points: RankerWeights, chance: Random
) -> None:
    numbered = [replace(one, story_id=n) for n, one in enumerate(facts)]
    shuffled = numbered[:]
    chance.shuffle(shuffled)
    assert rank(shuffled, PROFILE, points) == rank(numbered, PROFILE, points)
