"""The client against a server that behaves, and against one that does not."""

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Callable

import pytest

from flows.articles.fetch import Fetched, Web
from flows.articles.lookup import Lookup, look_up
from flows.errors import FetchError
from flows.settings import Settings
from tests.articles.loopback import Request, Site
from tests.conftest import NOW

FEED = b"<rss version='2.0'><channel><title>t</title></channel></rss>"


def get(settings: Settings, url: str, *, etag: str = "", last_modified: str = "", lookup: Lookup = look_up) -> Fetched:
    async def once() -> Fetched:
        async with Web(settings, clock=lambda: NOW, lookup=lookup) as web:
            return await web.get(url, etag=etag, last_modified=last_modified)

    return asyncio.run(once())


def fails(settings: Settings, url: str, *, lookup: Lookup = look_up) -> FetchError:
    with pytest.raises(FetchError) as failed:
        get(settings, url, lookup=lookup)
    assert failed.value.reason
    return failed.value


def hurried(settings: Settings, seconds: float = 0.4) -> Settings:
    return settings.model_copy(update={"fetch_timeout_s": seconds, "connect_timeout_s": seconds})


def small(settings: Settings, limit: int = 100_000) -> Settings:
    return settings.model_copy(update={"fetch_max_bytes": limit})


def test_a_feed_is_fetched_with_its_validators(loose: Settings, site: Site) -> None:
    address = site.page("/feed", FEED, Content_Type="application/rss+xml", ETag='"1"', Last_Modified="yesterday")
    fetched = get(loose, address)
    assert (fetched.body, fetched.status, fetched.final_url) == (FEED, 200, address)
    assert (fetched.etag, fetched.last_modified) == ('"1"', "yesterday")
    assert fetched.content_type == "application/rss+xml"
    headers = site.asked[0][1]
    assert headers["user-agent"] == loose.user_agent
    assert "if-none-match" not in headers


def test_packed_feeds_are_unpacked(loose: Settings, site: Site) -> None:
    assert get(loose, site.page("/gz", gzip.compress(FEED), Content_Encoding="gzip")).body == FEED


def test_F21_not_modified_is_unchanged(loose: Settings, site: Site) -> None:
    fetched = get(loose, site.page("/feed", b"", 304), etag='W/"1"', last_modified="yesterday")
    assert fetched.unchanged
    assert site.asked[0][1]["if-none-match"] == 'W/"1"'
    assert site.asked[0][1]["if-modified-since"] == "yesterday"


def test_F21_not_modified_that_nobody_asked_for_is_an_error(loose: Settings, site: Site) -> None:
    assert fails(loose, site.page("/feed", b"", 304)).code == "http_304"


def test_F21_validators_too_long_to_be_stored_whole_are_not_kept(loose: Settings, site: Site) -> None:
    assert get(loose, site.page("/feed", FEED, ETag='"' + "x" * 500 + '"')).etag == ""


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "http_404"), (403, "http_403"), (500, "http_500"), (410, "gone"), (418, "http_418")],
)
def test_F19_each_status_has_its_code(loose: Settings, site: Site, status: int, code: str) -> None:
    assert fails(loose, site.page("/feed", b"", status)).code == code


def test_F20_a_busy_server_says_when_to_come_back(loose: Settings, site: Site) -> None:
    failed = fails(loose, site.page("/feed", b"", 429, Retry_After="7200"))
    assert (failed.code, failed.retry_after_s) == ("http_429", 7200.0)


def test_F18_permanent_moves_are_noted_up_to_the_first_temporary_one(loose: Settings, site: Site) -> None:
    site.page("/c", FEED)
    site.page("/b", b"", 302, Location="/c")
    address = site.page("/a", b"", 301, Location="/b")
    fetched = get(loose, address)
    assert (fetched.final_url, fetched.moved_to) == (site.base + "/c", site.base + "/b")
    assert get(loose, site.page("/d", b"", 302, Location="/c")).moved_to == ""


def test_F09_five_hops_are_followed_and_six_are_not(loose: Settings, site: Site) -> None:
    site.page("/5", FEED)
    for hop in range(5):
        site.page(f"/{hop}", b"", 302, Location=f"/{hop + 1}")
    assert get(loose, site.base + "/0").body == FEED
    assert fails(loose, site.page("/start", b"", 302, Location="/0")).code == "too_many_redirects"


