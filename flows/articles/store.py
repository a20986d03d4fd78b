"""Sources and articles in the tables: added, listed, due, paused. `outcome` stores what a fetch brought."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from flows.articles.guard import Guard
from flows.articles.measure import reading_minutes
from flows.articles.plain import shorten, to_title
from flows.errors import MastheadError
from flows.models import Article, Source, SourceStatus

FULL_READ_EVERY = timedelta(days=7)  # a server may swear for ever that nothing has changed
_NAME_CHARS = 300
_LOCKED = "sources locked by this transaction"
_MOVES = {
    SourceStatus.ACTIVE: {SourceStatus.PAUSED, SourceStatus.RETIRED},
    SourceStatus.PAUSED: {SourceStatus.ACTIVE, SourceStatus.RETIRED},
    SourceStatus.RETIRED: {SourceStatus.ACTIVE},
    SourceStatus.MERGED: set[SourceStatus](),
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
    https_only: bool = False
    seen: tuple[str, ...] = ()  # digests of the entries that stood in its last document

    @property
    def host(self) -> str:
        """The host as far as it can be read; sources of one host share its bound."""
        return self.url.split("/", 3)[2] if self.url.count("/") > 1 else self.url


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


def due_sources(
    session: Session, *, now: datetime, only: Collection[int] | None = None, due_only: bool = False
) -> list[DueSource]:
    """Active sources that may be asked: all but those that failed and are told to wait.

    With `due_only`, those whose own time has come; with `only`, those of them, whatever the time.
    """
    query = select(Source).where(col(Source.status) == SourceStatus.ACTIVE).order_by(col(Source.id))
    ripe = or_(col(Source.next_due_at).is_(None), col(Source.next_due_at) <= now)
    if only is not None:
        query = query.where(col(Source.id).in_(list(only)))
    else:
        query = query.where(ripe if due_only else or_(ripe, col(Source.failures) == 0))
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
        https_only=source.https_only,
        seen=tuple(source.seen.split()),
    )


def lock_sources(session: Session, source_ids: Collection[int]) -> list[Source]:
    """The sources, for this transaction alone, with one statement; `locked` then finds them. Keep what it returns."""
    sources = session.exec(
        select(Source).where(col(Source.id).in_(source_ids)).order_by(col(Source.id)).with_for_update()
    ).all()
    session.info[_LOCKED] = {source.id for source in sources}
    return list(sources)


def locked(session: Session, source_id: int) -> Source | None:
    """The source, for this transaction alone: two collections store its articles one after the other."""
    if source_id in session.info.get(_LOCKED, ()):
        return session.get(Source, source_id)
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


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def list_articles(session: Session, *, limit: int = 1000) -> list[dict[str, Any]]:
    """Articles, newest first, as plain dictionaries.

    Fields: title, source (its name), link (without tracking), published (ISO 8601 or None), words, minutes (of
    reading), language (two letters, "" if unknown), text_from (feed, teaser, page), page_error, image, text.
    """
    moment = func.coalesce(Article.published_at, Article.first_seen_at)
    rows = session.exec(
        select(Article, Source.title)
        .join(Source)
        .where(col(Article.duplicate_of).is_(None))
        .order_by(moment.desc(), col(Article.id).desc())
        .limit(limit)
    )
    return [
        {
            "title": shorten(article.title, 500),
            "source": name,
            "link": article.link,
            "published": _plain(article.published_at),
            "words": article.words,
            "minutes": reading_minutes(article.words),
            "language": article.language,
            "text_from": str(article.text_from),
            "page_error": article.page_error,
            "image": article.image_url,
            "text": article.text,
        }
        for article, name in rows
    ]
