"""The door of the desk: who comes in, by which form, and what every answer carries."""

import re
from collections.abc import Iterator

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from flows.database import transaction
from flows.editions.desk.door import Need
from flows.editions.desk.forms import HOME, local_path
from flows.editions.login import change_user, user_by_email
from flows.models import UserRole
from flows.settings import load_settings
from tests.editions.desks import Bench, Colleague, csrf_of
from tests.editions.seed import Seeded

PASSWORD = "correct horse battery"
FORM = "application/x-www-form-urlencoded"
ROLES = [None, UserRole.EDITOR, UserRole.PUBLISHER, UserRole.ADMIN]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The door decides before any SQL of the rooms: one database is enough here."""
    return sqlite_url


def routes(bench: Bench) -> Iterator[tuple[str, str, Need]]:
    """(method, path with numbers filled in, need) of every route of the desk."""
    for route in bench.router().routes:
        assert isinstance(route, Route)
        path = re.sub(r"\{\w+:int\}", "1", route.path).replace("{token:str}", "no-such-token")
        assert "{" not in path
        for method in (route.methods or set()) - {"HEAD"}:
            yield method, path, route.endpoint.need  # type: ignore[attr-defined]


def unsafe(bench: Bench) -> list[tuple[str, str, Need]]:
    found = [(method, path, need) for method, path, need in routes(bench) if method != "GET"]
    assert len(found) > 12
    return found


def visitor(bench: Bench, role: UserRole | None) -> TestClient:
    if role is None:
        return bench.client(follow_redirects=False)
    return bench.signed_in(f"{role.value}@newsletter.example", role).client


def test_E04_every_route_says_what_it_needs(bench: Bench, draft: Seeded) -> None:
    open_ones = {path for _, path, need in routes(bench) if need is Need.NOTHING}
    assert open_ones == {"/sign-in", "/sign-in/no-such-token", "/desk/accent.css"}


def test_E01_no_unsafe_route_works_without_the_token_of_the_session(bench: Bench, draft: Seeded) -> None:
    ada, ben = bench.signed_in(), bench.signed_in("ben@newsletter.example")
    foreign = ben.csrf()
    own = ada.csrf()
    for method, path, need in unsafe(bench):
        assert method == "POST"
        bad_forms: list[dict[str, object]] = [
            {"data": {}},
            {"data": {"csrf": ""}},
            {"data": {"csrf": foreign}},
            {"data": {"csrf": own + "x"}},
            {"json": {"csrf": own}},
            {"content": f"csrf={own}", "headers": {"content-type": "text/plain"}},
            {"params": {"csrf": own}},
        ]
        for form in bad_forms:
            answer = ada.client.post(path, **form)  # type: ignore[arg-type]
            assert answer.status_code == 403, (path, need, form)
    assert bench.announced == []


def test_E01_no_other_site_posts_our_forms(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    own = ada.csrf()
    for _, path, _ in unsafe(bench):
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
            {"origin": "http://127.0.0.1:1"},
            {"origin": "http://["},
        ):
            assert ada.client.post(path, data={"csrf": own}, headers=headers).status_code == 403, (path, headers)


def test_E01_our_own_forms_are_taken_with_every_header_a_browser_sends(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    path = f"/desk/editions/{draft.edition_id}/items/{draft.item_ids[6]}"
    ways = ({"origin": "null", "sec-fetch-site": "same-origin"}, {"origin": bench.settings.address}, {"origin": "null"})
    for turn, headers in enumerate(ways):
        for step, name in enumerate(("later", "back"), start=1):
            form = {"csrf": ada.csrf(), "version": 2 * turn + step}
            answer = ada.client.post(f"{path}/{name}", data=form, headers=headers)
            assert answer.status_code == 303, headers


def test_E01_reading_changes_nothing(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    before = ada.client.get(f"/desk/editions/{draft.edition_id}").text
    for _, path, _ in unsafe(bench):
        for method in ("GET", "HEAD"):
            ada.client.request(method, path, params={"csrf": ada.csrf(), "version": "1"})
        for method in ("PUT", "PATCH", "DELETE"):
            assert ada.client.request(method, path).status_code == 405
    assert ada.client.get(f"/desk/editions/{draft.edition_id}").text == before


@pytest.mark.parametrize("role", ROLES)
def test_E04_each_role_opens_exactly_its_doors(bench: Bench, draft: Seeded, role: UserRole | None) -> None:
    client = visitor(bench, role)
    csrf = csrf_of(client.get("/desk").text) if role else "none"
    for method, path, need in routes(bench):
        if need is Need.NOTHING or path == "/sign-out":
            continue
        answer = client.request(method, path, data={"csrf": csrf} if method == "POST" else None)
        allowed = role is not None and (need is not Need.APPROVE or role is not UserRole.EDITOR)
        if allowed:
            assert answer.status_code not in {401, 403}, (role, method, path)
        elif role is None and method == "GET":
            assert answer.status_code == 303, (role, method, path)
            assert answer.headers["location"].startswith("/sign-in?next=/desk")
        else:
            assert answer.status_code == 403, (role, method, path)


@pytest.mark.parametrize("role", [None, UserRole.EDITOR])
def test_E04_no_spelling_of_a_path_gets_around_the_door(bench: Bench, draft: Seeded, role: UserRole | None) -> None:
    client = visitor(bench, role)
    csrf = csrf_of(client.get("/desk").text) if role else "none"
    for path in (f"/desk/editions/1/{verb}" for verb in ("approve", "resume", "release", "cancel")):
        spellings = (
            path + "/",
            path.upper(),
            path.replace("/editions", "//editions"),
            path.replace("approve", "%61pprove"),
            "/%2e" + path,
            path.replace("/1/", "/./1/"),
            path.replace("/1/", "/%31/"),
            path + "%2f",
            path + ";x=1",
        )
        for spelling in spellings:
            answer = client.post(spelling, data={"csrf": csrf})
            assert answer.status_code in {303, 307, 403, 404, 405}, spelling
            assert not answer.headers.get("location", "").startswith("/desk/editions/1?"), spelling
    assert bench.announced == []


def test_E02_signing_in_gives_a_new_session_and_strict_cookies(bench: Bench) -> None:
    token = bench.add_user("ada@newsletter.example")
    ada = Colleague(bench.client(follow_redirects=False))
    ada.client.cookies.set(f"masthead-{bench.settings.port}", "planted", domain="127.0.0.1")
    ada.follow(token)
    first = ada.client.cookies[f"masthead-{bench.settings.port}"]
    ada.follow(token)
    assert len({first, ada.client.cookies[f"masthead-{bench.settings.port}"], "planted"}) == 3
    stolen = bench.client(follow_redirects=False, cookies={f"masthead-{bench.settings.port}": first})
    assert stolen.get("/desk").status_code == 303


def test_E02_over_https_cookies_are_bound_to_the_host(bench: Bench) -> None:
    bench.settings = load_settings(
        bench.settings.data, database_url=bench.settings.database_url, base_url="https://desk.example", secret_key="k"
    )
    token = bench.add_user("ada@newsletter.example")
    client = bench.client(follow_redirects=False)
    page = client.get(f"/sign-in/{token}")
    answer = client.post(f"/sign-in/{token}", data={"csrf": csrf_of(page.text)})
    cookies = answer.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-masthead="))
    assert all(flag in session.lower() for flag in ("httponly", "secure", "samesite=lax", "path=/"))
    assert "domain" not in session.lower()
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_E03_the_next_request_after_the_end_stands_outside(bench: Bench) -> None:
    ada, ben = bench.signed_in(), bench.signed_in("ben@newsletter.example")
    cookies = dict(ada.client.cookies)
    assert ada.post("/sign-out").status_code == 303
    assert bench.client(follow_redirects=False, cookies=cookies).get("/desk").status_code == 303
    with transaction(bench.engine) as session:
        user = user_by_email(session, "ben@newsletter.example")
        assert user
        change_user(session, user, disabled=True)
    assert ben.client.get("/desk").status_code == 303


def test_a_link_only_asks_and_its_form_signs_in(bench: Bench) -> None:
    token = bench.add_user("ada@newsletter.example")
    client = bench.client(follow_redirects=False)
    page = client.get(f"/sign-in/{token}", params={"next": "/desk/log"})
    assert "Sign in as <bdi>Ada</bdi>" in page.text
    assert f"masthead-{bench.settings.port}=" not in str(page.headers.get_list("set-cookie"))
    assert client.get("/desk").status_code == 303
    answer = client.post(f"/sign-in/{token}", data={"csrf": csrf_of(page.text), "next": "/desk/log"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/log")
    assert client.get("/desk").status_code == 200
    assert client.get("/sign-in/wrong").status_code == 403


def test_a_password_signs_in_by_form(bench: Bench) -> None:
    bench.add_user("ada@newsletter.example", password=PASSWORD)
    client = bench.client(follow_redirects=False)
    form = {"csrf": csrf_of(client.get("/sign-in").text), "email": "ada@newsletter.example"}
    wrong = client.post("/sign-in", data={**form, "password": "wrong password"})
    assert wrong.status_code == 401
    assert "do not fit together" in wrong.text
    assert 'value="ada@newsletter.example"' in wrong.text
    right = client.post("/sign-in", data={**form, "password": PASSWORD, "next": "/desk/sources"})
    assert (right.status_code, right.headers["location"]) == (303, "/desk/sources")


def test_E06_guessing_is_told_to_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.editions.login.password_fits", lambda *_: False)
    client = bench.client(follow_redirects=False)
    form = {"csrf": csrf_of(client.get("/sign-in").text), "email": "ada@newsletter.example", "password": "x" * 10}
    statuses = [client.post("/sign-in", data=form).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2


@pytest.mark.parametrize(
    "wish",
    [
        "//evil.example",
        "/\\evil.example",
        "/%2fevil.example",
        "/%252fevil.example",
        "/%5cevil.example",
        "/\tevil",
        "/%09/evil.example",
        "https://evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "@evil.example",
        "desk",
        "",
        "/desk\r\nSet-Cookie: a=b",
        "/desk%0d%0aX: y",
        "/ü",
    ],
)
def test_E13_no_wish_leads_off_the_site(wish: str) -> None:
    assert local_path(wish) == HOME


@pytest.mark.parametrize("wish", ["/desk", "/desk/editions/4?show=later&pane=edition", "/desk/log?before=3", "/"])
def test_E13_paths_of_our_own_are_kept(wish: str) -> None:
    assert local_path(wish) == wish


def test_E18_every_answer_carries_the_headers(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    edition = f"/desk/editions/{draft.edition_id}"
    bench.template_fault = "edition.mjml.j2, line 7: no such thing"
    answers = [
        ada.client.get("/desk"),
        ada.client.get(edition),
        ada.client.get("/desk/editions/999"),
        ada.client.get(f"{edition}/preview"),
        ada.client.get("/sign-in"),
        ada.client.get("/sign-in/wrong"),
        ada.client.post("/sign-out"),
        ada.client.post(f"{edition}/words", content="x" * 300_000, headers={"content-type": FORM}),
        ada.post(f"{edition}/resume"),
        ada.post(f"{edition}/items/{draft.item_ids[0]}/choose", version="x"),
        bench.client(follow_redirects=False).get("/desk"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 200, 200, 403, 403, 413, 409, 422, 303]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_E17_forms_have_limits(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    path = f"/desk/editions/{draft.edition_id}/words"
    many = "&".join(f"f{number}=x" for number in range(1001))
    assert ada.client.post(path, content=many, headers={"content-type": FORM}).status_code == 413
    assert ada.client.post(path, content="csrf=a%00b", headers={"content-type": FORM}).status_code == 413
    assert ada.client.post(path, content=b"csrf=\xff\xfe", headers={"content-type": FORM}).status_code == 413


def test_a_fault_of_ours_shows_a_page_and_no_inside(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()

    def broken(edition_id: int) -> None:
        raise RuntimeError("secret inside")

    bench.receipts = type("Broken", (), {"get": staticmethod(broken)})()  # type: ignore[assignment]
    ada.client = TestClient(bench.app(), base_url=bench.settings.address, cookies=dict(ada.client.cookies))
    answer = ada.client.get("/desk")
    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_E08_static_files_stay_in_their_folder(bench: Bench) -> None:
    client = bench.client()
    for path in ("/static/../desk/base.html", "/static/%2e%2e/desk/base.html", "/static/..%2fdesk%2fbase.html"):
        assert client.get(path).status_code == 404
    assert client.get("/static/desk.css").status_code == 200
