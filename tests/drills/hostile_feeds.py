"""Hostile feeds, served on loopback and fetched in earnest: `python -m tests.drills.hostile_feeds [--full]`.

Each case runs in a process of its own, so that its peak memory is its own. A table shows code, seconds, peak
memory of the fetching and of the reading process, and the verdict; the exit code is 1 if any case missed. With
`--full` the time limits are those of a real installation (30 s a feed); without, 5 s.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tests.articles.loopback import Site, serving
from tests.drills.hostile_cases import CASES, INNER_FORMS, Case, serve_all

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SECRET = "a secret that no feed may read"


def run_case(url: str, timeout_s: float, strict_but: str) -> dict[str, object]:
    """Fetch and read one address as a collection would; what came of it, as plain values."""
    from flows.articles.fetch import Web
    from flows.articles.guard import Guard
    from flows.articles.readers import Readers
    from flows.errors import FetchError, ReadError
    from flows.settings import load_settings

    class OnlyThisServer(Guard):
        """Strict, but for the hostile server itself: the way to see where its redirects may lead."""

        def check_url(self, url: str) -> str:
            return url if url.startswith(strict_but) else super().check_url(url)

        def may_dial(self, address: str) -> bool:
            return address == "127.0.0.3" or super().may_dial(address)

    opened: list[str] = []
    own = (sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[2]), "/dev/null", "/etc/ssl", "/etc/host")

    def watch(event: str, details: tuple[object, ...]) -> None:
        if event == "open" and isinstance(details[0], str) and not details[0].startswith(own):
            opened.append(details[0])

    settings = load_settings(
        Path(tempfile.gettempdir()), allow_private_addresses=not strict_but, fetch_timeout_s=timeout_s
    )
    web = Web(settings, clock=lambda: NOW)
    if strict_but:
        web.guard = web._resolver.guard = OnlyThisServer()
    said: dict[str, object] = {"code": "read", "text": "", "entries": 0}
    started = time.monotonic()
    with Readers(1, seconds=min(10.0, 2 * timeout_s)) as readers:

        async def fetch() -> tuple[bytes, str]:
            async with web:
                fetched = await web.get(url)
                return fetched.body, fetched.content_type

        sys.addaudithook(watch)
        try:
            body, kind = asyncio.run(fetch())
            reading = readers.read(body, content_type=kind, url=url, now=NOW)
            said["entries"] = len(reading.entries)
            said["text"] = json.dumps(reading.as_json())[:200_000]
        except (FetchError, ReadError) as error:
            said["code"], said["text"] = error.code, str(error)
        said["seconds"] = time.monotonic() - started
    said["opened"] = opened
    said["fetch_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said["read_mib"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return said


def judge(case: Case, said: dict[str, object], canary: Site) -> str:
    """ "" if the case went as it must, else what did not."""
    if said["code"] not in case.codes:
        return f"code {said['code']}, not {' or '.join(sorted(case.codes))}"
    if float(str(said["seconds"])) > case.seconds:
        return f"took {said['seconds']:.1f} s, more than {case.seconds:g} s"
    if float(str(said["fetch_mib"])) > case.fetch_mib or float(str(said["read_mib"])) > case.read_mib:
        return f"more memory than {case.fetch_mib}/{case.read_mib} MiB"
    if canary.asked:
        return f"the canary was asked: {canary.asked[0][0]}"
    if SECRET in str(said["text"]) or "root:" in str(said["text"]):
        return "a secret came through"
    return f"opened {said['opened']}" if said["opened"] else ""


def drill(timeout_s: float) -> int:
    """Run every case; returns how many missed."""
    missed = 0
    with serving("127.0.0.3") as site, serving("127.0.0.2") as canary, tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret"
        secret.write_text(SECRET)
        os.mkfifo(Path(folder) / "fifo")
        serve_all(site, canary=canary.base, secret=str(secret), fifo=str(Path(folder) / "fifo"))
        print(f"{'ID':4} {'case':34} {'code':22} {'s':>6} {'fetch MiB':>9} {'read MiB':>8}  verdict")
        for case in CASES(timeout_s):
            url = case.path if "://" in case.path else site.base + case.path
            strict_but = site.base if case.strict else ""
            said = _in_a_process(url, timeout_s, strict_but)
            wrong = judge(case, said, canary)
            missed += bool(wrong)
            canary.asked.clear()
            print(
                f"{case.id:4} {case.name:34} {said['code']:22} {said['seconds']:6.2f} {said['fetch_mib']:9.0f} "
                f"{said['read_mib']:8.0f}  {'MISS: ' + wrong if wrong else 'ok'}",
                flush=True,
            )
        missed += _one_hangs_and_others_do_not()
    print(f"\n{missed} missed." if missed else "\nNone missed.")
    return missed


def _in_a_process(url: str, timeout_s: float, strict_but: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.drills.hostile_feeds", "--case", url, str(timeout_s), strict_but],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    with suppress(ValueError):
        return dict(json.loads(done.stdout))
    tail = done.stderr.strip().splitlines()[-1:] or ["?"]
    return {"code": "crash", "text": tail[0], "seconds": 0.0, "fetch_mib": 0.0, "read_mib": 0.0, "opened": []}


def _one_hangs_and_others_do_not() -> int:
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
    return not fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="time limits of a real installation")
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        url, timeout_s, strict_but = given.case
        print(json.dumps(run_case(url, float(timeout_s), strict_but)))
        return
    print(f"{len(INNER_FORMS)} forms of inner addresses, each as a redirect, among the cases.\n")
    sys.exit(1 if drill(30.0 if given.full else 5.0) else 0)


if __name__ == "__main__":
    main()
