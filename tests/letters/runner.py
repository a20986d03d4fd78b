"""`deliver` in a process of its own, so that tests and drills can kill it. Imports neither Prefect nor MJML."""

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import ModuleType
from typing import Any

from flows.clock import utc_now
from flows.database import open_engine
from flows.letters.sending import deliver_editions
from flows.settings import load_settings
from tests.letters.mailroom import plain_press

_NAME = "tests.letters.runner"


AWS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}


def run(data: Path, overrides: dict[str, Any]) -> None:
    """What the child does: one `deliver`, with the outbox or SES as the settings say."""
    os.environ.update(AWS)
    settings = load_settings(data, **overrides)
    engine = open_engine(settings.database)
    deliver_editions(engine, settings, clock=utc_now, progress=lambda _line: None, press=plain_press)
    engine.dispose()


def workers() -> ForkServerContext:
    """Children come from a server that has imported all this already: they start in some 20 ms."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_NAME, "boto3"])
    return context


@contextlib.contextmanager
def started(context: ForkServerContext, data: Path, overrides: dict[str, Any]) -> Iterator[ForkServerProcess]:
    """A `deliver` under way; killed at the end, if it is not over."""
    child = context.Process(target=run, args=(data, overrides), daemon=True)
    with _without_main():
        child.start()
    try:
        yield child
    finally:
        child.kill()
        child.join()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """A child would import whatever was started here (pytest, a drill) once more, and has no use for it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def wait_for(child: ForkServerProcess, folder: Path, files: int, *, within_s: float = 60.0) -> bool:
    """Until the folder holds so many letters; False when the child ended before."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if sum(path.suffix == ".eml" for path in folder.iterdir()) >= files:
            return True
        if not child.is_alive():
            return False
        time.sleep(0.004)
    raise TimeoutError(f"{folder} does not hold {files} letters after {within_s:g} s")
