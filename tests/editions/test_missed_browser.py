"""What we missed in headless Chromium: nothing overflows, everything can be read, no title runs a script."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.database import open_engine, transaction
from flows.settings import load_settings
from tests.browser import open_browser
from tests.conftest import NOW
from tests.editions.desks import Bench, open_port, served
from tests.editions.seed import newsletter_named
from tests.editions.test_missed import Past, seed_missed
from tests.editions.test_sources_browser import _FAINT, _SMALL, overflow, sign_in, troubles

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
WIDTHS = (1280, 390)
# Each bar of the picture at its length, as a share of the longest; and its number.
_BARS = """() => [...document.querySelectorAll('.leaks tbody tr')].map((row) => [
  row.querySelector('.leak rect').getBoundingClientRect().width, Number(row.querySelector('.n').textContent)])"""


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[tuple[Bench, Past]]:
    """A desk that is really served, with three approved editions behind it."""
    listening, port = open_port()
    settings = load_settings(tmp_path, database_url=sqlite_url, secret_key="a key", port=port)
    engine = open_engine(sqlite_url)
    with transaction(engine) as session:
        past = seed_missed(session, newsletter_named(session).id or 0)
    bench = Bench(engine, settings, NOW)
    with served(bench, listening):
        yield bench, past


def well_made(page: "Page") -> None:
    assert overflow(page) <= 0
    assert page.evaluate(_FAINT) == []
    assert page.evaluate(_SMALL) == []
    assert page.evaluate("window.__ran") is None
    assert page.locator("main script, main img, main [style], a[href^='javascript']").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_an_editor_sees_where_stories_are_lost_and_follows_one(
    desk: tuple[Bench, Past], width: int, scheme: str
) -> None:
    bench, past = desk
    with open_browser(viewport={"width": width, "height": 900}, color_scheme=scheme) as browser:
        page = browser.new_page()
        found = troubles(page)
        sign_in(page, bench)

        page.get_by_role("link", name="Missed", exact=True).click()
        page.get_by_role("heading", name="Where they were lost").wait_for()
        page.locator("nav a[aria-current=page]", has_text="Missed").wait_for()
        page.get_by_text("Nothing grew after no. 10 that it did not run.").wait_for()
        well_made(page)
        bars = page.evaluate(_BARS)
        longest, most = max(bars)
        assert all(drawn == pytest.approx(longest * count / most, abs=1) for drawn, count in bars)

        page.get_by_role("link", name="No. 12", exact=True).click()
        page.get_by_role("heading", name="What no. 12 missed").wait_for()
        well_made(page)
        page.get_by_role("link", name="← The edition before").click()
        page.get_by_role("heading", name="What no. 11 missed").wait_for()
        page.goto(f"{bench.settings.address}/desk/editions/{past.editions[10]}/missed")
        page.get_by_text("Nothing grew after no. 10 that it did not run.").wait_for()
        well_made(page)
        page.goto(f"{bench.settings.address}/desk/missed")
        page.get_by_role("link", name="Insurers begin to price model failures").click()
        page.wait_for_url("**/items/*")
        page.get_by_role("heading", name="Insurers begin to price model failures").wait_for()
        assert found == []
