"""What the edition page shows, read in a handful of queries however many stories there are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from flows.articles.measure import reading_minutes
from flows.editions.claims import claims_now, uncleared
from flows.editions.content import section_names, source_name
from flows.editions.desk.marking import MARKED, doubts, segments
from flows.editions.desk.views import Coverage, EditionView, GroupingView, Reason, SectionView, StoryView, Turnable
from flows.editions.grouping import edits_in
from flows.editions.preflight import is_web_link
from flows.models import (
    Article,
    Channel,
    Decision,
    Edition,
    EditionItem,
    Regrouping,
    Source,
    StoryArticle,
    Tier,
    User,
    WrittenBy,
)
from flows.settings import NewsletterSettings
from flows.stories.history import read_outcomes, read_wishes
from flows.stories.tiers import stop_line

_EXCERPT = 420  # characters
_BAR = 72  # pixels of the longest reason's bar


QUEUES = ("todo", "flagged", "folded", "later", "skipped")
_DECIDED = {Decision.LATER: "later", Decision.SKIPPED: "skipped"}
_UNDECIDED = {Tier.FLAGGED: "flagged", Tier.FOLDED: "folded"}
_CHANNELS = {
    Channel.KNOWN: "known preferences",
    Channel.POPULAR: "popular",
    Channel.RECENT: "recent",
    Channel.EXPLORATION: "exploration",
    Channel.BY_HAND: "kept by hand",
}


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
    queue = {name: tuple(story for story in stories if _queue_of(story) == name) for name in QUEUES}
    past = read_outcomes(session, edition.newsletter_id, before=edition.number)
    return EditionView(tuple(sections), queue, stop_line(past), _edits(session, edition.id or 0))


def _queue_of(story: StoryView) -> str:
    if story.decision is Decision.CHOSEN:
        return ""
    return _DECIDED.get(story.decision) or _UNDECIDED.get(story.tier, "todo")


def _edits(session: Session, edition_id: int) -> tuple[GroupingView, ...]:
    edits = edits_in(session, edition_id)
    ids = {edit.story_id for edit in edits} | {edit.other_id for edit in edits}
    rows = session.exec(
        select(EditionItem.story_id, EditionItem.headline).where(
            col(EditionItem.edition_id) == edition_id, col(EditionItem.story_id).in_(ids)
        )
    ).all()
    titles = dict(rows)
    said = {Regrouping.MERGED: "put together with", Regrouping.SPLIT: "taken apart from"}
    return tuple(
        GroupingView(
            edit.id or 0,
            f"“{titles.get(edit.story_id, 'a story')}” {said[edit.kind]} “{titles.get(edit.other_id, 'another')}”",
        )
        for edit in edits
    )


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
    people = {item.decided_by for item, _, _ in rows} | {str(c.get("by", "")) for i, _, _ in rows for c in i.claims}
    names = names_of(session, people)
    weighs = _weighs(session, newsletter_id)
    longest = max((abs(float(r.get("points", 0))) for item, _, _ in rows for r in item.reasons), default=1.0)
    return [
        _view(item, article, source, coverage.get(item.story_id, ()), names=names, longest=longest, weighs=weighs)
        for item, article, source in rows
    ]


def _weighs(session: Session, newsletter_id: int) -> Mapping[str | int, float]:
    """Points that editors gave by hand: by term, casefolded, and by the id of a source."""
    terms = {name.casefold(): points for name, points in read_wishes(session, newsletter_id).items()}
    sources = session.exec(select(Source.id, Source.weight).where(col(Source.weight) != 0)).all()
    found: dict[str | int, float] = {source_id or 0: weight for source_id, weight in sources}
    return found | dict(terms)


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
        told = Coverage(source_name(source), article.title, _web(article.link), article.id or 0)
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
    weighs: Mapping[str | int, float],
) -> StoryView:
    claims = claims_now(item, article) if item.decision is Decision.CHOSEN else item.claims
    found = doubts(claims, names)
    drafted = item.blurb_by is WrittenBy.MODEL
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
        reasons=_reasons(item.reasons, longest, weighs),
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
        tier=item.tier,
        chance=None if item.chance is None else round(item.chance * 100),
        channel=_CHANNELS[item.channel],
        place=item.rank,
        flags=tuple(str(flag["words"]) for flag in uncleared(item)),
        doubts=found,
        marked={
            name: segments(said, claims, found, name)
            for name, said in zip(MARKED, (item.headline, item.blurb), strict=True)
        },
        drafted=item.blurb_note if drafted else "",
        blurb_note="" if drafted else item.blurb_note,
    )


def _reasons(
    reasons: Sequence[Mapping[str, Any]], longest: float, weighs: Mapping[str | int, float]
) -> tuple[Reason, ...]:
    """What moved the score, the strongest first; parts that moved nothing are left out."""
    read = sorted(reasons, key=lambda reason: -abs(float(reason.get("points", 0))))
    return tuple(
        Reason(
            str(reason.get("words") or reason.get("name", "")),
            points,
            max(2, round(abs(points) / (longest or 1.0) * _BAR)),
            tuple(_turnable(lever, weighs) for lever in reason.get("levers", ())),
        )
        for reason in read
        if round(points := float(reason.get("points", 0)), 1) != 0
    )


def _turnable(lever: Mapping[str, Any], weighs: Mapping[str | int, float]) -> Turnable:
    name, source_id = str(lever["name"]), int(lever.get("source_id", 0))
    points = weighs.get(source_id if source_id else name.casefold(), 0.0)
    return Turnable(name, source_id, "boost" if points > 0 else "mute" if points < 0 else "usual")


def _web(link: str) -> str:
    """The link if it may stand in a page; "" for any other scheme."""
    return link if is_web_link(link) else ""


def shortened(text: str, most: int = _EXCERPT) -> str:
    """The beginning of a text in one paragraph, cut between words."""
    flat = " ".join(text.split())
    if len(flat) <= most:
        return flat
    return flat[:most].rsplit(" ", 1)[0].rstrip(",;:–—-") + " …"
