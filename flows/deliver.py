"""@flow: every edition that is approved and due goes out as letters. The work is in letters/sending.py."""

import os
import socket
from urllib.parse import urlsplit

from prefect import flow
from prefect.events import emit_event
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.clock import utc_now
from flows.errors import MastheadError
from flows.house import open_house
from flows.letters.closing import Delivered, Outcome
from flows.letters.post import mail_notices
from flows.letters.sending import deliver_editions, until_told_to_stop
from flows.settings import Settings

__all__ = ["APPROVED_EVENT", "Delivered", "Outcome", "announce_approval", "deliver", "deliver_editions"]

APPROVED_EVENT = "masthead.edition.approved"
_ANSWERS_WITHIN_S = 0.5


def _run_name() -> str:
    return f"letters, {utc_now():%a %d %b %Y %H:%M} UTC"


@flow(name="deliver", flow_run_name=_run_name, retries=2, retry_delay_seconds=60, log_prints=True)
def deliver() -> list[str]:
    """Send what is approved and due, and look after what is in doubt; one sentence for each edition.

    Raises MastheadError, so that Prefect tries again, when letters are still owed and could not leave. The
    lease in our own tables keeps two runs from sending the same edition, whatever Prefect thinks of either.
    """
    house = open_house()
    try:
        with until_told_to_stop() as stop:
            delivered = deliver_editions(
                house.engine,
                house.settings,
                clock=house.clock,
                progress=print,
                stop=stop,
            )
            interrupted = [each.sentence for each in delivered if each.outcome is Outcome.INTERRUPTED]
            if interrupted and not stop():
                raise MastheadError(" ".join(interrupted))
    finally:
        mail_notices(house.engine, house.settings, house.clock)
        house.engine.dispose()
    return [each.sentence for each in delivered]


def announce_approval(edition_id: int, settings: Settings) -> None:
    """Tell Prefect that an edition was approved, so that `deliver` starts at once.

    Nothing happens when the house's server (or the one it names) does not answer: the row is what counts, and
    `deliver` comes by on its timetable too. Never raises, and never starts a server.
    """
    own = f"http://127.0.0.1:{settings.prefect_port}/api"
    url = settings.prefect_api_url or os.environ.get("PREFECT_API_URL") or own
    if not _answers(url):
        return
    with temporary_settings({PREFECT_API_URL: url}):
        emit_event(APPROVED_EVENT, resource={"prefect.resource.id": f"masthead.edition.{edition_id}"})


def _answers(url: str) -> bool:
    """Does somebody listen there? Prefect itself would go on trying, and keep this process from ending."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout=_ANSWERS_WITHIN_S):
            return bool(parts.hostname)
    except (OSError, ValueError):
        return False
