"""@flow: every edition that is approved and due goes out as letters. The work is in letters/sending.py."""

from prefect import flow

from flows.announcing import announce
from flows.clock import utc_now
from flows.errors import MastheadError
from flows.house import open_house
from flows.letters.closing import Delivered, Outcome
from flows.letters.post import mail_notices
from flows.letters.sending import deliver_editions, until_told_to_stop
from flows.settings import Settings

__all__ = ["APPROVED_EVENT", "Delivered", "Outcome", "announce_approval", "deliver", "deliver_editions"]

APPROVED_EVENT = "masthead.edition.approved"


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
    """Tell Prefect that an edition was approved, so that `deliver` starts at once."""
    announce(APPROVED_EVENT, f"masthead.edition.{edition_id}", settings)
