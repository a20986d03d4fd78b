"""The stories that may go into the next edition, with all that the ranking asks about each."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import func
from sqlmodel import Session, col, select

from flows.models import Article, Source, Story, StoryArticle
from flows.stories.best import Telling, best_telling
from flows.stories.features import Facts, shrunken
from flows.stories.history import History
from flows.stories.likeness import nearest
from flows.stories.store import chunks
from flows.stories.words import lead

_TEXT_WORDS = 400  # of the lead, for ranking
FOLLOWS_ALIKE = 0.5  # a follow-up is at least so like what ran, whatever its words


@dataclass(frozen=True)
class Told:
    """A story ready to be ranked, with what an edition's item needs of its lead article."""

    facts: Facts
    article_id: int
    text: str
    summary: str
    needs_review: str


def read_told(
    session: Session,
    newsletter_id: int,
    history: History,
    *,
    since: datetime,
    leave_out: Collection[int] = (),
    only: Collection[int] | None = None,
) -> list[Told]:
    """Every story with an article since `since`, or kept for later, that is not out; by story id.

    A story that ran comes back only as a follow-up: with an article published since, which then stands for it.
    `only` names the stories to read instead, whatever their age.
    """
    if only is None:
        wanted = (_fresh(session, newsletter_id, since) | history.kept) - history.out - set(leave_out)
    else:
        wanted = set(only)
    told = [
        _told(article, source, story, sources, history)
        for story, article, source, sources in _leads(session, newsletter_id, sorted(wanted - set(history.ran_in)))
        if article.link
    ]
    told += _follow_ups(session, newsletter_id, sorted(wanted & set(history.ran_in)), history, since=since)
    return _compared(sorted(told, key=lambda one: one.facts.story_id), history)


def _fresh(session: Session, newsletter_id: int, since: datetime) -> set[int]:
    """The stories with an article since then."""
    day = func.coalesce(Article.published_at, Article.first_seen_at)
    rows = session.exec(
        select(StoryArticle.story_id)
        .join(Article, col(StoryArticle.article_id) == col(Article.id))
        .where(StoryArticle.newsletter_id == newsletter_id, day >= since)
        .distinct()
    )
    return set(rows)


def _follow_ups(
    session: Session, newsletter_id: int, stories: Sequence[int], history: History, *, since: datetime
) -> Iterator[Told]:
    """Stories that ran, each as the best of its articles published after that tells it."""
    for some in chunks(stories):
        rows = session.exec(
            select(Story, Article, Source)
            .join(StoryArticle, col(StoryArticle.story_id) == col(Story.id))
            .join(Article, col(StoryArticle.article_id) == col(Article.id))
            .join(Source, col(Article.source_id) == col(Source.id))
            .where(StoryArticle.newsletter_id == newsletter_id, col(Story.id).in_(some))
            .where(col(Article.duplicate_of).is_(None), col(Article.link) != "")
            .where(col(Article.published_at) >= since)
            .order_by(col(Story.id), col(Article.id))
        ).all()
        for story_id, group in groupby(rows, key=lambda row: row[0].id or 0):
            ran = history.ran_in[story_id]
            new = {a.id or 0: (s, a, o) for s, a, o in group if a.published_at and a.published_at > ran.sealed_at}
            if not new:
                continue
            lead_id = best_telling([_telling(article, history) for _, article, _ in new.values()]).article_id
            story, article, source = new[lead_id]
            told = _told(article, source, story, len({a.source_id for _, a, _ in new.values()}), history)
            yield replace(told, facts=replace(told.facts, follows=ran.headline, follows_no=ran.number))


def _telling(article: Article, history: History) -> Telling:
    return Telling(
        article_id=article.id or 0,
        link=article.link,
        words=article.words,
        published_at=article.published_at or article.first_seen_at,
        record=shrunken(history.record(article.source_id), history.usual),
    )


def _told(article: Article, source: Source, story: Story, sources: int, history: History) -> Told:
    facts = Facts(
        story_id=story.id or 0,
        title=article.title,
        text=lead(article.text or article.summary, _TEXT_WORDS),
        words=article.words,
        published_at=article.published_at,
        first_seen_at=article.first_seen_at,
        source_id=article.source_id,
        source_title=source.title or source.url,
        source_topic=story.topic or source.topic,
        source_weight=source.weight,
        record=history.record(article.source_id),
        sources=sources,
        kept=story.id in history.kept,
    )
    return Told(facts, article.id or 0, article.text, article.summary, article.needs_review)


def _compared(told: list[Told], history: History) -> list[Told]:
    """Each story with the one of an earlier edition that is most like it."""
    if not history.ran:
        return told
    found = nearest(
        [(one.facts.title, one.facts.text) for one in told], [(ran.headline, ran.text) for ran in history.ran]
    )
    return [
        replace(
            one,
            facts=replace(
                one.facts,
                alike=max(alike, FOLLOWS_ALIKE) if one.facts.follows_no else alike,
                alike_to=history.ran[place].headline,
                alike_no=history.ran[place].number,
            ),
        )
        for one, (alike, place) in zip(told, found, strict=True)
    ]


def _leads(
    session: Session, newsletter_id: int, stories: Sequence[int]
) -> Iterator[tuple[Story, Article, Source, int]]:
    """Each story with its lead article, that one's source, and how many sources tell the story."""
    for some in chunks(stories):
        counts = dict(
            session.exec(
                select(StoryArticle.story_id, func.count(func.distinct(Article.source_id)))
                .join(Article, col(StoryArticle.article_id) == col(Article.id))
                .where(StoryArticle.newsletter_id == newsletter_id, col(StoryArticle.story_id).in_(some))
                .where(col(Article.duplicate_of).is_(None))
                .group_by(col(StoryArticle.story_id))
            ).all()
        )
        rows = session.exec(
            select(Story, Article, Source)
            .join(Article, col(Story.lead_article_id) == col(Article.id))
            .join(Source, col(Article.source_id) == col(Source.id))
            .where(Story.newsletter_id == newsletter_id, col(Story.id).in_(some))
            .where(col(Story.merged_into).is_(None))
            .order_by(col(Story.id))
        ).all()
        for story, article, source in rows:
            yield story, article, source, counts.get(story.id or 0, 1)
