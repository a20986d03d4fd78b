"""Due sources become articles; one source's trouble is its own."""

import asyncio
import gzip

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from flows.articles.collecting import Collected, collect_articles
from flows.articles.readers import Readers
from flows.articles.store import add_source
from flows.clock import Clock
from flows.database import reading, transaction
from flows.models import Article, Source
from flows.settings import Settings
from tests.articles.conftest import item, rss
from tests.articles.loopback import Request, Site
from tests.conftest import NOW

_shared: list[Readers] = []


@pytest.fixture(autouse=True)
def _processes(readers: Readers) -> None:
    """All collections of these tests share one reading process; the acceptance test starts its own."""
    _shared[:] = [readers]


def feed(name: str, count: int = 2) -> bytes:
    return rss(*(item(f"{name} {n}", f"https://{name}.example/{n}") for n in range(count)), title=name)


def add(engine: Engine, *urls: str) -> list[int]:
    with transaction(engine) as session:
        return [add_source(session, url, now=NOW).id or 0 for url in urls]


def collect(engine: Engine, settings: Settings, only: list[int] | None = None, clock: Clock = lambda: NOW) -> Collected:
    said: list[str] = []
    collected = collect_articles(engine, settings, clock=clock, progress=said.append, only=only, chance=lambda: 0.5)
    assert said
    return collected


def test_bad_sources_harm_no_good_one(engine: Engine, settings: Settings, site: Site) -> None:
    good = [site.page("/a", feed("a")), site.page("/b", gzip.compress(feed("b")), Content_Encoding="gzip")]
    bad = {
        site.page("/page", "<html></html>"): "it is a web page",
        site.base + "/none": "there is nothing at this address",
        site.page("/bomb", gzip.compress(bytes(30 * 2**20)), Content_Encoding="gzip"): "larger than 10 MiB",
        site.page("/code", b"<?xml version='1.0' encoding='punycode'?><rss/>"): "none for text",
        site.page("/loop", b"", 301, Location="/loop"): "circle",
    }
    add(engine, good[0], *bad, good[1])
    collected = collect(engine, settings)
    assert (collected.sources, collected.fetched, collected.failed, collected.new_articles) == (7, 2, 5, 4)
    problems = dict(collected.problems)
    for url, words in bad.items():
        assert words in problems[url]
    with reading(engine) as session:
        errors = session.exec(select(Source.url).where(Source.failures == 1)).all()
    assert set(errors) == set(bad)


def test_a_second_collection_asks_cheaply_and_stores_nothing(engine: Engine, settings: Settings, site: Site) -> None:
    def conditional(request: Request) -> None:
        known = request.headers.get("If-None-Match") == '"1"'
        request.send(304 if known else 200, b"" if known else feed("a"), ETag='"1"')

    add(engine, site.at("/a", conditional), site.page("/b", feed("b")))
    assert collect(engine, settings).new_articles == 4
    again = collect(engine, settings)
    assert (again.unchanged, again.fetched, again.new_articles, again.new_or_known) == (2, 0, 0, 2)
    assert site.asked[-1][1].get("if-none-match") or site.asked[-2][1].get("if-none-match")


def test_only_the_sources_named_are_fetched(engine: Engine, settings: Settings, site: Site) -> None:
    one, two = add(engine, site.page("/a", feed("a")), site.page("/b", feed("b")))
    assert collect(engine, settings, only=[two]).new_articles == 2
    with reading(engine) as session:
        assert set(session.exec(select(Article.source_id)).all()) == {two}
    assert one != two


def test_nothing_due_is_said(engine: Engine, settings: Settings) -> None:
    assert collect(engine, settings) == Collected()


def test_F08_loopback_is_refused_in_earnest(engine: Engine, settings: Settings, site: Site) -> None:
    add(engine, site.page("/a", feed("a")))
    earnest = settings.model_copy(update={"allow_private_addresses": False})
    collected = collect(engine, earnest)
    assert collected.failed == 1
    assert "MASTHEAD_ALLOW_PRIVATE_ADDRESSES" in collected.problems[0][1]
    assert site.asked == []


def test_it_works_where_a_loop_is_running_already(engine: Engine, settings: Settings, site: Site) -> None:
    add(engine, site.page("/a", feed("a")))

    async def within() -> Collected:
        return collect(engine, settings)

    assert asyncio.run(within()).new_articles == 2


def test_two_collections_at_once_store_each_article_once(engine: Engine, settings: Settings, site: Site) -> None:
    from concurrent.futures import ThreadPoolExecutor

    ids = add(engine, *(site.page(f"/{name}", feed(name, 5)) for name in ("a", "b", "c")))
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda _turn: collect(engine, settings, only=ids), range(2)))
    assert sum(one.new_articles for one in both) == 15
    assert sum(one.failed for one in both) == 0
    with reading(engine) as session:
        assert len(session.exec(select(Article).order_by(col(Article.id))).all()) == 15


def test_a_store_that_fails_is_that_sources_error(
    engine: Engine, settings: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.articles.collecting

    good, bad = add(engine, site.page("/a", feed("a")), site.page("/b", feed("b")))
    real = flows.articles.collecting.save_read

    def failing(session: object, source_id: int, *details: object, **more: object) -> object:
        if source_id == bad:
            raise OSError("disk full")
        return real(session, source_id, *details, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(flows.articles.collecting, "save_read", failing)
    collected = collect(engine, settings)
    assert (collected.new_articles, collected.failed) == (2, 1)
    assert "disk full" in collected.problems[0][1]
    assert good != bad
