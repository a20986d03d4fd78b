"""Signed links: what is honoured, and the many things that are not."""

import string
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import LinkError
from subscribers.links import Claims, Links, Purpose
from tests.conftest import NOW

LINKS = Links(b"key", "https://letters.example/")
SIGNS = string.ascii_letters + string.digits + "-_.=+/~%\u00e9"


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_links_are_absolute_and_say_what_they_are_for() -> None:
    assert LINKS.preferences(7, "post", 0).startswith("https://letters.example/p/")
    assert LINKS.unsubscribe(7, "post", 0).startswith("https://letters.example/u/")
    assert LINKS.confirm(7, "post", 0, now=NOW).startswith("https://letters.example/c/")


@given(
    st.sampled_from(Purpose),
    st.integers(1, 10**17),
    st.from_regex(r"[a-z0-9]{1,20}(-[a-z0-9]{1,20})?", fullmatch=True),
    st.integers(0, 10**8),
)
def test_what_is_signed_is_read_back(purpose: Purpose, subscriber: int, newsletter: str, generation: int) -> None:
    claims = Claims(subscriber, newsletter, generation)
    token = LINKS.token(purpose, claims)
    assert LINKS.read(token, purpose) == claims
    assert LINKS.read(token, purpose.name.lower(), newsletter=newsletter) == claims


@pytest.mark.parametrize("purpose", list(Purpose))
def test_U16_no_token_survives_a_change_of_one_character(purpose: Purpose) -> None:
    expires = NOW + timedelta(days=1) if purpose is Purpose.CONFIRM else None
    token = LINKS.token(purpose, Claims(42, "gradient-post", 3, expires))
    accepted = []
    for place in range(len(token)):
        changed = [token[:place] + sign + token[place + 1 :] for sign in SIGNS if sign != token[place]]
        changed += [token[:place] + token[place + 1 :], token[:place] + token[place] * 2 + token[place + 1 :]]
        accepted += [each for each in changed if each != token and _is_read(each, purpose)]
    assert accepted == []
    assert _is_read(token, purpose)


@pytest.mark.parametrize("end", ["=", "==", " ", "\n", ".", "%3D", "A", "\x00", "/"])
def test_U16_nothing_may_be_added_to_a_token(end: str) -> None:
    token = LINKS.token(Purpose.PREFERENCES, Claims(42, "post", 0))
    assert not _is_read(token + end, Purpose.PREFERENCES)
    assert not _is_read(end + token, Purpose.PREFERENCES)
    assert not _is_read(token.upper(), Purpose.PREFERENCES)


@given(st.text(max_size=400))
def test_U16_no_text_is_a_token(text: str) -> None:
    assert not any(_is_read(text, purpose) for purpose in Purpose)


def test_U16_a_token_serves_its_own_purpose_alone() -> None:
    for made in Purpose:
        token = LINKS.token(made, Claims(42, "post", 0))
        assert [used for used in Purpose if _is_read(token, used)] == [made]
        for used in Purpose:
            if used is not made:
                assert not _is_read(used + token[1:], used)


def test_U16_a_token_of_another_list_or_another_key_is_refused() -> None:
    token = LINKS.token(Purpose.PREFERENCES, Claims(42, "post", 0))
    with pytest.raises(LinkError):
        LINKS.read(token, Purpose.PREFERENCES, newsletter="other")
    with pytest.raises(LinkError):
        Links(b"other key", "https://letters.example").read(token, Purpose.PREFERENCES)


def test_U16_a_retired_key_still_opens_old_letters() -> None:
    token = LINKS.token(Purpose.UNSUBSCRIBE, Claims(42, "post", 0))
    renewed = Links(b"new key", "https://letters.example", retired=[b"key"])
    assert renewed.read(token, Purpose.UNSUBSCRIBE).subscriber_id == 42
    assert renewed.token(Purpose.UNSUBSCRIBE, Claims(42, "post", 0)) != token


def test_a_confirmation_expires_and_a_good_bye_never_does() -> None:
    confirm = token_of(LINKS.confirm(42, "post", 0, now=NOW))
    assert LINKS.read(confirm, Purpose.CONFIRM, now=NOW + timedelta(days=6, hours=23)).issued == NOW
    with pytest.raises(LinkError):
        LINKS.read(confirm, Purpose.CONFIRM, now=NOW + timedelta(days=7))
    with pytest.raises(LinkError):
        LINKS.read(confirm, Purpose.CONFIRM)
    leave = token_of(LINKS.unsubscribe(42, "post", 0))
    assert LINKS.read(leave, Purpose.UNSUBSCRIBE, now=NOW + timedelta(days=36500)).expires is None


def test_links_without_a_key_are_not_made() -> None:
    with pytest.raises(ValueError, match="empty"):
        Links(b"", "https://letters.example")


def _is_read(token: str, purpose: Purpose) -> bool:
    try:
        LINKS.read(token, purpose, now=NOW)
    except LinkError:
        return False
    return True
