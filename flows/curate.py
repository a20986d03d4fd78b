"""@flow curate: articles -> stories -> a ranked draft of the next edition; the editors are told."""

from prefect import flow

from flows.editions.curating import curate_edition
from flows.house import open_house
from flows.letters.post import mail_notices


@flow(name="curate", flow_run_name="draft the next edition", retries=1, retry_delay_seconds=60, log_prints=True)
def curate() -> None:
    """Articles -> stories -> ranked draft edition, in the installation that MASTHEAD_DATA names."""
    house = open_house()
    curate_edition(house.engine, house.settings, clock=house.clock)
    mail_notices(house.engine, house.settings, house.clock)
