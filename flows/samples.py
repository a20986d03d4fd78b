"""The demo's own blogs: the feeds of deploy/demo, served on loopback with a page behind every link."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import nh3
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.clock import Clock

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "demo"
_TYPES = {".xml": "application/rss+xml", ".json": "application/feed+json", ".html": "text/html"}


@dataclass(frozen=True)
class Samples:
    """The sample files as they stand for one start of the demo: dates count back from `started`."""

    base: str  # address of the server, without a slash at its end
    started: datetime

    def render(self, name: str) -> str:
        """One file of deploy/demo with its links and dates filled in. Raises TemplateNotFound."""
        environment = Environment(  # noqa: S701 - our own files, and feeds rather than pages
            loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, keep_trailing_newline=True
        )
        environment.filters["rfc822"] = format_datetime
        environment.filters["iso"] = datetime.isoformat
        return environment.get_template(name).render(base=self.base, ago=self._ago)

    def _ago(self, days: float) -> datetime:
        return self.started.replace(microsecond=0) - timedelta(days=days)

    def feeds(self) -> dict[str, str]:
        """Public path of each feed -> its text."""
        return {
            f"/feeds/{path.name.removesuffix('.j2')}": self.render(f"feeds/{path.name}")
            for path in sorted((FOLDER / "feeds").glob("*.j2"))
        }


def create_samples(base: str, clock: Clock) -> FastAPI:
    """The server of the sample blogs. It answers conditional requests, as a well-kept blog does."""
    samples = Samples(base, clock())
    feeds = samples.feeds()
    pages = dict(_pages(feeds))
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/feeds/{name}")
    def feed(name: str, request: Request) -> Response:
        text = feeds.get(f"/feeds/{name}")
        if text is None:
            return HTMLResponse("<p>No such feed.</p>", status_code=404)
        etag = f'"{samples.started:%Y%m%d%H%M%S}-{len(text)}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        kind = _TYPES.get(Path(name).suffix, "text/plain")
        return Response(text, media_type=kind, headers={"etag": etag})

    @app.get("/{path:path}")
    def page(path: str) -> HTMLResponse:
        found = pages.get(f"/{path}".rstrip("/"))
        if found is None:
            return HTMLResponse(_page("Not in the samples", "<p>This sample blog has no such page.</p>"), 404)
        return HTMLResponse(found)

    return app


def _pages(feeds: dict[str, str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, text in feeds.items():
        found += _json_pages(text) if name.endswith(".json") else _feed_pages(text)
    return found


def _feed_pages(text: str) -> list[tuple[str, str]]:
    read = feedparser.parse(BytesIO(text.encode()))
    return [
        (urlsplit(entry.link).path.rstrip("/"), _page(entry.title, _body(entry)))
        for entry in read.entries
        if entry.get("link")
    ]


def _body(entry: feedparser.FeedParserDict) -> str:
    return str(entry.content[0].value if entry.get("content") else entry.get("summary", ""))


def _json_pages(text: str) -> list[tuple[str, str]]:
    return [
        (
            urlsplit(item["url"]).path.rstrip("/"),
            _page(item["title"], item.get("content_html") or escape(item.get("content_text", ""))),
        )
        for item in json.loads(text)["items"]
    ]


def _page(title: str, body: str) -> str:
    plain = escape(nh3.clean(title, tags=set()))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{plain}</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>body{font:18px/1.6 Charter,Georgia,serif;max-width:42rem;margin:3rem auto;padding:0 1rem}"
        "pre{overflow:auto}img{display:none}</style>"
        f"<h1>{plain}</h1>{nh3.clean(body)}</html>"
    )
