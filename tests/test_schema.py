"""Migrations make the very tables that the models describe, and refuse what they do not know."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, insert, text
from sqlmodel import SQLModel, select

from flows.database import open_engine, reading
from flows.errors import DataFolderError
from flows.models import Article, Source, StoryArticle, TextFrom
from flows.schema import MIGRATIONS, upgrade
from tests.conftest import NOW


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


def test_a_database_of_the_first_version_keeps_its_rows(empty_engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with empty_engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with empty_engine.begin() as connection:
        then = MetaData()
        then.reflect(connection)
        for name, row in _of_the_first_version().items():
            connection.execute(insert(then.tables[name]).values(**row))
    upgrade(empty_engine)
    with reading(empty_engine) as session:
        source = session.exec(select(Source)).one()
        article = session.exec(select(Article)).one()
        assert session.exec(select(StoryArticle)).one().article_id == article.id
    assert (source.last_new_at, source.interval_s, source.seen) == (NOW, 0, "")
    assert (article.title, article.text_from, article.duplicate_of) == ("A title", TextFrom.FEED, None)


def _of_the_first_version() -> dict[str, dict[str, object]]:
    """A row of each table that sources and articles are joined to, with every column that must be filled."""
    empty = dict.fromkeys(("title", "site_url", "topic", "etag", "last_modified", "body_hash", "error_code"), "")
    moved = dict.fromkeys(("error", "warning", "moved_to", "moved_from"), "")
    counts = {"weight": 0.0, "failures": 0, "moved_times": 0}
    text = dict.fromkeys(("guid", "author", "html", "text", "summary", "content_hash", "image_url", "needs_review"), "")
    return {
        "newsletter": {"id": 1, "slug": "n", "name": "N", "created_at": NOW},
        "source": {
            **{"id": 1, "url": "https://a.example/", "status": "active", "created_at": NOW},
            **empty,
            **moved,
            **counts,
        },
        "article": {
            **{"id": 1, "source_id": 1, "link": "https://a.example/1", "link_key": "k", "title": "A title"},
            **{"first_seen_at": NOW, "words": 2},
            **text,
        },
        "story": {
            **{"id": 1, "newsletter_id": 1, "lead_article_id": 1, "topic": ""},
            **{"first_seen_at": NOW, "updated_at": NOW},
        },
        "storyarticle": {"newsletter_id": 1, "article_id": 1, "story_id": 1},
    }
