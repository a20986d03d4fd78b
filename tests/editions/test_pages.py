"""The pages of the desk, as a browser without scripts sees them."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.models import Decision, Edition, EditionItem, EditionStatus, LogEntry, Notice, Source, UserRole
from subscribers.models import Subscriber, Subscription, SubscriptionStatus
from tests.conftest import NOW
from tests.editions.desks import Bench, ToldReceipt
from tests.editions.seed import STORIES, Seeded


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored is tested beside, on both databases; here it is the pages."""
    return sqlite_url


def page(bench: Bench, draft: Seeded) -> str:
    return f"/desk/editions/{draft.edition_id}"


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return unescape(found[1])


def add_readers(bench: Bench, count: int, *, paused: int = 0) -> None:
    with transaction(bench.engine) as session:
        for number in range(count):
            email = f"reader{number}@mail.example"
            person = Subscriber(email=email, email_key=email, created_at=NOW)
            session.add(person)
            session.flush()
            session.add(
                Subscription(
                    subscriber_id=person.id or 0,
                    newsletter="gradient-post",
                    status=SubscriptionStatus.CONFIRMED,
                    created_at=NOW,
                    confirmed_at=NOW - timedelta(days=1),
                    paused_until=(NOW + timedelta(days=9)).date() if number < paused else None,
                )
            )


def test_the_page_shows_queue_and_edition_with_reasons_in_words(bench: Bench, draft: Seeded) -> None:
    html = bench.signed_in().client.get(page(bench, draft)).text
    assert html.count("data-story") == 8
    for headline, *_ in STORIES[:8]:
        assert headline in unescape(html)
    assert "3 sources cover it" in html
    assert "Approval due tomorrow, 16:00" in html
    assert "in 1 day 7 hours" in html
    assert re.search(r"<strong>5 stories</strong>", html)


