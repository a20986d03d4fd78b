"""Lists of sources, in and out."""

import pytest

from flows.articles.opml import MOST, Outline, read_opml, write_opml
from flows.errors import ReadError

LIST = """<?xml version="1.0"?><opml version="1.0"><body>
<outline text="Research"><outline text="Labs">
  <outline text="One &amp; only" xmlUrl="https://one.example/feed" htmlUrl="https://one.example/"/></outline>
  <outline title="Two" xmlUrl=" https://two.example/feed "/></outline>
<outline text="Again" xmlUrl="https://ONE.example/feed"/>
<outline text="Loose" type="rss" xmlURL="https://three.example/feed"/>
</body></opml>"""


def outlines(body: str) -> bytes:
    return f'<opml version="2.0"><body>{body}</body></opml>'.encode()


def test_folders_are_topics_and_duplicates_are_one() -> None:
    assert read_opml(LIST.encode()) == (
        Outline("https://one.example/feed", "One & only", "Labs", "https://one.example/"),
        Outline("https://two.example/feed", "Two", "Research"),
        Outline("https://three.example/feed", "Loose"),
    )


def test_what_is_written_is_read_again() -> None:
    feeds = (
        Outline("https://a.example/?a=1&b=2", 'A "quoted" <feed>', "R & D", "https://a.example/"),
        Outline("https://b.example/", "B", ""),
    )
    assert set(read_opml(write_opml(feeds, title="Ours & theirs").encode())) == set(feeds)


@pytest.mark.parametrize(
    "declaration",
    ['<!ENTITY a "x">', '<!ENTITY a SYSTEM "file:///etc/passwd">', '<!ENTITY % a SYSTEM "http://127.0.0.1/">'],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_F27_entities_are_refused(declaration: str, encoding: str) -> None:
    body = f"<!DOCTYPE opml [{declaration}]><opml><body/></opml>".encode(encoding)
    with pytest.raises(ReadError) as refused:
        read_opml(body)
    assert refused.value.code == "entities_refused"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_opml"),
        (b"<rss/>", "not_opml"),
        (b"<opml><body>", "not_opml"),
        (b"url,title\nhttps://a.example/feed,A", "not_opml"),
        (outlines("<outline text='f'>" * 100 + "</outline>" * 100), "not_opml"),
        (outlines("".join(f"<outline xmlUrl='https://a.example/{n}'/>" for n in range(MOST + 1))), "too_many_sources"),
        (b" " * (10 * 2**20 + 1), "too_many_sources"),
    ],
)
def test_F27_other_documents_are_refused(body: bytes, code: str) -> None:
    with pytest.raises(ReadError) as refused:
        read_opml(body)
    assert refused.value.code == code


def test_five_thousand_feeds_are_read() -> None:
    body = outlines("".join(f"<outline xmlUrl='https://a.example/{n}'/>" for n in range(MOST)))
    assert len(read_opml(body)) == MOST
