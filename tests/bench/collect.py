"""Feeds per second and memory, side by side with rss2email and lemon24/reader:

    uv run python -m tests.bench.collect [--blogs 1000] [--short] [--linear]

The same made-up blogs (see `blogs`), each on a loopback address of its own and 20 to 200 ms away. First everything
is new; then a third of the blogs answer 304 and the others have two new articles among twenty: that second round is
the figure, since that is what a newsletter does all day. The peers run in an environment of their own, made by uv.
Exit code 1 when ours is not five times as fast as the faster peer, or holds 300 MB.

--short: fewer blogs, no rss2email (it needs minutes). --linear: ours alone with 1,000, 3,000 and 10,000 blogs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from flows.settings import Settings
from tests.bench.blogs import latency_s
from tests.bench.tree import Peak

_PEERS = ("rss2email==3.14", "reader==3.26", "sgmllib3k==1.0.0")
_HERE = Path(__file__).resolve().parent
_AT_ONCE = Settings.model_fields["fetch_concurrency"].default
_TIMES_FASTER, _MOST_MB = 5.0, 300.0


@dataclass
class Result:
    """One contestant: seconds of each round, and the most memory its processes held together, in MB."""

    name: str
    blogs: int
    seconds: list[float]
    peak_mb: float
    said: list[dict[str, float]]

    def per_s(self, turn: int) -> float:
        return self.blogs / self.seconds[turn]


@contextmanager
def blogs_on(port: int) -> Iterator[None]:
    """The server of the blogs, in a process of its own."""
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.blogs", str(port)])
    try:
        for _ in range(200):
            try:
                _tell(port, "round/1")
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        server.kill()
        server.wait()


def _tell(port: int, what: str) -> str:
    with urlopen(f"http://127.0.0.1:{port}/{what}") as answer:
        return answer.read().decode()


def run(name: str, port: int, blogs: int, *, rounds: int = 2) -> Result:
    """Let one contestant collect, round after round."""
    _tell(port, "round/1")
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [*_python(name), str(_HERE / "contestants.py"), name, str(port), str(blogs), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_HERE.parent.parent,
            env=_environment(),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            sys.exit(f"{name} did not start")
        peak, seconds, said = Peak(process.pid), [], []
        for turn in range(rounds):
            _tell(port, f"round/{turn + 1}")
            started = time.monotonic()
            process.stdin.write("go\n")
            process.stdin.flush()
            said.append(json.loads(process.stdout.readline()))
            seconds.append(time.monotonic() - started)
        process.stdin.close()
        held = peak.stop()
        process.wait(30)
    return Result(name, blogs, seconds, held, said)


def _python(name: str) -> list[str]:
    if name in {"masthead", "fetch-alone"}:
        return [sys.executable]
    asked = [part for peer in _PEERS for part in ("--with", peer)]
    return ["uv", "run", "-q", "--no-project", "--isolated", *asked, "python"]


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(_HERE.parent.parent)}


def compare(port: int, blogs: int, *, short: bool) -> bool:
    """The table; whether both targets are met."""
    names = ["masthead", "reader-10", "reader-40", *([] if short else ["rss2email"]), "fetch-alone"]
    print(f"{blogs} blogs, 20 to 200 ms away; feeds per second, and the most memory of all processes together\n")
    print(f"{'':22}{'first time':>12}{'a third 304':>13}{'peak MB':>9}{'new':>8}{'failed':>8}")
    results = {}
    for name in names:
        result = results[name] = run(name, port, blogs)
        new = sum(turn["new"] or 0 for turn in result.said)
        failed = sum(turn["failed"] for turn in result.said)
        print(
            f"{name:22}{result.per_s(0):12.1f}{result.per_s(1):13.1f}{result.peak_mb:9.0f}{new:8}{failed:8}",
            flush=True,
        )
    return _verdict(results, blogs)


def _verdict(results: dict[str, Result], blogs: int) -> bool:
    ours, floor = results["masthead"], results["fetch-alone"]
    peers = [result for name, result in results.items() if name.startswith(("reader", "rss2email"))]
    fastest = [max(peer.per_s(turn) for peer in peers) for turn in (0, 1)]
    ratios = [ours.per_s(turn) / fastest[turn] for turn in (0, 1)]
    print(f"\nours / the fastest peer: {ratios[0]:.1f} the first time, {ratios[1]:.1f} when a third says 304", end="")
    print(f" (target {_TIMES_FASTER:g}: {'met' if ratios[1] >= _TIMES_FASTER else 'MISSED'})")
    print(f"peak memory {ours.peak_mb:.0f} MB (target {_MOST_MB:g}: {'met' if ours.peak_mb < _MOST_MB else 'MISSED'})")
    _where_it_goes(ours, floor, blogs)
    return ratios[1] >= _TIMES_FASTER and ours.peak_mb < _MOST_MB


def _where_it_goes(ours: Result, floor: Result, blogs: int) -> None:
    turn = ours.said[1]
    main, reading = turn["main_cpu_s"] / blogs * 1000, turn["reading_cpu_s"] / blogs * 1000
    waiting = sum(latency_s(blog) for blog in range(blogs))
    print("\nwhere the time goes, when a third says 304 (milliseconds a feed):")
    print(f"  {1000 / ours.per_s(1):6.2f}  wall")
    print(f"  {reading:6.2f}  CPU of the reading processes (feed to articles), started anew for the collection")
    print(f"  {main:6.2f}  CPU of the collecting process (fetching, handing over, the tables)")
    print(f"  {floor.said[1]['main_cpu_s'] / blogs * 1000:6.2f}  of that, what asking alone takes")
    print("floors:")
    print(f"  {1000 / floor.per_s(1):6.2f}  wall of asking alone: the same client, nothing read or stored")
    print(f"  {waiting / _AT_ONCE / blogs * 1000:6.2f}  wall of the blogs' own slowness, {_AT_ONCE} at once")


def linear(port: int) -> None:
    """Ours alone with more and more blogs."""
    print(f"{'blogs':>8}{'first time':>12}{'a third 304':>13}{'peak MB':>9}   feeds per second")
    for blogs in (1_000, 3_000, 10_000):
        result = run("masthead", port, blogs)
        print(f"{blogs:8}{result.per_s(0):12.1f}{result.per_s(1):13.1f}{result.peak_mb:9.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--blogs", type=int, default=0, help="how many (default 1,000; 200 with --short)")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--linear", action="store_true")
    parser.add_argument("--port", type=int, default=18987)
    given = parser.parse_args()
    with blogs_on(given.port):
        if given.linear:
            linear(given.port)
            return
        met = compare(given.port, given.blogs or (200 if given.short else 1000), short=given.short)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
