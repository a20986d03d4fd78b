"""The sample blogs are what the demo promises: eight good feeds, one broken, one that is no feed."""

import json
from io import BytesIO

import feedparser
import pytest
from fastapi.testclient import TestClient

from flows.samples import Samples, create_samples
from tests.conftest import NOW

BASE = "http://127.0.0.1:8809"


@pytest.fixture(scope="module")
def feeds() -> dict[str, str]:
    return Samples(BASE, NOW).feeds()


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_samples(BASE, lambda: NOW))


def articles_of(name: str, text: str) -> int:
    if name.endswith(".json"):
        return len(json.loads(text)["items"])
    return len(feedparser.parse(BytesIO(text.encode())).entries)


def test_there_are_sixty_articles_over_eight_feeds_in_three_formats(feeds: dict[str, str]) -> None:
    counts = {name: articles_of(name, text) for name, text in feeds.items() if not name.endswith(".html")}
    good = {name: count for name, count in counts.items() if count}
    assert len(good) == 8
    assert sum(good.values()) >= 60
    assert {name.split(".", 1)[1] for name in good} == {"rss.xml", "atom.xml", "json"}
    assert len(feeds) - len(good) == 2


def test_every_link_of_a_feed_leads_to_a_page(feeds: dict[str, str], client: TestClient) -> None:
    for name, text in feeds.items():
        if name.endswith(".json"):
            links = [item["url"] for item in json.loads(text)["items"]]
        else:
            links = [entry.link for entry in feedparser.parse(BytesIO(text.encode())).entries]
        for link in links:
            answer = client.get(link.removeprefix(BASE))
            assert answer.status_code == 200, link
            assert "<script" not in answer.text


def test_a_feed_that_has_not_changed_is_answered_with_304(client: TestClient) -> None:
    first = client.get("/feeds/orchid-lab.rss.xml")
    again = client.get("/feeds/orchid-lab.rss.xml", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_the_list_of_sources_names_all_ten(feeds: dict[str, str]) -> None:
    opml = Samples(BASE, NOW).render("samples.opml")
    assert all(f"{BASE}{name}" in opml for name in feeds)
