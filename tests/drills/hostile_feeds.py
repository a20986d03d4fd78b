"""Hostile feeds, served on loopback and fetched in earnest: `python -m tests.drills.hostile_feeds [--full]`.

In four parts. Each case alone, with its exact error or what its articles must be, its seconds, and the peak memory of
the fetching and of the reading process. All of them in one collection, among good feeds that must not feel it. Feeds
damaged at random. Hostile pages and robots.txt of articles. The exit code is 1 if anything missed. With `--full` the
time limits are those of a real installation (30 s a feed, 10 s to read it); `--part` runs one part alone.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import trustme

from tests.articles.loopback import Site, serving
from tests.drills.canary import Canary, listening
from tests.drills.hostile_cases import HOST, NOW, SECRET, Case, Outcome, Surroundings, all_cases, judge
from tests.drills.hostile_tls import tls_cases
from tests.drills.hostile_worker import Worker

_CANARIES = ("127.0.0.2", "127.0.0.1")


@contextmanager
def stage(timeout_s: float) -> Iterator[tuple[Site, Canary, list[Case], str]]:
    """The hostile server with every case on it, the canary, the cases, and the certificates to trust."""
    with ExitStack() as stack:
        site = stack.enter_context(serving(HOST))
        canary = stack.enter_context(listening(_CANARIES, (0, 80, 443)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "secret").write_text(SECRET)
        os.mkfifo(folder / "fifo")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "authority.pem"))
        around = Surroundings(canary.base, str(folder / "secret"), str(folder / "fifo"))
        cases = all_cases(around, timeout_s) + stack.enter_context(tls_cases(authority))
        for case in cases:
            site.at(case.path, case.answer)
            for path, answer in case.more.items():
                site.at(path, answer)
        yield site, canary, cases, str(folder / "authority.pem")


def each_alone(timeout_s: float, workers: int, only: str) -> tuple[int, int]:
    """Run every case; returns how many there were and how many missed."""
    missed: list[str] = []
    codes: Counter[str] = Counter()
    print(f"{'ID':4} {'case':44} {'code':20} {'s':>6} {'fetch MiB':>9} {'read MiB':>8}  verdict")
    with stage(timeout_s) as (site, canary, every, authority):
        cases = [case for case in every if only in f"{case.id} {case.name}"]
        lines: tuple[SimpleQueue[Case], SimpleQueue[Case]] = SimpleQueue(), SimpleQueue()
        for case in sorted(cases, key=lambda case: case.id):
            lines[case.waits].put(case)

        def work(number: int) -> None:
            worker = Worker(authority)
            for queue in (lines[number % 2], lines[1 - number % 2]):  # half of them with those that only wait
                with suppress(Empty):
                    while True:
                        run(worker, queue.get_nowait())
            worker.end()

        def run(worker: Worker, case: Case) -> None:
            address = case.url or site.base + case.path
            outcome = worker.ask(address, timeout_s=timeout_s, strict=case.strict, etag=case.etag)
            wrong = judge(case, outcome)
            codes[outcome.code] += 1
            missed.extend([f"{case.id} {case.name}: {wrong}"] if wrong else [])
            _say(case, outcome, wrong)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        missed.extend(f"the canary was reached: {hit}" for hit in canary.hits)
        print(f"\nThe canary at {canary.places} was reached {len(canary.hits)} times.")
    missed.extend(_one_hangs_and_others_do_not())
    print(f"By code: {', '.join(f'{code} {count}' for code, count in codes.most_common())}.")
    return len(cases), _told(missed)


def _say(case: Case, outcome: Outcome, wrong: str) -> None:
    name = case.name.encode("unicode_escape").decode()
    print(
        f"{case.id:4} {name[:44]:44} {outcome.code:20} {outcome.seconds:6.2f} {outcome.fetch_mib:9.0f} "
        f"{outcome.read_mib:8.0f}  {'MISS: ' + wrong if wrong else 'ok'}",
        flush=True,
    )


def _told(missed: Sequence[str]) -> int:
    for one in missed:
        print(f"MISSED  {one}".encode("ascii", "backslashreplace").decode())
    return len(missed)


def _one_hangs_and_others_do_not() -> list[str]:
    """F12: while one body hangs its process, others are read as quickly as ever."""
    from concurrent.futures import ThreadPoolExecutor

    from flows.articles.readers import Readers
    from flows.errors import ReadError

    good = b"<rss version='2.0'><channel><title>t</title><item><title>i</title></item></channel></rss>"
    bad = good.replace(b"</item>", b"<description>" + b"&lt;div&gt;" * 100_000 + b"</description></item>")

    def read(body: bytes) -> float:
        started = time.monotonic()
        with suppress(ReadError):
            readers.read(body, content_type="", url="http://a.example/", now=NOW)
        return time.monotonic() - started

    with Readers(2, seconds=3.0) as readers, ThreadPoolExecutor(2) as threads:
        read(good), read(good)
        hanging = threads.submit(read, bad)
        slowest = max(threads.submit(read, good).result() for _ in range(20))
        waited = hanging.result()
    fine = slowest < 1.0 <= waited
    print(f"F12  others while one hangs ({waited:.1f} s): slowest {slowest:.2f} s  {'ok' if fine else 'MISS'}")
    return [] if fine else ["F12 one hangs, and others wait for it"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="time limits of a real installation, 2,000 damaged feeds")
    parser.add_argument("--part", choices=["cases", "collection", "fuzz", "pages"], help="this part alone")
    parser.add_argument("--only", default="", help="cases whose ID and name hold this")
    parser.add_argument("--seed", type=int, default=20261121, help="of the damaged feeds")
    given = parser.parse_args()
    total = missed = 0
    for part in [given.part] if given.part else ["cases", "collection", "fuzz", "pages"]:
        started = time.monotonic()
        print(f"\n=== {part} ===")
        count, wrong = _run(part, full=given.full, only=given.only, seed=given.seed)
        total, missed = total + count, missed + wrong
        print(f"{part}: {count} cases, {wrong} missed, {time.monotonic() - started:.0f} s")
    print(f"\n{total} cases, {missed} missed.")
    sys.exit(1 if missed else 0)


def _run(part: str, *, full: bool, only: str, seed: int) -> tuple[int, int]:
    from tests.drills import hostile_collection, hostile_fuzz, hostile_pages

    if part == "cases":
        return each_alone(30.0 if full else 3.0, 8 if full else 4, only)
    if part == "collection":
        return hostile_collection.together(full=full, only=only)
    if part == "fuzz":
        return hostile_fuzz.fuzz(2_000 if full else 300, seed)
    return hostile_pages.pages(full=full)


if __name__ == "__main__":
    main()
