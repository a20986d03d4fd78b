"""Decisions -> a candidate ranking, back-tested, waiting for a person's approval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, isfinite
from statistics import fmean
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.clock import Clock, utc_now
from flows.database import reading, transaction
from flows.editions.store import ensure_newsletter
from flows.models import Decision, Edition, EditionItem, Ranker, RankerStatus
from flows.settings import Settings
from flows.stories.backtest import PastEdition, by_recency, by_weights, ndcg
from flows.stories.features import NAMES
from flows.stories.fitting import Decided, fit
from flows.stories.history import SEALED
from flows.stories.registry import in_use, register
from flows.stories.weights import RULES, RankerWeights

EDITIONS_MIN = 8
_HELD_OUT_SHARE = 1 / 3  # of the editions, the last ones: what a candidate is judged by


@dataclass(frozen=True)
class Learned:
    """What one run came to. `ranker_id` None: nothing was registered, and `sentence` says why."""

    ranker_id: int | None
    version: int | None
    editions: int
    sentence: str
    backtest: dict[str, Any]


def learn_ranker(
    engine: Engine, settings: Settings, *, clock: Clock = utc_now, progress: Callable[[str], None] = print
) -> Learned:
    """Fit a candidate to past decisions, and register it as PENDING if it beats what is in use.

    It changes no ranking: only `registry.approve` does. The same decisions are never registered twice.
    """
    now = clock()
    with transaction(engine) as session:
        newsletter_id = ensure_newsletter(session, settings, now=now).id or 0
    with reading(engine) as session:
        editions = past_editions(session, newsletter_id)
        current = in_use(session, newsletter_id)
        waiting = _waiting(session, newsletter_id, editions)
    learned = waiting or _judge(editions, current)
    if learned.ranker_id is None and learned.backtest.get("better"):
        candidate = fit(_all(editions), version=0)
        with transaction(engine) as session:
            row = register(session, newsletter_id, candidate, learned.backtest, now=now)
            sentence = f"Version {row.version} of the ranking waits for approval. {learned.sentence}"
            learned = Learned(row.id, row.version, learned.editions, sentence, learned.backtest)
    progress(learned.sentence)
    return learned


def past_editions(session: Session, newsletter_id: int) -> list[PastEdition]:
    """Sealed editions in which a person decided on something, oldest first.

    An edition that was approved just as it was drafted shows the ranking its own taste, and teaches nothing.
    """
    rows = session.exec(
        select(Edition.number, EditionItem)
        .join(EditionItem, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED))
        .order_by(col(Edition.number), col(EditionItem.id))
    ).all()
    editions = []
    for number, group in groupby(rows, key=lambda row: row[0]):
        items = [item for _, item in group]
        stories = tuple(
            Decided(item.features, item.decision is Decision.CHOSEN) for item in items if _complete(item.features)
        )
        taught = any(item.decided_by for item in items)
        if taught and 0 < sum(story.chosen for story in stories) < len(stories):
            editions.append(PastEdition(number, stories))
    return editions


def back_test(editions: Sequence[PastEdition], current: RankerWeights) -> dict[str, Any]:
    """NDCG@10 on the last third of the editions, of a candidate that saw only those before.

    `current` may have learned from some of the held-out ones: that flatters it, so a candidate is never
    preferred by mistake.
    """
    cut = len(editions) - max(1, ceil(len(editions) * _HELD_OUT_SHARE))
    seen, held_out = editions[:cut], editions[cut:]
    candidate = fit(_all(seen), version=0)
    scorers = {
        "candidate": by_weights(candidate),
        "in_use": by_weights(current),
        "rules": by_weights(RULES),
        "recency": by_recency,
    }
    figures = {name: [round(value, 4) for value in ndcg(held_out, score)] for name, score in scorers.items()}
    means = {name: round(fmean(values), 4) for name, values in figures.items()}
    return {
        "measure": "NDCG@10",
        "learned_from": [edition.number for edition in seen],
        "held_out": [edition.number for edition in held_out],
        "per_edition": figures,
        "mean": means,
        "in_use_version": current.version,
        "last_edition": editions[-1].number,
        "editions": len(editions),
        "stories": sum(len(edition.stories) for edition in editions),
        "better": means["candidate"] > max(means["in_use"], means["rules"]),
    }


def _judge(editions: Sequence[PastEdition], current: RankerWeights) -> Learned:
    count = len(editions)
    if count < EDITIONS_MIN:
        sentence = (
            f"Nothing learned: {count} past {'edition has' if count == 1 else 'editions have'} an editor's "
            f"decisions, and {EDITIONS_MIN} are needed. The ranking stays at version {current.version}."
        )
        return Learned(None, None, count, sentence, {})
    evidence = back_test(editions, current)
    mean = evidence["mean"]
    figures = (
        f"On editions {evidence['held_out'][0]} to {evidence['held_out'][-1]}, NDCG@10 was "
        f"{mean['candidate']:.2f}, against {mean['in_use']:.2f} of version {current.version} in use, "
        f"{mean['rules']:.2f} of the rules and {mean['recency']:.2f} of newest first."
    )
    sentence = figures if evidence["better"] else f"Nothing registered: no better than what is there. {figures}"
    return Learned(None, None, count, sentence, evidence)


def _waiting(session: Session, newsletter_id: int, editions: Sequence[PastEdition]) -> Learned | None:
    """The version that waits already and has seen all these editions, if there is one."""
    row = session.exec(
        select(Ranker)
        .where(Ranker.newsletter_id == newsletter_id, Ranker.status == RankerStatus.PENDING)
        .order_by(col(Ranker.version).desc())
    ).first()
    if row is None or not editions:
        return None
    seen = (row.backtest.get("last_edition"), row.backtest.get("editions"))
    if seen != (editions[-1].number, len(editions)):
        return None
    sentence = f"Version {row.version} of the ranking waits for approval; nothing new was decided since."
    return Learned(row.id, row.version, len(editions), sentence, row.backtest)


def _all(editions: Sequence[PastEdition]) -> list[Decided]:
    return [story for edition in editions for story in edition.stories]


def _complete(features: object) -> bool:
    """Whether the features are those of this Masthead: an older one's cannot be learned from."""
    return isinstance(features, dict) and all(
        isinstance(features.get(name), int | float) and isfinite(features[name]) for name in NAMES
    )
