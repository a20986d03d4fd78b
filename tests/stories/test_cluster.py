"""Gathering articles into stories."""

from dataclasses import replace
from random import Random

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


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(alphabet="abc de", max_size=20),
            st.text(alphabet="abcdef gh.", max_size=120),
            st.sampled_from([None, None, 1, 2]),
        ),
        max_size=14,
    )
)
def test_every_article_is_in_exactly_one_story(articles: list[tuple[str, str, int | None]]) -> None:
    pieces = [piece(n, title, text, story=story) for n, (title, text, story) in enumerate(articles, 1)]
    groups = cluster(pieces)
    assert sorted(i for group in groups for i in group.article_ids) == list(range(1, len(pieces) + 1))
    for known in (1, 2):
        members = {one.article_id for one in pieces if one.story_id == known}
        assert all(members <= set(group.article_ids) for group in groups if members & set(group.article_ids))
        assert sum(group.story_id == known for group in groups) == bool(members)
