"""Two sources that are one: the articles of the first go to the second, which stands for both from then on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from flows.articles.saying import counted
from flows.articles.store import locked
from flows.errors import MastheadError
from flows.models import Article, EditionItem, LogEntry, Source, SourceStatus

_AT_ONCE = 1000  # ids in one IN (...)
_ARTICLE = (Article.id, Article.link_key, Article.canonical_key, Article.guid, Article.title, Article.published_at)


@dataclass(frozen=True)
class MergePlan:
    """What a merge will do, counted. `done`: it was done before, and doing it again changes nothing."""

    source_id: int
    into_id: int
    name: str
    into_name: str
    moves: int  # articles that go over
    already_there: int  # articles that the other source has too: they stay behind, and count no more
    editions: int  # editions with stories from it; they keep them as they are
    done: bool = False

    @property
    def sentence(self) -> str:
        if self.done:
            return f"{self.name} was merged into {self.into_name} before; nothing changes."
        return (
            f"Go over from {self.name} to {self.into_name}: {counted(self.moves, 'article')}. There already, and left "
            f"behind as duplicates: {self.already_there:,}. Editions that keep their stories: {self.editions:,}."
        )


@dataclass(frozen=True)
class _Sorted:
    moves: tuple[int, ...]
    without_guid: tuple[int, ...]  # of those that move: the other source uses their guid for something else
    same: dict[int, int]  # article that stays behind -> the one that stands for it


def plan_merge(session: Session, source_id: int, into_id: int) -> MergePlan:
    """What merging `source_id` into `into_id` will do. Raises MastheadError where it makes no sense."""
    return _plan(session, source_id, into_id, lock=False)[0]


def merge(session: Session, source_id: int, into_id: int, *, now: datetime, who: str) -> MergePlan:
    """Merge, within the caller's transaction; a second time changes nothing. Raises MastheadError.

    Articles keep their ids, so editions and stories that hold them stay as they are.
    """
    plan, sorted_ = _plan(session, source_id, into_id, lock=True)
    if plan.done:
        return plan
    for part in _parts(sorted_.moves):
        session.execute(update(Article).where(col(Article.id).in_(part)).values(source_id=into_id))
    for part in _parts(sorted_.without_guid):
        session.execute(update(Article).where(col(Article.id).in_(part)).values(guid=""))
    for article, stands in sorted_.same.items():
        session.execute(update(Article).where(col(Article.id) == article).values(duplicate_of=stands))
    for part in _parts(list(sorted_.same)):
        # what pointed to one that is a duplicate itself now
        for article, of in session.execute(
            select(Article.id, Article.duplicate_of).where(col(Article.duplicate_of).in_(part))
        ).all():
            session.execute(update(Article).where(col(Article.id) == article).values(duplicate_of=sorted_.same[of]))
    session.execute(update(Source).where(col(Source.merged_into) == source_id).values(merged_into=into_id))
    source, into = session.get_one(Source, source_id), session.get_one(Source, into_id)
    source.status, source.merged_into, source.next_due_at = SourceStatus.MERGED, into_id, None
    if source.last_new_at and (into.last_new_at is None or into.last_new_at < source.last_new_at):
        into.last_new_at = source.last_new_at
    session.add(
        LogEntry(
            at=now,
            who=who,
            what="merged a source",
            before={"source": plan.name},
            after={
                "source": plan.into_name,
                "articles moved": plan.moves,
                "there already": plan.already_there,
                "address": source.url,
            },
        )
    )
    session.flush()
    session.expire_all()  # the updates above went past what the session holds
    return plan


def standing_for(session: Session, source: Source) -> Source:
    """The source that stands for this one: itself, unless it was merged."""
    seen = {source.id}
    while source.status is SourceStatus.MERGED and source.merged_into is not None:
        following = session.get(Source, source.merged_into)
        if following is None or following.id in seen:
            break
        source = following
        seen.add(source.id)
    return source


def _plan(session: Session, source_id: int, into_id: int, *, lock: bool) -> tuple[MergePlan, _Sorted]:
    if source_id == into_id:
        raise MastheadError(f"Source {source_id} cannot be merged into itself; name another one.")
    # always in the order of their ids: two merges crosswise wait for one another instead of for ever
    found = {each: _find(session, each, lock=lock) for each in sorted((source_id, into_id))}
    source, into = found[source_id], found[into_id]
    done = source.status is SourceStatus.MERGED and source.merged_into == into_id
    if not done:
        _refuse(session, source, into)
    sorted_ = _Sorted((), (), {}) if done else _sort(_articles(session, source_id), _articles(session, into_id))
    plan = MergePlan(
        source_id=source_id,
        into_id=into_id,
        name=source.title or source.url,
        into_name=into.title or into.url,
        moves=len(sorted_.moves),
        already_there=len(sorted_.same),
        editions=_editions(session, source_id),
        done=done,
    )
    return plan, sorted_


def _find(session: Session, source_id: int, *, lock: bool) -> Source:
    source = locked(session, source_id) if lock else session.get(Source, source_id)
    if source is None:
        raise MastheadError(f"There is no source {source_id}; `masthead sources list` shows them all.")
    return source


def _refuse(session: Session, source: Source, into: Source) -> None:
    if source.status is SourceStatus.MERGED:
        other = standing_for(session, source)
        raise MastheadError(
            f"{source.title or source.url} was merged into {other.title or other.url} (source {other.id}) already."
        )
    if into.status is SourceStatus.MERGED:
        other = standing_for(session, into)
        if other.id == source.id:
            raise MastheadError(f"{into.title or into.url} was merged into this very source: there is nothing to do.")
        raise MastheadError(
            f"{into.title or into.url} was itself merged into {other.title or other.url}; "
            f"merge into that one (source {other.id})."
        )
    if into.status is SourceStatus.RETIRED:
        raise MastheadError(
            f"{into.title or into.url} is retired and brings nothing any more; merge it into this one instead."
        )


def _articles(session: Session, source_id: int) -> Sequence[Any]:
    return session.execute(
        select(*_ARTICLE).where(col(Article.source_id) == source_id).order_by(col(Article.id))  # type: ignore[call-overload]
    ).all()


def _sort(ours: Iterable[Any], theirs: Sequence[Any]) -> _Sorted:
    """Which articles move and which are there already, known by link, canonical link, or title and time."""
    by_key: dict[str, int] = {}
    by_title: dict[tuple[str, datetime], int] = {}
    for article in theirs:
        for key in filter(None, (article.link_key, article.canonical_key)):
            by_key.setdefault(key, article.id)
        if article.published_at:
            by_title.setdefault((article.title, article.published_at), article.id)
    guids = {article.guid for article in theirs if article.guid}
    moves, bare, same = [], [], dict[int, int]()
    for article in ours:
        stands = by_key.get(article.link_key) or by_key.get(article.canonical_key)
        if stands is None and article.published_at:
            stands = by_title.get((article.title, article.published_at))
        if stands is not None:
            same[article.id] = stands
            continue
        moves.append(article.id)
        if article.guid in guids:
            bare.append(article.id)
    return _Sorted(tuple(moves), tuple(bare), same)


def _editions(session: Session, source_id: int) -> int:
    return session.exec(
        select(func.count(func.distinct(EditionItem.edition_id)))
        .join(Article, col(Article.id) == col(EditionItem.article_id))
        .where(Article.source_id == source_id)
    ).one()


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
