"""Transactions keep what they promise, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import StatementError
from sqlmodel import select

from flows.database import reading, transaction
from flows.models import Notice, Source, SourceStatus
from tests.conftest import NOW


def test_times_come_back_aware_and_enums_as_words(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(Source(url="https://a.example/feed", created_at=NOW))
    with reading(engine) as session:
        source = session.exec(select(Source)).one()
    assert source.created_at == NOW
    assert source.created_at.utcoffset() is not None
    assert source.status is SourceStatus.ACTIVE


def test_a_time_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="without a zone"), transaction(engine) as session:
        session.add(Notice(key="k", at=datetime(2026, 1, 1), kind="x"))  # noqa: DTZ001 - the point of the test


def test_concurrent_writers_lose_no_update(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(Source(url="https://a.example/feed", created_at=NOW))

    def count_up(_turn: int) -> None:
        with transaction(engine) as session:
            statement = select(Source).with_for_update()
            source = session.exec(statement).one()
            source.failures += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(80)))
    with reading(engine) as session:
        assert session.exec(select(Source)).one().failures == 80


def test_a_failed_transaction_leaves_nothing(engine: Engine) -> None:
    def half_written() -> None:
        with transaction(engine) as session:
            session.add(Source(url="https://a.example/feed", created_at=NOW))
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        half_written()
    with reading(engine) as session:
        assert session.exec(select(Source)).all() == []
