"""INSERT … ON CONFLICT DO NOTHING, alike on both databases."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_missing(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that break no unique constraint, and leave those that are there as they are."""
    target: Table = table.__table__  # type: ignore[attr-defined] # every table class has one
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    session.connection().execute(insert(target).on_conflict_do_nothing(), [dict(row) for row in rows])
