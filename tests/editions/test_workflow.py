"""The table of moves."""

import pytest

from flows.editions.workflow import MOVES, check_editable, may_move, move
from flows.errors import WorkflowError
from flows.models import EditionStatus

S = EditionStatus
ALLOWED = {
    (S.DRAFT, S.APPROVED),
    (S.DRAFT, S.CANCELLED),
    (S.DRAFT, S.NONE),
    (S.NONE, S.DRAFT),
    (S.APPROVED, S.DRAFT),
    (S.APPROVED, S.SENDING),
    (S.APPROVED, S.HELD),
    (S.APPROVED, S.CANCELLED),
    (S.HELD, S.APPROVED),
    (S.HELD, S.DRAFT),
    (S.HELD, S.CANCELLED),
    (S.SENDING, S.SENT),
    (S.SENDING, S.PAUSED),
    (S.SENDING, S.CANCELLED),
    (S.PAUSED, S.SENDING),
    (S.PAUSED, S.CANCELLED),
}


@pytest.mark.parametrize("to", S)
@pytest.mark.parametrize("status", S)
def test_an_edition_goes_only_where_the_table_lets_it(status: S, to: S) -> None:
    if (status, to) in ALLOWED:
        assert move(status, to) is to
        assert may_move(status, to)
    else:
        with pytest.raises(WorkflowError, match=r"^This edition .+, so it cannot .+\.$"):
            move(status, to)


def test_every_status_has_its_row() -> None:
    assert set(MOVES) == set(S)


def test_nothing_that_left_the_house_comes_back_to_the_desk() -> None:
    assert not any(S.DRAFT in MOVES[status] for status in (S.SENDING, S.PAUSED, S.SENT, S.CANCELLED))


@pytest.mark.parametrize("status", [S.SENDING, S.PAUSED, S.SENT, S.CANCELLED, S.NONE])
def test_what_is_going_out_is_not_edited(status: S) -> None:
    with pytest.raises(WorkflowError, match=r"Edition 12 .* cannot be changed"):
        check_editable(status, 12)


@pytest.mark.parametrize("status", [S.DRAFT, S.APPROVED, S.HELD])
def test_what_waits_may_be_edited(status: S) -> None:
    check_editable(status, 12)
