"""Migrations make the very tables that the models describe, and refuse what they do not know."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from flows.database import open_engine
from flows.errors import DataFolderError
from flows.schema import upgrade


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[Engine]:
    """A database without a table."""
    engine = open_engine(database_url)
    SQLModel.metadata.drop_all(engine)
    yield engine
    engine.dispose()


def test_an_empty_database_gets_the_tables_of_the_models(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    with empty_engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_upgrading_twice_and_at_once_is_harmless(empty_engine: Engine) -> None:
    with ThreadPoolExecutor(1) as pool:  # a second process, as far as the database can tell
        other = pool.submit(upgrade, open_engine(empty_engine.url.render_as_string(hide_password=False)))
        upgrade(empty_engine)
        other.result()
    upgrade(empty_engine)


def test_a_database_of_a_newer_version_is_left_alone(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    with empty_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DataFolderError, match=r"newer version.*9999.*Nothing was changed"):
        upgrade(empty_engine)
