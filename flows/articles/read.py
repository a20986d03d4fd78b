"""A body to a Reading: parsed, cleaned and named. Pure; it runs in the reading process (`child`)."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import urljoin

from flows.articles.clean import Cleaned, clean, clean_summary, clean_text, picture_link
from flows.articles.entry import Entry, Reading
from flows.articles.identify import canonical_link, content_hash, name_entries
from flows.articles.parse import in_range, parse
from flows.articles.plain import one_line, shorten
from flows.articles.raw import RawEntry, RawFeed

_FULL_TEXT_WORDS = 150
_UNTITLED_CHARS = 100


def read_feed(body: bytes, *, content_type: str, url: str, now: datetime) -> Reading:
    """The feed fetched from `url`. Raises ReadError as `parse` does."""
    feed = parse(body, content_type=content_type, url=url)
    entries = name_entries([_entry(raw, feed, now) for raw in feed.entries])
    return Reading(
        kind=feed.kind,
        title=shorten(feed.title, 300),
        site_url=canonical_link(_join(feed.base, feed.site_url)) if feed.site_url else "",
        entries=tuple(_hashed(entry) for entry in entries),
        warnings=feed.warnings + _of_entries(entries),
        left_out=feed.left_out,
    )


def _entry(raw: RawEntry, feed: RawFeed, now: datetime) -> Entry:
    published, note = in_range(raw.published, now)
    cleaned = _cleaned(raw, feed)
    summary = clean_summary(raw.summary, is_text=raw.summary_is_text)
    base = raw.base or feed.base
    return Entry(
        title=raw.title or _first_words(cleaned.text or summary),
        link=_article_link(base, raw.link),
        guid=one_line(raw.guid)[:1000],
        author=raw.author,
        published_at=published,
        html=cleaned.html,
        text=cleaned.text,
        summary=summary,
        words=cleaned.words,
        image_url=cleaned.image_url or picture_link(raw.image_url, base),
        review=note,
        full_text=cleaned.words >= _FULL_TEXT_WORDS and not cleaned.text.endswith(("…", "[…]", "[...]")),
    )


def _cleaned(raw: RawEntry, feed: RawFeed) -> Cleaned:
    if raw.body_is_text:
        return clean_text(raw.body, title=raw.title, source=feed.title)
    return clean(raw.body, base=raw.base or feed.base, title=raw.title, source=feed.title)


def _first_words(text: str) -> str:
    return shorten(one_line(text[:1000]), _UNTITLED_CHARS) or "(untitled)"


def _article_link(base: str, link: str) -> str:
    """The link made whole. One that begins with slashes alone names another site without saying how: none."""
    link = link.strip()
    return "" if not link or link.startswith(("//", "\\\\", "/\\", "\\/")) else _join(base, link)


def _join(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return ""


def _hashed(entry: Entry) -> Entry:
    return replace(
        entry,
        content_hash=content_hash(entry.title, entry.link, entry.author, entry.published_at, entry.html),
    )


def _of_entries(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    rejected = sum("date_rejected" in entry.review for entry in entries)
    linkless = sum("no usable link" in entry.review for entry in entries)
    return tuple(
        f"{count} of {len(entries)} articles {what}"
        for count, what in (
            (rejected, "have a date that is over ten years old, in the future, or none"),
            (linkless, "have no usable link"),
        )
        if count
    )
