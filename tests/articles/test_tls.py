"""https: certificates that are in order, and each way in which they are not; redirects that leave https."""

import asyncio
import re
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer

import aiohttp
import pytest
import trustme

from flows.articles.fetch import Fetched, Web
from flows.articles.guard import Guard
from flows.articles.way import Way
from flows.errors import FetchError
from flows.settings import Settings
from tests.articles.loopback import Request, Site, _Server

NAME = "blog.example"
FEED = b"<rss version='2.0'><channel><title>t</title></channel></rss>"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our client trusts this authority, and no other setting of it is touched."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", context)


def served(certificate: trustme.LeafCert | None, *, version: ssl.TLSVersion | None = None) -> ThreadingHTTPServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate is not None:
        certificate.configure_cert(context)
    if version is not None:
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
        context.set_ciphers("ALL:@SECLEVEL=0")
    server = _Server(("127.0.0.1", 0), Request)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.site = Site(f"https://{NAME}:{server.server_address[1]}")
    server.site.page("/feed", FEED)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def serve() -> Iterator[object]:
    servers: list[ThreadingHTTPServer] = []

    def start(certificate: trustme.LeafCert, **more: object) -> Site:
        servers.append(served(certificate, **more))  # type: ignore[arg-type]
        return servers[-1].site  # type: ignore[attr-defined, no-any-return]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def get(settings: Settings, url: str, *, https_only: bool = False) -> Fetched:
    async def once() -> Fetched:
        async with Web(settings, lookup=lambda _host, _port: [(2, "127.0.0.1")]) as web:
            return await web.get(url, https_only=https_only)

    return asyncio.run(once())


@pytest.mark.usefixtures("trusted")
def test_F24_a_certificate_in_order_is_accepted(loose: Settings, authority: trustme.CA, serve) -> None:  # type: ignore[no-untyped-def]
    site = serve(authority.issue_cert(NAME))
    assert get(loose, f"{site.base}/feed").body == FEED


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("fault", ["expired", "of another authority", "for another name", "of an old protocol"])
def test_F24_each_fault_of_tls_is_named_and_nothing_is_taken(  # type: ignore[no-untyped-def]
    loose: Settings, authority: trustme.CA, serve, fault: str
) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    site = {
        "expired": lambda: serve(authority.issue_cert(NAME, not_before=past, not_after=past + timedelta(days=9))),
        "of another authority": lambda: serve(trustme.CA().issue_cert(NAME)),
        "for another name": lambda: serve(authority.issue_cert("other.example")),
        "of an old protocol": lambda: serve(authority.issue_cert(NAME), version=ssl.TLSVersion.TLSv1_1),
    }[fault]()
    with pytest.raises(FetchError) as failed:
        get(loose, f"{site.base}/feed")
    words = {
        "expired": "expired",
        "of another authority": "unable to get local issuer|self.signed",
        "for another name": "mismatch|not valid for",
        "of an old protocol": "",
    }[fault]
    assert failed.value.code == "tls_error"
    assert "its certificate or encryption is not in order" in failed.value.reason
    assert re.search(words, failed.value.reason, re.I), failed.value.reason
    assert site.asked == []


@pytest.mark.usefixtures("trusted")
def test_F09_leaving_https_is_noted_and_refused_where_only_https_will_do(  # type: ignore[no-untyped-def]
    loose: Settings, authority: trustme.CA, serve, site: Site
) -> None:
    secure = serve(authority.issue_cert(NAME))
    secure.page("/old", b"", 302, Location=site.page("/plain", FEED))
    assert get(loose, f"{secure.base}/old").downgraded
    with pytest.raises(FetchError) as failed:
        get(loose, f"{secure.base}/old", https_only=True)
    assert failed.value.code == "downgraded"
    assert [path for path, _ in site.asked] == ["/plain"]  # the second time nobody asked there


def test_F09_a_way_that_starts_in_plain_http_is_no_downgrade() -> None:
    way = Way("http://a.example/", "http://a.example/", https_only=True)
    way.go_on(301, "http://b.example/", Guard())
    assert (way.downgraded, way.moved_to) == (False, "http://b.example/")
