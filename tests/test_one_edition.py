"""One edition, whole: the demo as a user starts it, clicked through in a real browser."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from flows.clock import utc_now
from tests.browser import open_browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Demo:
    """A running demo: its data folder and the three links it printed."""

    data: Path
    desk: str
    preferences: str
    outbox: str


def three_free_ports() -> int:
    for first in range(20_000, 60_000, 97):
        try:
            for port in range(first, first + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    port = three_free_ports()
    command = [sys.executable, "-m", "flows.cli", "demo", "--data", str(tmp_path), "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MASTHEAD_", "PREFECT_"))}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    links = re.findall(r"http://127\.0\.0\.1:\d+/\S+", said)
    assert len(links) == 3, said
    yield Demo(tmp_path, *links)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said + rest
    assert "Traceback" not in said + rest


def test_an_editor_makes_an_edition_and_a_reader_pauses(demo: Demo) -> None:
    with open_browser() as browser:
        desk = browser.new_page()
        alarms: list[str] = []
        desk.on("pageerror", lambda error: alarms.append(str(error)))
        desk.on("dialog", lambda dialog: alarms.append(dialog.message))
        desk.goto(demo.desk)
        desk.wait_for_url(re.compile(r"^[^?]*/desk/editions/\d+"))  # signed in by the link, without another click

        chosen = desk.locator("#edition [data-story]").count()
        newcomer = desk.locator("#queue [data-story]").first
        headline = newcomer.locator("h3").inner_text()
        newcomer.get_by_role("button", name="Choose", exact=True).click()
        desk.locator("#edition [data-story]", has_text=headline).wait_for()
        assert desk.locator("#edition [data-story]").count() == chosen + 1

        story = desk.locator("#edition [data-story]").first
        story.locator("summary", has_text="Edit").click()
        story.get_by_label("Headline").fill("A headline of our own")
        story.get_by_role("button", name="Save").click()
        desk.locator("#edition [data-story]", has_text="A headline of our own").wait_for()

        desk.get_by_role("link", name="Approve …").click()
        desk.get_by_text("Goes out").wait_for()
        seen = desk.get_by_role("checkbox", name=re.compile("I have seen"))
        if seen.count():
            seen.check()
        desk.get_by_role("button", name=re.compile("Approve for 25 people")).click()
        # The approval raises an event, Prefect starts deliver, and the receipt fills in by itself.
        desk.get_by_text("25 of 25 people").wait_for(timeout=150_000)
        desk.get_by_text("adds up").wait_for()

        outbox = browser.new_page()
        outbox.goto(demo.outbox)
        outbox.get_by_role("row", name=re.compile("amara.lindholm")).get_by_role("link").click()  # wants every topic
        letter = outbox.frame_locator("iframe")
        letter.get_by_text("A headline of our own").wait_for()
        assert letter.get_by_text(headline).count() == 1

        reader = browser.new_page()
        reader.goto(demo.preferences)
        reader.get_by_label("No letters before").fill(f"{utc_now() + timedelta(days=30):%Y-%m-%d}")
        reader.get_by_role("button", name="Save my choices").click()
        reader.get_by_text("Paused until").first.wait_for()
        assert alarms == []
    letters = [path for path in (demo.data / "outbox").glob("*.eml") if not path.name.startswith("note-")]
    assert len(letters) == 25
