"""The ways by which stories become candidates, as in the ranker of a feed: each draws its share (pure).

| channel     | share | draws                                                                                     |
|-------------|-------|-------------------------------------------------------------------------------------------|
| known       | 0.50  | by the parts that stand for what the newsletter and its editors are known to like         |
| popular     | 0.15  | stories that several sources tell, or whose topic readers click                           |
| recent      | 0.25  | the newest                                                                                |
| exploration | 0.10  | stories of sources that too little is known of                                            |

What an editor kept for later is always a candidate. Where the shares leave room, the best of the rest come in as
"recent": they are there because they are new in this window, and for no better reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import floor

from flows.models import Channel
from flows.stories.rank import Ranked, numbered

KNOWN_PARTS = ("source_record", "taste", "topic", "section", "wish", "source_weight")
LITTLE_KNOWN = 6  # a source with fewer stories offered so far: its record is mostly the usual one
_SHARES: Mapping[Channel, float] = {
    Channel.KNOWN: 0.5,
    Channel.POPULAR: 0.15,
    Channel.RECENT: 0.25,
    Channel.EXPLORATION: 0.1,
}


def draw(queue: Sequence[Ranked], most: int) -> tuple[Ranked, ...]:
    """At most `most` of the queue (and what was kept by hand), each with the first channel that brought it.

    The order stays; places are counted anew.
    """
    brought = {story.facts.story_id: Channel.BY_HAND for story in queue if story.facts.kept}
    for channel, share in _SHARES.items():
        left = [story for story in queue if story.facts.story_id not in brought]
        for story in _drawn(channel, left)[: floor(share * most)]:
            brought[story.facts.story_id] = channel
    for story in queue:
        if len(brought) >= most:
            break
        brought.setdefault(story.facts.story_id, Channel.RECENT)
    return numbered(
        replace(story, channel=brought[story.facts.story_id]) for story in queue if story.facts.story_id in brought
    )


def _drawn(channel: Channel, queue: Sequence[Ranked]) -> list[Ranked]:
    """The stories that a channel wants, the most wanted first; equals in the order of the queue."""
    wants, how_much = _WANTS[channel]
    return sorted((story for story in queue if wants(story)), key=how_much, reverse=True)


def little_known(story: Ranked) -> bool:
    """Whether too little is known of its source to say what the editors think of it."""
    return story.facts.record.offered < LITTLE_KNOWN


_WANTS: Mapping[Channel, tuple[Callable[[Ranked], bool], Callable[[Ranked], float]]] = {
    Channel.KNOWN: (lambda story: story.points(*KNOWN_PARTS) > 0, lambda story: story.points(*KNOWN_PARTS)),
    Channel.POPULAR: (
        lambda story: story.facts.sources > 1 or story.measured["interest"] > 0,
        lambda story: story.points("coverage", "interest"),
    ),
    Channel.RECENT: (lambda _story: True, lambda story: story.measured["recency"]),
    Channel.EXPLORATION: (little_known, lambda story: story.score - story.facts.record.offered),
}
