"""Column types shared by both packages: aware times in UTC, and enums stored as their words."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer, String, TypeDecorator
from sqlmodel import Field

# SQLite numbers rows by itself only for INTEGER; PostgreSQL needs the wide type for large lists.
BIG_ID = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime. SQLite has no time zones: it holds UTC without one, and gives it back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone was to be stored: {value!r}; pass an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """A StrEnum stored as its value, so that a new member needs no migration on either database."""

    impl = String(40)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


def time_field(*, index: bool = False, nullable: bool = False) -> Any:
    """A required (or, if nullable, absent by default) aware time."""
    column: Any = Column(UtcDateTime(), nullable=nullable, index=index)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def word_field(words: type[StrEnum], default: StrEnum | None = None, *, index: bool = False) -> Any:
    """An enum column; without a default it may be absent."""
    return Field(default=default, sa_column=Column(Word(words), nullable=default is None, index=index))


def big_id() -> Any:
    """A primary key that numbers itself and does not run out at two thousand million rows."""
    return Field(default=None, sa_column=Column(BIG_ID, primary_key=True, autoincrement=True))
