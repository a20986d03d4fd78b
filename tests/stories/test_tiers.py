"""Tiers: how far the ranking goes ahead of the editor grows by evidence alone."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.models import Tier
from flows.stories.tiers import (
    EDITIONS_MIN,
    FOLDED_LOST,
    NO_LINES,
    SURE_RIGHT,
    Lines,
    Outcome,
    lines_from,
    stop_line,
    tier_of,
    tier_records,
    wilson,
)

outcomes = st.lists(
    st.builds(
        Outcome,
        edition=st.integers(1, 20),
        chance=st.one_of(st.none(), st.floats(0, 1)),
        place=st.integers(0, 60),
        tier=st.sampled_from(Tier),
        chosen=st.booleans(),
    ),
    max_size=200,
)


def perfect(editions: int, *, picks: int = 10, rest: int = 30) -> list[Outcome]:
    """Editions whose chances told exactly what the editor would choose."""
    return [
        Outcome(edition, chance, place, Tier.OPEN, chosen=place <= picks)
        for edition in range(1, editions + 1)
        for place in range(1, picks + rest + 1)
        for chance in [0.99 - place * 0.02 if place <= picks else 0.5 - place * 0.01]
    ]


def by_luck(editions: int) -> list[Outcome]:
    """Editions whose chances said nothing of what was chosen."""
    chance = Random(11)
    return [
        Outcome(edition, chance.random(), place, Tier.OPEN, chosen=chance.random() < 0.3)
        for edition in range(1, editions + 1)
        for place in range(1, 31)
    ]


def decided(past: list[Outcome], lines: Lines) -> float:
    """The share of stories that these lines decide ahead of the editor."""
    known = [one.chance for one in past if one.chance is not None]
    ahead = [
        chance
        for chance in known
        if (lines.sure_from is not None and chance >= lines.sure_from)
        or (lines.folded_below is not None and chance < lines.folded_below)
    ]
    return len(ahead) / len(known)


@given(outcomes)
def test_there_are_no_lines_with_fewer_than_eight_editions(past: list[Outcome]) -> None:
    few = [one for one in past if one.edition < EDITIONS_MIN]
    lines = lines_from(few)
    assert (lines.sure_from, lines.folded_below) == (None, None)
    assert lines.editions == len({one.edition for one in few if one.chance is not None})
    assert stop_line(few) is None


@given(outcomes)
def test_the_line_of_what_is_folded_is_never_above_that_of_what_is_chosen(past: list[Outcome]) -> None:
    lines = lines_from(past)
    if lines.sure_from is None:
        assert lines.folded_below is None
    else:
        assert 0 <= (lines.folded_below or 0.0) <= lines.sure_from <= 1


@given(outcomes)
def test_what_the_lines_would_have_done_is_borne_out_by_the_past(past: list[Outcome]) -> None:
    lines = lines_from(past)
    known = [one for one in past if one.chance is not None]
    if lines.sure_from is not None and lines.sure_from < 1:
        sure = [one.chosen for one in known if (one.chance or 0.0) >= lines.sure_from]
        assert sum(sure) / len(sure) >= SURE_RIGHT
    if lines.folded_below is not None:
        picks = [one.chance or 0.0 for one in known if one.chosen]
        assert sum(chance < lines.folded_below for chance in picks) / len(picks) <= FOLDED_LOST


def test_with_perfect_evidence_coverage_grows() -> None:
    past = perfect(60)
    shares = [decided(past, lines_from(perfect(editions))) for editions in (7, 8, 20, 60)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] > 0.9


def test_with_chances_that_say_nothing_nothing_is_decided_ahead() -> None:
    past = by_luck(30)
    lines = lines_from(past)
    assert decided(past, lines) < 0.05
    lost = sum(one.chosen and (one.chance or 0) < (lines.folded_below or 0) for one in past)
    assert lost <= FOLDED_LOST * sum(one.chosen for one in past)


def test_with_chances_that_say_the_contrary_nothing_is_folded_or_chosen() -> None:
    past = [replace(one, chance=1 - (one.chance or 0)) for one in perfect(30)]
    assert decided(past, lines_from(past)) == 0


def test_editions_without_a_pick_fold_nothing_away() -> None:
    past = [Outcome(edition, 0.2, 1, Tier.OPEN, chosen=False) for edition in range(1, 30)]
    assert lines_from(past) == Lines(1.0, None, 29)


@given(st.integers(1, 5000), st.data())
def test_the_bounds_hold_the_share_and_draw_nearer_with_more(count: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, count))
    low, high = wilson(hits, count)
    assert 0 <= low <= hits / count + 1e-9
    assert hits / count - 1e-9 <= high <= 1
    more_low, more_high = wilson(hits * 4, count * 4)
    assert low <= more_low + 1e-9
    assert more_high <= high + 1e-9


def test_of_nothing_the_bounds_say_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("chance", "suggested", "flagged", "tier"),
    [
        (0.99, True, True, Tier.FLAGGED),
        (0.01, False, True, Tier.FLAGGED),
        (0.01, True, False, Tier.SURE),
        (0.09, False, False, Tier.FOLDED),
        (0.1, False, False, Tier.OPEN),
        (0.99, False, False, Tier.OPEN),
        (None, False, False, Tier.OPEN),
    ],
)
def test_a_tier_goes_by_flag_then_place_then_chance(
    chance: float | None, suggested: bool, flagged: bool, tier: Tier
) -> None:
    assert tier_of(chance, Lines(0.8, 0.1, 9), suggested=suggested, flagged=flagged) is tier


def test_without_lines_nothing_is_folded() -> None:
    assert tier_of(0.0, NO_LINES, suggested=False, flagged=False) is Tier.OPEN


def test_a_folded_story_was_right_if_it_was_left_and_a_sure_one_if_it_stayed() -> None:
    past = [
        Outcome(1, 0.9, 1, Tier.SURE, chosen=True),
        Outcome(1, 0.9, 2, Tier.SURE, chosen=False),
        Outcome(1, 0.1, 3, Tier.FOLDED, chosen=False),
        Outcome(1, 0.1, 4, Tier.FOLDED, chosen=True),
        Outcome(1, 0.5, 5, Tier.OPEN, chosen=True),
    ]
    found = {record.tier: (record.count, record.right, record.share) for record in tier_records(past)}
    assert found == {
        Tier.SURE: (2, 1, 0.5),
        Tier.OPEN: (1, 1, 1.0),
        Tier.FOLDED: (2, 1, 0.5),
        Tier.FLAGGED: (0, 0, None),
    }


@given(outcomes)
def test_at_least_so_many_picks_stand_above_the_stop_line_and_no_fewer_would_do(past: list[Outcome]) -> None:
    places = [one.place for one in past if one.chosen and one.place > 0]
    line = stop_line(past)
    if line is None:
        assert not places or len({one.edition for one in past}) < EDITIONS_MIN
        return
    assert sum(place <= line for place in places) >= 0.94 * len(places) - 1e-6
    assert sum(place < line for place in places) < 0.94 * len(places)


def test_the_stop_line_is_where_94_of_100_picks_end() -> None:
    past = [Outcome(place % 10, 0.5, place, Tier.OPEN, chosen=True) for place in range(1, 101)]
    assert stop_line(past) == 94
