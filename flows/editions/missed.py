"""What approved editions did not run and others went on to tell, read from the tables in a few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from flows.editions.lost import Growing, Missed, Offer, Sealed, Telling, missed, most_grown_first, was_missed
from flows.models import Article, Decision, Edition, EditionItem, Newsletter, Source, Story, StoryArticle, User
from flows.stories.history import SEALED
from flows.stories.store import chunks

LATEST = 8  # editions that are looked at together
_OF_EDITION: tuple[Any, ...] = (
    Edition.id,
    Edition.number,
    Edition.created_at,
    Edition.sealed_at,
    func.count(col(EditionItem.id)).label("candidates"),
)
_OF_TELLING: tuple[Any, ...] = (
    StoryArticle.story_id,
    Article.source_id,
    Article.published_at,
    Article.first_seen_at,
    col(Article.link) != "",
    Source.title,
    Source.url,
    Source.created_at,
    Source.interval_s,
)
_OF_OFFER: tuple[Any, ...] = (
    EditionItem.id,
    EditionItem.story_id,
    EditionItem.edition_id,
    EditionItem.tier,
    EditionItem.decision,
    EditionItem.decided_by,
    EditionItem.skip_reason,
    EditionItem.flags,
    EditionItem.rank,
    EditionItem.suggested,
    EditionItem.chance,
    EditionItem.headline,
    Edition.number,
    Edition.status,
    User.name,
)


@dataclass(frozen=True)
class Review:
    """An edition with all that it missed, what grew most first."""

    edition: Sealed
    stories: tuple[Missed, ...]


def newsletter_of(session: Session, slug: str) -> int | None:
    """Its id; None before anything was drafted for it."""
    return session.exec(select(Newsletter.id).where(Newsletter.slug == slug)).one_or_none()


def sealed_editions(session: Session, newsletter_id: int) -> list[Sealed]:
    """The editions that were approved and still are, the earliest approval first."""
    rows = session.execute(
        select(*_OF_EDITION)
        .outerjoin(EditionItem, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED))
        .where(col(Edition.sealed_at).is_not(None))
        .group_by(col(Edition.id))
        .order_by(col(Edition.sealed_at), col(Edition.number))
    ).all()
    times = [None, *(row.sealed_at for row in rows), None]
    return [
        Sealed(row.id, row.number, row.created_at, row.sealed_at, times[place], times[place + 2], row.candidates)
        for place, row in enumerate(rows)
    ]


def read_missed(session: Session, newsletter_id: int, editions: Sequence[Sealed], window: timedelta) -> list[Review]:
    """Each of the editions with what it missed, in the order given."""
    if not editions:
        return []
    starts = [edition.before for edition in editions]
    since = None if None in starts else min(start for start in starts if start is not None)
    until = max(edition.heard_until for edition in editions)
    seen = _first_seen(session, newsletter_id, since, until)
    into = _merges(session, newsletter_id)
    for ran in _ran(session, newsletter_id):
        seen.pop(_root(ran, into), None)
    found = [(edition, [story for story, times in seen.items() if was_missed(edition, times)]) for edition in editions]
    wanted = sorted({story for _, stories in found for story in stories})
    growing = _read_growing(session, newsletter_id, wanted, into)
    reviews = []
    for edition, stories in found:
        lost = [missed(edition, growing[story], window) for story in stories]
        reviews.append(Review(edition, tuple(sorted((each for each in lost if each), key=most_grown_first))))
    return reviews


def _first_seen(
    session: Session, newsletter_id: int, since: datetime | None, until: datetime
) -> dict[int, list[datetime]]:
    """When each source first told a story, the earliest first: of stories that several tell, the first before `until`.

    `since`: leave out those that have not changed after it. They cannot have been told again.
    """
    # Step by step, the cheapest first: most stories have one article, and an article is a large row to look up.
    large = (
        select(Story.id)
        .join(StoryArticle, col(StoryArticle.story_id) == col(Story.id))
        .where(Story.newsletter_id == newsletter_id)
        .group_by(col(Story.id))
        .having(func.count() > 1)
    )
    if since is not None:
        large = large.where(col(Story.updated_at) > since)
    first = func.min(col(Article.first_seen_at))
    several = (
        select(StoryArticle.story_id)
        .join(Article, col(Article.id) == col(StoryArticle.article_id))
        .where(StoryArticle.newsletter_id == newsletter_id, col(Article.duplicate_of).is_(None))
        .where(col(StoryArticle.story_id).in_(large))
        .group_by(col(StoryArticle.story_id))
        .having(func.min(Article.source_id) != func.max(Article.source_id))
        .having(first < until)
    )
    rows = session.exec(
        select(StoryArticle.story_id, first)
        .join(Article, col(Article.id) == col(StoryArticle.article_id))
        .where(StoryArticle.newsletter_id == newsletter_id, col(Article.duplicate_of).is_(None))
        .where(col(StoryArticle.story_id).in_(several))
        .group_by(col(StoryArticle.story_id), col(Article.source_id))
        .order_by(col(StoryArticle.story_id), first)
    ).all()
    found: dict[int, list[datetime]] = defaultdict(list)
    for story, at in rows:
        found[story].append(at)
    return found


def _ran(session: Session, newsletter_id: int) -> Collection[int]:
    """Stories that some approved edition chose."""
    return session.exec(
        select(EditionItem.story_id)
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED))
        .where(col(EditionItem.decision) == Decision.CHOSEN)
        .distinct()
    ).all()


def _merges(session: Session, newsletter_id: int) -> dict[int, int]:
    """Stories that editors put into another, with that one."""
    rows = session.exec(
        select(Story.id, Story.merged_into).where(
            Story.newsletter_id == newsletter_id, col(Story.merged_into).is_not(None)
        )
    ).all()
    return {story: other for story, other in rows if story is not None and other is not None}


def _root(story: int, into: Mapping[int, int]) -> int:
    """The story that holds its articles now."""
    passed = {story}
    while (following := into.get(story)) is not None and following not in passed:
        story = following
        passed.add(story)
    return story


def _read_growing(
    session: Session, newsletter_id: int, stories: Sequence[int], into: Mapping[int, int]
) -> dict[int, Growing]:
    tellings = _tellings(session, newsletter_id, stories)
    parts = {story: _root(story, into) for story in into}
    offers = _offers(session, stories, parts)
    found = {}
    for some in chunks(stories):
        rows = session.exec(
            select(Story.id, Article.title, Story.first_seen_at)
            .join(Article, col(Article.id) == col(Story.lead_article_id))
            .where(col(Story.id).in_(some))
        ).all()
        for story_id, title, gathered_at in rows:
            story = story_id or 0
            found[story] = Growing(story, title, gathered_at, tuple(tellings[story]), tuple(offers.get(story, ())))
    return found


def _tellings(session: Session, newsletter_id: int, stories: Sequence[int]) -> Mapping[int, Sequence[Telling]]:
    found: dict[int, list[Telling]] = defaultdict(list)
    for some in chunks(stories):
        rows = session.execute(
            select(*_OF_TELLING)
            .join(Article, col(Article.id) == col(StoryArticle.article_id))
            .join(Source, col(Source.id) == col(Article.source_id))
            .where(StoryArticle.newsletter_id == newsletter_id, col(StoryArticle.story_id).in_(some))
            .where(col(Article.duplicate_of).is_(None))
            .order_by(col(Article.first_seen_at), col(Article.id))
        )
        for story, source, published_at, seen_at, linked, title, url, since, every_s in rows:
            every = timedelta(seconds=every_s)
            telling = Telling(source, title.strip() or url, since, every, published_at, seen_at, bool(linked))
            found[story].append(telling)
    return found


def _offers(session: Session, stories: Sequence[int], parts: Mapping[int, int]) -> Mapping[int, Sequence[Offer]]:
    """Every time that a story, or one that was put into it, was a candidate; its own offer in an edition first."""
    wanted = set(stories)
    asked = sorted(wanted | {part for part, whole in parts.items() if whole in wanted})
    found: dict[int, dict[int, Offer]] = defaultdict(dict)
    for story, offer in _offer_rows(session, asked):
        whole = parts.get(story, story)
        if whole == story or offer.edition_id not in found[whole]:
            found[whole][offer.edition_id] = offer
    return {story: sorted(offers.values(), key=lambda offer: offer.number) for story, offers in found.items()}


def _offer_rows(session: Session, stories: Sequence[int]) -> Iterator[tuple[int, Offer]]:
    for some in chunks(stories):
        rows = session.execute(
            select(*_OF_OFFER)
            .join(Edition, col(Edition.id) == col(EditionItem.edition_id))
            .outerjoin(User, col(User.email) == col(EditionItem.decided_by))
            .where(col(EditionItem.story_id).in_(some))
            .order_by(col(Edition.number), col(EditionItem.id))
        )
        for row in rows:
            yield (
                row.story_id,
                Offer(
                    item_id=row.id,
                    edition_id=row.edition_id,
                    number=row.number,
                    approved=row.status in SEALED,
                    tier=row.tier,
                    decision=row.decision,
                    by=row.name or row.decided_by,
                    reason=row.skip_reason,
                    flags=tuple(str(flag.get("words") or flag.get("kind") or "") for flag in row.flags or ()),
                    rank=row.rank,
                    suggested=row.suggested,
                    chance=row.chance,
                    headline=row.headline,
                ),
            )
