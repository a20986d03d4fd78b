"""Servers whose certificate or encryption is not in order, each in one way (F24), and one whose is."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import ThreadingHTTPServer

import trustme

from tests.articles.loopback import Request, Site, _Server
from tests.drills.hostile_cases import HOST, NOW, READ, Case, case, count_is, feed, page, sentence_holds

_REASONS = {
    "expired": "expired",
    "for another host": "IP address mismatch",
    "of an unknown authority": "unable to get local issuer",
    "of old TLS": "",
}


@contextmanager
def tls_cases(authority: trustme.CA) -> Iterator[list[Case]]:
    """The cases, while their servers run; whoever fetches trusts `authority` alone."""
    servers = [(name, _serve(_context(name, authority))) for name in ("in order", *_REASONS)]
    found = []
    for name, server in servers:
        codes = (READ,) if name == "in order" else ("tls_error",)
        found.append(
            case(
                "F24",
                f"certificate {name}",
                page(b""),
                *codes,
                check=count_is(1),
                error_check=sentence_holds(_REASONS.get(name, "")),
                url=f"https://{HOST}:{server.server_address[1]}/",
            )
        )
    try:
        yield found
    finally:
        for _, server in servers:
            server.shutdown()
            server.server_close()


def _context(name: str, authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer = trustme.CA() if name == "of an unknown authority" else authority
    host = "127.0.0.9" if name == "for another host" else HOST
    late = NOW - timedelta(days=30)
    if name == "expired":
        issuer.issue_cert(host, not_before=late - timedelta(days=365), not_after=late).configure_cert(context)
    else:
        issuer.issue_cert(host).configure_cert(context)
    if name == "of old TLS":
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


class _Quiet(_Server):
    def finish_request(self, request: object, client_address: object) -> None:
        """Handshakes that fail are what this server is for."""
        try:
            secured = self.context.wrap_socket(request, server_side=True)  # type: ignore[arg-type]
        except (OSError, ValueError):
            return
        Request(secured, client_address, self)  # type: ignore[arg-type]

    context: ssl.SSLContext


def _serve(context: ssl.SSLContext) -> ThreadingHTTPServer:
    server = _Quiet((HOST, 0), Request)
    server.context = context
    server.site = Site(f"https://{HOST}:{server.server_address[1]}")
    server.site.page("/", feed())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
