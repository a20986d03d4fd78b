"""Exploration: a bounded share, below the best, in words, and the score still the sum of its parts."""

from dataclasses import replace
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from flows.models import Channel
from flows.stories.exploring import EXPLORATION, explore
from flows.stories.features import Record
from flows.stories.rank import Ranked
from tests.stories.queues import STORY, queues, ranked

shares = st.floats(0, 0.5)
firsts = st.integers(1, 30)


def tried(queue: tuple[Ranked, ...]) -> list[Ranked]:
    return [story for story in queue if any(part.name == EXPLORATION for part in story.parts)]


@given(queues, firsts, shares)
def test_nothing_is_lifted_into_the_first_and_none_of_these_is_moved(
    queue: tuple[Ranked, ...], below: int, share: float
) -> None:
    explored = explore(queue, below=below, share=share)
    assert explored[:below] == queue[:below]
    assert not tried(explored[:below])


@given(queues, firsts, shares)
def test_at_most_the_share_is_tried_and_a_source_once(queue: tuple[Ranked, ...], below: int, share: float) -> None:
    found = tried(explore(queue, below=below, share=share))
    assert len(found) <= ceil(below * share)
    sources = [story.facts.source_id for story in found]
    assert len(set(sources)) == len(sources)
    for story in found:
        assert story.channel is Channel.EXPLORATION
        assert story.facts.record.offered < 6
        assert story.facts.follows_no == 0
        assert story.parts[-1].words.startswith("tried on purpose: ")


@given(queues, firsts, shares)
def test_scores_do_not_rise_down_the_queue_and_are_the_sum_of_their_parts(
    queue: tuple[Ranked, ...], below: int, share: float
) -> None:
    explored = explore(queue, below=below, share=share)
    assert sorted(story.facts.story_id for story in explored) == sorted(story.facts.story_id for story in queue)
    assert [story.rank for story in explored] == list(range(1, len(queue) + 1))
    scores = [story.score for story in explored]
    assert scores == sorted(scores, reverse=True)
    for story in explored:
        assert sum(part.points for part in story.parts) == story.score
        assert all(part.points >= 0 for part in story.parts if part.name == EXPLORATION)


@given(queues, firsts, shares)
def test_no_story_that_is_tried_falls(queue: tuple[Ranked, ...], below: int, share: float) -> None:
    before = {story.facts.story_id: story.rank for story in queue}
    for story in tried(explore(queue, below=below, share=share)):
        assert story.rank <= before[story.facts.story_id]


@given(queues, firsts)
def test_without_a_share_nothing_changes(queue: tuple[Ranked, ...], below: int) -> None:
    assert explore(queue, below=below, share=0) == queue


def test_a_little_known_source_stands_just_below_the_best_and_says_why() -> None:
    known = [replace(STORY, title=f"Known {n}", source_id=n, record=Record(30, 40)) for n in range(20)]
    unknown = [
        replace(STORY, title="Stranger", text="", words=0, source_id=99, record=Record()),
        replace(STORY, title="Newcomer", text="", words=0, source_id=98, record=Record(0, 1)),
    ]
    explored = explore(ranked([*known, *unknown]), below=10, share=0.2)
    found = tried(explored)
    assert [story.rank for story in found] == [11, 14]
    assert {story.parts[-1].words for story in found} == {
        "tried on purpose: none of its stories was ever offered to you",
        "tried on purpose: only 1 of its stories was ever offered to you",
    }
    assert found[0].score == explored[11].score
    assert [lever.source_id for lever in found[0].parts[-1].levers] == [found[0].facts.source_id]
