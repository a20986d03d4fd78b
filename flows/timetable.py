"""Which flow runs when. `python -m flows.timetable` registers the schedules and runs what is due.

Cron lines and the time zone are settings; the default is a weekly newsletter. An approval raises the event
`masthead.edition.approved`, which starts `deliver` at once; without it, `deliver` comes by every few minutes.
A draft that finds the ranking below its gate raises `masthead.ranking.asked`, which starts `learn`.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prefect import get_client
from prefect.deployments import run_deployment
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger, DeploymentTriggerTypes
from prefect.flows import Flow
from prefect.runner import Runner
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from flows.clock import monotonic_s
from flows.collect import collect
from flows.curate import curate
from flows.deliver import APPROVED_EVENT, deliver
from flows.house import open_house
from flows.learn import ASKED_EVENT, learn
from flows.listen import listen
from flows.parent import leave_with_parent
from flows.settings import Settings
from flows.tidy import tidy

NAME = "timetable"
_DELIVER_EVERY = timedelta(minutes=5)
_LISTEN_EVERY = timedelta(minutes=5)
_ENGINE_WITHIN_S = 300.0


def deployments(settings: Settings) -> list[RunnerDeployment]:
    """One deployment for each verb, with its schedule in the newsletter's own zone."""
    newsletter = settings.newsletter

    def at(cron: str) -> Schedule:
        return Cron(cron, timezone=newsletter.timezone)

    approved = DeploymentEventTrigger(name="an edition was approved", expect={APPROVED_EVENT})
    asked = DeploymentEventTrigger(name="the ranking is to be learned again", expect={ASKED_EVENT})
    made = [
        _deployment(collect, at(newsletter.collect_cron)),
        _deployment(curate, at(newsletter.draft_cron)),
        _deployment(deliver, Interval(_DELIVER_EVERY), at(newsletter.letters_cron), triggers=[approved]),
        _deployment(learn, at(newsletter.learn_cron), triggers=[asked]),
        _deployment(tidy, at(newsletter.tidy_cron)),
    ]
    if settings.events_queue_url:
        made.append(_deployment(listen, Interval(_LISTEN_EVERY)))
    return made


def _deployment(
    flow: Flow[[], Any],
    *schedules: Schedule,
    triggers: Sequence[DeploymentTriggerTypes] = (),
) -> RunnerDeployment:
    # A module entrypoint: a file entrypoint would import a verb a second time, and define its tables twice.
    made = flow.to_deployment(
        name=NAME,
        schedules=list(schedules),
        triggers=list(triggers),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    if not isinstance(made, RunnerDeployment):
        raise TypeError("deployments are made outside of an event loop")
    return made


def _wait_for_engine() -> None:
    deadline = monotonic_s() + _ENGINE_WITHIN_S
    with get_client(sync_client=True) as client:
        while (error := client.api_healthcheck()) is not None:
            if monotonic_s() > deadline:
                sys.exit(
                    f"The Prefect server at {client.api_url} has not answered for {_ENGINE_WITHIN_S:.0f} s "
                    f"({error}); see its log."
                )
            time.sleep(1)


def main() -> None:
    leave_with_parent()
    house = open_house()
    house.engine.dispose()
    _wait_for_engine()
    runner = Runner(pause_on_shutdown=False)
    for made in deployments(house.settings):
        runner.add_deployment(made)
    # An edition may have been approved while no engine was there to hear of it: look at once.
    run_deployment(f"deliver/{NAME}", timeout=0, as_subflow=False)
    asyncio.run(runner.start())


if __name__ == "__main__":
    main()
