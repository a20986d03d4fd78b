"""Tells the timetable that something has happened, so that a flow starts at once. The rows are what counts."""

import os
import socket
from urllib.parse import urlsplit

from prefect.events import emit_event
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.settings import Settings

_ANSWERS_WITHIN_S = 0.5


def announce(event: str, resource: str, settings: Settings) -> None:
    """Raise an event of Prefect.

    Nothing happens when the house's server (or the one it names) does not answer: the flow that would hear it
    comes by on its timetable too. Never raises, and never starts a server.
    """
    own = f"http://127.0.0.1:{settings.prefect_port}/api"
    url = settings.prefect_api_url or os.environ.get("PREFECT_API_URL") or own
    if not _answers(url):
        return
    with temporary_settings({PREFECT_API_URL: url}):
        emit_event(event, resource={"prefect.resource.id": resource})


def _answers(url: str) -> bool:
    """Does somebody listen there? Prefect itself would go on trying, and keep this process from ending."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout=_ANSWERS_WITHIN_S):
            return bool(parts.hostname)
    except (OSError, ValueError):
        return False
