"""The stories that may go into the next edition, with all that the ranking asks about each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import func
from sqlmodel import Session, col, select

from flows.models import Article, Source, Story, StoryArticle
from flows.stories.best import Telling, best_telling
from flows.stories.features import Facts, shrunken
from flows.stories.history import History, RanIn
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
    only: Mapping[int, int] | None = None,
) -> list[Told]:
    """Every story with an article since `since`, or kept for later, that is not out; by story id.

    A story that ran comes back only as a follow-up: with an article published since, which then stands for it.
    `only` names the stories to read instead, whatever their age, each with the article that tells it.
    """
    if only is not None:
        return _compared(list(_as_named(session, newsletter_id, only, history)), history)
    wanted = (_fresh(session, newsletter_id, since) | history.kept) - history.out - set(leave_out)
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
        .where(StoryArticle.newsletter_id == newsletter_id, day >= since, col(Article.duplicate_of).is_(None))
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
            .where((col(Article.published_at) >= since) | col(Story.id).in_(history.kept))
            .order_by(col(Story.id), col(Article.id))
        ).all()
        for story_id, group in groupby(rows, key=lambda row: row[0].id or 0):
            ran = history.ran_in[story_id]
            new = {a.id or 0: (s, a, o) for s, a, o in group if _is_news(a, ran)}
            if not new:
                continue
            lead_id = best_telling([_telling(article, history) for _, article, _ in new.values()]).article_id
            story, article, source = new[lead_id]
            told = _told(article, source, story, len({a.source_id for _, a, _ in new.values()}), history)
            yield _following(told, ran)


def _is_news(article: Article, ran: RanIn) -> bool:
    """Published and found after the story ran; an article of ours with a new date is no news."""
    if article.id in ran.articles or article.published_at is None:
        return False
    return article.published_at > ran.sealed_at and article.first_seen_at > ran.sealed_at


def _as_named(session: Session, newsletter_id: int, named: Mapping[int, int], history: History) -> Iterator[Told]:
    """The stories, each as the article named for it tells it, by story id."""
    for some in chunks(sorted(named)):
        counts = _source_counts(session, newsletter_id, some)
        stories = session.exec(select(Story).where(col(Story.id).in_(some)).order_by(col(Story.id))).all()
        rows = session.exec(
            select(Article, Source)
            .join(Source, col(Article.source_id) == col(Source.id))
            .where(col(Article.id).in_([named[story] for story in some]))
        ).all()
        by_id = {article.id: (article, source) for article, source in rows}
        for story in stories:
            story_id = story.id or 0
            if (found := by_id.get(named[story_id])) is None:
                continue
            told = _told(*found, story, counts.get(story_id, 1), history)
            ran = history.ran_in.get(story_id)
            yield told if ran is None else _following(told, ran)


def _following(told: Told, ran: RanIn) -> Told:
    return replace(told, facts=replace(told.facts, follows=ran.headline, follows_no=ran.number))


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
        counts = _source_counts(session, newsletter_id, some)
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


def _source_counts(session: Session, newsletter_id: int, stories: Sequence[int]) -> dict[int, int]:
    """How many sources tell each story."""
    rows = session.exec(
        select(StoryArticle.story_id, func.count(func.distinct(Article.source_id)))
        .join(Article, col(StoryArticle.article_id) == col(Article.id))
        .where(StoryArticle.newsletter_id == newsletter_id, col(StoryArticle.story_id).in_(stories))
        .where(col(Article.duplicate_of).is_(None))
        .group_by(col(StoryArticle.story_id))
    ).all()
    return dict(rows)
