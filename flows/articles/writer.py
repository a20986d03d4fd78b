"""One writer for a whole collection: what waits is committed together, and what fails fails alone.

A commit on SQLite waits for the disk, whatever it holds: a thousand sources, committed one by one, wait a thousand
times. So what has gathered meanwhile goes into one transaction; if any of it fails, that is undone, and each piece is
done again in a transaction of its own.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine
from sqlmodel import Session

from flows.database import transaction

_MOST_TOGETHER = 64

Work = Callable[[Session], Any]
Prepare = Callable[[Session, list[int]], object]


@dataclass
class _Job:
    row: int
    work: Work
    future: Future[Any] = field(default_factory=Future)


class Writer:
    """Open with `with`. `write` may be called from any thread; work may be done twice before it is committed.

    `prepare` is told the rows of all work in a transaction before the first of it, in their order: it may lock them
    with one statement. What it returns is held until the transaction has ended.
    """

    def __init__(self, engine: Engine, *, prepare: Prepare = lambda _session, _rows: None) -> None:
        self.engine = engine
        self.prepare = prepare
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._jobs.put(None)
        self._thread.join()

    def write(self, row: int, work: Work) -> Future[Any]:
        """What `work` returns, or raises, once it is committed. `row` is the id of the row that it locks first.

        Two writers take their rows in the same order, and so never wait for each other in a circle.
        """
        job = _Job(row, work)
        self._jobs.put(job)
        return job.future

    def _run(self) -> None:
        last = False
        while not last:
            waiting, last = self._waiting()
            # a job that nobody waits for any more is left out; the others cannot be taken back from here on
            wanted = [job for job in waiting if job.future.set_running_or_notify_cancel()]
            if wanted:
                self._commit(sorted(wanted, key=lambda job: job.row))

    def _waiting(self) -> tuple[list[_Job], bool]:
        """What there is to do, at least one job; and whether it is the last."""
        jobs: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == _MOST_TOGETHER:
                return jobs, False
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return jobs, False
        return jobs, True

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            with transaction(self.engine) as session:
                held = self.prepare(session, sorted({job.row for job in jobs}))
                results = [job.work(session) for job in jobs]
            del held
        except Exception as error:  # noqa: BLE001 - it is handed to whoever waits for it
            if len(jobs) == 1:
                jobs[0].future.set_exception(error)
                return
            for job in jobs:
                self._commit([job])
            return
        for job, result in zip(jobs, results, strict=True):
            job.future.set_result(result)
