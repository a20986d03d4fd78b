"""Stories in the tables: which articles they hold, and what is known of each."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from flows.models import Article, Newsletter, Source, Story, StoryArticle
from flows.stories.best import Telling, best_telling
from flows.stories.features import Record, shrunken
from flows.stories.pieces import Group, Piece

_READ: tuple[Any, ...] = (
    col(Article.source_id),
    col(Article.title),
    col(Article.text),
    col(Article.summary),
    col(Article.published_at),
)
_LISTED: tuple[Any, ...] = (
    col(Article.source_id),
    col(Article.title),
    col(Article.link),
    col(Article.words),
    col(Article.published_at),
    col(Article.first_seen_at),
)
AT_ONCE = 1000  # ids in one IN (...): SQLite and PostgreSQL both limit them


def lock_newsletter(session: Session, newsletter_id: int) -> None:
    """Let one run at a time write stories and drafts of a newsletter (SQLite has one writer anyway)."""
    session.exec(select(Newsletter.id).where(Newsletter.id == newsletter_id).with_for_update(key_share=True)).one()


def read_pieces(session: Session, newsletter_id: int, *, since: datetime, known_since: datetime) -> list[Piece]:
    """Articles since `since`, and those since `known_since` that are in a story which newer ones may join."""
    day = func.coalesce(Article.published_at, Article.first_seen_at)
    rows = session.exec(
        select(Article, StoryArticle.story_id)
        .options(load_only(*_READ))
        .outerjoin(
            StoryArticle,
            (col(StoryArticle.article_id) == col(Article.id)) & (col(StoryArticle.newsletter_id) == newsletter_id),
        )
        .where(or_(day >= since, (day >= known_since) & col(StoryArticle.story_id).is_not(None)))
        .where(col(Article.duplicate_of).is_(None))
        .order_by(col(Article.id))
    ).all()
    return [
        Piece(
            article.id or 0,
            article.source_id,
            article.title,
            article.text or article.summary,
            story,
            published_at=article.published_at,
        )
        for article, story in rows
    ]


def absorbed(session: Session, newsletter_id: int) -> dict[int, int]:
    """Every story that was put into another by hand, with the story it is part of in the end."""
    rows = session.exec(
        select(Story.id, Story.merged_into).where(
            Story.newsletter_id == newsletter_id, col(Story.merged_into).is_not(None)
        )
    ).all()
    into = {story or 0: other or 0 for story, other in rows}

    def end(story: int) -> int:
        seen: set[int] = set()
        while story in into and story not in seen:
            seen.add(story)
            story = into[story]
        return story

    return {story: end(story) for story in into}


def write_groups(
    session: Session,
    newsletter_id: int,
    groups: Sequence[Group],
    records: Mapping[int, Record],
    *,
    now: datetime,
) -> int:
    """Store what clustering found, and return how many stories are new. Articles in a story stay there.

    Call it under `lock_newsletter`: another run may have stored some of the articles since they were read.
    """
    member = _stories_of(session, newsletter_id, [i for group in groups for i in group.article_ids])
    standing = absorbed(session, newsletter_id)  # an editor may have put stories together since they were read
    touched: list[tuple[Story, list[int]]] = []
    for group in groups:
        free = [article for article in group.article_ids if article not in member]
        if not free:
            continue
        joined = group.story_id or next((member[i] for i in group.article_ids if i in member), None)
        if joined is None:
            story = Story(newsletter_id=newsletter_id, lead_article_id=free[0], first_seen_at=now, updated_at=now)
        else:
            story = session.get_one(Story, standing.get(joined, joined))
            story.updated_at = now
        touched.append((story, free))
    made = [story for story, _ in touched if story.id is None]
    session.add_all(made)
    session.flush()
    session.add_all(
        StoryArticle(newsletter_id=newsletter_id, article_id=article, story_id=story.id or 0)
        for story, free in touched
        for article in free
    )
    session.flush()
    choose_leads(session, {story.id or 0: story for story, _ in touched}, records)
    return len(made)


def choose_leads(session: Session, stories: Mapping[int, Story], records: Mapping[int, Record]) -> None:
    """Give each story (by id) the article to link to, and its topic."""
    usual = Record(sum(r.chosen for r in records.values()), sum(r.offered for r in records.values()))
    tellings: dict[int, list[Telling]] = {}
    topics: dict[int, str] = {}
    for story_id, article, source in _members(session, list(stories)):
        topics[article.id or 0] = source.topic
        tellings.setdefault(story_id, []).append(
            Telling(
                article_id=article.id or 0,
                link=article.link,
                words=article.words,
                published_at=article.published_at or article.first_seen_at,
                record=shrunken(records.get(article.source_id, Record()), usual),
            )
        )
    for story_id, story in stories.items():
        story.lead_article_id = best_telling(tellings[story_id]).article_id
        story.topic = topics[story.lead_article_id]


def _members(session: Session, stories: Sequence[int]) -> Iterator[tuple[int, Article, Source]]:
    """Story id, article (without its texts) and source, by article."""
    for some in chunks(stories):
        yield from session.exec(
            select(StoryArticle.story_id, Article, Source)
            .join(Article, col(StoryArticle.article_id) == col(Article.id))
            .join(Source, col(Article.source_id) == col(Source.id))
            .where(col(StoryArticle.story_id).in_(some))
            .order_by(col(Article.id))
            .options(load_only(*_LISTED))
        ).all()


def list_stories(session: Session, newsletter_id: int | None = None, *, limit: int = 500) -> list[dict[str, Any]]:
    """The stories that changed last, newest first, each as plain fields; of every newsletter if none is named.

    Fields: id, title, source and link (of the article the letter would link to), topic, articles and sources
    (counts), first_seen and updated (ISO, UTC), titles (of all its articles, the linked one first).
    """
    query = select(Story).order_by(col(Story.updated_at).desc(), col(Story.id).desc()).limit(limit)
    if newsletter_id is not None:
        query = query.where(Story.newsletter_id == newsletter_id)
    stories = session.exec(query).all()
    members: dict[int, list[tuple[Article, Source]]] = {}
    for story_id, article, source in _members(session, [story.id or 0 for story in stories]):
        members.setdefault(story_id, []).append((article, source))
    return [_listed(story, members[story.id or 0]) for story in stories if story.id in members]


def _listed(story: Story, members: Sequence[tuple[Article, Source]]) -> dict[str, Any]:
    ordered = sorted(members, key=lambda member: member[0].id != story.lead_article_id)
    article, source = ordered[0]
    return {
        "id": story.id,
        "title": article.title,
        "source": source.title or source.url,
        "link": article.link,
        "topic": story.topic,
        "articles": len(members),
        "sources": len({one.id for _, one in members}),
        "first_seen": story.first_seen_at.isoformat(),
        "updated": story.updated_at.isoformat(),
        "titles": [one.title for one, _ in ordered],
    }


def _stories_of(session: Session, newsletter_id: int, articles: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in chunks(articles):
        found.update(
            session.exec(
                select(StoryArticle.article_id, StoryArticle.story_id)
                .where(StoryArticle.newsletter_id == newsletter_id)
                .where(col(StoryArticle.article_id).in_(some))
            ).all()
        )
    return found


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The ids in lots that fit in one IN (...)."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