def test_F09_a_circle_of_redirects_is_left_at_once(loose: Settings, site: Site) -> None:
    site.page("/b", b"", 302, Location="/a")
    assert fails(loose, site.page("/a", b"", 302, Location="/b")).code == "redirect_loop"
    assert len(site.asked) == 2


def test_F09_cookies_never_come_back(loose: Settings, site: Site) -> None:
    site.page("/b", FEED)
    get(loose, site.page("/a", b"", 302, Location="/b", Set_Cookie="session=1; Path=/"))
    assert all("cookie" not in headers for _, headers in site.asked)


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "gopher://127.0.0.1/", "http://user:word@127.0.0.1/", "http://[::1", "//:80"],
)
def test_F08_redirects_are_checked_like_first_addresses(loose: Settings, site: Site, target: str) -> None:
    assert fails(loose, site.page("/a", b"", 302, Location=target)).code in {
        "blocked_address",
        "bad_url",
        "bad_redirect",
    }


def test_F08_names_that_lead_inside_are_never_dialled(strict: Settings, site: Site) -> None:
    port = int(site.base.rsplit(":", 1)[1])
    assert port
    for answers in (["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["fd00::1", "2606:4700::1111"]):
        failed = fails(strict, "http://feeds.example/", lookup=_answers(answers))
        assert failed.code == "blocked_address"
        assert not any(address in str(failed) for address in answers)
    assert site.asked == []


def _answers(addresses: list[str]) -> Lookup:
    def lookup(_host: str, _port: int) -> list[tuple[int, str]]:
        kinds = (socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses)
        return list(zip(map(int, kinds), addresses, strict=True))

    return lookup


def test_F08_a_name_is_looked_up_once_and_the_checked_address_is_dialled(
    strict: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers with a public address first, and with an inner one ever after."""
    asked: list[str] = []
    dialled: list[str] = []

    def rebinding(host: str, _port: int) -> list[tuple[int, str]]:
        asked.append(host)
        return [(socket.AF_INET, "93.184.216.34" if len(asked) == 1 else "127.0.0.1")]

    def refuse(web: Web, where: tuple[object, ...]) -> socket.socket:
        dialled.append(str(where[4][0]))  # type: ignore[index]
        raise ConnectionRefusedError

    monkeypatch.setattr(Web, "_open_socket", refuse)
    assert fails(strict, "http://rebinding.example/", lookup=rebinding).code == "connection_refused"
    assert (asked, dialled) == (["rebinding.example"], ["93.184.216.34"])


def test_F08_no_request_gets_past_the_last_door(strict: Settings, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even with every check before it gone, a literal and a looked-up address are stopped at the socket."""
    monkeypatch.setattr("flows.articles.guard.Guard.check_url", lambda _guard, url: url)
    assert fails(strict, site.page("/", FEED)).code == "blocked_address"
    monkeypatch.setattr("flows.articles.lookup.GuardedResolver.resolve", _unchecked)
    assert fails(strict, site.base.replace("127.0.0.1", "localhost")).code == "blocked_address"
    assert site.asked == []


async def _unchecked(_self: object, host: str, port: int, family: int = 0) -> list[dict[str, object]]:
    return [
        {
            "hostname": host,
            "host": "127.0.0.1",
            "port": port,
            "family": socket.AF_INET,
            "proto": 6,
            "flags": 0,
        }
    ]


def test_F08_proxies_of_the_environment_are_not_used(
    loose: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, site.base + "/proxy")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert fails(loose, address).code == "connection_refused"
    assert site.asked == []


def test_F03_a_packed_bomb_is_too_large(loose: Settings, site: Site) -> None:
    bomb = gzip.compress(bytes(5 * 2**20))
    assert fails(small(loose), site.page("/gz", bomb, Content_Encoding="gzip")).code == "body_too_large"
    nested = site.page("/gzgz", gzip.compress(bomb), Content_Encoding="gzip, gzip")
    assert fails(loose, nested).code == "unsupported_encoding"


def test_F04_a_body_that_says_it_is_too_large_is_not_read(loose: Settings, site: Site) -> None:
    sent: list[int] = []

    def huge(request: Request) -> None:
        request.send(200, b"", Content_Length=str(200 * 2**20))
        _pour(request, sent, 200)

    assert fails(small(loose), site.at("/big", huge)).code == "body_too_large"
    assert sum(sent) < 20 * 2**20


def test_F04_a_body_without_end_is_cut_off_at_the_limit(loose: Settings, site: Site) -> None:
    sent: list[int] = []

    def endless(request: Request) -> None:
        request.send_response(200)
        request.send_header("Connection", "close")
        request.end_headers()
        _pour(request, sent, 1000)

    assert fails(small(loose), site.at("/endless", endless)).code == "body_too_large"
    assert sum(sent) < 50 * 2**20


def _pour(request: Request, sent: list[int], mebibytes: int) -> None:
    request.close_connection = True
    piece = bytes(2**16)
    for _ in range(mebibytes * 16):
        request.wfile.write(piece)
        sent.append(len(piece))


def drip_body(request: Request, stop: threading.Event) -> None:
    request.send(200, b"", Content_Length="100000")
    while not stop.wait(0.05):
        request.wfile.write(b" ")


def drip_head(request: Request, stop: threading.Event) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not stop.wait(0.05):
        request.wfile.write(b"X-Slow: 1\r\n")


def keep_continuing(request: Request, stop: threading.Event) -> None:
    while not stop.wait(0.01):
        request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("drip", [drip_body, drip_head, keep_continuing])
def test_F07_a_server_that_never_ends_meets_the_deadline(
    loose: Settings, site: Site, drip: Callable[[Request, threading.Event], None]
) -> None:
    stop = threading.Event()
    try:
        code = fails(hurried(loose), site.at("/slow", lambda request: drip(request, stop))).code
        # a client may also give up on a flood of headers before the deadline
        assert code == "timeout" or (drip is not drip_body and code == "protocol_error")
    finally:
        stop.set()


def test_F07_a_slow_source_does_not_delay_another(loose: Settings, site: Site) -> None:
    stop = threading.Event()
    slow = site.at("/slow", lambda request: drip_body(request, stop))
    quick = site.page("/quick", FEED)

    async def both() -> tuple[str, float]:
        async with Web(hurried(loose, 2.0)) as web:
            waiting = asyncio.create_task(web.get(slow))
            started = time.monotonic()
            fetched = await web.get(quick)
            took = time.monotonic() - started
            waiting_still = not waiting.done()
            stop.set()
            waiting.cancel()
            return ("still waiting" if waiting_still else "done") + str(len(fetched.body)), took

    assert asyncio.run(both())[0] == f"still waiting{len(FEED)}"


def test_F22_a_truncated_packed_body_is_kept_and_marked(loose: Settings, site: Site) -> None:
    half = gzip.compress(FEED * 50)
    fetched = get(loose, site.page("/trunc", half[: len(half) - 20], Content_Encoding="gzip", ETag='"1"'))
    assert fetched.truncated
    assert fetched.body


def test_F22_a_body_shorter_than_announced_is_marked(loose: Settings, site: Site) -> None:
    def short(request: Request) -> None:
        request.send(200, FEED, Content_Length=str(len(FEED) + 100))
        request.close_connection = True

    fetched = get(loose, site.at("/short", short))
    assert fetched.truncated
    assert fetched.body == FEED


def test_F23_what_does_not_speak_http_is_a_protocol_error(loose: Settings, site: Site) -> None:
    def nonsense(request: Request) -> None:
        request.wfile.write(b"<rss>an answer of HTTP/0.9</rss>")
        request.close_connection = True

    assert fails(loose, site.at("/", nonsense)).code == "protocol_error"


def test_F28_line_breaks_in_a_redirect_reach_no_header(loose: Settings, site: Site) -> None:
    address = site.page("/a", b"", 302, Location="/b%0d%0aX-Injected:%201")
    site.page("/b%0d%0aX-Injected:%201", FEED)
    get(loose, address)
    assert "x-injected" not in site.asked[-1][1]


def test_each_failure_to_connect_has_its_own_code(loose: Settings) -> None:
    def unknown(_host: str, _port: int) -> list[tuple[int, str]]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert fails(loose, "http://unknown.example/", lookup=unknown).code == "dns_error"
    assert fails(loose, "http://127.0.0.1:1/").code == "connection_refused"
    assert fails(loose, "nonsense").code == "blocked_address"


def test_F24_plain_http_where_tls_is_expected_is_a_tls_error(loose: Settings, site: Site) -> None:
    assert fails(loose, site.base.replace("http:", "https:")).code in {"tls_error", "protocol_error"}
