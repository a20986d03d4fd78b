"""@flow listen: what became of the letters, by SES's events. The work is in `flows.events.intake`."""

from prefect import flow

from flows.events.intake import Listened, listen_once
from flows.house import open_house

__all__ = ["Listened", "listen", "listen_once"]


@flow(
    name="listen",
    flow_run_name="listen for what came back",
    retries=2,
    retry_delay_seconds=30,
    log_prints=True,
)
def listen() -> None:
    """Empties the queue of events."""
    house = open_house()
    try:
        listen_once(house.engine, house.settings, clock=house.clock, progress=print)
    finally:
        house.engine.dispose()
