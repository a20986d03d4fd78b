"""Gathering articles into stories."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.stories.cluster import cluster
from flows.stories.copies import contained
from flows.stories.pieces import Group, Piece

QUAKE = (
    "A magnitude 6.1 earthquake shook the Kestrel valley on Tuesday night and cut power to forty thousand homes. "
    "Rescue teams reached the village of Ostrava Bend before dawn, where a bridge over the river had fallen. "
    "The regional governor asked residents to boil water until the treatment plant is inspected."
)
QUAKE_AGAIN = (
    "Forty thousand homes in the Kestrel valley lost power after Tuesday's earthquake of magnitude 6.1. "
    "The bridge at Ostrava Bend fell into the river, and rescue teams arrived at dawn. "
    "Water must be boiled until engineers have inspected the plant, the governor said."
)
ORCHESTRA = (
    "The city orchestra opens its season with a new cello concerto by a composer of twenty-three. "
    "Tickets for the first three evenings are gone; a fourth was added for students in October. "
    "The conductor calls the slow movement the best thing he has rehearsed in years."
)
BATTERY = (
    "A start-up from Lindau says its sodium battery keeps ninety per cent of its charge after six thousand cycles. "
    "Independent measurements are promised for spring, when the first cells go to a bus maker. "
    "Analysts doubt the price that was named, which is half of today's."
)


def piece(number: int, title: str, text: str, source: int = 0, story: int | None = None) -> Piece:
    return Piece(number, source or number, title, text, story)


DAY = [
    piece(1, "Earthquake cuts power in Kestrel valley", QUAKE),
    piece(2, "Kestrel valley earthquake: bridge falls, homes without power", QUAKE_AGAIN),
    piece(3, "Orchestra opens season with a cello concerto", ORCHESTRA),
    piece(4, "Sodium battery lasts six thousand cycles, says Lindau start-up", BATTERY),
]


def sets(groups: tuple[Group, ...]) -> set[tuple[int, ...]]:
    return {group.article_ids for group in groups}


def test_two_reports_of_one_event_are_one_story() -> None:
    assert sets(cluster(DAY)) == {(1, 2), (3,), (4,)}


def test_nothing_gathers_into_nothing() -> None:
    assert cluster([]) == ()


def test_an_empty_article_is_a_story_of_its_own() -> None:
    empty = [piece(8, "", ""), piece(9, "", "")]
    assert sets(cluster([*DAY, *empty])) == {(1, 2), (3,), (4,), (8,), (9,)}


def test_a_copy_under_another_title_joins_its_original() -> None:
    copy = piece(7, "What we learned this week", ORCHESTRA.rsplit(". ", 2)[0] + ".")
    assert (3, 7) in sets(cluster([*DAY, copy]))


def test_a_round_up_does_not_glue_together_what_it_quotes() -> None:
    round_up = piece(9, "This week in the region", f"{ORCHESTRA} {BATTERY} {QUAKE}")
    found = sets(cluster([*DAY, round_up]))
    assert not any({3, 4} <= set(group) or {1, 3} <= set(group) for group in found)


def test_the_footer_of_a_source_is_no_copy() -> None:
    footer = " ".join(f"Fenwick group members write this blog in their own time, sentence {n}." for n in "abcd")
    texts = [f"{text} {footer}" for text in (QUAKE, ORCHESTRA, BATTERY)]
    assert contained(texts, [5, 5, 5]) == {}
    assert set(contained(texts[:2], [5, 6])) == {(0, 1)}


def test_a_shortened_and_edited_copy_is_found_from_both_sides() -> None:
    edited = ORCHESTRA.replace("twenty-three", "23").rsplit(". ", 1)[0]
    found = contained([ORCHESTRA, BATTERY, edited], [1, 2, 3])
    assert set(found) == {(0, 2)}
    assert 0.5 < found[0, 2] <= 1


def test_a_new_article_joins_a_known_story_which_keeps_its_members() -> None:
    known = [replace(DAY[0], story_id=70), replace(DAY[2], story_id=71)]
    groups = cluster([*known, DAY[1], DAY[3]])
    assert Group(70, (1, 2)) in groups
    assert Group(71, (3,)) in groups
    assert Group(None, (4,)) in groups


def test_known_stories_are_never_joined_to_each_other() -> None:
    known = [replace(DAY[0], story_id=70), replace(DAY[1], story_id=71)]
    assert {group.story_id for group in cluster(known)} == {70, 71}


def test_members_that_have_nothing_in_common_stay_in_their_story() -> None:
    known = [replace(DAY[0], story_id=70), replace(DAY[3], story_id=70)]
    assert cluster(known) == (Group(70, (1, 4)),)


def test_the_order_of_articles_does_not_matter() -> None:
    shuffled = DAY[:]
    Random(3).shuffle(shuffled)
    assert cluster(shuffled) == cluster(DAY)


def test_many_headlines_of_one_loud_event_are_found_by_few_shared_words() -> None:
    names = ["Plosser sees high bar for taper change", "Plosser: taper pace may rise", "Taper to go on, says Plosser"]
    quiet = ["Cello concerto opens season", "Sodium cells last longer", "Tide gauges go digital"]
    many = [f"{name} {extra}" for name in names for extra in ("today", "", "at Fed", "report")]
    pieces = [piece(n, title, "") for n, title in enumerate([*many, *quiet], 1)]
    assert tuple(range(1, len(many) + 1)) in sets(cluster(pieces))


MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def headline(number: int, title: str, *, days: float = 0, timed: bool = True) -> Piece:
    return Piece(number, number, title, "", published_at=MONDAY + timedelta(days=days) if timed else None)


def test_headlines_of_different_days_need_more_in_common() -> None:
    titles = ["Stocks fall on weak data from China", "US stocks fall again as China worries grow"]
    same_day = [headline(n, title) for n, title in enumerate(titles, 1)]
    days_later = [same_day[0], replace(same_day[1], published_at=MONDAY + timedelta(days=4))]
    assert sets(cluster(same_day)) == {(1, 2)}
    assert sets(cluster(days_later)) == {(1,), (2,)}


def test_the_same_headline_a_week_later_is_one_story() -> None:
    title = "Plosser sees high bar for taper change"
    assert sets(cluster([headline(1, title), headline(2, f"{title}, again", days=7)])) == {(1, 2)}


def test_a_whole_text_joins_however_late_it_comes() -> None:
    late = [replace(one, published_at=MONDAY + timedelta(days=9 * place)) for place, one in enumerate(DAY)]
    assert sets(cluster(late)) == {(1, 2), (3,), (4,)}


def test_times_that_are_known_of_some_headlines_only_do_no_harm() -> None:
    title = "Plosser sees high bar for taper change"
    assert sets(cluster([headline(1, title), headline(2, title, timed=False), headline(3, title, days=0.1)])) == {
        (1, 2, 3)
    }


def test_many_different_headlines_stay_different_stories() -> None:
    titles = [
        "Waydroid: Android in a Linux container",
        "The chroot technique, a Swiss army multitool",
        "Avoid routers of your provider",
        "How to scale a model: a systems view",
        "A calculator app? Anyone could make that",
        "Undergraduate shows that searches in hash tables can be faster",
        "Zlib in Rust is faster than C",
        "Drive statistics of a storage company",
    ]
    assert len(cluster([headline(n, title) for n, title in enumerate(titles, 1)])) == len(titles)


@pytest.mark.parametrize(
    ("alike", "other"),
    [
        (["东京发生六级地震四万户停电", "东京六级地震导致四万户停电"], "新款钠电池充电六千次后仍保持九成容量"),
        (
            ["日銀が政策金利を引き上げ、市場に動揺", "日銀、政策金利の引き上げを決定"],
            "新しい電池は六千回の充電に耐える",
        ),
    ],
)
def test_headlines_without_spaces_between_words_gather_by_their_characters(alike: list[str], other: str) -> None:
    pieces = [headline(n, title) for n, title in enumerate([*alike, other], 1)]
    assert sets(cluster(pieces)) == {(1, 2), (3,)}


def test_articles_that_are_all_the_same_are_one_story_and_take_no_time() -> None:
    assert len(cluster([piece(n, DAY[0].title, QUAKE, source=1) for n in range(1, 3001)])) == 1


@pytest.mark.parametrize("title", ["", "the", "?!"])
def test_articles_without_a_word_of_their_own_do_no_harm(title: str) -> None:
    assert sum(len(group.article_ids) for group in cluster([piece(n, title, "") for n in range(1, 9)])) == 8


def test_two_articles_split_by_an_editor_stay_apart_though_they_are_the_same() -> None:
    same = [piece(n, DAY[0].title, QUAKE) for n in (1, 2, 3)]
    found = cluster(same, apart=[(1, 2)])
    assert len(found) == 2
    assert not any({1, 2} <= set(group.article_ids) for group in found)


def test_an_article_split_from_a_known_story_does_not_come_back() -> None:
    known = [replace(DAY[0], story_id=70)]
    assert Group(70, (1,)) in cluster([*known, DAY[1]], apart=[(2, 1)])


def test_a_pair_that_is_in_one_known_story_stays_there() -> None:
    known = [replace(DAY[0], story_id=70), replace(DAY[1], story_id=70)]
    assert cluster(known, apart=[(1, 2)]) == (Group(70, (1, 2)),)


def test_split_articles_that_are_not_there_are_passed_over() -> None:
    assert cluster(DAY, apart=[(1, 99), (98, 99), (1, 1)]) == cluster(DAY)


def test_what_is_too_much_for_one_matrix_falls_apart_into_the_same_stories() -> None:
    with patch("flows.stories.cluster._PART_MOST", 3):
        assert cluster(DAY) == cluster(DAY[::-1])
        assert sets(cluster(DAY)) == {(1, 2), (3,), (4,)}


TITLES = st.one_of(
    st.sampled_from(["Fed holds rates", "Fed holds its rates", "Rates held by Fed", "Cello season", "东京地震", ""]),
    st.text(alphabet="abc de", max_size=20),
)
TEXTS = st.one_of(st.just(""), st.sampled_from([QUAKE, QUAKE_AGAIN]), st.text(alphabet="abcdef gh.", max_size=120))


@st.composite
def articles(draw: st.DrawFn) -> list[Piece]:
    count = draw(st.integers(0, 14))
    return [
        Piece(
            number,
            draw(st.integers(1, 3)),
            draw(TITLES),
            draw(TEXTS),
            draw(st.sampled_from([None, None, None, 1, 2])),
            draw(st.sampled_from([None, MONDAY, MONDAY + timedelta(hours=5), MONDAY + timedelta(days=8)])),
        )
        for number in range(1, count + 1)
    ]


PAIRS = st.lists(st.tuples(st.integers(1, 14), st.integers(1, 14)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(articles(), PAIRS)
def test_every_article_is_in_exactly_one_story(pieces: list[Piece], apart: list[tuple[int, int]]) -> None:
    groups = cluster(pieces, apart)
    assert sorted(i for group in groups for i in group.article_ids) == [one.article_id for one in pieces]
    for known in (1, 2):
        members = {one.article_id for one in pieces if one.story_id == known}
        assert [members <= set(group.article_ids) for group in groups if group.story_id == known] == [True] * bool(
            members
        )


@settings(max_examples=60, deadline=None)
@given(articles(), PAIRS)
def test_split_articles_are_never_together(pieces: list[Piece], apart: list[tuple[int, int]]) -> None:
    story = {one.article_id: one.story_id for one in pieces}
    for group in cluster(pieces, apart):
        for a, b in combinations(group.article_ids, 2):
            together = story[a] is not None and story[a] == story[b]
            assert together or not {(a, b), (b, a)} & set(apart)


@settings(max_examples=60, deadline=None)
@given(articles(), PAIRS, st.randoms(use_true_random=False))
def test_no_order_of_articles_matters(pieces: list[Piece], apart: list[tuple[int, int]], chance: Random) -> None:
    shuffled, turned = pieces[:], [(b, a) for a, b in apart]
    chance.shuffle(shuffled)
    chance.shuffle(turned)
    assert cluster(shuffled, turned) == cluster(pieces, apart)


@settings(max_examples=60, deadline=None)
@given(articles(), PAIRS)
def test_clustering_what_was_found_again_changes_nothing(pieces: list[Piece], apart: list[tuple[int, int]]) -> None:
    groups = cluster(pieces, apart)
    found = {article: 100 + place for place, group in enumerate(groups) for article in group.article_ids}
    again = cluster([replace(one, story_id=found[one.article_id]) for one in pieces], apart)
    assert [group.article_ids for group in again] == [group.article_ids for group in groups]


@settings(max_examples=40, deadline=None)
@given(articles(), PAIRS)
def test_however_small_the_matrices_are_nothing_is_lost(pieces: list[Piece], apart: list[tuple[int, int]]) -> None:
    with patch("flows.stories.cluster._PART_MOST", 2):
        groups = cluster(pieces, apart)
    assert sorted(i for group in groups for i in group.article_ids) == [one.article_id for one in pieces]
    known = [group.story_id for group in groups if group.story_id is not None]
    assert sorted(known) == sorted({one.story_id for one in pieces if one.story_id is not None})
