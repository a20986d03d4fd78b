"""Features, score, reasons and the order of the queue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.explain import when
from flows.stories.features import NAMES, Facts, Profile, Record, measure, shrunken
from flows.stories.rank import VARIETY, rank, score
from flows.stories.taste import Taste
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
KNOWING = replace(
    PROFILE,
    taste=Taste({"chip": 0.9, "market": -0.4, "quantization": 0.7}),
    interest={"industry": 0.5, "agents": -0.2},
    wishes={"agents": 0.5, "chip": -2.0, "Industry": 0.25, "opera": 3.0},
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


WORDS = ["azalea", "bergamot", "cardamom", "dahlia", "elder", "fennel", "gentian", "hyssop", "iris", "juniper"]


def apart(number: int) -> dict[str, Any]:
    """A story of its own words, so that likeness has no say."""
    title = f"{WORDS[number % 10]} {WORDS[number // 10]}{number}"
    return {"story_id": number, "title": title, "text": f"{title} agents {title}"}


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


def test_what_was_learned_and_wished_is_said_in_words() -> None:
    said = reasons(STORY, KNOWING)
    assert said["taste"] == "words your editors choose: chip"
    assert said["interest"] == "readers click Industry more than the rest"
    assert said["wish"] == "you boosted “Industry” and “agents” and muted “chip”"
    dull = reasons(replace(STORY, title="Market day"), replace(KNOWING, interest={"agents": -0.2}))
    assert dull["taste"] == "words your editors pass over: market"
    assert dull["interest"] == "readers click agents less than the rest"


def test_wishes_are_summed_wherever_they_are_found_and_never_twice() -> None:
    measured = measure(STORY, KNOWING)
    assert measured.wished == ("Industry", "agents", "chip")
    assert measured["wish"] == pytest.approx(0.25 + 0.5 - 2.0)
    assert measure(replace(STORY, title="Nothing", text=""), KNOWING)["wish"] == 0


def test_interest_is_the_mean_of_what_is_known_of_its_section_and_topics() -> None:
    assert measure(STORY, KNOWING)["interest"] == pytest.approx((0.5 - 0.2) / 2)
    assert measure(replace(STORY, source_topic=" INDUSTRY "), KNOWING)["interest"] > 0
    assert measure(replace(STORY, title="Nothing", text=""), KNOWING)["interest"] == 0


def test_a_story_that_was_on_offer_last_time_is_old() -> None:
    def recency(days: float) -> float:
        return measure(replace(STORY, published_at=NOW - timedelta(days=days)), PROFILE)["recency"]

    assert recency(3) > 0.9
    assert recency(7) == pytest.approx(0.5)
    assert recency(10) < 0.2
    assert measure(replace(STORY, published_at=None), PROFILE)["recency"] == 0.5


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 9000), st.integers(0, 9000))
def test_a_source_record_stays_within_one_and_follows_its_share(chosen: int, more: int, taken: int, rest: int) -> None:
    profile = replace(PROFILE, usual=Record(taken, taken + rest))
    value = measure(replace(STORY, record=Record(chosen, chosen + more)), profile)["source_record"]
    better = measure(replace(STORY, record=Record(chosen + 1, chosen + more + 1)), profile)["source_record"]
    assert -1 <= value <= better <= 1


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
    loud = [replace(STORY, **apart(n), source_id=1, sources=1) for n in range(1, 6)]
    quiet = replace(STORY, **apart(9), source_id=2, sources=1, words=250)
    queue = rank([*loud, quiet], PROFILE, replace(RULES, likeness=0.0))
    assert [story.facts.story_id for story in queue][:2] == [1, 9]
    assert queue[2].parts[-1].name == VARIETY
    assert queue[2].parts[-1].words == "1 story of Orchid Lab above it"


def test_one_source_alone_keeps_all_its_stories() -> None:
    queue = rank([replace(STORY, **apart(n)) for n in range(40)], PROFILE, RULES)
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
    queue = rank(numbered, KNOWING, points)
    assert {story.facts.story_id for story in queue} == set(range(len(facts)))
    assert [story.rank for story in queue] == list(range(1, len(facts) + 1))
    assert [story.score for story in queue] == sorted((story.score for story in queue), reverse=True)
    for story in queue:
        parts = [part.points for part in story.parts]
        chance.shuffle(parts)
        assert sum(parts) == story.score
        assert all(part.words for part in story.parts)


@given(stories, st.sampled_from(["kept", "sources", "words", "record", "source_weight"]))
def test_more_of_a_feature_with_positive_weight_never_lowers_the_score(facts: list[Facts], more: str) -> None:
    changes = {"kept": True, "sources": 99, "words": 10**7, "record": Record(400, 400), "source_weight": 6.0}
    for one in facts:
        richer = replace(one, **{more: changes[more]})  # type: ignore[arg-type]
        assert score(richer, KNOWING, RULES).score >= score(one, KNOWING, RULES).score


@given(stories, weights, st.randoms(use_true_random=False))
def test_the_queue_does_not_depend_on_the_order_of_the_stories(
    facts: list[Facts], points: RankerWeights, chance: Random
) -> None:
    numbered = [replace(one, story_id=n) for n, one in enumerate(facts)]
    shuffled = numbered[:]
    chance.shuffle(shuffled)
    assert rank(shuffled, PROFILE, points) == rank(numbered, PROFILE, points)
