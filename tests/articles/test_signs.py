"""What a document shows before it is cleaned; and that no document holds it up."""

from time import perf_counter

import pytest

from flows.articles.signs import Signs, look_for_signs
from tests.articles.conftest import item, rss

XML = "application/xml"


def test_rss_atom_and_json_are_counted_alike() -> None:
    feed = rss(
        item("One", "https://a.example/1", "1", "x", "<pubDate>Wed, 18 Nov 2026 09:00:00 GMT</pubDate>"),
        item("Two", "/2?utm_source=x", "1", "<p>Continue reading</p>"),
        item("Three", "", "", "x"),
    )
    expected = Signs(
        items=3,
        without_guid=1,
        doubled_guids=1,
        without_date=2,
        relative_links=1,
        tracked_links=1,
        boilerplate=1,
    )
    assert look_for_signs(feed, XML) == expected
    atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom'>"
        "<entry><id>1</id><link href='https://a.example/1'/><updated>2026-11-18T09:00:00Z</updated></entry>"
        "<entry><id><![CDATA[1]]></id><link rel='alternate' href='/2?utm_source=x'/>"
        "<summary>Read more</summary></entry>"
        "<entry><title>Three</title></entry></feed>"
    )
    assert look_for_signs(atom.encode(), XML) == expected
    json = (
        '{"version": "https://jsonfeed.org/version/1.1", "items": ['
        '{"id": "1", "url": "https://a.example/1", "date_published": "2026-11-18T09:00:00Z"},'
        '{"id": "1", "url": "/2?utm_source=x", "content_html": "Read more"}, {"title": "Three"}]}'
    )
    assert look_for_signs(json.encode(), "application/feed+json") == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{" * 100_000,
        b'{"items": 7}',
        b'{"items": [7, null, {"id": {}}]}',
        b"<item>" * 300_000,
        b"<item><guid>" + b"<guid" * 500_000,
        b"<item " + b"<link href='" * 300_000,
        b"<entry><link " + b"a=b " * 500_000,
        b"<item><guid></guid><link>" + b"&amp;" * 500_000 + b"</link></item>",
        b"\xff\xfe\x00\xd8" * 1000,
    ],
    ids=lambda body: body[:14].decode("latin-1"),
)
def test_F12_no_document_holds_it_up(body: bytes) -> None:
    started = perf_counter()
    assert look_for_signs(body, XML).items <= 1000
    assert perf_counter() - started < 5
