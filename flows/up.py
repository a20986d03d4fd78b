"""Everything one installation needs, as one process tree: pages here, engine and timetable as children."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import uvicorn

from flows.clock import monotonic_s
from flows.engine import engine_environment
from flows.errors import DataFolderError, SettingsError
from flows.settings import Settings

_STOP_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.5
_RESTART_AFTER_S = 5.0


@dataclass
class Child:
    """A process that is started again when it ends by itself."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    ended_at: float | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own modules
                self.command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.ended_at = None

    @property
    def code(self) -> int | None:
        return self.process.poll() if self.process else None

    def signal(self, number: int) -> None:
        """To the child and whatever it has started."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, number)


@dataclass
class ProcessTree:
    """Children that live as long as this process, and the lines that say what became of them."""

    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)

    def start(self, child: Child) -> None:
        child.start()
        self.children.append(child)

    def look_after(self) -> None:
        """Start again whatever ended, a few seconds later, and say so. Call it now and then."""
        for child in self.children:
            if child.code is None:
                continue
            if child.ended_at is None:
                child.ended_at = monotonic_s()
                self.say(f"{child.name} ended (exit code {child.code}) and starts again; see {child.log}")
            elif monotonic_s() - child.ended_at > _RESTART_AFTER_S:
                child.start()

    def stop(self) -> None:
        """Ask all to end, last started first; kill what has not ended in time."""
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
        deadline = monotonic_s() + _STOP_WITHIN_S
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - monotonic_s()))
            except subprocess.TimeoutExpired:
                child.signal(signal.SIGKILL)
                child.process.wait()


@contextmanager
def only_one(data: Path) -> Iterator[IO[str]]:
    """Holds the data folder's lock. Raises DataFolderError when another `up` or `demo` has it."""
    with (data / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataFolderError(
                f"another `masthead up` or `masthead demo` already runs on {data}. "
                "Stop that one first (Ctrl-C), or use another data folder with --data."
            ) from error
        yield lock


def check_port(host: str, port: int, setting: str) -> None:
    """Raises SettingsError when the port is taken, before anything is started."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = "Look at the setting host, or choose"
            if error.errno == errno.EADDRINUSE:
                advice = "Another program has it: stop that program, or choose"
            raise SettingsError(
                f"port {port} on {host} cannot be used ({error.strerror}). {advice} another port with {setting}."
            ) from error


def engine_children(settings: Settings) -> list[Child]:
    """The Prefect server (unless one of the house's own is named) and the timetable."""
    environment = engine_environment(settings.data, settings.prefect_port, dict(os.environ))
    for name in ("host", "port", "prefect_port", "base_url", "transport", "database_url"):
        environment[f"MASTHEAD_{name.upper()}"] = str(getattr(settings, name))  # the command line may have chosen it
    logs = settings.data / "logs"
    logs.mkdir(exist_ok=True)
    timetable = Child("timetable", (sys.executable, "-m", "flows.timetable"), environment, logs / "timetable.log")
    if settings.prefect_api_url:
        environment["PREFECT_API_URL"] = settings.prefect_api_url
        return [timetable]
    server = Child(
        "engine",
        (sys.executable, "-m", "flows.engine", str(settings.prefect_port)),
        environment,
        logs / "engine.log",
    )
    return [server, timetable]


class PagesThread:
    """The web pages, served from a thread of this process until `stop`."""

    def __init__(self, app: object, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,  # type: ignore[arg-type] # any ASGI application
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name=f"pages-{port}", daemon=True)

    def start(self) -> None:
        """Returns when the pages answer. Raises SettingsError when they cannot be served."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise SettingsError(
                    f"the web pages could not be served on {self._server.config.host}:"
                    f"{self._server.config.port}; the lines above say why."
                )
            self._thread.join(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(_STOP_WITHIN_S)


@contextmanager
def until_stopped() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C interrupts at once."""
    stopped = threading.Event()

    def ask(number: int, _frame: object) -> None:
        if stopped.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stopped.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait(tree: ProcessTree, stopped: threading.Event) -> None:
    """Look after the children until someone asks us to stop."""
    while not stopped.wait(_LOOK_EVERY_S):
        tree.look_after()
