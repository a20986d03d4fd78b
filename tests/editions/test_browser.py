"""The desk in headless Chromium: the whole job by mouse and by keyboard, and strangers' markup that must not run."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from flows.database import open_engine, reading, transaction
from flows.models import Article, Decision, Edition, EditionItem, EditionStatus, LogEntry, Notice, Source
from flows.settings import load_settings
from tests.conftest import NOW
from tests.editions.desks import Bench, ToldReceipt, open_port, served
from tests.editions.seed import Seeded, newsletter_named, seed_edition

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("MASTHEAD_CHROMIUM", "/usr/bin/chromium")
KEYS = "axlxaxlax"
HOSTILE = (
    "<script>window.__ran=1;alert(1)</script>",
    "<img src=x onerror=window.__ran=1>",
    "<svg onload=window.__ran=1><animate onbegin=window.__ran=1></svg>",
    "\"><iframe srcdoc='<script>parent.__ran=1</script>'></iframe>",
    "'onmouseover='window.__ran=1' autofocus onfocus='window.__ran=1",
    "</textarea><script>window.__ran=1</script>",
    "</title><style>@import url(//evil.example/x.css)</style>",
    "<a href=javascript:window.__ran=1>x</a>",
    "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "<math><mtext></p><style><img src=x onerror=window.__ran=1></style></math>",
    "\u202eright to left\u2066 <details open ontoggle=window.__ran=1>",
    "<form action=//evil.example><button formaction=//evil.example>Choose</button></form>",
)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: install it, or name another in MASTHEAD_CHROMIUM")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[tuple[Bench, Seeded]]:
    """A desk that is really served, with fourteen stories, of which five are suggested."""
    listening, port = open_port()
    settings = load_settings(tmp_path, database_url=sqlite_url, secret_key="a key for tests only", port=port)
    engine = open_engine(sqlite_url)
    with transaction(engine) as session:
        newsletter = newsletter_named(session)
        seeded = seed_edition(session, newsletter.id or 0, chosen=5, stories=14, send_when_approved=True)
    bench = Bench(engine, settings, NOW)
    with served(bench, listening):
        yield bench, seeded


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    yield page
    context.close()


def troubles(page: "Page") -> list[str]:
    """Fills with every dialog, error and breach of the policy that the page has from now on."""
    found: list[str] = []
    page.on("dialog", lambda dialog: (found.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    return found


def sign_in(page: "Page", bench: Bench, draft: Seeded) -> None:
    token = bench.add_user("ada@newsletter.example")
    page.goto(f"{bench.settings.address}/sign-in/{token}?next=/desk/editions/{draft.edition_id}")
    page.wait_for_url(f"**/desk/editions/{draft.edition_id}")


def test_the_whole_job_from_the_link_to_the_receipt(desk: tuple[Bench, Seeded], page: "Page") -> None:
    bench, draft = desk
    found = troubles(page)
    sign_in(page, bench, draft)

    page.locator(f"#story-{draft.item_ids[5]} .acts button", has_text="Choose").click()
    page.locator(f"#edition #story-{draft.item_ids[5]}").wait_for()
    page.locator(f"#story-{draft.item_ids[6]} .acts button", has_text="Skip").click()
    page.locator(f"#story-{draft.item_ids[6]}").wait_for(state="detached")
    page.locator("#steps, #bar", has_text="6 stories").first.wait_for()

    second = page.locator("#section-1 .pick").nth(1)
    name = second.get_attribute("id")
    second.get_by_label("Move up").click()
    page.locator(f"#section-1 .pick:first-child#{name}").wait_for()

    story = page.locator(f"#story-{draft.item_ids[0]}")
    story.locator("summary", has_text="Edit").click()
    story.get_by_label("Headline").fill("A headline of our own")
    story.get_by_role("button", name="Save").click()
    page.locator("#edition h4", has_text="A headline of our own").wait_for()

    page.get_by_role("link", name="Preview").click()
    page.frame_locator(".by-day iframe").get_by_text("A headline of our own").wait_for()
    page.get_by_role("link", name="Approve …").click()

    def sent(edition_id: int) -> None:
        bench.receipts[edition_id] = ToldReceipt(25, 24, skipped={"paused until 2026-12-01": 1})

    bench.on_announce = sent
    page.get_by_role("button", name="Approve for").click()
    page.wait_for_url(f"**/desk/editions/{draft.edition_id}?said=approved")
    page.locator("#receipt", has_text="24 of 25 people").wait_for()
    page.locator("#receipt").get_by_text("adds up").wait_for()
    assert bench.announced == [draft.edition_id]
    with reading(bench.engine) as session:
        done = [entry.what for entry in session.exec(select(LogEntry).order_by(col(LogEntry.id))).all()]
    assert done == ["chose", "skipped", "moved", "edited a story", "approved"]
    assert found == []


def test_triage_needs_only_the_keyboard(desk: tuple[Bench, Seeded], page: "Page") -> None:
    bench, draft = desk
    found = troubles(page)
    sign_in(page, bench, draft)
    page.keyboard.press("j")
    for number, key in enumerate(KEYS):
        item = draft.item_ids[5 + number]
        page.locator(f"#story-{item}.is-current").wait_for()
        page.keyboard.press(key)
        page.locator(f"#queue #story-{item}").wait_for(state="detached")
    page.get_by_text("Every story is decided.").wait_for()
    with reading(bench.engine) as session:
        rows = session.exec(select(EditionItem).order_by(col(EditionItem.rank))).all()
    words = {"a": Decision.CHOSEN, "x": Decision.SKIPPED, "l": Decision.LATER}
    assert [row.decision for row in rows[5:]] == [words[key] for key in KEYS]

    page.keyboard.press("g")
    page.keyboard.press("e")
    page.keyboard.press("End")
    page.keyboard.type(", by hand")
    page.keyboard.press("Enter")
    page.locator("#edition h4", has_text=", by hand").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+?")
    page.locator("#keys").wait_for()
    assert found == []


def test_what_is_being_typed_survives_another_decision(desk: tuple[Bench, Seeded], page: "Page") -> None:
    bench, draft = desk
    sign_in(page, bench, draft)
    story = page.locator(f"#story-{draft.item_ids[0]}")
    story.locator("summary", has_text="Edit").click()
    story.get_by_label("Blurb").fill("Half a sentence")
    page.locator(f"#story-{draft.item_ids[5]} .acts button", has_text="Choose").click()
    page.locator(f"#edition #story-{draft.item_ids[5]}").wait_for()
    assert story.get_by_label("Blurb").input_value() == "Half a sentence"


def test_E14_a_conflict_is_laid_over_the_page_and_settled_there(desk: tuple[Bench, Seeded], page: "Page") -> None:
    bench, draft = desk
    sign_in(page, bench, draft)
    with transaction(bench.engine) as session:
        item = session.get_one(EditionItem, draft.item_ids[0])
        item.headline, item.version = "Ben’s headline", 2
    story = page.locator(f"#story-{draft.item_ids[0]}")
    story.locator("summary", has_text="Edit").click()
    story.get_by_label("Headline").fill("Ada’s headline")
    story.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Ben’s headline").first.wait_for()
    assert dialog.get_by_label("Yours").first.input_value() == "Ada’s headline"
    dialog.get_by_role("button", name="Save yours over it").click()
    page.locator("#edition h4", has_text="Ada’s headline").wait_for()


def test_without_scripts_everything_still_works(desk: tuple[Bench, Seeded], browser: "Browser") -> None:
    bench, draft = desk
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{bench.settings.address}/sign-in/{bench.add_user('ada@newsletter.example')}")
    page.get_by_role("button", name="Sign in as Ada").click()
    page.get_by_role("link", name="Work on it").click()
    page.locator(f"#story-{draft.item_ids[5]} .acts button", has_text="Choose").click()
    page.locator("label[for=step-edition]").click()
    page.locator(f"#edition #story-{draft.item_ids[5]}").wait_for()
    page.get_by_role("link", name="Approve …").click()
    page.get_by_role("button", name="Approve for").click()
    page.get_by_text("Approved by").wait_for()
    context.close()


def test_nothing_overflows_on_a_phone(desk: tuple[Bench, Seeded], browser: "Browser") -> None:
    bench, draft = desk
    with transaction(bench.engine) as session:
        item = session.get_one(EditionItem, draft.item_ids[5])
        item.headline = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, bench, draft)
    edition = f"/desk/editions/{draft.edition_id}"
    for path in (
        "/desk",
        edition,
        f"{edition}?pane=edition",
        f"{edition}/preview",
        f"{edition}/approve",
        f"{edition}/items/{draft.item_ids[5]}",
        "/desk/sources",
        "/desk/log",
    ):
        page.goto(bench.settings.address + path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path
    context.close()


def test_E05_F10_nothing_that_strangers_write_runs_on_the_desk(desk: tuple[Bench, Seeded], page: "Page") -> None:
    bench, draft = desk
    with transaction(bench.engine) as session:
        items = session.exec(select(EditionItem).order_by(col(EditionItem.id))).all()
        for number, item in enumerate(items):
            hostile = HOSTILE[number % len(HOSTILE)]
            item.headline, item.blurb, item.skip_reason = hostile, hostile, hostile[:200]
            item.reasons = [{"name": hostile, "points": 1.0, "words": hostile}]
            if number % 5 == 0 and item.decision is Decision.NONE:
                item.decision, item.decided_by = Decision.SKIPPED, hostile
        for number, article in enumerate(session.exec(select(Article)).all()):
            hostile = HOSTILE[number % len(HOSTILE)]
            article.title = article.author = hostile[:300]
            article.text = article.summary = f"{hostile}\n\n{hostile}"
            article.needs_review = hostile[:200]
            if number % 3 == 0:
                article.link = "javascript:window.__ran=1"
        for number, source in enumerate(session.exec(select(Source)).all()):
            hostile = HOSTILE[number % len(HOSTILE)]
            source.title = source.error = source.warning = source.topic = hostile[:80]
            source.failures = number
        for number, hostile in enumerate(HOSTILE):
            session.add(Notice(key=str(number), at=NOW, kind=hostile[:40], text=hostile, link="javascript:alert(1)"))
            after = {hostile: hostile}
            entry = LogEntry(at=NOW, who=hostile, what=hostile[:60], edition_id=draft.edition_id, after=after)
            session.add(entry)
    found = troubles(page)
    sign_in(page, bench, draft)
    edition = f"/desk/editions/{draft.edition_id}"
    stories = [f"{edition}/items/{item}" for item in draft.item_ids[:3]]
    for path in (
        "/desk",
        edition,
        f"{edition}?show=skipped",
        f"{edition}?show=<script>window.__ran=1</script>&said=<script>",
        f"{edition}/preview",
        f"{edition}/approve",
        "/desk/sources",
        "/desk/log",
        "/sign-in?next=javascript:window.__ran=1",
        *stories,
    ):
        page.goto(bench.settings.address + path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("window.__ran") is None, path
        assert page.locator("a[href^='javascript']").count() == 0, path
        assert page.locator("form:not([action^='/'])").count() == 0, path
    page.goto(bench.settings.address + edition)
    for link in page.locator("a[data-inline]").all()[:3]:
        link.dispatch_event("click")
    page.wait_for_timeout(200)
    assert page.evaluate("window.__ran") is None
    assert found == []


def test_E05_a_hostile_letter_is_shut_in_its_frame(desk: tuple[Bench, Seeded], page: "Page") -> None:
    bench, draft = desk
    bench.raw_letter = (
        "<p id=here>A letter</p><script>top.__ran=1;top.location='/x'</script><img src=x onerror='parent.__ran=1'>"
        "<img src='http://127.0.0.1:9/beacon'><meta http-equiv=refresh content='0;url=/x'><form action=/sign-out>"
    )
    left: list[str] = []
    page.on("requestfinished", lambda request: left.append(request.url))
    page.on("requestfailed", lambda request: left.append(request.url) if request.failure != "csp" else None)
    sign_in(page, bench, draft)
    page.goto(f"{bench.settings.address}/desk/editions/{draft.edition_id}/preview")
    page.frame_locator(".by-day iframe").locator("#here").wait_for()
    page.wait_for_timeout(200)
    assert page.evaluate("window.__ran") is None
    assert page.url.endswith("/preview")
    assert not [url for url in left if "beacon" in url]


def test_the_receipt_fills_in_by_itself(desk: tuple[Bench, Seeded], page: "Page") -> None:
    bench, draft = desk
    sign_in(page, bench, draft)
    with transaction(bench.engine) as session:
        session.get_one(Edition, draft.edition_id).status = EditionStatus.SENDING
    bench.receipts[draft.edition_id] = ToldReceipt(25, 10, owed=15)
    page.reload()
    page.locator("#receipt", has_text="15 still to go").wait_for()
    bench.receipts[draft.edition_id] = ToldReceipt(25, 25)
    with transaction(bench.engine) as session:
        edition = session.get_one(Edition, draft.edition_id)
        edition.status, edition.sent_at = EditionStatus.SENT, NOW
    page.locator(".state", has_text="Sent").wait_for()
    page.locator("#receipt").get_by_text("adds up").wait_for()
    assert page.locator("[data-live]").count() == 0
