"""Sources and articles in the tables: added, listed, due, paused. `outcome` stores what a fetch brought."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from flows.articles.guard import Guard
from flows.articles.plain import shorten, to_title
from flows.errors import MastheadError
from flows.models import Article, Source, SourceStatus

FULL_READ_EVERY = timedelta(days=7)  # a server may swear for ever that nothing has changed
_NAME_CHARS = 300
_MOVES = {
    SourceStatus.ACTIVE: {SourceStatus.PAUSED, SourceStatus.RETIRED},
    SourceStatus.PAUSED: {SourceStatus.ACTIVE, SourceStatus.RETIRED},
    SourceStatus.RETIRED: {SourceStatus.ACTIVE},
}


@dataclass(frozen=True)
class DueSource:
    """What it takes to fetch a source; the validators are empty when it is asked for in full."""

    id: int
    url: str
    title: str
    etag: str
    last_modified: str
    body_hash: str


def source_url(url: str) -> str:
    """A feed's address in the form that makes it one source. Raises FetchError."""
    url = url.strip()
    if url.lower().startswith("feed:"):
        url = "https:" + url[5:] if url[5:].startswith("//") else url[5:]
    if "://" not in url:
        url = "https://" + url
    return Guard(allow_private=True).check_url(url)  # whether we may dial it is asked when we do


def add_source(session: Session, url: str, *, title: str = "", topic: str = "", now: datetime) -> Source:
    """The source with this address, made if new; one that is there stays as it is. Raises FetchError."""
    address = source_url(url)
    known = session.exec(select(Source).where(Source.url == address)).first()
    if known is not None:
        return known
    source = Source(
        url=address,
        title=to_title(title, markup=False, limit=_NAME_CHARS),
        topic=topic.strip()[:80],
        created_at=now,
    )
    session.add(source)
    session.flush()
    return source


def due_sources(session: Session, *, now: datetime, only: Collection[int] | None = None) -> list[DueSource]:
    """Active sources whose time has come; with `only`, those of them, due or not."""
    query = select(Source).where(col(Source.status) == SourceStatus.ACTIVE).order_by(col(Source.id))
    if only is not None:
        query = query.where(col(Source.id).in_(list(only)))
    else:
        query = query.where(or_(col(Source.next_due_at).is_(None), col(Source.next_due_at) <= now))
    return [_due(source, now) for source in session.exec(query)]


def _due(source: Source, now: datetime) -> DueSource:
    in_full = source.full_read_at is None or now - source.full_read_at >= FULL_READ_EVERY
    return DueSource(
        id=source.id or 0,
        url=source.url,
        title=source.title,
        etag="" if in_full else source.etag,
        last_modified="" if in_full else source.last_modified,
        body_hash=source.body_hash,
    )


def locked(session: Session, source_id: int) -> Source | None:
    """The source, for this transaction alone: two collections store its articles one after the other."""
    return session.exec(select(Source).where(Source.id == source_id).with_for_update()).first()


def move(source: Source, address: str) -> None:
    """A new address for a source; the old one is kept, for `undo_move`."""
    source.moved_from, source.url = source.url, address
    source.moved_to, source.moved_since, source.moved_times = "", None, 0


def set_status(session: Session, source_id: int, status: SourceStatus) -> Source:
    """Pause, resume or retire a source; a resumed one is due at once. Raises MastheadError."""
    source = locked(session, source_id)
    if source is None:
        raise MastheadError(f"there is no source {source_id}; `masthead sources list` shows them all.")
    if status != source.status:
        if status not in _MOVES[source.status]:
            raise MastheadError(f"a source that is {source.status} cannot become {status}.")
        source.status = status
        source.next_due_at = None
    return source


def undo_move(session: Session, source_id: int) -> Source:
    """Put a moved source back to its old address. Raises MastheadError."""
    source = locked(session, source_id)
    if source is None or not source.moved_from:
        raise MastheadError(f"source {source_id} has not moved; `masthead sources list` shows them all.")
    move(source, source.moved_from)
    return source


def list_sources(session: Session) -> list[dict[str, Any]]:
    """Every source and how it does: one plain dictionary each, by title. `health` is one word.

    Fields: id, title, url, topic, status, health (well, failing, new, paused, retired), articles,
    last_success_at, failures, error_code, error, error_since, warning, next_due_at.
    """
    counts = dict(session.exec(select(Article.source_id, func.count()).group_by(col(Article.source_id))).all())
    sources = session.exec(select(Source)).all()
    rows = [_health(source, counts.get(source.id or 0, 0)) for source in sources]
    return sorted(rows, key=lambda row: (str(row["title"]).casefold(), row["id"]))


def _health(source: Source, articles: int) -> dict[str, Any]:
    health = str(source.status)
    if source.status is SourceStatus.ACTIVE:
        health = "failing" if source.failures else "well" if source.last_success_at else "new"
    names = ("last_success_at", "failures", "error_code", "error", "error_since", "warning", "next_due_at")
    return {
        "id": source.id,
        "title": source.title or source.url,
        "url": source.url,
        "topic": source.topic,
        "status": str(source.status),
        "health": health,
        "articles": articles,
        **{name: _plain(getattr(source, name)) for name in names},
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def list_articles(session: Session, *, limit: int = 1000) -> list[dict[str, Any]]:
    """Articles, newest first, as plain dictionaries.

    Fields: title, source (its name), link (without tracking), published (ISO 8601 or None), words, text.
    """
    moment = func.coalesce(Article.published_at, Article.first_seen_at)
    rows = session.exec(
        select(Article, Source.title).join(Source).order_by(moment.desc(), col(Article.id).desc()).limit(limit)
    )
    return [
        {
            "title": shorten(article.title, 500),
            "source": name,
            "link": article.link,
            "published": _plain(article.published_at),
            "words": article.words,
            "text": article.text,
        }
        for article, name in rows
    ]
