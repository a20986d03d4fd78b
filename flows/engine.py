"""The Prefect server of this installation, as a process of its own: `python -m flows.engine PORT`.

Measured on two cores: 24 s until it answers the first time (its own migrations), 10 s later on. So nothing
waits for it: the pages and the first edition come up without it, and its timetable joins in when it is there.
"""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

import uvicorn

from flows.parent import leave_with_parent


def engine_environment(data: Path, port: int, environment: MutableMapping[str, str]) -> dict[str, str]:
    """The environment under which the server, and everything that talks to it, runs."""
    return {
        **environment,
        "PREFECT_HOME": str(data / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",  # never a second server, least of all by accident
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_UI_ENABLED": environment.get("PREFECT_SERVER_UI_ENABLED", "true"),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "DO_NOT_TRACK": "1",
    }


def main() -> None:
    leave_with_parent()
    os.nice(5)  # the pages and the first edition come first
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
    )


if __name__ == "__main__":
    main()
