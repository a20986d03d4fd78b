"""Real blog articles, if the folder with them is there: nine feeds, 23 articles, each read rightly and once."""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flows.articles.collecting import collect_articles
from flows.articles.identify import link_key
from flows.articles.store import add_source, list_articles
from flows.database import reading, transaction
from flows.settings import Settings
from tests.articles.loopback import Site
from tests.conftest import NOW

FOLDER = Path(os.environ.get("MASTHEAD_ACCEPTANCE_DATA", "")) / "feeds"
GOLD = FOLDER / "gold.json"
pytestmark = pytest.mark.skipif(
    not os.environ.get("MASTHEAD_ACCEPTANCE_DATA") or not GOLD.exists(),
    reason="MASTHEAD_ACCEPTANCE_DATA names no folder with feeds/gold.json",
)


def test_all_real_articles_are_stored_once_and_without_boilerplate(
    engine: Engine, settings: Settings, site: Site
) -> None:
    gold = json.loads(GOLD.read_text("utf-8"))
    with transaction(engine) as session:
        for name in sorted({article["feed"] for article in gold}):
            address = site.page(f"/{name}", (FOLDER / name).read_bytes(), Content_Type="application/rss+xml")
            add_source(session, address, now=NOW)
    first = collect_articles(engine, settings, clock=lambda: NOW, progress=lambda _line: None)
    again = collect_articles(engine, settings, clock=lambda: NOW, progress=lambda _line: None)

    assert (first.new_articles, first.failed, first.problems) == (len(gold), 0, ())
    assert (again.new_articles, again.updated, again.unchanged) == (0, 0, first.sources)
    with reading(engine) as session:
        stored = {link_key(row["link"]): row for row in list_articles(session)}
    assert len(stored) == len(gold)
    for article in gold:
        row = stored[link_key(article["link"])]
        _check(row, article)


def _check(row: dict[str, object], article: dict[str, object]) -> None:
    text = str(row["text"])
    assert (row["title"], row["source"], row["link"]) == (article["title"], article["blog"], article["link"])
    assert row["published"] == article["published"]
    assert [phrase for phrase in article["boilerplate"] if phrase in text] == []  # type: ignore[attr-defined]
    assert not text.startswith(str(article["title"]))
    # the count of the gold file includes what must go: up to a sixth where authors are described
    assert 0.85 <= int(str(row["words"])) / int(str(article["words"])) <= 1.0
