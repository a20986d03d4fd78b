"""What a fetch does to the tables: articles stored once, a source well again, or when to try next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select as sql_select
from sqlmodel import Session, col, or_, select

from flows.articles.entry import Entry, Reading
from flows.articles.fetch import Fetched
from flows.articles.identify import Change, Known, decide
from flows.articles.retry_after import back_off
from flows.articles.store import locked, move
from flows.models import Article, Notice, Source, SourceStatus

_MOVES_SEEN = 3
_MOVES_FOR = timedelta(hours=24)
_NAME_CHARS = 300
_REVIEW_CHARS = 200


@dataclass(frozen=True)
class Saved:
    """Articles of one read: stored, written again, left as they are."""

    new: int = 0
    updated: int = 0
    same: int = 0


def save_unchanged(session: Session, source_id: int, fetched: Fetched, *, now: datetime) -> None:
    """A good answer without news: the source is well, and due again at the next collection."""
    if source := locked(session, source_id):
        _well(session, source, fetched, now)


def save_read(
    session: Session, source_id: int, fetched: Fetched, reading: Reading, *, body_hash: str, now: datetime
) -> Saved:
    """Store what is new or reads differently, and with it, never before it, the validators of this body.

    Articles that the feed no longer lists stay. Of a truncated body no validator is kept, so the rest comes.
    """
    source = locked(session, source_id)
    if source is None:
        return Saved()
    plan = decide(reading.entries, _known(session, source_id, reading.entries))
    for change in plan.changed:
        _apply(session.get_one(Article, change.id), change)
    session.flush()  # an article that moved frees its link before a new one takes it
    for entry in plan.new:
        session.add(_article(source_id, entry, now))
    _well(session, source, fetched, now)
    source.title = source.title or reading.title or source.url[:_NAME_CHARS]
    source.site_url = reading.site_url or source.site_url
    source.warning = "; ".join(_warnings(fetched, reading))
    whole = not fetched.truncated
    source.etag = fetched.etag if whole else ""
    source.last_modified = fetched.last_modified if whole else ""
    source.body_hash = body_hash if whole else ""
    return Saved(len(plan.new), len(plan.changed), plan.same)


def _known(session: Session, source_id: int, entries: Sequence[Entry]) -> list[Known]:
    keys = [entry.link_key for entry in entries]
    guids = [entry.guid for entry in entries if entry.guid]
    rows = session.execute(
        sql_select(
            col(Article.id),
            col(Article.guid),
            col(Article.link),
            col(Article.link_key),
            col(Article.content_hash),
        )
        .where(col(Article.source_id) == source_id)
        .where(or_(col(Article.link_key).in_(keys), col(Article.guid).in_(guids)))
        .order_by(col(Article.id))
    )
    return [Known(*row) for row in rows]


def _article(source_id: int, entry: Entry, now: datetime) -> Article:
    return Article(
        source_id=source_id,
        link_key=entry.link_key,
        guid=entry.guid,
        first_seen_at=now,
        needs_review=entry.review[:_REVIEW_CHARS],
        **_content(entry),
    )


def _apply(article: Article, change: Change) -> None:
    """`first_seen_at` stays, so that an edited article does not come up as new."""
    for name, value in _content(change.entry).items():
        setattr(article, name, value)
    notes = [note for note in (change.entry.review, change.note) if note]
    article.needs_review = "; ".join(notes)[:_REVIEW_CHARS]
    article.guid = change.entry.guid or article.guid
    article.link_key = change.link_key or article.link_key


def _content(entry: Entry) -> dict[str, Any]:
    names = ("link", "title", "author", "published_at", "html", "text", "summary", "words", "content_hash")
    return {name: getattr(entry, name) for name in (*names, "image_url")}


def _warnings(fetched: Fetched, reading: Reading) -> list[str]:
    said = list(reading.warnings)
    if fetched.truncated:
        said.append("truncated: the body broke off before its end; what came was kept")
    if fetched.downgraded:
        said.append("redirected from https to http")
    if reading.left_out:
        said.append(f"{reading.left_out} more articles than are read from one feed")
    return said


def _well(session: Session, source: Source, fetched: Fetched, now: datetime) -> None:
    if not fetched.conditional:
        source.full_read_at = now
    source.last_tried_at = source.last_success_at = now
    source.next_due_at = None
    source.failures, source.error_code, source.error, source.error_since = 0, "", "", None
    _note_move(session, source, fetched.moved_to, now)


def _note_move(session: Session, source: Source, moved_to: str, now: datetime) -> None:
    """A new address counts once three fetches over a day gave it: permanent redirects are often mistakes."""
    if not moved_to or moved_to != source.moved_to:
        source.moved_to = moved_to
        source.moved_since, source.moved_times = (now, 1) if moved_to else (None, 0)
        return
    source.moved_times += 1
    ripe = source.moved_since is not None and now - source.moved_since >= _MOVES_FOR
    if source.moved_times >= _MOVES_SEEN and ripe and not _is_taken(session, moved_to):
        move(source, moved_to)


def _is_taken(session: Session, url: str) -> bool:
    return session.exec(select(Source.id).where(Source.url == url)).first() is not None


def save_failure(
    session: Session,
    source_id: int,
    *,
    code: str,
    sentence: str,
    now: datetime,
    jitter: float,
    retry_after_s: float | None = None,
) -> None:
    """Note the failure and when to try again: after what the server asked for, or 1 h doubling to 24 h.

    `jitter` is in [0, 1). `gone` retires the source and tells the editors. Articles stay in any case.
    """
    source = locked(session, source_id)
    if source is None:
        return
    source.failures += 1
    source.error_code, source.error = code[:60], sentence
    source.error_since = source.error_since or now
    source.last_tried_at = now
    wait = back_off(source.failures, jitter) if retry_after_s is None else timedelta(seconds=retry_after_s)
    source.next_due_at = now + wait
    if code == "gone":
        _retire(session, source, now)


def _retire(session: Session, source: Source, now: datetime) -> None:
    source.status = SourceStatus.RETIRED
    source.next_due_at = None
    key = f"source {source.id} gone {now:%Y-%m-%d}"
    if session.exec(select(Notice).where(Notice.key == key)).first() is None:
        text = f"{source.title or source.url} was taken down by its publisher (410) and is no longer fetched."
        session.add(Notice(key=key, at=now, kind="source gone", text=text, link="/desk/sources"))
