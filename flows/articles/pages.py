"""Articles of which the feed gives the beginning alone: whose page is due, and what it brought."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from flows.articles.boilerplate import folded
from flows.articles.entry import PageText
from flows.articles.identify import canonical_link, link_key
from flows.articles.retry_after import back_off
from flows.models import Article, Edition, EditionItem, EditionStatus, Source, SourceStatus, TextFrom

_MOST_TRIES = 4
_FOR_GOOD = {
    *("http_401", "http_403", "http_404", "gone", "bad_url", "blocked_address"),
    *("robots", "not_a_page", "page_not_found"),
}
_NOT_ASKED = {"http_429", "http_503", "robots_unknown"}  # "later" is no try: such pages wait, for a week at most
_WAITS_FOR = timedelta(days=7)
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


def save_page(session: Session, *, article_id: int, page: PageText, final_url: str) -> bool:
    """The text of its page, if that says more than the feed did; False if it does not (the feed's own stays).

    Where the text was the page's before, the page's new text takes its place, unless it is only a stub of that.
    """
    article = session.get(Article, article_id)
    if article is None:
        return False
    again = article.text_from is TextFrom.PAGE
    more = 2 * page.words >= article.words if again else page.words > article.words
    if more:
        article.html, article.text, article.words = page.html, page.text, page.words
    article.text_from = TextFrom.PAGE if more or again else TextFrom.FEED
    article.language = page.language or article.language
    article.image_url = page.image_url or article.image_url
    article.author = article.author or page.author[:300]
    if article.published_at is None and page.published is not None:
        article.published_at = page.published
    article.page_due_at, article.page_tries, article.page_error = None, 0, ""
    if page.canonical:
        _fold(session, article, page.canonical, final_url)
    return more


def _fold(session: Session, article: Article, canonical: str, final_url: str) -> None:
    """Believe what the page calls its own address, as far as no other article of the source speaks against it.

    Many a theme calls the same page canonical everywhere. So an address that an article of another title has, or
    claims, names neither; and our link changes only where following it led to that very address.
    """
    key = link_key(canonical)
    if key == article.link_key:
        return
    others = session.exec(
        select(Article)
        .where(Article.source_id == article.source_id, Article.id != article.id)
        .where(or_(Article.link_key == key, Article.canonical_key == key))
        .order_by(col(Article.id))
    ).all()
    if any(folded(other.title) != folded(article.title) for other in others):
        for claimant in (other for other in others if other.canonical_key == key):
            claimant.canonical_key = ""
        return
    article.canonical_key = key
    if link_key(canonical_link(final_url)) == key:
        article.link = canonical
    twin = next((other for other in others if other.duplicate_of is None), None)
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
    article.page_error = sentence
    waits = code in _NOT_ASKED
    article.page_tries += not waits
    wait = back_off(article.page_tries, jitter) if retry_after_s is None else timedelta(seconds=retry_after_s)
    too_old = waits and now - article.first_seen_at > _WAITS_FOR
    over = code in _FOR_GOOD or article.page_tries >= _MOST_TRIES or too_old
    article.page_due_at = None if over else now + wait
