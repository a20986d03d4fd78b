"""The commands: lists as tables and as JSON, and a clear sentence for every wrong input."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from flows.cli import app
from flows.demo import run_demo
from flows.errors import MastheadError
from flows.samples import create_samples
from flows.up import PagesThread
from subscribers.errors import SubscribersError
from tests.conftest import NOW


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("MASTHEAD_") and name != "MASTHEAD_ACCEPTANCE_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("MASTHEAD_DATA", "")  # so that what a command sets is undone


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a demo that ran to its end by itself."""
    data: Path = tmp_path_factory.mktemp("demo")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASTHEAD_DATA", "")
        assert run_demo(data, live=False, unattended=True, port=free_port(), say=said.append) == 0, said
    (data / "said.txt").write_text("\n".join(said))
    return data


@pytest.fixture(scope="module")
def samples() -> Iterator[str]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    pages = PagesThread(create_samples(base, lambda: NOW), "127.0.0.1", port)
    pages.start()
    yield base
    pages.stop()


def run(*words: str) -> str:
    """What a command prints; the sentence of an error that we expect."""
    result = CliRunner().invoke(app, words, catch_exceptions=True)
    if isinstance(result.exception, MastheadError | SubscribersError):
        return f"masthead: {result.exception}"
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def document(*words: str) -> list[dict[str, object]]:
    found = json.loads(run(*words, "--json"))
    assert isinstance(found, list)
    return found


def test_the_demo_accounts_for_everybody(demo: Path) -> None:
    said = (demo / "said.txt").read_text()
    assert "Receipt: 25 people = 25 accepted." in said
    assert len(list((demo / "outbox").glob("[!n]*.eml"))) == 25  # the letters; notes to the editors beside them


def test_lists_are_one_json_document_with_the_fields_their_help_names(demo: Path) -> None:
    for words, fields in {
        ("articles", "list"): {"title", "source", "link", "published", "words", "text"},
        ("stories", "list"): {"id", "title", "source", "link", "topic", "articles", "sources"},
        ("editions", "list"): {"number", "slot", "status", "subject", "chosen", "audience", "sent_at"},
        ("letters", "list"): {"edition", "address", "status", "reason", "provider_id", "delivery_id"},
        ("sources", "list"): {"title", "url", "topic", "status", "health", "articles", "error"},
        ("subscribers", "list"): {"email", "name", "status", "joined", "cadence", "topics"},
        ("users", "list"): {"email", "name", "role"},
    }.items():
        rows = document(*words, "--data", str(demo))
        assert rows, words
        assert fields <= set(rows[0]), words
        assert all(field in run(*words, "--help") for field in fields), words


def test_lists_are_tables_for_people(demo: Path) -> None:
    assert "Orchid Lab" in run("articles", "list", "--data", str(demo), "--limit", "100")
    assert "failing" in run("sources", "list", "--data", str(demo))
    assert "25 people = 25 accepted" in run("editions", "show", "1", "--data", str(demo))
    assert "accepted" in run("letters", "list", "--data", str(demo), "--edition", "1")


def test_two_installations_live_side_by_side(demo: Path, tmp_path: Path) -> None:
    assert document("articles", "list", "--data", str(tmp_path)) == []
    assert len(document("articles", "list", "--data", str(demo))) >= 60


def test_doing_it_all_again_changes_nothing(demo: Path) -> None:
    before = document("articles", "list", "--data", str(demo))
    letters = document("letters", "list", "--data", str(demo))
    run("collect", "--data", str(demo))
    run("deliver", "--data", str(demo))
    assert document("articles", "list", "--data", str(demo)) == before
    assert document("letters", "list", "--data", str(demo)) == letters


