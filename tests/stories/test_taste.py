"""What editors chose before, by its words."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.taste import NO_TASTE, Tasted, learn_taste

WORDS = ("quantization", "vllm", "opera", "harvest", "kernel", "ferry", "chess", "bees")


def weeks(count: int, likes: str, share: int = 4) -> list[Tasted]:
    """Editions of 20 titles of three words; those with the word `likes` are chosen, and every `share`th other."""
    chance = Random(count)
    stories = []
    for number in range(1, count + 1):
        for place in range(20):
            words = chance.sample(WORDS, 3)
            stories.append(Tasted(" ".join(words), "", likes in words or place % share == 0, number))
    return stories


def test_without_decisions_there_is_no_taste() -> None:
    assert learn_taste([]) == NO_TASTE
    assert NO_TASTE.of("Anything at all", "and more") == (0.0, ())


def test_words_of_chosen_stories_speak_for_a_story_and_are_named() -> None:
    taste = learn_taste(weeks(10, "quantization"))
    liked, words = taste.of("On quantization", "")
    assert liked > 0.2
    assert words == ("quantization",)
    left, others = taste.of("Opera harvest", "")
    assert left < 0
    assert set(others) <= {"opera", "harvest"}


def test_taste_grows_with_evidence() -> None:
    values = [learn_taste(weeks(count, "vllm")).of("vllm", "")[0] for count in (1, 4, 16)]
    assert values == sorted(values)
    assert values[0] < values[2]


def test_one_lucky_word_is_nearly_nothing() -> None:
    stories = [*weeks(3, "opera"), Tasted("zebra", "", True, 1)]
    assert learn_taste(stories).of("zebra", "")[0] == 0


def test_a_word_of_the_title_says_more_than_one_of_the_lead() -> None:
    taste = learn_taste(weeks(10, "kernel"))
    assert taste.of("kernel", "")[0] > taste.of("Notes", "kernel")[0] > 0


@pytest.mark.parametrize("chosen", [True, False])
def test_editors_who_take_all_or_nothing_have_no_taste_in_words(chosen: bool) -> None:
    stories = [Tasted(one.title, "", chosen, one.edition_number) for one in weeks(6, "bees")]
    assert all(abs(learn_taste(stories).of(word, "")[0]) < 0.05 for word in WORDS)


def test_a_rich_week_is_no_praise_of_its_words() -> None:
    """Every story of the second week is chosen, and only there do they tell of ferries."""
    stories = [Tasted(f"bees chess {n}", "", n % 4 == 0, 1) for n in range(20)]
    stories += [Tasted(f"ferry chess {n}", "", True, 2) for n in range(20)]
    assert abs(learn_taste(stories).of("ferry", "")[0]) < 0.1


def test_a_script_without_spaces_is_read_in_pairs() -> None:
    stories = [Tasted("量子計算機" if n % 2 else "料理の本", "", bool(n % 2), n // 10) for n in range(60)]
    assert learn_taste(stories).of("新しい量子計算機", "")[0] > 0


@given(
    st.lists(
        st.builds(Tasted, st.text(max_size=30), st.text(max_size=60), st.booleans(), st.integers(1, 5)), max_size=30
    ),
    st.text(max_size=40),
    st.randoms(use_true_random=False),
)
def test_taste_is_within_one_and_does_not_depend_on_the_order(
    stories: list[Tasted], title: str, chance: Random
) -> None:
    shuffled = stories[:]
    chance.shuffle(shuffled)
    value, words = learn_taste(stories).of(title, title)
    assert -1 <= value <= 1
    assert len(words) <= 3
    assert learn_taste(shuffled).of(title, title)[0] == pytest.approx(value, abs=1e-3)
