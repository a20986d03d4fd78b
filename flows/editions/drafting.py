"""Drafts in the tables: the next edition is made once, and gets new candidates without touching the old."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from flows.editions.slot import Slot, next_slots
from flows.errors import WorkflowError
from flows.models import Channel, Decision, Edition, EditionItem, EditionStatus, Tier, WrittenBy
from flows.settings import NewsletterSettings


@dataclass(frozen=True)
class Target:
    """The edition to work on: `edition_id` None if it is still to be made; `held` are the stories it has."""

    slot: Slot
    number: int
    edition_id: int | None = None
    held: frozenset[int] = frozenset()
    created_at: datetime | None = None

    def same_as(self, other: "Target") -> bool:
        """Whether both mean one edition in one state; it may hold more stories by now."""
        mine = (self.slot.day, self.number, self.edition_id)
        return mine == (other.slot.day, other.number, other.edition_id)


@dataclass(frozen=True)
class NewItem:
    """A candidate as it enters an edition. `position` 0: not chosen."""

    story_id: int
    article_id: int
    score: float
    reasons: tuple[Mapping[str, Any], ...]
    features: Mapping[str, float]
    section: str
    position: int
    headline: str
    blurb: str
    channel: Channel = Channel.KNOWN
    tier: Tier = Tier.OPEN
    chance: float | None = None
    flags: tuple[Mapping[str, Any], ...] = ()
    claims: tuple[Mapping[str, Any], ...] = ()
    blurb_by: WrittenBy = WrittenBy.EXTRACT
    blurb_note: str = ""
    source: tuple[str, str, str] = ("", "", "")  # title, text and summary of its article; not stored


def find_target(session: Session, newsletter_id: int, settings: NewsletterSettings, now: datetime) -> Target:
    """The draft of the first coming slot that no decided edition occupies, or the place for one."""
    editions = {
        edition.slot: edition
        for edition in session.exec(select(Edition).where(Edition.newsletter_id == newsletter_id)).all()
    }
    last = max((edition.number for edition in editions.values()), default=0)
    for slot in next_slots(settings, now):
        edition = editions.get(slot.day)
        if edition is None:
            return Target(slot, last + 1)
        if edition.status is EditionStatus.DRAFT and edition.id is not None:
            return Target(slot, edition.number, edition.id, _held(session, edition.id), edition.created_at)
    raise WorkflowError(
        f"no day is free for another edition on the schedule “{settings.letters_cron}”. "
        "Approve or cancel the editions that wait, or change letters_cron."
    )


def make_edition(
    session: Session,
    newsletter_id: int,
    target: Target,
    *,
    subject: str,
    preheader: str,
    ranker_version: int,
    ranker_weights: Mapping[str, Any],
    now: datetime,
) -> Edition:
    """Store the edition that `target` leaves a place for. IntegrityError if another run was first."""
    slot = target.slot
    edition = Edition(
        newsletter_id=newsletter_id,
        number=target.number,
        slot=slot.day,
        subject=subject,
        preheader=preheader,
        approval_due_at=slot.approval_due_at,
        send_at=slot.send_at,
        expires_at=slot.expires_at,
        created_at=now,
        ranker_version=ranker_version,
        ranker_weights=dict(ranker_weights),
    )
    session.add(edition)
    session.flush()
    return edition


def add_items(session: Session, edition_id: int, items: Sequence[NewItem]) -> int:
    """Put the items that the edition does not hold yet at the end of its queue; how many were new."""
    held = _held(session, edition_id)
    last = session.exec(
        select(func.coalesce(func.max(EditionItem.rank), 0)).where(EditionItem.edition_id == edition_id)
    ).one()
    new = [item for item in items if item.story_id not in held]
    session.add_all(_row(edition_id, item, last + place) for place, item in enumerate(new, start=1))
    session.flush()
    return len(new)


def count_items(session: Session, edition_id: int) -> tuple[int, int]:
    """How many candidates the edition holds, and how many of them are chosen."""
    decisions = session.exec(select(EditionItem.decision).where(EditionItem.edition_id == edition_id)).all()
    return len(decisions), sum(decision is Decision.CHOSEN for decision in decisions)


def _row(edition_id: int, item: NewItem, rank: int) -> EditionItem:
    suggested = item.position > 0
    return EditionItem(
        edition_id=edition_id,
        story_id=item.story_id,
        article_id=item.article_id,
        score=item.score,
        reasons=[dict(reason) for reason in item.reasons],
        features=dict(item.features),
        rank=rank,
        suggested=suggested,
        decision=Decision.CHOSEN if suggested else Decision.NONE,
        section=item.section,
        position=item.position,
        headline=item.headline,
        blurb=item.blurb,
        channel=item.channel,
        tier=item.tier,
        chance=item.chance,
        flags=[dict(flag) for flag in item.flags],
        claims=[dict(claim) for claim in item.claims],
        blurb_by=item.blurb_by,
        blurb_note=item.blurb_note,
    )


def _held(session: Session, edition_id: int) -> frozenset[int]:
    return frozenset(session.exec(select(col(EditionItem.story_id)).where(EditionItem.edition_id == edition_id)).all())
