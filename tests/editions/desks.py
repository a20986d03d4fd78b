"""A desk to test: its application, a stand-in for the letters, and people who are signed in."""

import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from starlette.testclient import TestClient

import templates
from flows.database import transaction
from flows.editions.desk import Preview, create_router
from flows.editions.login import create_user, make_sign_in_link
from flows.editions.seal import Content
from flows.errors import TemplateError
from flows.models import UserRole
from flows.settings import Settings

TEMPLATE = "t" * 64
_STYLE = (
    "body{font-family:Georgia,serif;max-width:600px;margin:24px auto;padding:0 16px;color:#1b1a18;background:#fff}"
    "@media (prefers-color-scheme:dark){body{color:#ebe7df;background:#161513}a{color:inherit}}"
)


@dataclass(frozen=True)
class ToldReceipt:
    """A receipt with the fields that the letters' ledger gives."""

    candidates: int
    accepted: int
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    unknown: int = 0
    owed: int = 0

    @property
    def balanced(self) -> bool:
        parts = self.accepted + sum(self.skipped.values()) + sum(self.failed.values()) + self.unknown + self.owed
        return parts == self.candidates

    @property
    def sentence(self) -> str:
        return f"{self.candidates} people = {self.accepted} accepted + {sum(self.skipped.values())} skipped"


@dataclass
class Bench:
    """The desk with what lies above it replaced; `announced` collects what it told the worker."""

    engine: Engine
    settings: Settings
    now: datetime
    announced: list[int] = field(default_factory=list)
    receipts: dict[int, ToldReceipt] = field(default_factory=dict)
    template_fault: str = ""
    raw_letter: str = ""  # shown as it is: what a hostile letter would try
    on_announce: Callable[[int], None] | None = None

    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.include_router(self.router())
        static = Path(templates.__file__).parent / "static"
        app.mount("/static", StaticFiles(directory=static), name="static")
        return app

    def router(self):  # type: ignore[no-untyped-def]
        return create_router(
            self.engine,
            self.settings,
            clock=lambda: self.now,
            preview=self._preview,
            announce=self._announce,
            receipt=self.receipts.get,
            template_hash=TEMPLATE,
        )

    def client(self, **kwargs: object) -> TestClient:
        return TestClient(self.app(), base_url=self.settings.address, **kwargs)  # type: ignore[arg-type]

    def add_user(self, email: str, role: UserRole = UserRole.PUBLISHER, *, password: str | None = None) -> str:
        """A member of the team; returns a token that signs them in."""
        with transaction(self.engine) as session:
            name = email.partition("@")[0].capitalize()
            user = create_user(session, email, name=name, role=role, password=password, now=self.now)
            return make_sign_in_link(session, user, now=self.now, ttl=timedelta(hours=1))

    def signed_in(self, email: str = "ada@newsletter.example", role: UserRole = UserRole.PUBLISHER) -> "Colleague":
        token = self.add_user(email, role)
        colleague = Colleague(self.client(follow_redirects=False))
        colleague.follow(token)
        return colleague

    def _announce(self, edition_id: int) -> None:
        self.announced.append(edition_id)
        if self.on_announce is not None:
            self.on_announce(edition_id)

    def _preview(self, content: Content) -> Preview:
        if self.template_fault:
            raise TemplateError(self.template_fault)
        if self.raw_letter:
            return Preview(self.raw_letter, "text")
        leave = f"{self.settings.address}/u/preview"
        items = [item for section in content.sections for item in section.items]
        stories = "".join(
            f"<h2>{escape(item.headline)}</h2><p>{escape(item.blurb)}</p>"
            f"<p><a href='{escape(item.link)}'>{escape(item.source)}</a></p>"
            for item in items
        )
        html = (
            f"<!doctype html><html><head><style>{_STYLE}</style></head><body><h1>{escape(content.newsletter_name)}</h1>"
            f"{stories}<p><a href='{leave}'>Unsubscribe</a></p></body></html>"
        )
        text = "\n\n".join(f"{item.headline}\n{item.link}" for item in items)
        return Preview(html, f"{text}\n\nUnsubscribe: {leave}\n")


@dataclass
class Colleague:
    """Somebody at a browser without scripts."""

    client: TestClient

    def follow(self, token: str, after: str = "/desk") -> None:
        page = self.client.get(f"/sign-in/{token}", params={"next": after})
        answer = self.client.post(f"/sign-in/{token}", data={"csrf": csrf_of(page.text, which=-1), "next": after})
        assert answer.status_code == 303, answer.text

    def csrf(self) -> str:
        return csrf_of(self.client.get("/desk").text)

    def post(self, path: str, **fields: object):  # type: ignore[no-untyped-def]
        return self.client.post(path, data={"csrf": self.csrf(), **{k: str(v) for k, v in fields.items()}})


def csrf_of(html: str, *, which: int = 0) -> str:
    """The token of one of a page's forms; the first is that of the head of the page, if somebody is signed in."""
    found = re.findall(r'name="csrf" value="([^"]+)"', html)
    assert found, html
    return str(found[which])


def open_port() -> tuple[socket.socket, int]:
    """A socket that listens already, and its port: handed over open, so that nobody can take it in between."""
    listening = socket.create_server(("127.0.0.1", 0))
    return listening, listening.getsockname()[1]


@contextmanager
def served(bench: Bench, listening: socket.socket) -> Iterator[None]:
    """The desk really served, for a browser; its database is let go at the end."""
    server = uvicorn.Server(uvicorn.Config(bench.app(), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield
    server.should_exit = True
    thread.join(10)
    bench.engine.dispose()
