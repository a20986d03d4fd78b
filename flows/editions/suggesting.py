"""From the stories there are to a draft's items: ranked, drawn, weighed, flagged, and placed (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from flows.editions.draft import Candidate, Placed, fill
from flows.editions.drafting import NewItem
from flows.editions.slot import cadence_days
from flows.newsletter import NewsletterSettings
from flows.stories.blurb import blurb, headline
from flows.stories.calibration import base_for, chance
from flows.stories.candidates import Told
from flows.stories.channels import draw
from flows.stories.exploring import EXPLORATION, explore
from flows.stories.features import NAMES, Profile
from flows.stories.history import History
from flows.stories.rank import Ranked, rank
from flows.stories.safety import flagged
from flows.stories.taught import TaughtFilter
from flows.stories.tiers import NO_LINES, Lines, tier_of
from flows.stories.weights import RULES, RankerWeights

_HEADLINE_CHARACTERS = 500


@dataclass(frozen=True)
class Known:
    """What the past says: of the newsletter, of how far the ranking may go ahead, of what the team calls unsuitable.

    `usual_count` is how many stories an edition usually has; `flags` are those that colleagues raised by hand in
    earlier editions and nobody has cleared, by story.
    """

    history: History
    lines: Lines = NO_LINES
    taught: TaughtFilter | None = None
    usual_count: float = 0.0
    flags: Mapping[int, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Weighed:
    """A story in the queue, with the chance that it is chosen, and why a senior editor must look at it, if so."""

    ranked: Ranked
    told: Told
    chance: float
    flags: tuple[Mapping[str, Any], ...] = field(default=())


def weigh(
    told: Sequence[Told],
    known: Known,
    weights: RankerWeights,
    newsletter: NewsletterSettings,
    now: datetime,
    *,
    exploring: bool = True,
) -> tuple[Weighed, ...]:
    """The queue, best first: at most `queue_most` stories, some of them tried on purpose if `exploring`."""
    ranked = rank([one.facts for one in told], profile_of(newsletter, now, known.history), weights)
    queue = draw(ranked, newsletter.queue_most)
    if exploring:
        queue = explore(queue, below=newsletter.stories_most, share=newsletter.exploration_share)
    by_story = {one.facts.story_id: one for one in told}
    base = _base(queue, known, weights, newsletter)
    return tuple(
        Weighed(
            story,
            by_story[story.facts.story_id],
            chance(own_score(story), base, weights.sharpness),
            _flags(by_story[story.facts.story_id], newsletter, known),
        )
        for story in queue
    )


def own_score(story: Ranked) -> float:
    """What the story is worth by itself, wherever others stand: what chances are calibrated on."""
    return story.points(*NAMES)


def suggest(
    queue: Sequence[Weighed], known: Known, newsletter: NewsletterSettings, *, most: int
) -> tuple[NewItem, ...]:
    """The queue as items of a draft; up to `most` of them chosen beforehand, by the lines that the past bears out."""
    placed = fill([_candidate(one, known.lines) for one in queue], newsletter.sections, most=most)
    return tuple(_item(one, place, known.lines, newsletter) for one, place in zip(queue, placed, strict=True))


def profile_of(newsletter: NewsletterSettings, now: datetime, history: History) -> Profile:
    """What the ranking knows of the newsletter."""
    return Profile(
        now=now,
        zone=newsletter.timezone,
        cadence_days=cadence_days(newsletter, now),
        topics=newsletter.topics,
        sections=tuple((section.name, section.words) for section in newsletter.sections),
        usual=history.usual,
        taste=history.taste,
        interest=history.interest,
        wishes=history.wishes,
    )


def reasons_of(story: Ranked) -> tuple[Mapping[str, Any], ...]:
    """The parts of its score as an item holds them."""
    return tuple(asdict(part) for part in story.parts)


def _base(queue: Sequence[Ranked], known: Known, weights: RankerWeights, newsletter: NewsletterSettings) -> float:
    """A learned version brings its own; under the rules, chances sum to what an edition usually holds."""
    if weights.version != RULES.version:
        return weights.base
    usual = known.usual_count or float(newsletter.stories_most)
    return base_for([own_score(story) for story in queue], usual, weights.sharpness)


def _flags(told: Told, newsletter: NewsletterSettings, known: Known) -> tuple[Mapping[str, Any], ...]:
    found = flagged(told.facts.title, told.text or told.summary, words=newsletter.flag_words, filter=known.taught)
    return (
        *known.flags.get(told.facts.story_id, ()),
        *({"kind": flag.kind, "words": flag.words, "by": ""} for flag in found),
    )


def _candidate(one: Weighed, lines: Lines) -> Candidate:
    facts = one.ranked.facts
    unsure = lines.sure_from is not None and one.chance < lines.sure_from
    tried = any(part.name == EXPLORATION for part in one.ranked.parts)
    return Candidate(
        story_id=facts.story_id,
        topic=facts.source_topic,
        drawn=one.ranked.measured.section,
        held_back=bool(one.told.needs_review or one.flags or facts.follows_no or tried or unsure),
    )


def _item(one: Weighed, placed: Placed, lines: Lines, newsletter: NewsletterSettings) -> NewItem:
    story, told = one.ranked, one.told
    title = headline(story.facts.title, told.text or told.summary)[:_HEADLINE_CHARACTERS]
    return NewItem(
        story_id=story.facts.story_id,
        article_id=told.article_id,
        score=story.score,
        reasons=reasons_of(story),
        features=dict(story.measured.values),
        section=placed.section,
        position=placed.position,
        headline=title,
        blurb=blurb(title, told.text, summary=told.summary, limit_words=newsletter.blurb_words),
        channel=story.channel,
        tier=tier_of(one.chance, lines, suggested=placed.suggested, flagged=bool(one.flags)),
        chance=round(one.chance, 4),
        flags=one.flags,
        source=(story.facts.title, told.text, told.summary),
    )
