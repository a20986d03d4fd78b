"""Alembic's entry: runs the steps on the connection it is handed, or on MASTHEAD_DATABASE_URL for a new step.

A new step: MASTHEAD_DATABASE_URL=sqlite:////tmp/new.db uv run alembic upgrade head, then
uv run alembic revision --autogenerate -m "what changes".
"""

import os

from alembic import context
from sqlmodel import AutoString, SQLModel

import flows.models
import subscribers.models
from flows.database import open_engine
from subscribers.columns import UtcDateTime, Word

TABLES = (flows.models, subscribers.models)  # imported for what they add to the metadata


def plainly(kind, thing, _context):
    """Our column types by what the database sees, so that a step never changes with the code."""
    if kind == "type":
        if isinstance(thing, Word):
            return "sa.String(40)"
        if isinstance(thing, UtcDateTime):
            return "sa.DateTime(timezone=True)"
        if isinstance(thing, AutoString):
            return f"sa.String({thing.length})"
    return False


def run(connection):
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite cannot alter most things in place
        render_item=plainly,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    with open_engine(os.environ["MASTHEAD_DATABASE_URL"]).connect() as connection:
        run(connection)
        connection.commit()
