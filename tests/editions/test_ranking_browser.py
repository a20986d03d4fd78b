"""The page of the ranking in headless Chromium: decided with a click, read by anybody, broken by no name."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.database import open_engine, transaction
from flows.models import UserRole
from flows.settings import load_settings
from tests.browser import open_browser
from tests.conftest import NOW
from tests.editions.desks import Bench, open_port, served
from tests.editions.seed import newsletter_named
from tests.editions.sources_seed import HOSTILE
from tests.editions.test_ranking import learned, seed_past, seed_turned, seed_versions, spoil, statuses
from tests.editions.test_sources_browser import _FAINT, _NAMELESS, _SMALL, overflow, sign_in, troubles

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
WIDTHS = (1280, 390)
# Each dot of the picture in its middle as a share of its drawing, and the mean that is written beside it.
_DOTS = """() => [...document.querySelectorAll('.dots tbody tr')].map((row) => {
  const box = (name) => row.querySelector(name).getBoundingClientRect(), dot = box('circle'), all = box('svg.dot');
  return [(dot.left + dot.width / 2 - all.left) / all.width, Number(row.querySelector('.mean').textContent)]; })"""
# What of the pictures stands out of the page.
_CUT = """() => [...document.querySelectorAll('main svg, main svg *')].filter((e) => {
  const r = e.getBoundingClientRect(); return r.right > innerWidth + 1 || r.left < -1; }).length"""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[tuple[Bench, list[int]]]:
    """A desk that is really served, with twelve editions behind it and a version that waits."""
    listening, port = open_port()
    settings = load_settings(tmp_path, database_url=sqlite_url, secret_key="a key", port=port)
    engine = open_engine(sqlite_url)
    with transaction(engine) as session:
        newsletter_id = newsletter_named(session).id or 0
        ids = seed_versions(session, newsletter_id)
        seed_past(session, newsletter_id)
        seed_turned(session, newsletter_id, "<img src=x onerror=window.__ran=1>" + "W" * 46)
    bench = Bench(engine, settings, NOW)
    with served(bench, listening):
        yield bench, ids


def well_made(page: "Page") -> None:
    assert overflow(page) <= 0
    assert page.evaluate(_CUT) == 0
    assert page.evaluate(_FAINT) == []
    assert page.evaluate(_SMALL) == []
    assert page.evaluate(_NAMELESS) == []
    assert page.evaluate("window.__ran") is None
    assert page.locator("main script, main img, main [style], a[href^='javascript']").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_publisher_reads_the_evidence_approves_and_goes_back(
    desk: tuple[Bench, list[int]], width: int, scheme: str
) -> None:
    bench, _ = desk
    with open_browser(viewport={"width": width, "height": 900}, color_scheme=scheme) as browser:
        page = browser.new_page()
        found = troubles(page)
        sign_in(page, bench)

        page.get_by_role("link", name="Ranking", exact=True).click()
        page.get_by_role("heading", name="Waiting for approval: version 5").wait_for()
        page.locator("nav a[aria-current=page]", has_text="Ranking").wait_for()
        well_made(page)
        (first, mean), *others = page.evaluate(_DOTS)
        assert all((first > place) == (mean > other) for place, other in others)

        page.get_by_role("button", name="Approve version 5").click()
        page.get_by_role("heading", name="In use: version 5").wait_for()
        page.get_by_text("Nothing waits.").wait_for()
        assert statuses(bench)[-1] == "approved"
        well_made(page)

        page.get_by_role("button", name="Roll back to version 3").click()
        page.get_by_role("heading", name="In use: version 3").wait_for()
        assert statuses(bench) == ["retired", "approved", "rejected", "rejected"]

        page.get_by_label("A topic or term").fill("Court rulings")
        page.get_by_role("button", name="Mute", exact=True).click()
        page.get_by_text("Noted: it counts from the next ranking on.").wait_for()
        page.get_by_role("button", name="As usual: Court rulings").click()
        page.locator(".turned-rows li", has_text="Court rulings").wait_for(state="detached")
        page.get_by_text("Noted: it counts from the next ranking on.").wait_for()
        assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_it_works_without_scripts_and_an_editor_decides_nothing(desk: tuple[Bench, list[int]], width: int) -> None:
    bench, _ = desk
    token = bench.add_user("bo@newsletter.example", UserRole.EDITOR)
    with open_browser(viewport={"width": width, "height": 900}, java_script_enabled=False) as browser:
        page = browser.new_page()
        page.goto(f"{bench.settings.address}/sign-in/{token}")
        page.get_by_role("button", name="Sign in as Bo").click()
        page.get_by_role("link", name="Ranking", exact=True).click()
        page.get_by_text("A publisher decides whether it is used; until then version 3 ranks.").wait_for()
        assert page.get_by_role("button", name="Approve").count() == 0
        assert page.get_by_role("button", name="Roll back").count() == 0
        page.get_by_label("A topic or term").fill("Court rulings")
        page.get_by_role("button", name="Boost", exact=True).click()
        page.locator(".turned-rows li", has_text="Court rulings").get_by_text("boosted").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_name_and_no_evidence_breaks_it(desk: tuple[Bench, list[int]], width: int, scheme: str) -> None:
    bench, ids = desk
    _, evidence = learned()
    long = {**evidence, "verdict": HOSTILE, "note": HOSTILE}
    many = {
        **evidence,
        "held_out": list(range(1, 151)),
        "per_edition": {name: [0.5, 0.7, 0.3] * 50 for name in ("candidate", "in_use")},
    }
    with open_browser(viewport={"width": width, "height": 900}, color_scheme=scheme) as browser:
        page = browser.new_page()
        found = troubles(page)
        sign_in(page, bench)
        for backtest in (long, many, {}):
            spoil(bench, ids[3], backtest=backtest)
            spoil(bench, ids[2], decided_by=HOSTILE[:300])
            page.goto(f"{bench.settings.address}/desk/ranking")
            page.get_by_role("heading", name="Waiting for approval: version 5").wait_for()
            well_made(page)
        page.get_by_text("Its evidence cannot be read").wait_for()
        assert found == []
