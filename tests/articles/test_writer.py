"""What waits is committed together; what fails fails alone."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from flows.articles.store import add_source
from flows.articles.writer import Writer
from flows.database import reading
from flows.models import Source
from tests.conftest import NOW


def adding(name: str):  # type: ignore[no-untyped-def]
    return lambda session: add_source(session, f"https://{name}.example/", now=NOW).url


def names(engine: Engine) -> set[str]:
    with reading(engine) as session:
        return set(session.exec(select(Source.url)).all())


def test_each_gets_what_its_own_work_returns(engine: Engine) -> None:
    with Writer(engine) as writer:
        futures = [writer.write(number, adding(f"b{number}")) for number in range(200)]
    assert [future.result() for future in futures] == [f"https://b{number}.example/" for number in range(200)]
    assert len(names(engine)) == 200


def test_work_that_fails_takes_nothing_with_it(engine: Engine) -> None:
    def half(session: Session) -> None:
        add_source(session, "https://half.example/", now=NOW)
        raise OSError("in the middle")

    def doubled(session: Session) -> None:
        for _ in range(2):
            session.add(Source(url="https://twice.example/", created_at=NOW))
        session.flush()

    with Writer(engine) as writer:
        good = [writer.write(1, adding("a")), writer.write(4, adding("z"))]
        bad, worse = writer.write(2, half), writer.write(3, doubled)
    assert [future.result() for future in good] == ["https://a.example/", "https://z.example/"]
    with pytest.raises(OSError, match="in the middle"):
        bad.result()
    with pytest.raises(IntegrityError):
        worse.result()
    assert names(engine) == {"https://a.example/", "https://z.example/"}


def test_what_waits_together_is_committed_together(engine: Engine) -> None:
    commits: list[int] = []
    event.listen(engine, "commit", lambda _connection: commits.append(1))
    gate = threading.Event()
    with Writer(engine) as writer:
        writer.write(0, lambda _session: gate.wait(5))
        futures = [writer.write(number, adding(f"b{number}")) for number in range(1, 51)]
        gate.set()
    assert all(future.result() for future in futures)
    assert len(commits) <= 2  # the first alone, or with the others


def test_a_commit_that_fails_is_tried_again_one_by_one(engine: Engine) -> None:
    gate, together = threading.Event(), []

    def noted(name: str):  # type: ignore[no-untyped-def]
        def work(session: Session) -> str:
            together.append(name)
            return str(adding(name)(session))

        return work

    def fail_for_many(_session: Session) -> None:
        many = len(together) > 1
        together.clear()
        if many:
            raise OSError("the disk is full")

    event.listen(Session, "before_commit", fail_for_many)
    try:
        with Writer(engine) as writer:
            writer.write(0, lambda _session: gate.wait(5))
            futures = [writer.write(number, noted(f"b{number}")) for number in range(1, 4)]
            gate.set()
    finally:
        event.remove(Session, "before_commit", fail_for_many)
    assert [future.exception() for future in futures] == [None] * 3
    assert len(names(engine)) == 3


def test_two_writers_of_the_same_rows_do_not_wait_in_a_circle(engine: Engine) -> None:
    with Writer(engine) as setup:
        rows = [setup.write(number, adding(f"b{number}")) for number in range(40)]
        wait(rows)
    with reading(engine) as session:
        ids = list(session.exec(select(Source.id)).all())

    def touch(source_id: int):  # type: ignore[no-untyped-def]
        def work(session: Session) -> None:
            source = session.exec(select(Source).where(Source.id == source_id).with_for_update()).one()
            source.failures += 1

        return work

    def all_of_them(order: list[int]) -> int:
        with Writer(engine) as writer:
            futures = [writer.write(source_id, touch(source_id)) for source_id in order]
        return sum(future.exception() is None for future in futures)

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(all_of_them, [ids, ids[::-1]]))
    with reading(engine) as session:
        assert set(session.exec(select(Source.failures)).all()) == {2}
    assert done == [40, 40]


def test_a_job_that_nobody_waits_for_is_left_out_and_the_writer_goes_on(engine: Engine) -> None:
    gate = threading.Event()
    with Writer(engine) as writer:
        first = writer.write(0, lambda _session: gate.wait(5))
        while not first.running():
            threading.Event().wait(0.01)
        unwanted = writer.write(1, adding("unwanted"))
        assert unwanted.cancel()
        wanted = writer.write(2, adding("wanted"))
        gate.set()
        assert wanted.result(10) == "https://wanted.example/"
    assert names(engine) == {"https://wanted.example/"}
