"""Queues of made-up stories for the tests of what is drawn from them and lifted in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from flows.stories.features import Facts, Profile, Record
from flows.stories.rank import Ranked, rank
from flows.stories.weights import RULES

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
PROFILE = Profile(
    now=NOW,
    zone="Europe/Berlin",
    cadence_days=7,
    topics=("language model", "agents"),
    sections=(("Research", ("paper", "dataset")), ("Industry", ("chip", "market"))),
    usual=Record(30, 100),
    interest={"industry": 0.5, "agents": -0.2},
    wishes={"chip": -2.0},
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
)


def ranked(facts: list[Facts]) -> tuple[Ranked, ...]:
    """The stories as the rules rank them, numbered as they were given."""
    return rank([replace(one, story_id=number) for number, one in enumerate(facts, start=1)], PROFILE, RULES)


facts = st.builds(
    lambda **given: replace(STORY, **given),
    title=st.sampled_from(["Agents", "A paper on a dataset", "", "Chip market", "Sixty years of weather diaries"]),
    words=st.sampled_from([0, 90, 400, 5000]),
    published_at=st.one_of(st.none(), st.integers(0, 30).map(lambda days: NOW - timedelta(days=days))),
    source_id=st.integers(1, 6),
    record=st.builds(lambda chosen, more: Record(chosen, chosen + more), st.integers(0, 4), st.integers(0, 8)),
    sources=st.integers(1, 5),
    kept=st.sampled_from([False, False, False, True]),
    follows_no=st.sampled_from([0, 0, 0, 11]),
)
queues = st.lists(facts, max_size=40).map(ranked)
