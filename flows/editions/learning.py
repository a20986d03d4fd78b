"""Decisions -> a candidate ranking, back-tested, waiting for a person's approval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from math import isfinite
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from flows.clock import Clock, utc_now
from flows.database import reading, transaction
from flows.editions.draft_notices import ranker_waits
from flows.editions.store import ensure_newsletter
from flows.models import Decision, Edition, EditionItem, Newsletter, Ranker, RankerStatus
from flows.settings import Settings
from flows.stories.backtest import LEARN_FROM_MIN, BackTest, back_test, candidate_of
from flows.stories.drift import baseline
from flows.stories.features import NAMES
from flows.stories.fitting import Decided, PastEdition
from flows.stories.gate import HELD_OUT_MIN
from flows.stories.history import SEALED, not_put_aside
from flows.stories.registry import in_use, register
from flows.stories.weights import RankerWeights

EDITIONS_MIN = LEARN_FROM_MIN + HELD_OUT_MIN


_LEARNED_FROM: tuple[Any, ...] = (  # reasons, claims and words would be most of the memory
    col(EditionItem.features),
    col(EditionItem.decision),
    col(EditionItem.decided_by),
    col(EditionItem.opened_at),
    col(EditionItem.rank),
)


@dataclass(frozen=True)
class Learned:
    """What one run came to. `ranker_id` None: nothing was registered, and `sentence` says why.

    `candidate` is there when it passed the gate.
    """

    ranker_id: int | None
    version: int | None
    editions: int
    sentence: str
    backtest: dict[str, Any]
    candidate: RankerWeights | None = None


def learn_ranker(
    engine: Engine, settings: Settings, *, clock: Clock = utc_now, progress: Callable[[str], None] = print
) -> Learned:
    """Fit a candidate to past decisions, and register it as PENDING if it beats what is in use.

    It changes no ranking: only `registry.approve` does. The same decisions are never registered twice.
    """
    now = clock()
    newsletter_id, past = _read(engine, settings, now)
    learned = past.known or _judged(past)
    if learned.candidate is not None:
        evidence = {**learned.backtest, **about(past.editions)}
        with transaction(engine) as session:
            row = register(session, newsletter_id, learned.candidate, evidence, now=now)
            sentence = f"Version {row.version} of the ranking waits for approval. {learned.sentence}"
            learned = Learned(row.id, row.version, learned.editions, sentence, evidence, learned.candidate)
            ranker_waits(session, newsletter_id, sentence, settings, now=now)
    with transaction(engine) as session:
        session.get_one(Newsletter, newsletter_id).learn_asked_at = None
    progress(learned.sentence)
    return learned


def judge_now(engine: Engine, settings: Settings, *, clock: Clock = utc_now) -> Learned:
    """The same judgement, of whatever was decided; nothing is registered, and nothing asks for approval."""
    _, past = _read(engine, settings, clock())
    return _judged(past)


@dataclass(frozen=True)
class _Past:
    """`known` is what was made of exactly these editions before, if anything was registered then."""

    editions: list[PastEdition]
    current: RankerWeights
    learned_to: int
    known: Learned | None


def _read(engine: Engine, settings: Settings, now: datetime) -> tuple[int, _Past]:
    with transaction(engine) as session:
        newsletter_id = ensure_newsletter(session, settings, now=now).id or 0
    with reading(engine) as session:
        editions = past_editions(session, newsletter_id)
        current = in_use(session, newsletter_id)
        learned_to = last_learned(session, newsletter_id, current)
        known = _known(session, newsletter_id, editions)
    return newsletter_id, _Past(editions, current, learned_to, known)


def _judged(past: _Past) -> Learned:
    few = _too_few(past.editions, past.current)
    if few is not None:
        return few
    tested = back_test(past.editions, past.current, learned_to=past.learned_to)
    told = _told(tested, past.current)
    return replace(told, candidate=candidate_of(past.editions, tested)) if tested.better else told


def about(editions: Sequence[PastEdition]) -> dict[str, Any]:
    """What is kept with a version beside its back-test: what the stories it has learned from were like."""
    return {"baseline": baseline([story.features for edition in editions for story in edition.stories], NAMES)}


def past_editions(session: Session, newsletter_id: int, *, since: int = 0) -> list[PastEdition]:
    """Sealed editions from number `since` on in which a person decided on something, oldest first.

    An edition that was approved just as it was drafted shows the ranking its own taste, and teaches nothing.
    A feature that an edition did not measure yet counts 0; a story whose features are broken is left out.
    """
    rows = session.exec(
        select(Edition.number, EditionItem)
        .options(load_only(*_LEARNED_FROM))
        .join(EditionItem, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED), not_put_aside())
        .where(Edition.number >= since)
        .order_by(col(Edition.number), col(EditionItem.id))
    ).all()
    editions = []
    for number, group in groupby(rows, key=lambda row: row[0]):
        items = [item for _, item in group]
        stories = tuple(_decided(item, features) for item in items if (features := _whole(item.features)))
        taught = any(item.decided_by for item in items)
        if taught and 0 < sum(story.chosen for story in stories) < len(stories):
            editions.append(PastEdition(number, stories))
    return editions


def last_learned(session: Session, newsletter_id: int, current: RankerWeights) -> int:
    """The number of the last edition that this version has learned from; 0 for the rules."""
    row = session.exec(
        select(Ranker).where(Ranker.newsletter_id == newsletter_id, Ranker.version == current.version)
    ).first()
    last = row.backtest.get("last_edition") if row is not None else 0
    return last if isinstance(last, int) else 0


def _too_few(editions: Sequence[PastEdition], current: RankerWeights) -> Learned | None:
    count = len(editions)
    if count >= EDITIONS_MIN:
        return None
    sentence = (
        f"Nothing learned: {count} past {'edition has' if count == 1 else 'editions have'} an editor's "
        f"decisions, and {EDITIONS_MIN} are needed. The ranking stays at version {current.version}."
    )
    return Learned(None, None, count, sentence, {})


def _told(tested: BackTest, current: RankerWeights) -> Learned:
    evidence = tested.evidence
    mean, lead = evidence["mean"], evidence["difference"]["in_use"]
    figures = (
        f"On editions {evidence['held_out'][0]} to {evidence['held_out'][-1]}, NDCG@10 was "
        f"{mean['candidate']:.2f}, against {mean['in_use']:.2f} of version {current.version} in use "
        f"(90 % sure of {lead['low']:+.2f} to {lead['high']:+.2f}), {mean['rules']:.2f} of the rules, "
        f"{mean['source_record']:.2f} of the sources' record and {mean['recency']:.2f} of newest first."
    )
    if evidence["note"]:
        figures = f"{figures} {evidence['note']}"
    sentence = figures if tested.better else f"Nothing registered. {evidence['verdict']} {figures}"
    return Learned(None, None, evidence["editions"], sentence, evidence)


def _known(session: Session, newsletter_id: int, editions: Sequence[PastEdition]) -> Learned | None:
    """The version that has learned from all these editions, if one was ever registered: whatever became of it."""
    if not editions:
        return None
    rows = session.exec(
        select(Ranker).where(Ranker.newsletter_id == newsletter_id).order_by(col(Ranker.version).desc())
    ).all()
    for row in rows:
        seen = (row.backtest.get("last_edition"), row.backtest.get("editions"))
        if seen == (editions[-1].number, len(editions)):
            return _again(row, len(editions))
    return None


def _again(row: Ranker, editions: int) -> Learned:
    if row.status is RankerStatus.PENDING:
        sentence = f"Version {row.version} of the ranking waits for approval; nothing new was decided since."
        return Learned(row.id, row.version, editions, sentence, row.backtest)
    sentence = f"Nothing new was decided since version {row.version} of the ranking, which is {row.status}."
    return Learned(None, None, editions, sentence, row.backtest)


def _decided(item: EditionItem, features: Mapping[str, float]) -> Decided:
    looked = bool(item.decided_by) or item.opened_at is not None
    return Decided(features, item.decision is Decision.CHOSEN, item.rank, looked)


def _whole(features: object) -> dict[str, float]:
    """Every feature of this Masthead, 0.0 where it was not measured; {} if one is no number, or none is there."""
    if not isinstance(features, dict) or not any(name in features for name in NAMES):
        return {}
    values = {name: features.get(name, 0.0) for name in NAMES}
    return values if all(isinstance(value, int | float) and isfinite(value) for value in values.values()) else {}
