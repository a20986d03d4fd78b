"""Strangers' words become plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.events.plain import DETAIL_BYTES, plain_text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("smtp; 550 <ada@readers.example>: unknown", "smtp; 550 <ada@readers.example>: unknown"),
        ("no <script>alert(1)</script> such", "no alert(1) such"),
        ("<img src=x onerror='f(\"a@b\")'>gone", "gone"),
        ("<a href=x@y>mail</a>", "mail"),
        ("\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07", "red link"),
        ("two\r\nlines\tand\x00nul", "two lines andnul"),
        ("left\u202eright \ud800 half", "leftright half"),
        ("4 < 5 and 6 > 5", "4 < 5 and 6 > 5"),
    ],
)
def test_W09_markup_and_terminal_sequences_are_gone(said: str, kept: str) -> None:
    assert plain_text(said) == kept


def test_W09_ten_megabytes_become_two_kibibytes() -> None:
    assert len(plain_text("ß" * 10 * 2**20).encode()) <= DETAIL_BYTES


@given(st.text(st.characters(exclude_categories=[]), max_size=400))
def test_W09_whatever_comes_is_one_printable_line_that_stays_as_it_is(said: str) -> None:
    kept = plain_text(said)
    assert "\n" not in kept
    assert "\x1b" not in kept
    assert "\x00" not in kept
    assert kept.encode("utf-8").decode() == kept
    assert len(kept.encode()) <= DETAIL_BYTES
