"""All hostile feeds in one collection, with good ones among them (`hostile_feeds --part collection`).

Every case is a source on a host of its own. Afterwards each hostile source has its own error, or harmless articles;
every good one is stored whole, once, and in good time, although others hang; a second collection stores nothing twice.
"""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session, SQLModel, col, func, select

from flows.articles.entry import Entry
from flows.articles.guard import Guard
from flows.articles.lookup import Lookup
from flows.articles.store import add_source
from flows.database import open_engine, reading, transaction
from flows.models import Article, Source
from tests.articles.loopback import Site, serving
from tests.drills.hostile_cases import HOST, NOW, READ, Case, harmless_entry, items
from tests.drills.hostile_worker import forget_peak, peak_mib

GOOD_HOST = "127.0.0.4"
_GOOD = 40
_EACH = 5  # articles of a good feed
_LARGE = 4  # of the good ones: these wait for a place among the large hostile ones
# What the storm may add to a process that has not yet opened its database (75 MiB). Measured: 105 to 126; 20 are the
# database's own, the rest is four large bodies of ten mebibytes, each twice for a moment, and what was read of them.
GROWTH_MIB = 160.0
_NAMES = {".hostile.example": HOST, ".good.example": GOOD_HOST}
_ROOT = Path(__file__).resolve().parents[2]


class NamedGuard(Guard):
    """As in earnest, but for the names and addresses of the drill's own servers."""

    def check_url(self, url: str) -> str:
        with suppress(ValueError):
            host = urlsplit(url).hostname or ""
            if host.endswith(tuple(_NAMES)) or host == HOST:
                return Guard(allow_private=True).check_url(url)
        return super().check_url(url)

    def may_dial(self, address: str) -> bool:
        return address in _NAMES.values() or super().may_dial(address)


def look_up_names(host: str, _port: int) -> list[tuple[int, str]]:
    """The name server of the drill: its own names, and nothing else."""
    for ending, address in _NAMES.items():
        if host.endswith(ending):
            return [(socket.AF_INET, address)]
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


@contextmanager
def as_in_earnest(lookup: Lookup = look_up_names) -> Iterator[None]:
    """Within, a collection asks the drill's name server, and its guard lets the drill's servers through."""
    import flows.articles.collecting as module

    real = module.Web

    def opened(settings: Any, **more: Any) -> Any:
        web = real(settings, **more, lookup=lookup)
        web.guard = web._resolver.guard = NamedGuard()
        return web

    module.Web = opened  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        module.Web = real  # type: ignore[misc]


@dataclass
class _Tree:
    """The memory of a process and all that it started, looked at ten times a second."""

    pid: int
    peak_mib: float = 0.0

    def watch(self, over: threading.Event) -> None:
        while not over.wait(0.1):
            self.peak_mib = max(self.peak_mib, sum(_rss_mib(pid) for pid in _family(self.pid)))


