"""Addresses: what is refused, what is kept, and what two are compared by."""

import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import AddressError
from subscribers.hygiene import (
    address_hash,
    check_address,
    check_name,
    check_timezone,
    email_key,
    sending_address,
)

_CONTROLS = [
    "\r",
    "\n",
    "\r\nBcc: x@y.example",
    "\x00",
    "\x85",
    "\u2028",
    "\u2029",
    "\x0b",
    "\ud800",
    "\u202e",
]


@pytest.mark.parametrize("sign", _CONTROLS)
@pytest.mark.parametrize("where", ["{}a@b.example", "a{}b@c.example", "a@b{}.example", "a@b.example{}"])
def test_U01_control_signs_in_an_address_are_refused(sign: str, where: str) -> None:
    with pytest.raises(AddressError) as caught:
        check_address(where.format(sign))
    assert sign not in str(caught.value)


@pytest.mark.parametrize("sign", _CONTROLS)
def test_U01_control_signs_in_a_name_are_refused(sign: str) -> None:
    with pytest.raises(ValueError, match="line break or control"):
        check_name(f"Ada{sign}Lovelace")


@pytest.mark.parametrize(
    "text",
    [
        "a@e.com, b@x.com",
        "a@e.com;b@x.com",
        "a@e.com b@x.com",
        "friends: a@e.com;",
        "a(comment)@e.com",
        '"a b"@e.com',
        "Ada <a@e.com>",
        "<a@e.com>",
        "a@[192.0.2.1]",
        "@e.com",
        "a@",
        "a",
        "",
        "a@@e.com",
        "a..b@e.com",
    ],
)
def test_U02_anything_but_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError, match="is not an address we can deliver to"):
        check_address(text)


def test_U03_a_local_part_beyond_ascii_is_refused_with_a_sentence() -> None:
    with pytest.raises(AddressError, match="cannot be delivered to yet"):
        check_address("żółw@e.example")


def test_U03_a_domain_in_letters_is_kept_as_typed_and_sent_to_as_a_label() -> None:
    assert check_address("ada@Żółw.example") == "ada@Żółw.example"
    assert sending_address("ada@Żółw.example") == "ada@xn--w-uga1v8h.example"
    assert email_key("ada@xn--w-uga1v8h.example") == email_key("ADA@żółw.EXAMPLE")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.com", "ada@example.COM"),
        ("ada@ｅxample.com", "ada@example.com"),
        ("ada@exa\u0301mple.com", "ada@exámple.com"),
    ],
)
def test_U04_one_mailbox_written_in_two_ways_is_the_same(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)
    assert address_hash(b"key", one) == address_hash(b"key", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada+news@e.com", "ada@e.com"),
        ("a.da@gmail.com", "ada@gmail.com"),
        ("ada@straße.de", "ada@strasse.de"),
    ],
)
def test_U04_what_may_be_two_mailboxes_stays_two(one: str, other: str) -> None:
    assert email_key(one) != email_key(other)


def test_an_address_is_kept_as_typed() -> None:
    assert check_address("  Ada.Lovelace+News@Example.COM ") == "Ada.Lovelace+News@Example.COM"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 65 + "@e.com",
        "a@" + ".".join(["b" * 60] * 5) + ".com",
        "a@e",
        "a@b.test",
        "a@localhost",
        "a@b.invalid",
    ],
)
def test_U05_lengths_and_names_beyond_the_standard_are_refused(text: str) -> None:
    with pytest.raises(AddressError):
        check_address(text)


@given(st.text(max_size=60) | st.emails() | st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=20)))
def test_U04_normalising_twice_is_normalising_once(text: str) -> None:
    assert email_key(email_key(text)) == email_key(text)


@given(st.text(max_size=300))
def test_whatever_is_typed_is_an_address_or_a_sentence(text: str) -> None:
    try:
        address = check_address(text)
    except AddressError:
        return
    local, _, domain = sending_address(address).rpartition("@")
    assert local.isascii()
    assert domain.isascii()
    assert unicodedata.is_normalized("NFC", address)


def test_a_fingerprint_needs_the_key() -> None:
    assert address_hash(b"one", "a@b.example") != address_hash(b"two", "a@b.example")


def test_a_time_zone_that_does_not_exist_is_named() -> None:
    assert check_timezone(" Europe/Berlin ") == "Europe/Berlin"
    assert check_timezone("") is None
    for wrong in ("Mars/Olympus", "../../etc/passwd", "europe/berlin"):
        with pytest.raises(ValueError, match="no time zone"):
            check_timezone(wrong)


@given(st.emails() | st.from_regex(r"[-a-z.!'+=|]{1,70}@[-a-zż.]{1,20}", fullmatch=True))
def test_the_quick_check_of_an_address_agrees_with_the_thorough_one(text: str) -> None:
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        with pytest.raises(AddressError):
            check_address(text)
    else:
        assert check_address(text) == text
