"""Where an edition may go from where it stands: one table (pure)."""

from collections.abc import Mapping

from flows.errors import WorkflowError
from flows.models import EditionStatus

_S = EditionStatus

MOVES: Mapping[EditionStatus, frozenset[EditionStatus]] = {
    _S.DRAFT: frozenset({_S.APPROVED, _S.CANCELLED, _S.NONE}),
    _S.APPROVED: frozenset({_S.DRAFT, _S.SENDING, _S.HELD, _S.CANCELLED}),
    _S.SENDING: frozenset({_S.SENT, _S.PAUSED, _S.CANCELLED}),
    _S.PAUSED: frozenset({_S.SENDING, _S.CANCELLED}),
    _S.HELD: frozenset({_S.APPROVED, _S.DRAFT, _S.CANCELLED}),
    # An explicit "no edition this week" is taken back when there is something new after all.
    _S.NONE: frozenset({_S.DRAFT}),
    _S.SENT: frozenset(),
    _S.CANCELLED: frozenset(),
}

_STANDS: Mapping[EditionStatus, str] = {
    _S.DRAFT: "is a draft",
    _S.APPROVED: "is approved",
    _S.SENDING: "is being sent",
    _S.PAUSED: "is paused",
    _S.HELD: "is held back",
    _S.SENT: "has been sent",
    _S.CANCELLED: "is cancelled",
    _S.NONE: "was left out this time",
}
_BECOMES: Mapping[EditionStatus, str] = {
    _S.DRAFT: "go back to the desk",
    _S.APPROVED: "be approved",
    _S.SENDING: "be sent",
    _S.PAUSED: "be paused",
    _S.HELD: "be held back",
    _S.SENT: "be called sent",
    _S.CANCELLED: "be cancelled",
    _S.NONE: "be left out",
}

# Where what is written in an edition may still be changed; approved and held ones lose their approval by it.
EDITABLE = frozenset({_S.DRAFT, _S.APPROVED, _S.HELD})


def may_move(status: EditionStatus, to: EditionStatus) -> bool:
    return to in MOVES[status]


def move(status: EditionStatus, to: EditionStatus) -> EditionStatus:
    """`to`, if an edition may go there from `status`. Raises WorkflowError with a sentence otherwise."""
    if may_move(status, to):
        return to
    onward = " or ".join(_BECOMES[next_] for next_ in EditionStatus if next_ in MOVES[status])
    rest = f"it can {onward}" if onward else "nothing about it can change any more"
    raise WorkflowError(f"This edition {_STANDS[status]}, so it cannot {_BECOMES[to]}; {rest}.")


def check_editable(status: EditionStatus, number: int) -> None:
    """Raises WorkflowError when what is written in the edition is past changing."""
    if status not in EDITABLE:
        raise WorkflowError(f"Edition {number} {_STANDS[status]}; what it says cannot be changed any more.")
