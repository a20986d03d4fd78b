"""What holds for every public page: headers, methods that change nothing, one answer to every wrong link."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from subscribers.pages.colour import accent_css, contrast
from subscribers.pages.frame import HEADERS
from tests.conftest import NOW
from tests.subscribers.conftest import ADDRESS, SLUG, Pages

SAFE_METHODS = ["GET", "HEAD", "OPTIONS"]
OTHER_METHODS = ["PUT", "PATCH", "DELETE", "TRACE"]


def every_path(pages: Pages) -> list[str]:
    """A genuine path of each kind, of a pending, a confirmed and a departed person."""
    pages.join("pending@x.example")
    confirmed, left = pages.add("confirmed@x.example"), pages.add("left@x.example")
    pages.client.post(pages.path("u", left))
    paths = ["/join", "/join/accent.css", pages.notes[-1].values["link"].removeprefix(ADDRESS)]
    for person in (confirmed, left):
        paths += [pages.path("u", person), pages.path("p", person)]
        paths += [pages.path("p", person) + end for end in ("/data.json", "/erase")]
    return paths


def wrong_paths(pages: Pages) -> list[str]:
    """Links that must not be honoured, each wrong in its own way."""
    ada = pages.add("wrong@x.example")
    good = pages.path("p", ada)
    paths = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good + "=",
        good.upper().replace("/P/", "/p/"),
        good.replace("/p/", "/u/"),
        good.replace("/p/", "/c/"),
        pages.path("u", ada).replace("/u/", "/p/"),
        pages.path("p", ada + 999),
        pages.path("p", ada, 5),
        pages.links.preferences(ada, "another-list", 0).removeprefix(ADDRESS),
        pages.links.confirm(ada, SLUG, 7, now=NOW).removeprefix(ADDRESS),
        good + "/nothing/here",
        "/p/x",
        "/p/",
        "/u/",
        "/c/",
        "/u/" + "9" * 5000,
        "/p/%00",
        "/p/%ed%a0%80",
        "/p/żółw",
        "/p/..%2f..%2fetc",
    ]
    return paths + [path + "/erase" for path in paths[:3]] + [path + "/data.json" for path in paths[:3]]


def fingerprint(engine: Engine) -> str:
    with engine.connect() as connection:
        rows = [
            str(connection.execute(text(f'SELECT * FROM "{table}" ORDER BY 1')).all())
            for table in SQLModel.metadata.tables
        ]
    return hashlib.sha256("".join(rows).encode()).hexdigest()


def test_U19_no_scanner_changes_anything(both: Pages) -> None:
    paths = every_path(both)
    before = fingerprint(both.engine)
    for path in paths:
        for method in SAFE_METHODS + OTHER_METHODS:
            for _ in range(2):
                assert both.client.request(method, path).status_code < 500
    assert fingerprint(both.engine) == before


def test_U19_head_answers_as_get(pages: Pages) -> None:
    for path in [*every_path(pages), "/p/x"]:
        get, head = pages.client.get(path), pages.client.head(path)
        assert head.status_code == get.status_code
        assert {name: get.headers[name] for name in HEADERS} == {name: head.headers[name] for name in HEADERS}
        assert head.headers["content-type"] == get.headers["content-type"]


def test_U24_every_answer_bears_the_headers_and_no_cookie(pages: Pages) -> None:
    paths = [*every_path(pages), *wrong_paths(pages)]
    for path in paths:
        for method in [*SAFE_METHODS, *OTHER_METHODS, "POST"]:
            answer = pages.client.request(method, path)
            assert "set-cookie" not in answer.headers
            for name, value in HEADERS.items():
                if (path, method) != ("/join/accent.css", "POST") and answer.status_code != 405:
                    assert answer.headers[name] == value, (method, path)
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
    assert HEADERS["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_U16_every_wrong_link_gets_the_same_page(pages: Pages, method: str) -> None:
    answers = {path: pages.client.request(method, path) for path in wrong_paths(pages)}
    assert {answer.status_code for answer in answers.values()} == {403}
    assert len({answer.text for answer in answers.values()}) == 1
    page = next(iter(answers.values())).text
    assert "wrong@x.example" not in page
    assert "This link does not work" in page


def test_U16_a_link_with_any_character_changed_opens_nothing(pages: Pages) -> None:
    good = pages.path("p", pages.add())
    start = len("/p/")
    for place in range(start, len(good)):
        for sign in "aZ0":
            changed = good[:place] + sign + good[place + 1 :]
            if changed != good:
                assert pages.client.get(changed).status_code == 403, changed
    assert pages.client.get(good).status_code == 200


def test_U21_a_list_that_is_not_public_has_no_page(pages: Pages) -> None:
    for path in ("/join/another-list", "/joinx", "/px", "/j"):
        assert pages.client.get(path).status_code == 404


def test_U07_no_bytes_make_a_page_fail(pages: Pages) -> None:
    ada = pages.add()
    bodies = [
        b"name=%ED%A0%80",
        b"name=%00",
        b"name=\xff",
        b"&".join([b"topics=x"] * 500),
        b"name=" + b"x" * 60_000,
        b"=&=&;;&%",
        b'{"name": "\\ud800"}',
        b"paused_until=99999999999999999999-01-01&do=save",
    ]
    kinds = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "\xff"]
    before = pages.rows(ada)
    for path in ("/join", pages.path("p", ada)):
        for body in bodies:
            for kind in kinds:
                answer = pages.client.post(path, content=body, headers={b"Content-Type": kind.encode("latin-1")})
                assert answer.status_code in {413, 422}
    assert pages.rows(ada) == before


def test_pages_load_nothing_but_two_stylesheets_of_ours(pages: Pages) -> None:
    for path in every_path(pages):
        page = pages.client.get(path).text
        assert "<script" not in page
        assert "style=" not in page
        assert "http://" not in page
        assert "https://" not in page
    css = (Path(__file__).parents[2] / "templates/static/subscribers.css").read_text("utf-8")
    assert "url(" not in css
    assert "@import" not in css


@pytest.mark.parametrize("accent", ["#b3261e", "#ffff00", "#000000", "#ffffff", "#7fd09b", "#0000ff"])
def test_every_accent_colour_can_be_read_on_both_papers(accent: str) -> None:
    light, dark = (tuple(bytes.fromhex(part[:6])) for part in accent_css(accent).split("--accent:#")[1:])
    assert contrast(light, (0xFB, 0xFA, 0xF7)) >= 4.5  # type: ignore[arg-type]
    assert contrast(light, (255, 255, 255)) >= 4.5  # type: ignore[arg-type]
    assert contrast(dark, (0x15, 0x16, 0x18)) >= 4.5  # type: ignore[arg-type]