def _family(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    return [pid, *(inner for child in children for inner in _family(child))]


def _rss_mib(pid: int) -> float:
    with suppress(OSError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return 0.0


def collect_in_process(job: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Run one collection in a process of its own; what it says, and the peak memory of it and its children."""
    command = [sys.executable, "-m", "tests.drills.hostile_collection", json.dumps(job)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
    over, tree = threading.Event(), _Tree(process.pid)
    watching = threading.Thread(target=tree.watch, args=(over,), daemon=True)
    watching.start()
    said, _ = process.communicate(timeout=600)
    over.set()
    watching.join()
    lines = said.splitlines()
    if process.returncode or not lines:
        crashed = f"the collecting process ended with {process.returncode}"
        return {"crashed": crashed, "seconds": 0.0, "peak_mib": 0.0, "before_mib": 0.0, "opened": []}, tree.peak_mib
    return {**json.loads(lines[-1]), "crashed": ""}, tree.peak_mib


def memory_line(said: dict[str, Any], tree_mib: float) -> str:
    """What a collection held, before it and at the most."""
    return (
        f"Peak of the collecting process {said['peak_mib']:.0f} MiB, {said['before_mib']:.0f} before it began; "
        f"with its reading processes {tree_mib:.0f} MiB."
    )


def grown_too_far(said: dict[str, Any]) -> list[str]:
    """The miss, if there is one."""
    grown = said["peak_mib"] - said["before_mib"]
    return [f"the collecting process grew by {grown:.0f} MiB"] if grown > GROWTH_MIB else []


def collect_here(job: dict[str, Any]) -> dict[str, Any]:
    """The work of that process."""
    from flows.articles.collecting import collect_articles
    from flows.articles.readers import Readers
    from flows.settings import load_settings

    started = time.monotonic()
    settings = load_settings(
        Path(job["folder"]),
        database_url=job["database"],
        fetch_timeout_s=job["timeout_s"],
        pages=job["pages"],
        page_delay_s=0.0,
    )
    opened: list[str] = []
    own = (sys.prefix, sys.base_prefix, str(_ROOT), job["folder"], "/dev/null", "/etc/", "/proc/", "/sys/")

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str) and not details[0].startswith(own):
            opened.append(details[0])

    sys.addaudithook(watch)
    before_mib = _rss_mib(os.getpid())
    forget_peak("self")
    with as_in_earnest(), Readers(settings.reading_processes, seconds=job["read_s"]) as readers:
        collected = collect_articles(
            open_engine(job["database"]),
            settings,
            clock=lambda: datetime.fromisoformat(job["now"]) + timedelta(seconds=time.monotonic() - started),
            progress=lambda _line: None,
            chance=lambda: 0.5,
            only=job.get("only"),
            readers=readers,
        )
    return {
        "seconds": time.monotonic() - started,
        "peak_mib": peak_mib("self"),
        "before_mib": before_mib,
        "opened": opened,
        "line": collected.line,
        "pages": vars(collected.pages),
    }


def _serve_good(site: Site) -> list[str]:
    port = site.base.rsplit(":", 1)[1]
    addresses = []
    for number in range(_GOOD):
        words = "A good article says what it has to say, and no more. " * 20
        articles = (
            f"<item><title>Good {number} {n}</title><link>https://g{number}.example/{n}</link><description>{words}"
            "</description></item>"
            for n in range(_EACH)
        )
        padding = "<!-- of more than a mebibyte -->" * 50_000 if number < _LARGE else ""
        site.page(f"/good-{number}", items(*articles, padding))
        addresses.append(f"http://g{number}.good.example:{port}/good-{number}")
    return addresses


def together(*, full: bool, only: str = "") -> tuple[int, int]:
    """Collect everything twice; how many sources there were and how many missed."""
    from tests.drills.hostile_feeds import stage

    timeout_s, read_s = (30.0, 10.0) if full else (5.0, 2.0)
    with ExitStack() as stack:
        site, canary, cases, _ = stack.enter_context(stage(timeout_s))
        good = _serve_good(stack.enter_context(serving(GOOD_HOST)))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        places = _sources([case for case in cases if only in f"{case.id} {case.name}"], site)
        job = {
            "folder": folder,
            "database": f"sqlite:///{folder}/masthead.db",
            "timeout_s": timeout_s,
            "read_s": read_s,
            "pages": False,
        }
        missed = _twice(job, places, good, full=full)
        missed += [f"the canary was reached: {hit}" for hit in canary.hits]
    for one in missed[:40]:
        print(f"MISSED  {one}".encode("ascii", "backslashreplace").decode())
    return len(places) + len(good), len(missed)


def _twice(job: dict[str, Any], places: dict[str, Case], good: list[str], *, full: bool) -> list[str]:
    engine = open_engine(job["database"])
    SQLModel.metadata.create_all(engine)
    order = [*places, *good]
    random.Random(1).shuffle(order)
    with transaction(engine) as session:
        for address in order:
            add_source(session, address, now=NOW)
    first, tree_mib = collect_in_process({**job, "now": NOW.isoformat()})
    with reading(engine) as session:
        missed = _judge(session, places, good)
        counted, last = _count(session), _last_good(session, good)
        well = [source.id for source in session.exec(select(Source)) if not source.error_code]
    later = NOW + timedelta(days=2)  # those too that failed, and were told to wait
    second, again_mib = collect_in_process({**job, "now": later.isoformat(), "only": None if full else well})
    with reading(engine) as session:
        seen = set(missed)
        missed += [f"a second time: {wrong}" for wrong in _judge(session, places, good) if wrong not in seen]
        grown = {url: count for url, count in _count(session).items() if count != counted[url]}
    engine.dispose()
    missed += [f"{url} had {counted[url]} articles, and {count} the second time" for url, count in grown.items()]
    # what hangs holds up one of two to four processes for as long as it takes to notice, and nothing else
    heavy = sum("too_complex" in case.codes for case in places.values())
    bound = job["timeout_s"] + 10 + heavy * job["read_s"] / 4
    print(f"{len(places)} hostile sources and {len(good)} good ones. {first.get('line')}")
    print(f"In {first['seconds']:.1f} s; the last good source was stored after {last:.1f} s (bound {bound:g} s).")
    print(memory_line(first, tree_mib))
    print(f"A second time in {second['seconds']:.1f} s; peak with reading processes {again_mib:.0f} MiB.")
    for said in (first, second):
        missed += [said["crashed"]] if said["crashed"] else []
        missed += grown_too_far(said)
        missed += [f"files were opened: {said['opened'][:3]}"] if said["opened"] else []
    return missed + ([f"the last good source was stored after {last:.1f} s"] if last > bound else [])


def _sources(cases: list[Case], site: Site) -> dict[str, Case]:
    """Each case under a host of its own; certificates are for addresses, and stay with those."""
    port = site.base.rsplit(":", 1)[1]
    found = {}
    for number, case in enumerate(cases):
        if not case.etag:  # sources have no validator before their first answer
            found[case.url or f"http://c{number}.hostile.example:{port}{case.path}"] = case
    return found


def _judge(session: Session, places: dict[str, Case], good: list[str]) -> list[str]:
    missed = []
    sources = {source.url: source for source in session.exec(select(Source))}
    articles: dict[int, list[Article]] = {}
    for article in session.exec(select(Article)):
        articles.setdefault(article.source_id, []).append(article)
    for url, case in places.items():
        source = sources[url]
        own = articles.get(source.id or 0, [])
        if wrong := _wrong_with(case, source, own):
            missed.append(f"{case.id} {case.name}: {wrong}")
    for url in good:
        source = sources[url]
        titles = Counter(article.title for article in articles.get(source.id or 0, []))
        if source.error_code or len(titles) != _EACH or set(titles.values()) != {1}:
            said = f"{source.error_code} ({source.error[:60]})" if source.error_code else "no error"
            missed.append(f"good source {url.rsplit('-', 1)[1]}: {said}, {titles.total()} articles")
    return missed


def _wrong_with(case: Case, source: Source, own: list[Article]) -> str:
    if source.last_tried_at is None:
        return "was not asked"
    # a slow machine may end in a timeout what else would end by itself
    codes = case.codes | {"timeout", "too_complex"} | ({"tls_error"} if case.id == "F24" else set())
    if (source.error_code or READ) not in codes:
        return f"code {source.error_code or READ}, not {' or '.join(sorted(case.codes))}: {source.error[:150]}"
    if source.error_code and (not source.error.strip() or own):
        return f"{source.error_code} with {len(own)} articles, and the sentence {source.error[:40]!r}"
    names = ("title", "link", "guid", "author", "published_at", "html", "text", "summary", "image_url")
    for article in own:
        entry = Entry(**{name: getattr(article, name) for name in names}, review=article.needs_review)
        if wrong := harmless_entry(entry):
            return wrong
    return ""


def _count(session: Session) -> Counter[str]:
    query = select(Source.url, func.count(col(Article.id))).join(Article, isouter=True).group_by(col(Source.url))
    return Counter(dict(session.exec(query).all()))


def _last_good(session: Session, good: list[str]) -> float:
    last = session.exec(select(func.max(Source.last_success_at)).where(col(Source.url).in_(good))).one()
    moment = last if isinstance(last, datetime) else NOW + timedelta(days=1)
    return (moment - NOW).total_seconds()


if __name__ == "__main__":
    print(json.dumps(collect_here(json.loads(sys.argv[1]))))
