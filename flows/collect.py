"""@flow collect: due sources -> new articles."""

from prefect import flow

from flows.articles.collecting import collect_articles
from flows.house import open_house


@flow(
    name="collect",
    flow_run_name="collect articles",
    retries=1,
    retry_delay_seconds=60,
    log_prints=True,
)
def collect() -> None:
    """Due sources -> new articles, in the installation that MASTHEAD_DATA names."""
    house = open_house()
    collected = collect_articles(house.engine, house.settings, clock=house.clock, due_only=True)
    for name, sentence in collected.problems:
        print(f"{name}: {sentence}")  # noqa: T201 - Prefect turns it into a line of the run's log