def test_readers_go_out_and_come_in_again(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "readers.csv"
    assert "25 readers" in run("subscribers", "export", str(out), "--data", str(demo))
    again = run("subscribers", "import", str(out), "--data", str(demo), "--confirmed")
    assert "25 rows: 0 people added, 0 updated, 25 as they were" in again


def test_a_feed_is_explained_and_added(samples: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTHEAD_ALLOW_PRIVATE_ADDRESSES", "true")
    feed = f"{samples}/feeds/orchid-lab.rss.xml"
    assert "9 articles" in run("sources", "check", feed, "--data", str(tmp_path))
    assert document("sources", "list", "--data", str(tmp_path)) == []
    assert "Added: Orchid Lab" in run("sources", "add", feed, "--data", str(tmp_path))


class TestBadInput:
    def test_the_demo_never_touches_a_real_installation(self, tmp_path: Path) -> None:
        run("editions", "list", "--data", str(tmp_path))
        said = run("demo", "--approve", "--data", str(tmp_path))
        assert "is a real installation" in said
        assert document("subscribers", "list", "--data", str(tmp_path)) == []

    def test_the_demo_sends_nothing_whatever_the_environment_says(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MASTHEAD_TRANSPORT", "ses")
        assert run_demo(tmp_path, live=False, unattended=True, port=free_port(), say=lambda _line: None) == 0
        assert len(list((tmp_path / "outbox").glob("[!n]*.eml"))) == 25

    def test_a_file_where_a_folder_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        assert "cannot be made" in run("demo", "--data", str(tmp_path / "file"))

    def test_an_export_to_nowhere(self, tmp_path: Path) -> None:
        said = run("subscribers", "export", str(tmp_path / "no" / "x.csv"), "--data", str(tmp_path))
        assert "cannot be written (No such file or directory)" in said

    def test_a_database_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "masthead.db").write_bytes(b"this is not a database, but long enough to look like one" * 40)
        assert "cannot be opened" in run("editions", "list", "--data", str(tmp_path))

    def test_imported_people_without_consent_wait_and_it_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "people.csv").write_text("email\nada@reader.example\n")
        said = run("subscribers", "import", str(tmp_path / "people.csv"), "--data", str(tmp_path / "d"))
        assert "kept as pending: nothing is sent to them" in said

    def test_an_address_that_is_no_feed(self, samples: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MASTHEAD_ALLOW_PRIVATE_ADDRESSES", "true")
        said = run("sources", "add", f"{samples}/feeds/quillon.html", "--data", str(tmp_path))
        assert "not a feed" in said
        assert document("sources", "list", "--data", str(tmp_path)) == []

    def test_an_address_nobody_answers_at(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MASTHEAD_ALLOW_PRIVATE_ADDRESSES", "true")
        url = f"http://127.0.0.1:{free_port()}/feed"
        said = run("sources", "add", url, "--data", str(tmp_path))
        assert said.startswith("masthead: ")
        assert url in said

    def test_F08_a_private_address_is_refused_unless_allowed(self, samples: str, tmp_path: Path) -> None:
        said = run("sources", "add", f"{samples}/feeds/orchid-lab.rss.xml", "--data", str(tmp_path))
        assert said.startswith("masthead: ")
        assert "MASTHEAD_ALLOW_PRIVATE_ADDRESSES" in said

    def test_a_csv_without_an_email_column(self, tmp_path: Path) -> None:
        (tmp_path / "people.csv").write_text("name,town\nAda,London\n")
        said = run("subscribers", "import", str(tmp_path / "people.csv"), "--data", str(tmp_path / "d"))
        assert "email" in said
        assert "name" in said
        assert "town" in said

    def test_an_unknown_time_zone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MASTHEAD_NEWSLETTER__TIMEZONE", "Europe/Atlantis")
        assert "“Europe/Atlantis” is not a time zone" in run("editions", "list", "--data", str(tmp_path))

    def test_a_port_in_use(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            assert f"port {port} on 127.0.0.1 cannot be used" in run("up", "--port", str(port), "--data", str(tmp_path))

    def test_a_data_folder_from_a_newer_version(self, tmp_path: Path) -> None:
        run("editions", "list", "--data", str(tmp_path))
        engine = create_engine(f"sqlite:///{tmp_path / 'masthead.db'}")
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        engine.dispose()
        said = run("editions", "list", "--data", str(tmp_path))
        assert "written by a newer version of Masthead" in said
        assert "Nothing was changed" in said

    def test_an_edition_that_is_not_there(self, tmp_path: Path) -> None:
        assert "there is no edition no. 7" in run("editions", "show", "7", "--data", str(tmp_path))

    def test_somebody_who_may_not_approve(self, demo: Path) -> None:
        said = run("approve", "1", "--by", "mallory@evil.example", "--data", str(demo))
        assert "not somebody of the team who may approve" in said

    def test_the_error_is_one_sentence_on_standard_error_and_exit_code_two(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "flows.cli", "editions", "show", "7", "--data", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "masthead: there is no edition no. 7; `masthead editions list` names them.\n"
