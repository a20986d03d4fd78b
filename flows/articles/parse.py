"""A document to raw entries: RSS, RDF and Atom through feedparser, JSON Feed by `jsonfeed`."""

import calendar
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import feedparser

from flows.articles.charset import decode
from flows.articles.discovery import discover
from flows.articles.jsonfeed import read_json_feed
from flows.articles.plain import language_tag, one_line, shorten, to_title
from flows.articles.prolog import look_at
from flows.articles.raw import MAX_ENTRIES, RawEntry, RawFeed
from flows.articles.swift import Found, read_swiftly
from flows.errors import ReadError

OLDEST = timedelta(days=3653)
LATEST = timedelta(hours=24)
_ZONE = re.compile(r":\d\d\s*[+-](\d\d):?(\d\d)\s*$")
_BEFORE_CHRIST = re.compile(r"\s*-\d{4}")
_DAY = re.compile(r"\s*(\d{4})-(\d\d)-(\d\d)")
_HTML_ROOTS = {"html", "head", "body", "script", "div", "p", "table", "svg"}
_DIGITS = re.compile(r"\s*\+?(\d{1,9})(?:\.\d{0,9})?\s*")
_DAY_S = 86_400.0
_PERIODS_S = {
    "hourly": 3600.0,
    "daily": _DAY_S,
    "weekly": 7 * _DAY_S,
    "monthly": 30 * _DAY_S,
    "yearly": 365 * _DAY_S,
}
_VERSIONS = {
    "rss090": "RSS 0.90",
    "rss091n": "RSS 0.91",
    "rss091u": "RSS 0.91",
    "rss092": "RSS 0.92",
    "rss093": "RSS 0.93",
    "rss094": "RSS 0.94",
    "rss10": "RSS 1.0",
    "rss20": "RSS 2.0",
    "atom01": "Atom 0.1",
    "atom02": "Atom 0.2",
    "atom03": "Atom 0.3",
    "atom10": "Atom 1.0",
}


def parse(body: bytes, *, content_type: str, url: str) -> RawFeed:
    """The feed in `body`, which was fetched from `url`.

    Raises ReadError: empty_body, not_a_feed (with the feeds that a page names), unsupported_format,
    entity_limit, unreadable_feed.
    """
    if not body.strip():
        raise ReadError("empty_body", "the server sent nothing; what was stored stays as it is")
    decoded = decode(body, content_type)
    prolog = look_at(decoded.text)
    warnings = prolog.warnings
    if decoded.guessed:
        warnings += (f"encoding guessed ({decoded.guessed})",)
    if prolog.root == "json":
        return read_json_feed(decoded.text, warnings, url)
    if prolog.root in _HTML_ROOTS:
        raise _not_a_feed(decoded.text, url)
    found = read_swiftly(decoded.text)
    return raw_feed(found, url, warnings) if found else through_feedparser(decoded.text, url, warnings)


def through_feedparser(text: str, url: str, warnings: tuple[str, ...]) -> RawFeed:
    """The feed as feedparser reads it; what `swift` gives is the same, or nothing.

    Raises ReadError: not_a_feed, unreadable_feed.
    """
    # Without a location feedparser leaves guids and links as they are; `read` resolves what is a link.
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        # Always a stream: given bytes, feedparser opens the file that they may name.
        # nh3 cleans better than its sanitizer, and `clean` resolves links with the base noted here.
        found = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        if not found.version and not found.entries:
            raise _not_a_feed(text, url)
        if found.bozo and not found.entries and not _is_empty_but_whole(found):
            raise ReadError("unreadable_feed", f"{_flaw(found)}, and no article can be read; tell its publisher")
        return raw_feed(found, url, warnings)
    except (ReadError, MemoryError):
        raise
    except Exception as error:
        raise ReadError("unreadable_feed", f"it cannot be read ({type(error).__name__}); tell its publisher") from error


def _is_empty_but_whole(found: Any) -> bool:
    """Only an `&eacute;` that XML does not know was wrong: a feed without articles, and not the rest of one."""
    flaw = getattr(found.get("bozo_exception"), "getMessage", str)()
    return bool(found.feed) and flaw == "undefined entity"


def _flaw(found: Any) -> str:
    line = getattr(found.get("bozo_exception"), "getLineNumber", lambda: None)()
    return f"it is not well-formed XML (line {line})" if line else "it is not well-formed XML"


def raw_feed(found: Found | Any, url: str, warnings: tuple[str, ...]) -> RawFeed:
    """What feedparser found (or `swift` in its place) as our own kind."""
    feed = found.feed
    if found.bozo:
        warnings += (f"{_flaw(found)}; read as far as it goes",)
    entries = found.entries
    return RawFeed(
        kind=_VERSIONS.get(found.version, found.version or "RSS"),
        title=_title(feed),
        site_url=str(feed.get("link") or ""),
        base=url,
        entries=tuple(_raw_entry(entry, url) for entry in entries[:MAX_ENTRIES]),
        warnings=warnings,
        left_out=max(0, len(entries) - MAX_ENTRIES),
        language=language_tag(str(feed.get("language") or "")),
        ttl_s=_ttl_s(feed),
    )


