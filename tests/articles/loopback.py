"""A small HTTP server on loopback whose answers a test writes down: path -> function that answers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Handler = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request; `send` is the usual answer, `wfile` is there for unusual ones."""

    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?", 1)[0]
        self.server.site.methods.append(self.command)
        self.server.site.asked.append((path, {name.lower(): value for name, value in self.headers.items()}))
        handler = self.server.site.pages.get(path)
        try:
            if handler is None:
                self.send(404, b"nothing here")
            else:
                handler(self)
        except (BrokenPipeError, ConnectionError):
            self.close_connection = True

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Headers are given with underscores: `Content_Type="text/xml"`."""
        self.send_response(status)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given.setdefault("Content-Length", str(len(body)))
        for name, value in given.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Tests print nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    site: "Site"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is what many of these tests are about."""


@dataclass
class Site:
    """`asked` are the requests that came: (path, headers in lower case)."""

    base: str
    pages: dict[str, Handler] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)  # of the same requests

    def page(self, path: str, body: bytes | str, status: int = 200, **headers: str) -> str:
        """Serve `body` at `path`; returns the address."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = lambda request: request.send(status, data, **headers)
        return self.base + path

    def at(self, path: str, handler: Handler) -> str:
        """Let `handler` answer at `path`; returns the address."""
        self.pages[path] = handler
        return self.base + path


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[Site]:
    """A site of one's own on a free port of a loopback address."""
    server = _Server((host, 0), Request)
    server.site = Site(f"http://{host}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
