"""The sources in headless Chromium: added, read, paused, merged; nothing overflows, and no name runs a script."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlmodel import select

from flows.database import open_engine, reading, transaction
from flows.models import LogEntry, Source, SourceStatus
from flows.settings import load_settings
from tests.articles.conftest import item, rss
from tests.articles.loopback import Site, serving
from tests.browser import open_browser
from tests.conftest import NOW
from tests.editions.desks import Bench, open_port, served
from tests.editions.seed import newsletter_named
from tests.editions.sources_seed import HOSTILE, seed_sources
from tests.editions.test_sources import FEED

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser
WIDTHS = (1280, 390)
# What stands on a page and can be measured: text on its ground, and how large the things to touch are.
_FAINT = """() => {
  const rgb = (c) => { const s = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    s.fillStyle = c; s.fillRect(0, 0, 1, 1); return [...s.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = (c) => { const [r, g, b] = rgb(c).map((v) => { v /= 255;
    return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (c !== 'rgba(0, 0, 0, 0)' && c !== 'transparent') return c; } return 'white'; };
  const faint = [];
  for (const e of document.querySelectorAll('main *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const style = getComputedStyle(e);
    if (!own || e.closest('[aria-hidden]') || e.classList.contains('unseen') || !e.offsetParent) continue;
    const [a, b] = [light(style.color), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) faint.push(`${e.className || e.tagName}: ${e.textContent.trim().slice(0, 40)}`);
  }
  return faint;
}"""
_SMALL = """() => ['button', 'summary', 'select', 'input:not([type=hidden])']
  .flatMap((name) => [...document.querySelectorAll(`main ${name}`)])
  .filter((e) => e.offsetParent).filter((e) => { const r = e.closest('label') || e;
    return r.getBoundingClientRect().height < 24; }).map((e) => e.outerHTML.slice(0, 80))"""
_NAMELESS = """() => [...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]
  .filter((e) => !e.labels?.length && !e.getAttribute('aria-label')).map((e) => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[tuple[Bench, dict[str, int]]]:
    """A desk that is really served, with sources of every kind."""
    listening, port = open_port()
    settings = load_settings(
        tmp_path, database_url=sqlite_url, secret_key="a key", port=port, allow_private_addresses=True
    )
    engine = open_engine(sqlite_url)
    with transaction(engine) as session:
        ids = seed_sources(session, newsletter_named(session).id or 0)
    bench = Bench(engine, settings, NOW)
    with served(bench, listening):
        yield bench, ids


def sign_in(page: "Page", bench: Bench) -> None:
    page.goto(f"{bench.settings.address}/sign-in/{bench.add_user('ada@newsletter.example')}")
    page.get_by_role("button", name="Sign in as Ada").or_(page.locator("h1")).first.wait_for()
    page.wait_for_url("**/desk")


def troubles(page: "Page") -> list[str]:
    """Fills with every dialog, error and breach of the policy that the page has from now on."""
    found: list[str] = []
    page.on("dialog", lambda dialog: (found.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    return found


def overflow(page: "Page") -> int:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def status_of(bench: Bench, url: str) -> SourceStatus:
    with reading(bench.engine) as session:
        return session.exec(select(Source.status).where(Source.url == url)).one()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_source_from_its_address_to_its_end(desk: tuple[Bench, dict[str, int]], site: Site, width: int) -> None:
    bench, ids = desk
    url = site.page("/feed.xml", FEED)
    site.page("/", "<html><link rel='alternate' type='application/rss+xml' href='/feed.xml'></html>")
    with open_browser(viewport={"width": width, "height": 900}) as browser:
        page = browser.new_page()
        found = troubles(page)
        sign_in(page, bench)

        page.get_by_role("link", name="Sources").click()
        page.get_by_role("link", name="Add a source").click()
        page.get_by_label("Address of a feed").fill(f"{site.base}/")
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("heading", name="Harbour & Co").wait_for()
        page.get_by_text("6 articles at present, about two a week").wait_for()
        assert overflow(page) <= 0
        page.get_by_label("Topic").fill("Research")
        page.get_by_role("button", name="Add it").click()
        page.get_by_text("Added. The next collection reads it").wait_for()

        page.get_by_role("button", name="Try now").click()
        page.get_by_text("Read just now: 6 new articles.").wait_for()
        page.get_by_text("Story 0").wait_for()

        page.get_by_role("link", name="← Sources").click()
        row = page.locator("li", has=page.get_by_role("link", name="Harbour & Co"))
        row.get_by_text("Well", exact=True).wait_for()
        assert row.get_by_role("img").get_attribute("aria-label") == (
            "Articles of each of the last 12 weeks, oldest first: 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3."
        )
        page.get_by_label("Name, address or topic").fill("harbour & co")
        page.get_by_role("button", name="Show").click()
        page.locator(".lines, .source-rows").first.wait_for()
        page.locator(".source-rows li:only-child").wait_for()
        page.get_by_role("link", name="Harbour & Co").click()

        page.get_by_role("button", name="Pause").click()
        page.get_by_text("Paused: it is not asked any more").wait_for()
        assert status_of(bench, url) is SourceStatus.PAUSED
        page.get_by_role("button", name="Resume").click()
        page.get_by_text("Resumed: it is asked again").wait_for()
        page.get_by_role("button", name="Mute").click()
        page.locator("[aria-pressed=true]", has_text="Mute").wait_for()

        page.get_by_role("link", name="Merge into …").click()
        page.get_by_label("Name, address or number").fill("korvane")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="Into this one …").click()
        page.get_by_text("There is no way back").wait_for()
        assert overflow(page) <= 0
        page.get_by_role("button", name="Merge them for good").click()
        page.wait_for_url(f"**/desk/sources/{ids['Korvane']}?said=merged")
        assert status_of(bench, url) is SourceStatus.MERGED
        page.get_by_text("Story 0").wait_for()

        page.goto(f"{bench.settings.address}/desk/sources/add")
        page.get_by_label("Address of a feed").fill(url)
        page.get_by_role("button", name="Look at it").click()
        page.get_by_text("which was merged into").wait_for()
        assert found == []
    with reading(bench.engine) as session:
        done = [entry.what for entry in session.exec(select(LogEntry).order_by(LogEntry.id))]  # type: ignore[arg-type]
    assert done == [
        "added a source",
        "tried a source",
        "paused a source",
        "resumed a source",
        "muted a source",
        "merged a source",
    ]


def test_it_all_works_without_scripts(desk: tuple[Bench, dict[str, int]], site: Site, tmp_path: Path) -> None:
    bench, _ = desk
    site.page("/feed.xml", rss(title="Quiet"))
    file = tmp_path / "feeds.opml"
    file.write_text("<opml><body><outline text='Listed' xmlUrl='https://listed.example/'/></body></opml>")
    with open_browser(viewport={"width": 390, "height": 844}, java_script_enabled=False) as browser:
        page = browser.new_page()
        page.goto(f"{bench.settings.address}/sign-in/{bench.add_user('ada@newsletter.example')}")
        page.get_by_role("button", name="Sign in as Ada").click()
        page.goto(f"{bench.settings.address}/desk/sources/add")
        page.get_by_label("Address of a feed").fill(f"{site.base}/nothing")
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("alert").get_by_text("There is nothing at this address").wait_for()
        assert page.get_by_label("Address of a feed").input_value() == f"{site.base}/nothing"
        page.get_by_label("Address of a feed").fill(f"{site.base}/feed.xml")
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("button", name="Add it").click()
        page.get_by_role("heading", name="Quiet").wait_for()

        page.goto(f"{bench.settings.address}/desk/sources")
        page.get_by_role("link", name="Import").click()
        page.get_by_label("An OPML file").set_input_files(file)
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("cell", name="Listed").wait_for()
        page.get_by_role("button", name="Add 1 source").click()
        page.get_by_text("1 new source is in the list").wait_for()


@pytest.fixture(scope="module", params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def all_pages(
    browser: "BrowserContext", bench: Bench, ids: dict[str, int], file: Path, feed: str
) -> Iterator[tuple[str, "Page"]]:
    """Every page of the sources, opened; then a look at a feed and at a list, both of strangers."""
    page = browser.new_page()
    sign_in(page, bench)
    for path in (
        "/desk/sources",
        "/desk/sources?health=failing&q=script",
        "/desk/sources?q=%3Cscript%3Ewindow.__ran%3D1%3C/script%3E",
        *(f"/desk/sources/{ids[name]}" for name in ("Orchid Lab", "Dry Run", "Fenwick Archive", "hostile", "merged")),
        f"/desk/sources/{ids['hostile']}/merge?q=o",
        f"/desk/sources/{ids['hostile']}/merge?into={ids['Korvane']}",
        f"/desk/sources/{ids['Korvane']}/merge?into={ids['hostile']}",
        f"/desk/sources/{ids['Korvane']}/merge?into={ids['Korvane']}",
        "/desk/sources/add",
        "/desk/sources/import",
    ):
        page.goto(bench.settings.address + path)
        yield path, page
    page.get_by_label("An OPML file").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    page.locator(".lines").wait_for()
    yield "the uploaded list", page
    page.goto(f"{bench.settings.address}/desk/sources/add")
    page.get_by_label("Address of a feed").fill(feed)
    page.get_by_role("button", name="Look at it").click()
    page.locator(".found").wait_for()
    yield "the feed that was looked at", page


@pytest.mark.parametrize("width", WIDTHS)
def test_E05_F10_no_name_breaks_a_page_or_runs_on_it(
    desk: tuple[Bench, dict[str, int]], site: Site, tmp_path: Path, width: int, scheme: str
) -> None:
    bench, ids = desk
    wild = escape(HOSTILE) + "&amp;lt;script&amp;gt;window.__ran=1&amp;lt;/script&amp;gt;"
    stories = (item(wild, "javascript:window.__ran=1", wild[:100], wild), item(wild, "https://a.example/" + "a" * 900))
    site.page("/wild.xml", rss(*stories, title=wild))
    link = "<link rel='alternate' type='application/rss+xml' href='/{}'>"
    page_of_feeds = site.page("/wild", f"<html>{link.format('wild.xml')}{link.format('b' * 900)}</html>")
    file = tmp_path / "feeds.opml"
    hostile = "&lt;img src=x onerror=window.__ran=1&gt;" + "W" * 280
    file.write_text(
        f"<opml><body><outline text='{'T' * 200}'><outline text='{hostile}' xmlUrl='https://x.example/{'x' * 900}'/>"
        f"<outline text='bad' xmlUrl='javascript:{'y' * 900}'/></outline></body></opml>"
    )
    with open_browser(viewport={"width": width, "height": 900}, color_scheme=scheme) as browser:
        found: list[str] = []
        for path, page in all_pages(browser, bench, ids, file, page_of_feeds):
            if not found:
                found = troubles(page)
            assert overflow(page) <= 0, path
            assert page.evaluate("window.__ran") is None, path
            assert page.locator("a[href^='javascript'], main img, main script, main iframe").count() == 0, path
            assert page.evaluate(_FAINT) == [], path
            assert page.evaluate(_SMALL) == [], path
            assert page.evaluate(_NAMELESS) == [], path
        assert [each for each in found if "422" not in each] == []
