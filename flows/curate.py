"""@flow curate: articles -> stories -> a ranked draft of the next edition; the editors are told."""

from prefect import flow

from flows.announcing import announce
from flows.database import reading
from flows.editions.curating import curate_edition
from flows.house import open_house
from flows.learn import ASKED_EVENT
from flows.letters.post import mail_notices
from flows.models import Newsletter


@flow(name="curate", flow_run_name="draft the next edition", retries=1, retry_delay_seconds=60, log_prints=True)
def curate() -> None:
    """Articles -> stories -> ranked draft edition, in the installation that MASTHEAD_DATA names.

    Where the ranking fell below its gate, or meets other data than it has learned from, `learn` is asked to start.
    """
    house = open_house()
    curate_edition(house.engine, house.settings, clock=house.clock)
    mail_notices(house.engine, house.settings, house.clock)
    with reading(house.engine) as session:
        asked = session.get_one(Newsletter, house.newsletter_id).learn_asked_at
    if asked is not None:
        announce(ASKED_EVENT, f"masthead.newsletter.{house.newsletter_id}", house.settings)
