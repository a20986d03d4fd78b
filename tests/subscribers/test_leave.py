"""Leaving: one click, at once, from a browser and from a mail program; and the way back."""

from datetime import date

import pytest

from flows.database import transaction
from subscribers.models import Cadence, SubscriptionStatus
from tests.subscribers.conftest import Pages

LEFT = SubscriptionStatus.UNSUBSCRIBED
ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
    "multipart/form-data; boundary=b",
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK.encode(), "application/x-www-form-urlencoded"),
        MULTIPART,
        (b"", "application/x-www-form-urlencoded"),
        (b"", ""),
        (ONE_CLICK.encode(), "text/plain"),
        (b"List-Unsubscribe=One-Click&more=1", "application/x-www-form-urlencoded"),
        (b"--broken", "multipart/form-data; boundary=b"),
        (b"no boundary", "multipart/form-data"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"x" * 100_000, "application/octet-stream"),
    ],
)
def test_U20_a_bare_post_ends_the_subscription_at_once(pages: Pages, body: bytes, kind: str) -> None:
    ada = pages.add()
    pages.client.cookies.clear()
    headers = {"Content-Type": kind} if kind else {}
    answer = pages.client.post(pages.path("u", ada), content=body, headers=headers, follow_redirects=False)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert pages.rows(ada)[1].status is LEFT


def test_U20_the_same_click_twice_is_one_good_bye(both: Pages) -> None:
    ada = both.add()
    answers = [both.client.post(both.path("u", ada), content=ONE_CLICK) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert both.history(ada)[1:] in (["unsubscribed (link)"], ["unsubscribed (one-click)"])


def test_U20_mail_programs_and_people_are_told_apart_in_the_history(pages: Pages) -> None:
    ada, bea = pages.add("ada@x.example"), pages.add("bea@x.example")
    pages.client.post(pages.path("u", ada), data={"List-Unsubscribe": "One-Click"})
    pages.client.post(pages.path("u", bea))
    assert pages.history(ada)[-1] == "unsubscribed (one-click)"
    assert pages.history(bea)[-1] == "unsubscribed (link)"


def test_U20_letters_of_erased_people_still_say_good_bye(pages: Pages) -> None:
    ada = pages.add()
    pages.client.post(pages.path("p", ada) + "/erase")
    answer = pages.client.post(pages.path("u", ada), content=ONE_CLICK)
    assert answer.status_code == 200
    assert 'name="do"' not in answer.text


def test_an_old_letter_may_say_good_bye_and_no_more(pages: Pages) -> None:
    ada = pages.add("ada@x.example")
    path = pages.path("u", ada)
    with transaction(pages.engine) as session:
        person, _ = pages.rows(ada)
        person.link_generation = 1
        session.add(person)
    assert "ad…@x.example" not in pages.client.get(path).text
    answer = pages.client.post(path)
    assert pages.rows(ada)[1].status is LEFT
    assert 'name="do"' not in answer.text
    assert pages.client.post(path, data={"do": "undo"}).status_code == 403
    assert pages.rows(ada)[1].status is LEFT


def test_the_page_asks_with_one_button_and_does_not_show_the_whole_address(pages: Pages) -> None:
    page = pages.client.get(pages.path("u", pages.add("ada.lovelace@x.example"))).text
    assert "ad…@x.example" in page
    assert "ada.lovelace" not in page
    assert "/p/" not in page


@pytest.mark.parametrize("left_first", [True, False])
@pytest.mark.parametrize(
    ("wish", "cadence", "until"),
    [
        ("undo", Cadence.EVERY, None),
        ("pause", Cadence.EVERY, date(2026, 12, 17)),
        ("monthly", Cadence.MONTHLY, None),
    ],
)
def test_the_way_back_is_one_button(
    pages: Pages, wish: str, cadence: Cadence, until: date | None, left_first: bool
) -> None:
    ada = pages.add(topics=("Safety",))
    path = pages.path("u", ada)
    if left_first:
        assert f'value="{wish}"' in pages.client.post(path).text
    answers = [pages.client.post(path, data={"do": wish}) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    _, subscription = pages.rows(ada)
    assert subscription.status is SubscriptionStatus.CONFIRMED
    assert (subscription.cadence, subscription.paused_until) == (cadence, until)
    assert subscription.topics == ["Safety"]
    assert subscription.ended_at is None


def test_undo_brings_back_a_pause_that_stood(pages: Pages) -> None:
    ada = pages.add()
    path = pages.path("u", ada)
    pages.client.post(path, data={"do": "pause"})
    until = pages.rows(ada)[1].paused_until
    pages.client.post(path)
    pages.client.post(path, data={"do": "undo"})
    assert pages.rows(ada)[1].paused_until == until is not None
