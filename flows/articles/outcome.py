"""What a fetch does to its source: well again and at rest, moved, retired, or when to try next."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from flows.articles.entry import Reading
from flows.articles.fetch import Fetched
from flows.articles.keep import Saved, Wishes, keep_articles
from flows.articles.retry_after import back_off
from flows.articles.rhythm import ASKS_PER_GAP, rest_s, typical_gap
from flows.articles.store import locked, move
from flows.models import Notice, Source, SourceStatus

_MOVES_SEEN = 3
_MOVES_FOR = timedelta(hours=24)
_NAME_CHARS = 300
_LANGUAGE_CHARS = 12
_EARLY = timedelta(minutes=5)


_USUAL = Wishes()


def save_unchanged(
    session: Session, source_id: int, fetched: Fetched, *, now: datetime, wishes: Wishes = _USUAL
) -> None:
    """A good answer without news: the source is well, and rests as long as its rhythm says."""
    if source := _asked(session, source_id, fetched.url):
        _well(session, source, fetched, now)
        gap = timedelta(seconds=source.interval_s * ASKS_PER_GAP) if source.interval_s else None
        _rest(source, gap, fetched.max_age_s, now, wishes)


def save_read(
    session: Session,
    source_id: int,
    fetched: Fetched,
    reading: Reading,
    *,
    body_hash: str,
    now: datetime,
    wishes: Wishes = _USUAL,
) -> Saved:
    """Store what is new or reads differently, and with it, never before it, the validators of this body.

    Articles that the feed no longer lists stay. Of a truncated body no validator is kept, so the rest comes.
    """
    source = _asked(session, source_id, fetched.url)
    if source is None:
        return Saved()
    saved = keep_articles(session, source_id, reading, now=now, wishes=wishes)
    if saved.new:
        source.last_new_at = now
    _well(session, source, fetched, now)
    source.title = source.title or reading.title or source.url[:_NAME_CHARS]
    source.site_url = reading.site_url or source.site_url
    source.language = reading.language[:_LANGUAGE_CHARS]
    source.warning = "; ".join(_warnings(fetched, reading))
    source.seen = "\n".join(reading.digests)
    whole = not fetched.truncated
    source.etag = fetched.etag if whole else ""
    source.last_modified = fetched.last_modified if whole else ""
    source.body_hash = body_hash if whole else ""
    gap = typical_gap(reading.times)
    _rest(source, gap, max(fetched.max_age_s, reading.ttl_s), now, wishes)
    return saved


def _asked(session: Session, source_id: int, url: str) -> Source | None:
    """The source, unless it was deleted, merged into another, or moved from `url`, while its answer was under way."""
    source = locked(session, source_id)
    if source is None or source.status is SourceStatus.MERGED or (url and source.url != url):
        return None
    return source


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
    source.failures, source.error_code, source.error, source.error_since = 0, "", "", None
    _note_move(session, source, fetched.moved_to, now)


def _rest(source: Source, gap: timedelta | None, asked_s: float, now: datetime, wishes: Wishes) -> None:
    still = now - (source.last_new_at or source.created_at)
    least_s, most_s = wishes.interval_min_s, wishes.interval_max_s
    source.interval_s = round(rest_s(gap, still, least_s=least_s, most_s=most_s, asked_s=asked_s))
    # a little early: a source that is due a moment after a collection would wait for the next one
    source.next_due_at = now + timedelta(seconds=source.interval_s) - min(_EARLY, timedelta(seconds=least_s / 2))


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
    url: str = "",
) -> None:
    """Note the failure and when to try again: after what the server asked for, or 1 h doubling to 24 h.

    What the server asks for never makes it more often than the source is asked when it is well. `jitter` is in
    [0, 1). `gone` retires the source and tells the editors. Articles stay in any case. `url` is what was asked: a
    source that has another address by now is not to blame.
    """
    source = _asked(session, source_id, url)
    if source is None:
        return
    source.failures += 1
    source.error_code, source.error = code[:60], sentence
    source.error_since = source.error_since or now
    source.last_tried_at = now
    wait = back_off(source.failures, jitter)
    if retry_after_s is not None:
        wait = timedelta(seconds=max(retry_after_s, source.interval_s))
    source.next_due_at = now + wait
    if code == "gone" and source.status is SourceStatus.ACTIVE:
        _retire(session, source, now)


def _retire(session: Session, source: Source, now: datetime) -> None:
    source.status = SourceStatus.RETIRED
    source.next_due_at = None
    key = f"source {source.id} gone {now:%Y-%m-%d}"
    if session.exec(select(Notice).where(Notice.key == key)).first() is None:
        text = f"{source.title or source.url} was taken down by its publisher (410) and is no longer fetched."
        session.add(Notice(key=key, at=now, kind="source gone", text=text, link=f"/desk/sources/{source.id}"))
