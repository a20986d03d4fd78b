"""`masthead sources …`, as somebody at a terminal uses it."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.errors import MastheadError
from tests.articles.conftest import item, rss
from tests.articles.loopback import Site, serving

FEED = rss(*(item(f"No {number}", f"https://blog.example/{number}", str(number), "<p>text</p>") for number in range(4)))
Answer = tuple[int, str]


@pytest.fixture
def site():  # type: ignore[no-untyped-def]
    with serving() as site:
        yield site


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("MASTHEAD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("MASTHEAD_ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("MASTHEAD_DATA", str(tmp_path / "data"))


def sources(*words: str) -> Answer:
    """Exit code and what is printed; an error that we expect is its sentence."""
    result = CliRunner().invoke(app, ["sources", *words], catch_exceptions=True)
    if isinstance(result.exception, MastheadError):
        return 2, str(result.exception)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def listed() -> list[dict[str, object]]:
    found = json.loads(sources("list", "--json")[1])
    assert isinstance(found, list)
    return found


def test_a_feed_is_added_listed_paused_and_resumed(site: Site) -> None:
    code, said = sources("add", site.page("/feed", FEED), "--topic", "Research")
    assert (code, "Added: A feed." in said) == (0, True)
    assert "is there already (source 1)" in sources("add", f"{site.base}/feed")[1]
    assert "paused" in sources("pause", "1")[1]
    assert [(row["health"], row["topic"]) for row in listed()] == [("paused", "Research")]
    assert "asked again" in sources("resume", "1")[1]
    code, table = sources("list")
    assert all(word in table for word in ("A feed", "Research", "new", "12 weeks", "▁" * 12))


def test_every_json_field_is_named_in_the_help(site: Site) -> None:
    sources("add", site.page("/feed", FEED))
    words = sources("list", "--help")[1]
    assert all(field in words for field in listed()[0])


def test_merging_says_first_what_it_will_do(site: Site) -> None:
    for name in ("one", "two"):
        sources("add", site.page(f"/{name}", rss(item("x", "https://blog.example/1", "1"), title=name)))
    code, plan = sources("merge", "1", "2", "--dry-run")
    assert (code, plan.strip().endswith("Nothing was changed.")) == (0, True)
    assert {row["health"] for row in listed()} == {"new"}
    assert "Go over from one to two: 0 articles." in sources("merge", "1", "2")[1]
    assert "nothing changes" in sources("merge", "1", "2")[1]
    assert "merged into two (source 2)" in sources("add", f"{site.base}/one")[1]
    code, said = sources("merge", "2", "2")
    assert (code, "into itself" in said) == (2, True)


def test_a_source_is_moved_and_moved_back(site: Site) -> None:
    sources("add", site.page("/feed", FEED))
    assert "new address" in sources("move", "1", "https://new.example/feed")[1]
    assert listed()[0]["url"] == "https://new.example/feed"
    assert "old address" in sources("undo-move", "1")[1]
    assert listed()[0]["url"] == f"{site.base}/feed"
    assert sources("undo-move", "9") == (2, "There is no source 9; `masthead sources list` shows them all.")


def test_F27_a_list_is_looked_at_imported_and_exported(site: Site, tmp_path: Path) -> None:
    document = (
        "<opml version='2.0'><body><outline text='Research'><outline text='One' xmlUrl='https://one.example/feed'/>"
        "</outline><outline text='Bad' xmlUrl='ftp://x.example/'/></body></opml>"
    )
    url = site.page("/feeds.opml", document)
    code, said = sources("import", url, "--dry-run")
    assert (code, "1 new, 0 there already, 1 with a bad address. Nothing was changed." in said) == (0, True)
    assert listed() == []
    file = tmp_path / "feeds.opml"
    file.write_text(document)
    for words in ("1 new, 0 there already", "0 new, 1 there already"):
        assert words in sources("import", str(file))[1]
    printed = sources("export")[1]
    assert '<outline text="Research" title="Research">' in printed
    out = tmp_path / "out.opml"
    assert "1 sources are in" in sources("export", str(out))[1]
    assert out.read_text("utf-8").strip() == printed.strip()
    assert sources("export", str(tmp_path / "no" / "x.opml"))[0] == 2
    assert "cannot be read" in sources("import", str(tmp_path / "none.opml"))[1]


def test_a_check_tells_its_findings_and_stores_nothing(site: Site) -> None:
    code, said = sources("check", site.page("/feed", FEED))
    assert code == 0
    assert said.startswith(f"Asked: {site.base}/feed")
    assert "4 articles" in said
    assert listed() == []


def test_a_check_that_finds_trouble_says_so_with_its_exit_code(site: Site) -> None:
    same = rss(item("One", "https://blog.example/1", "1"), item("Two", "https://blog.example/2", "1"))
    code, said = sources("check", site.page("/feed", same))
    assert (code, "trouble  A guid that another one has" in said) == (1, True)
    code, said = sources("check", site.page("/page", "<html></html>"))
    assert code == 1
    assert "trouble" in said
    assert "It would be refused (not_a_feed)." in said
