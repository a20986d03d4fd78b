"""How every source does: well or not since when, how much it brings, and how much of that the editors want."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func
from sqlmodel import Session, col, or_, select

from flows.articles.rhythm import silent_after, typical_gap
from flows.articles.saying import silence
from flows.models import Article, Decision, Edition, EditionItem, EditionStatus, Source, SourceStatus, TextFrom

WEEKS = 12
_WEEK, _TICK = timedelta(weeks=1), timedelta(microseconds=1)
_RHYTHM = 31  # the newest articles of a source, whose gaps are its rhythm
_NEVER_SOONER = timedelta(days=14)  # the least that `silent_after` says
_AT_ONCE = 1000  # ids in one IN (...): SQLite and PostgreSQL both limit them
# What an editor decided counts once the edition was approved, whatever has become of it since.
_DECIDED = (
    EditionStatus.APPROVED,
    EditionStatus.SENDING,
    EditionStatus.PAUSED,
    EditionStatus.HELD,
    EditionStatus.SENT,
)
# Not `seen`, `etag` and their like: what only the collection needs may be large.
_FIELDS = (
    "id",
    "title",
    "url",
    "site_url",
    "topic",
    "status",
    "weight",
    "created_at",
    "last_tried_at",
    "last_success_at",
    "last_new_at",
    "failures",
    "error_code",
    "error",
    "error_since",
    "warning",
    "next_due_at",
    "interval_s",
    "moved_from",
    "merged_into",
    "https_only",
    "language",
)
_MOMENT: Any = func.coalesce(Article.published_at, Article.first_seen_at)
Only = Collection[int] | None


@dataclass(frozen=True)
class Silence:
    """A source that brings nothing: since when, and how far apart its articles usually are (None: unknown)."""

    since: datetime
    gap: timedelta | None


def list_sources(
    session: Session, now: datetime, *, only: Only = None, with_weeks: bool = True
) -> list[dict[str, Any]]:
    """Every source and how it does, or those of `only`: one plain dictionary each, by title.

    Without `with_weeks`, which is a third of the work, `weekly` is empty.

    Fields: id, title (the address where it has none), url, site_url, topic, status, health (well, failing, silent,
    new, paused, retired, merged), articles (duplicates not counted), weekly (articles of each of the last 12
    weeks, oldest first), seen (articles that were candidates of approved editions), chosen (those of them that
    editors chose), yield (chosen / seen, None if never seen), full_text (share of articles whose text is whole,
    None without articles), pages_failing (articles whose page cannot be had), silent_since (None, or since when it
    has been silent beyond its own rhythm), silence (the same as a sentence), weight (score points), created_at,
    last_tried_at, last_success_at, last_new_at, failures (in a row), error_code, error, error_since, warning,
    next_due_at, interval_s, moved_from, merged_into, https_only, language. Times are aware datetimes.
    """
    sources = [row._asdict() for row in session.execute(_only(_source_query(), col(Source.id), only))]
    counts = _counts(session, only)
    weeks = weekly(session, now, only) if with_weeks else {}
    wanted = _yields(session, only)
    silent = silences(session, now, only=only)
    for row in sources:
        of = row["id"]
        articles, whole, failing = counts.get(of, (0, 0, 0))
        seen, chosen = wanted.get(of, (0, 0))
        quiet = silent.get(of)
        row |= {
            "title": row["title"] or row["url"],
            "status": row["status"].value,
            "health": _health(row, quiet),
            "articles": articles,
            "weekly": weeks.get(of, [0] * WEEKS) if with_weeks else [],
            "seen": seen,
            "chosen": chosen,
            "yield": chosen / seen if seen else None,
            "full_text": whole / articles if articles else None,
            "pages_failing": failing,
            "silent_since": quiet.since if quiet else None,
            "silence": silence(quiet.since, quiet.gap, now) if quiet else "",
        }
    return sorted(sources, key=lambda row: (str(row["title"]).casefold(), row["id"]))


def _source_query() -> Any:
    return select(*(getattr(Source, name) for name in _FIELDS))


def _health(row: Mapping[str, Any], quiet: Silence | None) -> str:
    if row["status"] is not SourceStatus.ACTIVE:
        return str(row["status"].value)
    if row["failures"]:
        return "failing"
    if quiet:
        return "silent"
    return "well" if row["last_success_at"] else "new"


def _only(query: Any, column: Any, only: Only) -> Any:
    return query if only is None else query.where(column.in_(list(only)))


def _counts(session: Session, only: Only) -> dict[int, tuple[int, int, int]]:
    """(articles, with whole text, whose page failed) by source."""
    teaser = col(Article.text_from) == TextFrom.TEASER
    query = (
        select(
            Article.source_id,
            func.count(),
            func.sum(case((teaser, 0), else_=1)),
            func.sum(case((teaser & (col(Article.page_error) != ""), 1), else_=0)),
        )
        .where(col(Article.duplicate_of).is_(None))
        .group_by(col(Article.source_id))
    )
    rows = session.execute(_only(query, col(Article.source_id), only))
    return {source: (int(count), int(whole), int(failing)) for source, count, whole, failing in rows}


def weekly(session: Session, now: datetime, only: Only = None) -> dict[int, list[int]]:
    """Articles of each of the last 12 weeks by source, oldest first; the last holds what is dated later, too."""
    starts = [now - _WEEK * (WEEKS - number) for number in range(WEEKS)]
    in_week = [_MOMENT.between(start, start + _WEEK - _TICK) for start in starts[:-1]] + [starts[-1] <= _MOMENT]
    query = (
        # a sum for each week: a row for each would be twelve times as many to bring over
        select(Article.source_id, *(func.sum(case((week, 1), else_=0)) for week in in_week))
        # nothing is seen more than a day before it is dated, so the index on this column narrows the search
        .where(col(Article.first_seen_at) >= starts[0] - timedelta(days=1))
        .where(starts[0] <= _MOMENT, col(Article.duplicate_of).is_(None))
        .group_by(col(Article.source_id))
    )
    rows = session.execute(_only(query, col(Article.source_id), only))
    return {source: [int(count) for count in counts] for source, *counts in rows}


def _yields(session: Session, only: Only) -> dict[int, tuple[int, int]]:
    """(seen, chosen) by source."""
    chosen = case((col(EditionItem.decision) == Decision.CHOSEN, EditionItem.article_id), else_=None)
    query = (
        select(Article.source_id, func.count(func.distinct(EditionItem.article_id)), func.count(func.distinct(chosen)))
        .join(EditionItem, col(EditionItem.article_id) == col(Article.id))
        .join(Edition, col(Edition.id) == col(EditionItem.edition_id))
        .where(col(Edition.status).in_(_DECIDED))
        .group_by(col(Article.source_id))
    )
    rows = session.execute(_only(query, col(Article.source_id), only))
    return {source: (int(seen), int(picked)) for source, seen, picked in rows}


def silences(session: Session, now: datetime, *, only: Only = None) -> dict[int, Silence]:
    """Active sources that have brought nothing for longer than their own rhythm explains, failing or not."""
    last = _last_new(session, now, only)
    times = _times(session, list(last))
    return {
        source: Silence(since, typical_gap(times[source]))
        for source, since in last.items()
        if now - since > silent_after(times[source])
    }


def _last_new(session: Session, now: datetime, only: Only) -> dict[int, datetime]:
    """When each source last brought something, of those for which that was long ago."""
    long_ago = now - _NEVER_SOONER
    query = (
        select(Source.id, Source.last_new_at, Source.created_at)
        .where(col(Source.status) == SourceStatus.ACTIVE)
        .where(or_(col(Source.last_new_at).is_(None), col(Source.last_new_at) < long_ago))
        .where(col(Source.created_at) < long_ago)
    )
    rows = session.execute(_only(query, col(Source.id), only)).all()
    untold = [source for source, last, _ in rows if last is None]
    newest: dict[int, datetime] = {}
    for part in _parts(untold):
        first_seen = func.max(Article.first_seen_at)
        grouped = select(Article.source_id, first_seen).group_by(col(Article.source_id))
        newest |= {row[0]: row[1] for row in session.execute(_only(grouped, col(Article.source_id), part))}
    found = {source: last or newest.get(source) or created for source, last, created in rows}
    return {source: since for source, since in found.items() if since < long_ago}


def _times(session: Session, sources: list[int]) -> Mapping[int, list[datetime]]:
    """The times of the newest articles of these sources."""
    place = func.row_number().over(partition_by=col(Article.source_id), order_by=_MOMENT.desc())
    found: dict[int, list[datetime]] = defaultdict(list)
    for part in _parts(sources):
        newest = (
            select(Article.source_id, _MOMENT.label("moment"), place.label("place"))
            .where(col(Article.source_id).in_(part), col(Article.duplicate_of).is_(None))
            .subquery()
        )
        for source, moment in session.execute(
            select(newest.c.source_id, newest.c.moment).where(newest.c.place <= _RHYTHM)
        ):
            found[source].append(moment)
    return found


def article_times(session: Session, source_id: int) -> list[datetime]:
    """The times of a source's newest articles: what its rhythm is taken from."""
    return list(_times(session, [source_id])[source_id]) if source_id else []


def _parts(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
