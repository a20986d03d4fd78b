import os
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from flows.letters.letter import Body, build
from flows.letters.viewer import create_router
from tests.letters.samples import sample_envelope

BODY = Body("<p>Hello <a href='https://x.example/' target='_blank'>there</a></p>", "Hello there\n")


def put(folder: Path, name: str, raw: bytes | None = None, *, age_s: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.eml"
    path.write_bytes(build(sample_envelope(delivery_id=name), BODY) if raw is None else raw)
    os.utime(path, (1_800_000_000 - age_s, 1_800_000_000 - age_s))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def client(folder: Path) -> TestClient:
    app = FastAPI()
    app.include_router(create_router(folder))
    return TestClient(app)


def test_an_outbox_that_is_not_there_yet_is_empty(client: TestClient) -> None:
    answer = client.get("/outbox")
    assert answer.status_code == 200
    assert "No letters yet" in answer.text


def test_letters_are_listed_newest_first(client: TestClient, folder: Path) -> None:
    for age, name in enumerate(("monday", "sunday", "saturday")):
        put(folder, name, age_s=age * 86400)
    page = client.get("/outbox").text
    assert page.index("monday.eml") < page.index("sunday.eml") < page.index("saturday.eml")
    assert "Ada Moreno &lt;ada@example.org&gt;" in page
    assert "Models that admit they don’t know" in page
    assert "3 letters" in page


def test_drafts_links_and_other_files_are_not_letters(client: TestClient, folder: Path, tmp_path: Path) -> None:
    put(folder, "real")
    (tmp_path / "secret.eml").write_bytes(b"Subject: secret\r\n\r\nsecret")
    (folder / "link.eml").symlink_to(tmp_path / "secret.eml")
    (folder / ".draft-1.part").write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    (folder / "folder.eml").mkdir()
    page = client.get("/outbox").text
    assert "One letter" in page
    for name in ("link.eml", "folder.eml", "notes.txt"):
        assert client.get(f"/outbox/{name}").status_code == 404
        assert client.get(f"/outbox/{name}/raw").status_code == 404


def test_ten_thousand_letters_are_paged(client: TestClient, folder: Path) -> None:
    put(folder, "d00000")
    for number in range(1, 10_000):  # names of one file: quicker made than as many files
        os.link(folder / "d00000.eml", folder / f"d{number:05d}.eml")
    first, last = client.get("/outbox").text, client.get("/outbox?page=200").text
    assert "10,000 letters" in first
    assert first.count("<tr>") - 1 == 50
    assert "Page 200 of 200" in last
    assert client.get("/outbox?page=99999").text == last
    assert "Page 1 of 200" in client.get("/outbox?page=-5").text


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e%2fsecret.eml",
        "..\\secret.eml",
        "secret.eml%00",
        "a%0d%0ab.eml",
        ".hidden.eml",
        "x.eml.txt",
        "x",
        "ü.eml",
        "a" * 300 + ".eml",
    ],
)
def test_E08_only_names_of_letters_are_opened(client: TestClient, folder: Path, name: str) -> None:
    put(folder, "real")
    (folder.parent / "secret.eml").write_bytes(b"Subject: secret\r\n\r\nsecret")
    for address in (f"/outbox/{name}", f"/outbox/{name}/raw", f"/outbox/{name}/html"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "secret" not in answer.text


def test_a_letter_is_shown_with_its_parts(client: TestClient, folder: Path) -> None:
    put(folder, "one")
    page = client.get("/outbox/one.eml")
    assert 'src="/outbox/one.eml/html"' in page.text
    assert "Hello there" in client.get("/outbox/one.eml?part=text").text
    headers = client.get("/outbox/one.eml?part=headers").text
    assert "List-Unsubscribe=One-Click" in headers
    assert "=?utf-8?q?" in headers
    assert client.get("/outbox/one.eml?part=soul").status_code == 422


def test_a_letter_can_be_taken_away_as_it_is(client: TestClient, folder: Path) -> None:
    put(folder, "one")
    answer = client.get("/outbox/one.eml/raw")
    assert answer.content == (folder / "one.eml").read_bytes()
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"] == 'attachment; filename="one.eml"'


def test_a_letter_of_text_alone_opens_at_its_text(client: TestClient, folder: Path) -> None:
    put(folder, "plain", build(sample_envelope(), Body("", "Only words\n")))
    page = client.get("/outbox/plain.eml").text
    assert "Only words" in page
    assert "<iframe" not in page
    assert client.get("/outbox/plain.eml/html").status_code == 404


def test_E05_a_letter_is_framed_so_that_it_can_do_nothing(client: TestClient, folder: Path) -> None:
    put(folder, "one")
    page, frame = client.get("/outbox/one.eml"), client.get("/outbox/one.eml/html")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "allow-scripts" not in page.text
    rules = frame.headers["content-security-policy"]
    assert rules.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "frame-ancestors 'self'" in rules
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in rules
    assert "script-src" not in rules
    for answer in (page, frame, client.get("/outbox")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_E05_what_a_letter_says_of_itself_is_text(client: TestClient, folder: Path) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    head = f"From: {evil}\r\nTo: {evil}\r\nSubject: {evil}\r\nDate: {evil}\r\nX-{evil[1:7]}: {evil}\r\n"
    put(folder, "evil", f"{head}Content-Type: text/plain\r\n\r\n{evil}</pre>{evil}".encode())
    for address in ("/outbox", "/outbox/evil.eml", "/outbox/evil.eml?part=text", "/outbox/evil.eml?part=headers"):
        page = client.get(address).text
        assert "<script" not in page
        assert "<img" not in page


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00garbage\x00",
        b"Subject: =?utf-8?b?!!!?=\r\nTo: @@@,,,<<>>\r\nDate: never\r\n\r\n\xff",
        b"Content-Type: text/plain; charset=martian\r\n\r\nhello \xff",
        b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>half",
        b"Content-Type: multipart/alternative\r\n\r\n--x\r\n",
        b"Subject: =?utf-8?q?a=0D=0AB=3A?=\r\nTo: <a@b.example\r\n\r\n",
    ],
)
def test_a_file_that_is_hardly_a_letter_breaks_nothing(client: TestClient, folder: Path, raw: bytes) -> None:
    put(folder, "odd", raw)
    for address in ("/outbox", "/outbox/odd.eml", "/outbox/odd.eml?part=text", "/outbox/odd.eml?part=headers"):
        assert client.get(address).status_code == 200
    assert client.get("/outbox/odd.eml/raw").content == raw
