"""Bytes to text."""

import pytest

from flows.articles.charset import decode
from flows.errors import ReadError
from tests.articles.conftest import item, read, rss

POLISH = (
    "Zażółć gęślą jaźń. Wielkie modele językowe są coraz częściej używane w szpitalach, a naukowcy ostrzegają, "
    "że błędy mogą być groźne. Źródło: świeże badania z Łodzi i Poznania, które właśnie ogłoszono."
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_F14_marks_and_patterns_of_unicode_are_seen(encoding: str) -> None:
    text = "<rss><title>„ząb”</title></rss>"
    assert decode(text.encode(encoding), "").text == text


def test_F14_the_server_is_believed_before_the_document() -> None:
    body = '<?xml version="1.0" encoding="utf-8"?><a>zażółć</a>'.encode("cp1250")
    decoded = decode(body, "text/xml; charset=windows-1250")
    assert (decoded.text, decoded.guessed) == ("<a>zażółć</a>", "")


def test_F14_the_document_is_believed_where_the_server_is_silent() -> None:
    body = '<?xml version="1.0" encoding="koi8-r"?><a>Привет</a>'.encode("koi8-r")
    assert decode(body, "text/xml").text == "<a>Привет</a>"


def test_F14_a_wrong_declaration_gives_way_to_utf_8() -> None:
    body = '<?xml version="1.0" encoding="us-ascii"?><a>„ząb”</a>'.encode()
    assert decode(body, "text/xml").text == "<a>„ząb”</a>"


def test_F14_latin_2_that_calls_itself_utf_8_is_guessed_and_told() -> None:
    feed = rss(item("Modele", body=f"<p>{POLISH}</p>")).decode().encode("iso8859-2")
    found = read(feed)
    assert found.entries[0].text == POLISH
    assert any(warning.startswith("encoding guessed") for warning in found.warnings)


def test_F14_windows_quotes_that_call_themselves_latin_are_quotes() -> None:
    body = '<?xml version="1.0" encoding="iso-8859-2"?><a>„ząb”</a>'.encode("cp1250")
    assert decode(body, "").text == "<a>„ząb”</a>"
    assert decode(b"<a>\x93x\x94</a>", "text/xml; charset=iso-8859-1").text == "<a>“x”</a>"


def test_F14_utf_7_is_refused() -> None:
    with pytest.raises(ReadError) as refused:
        decode(b"<?xml version='1.0' encoding='utf-7'?><a>+ADw-script+AD4-</a>", "")
    assert refused.value.code == "unreadable_feed"
    with pytest.raises(ReadError):
        decode(b"+ADw-rss+AD4-", "text/xml; charset=UTF-7")


@pytest.mark.parametrize(
    "name", ["punycode", "undefined", "idna", "unicode_escape", "raw_unicode_escape", "rot13", "hex"]
)
def test_F05_encodings_that_are_none_for_text_are_refused(name: str) -> None:
    with pytest.raises(ReadError) as refused:
        decode(f"<?xml version='1.0' encoding='{name}'?><rss/>".encode(), "")
    assert refused.value.code == "unreadable_feed"
    assert name in refused.value.reason


def test_an_encoding_that_nobody_knows_is_passed_over() -> None:
    assert (
        decode(b"<?xml version='1.0' encoding='x-bogus'?><a>b</a>", "text/xml; charset=ebcdic-of-mars").text
        == "<a>b</a>"
    )
