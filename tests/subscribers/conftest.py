"""The pages on a database of their own, a clock that a test can move, and a post that keeps its letters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from flows.database import open_engine, reading, transaction
from subscribers.links import Links
from subscribers.models import ConsentEntry, Subscriber, Subscription
from subscribers.pages import Note, PublicNewsletter, create_router
from subscribers.people import add_subscriber, find, id_of
from tests.conftest import NOW

KEY = b"a key for tests only"
SLUG = "gradient-post"
SECTIONS = ("Research", "Engineering", "Safety")
ADDRESS = "https://letters.example"


def next_monday(after: datetime) -> datetime:
    """Mondays at 06:00 UTC."""
    at = after.replace(hour=6, minute=0, second=0, microsecond=0)
    while at <= after or at.weekday() != 0:
        at += timedelta(days=1)
    return at


@dataclass
class Pages:
    """The running pages and what surrounds them."""

    engine: Engine
    client: TestClient
    links: Links
    notes: list[Note]
    clock: list[datetime]
    alarms: list[str] = field(default_factory=list)

    def pass_time(self, **amount: float) -> None:
        self.clock[0] += timedelta(**amount)

    def add(self, email: str = "ada@readers.example", **wishes: Any) -> int:
        with transaction(self.engine) as session:
            person = add_subscriber(
                session,
                email,
                newsletter=SLUG,
                key=KEY,
                who="admin:ed@x.example",
                now=self.clock[0],
                **wishes,
            )
            return id_of(person)

    def path(self, kind: str, subscriber_id: int, generation: int = 0) -> str:
        made = {"p": self.links.preferences, "u": self.links.unsubscribe}[kind]
        return made(subscriber_id, SLUG, generation).removeprefix(ADDRESS)

    def rows(self, subscriber_id: int) -> tuple[Subscriber, Subscription]:
        with reading(self.engine) as session:
            of_person = select(Subscription).where(col(Subscription.subscriber_id) == subscriber_id)
            return session.get_one(Subscriber, subscriber_id), session.exec(of_person).one()

    def history(self, subscriber_id: int) -> list[str]:
        with reading(self.engine) as session:
            mine = select(ConsentEntry).where(col(ConsentEntry.subscriber_id) == subscriber_id)
            return [f"{entry.what} ({entry.who})" for entry in session.exec(mine.order_by(col(ConsentEntry.id)))]

    def find(self, email: str) -> Subscriber | None:
        with reading(self.engine) as session:
            return find(session, email)

    def join(self, email: str, **fields: str) -> Any:
        """Fill in the sign-up form as a person does: read it, wait, send it."""
        page = self.client.get("/join").text
        stamp = page.split('name="form" value="')[1].split('"')[0]
        self.pass_time(seconds=5)
        return self.client.post("/join", data={"email": email, "name": "", "website": "", "form": stamp, **fields})


def pages_on(engine: Engine, **options: Any) -> Pages:
    clock = [NOW]
    notes: list[Note] = []
    links = Links(KEY, ADDRESS)
    newsletter = PublicNewsletter(
        slug=SLUG,
        name="The Gradient Post",
        tagline="The week in AI",
        sections=SECTIONS,
        timezone="Europe/Berlin",
        next_edition=next_monday,
    )
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    pages = Pages(engine, TestClient(app, base_url=ADDRESS), links, notes, clock)
    app.include_router(
        create_router(
            partial(transaction, engine),
            **{
                "now": lambda: clock[0],
                "links": links,
                "key": KEY,
                "newsletter": newsletter,
                "post": notes.append,
                "look": partial(reading, engine),
                "alarm": pages.alarms.append,
                **options,
            },
        )
    )
    return pages


@pytest.fixture(scope="session")
def lite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An SQLite database with all tables, as bytes: made once, copied for each test."""
    path = tmp_path_factory.mktemp("lite") / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT", read_only=True) as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def lite(lite_template: bytes, tmp_path: Path) -> Iterator[Engine]:
    """SQLite alone: for tests in which the database is not the point."""
    path = tmp_path / "lite.db"
    path.write_bytes(lite_template)
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def pages(lite: Engine) -> Pages:
    return pages_on(lite)


@pytest.fixture
def both(engine: Engine) -> Pages:
    """The pages on each database in turn."""
    return pages_on(engine)


@pytest.fixture
def lite_session(lite: Engine) -> Iterator[Session]:
    with transaction(lite) as session:
        yield session
