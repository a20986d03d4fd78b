"""What may become of a letter, and whether the receipt adds up."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import PauseRun, Refused, StopRun, TryAgain, Uncertain
from flows.letters.ledger import (
    MOST_DEATHS,
    MOST_TRIES,
    Course,
    Evidence,
    Held,
    after_death,
    answer_to,
    may_move,
    not_rendered,
    receipt_of,
    resume_time,
    settle_unknown,
    too_many_unrendered,
    wait_s,
)
from flows.models import LetterStatus
from tests.conftest import NOW

GRACE = timedelta(minutes=15)
S = LetterStatus


@pytest.mark.parametrize(
    ("error", "status", "course"),
    [
        (Refused("no such mailbox"), S.FAILED, Course.GO_ON),
        (TryAgain("throttled"), S.QUEUED, Course.SLOW_DOWN),
        (PauseRun("quota reached"), S.QUEUED, Course.PAUSE),
        (StopRun("credentials expired"), S.QUEUED, Course.STOP),
        (Uncertain("no answer"), S.UNKNOWN, Course.GO_ON),
        (ZeroDivisionError("a fault of ours"), S.UNKNOWN, Course.GO_ON),
    ],
)
def test_each_class_of_error_says_what_becomes_of_the_letter_and_the_run(
    error: Exception, status: LetterStatus, course: Course
) -> None:
    answer = answer_to(error, attempts=1, others_pass=True, chance=0.5)
    assert (answer.status, answer.course) == (status, course)
    assert str(error) in answer.reason


def test_a_letter_that_is_turned_away_again_and_again_is_given_up_only_while_others_pass() -> None:
    def answer(others_pass: bool) -> LetterStatus:
        return answer_to(TryAgain("later"), attempts=MOST_TRIES, others_pass=others_pass, chance=0).status

    assert answer(True) is S.FAILED
    assert answer(False) is S.QUEUED  # it is the mail service that is down, not this letter


def test_waits_grow_and_are_spread_by_chance() -> None:
    assert [wait_s(attempts, 0.0) for attempts in (1, 2, 3, 30)] == [2, 4, 8, 300]
    assert wait_s(3, 0.999) < wait_s(3, 0.5) < wait_s(3, 0.0)


@given(st.sampled_from(S), st.integers(0, 2), st.booleans())
def test_S01_what_a_dead_worker_held_is_never_lost(status: LetterStatus, deaths: int, suspect: bool) -> None:
    if status not in (S.CLAIMED, S.SUBMITTING):
        return
    found = after_death(Held(status, deaths, suspect))
    if status is S.SUBMITTING:
        assert found.status is S.UNKNOWN
    else:
        assert found.status in (S.QUEUED, S.FAILED)
        assert (found.status is S.FAILED) == (found.deaths >= MOST_DEATHS)


def test_S15_a_letter_at_which_three_workers_died_is_put_aside_with_the_reason() -> None:
    deaths = 0
    for _ in range(MOST_DEATHS):
        found = after_death(Held(S.CLAIMED, deaths, suspect=True))
        deaths = found.deaths
    assert found.status is S.FAILED
    assert found.reason.startswith("put aside: 3 workers")


def test_S15_a_letter_that_only_lay_beside_it_is_not_blamed() -> None:
    assert after_death(Held(S.CLAIMED, 0, suspect=False)).deaths == 0


def unknown(**known: object) -> Evidence:
    return Evidence(submitted_at=NOW, **known)  # type: ignore[arg-type]


AFTER = NOW + GRACE + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("evidence", "status"),
    [
        (unknown(), None),
        (unknown(pipeline=True), None),  # no sign of life since the grace
        (unknown(pipeline=True, alive_at=NOW + timedelta(minutes=1)), None),  # silent since
        (unknown(pipeline=False, alive_at=AFTER), None),  # perhaps acceptances are not reported at all
        (unknown(pipeline=True, alive_at=AFTER), S.QUEUED),
        (unknown(certain=True), S.QUEUED),
        (unknown(certain=True, provider_id="x"), S.ACCEPTED),
        (unknown(certain=True, deaths=MOST_DEATHS), S.FAILED),
    ],
)
def test_S07_an_unknown_letter_goes_again_only_on_evidence(evidence: Evidence, status: LetterStatus | None) -> None:
    found = settle_unknown(evidence, now=AFTER, grace=GRACE)
    assert (found and found.status) is status


def test_S07_within_the_grace_an_unknown_letter_waits() -> None:
    evidence = unknown(pipeline=True, alive_at=NOW + GRACE)
    assert settle_unknown(evidence, now=NOW + GRACE - timedelta(seconds=1), grace=GRACE) is None


@pytest.mark.parametrize("end", [S.ACCEPTED, S.DELIVERED, S.BOUNCED, S.COMPLAINED])
def test_what_was_accepted_never_goes_again(end: LetterStatus) -> None:
    assert not any(may_move(end, to) for to in (S.QUEUED, S.CLAIMED, S.SUBMITTING, S.UNKNOWN, S.SKIPPED))


@pytest.mark.parametrize("status", [S.QUEUED, S.CLAIMED, S.SUBMITTING, S.UNKNOWN, S.FAILED, S.SKIPPED])
def test_an_event_proves_acceptance_wherever_our_books_stand(status: LetterStatus) -> None:
    assert all(may_move(status, to) for to in (S.ACCEPTED, S.DELIVERED, S.BOUNCED, S.COMPLAINED))


def test_a_letter_leaves_only_by_way_of_submitting() -> None:
    assert [status for status in S if may_move(status, S.SUBMITTING)] == [S.CLAIMED]
    assert [status for status in S if may_move(status, S.CLAIMED)] == [S.QUEUED]


def test_S13_more_than_one_in_a_hundred_that_cannot_be_built_is_the_templates_fault() -> None:
    assert not too_many_unrendered(1, 20)
    assert not too_many_unrendered(50, 5_000)
    assert too_many_unrendered(51, 5_000)
    assert too_many_unrendered(2, 20)


def test_a_letter_that_cannot_be_built_says_why() -> None:
    assert not_rendered(KeyError("name")).reason == "render: 'name'"
    assert not_rendered(ValueError()).reason == "render: ValueError"


def test_only_a_pause_for_quota_ends_by_itself() -> None:
    assert resume_time(Course.PAUSE, NOW) == NOW + timedelta(hours=1)
    assert resume_time(Course.STOP, NOW) is None


rows = st.lists(
    st.tuples(
        st.sampled_from(S),
        st.sampled_from(["", "unsubscribed", "refused: no such mailbox", "refused: blocked"]),
        st.integers(1, 1000),
    ),
    max_size=30,
)


@given(rows)
def test_the_receipt_counts_every_letter_once(counts: list[tuple[LetterStatus, str, int]]) -> None:
    people = sum(number for _, _, number in counts)
    assert receipt_of(1, people, counts).balanced
    assert not receipt_of(1, people + 1, counts).balanced
    assert receipt_of(1, people, counts).accounted == people


def test_the_receipt_reads_as_a_sum() -> None:
    counts = [
        (S.ACCEPTED, "", 2),
        (S.BOUNCED, "bounced: 550", 1),
        (S.SKIPPED, "unsubscribed", 2),
        (S.FAILED, "refused: no such mailbox", 1),
        (S.UNKNOWN, "no answer", 1),
        (S.SUBMITTING, "", 1),
    ]
    assert receipt_of(1, 8, counts).sentence == (
        "8 people = 3 accepted + 2 skipped (unsubscribed) + 1 failed (refused) + 1 unknown + 1 still owed"
    )
    assert "does NOT equal" in receipt_of(1, 9, counts).sentence


def test_every_status_has_its_place_in_the_receipt() -> None:
    for status in S:
        assert receipt_of(1, 1, [(status, "", 1)]).balanced, status


Make = Callable[[str], Exception]


@pytest.mark.parametrize("make", [Refused, TryAgain, PauseRun, StopRun, Uncertain])
def test_a_long_answer_is_cut_to_what_the_ledger_holds(make: Make) -> None:
    answer = answer_to(make("x\n" * 5_000), attempts=1, others_pass=True, chance=0)
    assert len(answer.reason) <= 400
    assert "\n" not in answer.reason
