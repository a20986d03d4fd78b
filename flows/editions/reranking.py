"""The queue of a draft ranked afresh, at once, after an editor turned a lever: only the queue, never the edition.

Decisions, sections, order and words are left as they are; so is what was chosen beforehand, though nobody has
looked at it yet: it stands in the edition with its new reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from flows.editions.known import read_known, window_start
from flows.editions.suggesting import Known, Weighed, reasons_of, weigh
from flows.models import Channel, Decision, Edition, EditionItem, EditionStatus, Tier
from flows.settings import Settings
from flows.stories.candidates import read_told
from flows.stories.history import read_wishes
from flows.stories.registry import as_json, in_use
from flows.stories.tiers import Lines, tier_of


@dataclass(frozen=True)
class Reranked:
    """How many stories of the queue moved, of how many."""

    moved: int
    stories: int


def rerank(
    session: Session, edition_id: int, settings: Settings, *, now: datetime, known: Known | None = None
) -> Reranked:
    """Give every item of a draft its score, reasons, chance and place as things stand now.

    Each is measured by the article it links to, whatever leads its story by now. `known`, which takes seconds to
    read where there is much history, may be read before the transaction; wishes are read here.
    """
    edition = session.get_one(Edition, edition_id)
    if edition.status is not EditionStatus.DRAFT:
        return Reranked(0, 0)
    items = session.exec(
        select(EditionItem).where(EditionItem.edition_id == edition_id).order_by(col(EditionItem.rank))
    ).all()
    held = {item.story_id: item for item in items}
    known = known or read_known(session, edition.newsletter_id, before=edition.number)
    known = replace(known, history=replace(known.history, wishes=read_wishes(session, edition.newsletter_id)))
    since = window_start(settings, edition.created_at)
    named = {item.story_id: item.article_id for item in items}
    told = read_told(session, edition.newsletter_id, known.history, since=since, only=named)
    weights = in_use(session, edition.newsletter_id)
    whole = settings.newsletter.model_copy(update={"queue_most": max(len(items), settings.newsletter.queue_most)})
    queue = weigh(told, known, weights, whole, now)
    before = [item.story_id for item in items if item.decision is Decision.NONE]
    for place, one in enumerate(queue, start=1):
        _write(held[one.ranked.facts.story_id], one, place, known.lines)
    _move_the_rest_down(items, {one.ranked.facts.story_id for one in queue}, len(queue))
    edition.ranker_version, edition.ranker_weights = weights.version, as_json(weights)
    session.flush()
    after = [item.story_id for item in sorted(items, key=lambda item: item.rank) if item.decision is Decision.NONE]
    moved = sum(old != new for old, new in zip(before, after, strict=True))
    return Reranked(moved, len(after))


def _write(item: EditionItem, one: Weighed, place: int, lines: Lines) -> None:
    story = one.ranked
    item.score, item.rank = story.score, place
    item.reasons = [dict(reason) for reason in reasons_of(story)]
    item.features = dict(story.measured.values)
    item.chance = round(one.chance, 4)
    if item.channel is not Channel.BY_HAND:
        item.channel = story.channel
    # What nobody has cleared stays, and what was cleared is cleared for those words alone.
    there = {(flag["kind"], flag["words"]) for flag in item.flags}
    item.flags = [*item.flags, *(dict(flag) for flag in one.flags if (flag["kind"], flag["words"]) not in there)]
    waiting = any(not flag["by"] for flag in item.flags)
    suggested = item.suggested and item.decision is Decision.CHOSEN and item.tier is Tier.SURE
    item.tier = tier_of(one.chance, lines, suggested=suggested, flagged=waiting)


def _move_the_rest_down(items: Sequence[EditionItem], ranked: set[int], last: int) -> None:
    """What has no article to be ranked by any more goes to the end, in its old order."""
    rest = [item for item in items if item.story_id not in ranked]
    for place, item in enumerate(sorted(rest, key=lambda item: item.rank), start=last + 1):
        item.rank = place
