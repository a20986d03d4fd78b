"""What else leaves the house through the one client: link checks, webhooks; and how much of it at once."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from flows.articles.fetch import Fetched, Looked, Web
from flows.errors import FetchError
from flows.settings import Settings
from tests.articles.loopback import Request, Site
from tests.conftest import NOW

MIB = 2**20


def look(settings: Settings, url: str) -> Looked:
    async def once() -> Looked:
        async with Web(settings, clock=lambda: NOW) as web:
            return await web.look(url)

    return asyncio.run(once())


def post(settings: Settings, url: str, body: bytes = b"{}") -> int:
    async def once() -> int:
        async with Web(settings, clock=lambda: NOW) as web:
            return await web.post(url, body, headers={"Content-Type": "application/json"})

    return asyncio.run(once())


def get(settings: Settings, url: str) -> Fetched:
    async def once() -> Fetched:
        async with Web(settings, clock=lambda: NOW) as web:
            return await web.get(url)

    return asyncio.run(once())


def test_a_look_takes_no_body_and_says_where_the_link_ends(loose: Settings, site: Site) -> None:
    site.page("/new", b"x" * MIB)
    found = look(loose, site.page("/old", b"", 301, Location="/new"))
    assert (found.status, found.final_url) == (200, f"{site.base}/new")
    assert site.methods == ["HEAD", "HEAD"]


@pytest.mark.parametrize("status", [404, 410, 500, 503])
def test_a_look_gives_the_status_whatever_it_is(loose: Settings, site: Site, status: int) -> None:
    assert look(loose, site.page("/there", b"", status)).status == status


@pytest.mark.parametrize("refusal", [403, 405, 501])
def test_a_server_that_knows_no_head_is_asked_in_full(loose: Settings, site: Site, refusal: int) -> None:
    def picky(request: Request) -> None:
        request.send(refusal if request.command == "HEAD" else 200, b"")

    assert look(loose, site.at("/picky", picky)).status == 200
    assert site.methods == ["HEAD", "GET"]


def test_F08_links_and_webhooks_pass_the_same_guard(strict: Settings, site: Site) -> None:
    address = site.page("/inside", b"secret")
    for ask in (look, post):
        with pytest.raises(FetchError) as refused:
            ask(strict, address)
        assert refused.value.code == "blocked_address"
    assert site.asked == []


def test_a_webhook_is_sent_as_it_is_and_no_redirect_is_followed(loose: Settings, site: Site) -> None:
    got: list[bytes] = []

    def hook(request: Request) -> None:
        got.append(request.rfile.read(int(request.headers["Content-Length"])))
        request.send(202)

    assert post(loose, site.at("/hook", hook), b'{"a": 1}') == 202
    assert got == [b'{"a": 1}']
    assert post(loose, site.page("/moved", b"", 307, Location="/hook")) == 307
    assert len(got) == 1


def test_a_webhook_that_never_answers_meets_the_deadline(loose: Settings, site: Site) -> None:
    import time

    hurried = loose.model_copy(update={"fetch_timeout_s": 0.3})
    with pytest.raises(FetchError) as failed:
        post(hurried, site.at("/slow", lambda _request: time.sleep(2)))
    assert failed.value.code == "timeout"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=600", 600.0),
        ("public, max-age=3600, must-revalidate", 3600.0),
        ('private,max-age="120"', 120.0),
        ("s-maxage=900", 0.0),  # for shared caches, which we are not
        ("no-store", 0.0),
        ("max-age=99999999", 86400.0),
        ("max-age=-5", 0.0),
        ("max-age=soon", 0.0),
        ("", 0.0),
    ],
)
def test_how_long_an_answer_is_fresh(loose: Settings, site: Site, header: str, seconds: float) -> None:
    assert get(loose, site.page("/feed", b"<rss/>", Cache_Control=header)).max_age_s == seconds


def test_the_way_is_told(loose: Settings, site: Site) -> None:
    site.page("/c", b"<rss/>")
    site.page("/b", b"", 302, Location="/c")
    fetched = get(loose, site.page("/a", b"", 301, Location="/b"))
    assert fetched.hops == (f"{site.base}/a", f"{site.base}/b")
    assert fetched.took_s > 0


def test_F04_large_bodies_are_held_a_few_at_a_time(loose: Settings, site: Site) -> None:
    address = site.page("/large", b"x" * (2 * MIB))
    held, most = 0, 0

    async def one(web: Web) -> None:
        nonlocal held, most
        async with AsyncExitStack() as room:
            await web.get(address, room=room)
            held += 1
            most = max(most, held)
            await asyncio.sleep(0.05)
            held -= 1

    async def many() -> None:
        patient = loose.model_copy(update={"fetch_per_host": 12})
        async with Web(patient, clock=lambda: NOW) as web:
            await asyncio.gather(*(one(web) for _ in range(12)))

    asyncio.run(many())
    assert most <= 4
