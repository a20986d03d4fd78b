"""Fixtures of this room: a site on loopback, feeds to serve there, and the reading processes."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from flows.articles.entry import Reading
from flows.articles.read import read_feed
from flows.articles.readers import Readers
from flows.settings import Settings, load_settings
from tests.articles.loopback import Site, serving
from tests.conftest import NOW


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture(scope="session")
def readers() -> Iterator[Readers]:
    """Processes that many tests share; a test that wants to see one killed makes its own."""
    with Readers(1) as readers:
        yield readers


@pytest.fixture
def loose(tmp_path: Path) -> Settings:
    """Settings that allow loopback, for tests that need no database."""
    return load_settings(tmp_path, allow_private_addresses=True)


@pytest.fixture
def strict(tmp_path: Path) -> Settings:
    """Settings as they are in earnest: public addresses alone."""
    return load_settings(tmp_path)


def rss(*items: str, title: str = "A feed", head: str = "") -> bytes:
    """An RSS document around these items."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>{title}</title>'
        f"<link>https://blog.example/</link>{head}{''.join(items)}</channel></rss>"
    ).encode()


def item(title: str = "A title", link: str = "", guid: str = "", body: str = "", more: str = "") -> str:
    """An RSS item; empty parts are left out."""
    parts = [f"<title>{title}</title>" if title else ""]
    parts += [f"<link>{link}</link>" if link else "", f"<guid>{guid}</guid>" if guid else ""]
    parts += [f"<description><![CDATA[{body}]]></description>" if body else "", more]
    return f"<item>{''.join(parts)}</item>"


def read(
    body: bytes | str,
    *,
    content_type: str = "application/xml",
    url: str = "https://blog.example/feed",
    now: datetime = NOW,
) -> Reading:
    """What a feed reads as, without a process around it."""
    data = body.encode() if isinstance(body, str) else body
    return read_feed(data, content_type=content_type, url=url, now=now)
