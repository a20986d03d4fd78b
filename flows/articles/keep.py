"""Entries to articles: which are new, which read differently, and whose page is still to be read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, or_, select
from sqlmodel import Session, col

from flows.articles.entry import Entry, Reading
from flows.articles.identify import Change, Known, decide
from flows.models import Article, TextFrom
from flows.settings import Settings

_REVIEW_CHARS = 200
_LOOK_AGAIN_AFTER = timedelta(days=1)
# Built once: putting a statement together costs as much as asking it.
_KNOWN = (
    select(
        col(Article.id),
        col(Article.guid),
        col(Article.link),
        col(Article.link_key),
        col(Article.content_hash),
        col(Article.title),
        col(Article.published_at),
        col(Article.canonical_key),
    )
    .where(
        col(Article.source_id) == bindparam("source_id"),
        or_(
            col(Article.link_key).in_(bindparam("keys", expanding=True)),
            col(Article.guid).in_(bindparam("guids", expanding=True)),
            col(Article.canonical_key).in_(bindparam("keys", expanding=True)),
            col(Article.title).in_(bindparam("titles", expanding=True)),
        ),
    )
    .order_by(col(Article.id))
)
_STORE = insert(Article)


@dataclass(frozen=True)
class Saved:
    """Articles of one read: stored, written again, left as they are."""

    new: int = 0
    updated: int = 0
    same: int = 0


@dataclass(frozen=True)
class Wishes:
    """What an installation wants of its sources: how often they are asked, and of what age pages are fetched.

    Times in seconds; `pages_for` is None where no pages are fetched.
    """

    interval_min_s: float = 900.0
    interval_max_s: float = 86400.0
    pages_for: timedelta | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Wishes":
        """As the settings say."""
        window = timedelta(days=settings.newsletter.window_days) if settings.pages else None
        return cls(settings.interval_min_s, settings.interval_max_s, window)


def keep_articles(session: Session, source_id: int, reading: Reading, *, now: datetime, wishes: Wishes) -> Saved:
    """Store what is new or reads differently; what the feed no longer lists stays."""
    standing = len(reading.standing)
    if not reading.entries:
        return Saved(same=standing)
    plan = decide(reading.entries, _known(session, source_id, reading), standing=reading.standing)
    for change in plan.changed:
        _apply(session.get_one(Article, change.id), change, now, wishes)
        session.flush()  # in the order given, each frees its link before the next one takes it
    if plan.new:
        rows = [_article(source_id, entry, now, wishes) for entry in plan.new]
        session.connection().execute(_STORE, rows)
    return Saved(len(plan.new), len(plan.changed), plan.same + standing)


def _known(session: Session, source_id: int, reading: Reading) -> list[Known]:
    """The stored articles that an entry of `reading` may be: by its link, its guid, or failing these its title."""
    keys = [entry.link_key for entry in reading.entries]
    guids = [entry.guid for entry in reading.entries if entry.guid]
    titles = [entry.title for entry in reading.entries]
    # by its connection: this is asked for every source, and needs nothing that the session would add
    asked = {"source_id": source_id, "keys": keys, "guids": guids, "titles": titles}
    return [Known(*row) for row in session.connection().execute(_KNOWN, asked)]


def _article(source_id: int, entry: Entry, now: datetime, wishes: Wishes) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "link_key": entry.link_key,
        "guid": entry.guid,
        "first_seen_at": now,
        "needs_review": entry.review[:_REVIEW_CHARS],
        "text_from": TextFrom.FEED if entry.full_text else TextFrom.TEASER,
        "page_due_at": _page_due_at(entry, now, wishes),
        "page_tries": 0,
        "page_error": "",
        "canonical_key": "",
        **_content(entry),
        **_text(entry),
    }


def _page_due_at(entry: Entry, now: datetime, wishes: Wishes) -> datetime | None:
    if entry.full_text or not entry.link or wishes.pages_for is None:
        return None
    return now if (entry.published_at or now) >= now - wishes.pages_for else None


def _apply(article: Article, change: Change, now: datetime, wishes: Wishes) -> None:
    """`first_seen_at` stays, so that an edited article does not come up as new; so does the text of its page."""
    entry = change.entry
    content = _content(entry)
    if article.canonical_key and not change.link_key:
        del content["link"]  # its own page said where it lives
    was, shrunk = article.text_from, 2 * entry.words < article.words
    if was is not TextFrom.PAGE or entry.full_text:
        content |= _text(entry)
        whole = entry.full_text or (was is TextFrom.FEED and not shrunk)
        article.text_from = TextFrom.FEED if whole else TextFrom.TEASER
    for name, value in content.items():
        setattr(article, name, value)
    notes = [note for note in (entry.review, change.note) if note]
    article.needs_review = "; ".join(notes)[:_REVIEW_CHARS]
    article.guid = entry.guid or article.guid
    article.link_key = change.link_key or article.link_key
    if change.link_key or (was is TextFrom.FEED and article.text_from is TextFrom.TEASER):
        article.page_due_at, article.page_tries, article.page_error = _page_due_at(entry, now, wishes), 0, ""
    elif article.text_from is TextFrom.PAGE and article.page_due_at is None:
        # edited, perhaps on its page as well; but some teasers differ at every look, so not at once
        due = _page_due_at(entry, now, wishes)
        article.page_due_at = due and due + _LOOK_AGAIN_AFTER


def _content(entry: Entry) -> dict[str, Any]:
    names = ("link", "title", "author", "published_at", "summary", "content_hash")
    return {name: getattr(entry, name) for name in names}


def _text(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ("html", "text", "words", "image_url", "language")}
