"""Which addresses may be asked and dialled."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.articles.guard import Guard, is_public
from flows.errors import FetchError

REFUSED_FORMS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://１２７.０.０.１/",
    "http://①②⑦.0.0.1/",
    "http://127。0。0。1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
    "http://100.64.0.1/",
    "http://168.63.129.16/",
    "http://192.0.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fd00::1]/",
    "http://[ff02::1]/",
    "http://[fd00:ec2::254]/",
    "http://[2001::7f00:1]/",
]


@pytest.mark.parametrize("url", REFUSED_FORMS)
def test_F08_no_form_of_an_inner_address_is_asked(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        Guard().check_url(url)
    assert refused.value.code in {"blocked_address", "bad_url"}


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://a.example/",
        "ftp://a.example/",
        "data:text/xml,<rss/>",
        "javascript:alert(1)",
        "http://a.example:22/",
        "http://a.example:6379/",
        "http://user:word@a.example/",
        "http://a.example@127.0.0.1/",
        "",
    ],
)
def test_F08_other_schemes_ports_and_passwords_are_refused(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        Guard().check_url(url)
    assert refused.value.code == "blocked_address"


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example\\@127.0.0.1/",
        "http://a.example/\r\nHost: inner",
        "http://a b.example/",
        "http://%31%32%37.0.0.1/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://-/",
        "http:///path",
        "http://a.example:99999/",
        "http://" + "a" * 70_000,
    ],
)
def test_F08_addresses_that_parsers_read_differently_are_refused(url: str) -> None:
    with pytest.raises(FetchError):
        Guard().check_url(url)


@pytest.mark.parametrize(
    ("url", "dialled"),
    [
        ("https://Blog.Example/Feed?a=B#top", "https://blog.example/Feed?a=B"),
        ("https://blog.example:443", "https://blog.example/"),
        ("http://bücher.example/feed", "http://xn--bcher-kva.example/feed"),
        ("http://8.8.8.8/feed", "http://8.8.8.8/feed"),
        ("http://[2606:4700::1111]/feed", "http://[2606:4700::1111]/feed"),
    ],
)
def test_public_addresses_pass_in_one_form(url: str, dialled: str) -> None:
    assert Guard().check_url(url) == dialled


def test_loopback_and_any_port_pass_where_private_addresses_are_allowed() -> None:
    guard = Guard(allow_private=True)
    assert guard.check_url("http://127.0.0.1:8097/feed") == "http://127.0.0.1:8097/feed"
    assert guard.may_dial("::1")
    with pytest.raises(FetchError):
        guard.check_url("file:///etc/passwd")


@given(st.integers(0, 2**32 - 1))
def test_F08_what_python_calls_not_global_is_never_public(number: int) -> None:
    address = IPv4Address(number)
    if not address.is_global or address.is_multicast:
        assert not is_public(str(address))


@given(st.integers(0, 2**128 - 1))
def test_F08_ipv6_outside_global_unicast_is_never_public(number: int) -> None:
    address = IPv6Address(number)
    if number >> 125 != 1 or not address.is_global:
        assert not is_public(str(address))


@pytest.mark.parametrize("address", ["", "localhost", "1.2.3", "fe80::1%eth0", "2001:4860::1%1"])
def test_F08_what_is_no_plain_address_is_not_public(address: str) -> None:
    assert not is_public(address)
