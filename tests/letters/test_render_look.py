"""The letter and the outbox as a browser shows them. Skipped, with the reason, where there is no Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from flows.letters.letter import Body, build
from flows.letters.render import compile_edition, personalise
from tests.letters.samples import sample_content, sample_envelope, sample_person
from tests.letters.shots import ORIGIN, Scheme, chromium, client_for, open_page, pages

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium: set MASTHEAD_CHROMIUM to its path"),
]

# Contrast of every text with the ground it stands on, by WCAG 2.2; the lowest, with the text that has it.
_LOWEST_CONTRAST = """() => {
  const linear = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
  const light = c => { const [r, g, b] = c.map(linear); return .2126 * r + .7152 * g + .0722 * b };
  const parse = s => s.match(/[\\d.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                        if (c.length === 3 || c[3] > 0) return c.slice(0, 3) } return [255, 255, 255] };
  let lowest = [99, ''], seen = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, said = walk.currentNode.data.trim();
    if (!said || !e.checkVisibility({opacityProperty: true}) || e.closest('.off')) continue;
    const a = light(parse(getComputedStyle(e).color).slice(0, 3)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    seen += 1;
    if (ratio < lowest[0]) lowest = [ratio, said.slice(0, 60)];
  }
  return [...lowest, seen];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("outbox")
    found = pages(folder)
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    long = sample_content(
        newsletter_name=word, tagline=word, introduction=word * 3, postal_address=word * 2, closing=word * 4
    )
    body = personalise(compile_edition(long, address=ORIGIN), sample_person(name=word))
    (folder / "long.eml").write_bytes(build(sample_envelope(subject=word * 3), body))
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)><a id=go href='/outbox' target=_blank>go</a>"
    (folder / "evil.eml").write_bytes(build(sample_envelope(), Body(evil, "x")))
    return folder, {**found, "long words": "/outbox/long.eml/html", "long subject": "/outbox/long.eml"}


def shown(browser: Browser, folder: Path, width: int, scheme: Scheme) -> Page:
    return open_page(browser, client_for(folder), width, scheme)


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (600, "light")])
def test_every_text_can_be_read_and_nothing_runs_over_the_edge(
    browser: Browser, outbox: tuple[Path, dict[str, str]], width: int, scheme: Scheme
) -> None:
    page = shown(browser, outbox[0], width, scheme)
    for name, address in outbox[1].items():
        page.goto(ORIGIN + address)
        lowest, said, seen = page.evaluate(_LOWEST_CONTRAST)
        assert seen > 3, name
        assert lowest >= 4.5, (name, said, lowest)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.context.close()


def test_links_can_be_told_without_colour(browser: Browser, outbox: tuple[Path, dict[str, str]]) -> None:
    page = shown(browser, outbox[0], 600, "light")
    page.goto(ORIGIN + outbox[1]["edition"])
    lines = page.eval_on_selector_all("a", "all => all.map(a => getComputedStyle(a).textDecorationLine)")
    assert len(lines) == 17
    assert set(lines) == {"underline"}
    page.context.close()


def test_E05_a_letter_in_the_viewer_runs_nothing_but_its_links_open(
    browser: Browser, outbox: tuple[Path, dict[str, str]]
) -> None:
    page = shown(browser, outbox[0], 800, "light")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{ORIGIN}/outbox/evil.eml")
    frame = page.frame_locator("iframe")
    with page.expect_popup() as popup:
        frame.locator("#go").click()
    assert popup.value.url.endswith("/outbox")
    assert dialogs == []
    page.context.close()
