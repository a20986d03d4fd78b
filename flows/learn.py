"""@flow learn: decisions -> a candidate ranking, back-tested, waiting for approval."""

from prefect import flow

from flows.editions.learning import learn_ranker
from flows.house import open_house


@flow(name="learn", flow_run_name="learn from decisions", retries=1, retry_delay_seconds=60, log_prints=True)
def learn() -> None:
    """Decisions -> candidate ranking, in the installation that MASTHEAD_DATA names."""
    house = open_house()
    learn_ranker(house.engine, house.settings, clock=house.clock)
