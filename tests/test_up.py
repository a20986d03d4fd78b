"""The process tree: what ends is started again, what is asked to stop stops, and nobody is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import up
from flows.errors import DataFolderError, SettingsError
from flows.up import Child, ProcessTree, check_port, only_one

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    for _ in range(int(seconds * 50)):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True


def test_a_child_that_ends_is_started_again_and_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "_RESTART_AFTER_S", 0.0)
    said: list[str] = []
    tree = ProcessTree(said.append)
    tree.start(Child("engine", SLEEPER, dict(os.environ), tmp_path / "log"))
    first = tree.children[0].process
    assert first is not None
    first.kill()
    until(lambda: tree.look_after() or tree.children[0].process is not first)
    tree.stop()
    assert "engine ended" in said[0]
    assert len(said) == 1


def test_stop_ends_children_that_ignore_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "_STOP_WITHIN_S", 0.5)
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);print(1, flush=True); time.sleep(600)"
    )
    tree = ProcessTree(print)
    log = tmp_path / "log"
    tree.start(Child("stubborn", (sys.executable, "-c", stubborn), dict(os.environ), log))
    until(lambda: log.exists() and log.stat().st_size > 0)
    tree.stop()
    assert tree.children[0].code == -signal.SIGKILL


def test_a_child_leaves_when_its_parent_is_killed(tmp_path: Path) -> None:
    child = "from flows.parent import leave_with_parent; import time; leave_with_parent(); time.sleep(600)"
    parent = (
        "import subprocess, sys, time;"
        f"p = subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True);"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    orphan = int(process.stdout.readline())
    time.sleep(1.0)  # the child must have had time to look at its parent once
    process.kill()
    process.wait()
    until(lambda: not alive(orphan))


def test_a_second_installation_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(DataFolderError, match=r"already runs on .*--data"),
        only_one(tmp_path),
    ):
        pass


def test_a_port_in_use_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            SettingsError, match=rf"port {port} on 127.0.0.1 cannot be used .*choose another port with --port"
        ):
            check_port("127.0.0.1", port, "--port")
