"""Articles of which the feed gives the beginning alone: whose page is due, and what it brought."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from flows.articles.entry import PageText
from flows.articles.identify import link_key
from flows.articles.retry_after import back_off
from flows.models import Article, Edition, EditionItem, EditionStatus, Source, SourceStatus, TextFrom

_MOST_TRIES = 4
_FOR_GOOD = {
    *("http_401", "http_403", "http_404", "gone", "bad_url", "blocked_address"),
    *("robots", "not_a_page", "page_not_found", "too_complex"),
}
_SEALED = (EditionStatus.APPROVED, EditionStatus.SENDING, EditionStatus.PAUSED, EditionStatus.HELD)


@dataclass(frozen=True)
class DuePage:
    """An article whose page may be asked for."""

    article_id: int
    source_id: int
    link: str
    title: str
    source_title: str

    @property
    def origin(self) -> str:
        """What one robots.txt speaks for."""
        return origin_of(self.link)


def origin_of(url: str) -> str:
    """Scheme and host of an address."""
    return "/".join(url.split("/", 3)[:3])


def due_pages(session: Session, *, now: datetime, most: int, only: Collection[int] | None = None) -> list[DuePage]:
    """The newest articles first; `only` names sources. What an edition that is approved links to stays as it is."""
    sealed = (
        select(EditionItem.id)
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(EditionItem.article_id == Article.id, col(Edition.status).in_(_SEALED))
    )
    query = (
        select(Article, Source.title)
        .join(Source, col(Article.source_id) == col(Source.id))
        .where(col(Article.page_due_at) <= now, Source.status == SourceStatus.ACTIVE, ~sealed.exists())
        .order_by(func.coalesce(Article.published_at, Article.first_seen_at).desc(), col(Article.id))
        .limit(most)
    )
    if only is not None:
        query = query.where(col(Article.source_id).in_(list(only)))
    return [
        DuePage(article.id or 0, article.source_id, article.link, article.title, name)
        for article, name in session.exec(query)
    ]


def save_page(session: Session, *, article_id: int, page: PageText) -> bool:
    """The text of its page, if that says more than the feed did; False if it does not (the feed's own stays).

    A page that calls another address its own, which is already an article of the source, makes the younger of the
    two a duplicate.
    """
    article = session.get(Article, article_id)
    if article is None:
        return False
    more = page.words > article.words
    if more:
        article.html, article.text, article.words = page.html, page.text, page.words
    article.text_from = TextFrom.PAGE if more else TextFrom.FEED
    article.language = page.language or article.language
    article.image_url = page.image_url or article.image_url
    article.author = article.author or page.author[:300]
    if article.published_at is None and page.published is not None:
        article.published_at = page.published
    article.page_due_at, article.page_tries, article.page_error = None, 0, ""
    if page.canonical:
        _fold(session, article, page.canonical)
    return more


def _fold(session: Session, article: Article, canonical: str) -> None:
    key = link_key(canonical)
    if key == article.link_key:
        return
    article.canonical_key, article.link = key, canonical
    twin = session.exec(
        select(Article)
        .where(Article.source_id == article.source_id, Article.id != article.id)
        .where(or_(Article.link_key == key, Article.canonical_key == key), col(Article.duplicate_of).is_(None))
        .order_by(col(Article.id))
    ).first()
    if twin is not None:
        older, younger = sorted((article, twin), key=lambda one: one.id or 0)
        younger.duplicate_of = older.id


def save_no_page(
    session: Session,
    *,
    article_id: int,
    code: str,
    sentence: str,
    now: datetime,
    jitter: float,
    retry_after_s: float | None = None,
) -> None:
    """Why there is no text of the page, and when to ask again: not at all if that is for good, or often enough."""
    article = session.get(Article, article_id)
    if article is None:
        return
    article.page_tries += 1
    article.page_error = sentence
    wait = back_off(article.page_tries, jitter) if retry_after_s is None else timedelta(seconds=retry_after_s)
    over = code in _FOR_GOOD or article.page_tries >= _MOST_TRIES
    article.page_due_at = None if over else now + wait
