"""Reasons that act, doubts, flags and stories put together, in headless Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlmodel import Session, col, select

from flows.database import open_engine, reading, transaction
from flows.editions.changes import Editor, write_item
from flows.editions.turning import turn
from flows.models import Decision, EditionItem, LogEntry, Source, Tier
from flows.settings import load_settings
from tests.browser import open_browser
from tests.conftest import NOW
from tests.editions.desks import Bench, open_port, served
from tests.editions.seed import Seeded, newsletter_named, seed_edition
from tests.editions.test_sources_browser import _FAINT, _SMALL, overflow, troubles
from tests.stories.shelf import add_past_edition, add_source, add_week

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
WIDTHS = (1280, 390)
ADA = Editor("first@newsletter.example", NOW)
WRONG = "Median latency fell from 840 to 777 milliseconds on the same eight cards."
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
Desk = tuple[Bench, Seeded]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    """A desk that is really served: a draft of fourteen stories, ranked, with nine editions behind it."""
    listening, port = open_port()
    settings = load_settings(tmp_path, database_url=sqlite_url, secret_key="a key", port=port)
    engine = open_engine(sqlite_url)
    with transaction(engine) as session:
        newsletter_id = newsletter_named(session).id or 0
        seeded = seed_edition(session, newsletter_id, chosen=5, stories=14, send_when_approved=True)
        seed_past(session, newsletter_id)
    bench = Bench(engine, settings, NOW)
    turn(engine, newsletter_id, ADA, settings, way="boost", term="licences", edition_id=seeded.edition_id)
    with served(bench, listening):
        yield bench, seeded


def seed_past(session: Session, newsletter_id: int) -> None:
    """Nine editions whose picks stood on the first ten places."""
    old = add_source(session, "almanac", NOW)
    for number in range(1, 10):
        articles = add_week(session, [old], NOW, count=12)
        picks = [Decision.CHOSEN if place < 10 else Decision.NONE for place in range(len(articles))]
        nothing: dict[str, float] = {}
        items = [(each, pick, nothing) for each, pick in zip(articles, picks, strict=True)]
        add_past_edition(session, newsletter_id, number, NOW.replace(month=number), items)


def everything(bench: Bench, draft: Seeded) -> None:
    """Doubts, flags and a grouping at once, with long words."""
    turn(bench.engine, 1, ADA, bench.settings, way="mute", term=LONG[:80], edition_id=draft.edition_id)
    for place, blurb in ((0, f"{WRONG} Volunteers checked 555 transcripts in {LONG}."), (2, f"It says “{LONG}”.")):
        item = item_of(bench, draft.item_ids[place])
        write_item(
            bench.engine,
            draft.edition_id,
            item.id or 0,
            ADA,
            version=item.version,
            headline=item.headline,
            blurb=blurb,
        )
    with transaction(bench.engine) as session:
        for item_id, why in ((draft.item_ids[6], "“hospital” in the title"), (draft.item_ids[3], LONG)):
            item = session.get_one(EditionItem, item_id)
            item.flags, item.tier = [{"kind": "brand safety", "words": why, "by": ""}], Tier.FLAGGED
        lever = {"kind": "term", "name": LONG, "source_id": 0}
        item = session.get_one(EditionItem, draft.item_ids[7])
        item.reasons = [{**item.reasons[0], "levers": [lever] * 3}, *item.reasons[1:]]


def item_of(bench: Bench, item_id: int) -> EditionItem:
    with reading(bench.engine) as session:
        return session.get_one(EditionItem, item_id)


def sign_in(page: "Page", bench: Bench, draft: Seeded) -> str:
    """The address of the draft, open before an editor."""
    address = f"{bench.settings.address}/desk/editions/{draft.edition_id}"
    page.goto(
        f"{bench.settings.address}/sign-in/{bench.add_user('ada@newsletter.example')}"
        f"?next=/desk/editions/{draft.edition_id}"
    )
    page.wait_for_url(address)
    return address


def ids_in_queue(page: "Page") -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('#queue [data-story]')].map((each) => each.id)")
    return found


def test_less_of_a_source_ranks_the_queue_afresh_before_her_eyes(desk: Desk) -> None:
    bench, draft = desk
    with open_browser(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        found = troubles(page)
        sign_in(page, bench, draft)
        before = ids_in_queue(page)
        story = page.locator(f"#story-{draft.item_ids[9]}")  # of Orchid Lab, which an editor has boosted
        story.locator("details.more > summary").click()
        story.get_by_role("button", name="Mute Orchid Lab").first.click()
        page.locator("#said", has_text="ranked afresh").wait_for()
        story.locator("button[aria-pressed=true]", has_text="Less").first.wait_for()
        story.get_by_text("Orchid Lab is muted by an editor").first.wait_for()
        after = ids_in_queue(page)
        name = f"story-{draft.item_ids[9]}"
        assert after != before
        assert sorted(after) == sorted(before)
        assert after.index(name) > before.index(name)
        story.get_by_role("button", name="Mute Orchid Lab").first.click()
        story.locator("button[aria-pressed=false]", has_text="Less").first.wait_for()
        assert found == []
    with reading(bench.engine) as session:
        source = session.exec(select(Source.weight).where(Source.title == "Orchid Lab")).one()
        whats = [entry.what for entry in session.exec(select(LogEntry).order_by(col(LogEntry.id))).all()]
    assert source == 0
    assert whats == ["boosted a term", "muted a source", "weighed a source as usual"]


def test_a_doubtful_number_is_marked_blocks_the_approval_and_is_confirmed(desk: Desk) -> None:
    bench, draft = desk
    with open_browser(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        found = troubles(page)
        address = sign_in(page, bench, draft)
        story = page.locator(f"#story-{draft.item_ids[0]}")
        story.locator("summary", has_text="Edit").click()
        story.get_by_label("Blurb").fill(WRONG)
        story.get_by_role("button", name="Save").click()
        story.locator(".blurb mark", has_text="777").wait_for()
        page.goto(f"{address}/approve")
        page.get_by_text("says what its article does not: “777”").first.wait_for()
        assert page.get_by_role("button", name="Approve for").count() == 0
        page.goto(address)
        story.get_by_role("button", name="It is right").click()
        story.locator(".blurb mark").wait_for(state="detached")
        page.goto(f"{address}/approve")
        page.get_by_role("button", name="Approve for").click()
        page.wait_for_url("**?said=approved")
        assert found == []
    assert item_of(bench, draft.item_ids[0]).claims[0]["by"] == "ada@newsletter.example"


def test_two_stories_are_put_together_on_the_page_of_one_and_taken_back(desk: Desk) -> None:
    bench, draft = desk
    with open_browser(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        found = troubles(page)
        address = sign_in(page, bench, draft)
        page.goto(f"{address}/items/{draft.item_ids[0]}")
        page.get_by_label("The same story as").select_option(str(draft.item_ids[6]))
        page.get_by_role("button", name="Put together").click()
        page.wait_for_url(re.compile(r"said=merged"))
        page.locator("#said", has_text="Put together").wait_for()
        page.locator(f"#story-{draft.item_ids[6]}").wait_for(state="detached")
        page.get_by_role("button", name="Take back").click()
        page.locator(f"#queue #story-{draft.item_ids[6]}").wait_for()
        page.locator(".edits").wait_for(state="detached")
        assert found == []
    assert item_of(bench, draft.item_ids[6]).decision is Decision.NONE


def test_what_is_turned_on_the_page_of_a_story_shows_the_edition_ranked_afresh(desk: Desk) -> None:
    bench, draft = desk
    with open_browser(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        address = sign_in(page, bench, draft)
        page.goto(f"{address}/items/{draft.item_ids[9]}")
        page.get_by_role("button", name="Mute Orchid Lab").first.click()
        page.wait_for_url(re.compile(r"said=turned"))
        page.locator("#said", has_text="ranked afresh").wait_for()


def test_a_publisher_clears_a_flagged_story_and_an_opened_one_is_told(desk: Desk) -> None:
    bench, draft = desk
    everything(bench, draft)
    with open_browser(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        found = troubles(page)
        sign_in(page, bench, draft)
        with page.expect_response(re.compile(r"/opened$")) as told:
            page.locator(f"#story-{draft.item_ids[5]} details.more > summary").click()
        assert told.value.status == 204
        page.get_by_role("link", name="Flagged").click()
        flagged = page.locator(f"#story-{draft.item_ids[6]}")
        flagged.get_by_role("button", name="It is fine").click()
        flagged.wait_for(state="detached")
        assert found == []
    assert item_of(bench, draft.item_ids[6]).tier is Tier.OPEN
    assert item_of(bench, draft.item_ids[5]).opened_at == NOW


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows_and_everything_can_be_read(desk: Desk, width: int, scheme: str) -> None:
    bench, draft = desk
    everything(bench, draft)
    with open_browser(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = context.new_page()
        address = sign_in(page, bench, draft)
        for path in (
            "",
            "?pane=edition",
            "?show=flagged",
            f"/items/{draft.item_ids[0]}",
            f"/items/{draft.item_ids[7]}",
            "/approve",
        ):
            page.goto(address + path)
            assert overflow(page) <= 0, path
            page.evaluate(
                "document.querySelectorAll(':disabled').forEach((each) => each.remove())"
            )  # meant to be faint
            assert page.evaluate(_FAINT) == [], path
            small = [each for each in page.evaluate(_SMALL) if 'class="tab"' not in each]  # their labels are large
            assert small == [], path
