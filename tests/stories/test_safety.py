"""Stories that a senior editor sees first: by listed words, and by what the team taught."""

import random
from math import inf

import numpy as np
import pytest

from flows.stories.safety import Example, Flag, TaughtFilter, flagged, teach

WORDS = ("layoff", "lawsuit", "mass shooting", "self-harm", "ICE")
_FINE = ("benchmark", "model", "kernel", "library", "inference", "dataset", "release", "compiler", "graph", "tensor")
_BAD = ("layoffs", "lawsuit", "fired", "court", "accused", "scandal")


def only(title: str, text: str = "") -> str:
    return "; ".join(flag.words for flag in flagged(title, text, words=WORDS, filter=None))


def stories(count: int, *, share: float = 0.3, seed: int = 1, told_apart: bool = True) -> list[Example]:
    """Stories of made-up words; unsuitable ones have some of _BAD, unless they are not to be told apart."""
    chance = random.Random(seed)
    made = []
    for place in range(count):
        unsuitable = place < count * share
        title, text = chance.choices(_FINE, k=5), chance.choices(_FINE, k=30)
        if unsuitable and told_apart:
            title += chance.sample(_BAD, 2)
        own = f"name{place}"
        made.append(Example(" ".join(title), " ".join([own, *text]), unsuitable))
    chance.shuffle(made)
    return made


@pytest.mark.parametrize(
    ("title", "text", "said"),
    [
        ("Layoffs at the lab", "", "“layoff” in the title"),
        ("The lab’s lawsuit", "It is one of two lawsuits.", "“lawsuit” in the title"),
        ("News", "After the lawsuit came a layoff.", "“lawsuit” and “layoff” in the text"),
        ("A layoff", "and a lawsuit", "“layoff” in the title; “lawsuit” in the text"),
        ("After the mass shootings", "", "“mass shooting” in the title"),
        ("After the mass-shooting", "", "“mass shooting” in the title"),
        ("On self harm", "", "“self-harm” in the title"),
        ("ICE’s new model", "", "“ICE” in the title"),
        ("A law\u200bsuit, ｌａｙｏｆｆ", "", "“lawsuit” and “layoff” in the title"),
    ],
)
def test_a_listed_word_is_found_and_the_words_say_which_and_where(title: str, text: str, said: str) -> None:
    assert only(title, text) == said


@pytest.mark.parametrize("title", ["The playoffs", "Mass of a shooting star", "Ice on servers", "SERVICE", "Self", ""])
def test_words_inside_other_words_and_parts_of_phrases_are_not_found(title: str) -> None:
    assert only(title, title) == ""


def test_a_word_far_down_in_the_text_is_found() -> None:
    assert only("News", "word " * 5000 + "lawsuit") == "“lawsuit” in the text"


def test_of_many_words_the_first_five_are_named() -> None:
    words = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu")
    (flag,) = flagged(" ".join(words), "", words=words, filter=None)
    assert flag == Flag("brand safety", "“ant”, “bee”, “cat”, “dog”, “elk” and 2 more in the title")


@pytest.mark.parametrize("words", [[], [""], [" ", "…"]])
def test_a_list_without_words_flags_nothing(words: list[str]) -> None:
    assert flagged("Any title", "Any text", words=words, filter=None) == ()


def test_what_the_team_marked_is_recognised_and_the_terms_are_named() -> None:
    taught = teach(stories(60))
    assert taught is not None
    (flag,) = flagged("Court: lab fired its tensor team", "A graph kernel paper.", words=(), filter=taught)
    assert flag.kind == "taught"
    assert flag.words.startswith("like stories you flagged: ")
    assert set(flag.words.removeprefix("like stories you flagged: ").split(", ")) >= {"court", "fired"}
    assert flagged("A tensor library", "With a kernel and a graph.", words=(), filter=taught) == ()
    assert taught.summary == (
        "Taught by 60 stories, 18 of them unsuitable: judged by the others alone, it flags 18 of them, 18 rightly."
    )


def test_both_kinds_of_flag_may_stand_beside_each_other() -> None:
    found = flagged("Lawsuits: lab accused", "", words=WORDS, filter=teach(stories(60)))
    assert [flag.kind for flag in found] == ["brand safety", "taught"]
    assert set(found[1].words.removeprefix("like stories you flagged: ").split(", ")) == {"accused", "lawsuits"}


def test_new_stories_are_judged_as_well_as_the_examples_were() -> None:
    taught = teach(stories(80, seed=1))
    assert taught is not None
    unseen = stories(300, seed=2)
    flags = [bool(taught.says(one.title, one.text)) for one in unseen]
    right = sum(flag and one.unsuitable for flag, one in zip(flags, unseen, strict=True))
    assert right / sum(flags) >= 0.9
    assert right / sum(one.unsuitable for one in unseen) >= 0.9


@pytest.mark.parametrize(("fine", "unsuitable"), [(0, 0), (14, 5), (16, 4), (4, 30), (30, 0)])
def test_too_few_examples_teach_nothing(fine: int, unsuitable: int) -> None:
    made = [Example(f"a model {i}", "", False) for i in range(fine)]
    assert teach([*made, *(Example(f"a lawsuit {i}", "", True) for i in range(unsuitable))]) is None


def test_examples_whose_words_tell_nothing_make_a_filter_that_flags_nothing() -> None:
    flagging = 0
    for seed in range(100):
        taught = teach(stories(60, seed=seed, told_apart=False))
        assert taught is not None
        flagging += taught.threshold < inf
    assert flagging <= 5
    silent = TaughtFilter({"court": 2.0}, inf, "")
    assert flagged("court court", "", words=(), filter=silent) == ()


def test_the_leave_one_out_scores_are_those_of_filters_taught_without_the_story() -> None:
    from flows.stories.taught import _Stories

    examples = stories(24, seed=5)
    told = _Stories(examples)
    scores = sorted(told.scores_by_the_others())
    apart = []
    for place, one in enumerate(examples):
        others = TaughtFilter(_Stories([*examples[:place], *examples[place + 1 :]]).weights(), inf, "")
        apart.append(others.score(one.title, one.text))
    assert np.allclose(scores, sorted(apart))


def test_the_order_of_the_examples_changes_nothing() -> None:
    examples = stories(60)
    assert teach(examples) == teach(examples[::-1]) == teach(sorted(examples, key=lambda one: one.title))


def test_examples_without_any_word_are_survived() -> None:
    taught = teach([Example("", "", place < 10) for place in range(30)])
    assert taught is not None
    assert taught.says("", "") == ""
