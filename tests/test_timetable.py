"""The schedules stand in the newsletter's own zone, and every flow can be found where its deployment says."""

from pathlib import Path

import pytest
from prefect.flows import load_flow_from_entrypoint

from flows.settings import Settings, load_settings
from flows.timetable import deployments

ENTRYPOINTS = {verb: f"flows.{verb}.{verb}" for verb in ("collect", "curate", "deliver", "listen", "learn", "tidy")}


@pytest.fixture
def weekly(tmp_path: Path) -> Settings:
    return load_settings(tmp_path, events_queue_url="http://127.0.0.1:1/queue")


def test_the_default_is_a_weekly_newsletter_in_its_own_zone(weekly: Settings) -> None:
    crons = {
        made.flow_name: [schedule.schedule.cron for schedule in made.schedules if hasattr(schedule.schedule, "cron")]
        for made in deployments(weekly)
    }
    assert crons["collect"] == ["5 * * * *"]
    assert crons["curate"] == ["0 9 * * THU"]
    assert crons["deliver"] == ["0 7 * * MON"]
    zones = {
        schedule.schedule.timezone
        for made in deployments(weekly)
        for schedule in made.schedules
        if hasattr(schedule.schedule, "cron")
    }
    assert zones == {"Europe/Berlin"}


def test_every_verb_is_deployed_by_its_module(weekly: Settings) -> None:
    assert {made.flow_name: made.entrypoint for made in deployments(weekly)} == ENTRYPOINTS


def test_an_approval_starts_deliver_and_a_failing_ranking_learn(weekly: Settings) -> None:
    triggers = {made.flow_name: [t.expect for t in made.triggers] for made in deployments(weekly) if made.triggers}
    assert triggers == {"deliver": [{"masthead.edition.approved"}], "learn": [{"masthead.ranking.asked"}]}


def test_without_a_queue_nobody_listens(tmp_path: Path) -> None:
    assert "listen" not in {made.flow_name for made in deployments(load_settings(tmp_path))}


@pytest.mark.parametrize("verb", sorted(ENTRYPOINTS))
def test_every_entrypoint_loads(verb: str) -> None:
    # A placeholder flow would hide an import error.
    flow = load_flow_from_entrypoint(ENTRYPOINTS[verb], use_placeholder_flow=False)
    assert flow.name == verb
