"""What the edition page shows, read in a handful of queries however many stories there are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows.articles.measure import reading_minutes
from flows.editions.content import section_names, source_name
from flows.editions.preflight import is_web_link
from flows.models import Article, Decision, Edition, EditionItem, Source, StoryArticle, User
from flows.settings import NewsletterSettings

_EXCERPT = 420  # characters
_BAR = 72  # pixels of the longest reason's bar


@dataclass(frozen=True)
class Reason:
    """One part of a score: `words` for the reader, `points`, and the width of its bar in pixels."""

    words: str
    points: float
    bar: int


@dataclass(frozen=True)
class Coverage:
    """Another article about the same thing."""

    source: str
    title: str
    link: str


@dataclass(frozen=True)
class StoryView:
    """A candidate as the desk shows it."""

    id: int
    version: int
    headline: str
    blurb: str
    title: str  # as its source wrote it
    source: str
    author: str
    link: str
    published_at: datetime | None
    words: int
    minutes: int
    score: float
    reasons: tuple[Reason, ...]
    coverage: tuple[Coverage, ...]
    excerpt: str
    whole: bool  # the excerpt is all there is
    text: str
    decision: Decision
    suggested: bool  # chosen by the ranking, and nobody has looked at it yet
    decided_by: str
    skip_reason: str
    section: str
    position: int
    needs_review: str

    @property
    def sources(self) -> int:
        return 1 + len({each.source for each in self.coverage} - {self.source})


@dataclass(frozen=True)
class SectionView:
    name: str
    most: int  # stories the draft puts here at most; 0: a section that only this edition has
    stories: tuple[StoryView, ...]


@dataclass(frozen=True)
class EditionView:
    """An edition with its candidates, sorted into what is chosen and what is not."""

    sections: tuple[SectionView, ...]
    queue: Mapping[str, tuple[StoryView, ...]] = field(default_factory=dict)  # "todo", "later", "skipped"

    @property
    def chosen(self) -> tuple[StoryView, ...]:
        return tuple(story for section in self.sections for story in section.stories)

    @property
    def minutes(self) -> int:
        return sum(story.minutes for story in self.chosen)


_QUEUES = {Decision.NONE: "todo", Decision.LATER: "later", Decision.SKIPPED: "skipped"}


def load_edition(session: Session, edition: Edition, newsletter: NewsletterSettings) -> EditionView:
    """All candidates of an edition, by the ranking's order in the queue and by place in the sections."""
    stories = load_stories(session, edition.id or 0)
    first = newsletter.sections[0].name
    most = {section.name: section.most for section in newsletter.sections}
    chosen = [story for story in stories if story.decision is Decision.CHOSEN]
    names = section_names((story.section for story in chosen), newsletter)
    sections = []
    for name in names:
        placed = [story for story in chosen if (story.section or first) == name]
        placed.sort(key=lambda story: story.position)
        sections.append(SectionView(name, most.get(name, 0), tuple(placed)))
    queue = {
        name: tuple(story for story in stories if story.decision is decision) for decision, name in _QUEUES.items()
    }
    return EditionView(tuple(sections), queue)


def load_stories(session: Session, edition_id: int, *, item_id: int | None = None) -> list[StoryView]:
    """The candidates by rank; with `item_id` only that one."""
    statement = (
        select(EditionItem, Article, Source)
        .join(Article, col(Article.id) == col(EditionItem.article_id))
        .join(Source, col(Source.id) == col(Article.source_id))
        .where(col(EditionItem.edition_id) == edition_id)
        .order_by(col(EditionItem.rank), col(EditionItem.id))
    )
    if item_id is not None:
        statement = statement.where(col(EditionItem.id) == item_id)
    rows = session.exec(statement).all()
    newsletter_id = session.get_one(Edition, edition_id).newsletter_id
    coverage = _coverage(session, newsletter_id, {item.story_id for item, _, _ in rows})
    names = names_of(session, {item.decided_by for item, _, _ in rows})
    longest = max((abs(float(r.get("points", 0))) for item, _, _ in rows for r in item.reasons), default=1.0)
    return [
        _view(item, article, source, coverage.get(item.story_id, ()), names=names, longest=longest)
        for item, article, source in rows
    ]


def names_of(session: Session, emails: Iterable[str]) -> dict[str, str]:
    """What colleagues call these people; one who is not on the team keeps the address."""
    wanted = {email for email in emails if email}
    rows = session.exec(select(User.email, User.name).where(col(User.email).in_(wanted))).all()
    return {email: email for email in wanted} | {email: name or email for email, name in rows}


def _coverage(
    session: Session, newsletter_id: int, story_ids: Collection[int]
) -> Mapping[int, Sequence[tuple[int, Coverage]]]:
    statement = (
        select(StoryArticle, Article, Source)
        .join(Article, col(Article.id) == col(StoryArticle.article_id))
        .join(Source, col(Source.id) == col(Article.source_id))
        .where(col(StoryArticle.newsletter_id) == newsletter_id, col(StoryArticle.story_id).in_(list(story_ids)))
        .order_by(col(Article.id))
    )
    found: dict[int, list[tuple[int, Coverage]]] = defaultdict(list)
    for member, article, source in session.exec(statement):
        told = Coverage(source_name(source), article.title, _web(article.link))
        found[member.story_id].append((member.article_id, told))
    return found


def _view(
    item: EditionItem,
    article: Article,
    source: Source,
    coverage: Sequence[tuple[int, Coverage]],
    *,
    names: Mapping[str, str],
    longest: float,
) -> StoryView:
    text = article.text or article.summary
    excerpt = shortened(text)
    return StoryView(
        id=item.id or 0,
        version=item.version,
        headline=item.headline,
        blurb=item.blurb,
        title=article.title,
        source=source_name(source),
        author=article.author,
        link=_web(article.link),
        published_at=article.published_at,
        words=article.words,
        minutes=reading_minutes(article.words),
        score=item.score,
        reasons=_reasons(item.reasons, longest),
        coverage=tuple(each for article_id, each in coverage if article_id != article.id),
        excerpt=excerpt,
        whole=len(excerpt) >= len(" ".join(text.split())),
        text=text,
        decision=item.decision,
        suggested=item.suggested and item.decision is Decision.CHOSEN and not item.decided_by,
        decided_by=names.get(item.decided_by, ""),
        skip_reason=item.skip_reason,
        section=item.section,
        position=item.position,
        needs_review=article.needs_review,
    )


def _reasons(reasons: Sequence[Mapping[str, Any]], longest: float) -> tuple[Reason, ...]:
    """What moved the score, the strongest first; parts that moved nothing are left out."""
    read = [(str(r.get("words") or r.get("name", "")), float(r.get("points", 0))) for r in reasons]
    read.sort(key=lambda pair: -abs(pair[1]))
    return tuple(
        Reason(words, points, max(2, round(abs(points) / (longest or 1.0) * _BAR)))
        for words, points in read
        if round(points, 1) != 0
    )


def _web(link: str) -> str:
    """The link if it may stand in a page; "" for any other scheme."""
    return link if is_web_link(link) else ""


def shortened(text: str, most: int = _EXCERPT) -> str:
    """The beginning of a text in one paragraph, cut between words."""
    flat = " ".join(text.split())
    if len(flat) <= most:
        return flat
    return flat[:most].rsplit(" ", 1)[0].rstrip(",;:–—-") + " …"
