"""The memory of a process and its children, as Linux counts it: what they share counts once."""

import threading
from pathlib import Path


def tree_of(pid: int) -> list[int]:
    """The process and all its descendants that are alive."""
    found = [pid]
    for each in found:
        for tasks in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += [int(child) for child in tasks.read_text().split()]
            except OSError:
                continue
    return found


def proportional_mb(pid: int) -> float:
    """MB held by the whole tree (PSS: a page that two of them share counts half for each)."""
    total = 0
    for each in tree_of(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


class Peak:
    """Watches a tree until `stop`; `mb` is the most it held."""

    def __init__(self, pid: int, *, every_s: float = 0.1) -> None:
        self.mb = 0.0
        self._pid, self._every_s = pid, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.is_set():
            self.mb = max(self.mb, proportional_mb(self._pid))
            self._over.wait(self._every_s)

    def stop(self) -> float:
        """The peak, in MB."""
        self._over.set()
        self._thread.join()
        return self.mb
