"""Versions of the ranking: pending, approved, rolled back."""

import json
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, create_engine, select

from flows.errors import WorkflowError
from flows.models import Newsletter, Ranker, RankerStatus
from flows.stories import registry
from flows.stories.weights import RULES, RankerWeights
from tests.conftest import NOW

ADA = "ada@newsletter.example"


def learned(recency: float = 3.0) -> RankerWeights:
    return RankerWeights(0, MappingProxyType({**RULES.points, "recency": recency}), variety=0.2, base=-1.5)


def offer(session: Session, newsletter: Newsletter, recency: float = 3.0) -> Ranker:
    return registry.register(session, newsletter.id or 0, learned(recency), {"mean": {}}, now=NOW)


def used(session: Session, newsletter: Newsletter) -> RankerWeights:
    return registry.in_use(session, newsletter.id or 0)


def test_a_pending_version_is_never_used(session: Session, newsletter: Newsletter) -> None:
    offer(session, newsletter)
    assert used(session, newsletter) is RULES


def test_an_approved_version_is_used_and_can_be_rolled_back(session: Session, newsletter: Newsletter) -> None:
    newsletter_id = newsletter.id or 0
    second = offer(session, newsletter)
    registry.approve(session, second.id or 0, by=ADA, now=NOW)
    assert (used(session, newsletter).version, used(session, newsletter).points) == (2, learned().points)
    third = offer(session, newsletter, 4.0)
    registry.approve(session, third.id or 0, by=ADA, now=NOW + timedelta(days=7))
    assert used(session, newsletter).version == 3
    assert second.status is RankerStatus.RETIRED
    assert registry.roll_back(session, newsletter_id, by=ADA, now=NOW).version == 2
    assert third.status is RankerStatus.REJECTED
    assert registry.roll_back(session, newsletter_id, by=ADA, now=NOW) is RULES
    with pytest.raises(WorkflowError, match="the rules rank already"):
        registry.roll_back(session, newsletter_id, by=ADA, now=NOW)
    approved = session.exec(select(Ranker).where(Ranker.status == RankerStatus.APPROVED)).all()
    assert approved == []


def test_a_decision_is_made_once(session: Session, newsletter: Newsletter) -> None:
    row = offer(session, newsletter)
    registry.reject(session, row.id or 0, by=ADA, now=NOW)
    assert (row.decided_by, row.decided_at) == (ADA, NOW)
    with pytest.raises(WorkflowError, match="version 2 of the ranking is rejected"):
        registry.approve(session, row.id or 0, by=ADA, now=NOW)
    with pytest.raises(WorkflowError, match="not waiting"):
        registry.reject(session, row.id or 0, by=ADA, now=NOW)
    with pytest.raises(WorkflowError, match="no version"):
        registry.approve(session, 999, by=ADA, now=NOW)


def test_a_newer_candidate_takes_the_place_of_one_that_waits(session: Session, newsletter: Newsletter) -> None:
    first, second = offer(session, newsletter), offer(session, newsletter)
    assert (first.status, first.decided_by) == (RankerStatus.REJECTED, "replaced by version 3")
    assert (second.status, second.version) == (RankerStatus.PENDING, 3)


def test_a_broken_version_cannot_be_approved(session: Session, newsletter: Newsletter) -> None:
    row = offer(session, newsletter)
    row.weights = {"format": 1}
    session.flush()
    with pytest.raises(WorkflowError, match="cannot be used"):
        registry.approve(session, row.id or 0, by=ADA, now=NOW)


def document(**changes: object) -> dict[str, object]:
    return {**registry.as_json(learned()), **changes}


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({}, "format is None"),
        (document(format=3), "format is 3"),
        (document(points={"recency": 1.0}), "features are not those"),
        (document(points={**RULES.points, "karma": 1.0}), "features are not those"),
        (document(points={**RULES.points, "topic": "high"}), "weight of topic is not a number"),
        (document(points={**RULES.points, "topic": float("nan")}), "weight of topic is out of range"),
        (document(points={**RULES.points, "topic": 1e300}), "weight of topic is out of range"),
        (document(variety=None), "weight of variety is not a number"),
        (document(base=True), "weight of base is not a number"),
    ],
)
def test_what_cannot_be_read_is_named(stored: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        registry.from_json(5, stored)


def test_weights_survive_being_stored() -> None:
    stored = json.loads(json.dumps(registry.as_json(learned())))
    assert registry.from_json(4, stored) == RankerWeights(4, learned().points, variety=0.2, base=-1.5)


@given(
    st.lists(
        st.tuples(st.sampled_from(["learn", "approve", "reject", "roll back", "break"]), st.integers(2, 6)), max_size=14
    )
)
def test_a_version_that_waits_was_turned_down_or_given_up_is_never_used(told: list[tuple[str, int]]) -> None:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        letter = Newsletter(slug="n", name="N", created_at=NOW)
        session.add(letter)
        session.flush()
        for what, version in told:
            with suppress(WorkflowError):
                act(session, letter, what, version)
            rows = {row.version: row.status for row in registry.versions(session, letter.id or 0)}
            in_use = used(session, letter)
            assert in_use.version == RULES.version or rows[in_use.version] is RankerStatus.APPROVED
            assert list(rows.values()).count(RankerStatus.APPROVED) <= 1
            assert list(rows.values()).count(RankerStatus.PENDING) <= 1


def act(session: Session, letter: Newsletter, what: str, version: int) -> None:
    if what == "learn":
        offer(session, letter)
    elif what == "roll back":
        registry.roll_back(session, letter.id or 0, by=ADA, now=NOW)
    else:
        row = session.exec(select(Ranker).where(Ranker.version == version)).first()
        if row is None:
            return
        if what == "break":
            points = {**RULES.points, "recency": 10**300}
            row.weights = {**registry.as_json(learned()), "points": points}
            session.flush()
        else:
            decide = registry.approve if what == "approve" else registry.reject
            decide(session, row.id or 0, by=ADA, now=NOW)
