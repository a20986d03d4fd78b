"""A body to a Reading: parsed, cleaned and named. Pure; it runs in the reading process (`child`)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from urllib.parse import urljoin

from flows.articles.clean import Cleaned, clean, clean_summary, clean_text, picture_link
from flows.articles.entry import Entry, Reading
from flows.articles.identify import canonical_link, content_hash, name_entries
from flows.articles.links import hash_of
from flows.articles.measure import count_words
from flows.articles.parse import in_range, parse
from flows.articles.plain import one_line, shorten
from flows.articles.raw import RawEntry, RawFeed
from flows.articles.tongue import language_of

_FULL_TEXT_WORDS = 150
_UNTITLED_CHARS = 100
_MOST_GUID_BYTES = 1000
_MOST_MARKUP = 500_000  # characters: some eighty thousand words, a book
_TOO_LONG = "too long: only its beginning was kept"


def read_feed(
    body: bytes, *, content_type: str, url: str, now: datetime, known: Collection[str] = frozenset()
) -> Reading:
    """The feed fetched from `url`. Raises ReadError as `parse` does.

    Entries whose digest is `known` stand as they did: they are named, so that the others get the same names as
    ever, but not cleaned again, which is most of the work.
    """
    feed = parse(body, content_type=content_type, url=url)
    digests = [_digest(raw) for raw in feed.entries]
    entries = name_entries(
        [
            _outline(raw, digest, feed, now) if digest in known else _entry(raw, digest, feed, now)
            for raw, digest in zip(feed.entries, digests, strict=True)
        ]
    )
    new = [entry for entry in entries if entry.digest not in known]
    return Reading(
        kind=feed.kind,
        title=shorten(feed.title, 300),
        site_url=canonical_link(_join(feed.base, feed.site_url)) if feed.site_url else "",
        entries=tuple(_hashed(entry) for entry in new),
        warnings=feed.warnings + _of_entries(entries),
        left_out=feed.left_out,
        standing=tuple(entry.link_key for entry in entries if entry.digest in known),
        # what is wrong with a date may right itself as time passes: such an entry is looked at each time
        digests=tuple(entry.digest for entry in entries if "date_rejected" not in entry.review),
        times=tuple(entry.published_at for entry in entries if entry.published_at),
        language=feed.language,
        ttl_s=feed.ttl_s,
    )


def _digest(raw: RawEntry) -> str:
    """The name of an entry as it stands in the document, to know it again without cleaning it."""
    short = (raw.guid, raw.link, raw.title, raw.author, str(raw.published), raw.base, raw.image_url)
    name = blake2b("\0".join((*short, raw.summary, raw.body)).encode("utf-8", "replace"), digest_size=8)
    return name.hexdigest()


def _outline(raw: RawEntry, digest: str, feed: RawFeed, now: datetime) -> Entry:
    """What it takes to name an entry."""
    published, note = in_range(raw.published, now)
    return Entry(
        title=raw.title or _entry(raw, digest, feed, now).title,
        link=_article_link(raw.base or feed.base, raw.link),
        guid=_guid(raw),
        published_at=published,
        review=note,
        digest=digest,
    )


def _entry(raw: RawEntry, digest: str, feed: RawFeed, now: datetime) -> Entry:
    published, note = in_range(raw.published, now)
    if len(raw.body) > _MOST_MARKUP:
        raw = replace(raw, body=raw.body[:_MOST_MARKUP])
        note = f"{note}; {_TOO_LONG}" if note else _TOO_LONG
    cleaned = _cleaned(raw, feed)
    summary = clean_summary(raw.summary, is_text=raw.summary_is_text)
    base = raw.base or feed.base
    words = count_words(cleaned.text)
    return Entry(
        title=raw.title or _first_words(cleaned.text or summary),
        link=_article_link(base, raw.link),
        guid=_guid(raw),
        author=raw.author,
        published_at=published,
        html=cleaned.html,
        text=cleaned.text,
        summary=summary,
        words=words,
        image_url=cleaned.image_url or picture_link(raw.image_url, base),
        review=note,
        full_text=words >= _FULL_TEXT_WORDS and not cleaned.cut_off,
        language=language_of(cleaned.text or summary, feed.language),
        digest=digest,
    )


def _guid(raw: RawEntry) -> str:
    """The guid, or its hash where it is longer than an index takes: cut, two of them could be the same."""
    guid = one_line(raw.guid)
    return guid if len(guid.encode()) <= _MOST_GUID_BYTES else hash_of("guid", guid)


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
