"""The preferences page: what it shows, what it saves, and whom it obeys."""

import json
import re
from datetime import date, timedelta

import pytest

from flows.database import transaction
from subscribers.models import Cadence, LetterFormat, SubscriptionStatus, SuppressionReason
from subscribers.pages.words import languages
from subscribers.suppression import suppress
from tests.conftest import NOW
from tests.subscribers.conftest import KEY, SECTIONS, Pages

FORM = {
    "do": "save",
    "topics": list(SECTIONS),
    "cadence": "every",
    "paused_until": "",
    "letter_format": "full",
    "name": "",
    "language": "en",
    "timezone": "",
}


def test_the_page_tells_what_comes_and_when(pages: Pages) -> None:
    ada = pages.add("Ada@x.example", name="Ada <i>", topics=("Safety",), timezone="America/New_York")
    page = pages.client.get(pages.path("p", ada))
    assert page.status_code == 200
    for told in (
        "The Gradient Post comes to Ada@x.example.",
        "Every edition<small>Safety",
        "Monday, 23 November 2026, 01:00 (America/New_York)",
        "Ada &lt;i&gt;",
        "Added to the list <small>by the team",
        "<option selected>America/New_York",
    ):
        assert told in page.text
    assert len(page.content) < 30_000
    assert "<script" not in page.text


def test_a_visit_shows_what_the_form_would_send_and_sending_it_changes_nothing(pages: Pages) -> None:
    ada = pages.add(topics=("Safety", "Research"), name="Ada", timezone="Asia/Tokyo")
    page = pages.client.get(pages.path("p", ada)).text
    ticked = re.findall(r'name="topics" value="(\w+)" checked', page)
    assert ticked == ["Research", "Safety"]
    form = FORM | {"topics": ticked, "name": "Ada", "timezone": "Asia/Tokyo"}
    saved = pages.client.post(pages.path("p", ada), data=form)
    assert "Nothing was changed." in saved.text
    assert pages.history(ada) == ["added (admin:ed@x.example)"]


def test_saving_changes_everything_asked_for_and_says_so(both: Pages) -> None:
    ada = both.add()
    form = FORM | {
        "topics": ["Safety", "Research"],
        "cadence": "monthly",
        "paused_until": "2026-12-24",
        "letter_format": "text",
        "name": " Ada  Lovelace ",
        "language": "de",
        "timezone": "Europe/Rome",
    }
    saved = both.client.post(both.path("p", ada), data=form)
    assert saved.status_code == 200
    for told in (
        "Gespeichert",
        "Rubriken: alle → Research, Safety",
        "Wie oft: jede Ausgabe → einmal im Monat",
        "Keine Briefe vor: keine → Donnerstag, 24. Dezember 2026",
        "Name: keine → Ada Lovelace",
        "Montag, 4. Januar 2027, 07:00 Uhr (Europe/Rome)",
    ):
        assert told in saved.text
    person, subscription = both.rows(ada)
    assert (person.name, person.language, person.timezone) == ("Ada Lovelace", "de", "Europe/Rome")
    assert person.letter_format is LetterFormat.TEXT
    assert subscription.topics == ["Research", "Safety"]
    assert subscription.cadence is Cadence.MONTHLY
    assert subscription.paused_until == date(2026, 12, 24)
    assert both.history(ada)[1:] == ["changed preferences (link)", "paused (link)"]


def test_all_sections_ticked_means_new_ones_too(pages: Pages) -> None:
    ada = pages.add(topics=("Safety",))
    pages.client.post(pages.path("p", ada), data=FORM)
    assert pages.rows(ada)[1].topics is None


def test_a_pause_can_be_ended_by_one_button(pages: Pages) -> None:
    ada = pages.add()
    pages.client.post(pages.path("p", ada), data=FORM | {"paused_until": "2027-01-01"})
    assert 'value="resume"' in pages.client.get(pages.path("p", ada)).text
    resumed = pages.client.post(pages.path("p", ada), data={"do": "resume"})
    assert "Friday, 1 January 2027 → none" in resumed.text
    assert pages.rows(ada)[1].paused_until is None
    assert pages.history(ada)[-1] == "resumed (link)"


