"""Text for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.articles.plain import TITLE_CHARS, language_tag, shorten, strip_tags, to_title, visible

FAMILY = "👩‍👩‍👧"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("a\u2066b\u2069c\u200e\u200f\u061c", "abc"),
        ("in\u200bvis\u2060ible\ufeff so\u00adft", "invisible soft"),
        ("bell\x07 nul\x00 esc\x1b[31m c1\x9b", "bell nul esc[31m c1"),
        (f"family {FAMILY}", f"family {FAMILY}"),
        ("heart ❤️", "heart ❤️"),
        (f"flag {ENGLAND}", f"flag {ENGLAND}"),
        ("hidden \U000e0068\U000e0069", "hidden "),
        ("a\u200db", "ab"),
        ("می\u200cخواهم क\u094d\u200dष", "می\u200cخواهم क\u094d\u200dष"),
        ("lone \ud800", "lone "),
    ],
)
def test_F16_steering_characters_go_and_joined_emoji_stay(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_F16_a_title_of_a_megabyte_is_cut_with_an_ellipsis() -> None:
    title = to_title("word " * 200_000, markup=False)
    assert len(title) <= TITLE_CHARS
    assert title.endswith("…")


def test_F16_emoji_are_not_cut_in_two() -> None:
    for limit in range(2, 12):
        assert shorten(f"ab{FAMILY} tail of the text", limit)[:-1] in {
            "a",
            "ab",
            f"ab{FAMILY}",
            f"ab{FAMILY} t",
            f"ab{FAMILY} ta",
        } | {f"ab{FAMILY} tai", f"ab{FAMILY} tail"}


@given(st.text(max_size=300), st.integers(2, 60))
def test_shortened_text_is_never_longer_than_asked(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("<script>alert(1)</script>News", "News"),
        ("<b>Bold</b> news <img src=x onerror=alert(1)>", "Bold news"),
        ("<scr<b>ipt>alert(1)</scr</b>ipt>", ""),
        ("Vec<T> in Rust", "Vec<T> in Rust"),
        ("when a < b and c > d", "when a < b and c > d"),
        ("<svg/onload=alert(1)>x", "x"),
        ("  two\n lines ", "two lines"),
    ],
)
def test_F10_titles_are_plain_text(title: str, plain: str) -> None:
    assert to_title(title, markup=False) == plain


def test_F10_titles_in_html_are_unescaped_once_and_stripped_again() -> None:
    assert to_title("AT&amp;T &#8217;s &lt;b&gt;news&lt;/b&gt;", markup=True) == "AT&T ’s news"
    assert to_title("&lt;script&gt;alert(1)&lt;/script&gt;x", markup=True) == "x"


def test_F10_every_tag_goes_from_a_title_that_is_said_to_be_markup() -> None:
    assert to_title("<blink>Old</blink><applet code=x></applet> news", markup=True) == "Old news"
    assert to_title("<!DOCTYPE html>Vec&lt;T&gt; a < b", markup=True) == "Vec<T> a < b"


@pytest.mark.parametrize(
    ("words", "tag"),
    [(" EN_us ", "en-us"), ("pl", "pl"), ("zh-Hant-TW", "zh-hant-tw"), ("English", ""), ("<b>en</b>", ""), ("", "")],
)
def test_language_tags_are_lower_case_or_none(words: str, tag: str) -> None:
    assert language_tag(words) == tag


@given(st.text(alphabet="<>/ab scriptimgonerror=\"'&;", max_size=200))
def test_F10_no_script_survives_stripping(text: str) -> None:
    bare = strip_tags("<script>" + text + "</script>").lower()
    assert "<script>" not in bare
    assert "<img " not in strip_tags("<img " + text.replace("<", "").replace(">", "") + ">")
