"""What editors tell the ranking by hand: terms, and stories that are unsuitable."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from flows.database import transaction
from flows.errors import WorkflowError
from flows.models import Decision, Edition, EditionStatus, Newsletter, SafetyExample, Wish
from flows.stories.history import read_wishes
from flows.stories.tuning import call_unsuitable, list_wishes, read_taught, turn_term
from tests.conftest import NOW
from tests.stories.shelf import add_article, add_past_edition, add_source

ADA, BEN = "ada@newsletter.example", "ben@newsletter.example"


def turn(session: Session, newsletter: Newsletter, name: str, way: str, by: str = ADA) -> float:
    return turn_term(session, newsletter.id or 0, name, way, by=by, now=NOW)


def test_a_term_is_one_however_it_is_written(session: Session, newsletter: Newsletter) -> None:
    assert turn(session, newsletter, "  Open   Weights\n", "boost") == 0
    assert turn(session, newsletter, "OPEN weights", "mute", by=BEN) == 1.0
    (wish,) = list_wishes(session, newsletter.id or 0)
    assert (wish.name, wish.points, wish.by) == ("Open Weights", -3.0, BEN)
    assert read_wishes(session, newsletter.id or 0) == {"Open Weights": -3.0}


def test_a_term_that_weighs_as_usual_again_is_no_wish(session: Session, newsletter: Newsletter) -> None:
    turn(session, newsletter, "chip", "mute")
    assert turn(session, newsletter, "chip", "usual") == -3.0
    assert list_wishes(session, newsletter.id or 0) == []
    assert read_wishes(session, newsletter.id or 0) == {}


def test_wishes_are_listed_by_name(session: Session, newsletter: Newsletter) -> None:
    for name in ("opera", "Agents", "chip"):
        turn(session, newsletter, name, "boost")
    assert [wish.name for wish in list_wishes(session, newsletter.id or 0)] == ["Agents", "chip", "opera"]


def test_each_newsletter_has_its_own_wishes(session: Session, newsletter: Newsletter) -> None:
    second = Newsletter(slug="second", name="The Second", created_at=NOW)
    session.add(second)
    session.flush()
    turn(session, newsletter, "chip", "mute")
    turn(session, second, "chip", "boost")
    assert read_wishes(session, newsletter.id or 0) == {"chip": -3.0}
    assert read_wishes(session, second.id or 0) == {"chip": 1.0}


@pytest.mark.parametrize(
    ("name", "way"),
    [("", "mute"), (" \t\n", "mute"), ("x" * 81, "boost"), ("chip", "kill"), ("chip", ""), ("chip", "Mute")],
)
def test_what_is_no_term_or_no_way_is_refused(name: str, way: str, session: Session, newsletter: Newsletter) -> None:
    with pytest.raises(WorkflowError, match="Nothing was changed"):
        turn(session, newsletter, name, way)
    assert session.exec(select(Wish)).all() == []


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=80))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_kept_is_found_again_in_capitals(engine: Engine, newsletter: Newsletter, name: str) -> None:
    with transaction(engine) as session:
        if not name.strip():
            return
        before = turn(session, newsletter, name, "boost")
        assert before in {0.0, 1.0}
        assert turn(session, newsletter, f" {name} ", "mute") == 1.0
        assert turn(session, newsletter, name, "usual") == -3.0


def articles(session: Session, count: int, *, words: str) -> list[int]:
    source = add_source(session, f"source-{words[:4]}", NOW)
    return [
        add_article(session, source, f"{words} {number}", f"{words} were told at length.", NOW, NOW)
        for number in range(count)
    ]


def call(session: Session, newsletter: Newsletter, article: int, *, unsuitable: bool, hours: int = 0) -> None:
    now = NOW + timedelta(hours=hours)
    call_unsuitable(session, newsletter.id or 0, article, unsuitable=unsuitable, by=ADA, now=now)


def test_of_an_article_the_last_word_counts(session: Session, newsletter: Newsletter) -> None:
    (article,) = articles(session, 1, words="Lawsuits")
    for hours, unsuitable in enumerate((True, False, True)):
        call(session, newsletter, article, unsuitable=unsuitable, hours=hours)
    (example,) = session.exec(select(SafetyExample)).all()
    assert (example.unsuitable, example.at) == (True, NOW + timedelta(hours=2))


@pytest.mark.parametrize(("bad", "fine", "taught"), [(0, 30, False), (9, 10, False), (4, 30, False), (10, 10, True)])
def test_the_filter_is_taught_by_twenty_examples_and_five_of_a_kind(
    bad: int, fine: int, taught: bool, session: Session, newsletter: Newsletter
) -> None:
    for article in articles(session, bad, words="Layoffs lawsuit fraud"):
        call(session, newsletter, article, unsuitable=True)
    for article in articles(session, fine, words="Harbour cello lichen"):
        call(session, newsletter, article, unsuitable=False)
    session.flush()
    found = read_taught(session, newsletter.id or 0)
    assert (found is not None) is taught
    if found is not None:
        assert found.says("Layoffs and a lawsuit", "Fraud.")
        assert not found.says("A cello", "In the harbour.")


def test_what_ran_counts_as_fine_unless_somebody_called_it_unsuitable(session: Session, newsletter: Newsletter) -> None:
    ran = articles(session, 20, words="Harbour cello lichen")
    items: list[tuple[int, Decision, dict[str, float]]] = [(article, Decision.CHOSEN, {}) for article in ran]
    edition = session.get_one(Edition, add_past_edition(session, newsletter.id or 0, 1, NOW, items))
    edition.sealed_at, edition.status = NOW, EditionStatus.SENT
    for article in articles(session, 6, words="Layoffs lawsuit fraud"):
        call(session, newsletter, article, unsuitable=True)
    session.flush()
    found = read_taught(session, newsletter.id or 0)
    assert found is not None
    assert found.summary.startswith("Taught by 26 stories, 6 of them unsuitable")
    call(session, newsletter, ran[0], unsuitable=True)
    session.flush()
    again = read_taught(session, newsletter.id or 0)
    assert again is not None
    assert again.summary.startswith("Taught by 26 stories, 7 of them unsuitable")