def _ttl_s(feed: Mapping[str, Any]) -> float:
    """RSS says minutes; the syndication module a period, and how often in it."""
    minutes = _number(feed.get("ttl"))
    period = _PERIODS_S.get(str(feed.get("sy_updateperiod") or "").strip().lower(), 0)
    often = _number(feed.get("sy_updatefrequency") or "1")
    wait = minutes * 60 if minutes else period / often if often else 0.0
    return min(wait, _DAY_S)


def _number(words: Any) -> float:
    """A positive whole number, 0.0 for anything else."""
    found = _DIGITS.fullmatch(str(words or ""))
    return float(found.group(1)) if found else 0.0


def _raw_entry(entry: Any, url: str) -> RawEntry:
    contents = [(str(part.get("value") or ""), part) for part in entry.get("content", ())]
    summary = str(entry.get("summary") or "")
    contents.append((summary, entry.get("summary_detail") or {}))
    body, detail = max(contents, key=lambda pair: len(pair[0]))
    return RawEntry(
        guid=str(entry.get("id") or ""),
        link=str(entry.get("link") or ""),
        title=_title(entry),
        author=to_title(str(entry.get("author") or ""), markup=True, limit=300),
        published=_moment(entry),
        body=body,
        body_is_text=detail.get("type") == "text/plain" and "<" not in body,
        base=_base(url, detail),
        summary=summary,
        image_url=_image(entry),
    )


def _base(url: str, detail: Mapping[str, Any]) -> str:
    try:
        return urljoin(url, str(detail.get("base") or ""))
    except ValueError:
        return url


def _title(entry: Any) -> str:
    """Atom says whether its title is text; RSS leaves it open, and feedparser has looked."""
    detail = entry.get("title_detail") or {}
    return to_title(str(entry.get("title") or ""), markup=detail.get("type") != "text/plain")


def _moment(entry: dict[str, Any]) -> datetime | str | None:
    """The time of publication; its own words if they are no time."""
    for name in ("published", "updated", "created"):
        # feedparser's own `get` answers "updated" with "published", and warns of it
        words, said = str(dict.get(entry, name) or ""), dict.get(entry, f"{name}_parsed")
        if said and _is_possible(words):
            try:
                return datetime.fromtimestamp(calendar.timegm(said), UTC)
            except (ValueError, OverflowError, OSError, TypeError):
                return words
        if words:
            return words
    return None


def _is_possible(words: str) -> bool:
    """feedparser makes a 2 March of the 30th of February, takes offsets of 99 hours, and years before Christ."""
    if _BEFORE_CHRIST.match(words):
        return False
    zone = _ZONE.search(words)
    if zone and (int(zone.group(1)) > 14 or int(zone.group(2)) > 59):
        return False
    if day := _DAY.match(words):
        try:
            date(*map(int, day.groups()))
        except ValueError:
            return False
    return True


def _image(entry: Any) -> str:
    for name in ("media_thumbnail", "media_content", "enclosures"):
        for item in entry.get(name) or ():
            kind = str(item.get("type") or item.get("medium") or ("image" if name == "media_thumbnail" else ""))
            if kind.startswith("image") and (found := item.get("url") or item.get("href")):
                return str(found)
    return ""


def in_range(moment: datetime | str | None, now: datetime) -> tuple[datetime | None, str]:
    """The time if it can be one of news, else a note for review that begins with `date_rejected`."""
    if moment is None:
        return None, ""
    if isinstance(moment, str):
        return None, f"date_rejected ({shorten(one_line(moment), 40)})"
    if not now - OLDEST <= moment <= now + LATEST:
        return None, f"date_rejected ({moment:%Y-%m-%d})"
    return moment, ""


class NotAFeedError(ReadError):
    """A page or something else; `feeds` are those it names."""

    def __init__(self, reason: str, feeds: tuple[str, ...]) -> None:
        super().__init__("not_a_feed", reason)
        self.feeds = feeds


def _not_a_feed(text: str, url: str) -> NotAFeedError:
    feeds = discover(text, url)
    if feeds:
        return NotAFeedError(f"it is a web page, not a feed; it names this feed: {', '.join(feeds)}", feeds)
    if look_at(text[:10_000]).root in _HTML_ROOTS:
        return NotAFeedError("it is a web page, not a feed, and names no feed; look for “RSS” on the site", ())
    return NotAFeedError("it is neither RSS, Atom nor JSON Feed; check the address", ())
