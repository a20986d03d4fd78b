"""A bounded share of the queue's best places for stories tried on purpose, each labelled as such (pure).

A ranking that only shows what was chosen before learns nothing of the rest. What is tried stands just below the
stories chosen beforehand, and is never chosen beforehand itself: it is a suggestion to the editor.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from flows.models import Channel
from flows.stories.channels import little_known
from flows.stories.levers import levers_for
from flows.stories.rank import Part, Ranked, numbered, to_grain

EXPLORATION = "exploration"
_APART = 3  # places between two stories that are tried


def explore(queue: Sequence[Ranked], *, below: int, share: float) -> tuple[Ranked, ...]:
    """Lift some stories of little-known sources to places below the first `below`: `share` of these, rounded up.

    One source at most once. The points that lift a story are a part of its score, in words.
    """
    slots = ceil(below * share) if share > 0 else 0
    rest = list(queue[below:])
    for slot, story in enumerate(_tried(rest, slots)):
        stood = rest.index(story)
        place = min(slot * _APART, stood)  # lifted, never let down
        del rest[stood]
        lifted_to = rest[place].score if place < len(rest) else story.score
        rest.insert(place, _lifted(story, lifted_to))
    return numbered([*queue[:below], *rest])


def _tried(stories: Sequence[Ranked], slots: int) -> list[Ranked]:
    tried: dict[int, Ranked] = {}
    for story in stories:
        if little_known(story) and story.facts.follows_no == 0:
            tried.setdefault(story.facts.source_id, story)
    return list(tried.values())[:slots]


def _lifted(story: Ranked, score: float) -> Ranked:
    offered = story.facts.record.offered
    known = "none of its stories was" if not offered else f"only {offered} of its stories were"
    words = (
        f"tried on purpose: {known} ever offered to you"
        if offered != 1
        else ("tried on purpose: only 1 of its stories was ever offered to you")
    )
    points = max(0.0, to_grain(score - story.score))
    part = Part(EXPLORATION, points, words, levers_for(EXPLORATION, story.facts, story.measured))
    return replace(story, parts=(*story.parts, part), channel=Channel.EXPLORATION)