def test_a_decision_is_one_post_and_leads_back_to_the_next_story(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    item, following = draft.item_ids[5], draft.item_ids[6]
    path = f"{page(bench, draft)}/items/{item}/choose"
    answer = ada.post(path, version=1, section="Safety", next=following)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{page(bench, draft)}#story-{following}"
    with reading(bench.engine) as session:
        row = session.get_one(EditionItem, item)
    assert (row.decision, row.section, row.position) == (Decision.CHOSEN, "Safety", 2)


def test_later_and_skipped_stories_have_their_own_lists(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    base = page(bench, draft)
    ada.post(f"{base}/items/{draft.item_ids[5]}/later", version=1)
    answer = ada.post(f"{base}/items/{draft.item_ids[6]}/skip", version=1, reason="old <news>", show="skipped")
    assert answer.headers["location"].startswith(f"{base}?show=skipped")
    skipped = ada.client.get(f"{base}?show=skipped").text
    assert "Skipped by Ada: <bdi>old &lt;news&gt;</bdi>" in skipped
    assert "Back to the queue" in skipped
    assert f"story-{draft.item_ids[5]}" in ada.client.get(f"{base}?show=later").text


def test_our_module_gets_the_page_instead_of_a_redirect(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    path = f"{page(bench, draft)}/items/{draft.item_ids[5]}/skip"
    form = {"csrf": ada.csrf(), "version": "1"}
    answer = ada.client.post(path, data=form, headers={"x-masthead": "fragment"})
    assert answer.status_code == 200
    assert f'id="story-{draft.item_ids[5]}"' not in answer.text
    assert 'id="queue"' in answer.text


def test_an_unknown_section_or_a_bad_number_saves_nothing(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    item = f"{page(bench, draft)}/items/{draft.item_ids[5]}"
    assert ada.post(f"{item}/choose", version=1, section="Nonsense").status_code == 422
    assert ada.post(f"{item}/choose", version="one").status_code == 422
    assert ada.post(f"{item}/move", version=1, position="9" * 20).status_code == 422
    with reading(bench.engine) as session:
        assert session.exec(select(LogEntry)).all() == []


def test_E14_a_conflict_shows_both_versions_and_keeps_what_was_typed(bench: Bench, draft: Seeded) -> None:
    ada, ben = bench.signed_in(), bench.signed_in("ben@newsletter.example")
    words = f"{page(bench, draft)}/items/{draft.item_ids[0]}/words"
    assert ada.post(words, version=1, headline="Ada’s headline", blurb="Ada’s blurb").status_code == 303
    answer = ben.post(words, version=1, headline="Ben’s headline", blurb="Ben’s blurb")
    assert answer.status_code == 409
    for text in ("Ada’s headline", "Ada’s blurb", "Ben’s headline", "Ben’s blurb", "nothing was overwritten"):
        assert text in unescape(answer.text)
    again = ben.post(words, version=hidden(answer.text, "version"), headline="Both", blurb="Ben’s blurb")
    assert again.status_code == 303
    with reading(bench.engine) as session:
        assert session.get_one(EditionItem, draft.item_ids[0]).headline == "Both"


@pytest.mark.parametrize(("verb", "words"), [("skip", "to skip it"), ("move", "to move it")])
def test_E14_a_decision_on_an_old_page_is_asked_again(bench: Bench, draft: Seeded, verb: str, words: str) -> None:
    ada, ben = bench.signed_in(), bench.signed_in("ben@newsletter.example")
    base = f"{page(bench, draft)}/items/{draft.item_ids[0]}"
    ada.post(f"{base}/words", version=1, headline="New", blurb="x")
    answer = ben.post(f"{base}/{verb}", version=1, section="Safety")
    assert answer.status_code == 409
    assert words in answer.text
    assert ben.post(f"{base}/{verb}", version=hidden(answer.text, "version"), section="Safety").status_code == 303


def test_E14_the_words_around_the_stories_conflict_in_the_same_way(bench: Bench, draft: Seeded) -> None:
    ada, ben = bench.signed_in(), bench.signed_in("ben@newsletter.example")
    words = f"{page(bench, draft)}/words"
    ada.post(words, version=1, closing="Ada’s closing")
    answer = ben.post(words, version=1, closing="Ben’s closing")
    assert answer.status_code == 409
    assert "Ada’s closing" in unescape(answer.text)
    assert "Ben’s closing" in unescape(answer.text)


def test_approving_shows_exactly_what_goes_out_and_tells_the_worker_afterwards(bench: Bench, draft: Seeded) -> None:
    add_readers(bench, 5, paused=2)
    ada = bench.signed_in()
    path = f"{page(bench, draft)}/approve"
    html = ada.client.get(path).text
    assert "3 people" in html
    assert "2 paused until 2026-11-28" in html
    assert "Monday, 07:00" in html
    assert "nothing stands in the way" in html
    status: list[EditionStatus] = []

    def look(edition_id: int) -> None:
        with reading(bench.engine) as session:
            status.append(session.get_one(Edition, edition_id).status)

    bench.on_announce = look
    answer = ada.post(path, seal=hidden(html, "seal"), seen=hidden(html, "seen"))
    assert answer.status_code == 303
    assert bench.announced == [draft.edition_id]
    assert status == [EditionStatus.APPROVED], "the worker must hear of it after the commit"
    after = ada.client.get(page(bench, draft)).text
    assert "Approved by <bdi>Ada</bdi>" in after
    assert hidden(html, "seal")[:12] in after


def test_E15_a_stale_tab_sees_what_is_different_and_approves_nothing(bench: Bench, draft: Seeded) -> None:
    ada, ben = bench.signed_in(), bench.signed_in("ben@newsletter.example")
    path = f"{page(bench, draft)}/approve"
    html = ada.client.get(path).text
    item = draft.item_ids[0]
    ben.post(f"{page(bench, draft)}/items/{item}/words", version=1, headline="Quite another headline", blurb="x")
    answer = ada.post(path, seal=hidden(html, "seal"), seen=hidden(html, "seen"))
    assert answer.status_code == 409
    text = unescape(answer.text)
    assert "nothing was approved" in text
    assert STORIES[0][0] in text
    assert "Quite another headline" in text
    assert bench.announced == []
    forged = ada.post(path, seal=hidden(html, "seal"), seen='{"subject": 3}')
    assert forged.status_code == 409
    again = ada.post(path, seal=hidden(answer.text, "seal"), seen=hidden(answer.text, "seen"))
    assert again.status_code == 303


def test_E19_a_replayed_approval_changes_nothing(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    path = f"{page(bench, draft)}/approve"
    html = ada.client.get(path).text
    for _ in range(2):
        assert ada.post(path, seal=hidden(html, "seal")).status_code == 303
    with reading(bench.engine) as session:
        assert len(session.exec(select(LogEntry).where(LogEntry.what == "approved")).all()) == 1


def test_warnings_need_to_be_seen_and_errors_block(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    base = page(bench, draft)
    ada.post(f"{base}/items/{draft.item_ids[0]}/words", version=1, headline="H", blurb="")
    html = ada.client.get(f"{base}/approve").text
    assert "I have seen the point above" in html
    answer = ada.post(f"{base}/approve", seal=hidden(html, "seal"))
    assert answer.status_code == 422
    ada.post(f"{base}/words", version=1, subject="")
    blocked = ada.client.get(f"{base}/approve").text
    assert "The edition has no subject" in blocked
    assert "Mend what is in the way first" in blocked
    assert ada.post(f"{base}/approve", seal=hidden(blocked, "seal"), warnings="seen").status_code == 422
    ada.post(f"{base}/words", version=2, subject="A subject")
    html = ada.client.get(f"{base}/approve").text
    assert ada.post(f"{base}/approve", seal=hidden(html, "seal"), warnings="seen").status_code == 303


def test_a_letter_that_cannot_be_made_is_not_approved_and_names_the_line(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    bench.template_fault = "edition.mjml.j2, line 7: unknown tag mj-nonsense"
    html = ada.client.get(f"{page(bench, draft)}/approve").text
    assert "line 7: unknown tag mj-nonsense" in html
    assert ada.post(f"{page(bench, draft)}/approve", seal=hidden(html, "seal")).status_code == 422
    assert "line 7" in ada.client.get(f"{page(bench, draft)}/preview").text


def test_an_editor_sees_the_approval_but_may_not_give_it(bench: Bench, draft: Seeded) -> None:
    cy = bench.signed_in("cy@newsletter.example", UserRole.EDITOR)
    html = cy.client.get(f"{page(bench, draft)}/approve").text
    assert "A publisher has to approve it" in html
    assert cy.post(f"{page(bench, draft)}/approve", seal=hidden(html, "seal")).status_code == 403


def test_E15_an_edit_from_an_old_tab_takes_the_approval_back_and_says_so(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    base = page(bench, draft)
    html = ada.client.get(f"{base}/approve").text
    ada.post(f"{base}/approve", seal=hidden(html, "seal"))
    answer = ada.post(f"{base}/items/{draft.item_ids[0]}/skip", version=1)
    assert answer.headers["location"].startswith(f"{base}?said=voided")
    assert "it is a draft again" in ada.client.get(answer.headers["location"]).text


def test_settings_that_changed_after_the_approval_are_shown(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    base = page(bench, draft)
    ada.post(f"{base}/approve", seal=hidden(ada.client.get(f"{base}/approve").text, "seal"))
    assert "What has changed since" not in ada.client.get(base).text
    with transaction(bench.engine) as session:
        source = session.exec(select(Source).where(Source.title == "Orchid Lab")).one()
        source.title = "Orchid Laboratory"
    html = ada.client.get(base).text
    assert "What has changed since the approval" in html
    assert "Orchid Laboratory" in html


def test_pausing_going_on_and_cancelling_from_the_desk(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    base = page(bench, draft)
    ada.post(f"{base}/approve", seal=hidden(ada.client.get(f"{base}/approve").text, "seal"))
    with transaction(bench.engine) as session:
        session.get_one(Edition, draft.edition_id).status = EditionStatus.SENDING
    bench.receipts[draft.edition_id] = ToldReceipt(25, 12, skipped={"paused until 2026-11-28": 3}, owed=10)
    sending = ada.client.get(base).text
    assert 'data-every="2000"' in sending
    assert "10 still to go" in sending
    assert ada.post(f"{base}/pause").status_code == 303
    assert "paused on the desk by Ada" in ada.client.get(base).text
    assert ada.post(f"{base}/resume").status_code == 303
    assert bench.announced == [draft.edition_id] * 2
    assert ada.post(f"{base}/items/{draft.item_ids[0]}/skip", version=1).status_code == 409
    assert ada.post(f"{base}/withdraw").status_code == 409
    assert ada.post(f"{base}/cancel").status_code == 303
    assert "data-live" not in ada.client.get(base).text


def test_the_receipt_comes_alone_for_the_page_that_waits_for_it(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    with transaction(bench.engine) as session:
        session.get_one(Edition, draft.edition_id).status = EditionStatus.SENT
    bench.receipts[draft.edition_id] = ToldReceipt(25, 22, delivered=20, skipped={"bounced before": 3})
    html = ada.client.get(f"{page(bench, draft)}/receipt").text
    assert html.lstrip().startswith("<section")
    assert "adds up" in html
    assert "bounced before" in html
    bench.receipts[draft.edition_id] = ToldReceipt(25, 21, skipped={"bounced before": 3})
    assert "does not add up" in ada.client.get(f"{page(bench, draft)}/receipt").text


def test_an_approval_stands_even_if_the_messenger_fails(bench: Bench, draft: Seeded) -> None:
    def fails(_: int) -> None:
        raise ConnectionError("nobody listens")

    bench.on_announce = fails
    ada = bench.signed_in()
    path = f"{page(bench, draft)}/approve"
    assert ada.post(path, seal=hidden(ada.client.get(path).text, "seal")).status_code == 303
    with reading(bench.engine) as session:
        assert session.get_one(Edition, draft.edition_id).status is EditionStatus.APPROVED


def test_addresses_with_absurd_numbers_lead_nowhere(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    for path in ("/desk/editions/99999999999999999999", f"{page(bench, draft)}/items/4294967296"):
        assert ada.client.get(path).status_code == 404
    assert ada.post("/desk/notices/99999999999/close").status_code == 404


def test_held_back_it_asks_a_person(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    base = page(bench, draft)
    ada.post(f"{base}/approve", seal=hidden(ada.client.get(f"{base}/approve").text, "seal"))
    with transaction(bench.engine) as session:
        edition = session.get_one(Edition, draft.edition_id)
        edition.status, edition.pause_reason = EditionStatus.HELD, "25 hours late"
    html = ada.client.get(base).text
    assert "25 hours late" in html
    assert "Send it all the same" in html
    assert ada.post(f"{base}/release").status_code == 303
    with reading(bench.engine) as session:
        assert session.get_one(Edition, draft.edition_id).status is EditionStatus.APPROVED


def test_the_first_page_has_the_draft_the_notices_and_what_went_out(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    with transaction(bench.engine) as session:
        past = Edition(
            newsletter_id=1,
            number=11,
            slot=(NOW - timedelta(days=3)).date(),
            status=EditionStatus.SENT,
            subject="Last week",
            created_at=NOW,
        )
        session.add(past)
        session.add(
            Notice(key="a", at=NOW, kind="source silent", text="<b>Dry Run</b> is silent.", link="//evil.example")
        )
        session.flush()
        bench.receipts[past.id or 0] = ToldReceipt(24_655, 24_343, skipped={"paused": 310}, failed={"refused": 2})
    html = ada.client.get("/desk").text
    assert "5 stories chosen of 8" in html
    assert "24,343" in html
    assert "&lt;b&gt;Dry Run&lt;/b&gt; is silent." in html
    assert "evil.example" not in html
    assert ada.post("/desk/notices/1/close").status_code == 303
    assert "is silent" not in ada.client.get("/desk").text


def test_sources_tell_their_health_and_take_a_weight(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    html = ada.client.get("/desk/sources").text
    assert html.index("Dry Run") < html.index("Cumulane Index"), "what fails comes first"
    assert "Failing since Mon 16 November, 09:00, 71 times: no answer in 30 s" in html
    with reading(bench.engine) as session:
        source = session.exec(select(Source).where(Source.title == "Dry Run")).one()
    assert ada.post(f"/desk/sources/{source.id}/weight", weight="mute").status_code == 303
    assert ada.post(f"/desk/sources/{source.id}/weight", weight="9000").status_code == 422
    assert ada.post("/desk/sources/999/weight", weight="mute").status_code == 404
    with reading(bench.engine) as session:
        assert session.get_one(Source, source.id).weight == -3.0
        assert session.exec(select(LogEntry)).one().what == "muted a source"


def test_the_log_tells_who_did_what_before_and_after(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    ada.post(f"{page(bench, draft)}/words", version=1, subject="Another subject")
    ada.post(f"{page(bench, draft)}/items/{draft.item_ids[5]}/skip", version=1, reason="thin")
    html = unescape(ada.client.get("/desk/log").text)
    assert "edited the edition" in html
    assert "Another subject" in html
    assert "thin" in html
    assert ada.client.get("/desk/log?before=1&edition=x").status_code == 200
    assert "edited the edition" not in ada.client.get("/desk/log?edition=99").text


def test_a_story_has_a_page_with_its_whole_text(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    html = ada.client.get(f"{page(bench, draft)}/items/{draft.item_ids[0]}").text
    assert "one that everybody turns the wrong way" in html
    assert "Also covered by" in html
    assert ada.client.get(f"{page(bench, draft)}/items/9999").status_code == 404


def test_the_preview_forces_light_or_dark_and_lives_in_a_sandbox(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    shown = ada.client.get(f"{page(bench, draft)}/preview").text
    assert re.search(r"<iframe [^>]*sandbox (src|loading)", shown)
    light = ada.client.get(f"{page(bench, draft)}/preview/letter")
    dark = ada.client.get(f"{page(bench, draft)}/preview/letter?look=dark")
    assert "@media (max-width:0)" in light.text
    assert "@media (min-width:0)" in dark.text
    policy = light.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy


def test_every_decision_stands_in_the_log_with_its_time(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    for number, verb in enumerate(("later", "skip", "choose", "back"), start=1):
        ada.post(f"{page(bench, draft)}/items/{draft.item_ids[6]}/{verb}", version=number)
    with reading(bench.engine) as session:
        entries = session.exec(select(LogEntry).order_by(col(LogEntry.id))).all()
    assert [entry.what for entry in entries] == ["kept for later", "skipped", "chose", "put back into the queue"]
    assert {(entry.who, entry.at, entry.edition_id) for entry in entries} == {
        ("ada@newsletter.example", NOW, draft.edition_id)
    }
