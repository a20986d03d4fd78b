"""The channels: each brings its share of the queue, and every story says which one brought it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from flows.models import Channel
from flows.stories.channels import LITTLE_KNOWN, draw
from flows.stories.features import Record
from flows.stories.rank import Ranked
from tests.stories.queues import NOW, STORY, queues, ranked

QUEUE = ranked(
    [
        replace(
            STORY,
            title=f"Notes {number}",
            text="",
            source_id=number,
            record=Record(0, 4) if number % 5 == 4 else Record(30, 40),
            sources=3 if number > 40 else 1,
            published_at=NOW - timedelta(hours=5 * number),
        )
        for number in range(60)
    ]
)


def ids(queue: tuple[Ranked, ...]) -> list[int]:
    return [story.facts.story_id for story in queue]


@given(queues, st.integers(1, 60))
def test_a_draw_holds_at_most_so_many_and_what_was_kept_by_hand(queue: tuple[Ranked, ...], most: int) -> None:
    drawn = draw(queue, most)
    kept = {story.facts.story_id for story in queue if story.facts.kept}
    assert len(drawn) <= most + len(kept)
    assert kept <= set(ids(drawn))
    assert len(drawn) >= min(most, len(queue))


@given(queues, st.integers(1, 60))
def test_every_story_is_drawn_once_and_the_order_stays(queue: tuple[Ranked, ...], most: int) -> None:
    drawn = draw(queue, most)
    assert len(set(ids(drawn))) == len(drawn)
    assert ids(drawn) == [one for one in ids(queue) if one in ids(drawn)]
    assert [story.rank for story in drawn] == list(range(1, len(drawn) + 1))
    before = {story.facts.story_id: story.parts for story in queue}
    assert all(story.parts == before[story.facts.story_id] for story in drawn)


@given(queues)
def test_a_queue_that_fits_is_drawn_whole(queue: tuple[Ranked, ...]) -> None:
    assert ids(draw(queue, 100)) == ids(queue)


@given(queues, st.integers(1, 60))
def test_a_channel_brings_no_more_than_its_share(queue: tuple[Ranked, ...], most: int) -> None:
    brought = Counter(story.channel for story in draw(queue, most))
    assert brought[Channel.KNOWN] <= 0.5 * most
    assert brought[Channel.POPULAR] <= 0.15 * most
    assert brought[Channel.EXPLORATION] <= 0.1 * most
    assert brought[Channel.BY_HAND] == sum(story.facts.kept for story in queue)


def test_every_channel_brings_what_it_is_for() -> None:
    drawn = draw(QUEUE, 20)
    assert {story.channel for story in drawn} == {
        Channel.KNOWN,
        Channel.POPULAR,
        Channel.RECENT,
        Channel.EXPLORATION,
    }
    by_channel = {channel: [story for story in drawn if story.channel is channel] for channel in Channel}
    assert all(story.facts.sources > 1 for story in by_channel[Channel.POPULAR])
    assert all(story.facts.record.offered < LITTLE_KNOWN for story in by_channel[Channel.EXPLORATION])
    newest = max(by_channel[Channel.RECENT], key=lambda story: story.measured["recency"])
    assert newest.measured["recency"] > 0.9


def test_what_an_editor_kept_is_drawn_however_old() -> None:
    old = replace(STORY, title="Kept", text="", published_at=NOW - timedelta(days=300), kept=True)
    news = [replace(STORY, title=f"News {number}", source_id=number) for number in range(30)]
    drawn = draw(ranked([old, *news]), 10)
    (kept,) = [story for story in drawn if story.facts.kept]
    assert kept.channel is Channel.BY_HAND


def test_nothing_is_drawn_from_nothing() -> None:
    assert draw((), 10) == ()
