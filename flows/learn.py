"""@flow learn: decisions and human clicks -> a candidate ranking, back-tested, waiting for approval."""

from prefect import flow

from flows.editions.learning import learn_ranker
from flows.events.clicks import count_clicks
from flows.house import open_house
from flows.letters.post import mail_notices

ASKED_EVENT = "masthead.ranking.asked"


@flow(name="learn", flow_run_name="learn from decisions", retries=1, retry_delay_seconds=60, log_prints=True)
def learn() -> None:
    """Decisions -> candidate ranking, in the installation that MASTHEAD_DATA names."""
    house = open_house()
    count_clicks(house.engine, now=house.clock(), progress=print)
    learn_ranker(house.engine, house.settings, clock=house.clock)
    mail_notices(house.engine, house.settings, house.clock)
