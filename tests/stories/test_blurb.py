"""The blurb, the subject and the line beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.blurb import blurb, headline, preheader_line, subject_line

LEAD = "We searched a public crawl for the test questions. One in seven was there, with its answer."


def test_the_blurb_is_the_lead_in_whole_sentences() -> None:
    more = "The remaining ones were not found, " + "although we looked " * 20 + "long."
    assert blurb("Test data leaked", f"{LEAD} {more}") == LEAD


@pytest.mark.parametrize(
    "noise",
    [
        "Posted by Ada Example, Software Engineer, Example Research",
        "By Ada Example",
        "Test data leaked",
        "Test data leaked, we found.",
        "Key findings",
        "In this article:",
        "This post was written in collaboration with our partners.",
        "Image credit: Ada Example.",
        "Subscribe to our newsletter for more.",
        "12 min read",
    ],
)
def test_boilerplate_headings_and_the_title_are_passed_over(noise: str) -> None:
    assert blurb("Test data leaked", f"{noise}\n\n{LEAD}") == LEAD


@pytest.mark.parametrize("end", ["The post X appeared first on Y.", "Read more", "Continue reading →", "[…]"])
def test_what_feeds_put_at_the_end_is_left_out(end: str) -> None:
    assert blurb("Test data leaked", f"{LEAD} {end}") == LEAD


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Ada Example of the U.S. team measured 3.5 points more than before.",
        "Smith et al. found that it costs approx. 12 euros, i.e. less than lunch.",
        "The model, e.g. in version 2.1, reads “Is it done?” as a question.",
        "Yahoo! bought the company for 4.2 million.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert blurb("", f"{sentence} {'Then more words follow here ' * 12}.") == sentence


def test_a_sentence_longer_than_the_house_length_is_cut_with_an_ellipsis() -> None:
    cut = blurb("", "Because it is so, " + "and because again it is, " * 30 + "we stop.")
    assert cut.endswith("it is…")
    assert len(cut.split()) <= 45


def test_a_list_is_not_quoted_and_ends_the_lead() -> None:
    assert blurb("", f"- First, a point.\n\n{LEAD}\n\n1. Then one more.\n\nAnd the rest.") == LEAD


def test_a_very_short_first_sentence_takes_a_second_along() -> None:
    second = "It has " + "very " * 41 + "much."
    assert blurb("", f"Here it is. {second}") == f"Here it is. {second}"


def test_the_teaser_is_read_where_the_text_has_no_sentence() -> None:
    assert blurb("News", "News", summary=LEAD) == LEAD
    assert blurb("News", "", summary="News") == ""


def test_scripts_without_spaces_between_sentences_are_read_too() -> None:
    assert blurb("", "模型已发布。权重公开。") == "模型已发布。 权重公开。"


@given(st.text(max_size=400), st.text(alphabet="ab. \n!?…“”A1", max_size=400), st.integers(5, 60))
def test_a_blurb_is_never_longer_than_a_fifth_above_the_limit(title: str, text: str, limit: int) -> None:
    found = blurb(title, text, limit_words=limit)
    assert len(found.split()) <= limit * 1.2
    assert "\n" not in found


@given(
    st.lists(st.sampled_from(["One fine day it rained.", "Was it wet?", "It was so wet that we left!"]), max_size=30)
)
def test_sentences_within_the_limit_are_never_cut(sentences: list[str]) -> None:
    found = blurb("", " ".join(sentences))
    assert " ".join(sentences).startswith(found)
    assert not found or found[-1] in ".?!"


def test_a_headline_is_the_title_on_one_line() -> None:
    assert headline(" A  title\nin two ", "text") == "A title in two"
    assert headline("", "The text speaks.") == "The text speaks."
    assert headline("", " ") == "Untitled"


@pytest.mark.parametrize(
    ("lead", "subject"),
    [
        ("Vanda-12B is out", "Vanda-12B is out"),
        ("Vanda-12B is out.", "Vanda-12B is out"),
        (
            "What four restarts taught us about loss spikes: a long story of patience, disks and one typo",
            "What four restarts taught us about loss spikes",
        ),
        (
            "Guest post about RiverGauge-40 and forty years of hourly river levels, free to use",
            "Guest post about RiverGauge-40 and forty years of hourly river levels…",
        ),
    ],
)
def test_a_subject_is_trimmed_where_one_would_breathe(lead: str, subject: str) -> None:
    assert subject_line(lead) == subject
    assert len(subject) <= 72


def test_the_line_beside_the_subject_names_the_next_stories() -> None:
    assert preheader_line(["One", "Two"]) == "Also: One · Two"
    assert preheader_line([]) == ""
    assert len(preheader_line(["a long headline " * 6, "another " * 9])) <= 120
