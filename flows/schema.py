"""Brings a database to the tables of this version (Alembic; the steps are in deploy/migrations)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from flows.errors import DataFolderError

MIGRATIONS = Path(__file__).resolve().parent.parent / "deploy" / "migrations"
_LOCK = 7_246_113  # any number, the same in every process


def upgrade(engine: Engine) -> None:
    """Apply the steps that are missing; none if there are none. Several processes may do it at once.

    Raises DataFolderError when the database was made by a newer version of Masthead.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _refuse_newer(connection, ScriptDirectory.from_config(config), engine)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_newer(connection: Connection, steps: ScriptDirectory, engine: Engine) -> None:
    known = {step.revision for step in steps.walk_revisions()}
    if stray := set(MigrationContext.configure(connection).get_current_heads()) - known:
        raise DataFolderError(
            f"the database {engine.url.render_as_string()} was written by a newer version of Masthead "
            f"(its tables are at step {', '.join(sorted(stray))}, which this version does not know). "
            "Nothing was changed. Update Masthead, or use another data folder with --data."
        )
