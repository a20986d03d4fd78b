"""What a place does to decisions and clicks, and how it is taken out again."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.fitting import Decided, PastEdition, fit
from flows.stories.position import FLOOR, Shown, examined, honest_ndcg, interest


def editions(looks: int, count: int = 10, stories: int = 30) -> list[PastEdition]:
    """An editor who looks at the first `looks` places of every queue."""
    return [
        PastEdition(n, tuple(Decided({}, False, place, place <= looks) for place in range(1, stories + 1)))
        for n in range(count)
    ]


def test_an_editor_who_stops_half_way_is_believed_about_the_first_half_only() -> None:
    seen = examined(editions(looks=15))
    assert seen[0] == 1.0
    assert seen[5] > 0.9
    assert seen[29] < 0.3
    assert len(seen) == 30


def test_an_editor_who_looks_at_everything_is_believed_about_everything() -> None:
    assert examined(editions(looks=30)) == (1.0,) * 30


def test_places_that_are_not_known_say_nothing() -> None:
    assert examined([]) == ()
    assert examined([PastEdition(1, (Decided({}, True),))]) == ()


@given(st.lists(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=12), max_size=6))
def test_propensity_never_rises_and_never_falls_below_the_floor(given_editions: list[list[tuple[int, bool]]]) -> None:
    past = [
        PastEdition(n, tuple(Decided({}, False, place, looked) for place, looked in rows))
        for n, rows in enumerate(given_editions)
    ]
    seen = examined(past)
    assert all(FLOOR <= value <= 1 for value in seen)
    assert all(before >= after for before, after in pairwise(seen))


def test_what_nobody_looked_at_teaches_less_than_what_was_turned_down() -> None:
    def substance(looked: bool) -> float:
        stories = [Decided({"substance": 0.0}, True, 1), Decided({"substance": 1.0}, False, 20, looked)]
        past = [PastEdition(n, tuple(stories)) for n in range(10)]
        return fit(past, 2, (1.0, *(0.1 for _ in range(29)))).points["substance"]

    assert substance(looked=True) < substance(looked=False)


def test_honest_ndcg_pays_for_what_an_editor_dug_up() -> None:
    edition = PastEdition(1, (Decided({}, True, 1), Decided({}, False, 2), Decided({}, True, 3)))
    seen = (1.0, 0.5, 0.25)
    assert honest_ndcg(edition, [1.0, 2.0, 3.0], seen) > honest_ndcg(edition, [3.0, 2.0, 1.0], seen)
    assert honest_ndcg(edition, [3.0, 1.0, 2.0], ()) == pytest.approx(1.0)


def rows(likes: str, clicks: int, weeks: int = 20) -> list[Shown]:
    """Two topics that change places from week to week; a place is clicked half as often as the one above it."""
    luck = Random(1)
    made = []
    for _ in range(weeks):
        topics = ["Research", "Industry"]
        luck.shuffle(topics)
        made += [
            Shown(topic, place, 1000, clicks * (2 if topic == likes else 1) // 2**place)
            for place, topic in enumerate(topics, 1)
        ]
    return made


def test_readers_interest_is_found_whatever_the_place() -> None:
    found = interest(rows("Research", clicks=40))
    assert found["research"] > 0.2
    assert found["industry"] < -0.2


def test_the_top_place_alone_makes_no_topic_interesting() -> None:
    always_first = [
        Shown(topic, place, 1000, 60 // place) for _ in range(20) for place, topic in enumerate(("A", "B", "C"), 1)
    ]
    assert all(abs(value) < 0.25 for value in interest(always_first).values())


def test_few_clicks_say_little() -> None:
    few, many = interest(rows("Research", 4, weeks=2)), interest(rows("Research", 40, weeks=40))
    assert abs(few["research"]) < 0.1 < abs(many["research"])


def test_clicks_of_machines_alone_are_no_interest() -> None:
    assert interest(rows("Research", clicks=0)) == {"industry": 0.0, "research": 0.0}
    assert interest([]) == {}
    assert interest([Shown("A", 0, 10, 5), Shown("B", 1, 0, 0)]) == {}


shown = st.lists(
    st.builds(
        lambda topic, place, people, share: Shown(topic, place, people, int(people * share)),
        st.sampled_from(["a", "B", " ", "c"]),
        st.integers(0, 40),
        st.integers(0, 10**6),
        st.floats(0, 1),
    ),
    max_size=30,
)


@given(shown)
def test_interest_is_within_one(given_rows: list[Shown]) -> None:
    assert all(-1 <= value <= 1 for value in interest(given_rows).values())