def test_a_pause_that_is_over_does_not_stand_in_the_way(pages: Pages) -> None:
    ada = pages.add()
    pages.client.post(pages.path("p", ada), data=FORM | {"paused_until": "2026-11-20"})
    pages.pass_time(days=5)
    page = pages.client.get(pages.path("p", ada)).text
    assert 'value="resume"' not in page
    assert pages.client.post(pages.path("p", ada), data=FORM | {"paused_until": "2026-11-20"}).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("topics", [], "Tick at least one section"),
        ("topics", ["Nonsense"], "Please choose one of these"),
        ("cadence", "hourly", "Please choose one of these"),
        ("paused_until", "tomorrow", "Please give a day"),
        ("paused_until", "2026-11-19", "after today"),
        ("paused_until", "2028-01-01", "within the next year"),
        ("letter_format", "", "Please choose one of these"),
        ("name", "x" * 201, "at most 200 characters"),
        ("name", "Ada\r\nBcc: x@y.example", "without control signs"),
        ("language", "xx", "Please choose one of these"),
        ("timezone", "Mars/Olympus", "no time zone of that name"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_nothing_is_lost(
    pages: Pages, field: str, value: str | list[str], told: str
) -> None:
    ada = pages.add(name="Ada")
    before = pages.rows(ada)
    form = FORM | {"name": "Kept as typed", "cadence": "monthly", "paused_until": "2026-12-01", field: value}
    answer = pages.client.post(pages.path("p", ada), data=form)
    assert answer.status_code == 422
    assert f'id="{field}-wrong">' in answer.text
    assert told in answer.text
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text
    if field != "name":
        assert 'value="Kept as typed"' in answer.text
    if field != "cadence":
        assert 'value="monthly" checked' in answer.text
    assert pages.rows(ada) == before


@pytest.mark.parametrize("field", sorted(set(FORM) - {"do", "topics"}))
def test_U15_a_form_with_a_field_missing_or_twice_is_refused(pages: Pages, field: str) -> None:
    ada = pages.add()
    missing = {name: value for name, value in FORM.items() if name != field}
    assert pages.client.post(pages.path("p", ada), data=missing).status_code == 422
    twice = FORM | {field: ["monthly", "every"]}
    assert pages.client.post(pages.path("p", ada), data=twice).status_code == 422
    assert pages.history(ada) == ["added (admin:ed@x.example)"]


@pytest.mark.parametrize("extra", ["status", "confirmed", "email", "subscriber_id", "silent", "link_generation"])
def test_U15_fields_that_the_form_does_not_have_are_refused(pages: Pages, extra: str) -> None:
    ada = pages.add()
    answer = pages.client.post(pages.path("p", ada), data=FORM | {"name": "X", extra: "1"})
    assert answer.status_code == 422
    assert "Nothing was saved" in answer.text
    assert pages.rows(ada)[0].name == ""


def test_U18_the_token_is_the_only_identity(pages: Pages) -> None:
    ada, eve = pages.add("ada@x.example"), pages.add("eve@x.example")
    for field in ("subscriber_id", "id", "email", "token"):
        path = pages.path("p", eve) + f"?{field}={ada}"
        pages.client.post(path, data=FORM | {"name": "Mallory"})
        pages.client.post(pages.path("p", eve), data=FORM | {"name": "Mallory", field: str(ada)})
    assert pages.rows(ada)[0].name == ""
    assert pages.rows(eve)[0].name == "Mallory"


def test_U16_links_of_an_earlier_generation_are_refused(pages: Pages) -> None:
    ada = pages.add()
    with transaction(pages.engine) as session:
        person, _ = pages.rows(ada)
        person.link_generation = 1
        session.add(person)
    assert pages.client.get(pages.path("p", ada)).status_code == 403
    assert pages.client.get(pages.path("p", ada, 1)).status_code == 200


@pytest.mark.parametrize("language", sorted(languages()))
def test_the_page_is_whole_in_every_language_and_small(pages: Pages, language: str) -> None:
    ada = pages.add(language=language, timezone="America/Argentina/ComodRivadavia")
    for turn in range(12):
        pages.client.post(pages.path("p", ada), data=FORM | {"language": language, "topics": [SECTIONS[turn % 3]]})
    page = pages.client.get(pages.path("p", ada))
    assert f'<html lang="{language}">' in page.text
    assert page.text.count("<time ") == 10
    assert len(page.content) < 30_000


def test_a_language_without_a_file_falls_back_and_may_stay(pages: Pages) -> None:
    ada = pages.add(language="fr")
    page = pages.client.get(pages.path("p", ada), headers={"Accept-Language": "de"}).text
    assert '<html lang="de">' in page
    assert "<option selected>fr</option>" in page
    assert pages.client.post(pages.path("p", ada), data=FORM | {"language": "fr"}).status_code == 200


def test_people_whose_letters_bounced_are_told_so(pages: Pages) -> None:
    ada = pages.add("ada@x.example")
    with transaction(pages.engine) as session:
        suppress(session, "ada@x.example", key=KEY, reason=SuppressionReason.BOUNCED, source="event", now=NOW)
    page = pages.client.get(pages.path("p", ada)).text
    assert "Letters to ada@x.example came back" in page
    assert "We stopped writing to this address" in page
    assert pages.client.post(pages.path("p", ada), data={"do": "undo"}).status_code == 403


def test_my_data_come_as_one_document(pages: Pages) -> None:
    ada = pages.add("Ada@x.example", name="Ada", topics=("Safety",))
    answer = pages.client.get(pages.path("p", ada) + "/data.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    document = json.loads(answer.text)
    assert document["person"]["email"] == "Ada@x.example"
    assert document["subscriptions"][0]["topics"] == ["Safety"]
    assert [entry["what"] for entry in document["history"]] == ["added"]
    assert document["suppressed"] is None


def test_U25_erasing_asks_once_tells_what_stays_and_ends_all_links(both: Pages) -> None:
    ada = both.add("ada@x.example")
    paths = [both.path("p", ada), both.path("p", ada) + "/data.json", both.path("p", ada) + "/erase"]
    question = both.client.get(paths[2])
    assert "fingerprint" in question.text
    assert both.find("ada@x.example") is not None
    done = both.client.post(paths[2])
    assert "Your data is erased" in done.text
    assert "fingerprint" in done.text
    assert both.find("ada@x.example") is None
    assert {both.client.get(path).status_code for path in paths} == {403}
    assert both.client.post(paths[0], data=FORM).status_code == 403
    assert both.client.post(both.path("u", ada)).status_code == 200


def test_what_others_hold_is_forgotten_in_the_same_transaction(lite: object) -> None:
    from sqlalchemy import Engine

    from tests.subscribers.conftest import pages_on

    assert isinstance(lite, Engine)
    forgotten: list[int] = []
    pages = pages_on(lite, forget=lambda _session, who: forgotten.append(who))
    ada = pages.add()
    pages.client.post(pages.path("p", ada) + "/erase")
    assert forgotten == [ada]


def test_leaving_from_the_page_offers_the_way_back(pages: Pages) -> None:
    ada = pages.add("ada@x.example", topics=("Safety",))
    path = pages.path("p", ada)
    assert "You are unsubscribed" in pages.client.post(path, data={"do": "leave"}).text
    assert pages.rows(ada)[1].status is SubscriptionStatus.UNSUBSCRIBED
    assert "You get no letters at present" in pages.client.get(path).text
    back = pages.client.post(path, data={"do": "pause"})
    assert f'href="{path}"' in back.text
    subscription = pages.rows(ada)[1]
    assert subscription.status is SubscriptionStatus.CONFIRMED
    assert subscription.topics == ["Safety"]
    assert subscription.paused_until == NOW.date() + timedelta(weeks=4)
