"""Versions of the ranking: learned ones wait here until a person approves them; one at most is in use.

PENDING --approve--> APPROVED --(another is approved)--> RETIRED --(roll back)--> APPROVED
PENDING --reject--> REJECTED          APPROVED --roll back--> REJECTED
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import isfinite
from types import MappingProxyType
from typing import Any

from sqlmodel import Session, col, select

from flows.errors import WorkflowError
from flows.models import Ranker, RankerStatus
from flows.stories.features import NAMES
from flows.stories.store import lock_newsletter
from flows.stories.weights import RULES, RankerWeights

FORMAT = 2
_POINTS_MOST = 1000.0  # beyond this, a weight is a broken number and not a taste

_MOVES: dict[RankerStatus, frozenset[RankerStatus]] = {
    RankerStatus.PENDING: frozenset({RankerStatus.APPROVED, RankerStatus.REJECTED}),
    RankerStatus.APPROVED: frozenset({RankerStatus.RETIRED, RankerStatus.REJECTED}),
    RankerStatus.RETIRED: frozenset({RankerStatus.APPROVED}),
    RankerStatus.REJECTED: frozenset(),
}


def in_use(session: Session, newsletter_id: int) -> RankerWeights:
    """The approved version's weights, or the rules: while none is approved, and when it cannot be read.

    In the last case `note` says so, in a sentence for the editors.
    """
    row = _approved(session, newsletter_id)
    if row is None:
        return RULES
    try:
        return from_json(row.version, row.weights)
    except ValueError as error:
        note = f"Version {row.version} of the ranking cannot be read ({error}); the rules rank instead."
        return replace(RULES, note=note)


def as_json(weights: RankerWeights) -> dict[str, Any]:
    """What `Ranker.weights` and `Edition.ranker_weights` hold."""
    return {
        "format": FORMAT,
        "points": dict(weights.points),
        "variety": weights.variety,
        "base": weights.base,
        "sharpness": weights.sharpness,
        "likeness": weights.likeness,
    }


def from_json(version: int, document: object) -> RankerWeights:
    """The reverse of `as_json`. Raises ValueError with what is wrong: broken, or of a newer Masthead."""
    if not isinstance(document, Mapping):
        raise ValueError("it is not a set of weights")  # noqa: TRY004 - what is wrong is what was stored
    if document.get("format") != FORMAT:
        raise ValueError(f"its format is {document.get('format')!r}, and this Masthead reads {FORMAT}")
    points = document.get("points")
    if not isinstance(points, Mapping) or set(points) != set(NAMES):
        raise ValueError("its features are not those of this Masthead")
    return RankerWeights(
        version=version,
        points=MappingProxyType({name: _number(points[name], name) for name in NAMES}),
        variety=_number(document.get("variety"), "variety"),
        base=_number(document.get("base"), "base"),
        sharpness=_number(document.get("sharpness"), "sharpness"),
        likeness=_number(document.get("likeness"), "likeness"),
    )


def versions(session: Session, newsletter_id: int) -> list[Ranker]:
    """Every learned version, the newest first; version 1, the rules, is no row."""
    query = select(Ranker).where(Ranker.newsletter_id == newsletter_id)
    return list(session.exec(query.order_by(col(Ranker.version).desc())).all())


def register(
    session: Session, newsletter_id: int, weights: RankerWeights, evidence: dict[str, Any], *, now: datetime
) -> Ranker:
    """Store a learned version, PENDING. It takes the place of any that still waits."""
    lock_newsletter(session, newsletter_id)
    rows = versions(session, newsletter_id)
    version = max((row.version for row in rows), default=RULES.version) + 1
    for row in rows:
        if row.status is RankerStatus.PENDING:
            _move(row, RankerStatus.REJECTED, by=f"replaced by version {version}", now=now)
    made = Ranker(
        newsletter_id=newsletter_id,
        version=version,
        weights=as_json(weights),
        backtest=evidence,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def approve(session: Session, ranker_id: int, *, by: str, now: datetime) -> Ranker:
    """Use a pending version from the next draft on. Raises WorkflowError if not pending, or unreadable."""
    row = _locked(session, ranker_id)
    if row.status is not RankerStatus.PENDING:
        raise WorkflowError(f"version {row.version} of the ranking is {row.status}, not waiting for approval.")
    try:
        from_json(row.version, row.weights)
    except ValueError as error:
        raise WorkflowError(f"version {row.version} of the ranking cannot be used: {error}.") from error
    if (current := _approved(session, row.newsletter_id)) is not None:
        _move(current, RankerStatus.RETIRED, by=by, now=now)
    return _move(row, RankerStatus.APPROVED, by=by, now=now)


def reject(session: Session, ranker_id: int, *, by: str, now: datetime) -> Ranker:
    """Turn a pending version down for good. Raises WorkflowError if it is not pending."""
    row = _locked(session, ranker_id)
    if row.status is not RankerStatus.PENDING:
        raise WorkflowError(f"version {row.version} of the ranking is {row.status}, not waiting for approval.")
    return _move(row, RankerStatus.REJECTED, by=by, now=now)


def roll_back(session: Session, newsletter_id: int, *, by: str, now: datetime) -> RankerWeights:
    """Give up the version in use for the one before it (the rules, if there was none), which is returned.

    Raises WorkflowError when the rules are in use already.
    """
    lock_newsletter(session, newsletter_id)
    current = _approved(session, newsletter_id)
    if current is None:
        raise WorkflowError("the rules rank already; there is no earlier version to go back to.")
    _move(current, RankerStatus.REJECTED, by=by, now=now)
    retired = [row for row in versions(session, newsletter_id) if row.status is RankerStatus.RETIRED]
    if retired:
        _move(max(retired, key=lambda row: row.version), RankerStatus.APPROVED, by=by, now=now)
    session.flush()
    return in_use(session, newsletter_id)


def _move(row: Ranker, to: RankerStatus, *, by: str, now: datetime) -> Ranker:
    if to not in _MOVES[row.status]:
        raise WorkflowError(f"version {row.version} of the ranking is {row.status}; it cannot become {to}.")
    row.status, row.decided_by, row.decided_at = to, by, now
    return row


def _locked(session: Session, ranker_id: int) -> Ranker:
    row = session.get(Ranker, ranker_id)
    if row is None:
        raise WorkflowError(f"there is no version of the ranking with the number {ranker_id}.")
    lock_newsletter(session, row.newsletter_id)
    session.refresh(row)
    return row


def _approved(session: Session, newsletter_id: int) -> Ranker | None:
    query = select(Ranker).where(Ranker.newsletter_id == newsletter_id, Ranker.status == RankerStatus.APPROVED)
    return session.exec(query.order_by(col(Ranker.version).desc())).first()


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"its weight of {name} is not a number")  # noqa: TRY004 - as above
    if abs(value) > _POINTS_MOST or not isfinite(value):
        raise ValueError(f"its weight of {name} is out of range")
    return float(value)
