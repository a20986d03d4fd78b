"""Joining: one answer to everybody, limits that cannot be seen, and a link that confirms once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi import BackgroundTasks

from flows.database import reading, transaction
from subscribers.joining import FormAge, Limits, ask_to_join, form_age, form_token
from subscribers.models import SubscriptionStatus, Suppression, SuppressionReason
from subscribers.pages import Note
from subscribers.suppression import suppress
from tests.conftest import NOW
from tests.subscribers.conftest import ADDRESS, KEY, SLUG, Pages, pages_on


def confirm_path(note: Note) -> str:
    return note.values["link"].removeprefix(ADDRESS)


def test_joining_takes_a_form_a_letter_and_one_button(pages: Pages) -> None:
    answer = pages.join("Ada@Readers.example", name="Ada")
    assert answer.status_code == 202
    (note,) = pages.notes
    assert (note.to, note.template) == ("Ada@Readers.example", "confirm")
    ada = pages.find("ada@readers.example")
    assert ada is not None
    assert pages.rows(ada.id or 0)[1].status is SubscriptionStatus.PENDING
    question = pages.client.get(confirm_path(note))
    assert "Was it you?" in question.text
    assert pages.rows(ada.id or 0)[1].status is SubscriptionStatus.PENDING
    for _ in range(2):
        done = pages.client.post(confirm_path(note))
        assert done.status_code == 200
        assert "You are on the list" in done.text
    assert pages.history(ada.id or 0) == ["asked to join (form)", "confirmed (link)"]
    assert pages.client.get(done.text.split('class="onward" href="')[1].split('"')[0]).status_code == 200


def test_U17_everybody_gets_the_same_answer(both: Pages) -> None:
    def refuse(address: str) -> None:
        with transaction(both.engine) as session:
            suppress(session, address, key=KEY, reason=SuppressionReason.COMPLAINED, source="event", now=NOW)

    both.add("confirmed@x.example")
    left = both.add("left@x.example")
    both.client.post(both.path("u", left))
    both.join("pending@x.example")
    refuse("complained@x.example")
    answers = [
        both.join(f"{who}@x.example") for who in ("new", "confirmed", "left", "pending", "complained", "pending")
    ]
    both.pass_time(hours=2)
    answers.append(both.join("robot@x.example", website="https://spam.example"))
    assert {(answer.status_code, answer.text, str(sorted(answer.headers))) for answer in answers} == {
        (202, answers[0].text, str(sorted(answers[0].headers)))
    }
    assert [note.to for note in both.notes] == ["pending@x.example", "new@x.example", "left@x.example"]
    assert both.find("robot@x.example") is None


def test_U17_nothing_is_looked_up_before_the_answer_has_left(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    later: list[Any] = []
    monkeypatch.setattr(BackgroundTasks, "add_task", lambda _self, *task: later.append(task))
    assert pages.join("ada@x.example").status_code == 202
    assert pages.find("ada@x.example") is None
    ((task, *arguments),) = later
    task(*arguments)
    assert pages.find("ada@x.example") is not None


def test_asking_again_never_changes_a_subscription(both: Pages) -> None:
    ada = both.add("ada@x.example", name="Ada", topics=("Safety",))
    before = both.rows(ada)
    both.join("ADA@x.example", name="Mallory")
    assert both.rows(ada) == before
    both.client.post(both.path("u", ada))
    both.join("ada@x.example", name="Mallory")
    person, subscription = both.rows(ada)
    assert (person.name, subscription.status) == ("Ada", SubscriptionStatus.UNSUBSCRIBED)
    both.client.post(confirm_path(both.notes[-1]))
    assert both.rows(ada)[1].status is SubscriptionStatus.CONFIRMED


def test_U14_one_letter_a_day_and_three_in_thirty_days(pages: Pages) -> None:
    sent = []
    for day in (0, 1, 2, 3, 17, 29, 30, 31, 32, 33):
        pages.clock[0] = NOW + timedelta(days=day, minutes=day)
        pages.join("victim@x.example")
        pages.join("Victim+more@x.example")
        sent += [day] * (len(pages.notes) - len(sent))
    assert sent == [0, 1, 2, 30, 31, 32]


def test_U14_dots_make_no_new_mailbox_at_gmail(pages: Pages) -> None:
    for address in ("victim@gmail.com", "v.ictim@gmail.com", "vi.ct.im+x@gmail.com"):
        pages.join(address)
    assert len(pages.notes) == 1


def test_U14_one_network_may_ask_ten_times_an_hour(pages: Pages) -> None:
    codes = [pages.join(f"reader{number}@x.example").status_code for number in range(12)]
    assert codes == [202] * 10 + [429] * 2
    assert len(pages.notes) == 10
    pages.pass_time(hours=1, minutes=1)
    assert pages.join("later@x.example").status_code == 202


def test_U14_over_all_networks_the_form_rests_and_the_team_is_told(lite: Any) -> None:
    pages = pages_on(lite, limits=Limits(all_an_hour=4, network_an_hour=100))
    codes = {pages.join(f"reader{number}@x.example").status_code for number in range(8)}
    assert codes == {202}
    assert len(pages.notes) == 4
    assert len(pages.alarms) == 1
    assert "4 confirmation letters" in pages.alarms[0]


def test_U14_the_letter_holds_nothing_that_a_stranger_typed(pages: Pages) -> None:
    pages.join("victim@x.example", name="Buy pills at https://spam.example")
    assert set(pages.notes[0].values) == {"link", "days", "language"}
    assert "spam" not in str(pages.notes[0].values)


def test_U14_a_form_sent_too_soon_too_late_or_without_its_stamp_comes_back(pages: Pages) -> None:
    good = form_token(KEY, NOW)
    limits = Limits()
    ages = {
        FormAge.TOO_YOUNG: (good, NOW + timedelta(seconds=2)),
        FormAge.GOOD: (good, NOW + timedelta(seconds=3)),
        FormAge.TOO_OLD: (good, NOW + timedelta(hours=25)),
        FormAge.FALSE: (good[:-1] + "x", NOW + timedelta(seconds=5)),
    }
    assert [form_age(KEY, token, at, limits) for token, at in ages.values()] == list(ages)
    for token in ("", good, "1.é", "٣.x", f"9{good}"):
        answer = pages.client.post("/join", data={"email": "ada@x.example", "form": token})
        assert answer.status_code == 422
        assert 'value="ada@x.example"' in answer.text
    assert pages.notes == []


def test_U12_fifty_requests_at_once_make_one_person_and_one_letter(both: Pages) -> None:
    def ask(_turn: int) -> bool:
        with transaction(both.engine) as session:
            invited = ask_to_join(session, "ada@x.example", newsletter=SLUG, key=KEY, now=NOW, limits=Limits())
            return invited.use_id is not None

    with ThreadPoolExecutor(16) as pool:
        letters = sum(pool.map(ask, range(50)))
    assert letters == 1
    ada = both.find("ada@x.example")
    assert ada is not None
    assert both.history(ada.id or 0) == ["asked to join (form)"]


@pytest.mark.parametrize("field", ["confirmed", "silent", "status", "newsletter", "id"])
def test_U15_fields_that_the_form_does_not_have_are_refused(pages: Pages, field: str) -> None:
    answer = pages.join("ada@x.example", **{field: "1"})
    assert answer.status_code == 422
    assert pages.find("ada@x.example") is None


@pytest.mark.parametrize(
    "email", ["no", "a@b", "a@x.example, b@x.example", "ż@x.example", "a@x.example\nBcc: b@x.example", ""]
)
def test_a_wrong_address_is_told_beside_the_field_and_nothing_is_lost(pages: Pages, email: str) -> None:
    answer = pages.join(email, name="Ada <b>")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert 'value="Ada &lt;b&gt;"' in answer.text
    assert pages.notes == []


def test_U16_a_confirmation_cannot_be_played_again_after_leaving(pages: Pages) -> None:
    pages.join("ada@x.example")
    path = confirm_path(pages.notes[0])
    pages.client.post(path)
    ada = pages.find("ada@x.example")
    assert ada is not None
    pages.pass_time(minutes=1)
    pages.client.post(pages.path("u", ada.id or 0))
    assert pages.client.post(path).status_code == 403
    assert pages.rows(ada.id or 0)[1].status is SubscriptionStatus.UNSUBSCRIBED


def test_a_confirmation_expires_after_seven_days(pages: Pages) -> None:
    pages.join("ada@x.example")
    pages.pass_time(days=7)
    assert pages.client.post(confirm_path(pages.notes[0])).status_code == 403


def test_who_was_erased_may_come_back_by_her_own_will(both: Pages) -> None:
    ada = both.add("ada@x.example")
    both.client.post(both.path("p", ada) + "/erase")
    both.join("ada@x.example")
    assert both.client.post(confirm_path(both.notes[0])).status_code == 200
    with reading(both.engine) as session:
        assert session.get(Suppression, "x") is None
    again = both.find("ada@x.example")
    assert again is not None
    assert again.id != ada
    assert both.rows(again.id or 0)[1].status is SubscriptionStatus.CONFIRMED


def test_a_letter_that_could_not_be_posted_is_not_counted(lite: Any) -> None:
    def fail(_note: Note) -> None:
        raise ConnectionError("no mail service")

    pages = pages_on(lite, post=fail)
    with pytest.raises(ConnectionError):
        pages.join("ada@x.example")
    pages = pages_on(lite)
    pages.join("ada@x.example")
    assert [note.to for note in pages.notes] == ["ada@x.example"]


def test_the_form_speaks_german_to_german_browsers(pages: Pages) -> None:
    german = pages.client.get("/join", headers={"Accept-Language": "fr;q=0.9, de-AT, en;q=0.5"})
    assert '<html lang="de">' in german.text
    assert "Nächste" in german.text or "nächste Ausgabe" in german.text
    assert '<html lang="en">' in pages.client.get("/join", headers={"Accept-Language": "fr"}).text
