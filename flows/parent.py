"""A child process of `masthead up` ends when its parent is gone, however the parent ended."""

import os
import signal
import threading
import time

_LOOK_EVERY_S = 1.0


def leave_with_parent() -> None:
    """SIGTERM to this process as soon as it is an orphan: even kill -9 of the parent leaves no port taken."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True, name="watch-parent").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
