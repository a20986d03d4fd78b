"""@flow tidy: expired sign-ups and sessions go; sources that fell silent are told to the editors."""

from prefect import flow

from flows.house import open_house
from flows.letters.post import mail_notices
from flows.upkeep import tidy_house


@flow(name="tidy", flow_run_name="tidy the house", retries=1, retry_delay_seconds=60, log_prints=True)
def tidy() -> None:
    """Retention, expiry of unconfirmed sign-ups, silent sources."""
    house = open_house()
    tidy_house(house.engine, house.settings, clock=house.clock)
    mail_notices(house.engine, house.settings, house.clock)
