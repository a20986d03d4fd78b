"""The user's first minute: `masthead demo` from command to links, its first line, and `masthead --help`.

    uv run python -m tests.bench.first_minute [--runs 3]

Prints seconds as median (least to most) over the runs, beside the time of a bare `python -c pass` in the same
run, and exits with 1 when a target of the project is missed: links within 20 s, first line within 2 s, help
within 1 s (on two quiet cores).
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

COMMAND = (sys.executable, "-m", "flows.cli")


def demo() -> tuple[float, float]:
    """Seconds until the first line and until the three links, in a new data folder."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        process = subprocess.Popen(
            [*COMMAND, "demo", "--data", folder, "--port", "18808"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout
        first = links = 0.0
        for line in process.stdout:
            first = first or time.monotonic() - started
            if "/outbox" in line:
                links = time.monotonic() - started
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        if not links:
            sys.exit("the demo printed no links")
        return first, links


def timed(command: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def row(name: str, seconds: list[float], most: float | None) -> bool:
    middle = statistics.median(seconds)
    target = "" if most is None else f"   target < {most:g} s: {'met' if middle < most else 'MISSED'}"
    print(f"{name:<28} {middle:6.2f} s  ({min(seconds):.2f} to {max(seconds):.2f}){target}")
    return most is None or middle < most


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    demos = [demo() for _ in range(runs)]
    met = [
        row("bare python", _times(runs, lambda: timed([sys.executable, "-c", "pass"])), None),
        row("masthead --help", _times(runs, lambda: timed([*COMMAND, "--help"])), 1.0),
        row("demo: first line", [first for first, _ in demos], 2.0),
        row("demo: links", [links for _, links in demos], 20.0),
    ]
    sys.exit(0 if all(met) else 1)


def _times(runs: int, measure: Callable[[], float]) -> list[float]:
    return [measure() for _ in range(runs)]


if __name__ == "__main__":
    main()
