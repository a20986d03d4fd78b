"""Users, passwords, links and sessions."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from flows.database import reading, transaction
from flows.editions import login, sessions
from flows.editions.login import (
    Attempt,
    TooManyTriesError,
    change_user,
    check_password,
    create_user,
    make_sign_in_link,
    password_fits,
    user_of_link,
)
from flows.errors import MastheadError, SignInError
from flows.models import SignInAttempt, SignInLink, SignInSession, User, UserRole
from tests.conftest import NOW

EMAIL, PASSWORD = "ada@newsletter.example", "correct horse battery"
HASH = login.hash_password(PASSWORD)


@pytest.fixture
def ada(engine: Engine) -> User:
    with transaction(engine) as session:
        user = create_user(session, EMAIL, name=" Ada  L ", role=UserRole.EDITOR, now=NOW)
        user.password_hash = HASH
    return user


def attempt(password: str = PASSWORD, email: str = EMAIL, network: str = "192.0.2.7") -> Attempt:
    return Attempt(email, password, network, b"key")


def fast(stored: str, password: str) -> bool:
    """Stands for argon2 where a test needs many tries."""
    return stored == HASH and password == PASSWORD


def test_the_right_password_signs_in_and_is_kept_only_as_argon2(engine: Engine, ada: User) -> None:
    assert check_password(engine, attempt(email="ADA@newsletter.example"), now=NOW) == ada.id
    assert ada.password_hash.startswith("$argon2id$")
    assert ada.name == "Ada L"


@pytest.mark.parametrize("password", ["short", "", "ä" * 9])
def test_short_passwords_are_refused(password: str) -> None:
    with pytest.raises(MastheadError, match="at least 10 characters"):
        login.hash_password(password)


def test_E06_long_passwords_are_refused_before_any_work() -> None:
    with pytest.raises(MastheadError, match="at most 128 bytes"):
        login.hash_password("x" * 129)
    assert not password_fits(login.hash_password("x" * 128), "x" * 10_000_000)


def test_a_person_is_on_the_team_once(engine: Engine, ada: User) -> None:
    with pytest.raises(MastheadError, match="on the team already"), transaction(engine) as session:
        create_user(session, "Ada@NEWSLETTER.example", name="", role=UserRole.ADMIN, now=NOW)
    with pytest.raises(MastheadError, match="not an address"), transaction(engine) as session:
        create_user(session, "ada", name="", role=UserRole.ADMIN, now=NOW)


def test_E06_after_five_wrong_tries_even_the_right_password_waits(engine: Engine, ada: User) -> None:
    for _ in range(5):
        with pytest.raises(SignInError, match="do not fit"):
            check_password(engine, attempt("wrong password"), now=NOW, verify=fast)
    with pytest.raises(TooManyTriesError, match="15 minutes"):
        check_password(engine, attempt(), now=NOW, verify=fast)
    later = NOW + login.WINDOW + timedelta(seconds=1)
    assert check_password(engine, attempt(), now=later, verify=fast) == ada.id


def test_E06_nobody_is_locked_out_from_elsewhere(engine: Engine, ada: User) -> None:
    for _ in range(6):
        with pytest.raises(SignInError):
            check_password(engine, attempt("wrong password"), now=NOW, verify=fast)
    assert check_password(engine, attempt(network="198.51.100.1"), now=NOW, verify=fast) == ada.id


def test_E06_one_network_cannot_try_many_people(engine: Engine, ada: User) -> None:
    for number in range(50):
        tried = attempt("wrong password", f"p{number}@x.example", f"192.0.2.{number}")
        with pytest.raises(SignInError):
            check_password(engine, tried, now=NOW, verify=fast)
    with pytest.raises(TooManyTriesError):
        check_password(engine, attempt(network="192.0.2.250"), now=NOW, verify=fast)


def test_E06_success_forgets_the_failures_of_that_person(engine: Engine, ada: User) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInError):
                check_password(engine, attempt("wrong password"), now=NOW, verify=fast)
        check_password(engine, attempt(), now=NOW, verify=fast)


def test_E06_many_at_once_do_not_slip_under_the_limit(engine: Engine, ada: User) -> None:
    verified: list[str] = []
    gate = threading.Barrier(12)

    def verify(stored: str, password: str) -> bool:
        verified.append(password)
        return False

    def guess(number: int) -> None:
        gate.wait()
        with pytest.raises(SignInError):
            check_password(engine, attempt(f"guess number {number}"), now=NOW, verify=verify)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(verified) == 5


def test_E06_unknown_and_disabled_people_cost_the_same_work_and_get_the_same_answer(engine: Engine, ada: User) -> None:
    asked: list[str] = []

    def verify(stored: str, password: str) -> bool:
        asked.append(stored)
        return stored == HASH

    answers = set()
    with transaction(engine) as session:
        create_user(session, "ben@newsletter.example", name="", role=UserRole.EDITOR, now=NOW)
        change_user(session, session.get_one(User, ada.id), disabled=True)
    for email in (EMAIL, "nobody@newsletter.example", "ben@newsletter.example", "not an address", "x" * 5000):
        with pytest.raises(SignInError) as caught:
            check_password(engine, attempt(email=email), now=NOW, verify=verify)
        answers.add(str(caught.value))
    assert len(answers) == 1
    assert len(asked) == 5
    assert all(stored.startswith("$argon2id$") for stored in asked)


def test_nothing_about_failed_tries_names_a_person(engine: Engine, ada: User) -> None:
    with pytest.raises(SignInError):
        check_password(engine, attempt("wrong password"), now=NOW, verify=fast)
    with reading(engine) as session:
        keys = [row.key for row in session.exec(select(SignInAttempt)).all()]
    assert keys
    assert not any("ada" in key or "192" in key.partition(":")[0] or PASSWORD in key for key in keys)


def test_a_link_signs_in_until_it_expires_and_is_kept_as_a_hash(engine: Engine, ada: User) -> None:
    with transaction(engine) as session:
        token = make_sign_in_link(session, ada, now=NOW, ttl=timedelta(hours=1))
    with reading(engine) as session:
        assert user_of_link(session, token, now=NOW).id == ada.id
        assert user_of_link(session, token, now=NOW + timedelta(minutes=59)).id == ada.id
        assert session.exec(select(SignInLink)).one().token_hash != token
        for wrong, at in ((token, NOW + timedelta(hours=1)), (token[:-1], NOW), ("", NOW), ("x" * 5000, NOW)):
            with pytest.raises(SignInError):
                user_of_link(session, wrong, now=at)


def test_E02_a_new_session_replaces_the_one_the_browser_brought(engine: Engine, ada: User) -> None:
    with transaction(engine) as session:
        first = sessions.begin(session, ada.id or 0, replaced="", agent="a\x00b\nc", now=NOW)
        second = sessions.begin(session, ada.id or 0, replaced=first, agent="", now=NOW)
    with reading(engine) as session:
        assert sessions.member_of(session, first, now=NOW) is None
        member = sessions.member_of(session, second, now=NOW)
        (row,) = session.exec(select(SignInSession)).all()
    assert member is not None
    assert member.email == EMAIL
    assert second not in {row.token_hash, row.csrf}


def test_E03_what_ends_a_session_ends_it_with_the_next_request(engine: Engine, ada: User) -> None:
    def begun() -> str:
        with transaction(engine) as session:
            return sessions.begin(session, ada.id or 0, replaced="", agent="", now=NOW)

    def alive(token: str, now=NOW) -> bool:  # type: ignore[no-untyped-def]
        with reading(engine) as session:
            return sessions.member_of(session, token, now=now) is not None

    token = begun()
    assert alive(token)
    assert not alive(token, NOW + sessions.LASTS)
    with transaction(engine) as session:
        sessions.end(session, token)
    assert not alive(token)
    for change in ({"password": "another good one"}, {"role": UserRole.PUBLISHER}, {"disabled": True}):
        token = begun()
        with transaction(engine) as session:
            change_user(session, session.get_one(User, ada.id), **change)  # type: ignore[arg-type]
        assert not alive(token)


def test_E03_a_role_lowered_in_the_table_counts_at_once(engine: Engine, ada: User) -> None:
    def role(session: Session) -> UserRole | None:
        member = sessions.member_of(session, token, now=NOW)
        return member.role if member else None

    with transaction(engine) as session:
        token = sessions.begin(session, ada.id or 0, replaced="", agent="", now=NOW)
        session.get_one(User, ada.id).role = UserRole.ADMIN
    with transaction(engine) as session:
        assert role(session) is UserRole.ADMIN
        session.get_one(User, ada.id).role = UserRole.EDITOR
    with reading(engine) as session:
        assert role(session) is UserRole.EDITOR
