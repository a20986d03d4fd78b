"""A desk with a small draft on it, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import SQLModel

from flows.database import open_engine, transaction
from flows.models import Newsletter
from flows.settings import Settings
from tests.conftest import NOW
from tests.editions.desks import Bench
from tests.editions.seed import Seeded, seed_edition


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An empty SQLite database with all tables, for tests that need no second database."""
    url = f"sqlite:///{tmp_path / 'masthead.db'}"
    engine = open_engine(url)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return url


@pytest.fixture
def draft(engine: Engine, newsletter: Newsletter) -> Seeded:
    """Eight candidates, of which the ranking suggests five."""
    with transaction(engine) as session:
        return seed_edition(session, newsletter.id or 0, now=NOW, chosen=5, stories=8)


@pytest.fixture
def bench(engine: Engine, settings: Settings, newsletter: Newsletter) -> Bench:
    return Bench(engine, settings, NOW)
