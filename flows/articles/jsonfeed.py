"""JSON Feed 1.0 and 1.1 (jsonfeed.org): the feed in JSON, by our own lines, since feedparser has none."""

import json
from datetime import UTC, datetime
from typing import Any

from flows.articles.plain import language_tag, to_title
from flows.articles.raw import MAX_ENTRIES, RawEntry, RawFeed
from flows.errors import ReadError


def read_json_feed(text: str, warnings: tuple[str, ...], base: str) -> RawFeed:
    """Raises ReadError: unreadable_feed (broken JSON), not_a_feed (JSON of another kind)."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReadError("unreadable_feed", "it begins like JSON but cannot be read; tell its publisher") from error
    version = str(document.get("version", "")) if isinstance(document, dict) else ""
    items = document.get("items") if isinstance(document, dict) else None
    if "jsonfeed.org/version/" not in version or not isinstance(items, list):
        raise ReadError("not_a_feed", "it is JSON, but not a JSON Feed; check the address")
    items = [item for item in items if isinstance(item, dict)]
    return RawFeed(
        kind=f"JSON Feed {version.rstrip('/').rsplit('/', 1)[-1][:5]}",
        title=to_title(_text(document, "title"), markup=False),
        site_url=_text(document, "home_page_url"),
        base=base,
        entries=tuple(_entry(item, document, base) for item in items[:MAX_ENTRIES]),
        warnings=warnings,
        left_out=max(0, len(items) - MAX_ENTRIES),
        language=language_tag(_text(document, "language")),
    )


def _entry(item: dict[str, Any], feed: dict[str, Any], base: str) -> RawEntry:
    html, plain, summary = (_text(item, name) for name in ("content_html", "content_text", "summary"))
    return RawEntry(
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=to_title(_text(item, "title"), markup=False),
        author=to_title(_author(item) or _author(feed), markup=False, limit=300),
        published=_moment(_text(item, "date_published") or _text(item, "date_modified")),
        body=html or plain or summary,
        body_is_text=not html,
        base=base,
        summary=summary,
        summary_is_text=True,
        image_url=_text(item, "image") or _text(item, "banner_image"),
    )


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode()  # JSON can spell halves of characters: "\\ud800"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _author(document: dict[str, Any]) -> str:
    people = document.get("authors") or [document.get("author")]
    named = [_text(person, "name") for person in people if isinstance(person, dict)] if isinstance(people, list) else []
    return ", ".join(name for name in named if name)


def _moment(text: str) -> datetime | str | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return text
