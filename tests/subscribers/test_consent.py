"""The moves of a subscription, over random histories."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.consent import Act, Wishes, decide, entry, move
from subscribers.errors import ConsentError
from subscribers.models import Cadence, SubscriptionStatus
from tests.conftest import NOW

PENDING, CONFIRMED, LEFT = SubscriptionStatus
BY_OTHERS = [Act.ADDED, Act.ASKED, Act.PAUSED, Act.CHANGED]


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_asking_again_never_changes_what_stands(status: SubscriptionStatus) -> None:
    assert move(status, Act.ASKED) is status


def test_nobody_but_the_person_brings_back_who_left() -> None:
    with pytest.raises(ConsentError, match="unsubscribed"):
        move(LEFT, Act.ADDED)
    assert move(LEFT, Act.RETURNED) is CONFIRMED


def test_what_is_not_in_the_table_is_not_allowed() -> None:
    for act in (Act.CONFIRMED, Act.RETURNED, Act.PAUSED, Act.CHANGED, Act.SUPPRESSED):
        with pytest.raises(ConsentError, match="not on the list"):
            move(None, act)


@given(st.sampled_from(SubscriptionStatus), st.sampled_from(Act))
def test_the_same_act_twice_changes_nothing_the_second_time(status: SubscriptionStatus, act: Act) -> None:
    try:
        once = decide(Wishes(status, paused_until=date(2027, 1, 1)), act)
    except ConsentError:
        return
    assert not decide(once.wishes, act).changed


@given(st.lists(st.sampled_from(BY_OTHERS), max_size=12))
def test_U10_no_history_of_others_doing_brings_letters_to_who_left(acts: list[Act]) -> None:
    wishes = Wishes(LEFT)
    for act in acts:
        try:
            wishes = decide(wishes, act).wishes
        except ConsentError:
            continue
    assert wishes.status is LEFT


def test_an_entry_says_how_it_stood_before_and_after() -> None:
    outcome = decide(Wishes(CONFIRMED), Act.CHANGED, topics=("Safety",), cadence=Cadence.EVERY)
    line = entry(outcome, Act.CHANGED, subscriber_id=7, newsletter="post", who="link", now=NOW)
    assert (line.before, line.after) == ({"topics": None}, {"topics": ["Safety"]})
    assert (line.what, line.who, line.at) == ("changed preferences", "link", NOW)


def test_coming_back_ends_a_pause_unless_one_is_asked_for() -> None:
    paused = Wishes(LEFT, paused_until=date(2027, 1, 1))
    assert decide(paused, Act.RETURNED).wishes.paused_until is None
    assert decide(paused, Act.RETURNED, paused_until=date(2027, 2, 1)).wishes.paused_until == date(2027, 2, 1)
