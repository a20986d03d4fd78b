"""What a team sees of its ranking: what ranks, what waits with which evidence, how far it goes, what was turned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from flows.articles.tending import name_of
from flows.editions.learning import EDITIONS_MIN
from flows.editions.ranking_evidence import Evidence, lead_of, read_evidence
from flows.models import Decision, Edition, EditionItem, LogEntry, Ranker, RankerStatus, Source, SourceStatus
from flows.stories.drift import Drifted, drift
from flows.stories.history import SEALED, read_outcomes
from flows.stories.registry import from_json, in_use, versions
from flows.stories.tiers import NO_LINES, Lines, TierRecord, lines_from, stop_line, tier_records
from flows.stories.tuning import list_wishes
from flows.stories.weights import RULES, RankerWeights

_LOGGED = 400  # boosts and mutes looked through for who set them
_TURNS = ("boosted a source", "muted a source")


@dataclass(frozen=True)
class InUse:
    """The version that ranks. `approved` is its row (None: the rules); `before` the version a roll-back brings.

    `note` says why the rules stand in for an approved version; `decided` of `needed` editions teach.
    """

    weights: RankerWeights
    approved: Ranker | None = None
    before: int = RULES.version
    note: str = ""
    decided: int = 0
    needed: int = EDITIONS_MIN


@dataclass(frozen=True)
class Waiting:
    """A version that waits for a person. `evidence` or `weights` None: it cannot be read, and `wrong` says why.

    `drifted` holds the features of the stories of edition `drift_no` that can be judged; empty if none was.
    """

    row: Ranker
    evidence: Evidence | None
    weights: RankerWeights | None
    wrong: tuple[str, ...] = ()
    drifted: tuple[Drifted, ...] = ()
    drift_no: int = 0


@dataclass(frozen=True)
class Ahead:
    """How far the ranking goes ahead of the editor, by `editions` of evidence."""

    lines: Lines = NO_LINES
    records: tuple[TierRecord, ...] = ()
    stop: int | None = None
    editions: int = 0


@dataclass(frozen=True)
class Turned:
    """A term, or a source, that an editor boosted (points > 0) or muted. `at` None: it is not known since when."""

    name: str
    points: float
    source_id: int = 0
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Listed:
    """A version in the list of all; `lead` over the version in use when it was learned, None if not readable."""

    row: Ranker
    lead: float | None


@dataclass(frozen=True)
class RankingView:
    """All of the page."""

    used: InUse
    waiting: Waiting | None
    ahead: Ahead
    turned: tuple[Turned, ...]
    versions: tuple[Listed, ...]  # the newest first; the rules are no row

    @property
    def people(self) -> set[str]:
        """The addresses of everybody who decided something that is shown."""
        return {one.row.decided_by for one in self.versions} | {one.by for one in self.turned}


def read_ranking(session: Session, newsletter_id: int | None) -> RankingView:
    """The ranking of a newsletter; of one that nothing was drafted for yet (None), the rules."""
    if newsletter_id is None:
        return RankingView(InUse(RULES), None, Ahead(), _turned_sources(session), ())
    rows = versions(session, newsletter_id)
    pending = next((row for row in rows if row.status is RankerStatus.PENDING), None)
    return RankingView(
        used=_in_use(session, newsletter_id, rows),
        waiting=None if pending is None else _waiting(session, newsletter_id, pending),
        ahead=_ahead(session, newsletter_id),
        turned=(*_turned_terms(session, newsletter_id), *_turned_sources(session)),
        versions=tuple(Listed(row, lead_of(row.backtest)) for row in rows),
    )


def _in_use(session: Session, newsletter_id: int, rows: Sequence[Ranker]) -> InUse:
    weights = in_use(session, newsletter_id)
    return InUse(
        weights=weights,
        approved=next((row for row in rows if row.status is RankerStatus.APPROVED), None),
        before=max((row.version for row in rows if row.status is RankerStatus.RETIRED), default=RULES.version),
        note=weights.note,
        decided=_decided(session, newsletter_id),
    )


def _decided(session: Session, newsletter_id: int) -> int:
    """How many editions teach the ranking anything: `learning.past_editions` without reading them."""
    chosen = func.sum(case((col(EditionItem.decision) == Decision.CHOSEN, 1), else_=0))
    by_hand = func.sum(case((col(EditionItem.decided_by) != "", 1), else_=0))
    taught = (
        select(EditionItem.edition_id)
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED))
        .group_by(col(EditionItem.edition_id))
        .having(by_hand > 0, chosen > 0, chosen < func.count())
        .subquery()
    )
    return session.exec(select(func.count()).select_from(taught)).one()


def _waiting(session: Session, newsletter_id: int, row: Ranker) -> Waiting:
    wrong = []
    evidence = weights = None
    try:
        evidence = read_evidence(row.backtest, row.version)
    except ValueError as error:
        wrong.append(f"Its evidence cannot be read: {error}.")
    try:
        weights = from_json(row.version, row.weights)
    except (ValueError, OverflowError) as error:
        wrong.append(f"Its weights cannot be read: {error}. It cannot be approved.")
    number = 0
    drifted: tuple[Drifted, ...] = ()
    if evidence is not None and evidence.baseline is not None:
        number, features = _newest_stories(session, newsletter_id)
        drifted = _drifted(evidence.baseline, features)
    return Waiting(row, evidence, weights, tuple(wrong), drifted, number)


def _newest_stories(session: Session, newsletter_id: int) -> tuple[int, list[Mapping[str, float]]]:
    """The number of the newest edition with candidates, and their features."""
    number = session.exec(
        select(func.max(Edition.number))
        .join(EditionItem, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id)
    ).one()
    rows = session.exec(
        select(EditionItem.features)
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, Edition.number == number)
        .order_by(col(EditionItem.id))
    ).all()
    return number or 0, [features for features in rows if isinstance(features, Mapping)]


def _drifted(baseline: Mapping[str, object], features: Sequence[Mapping[str, float]]) -> tuple[Drifted, ...]:
    try:
        return tuple(one for one in drift(baseline, features) if one.psi > 0) if features else ()
    except (ValueError, TypeError, OverflowError):
        return ()  # a baseline that cannot be read is none


def _ahead(session: Session, newsletter_id: int) -> Ahead:
    newest = session.exec(
        select(func.max(Edition.number)).where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED))
    ).one()
    past = read_outcomes(session, newsletter_id, before=(newest or 0) + 1)
    editions = len({one.edition for one in past})
    return Ahead(lines_from(past), tier_records(past), stop_line(past), editions)


def _turned_terms(session: Session, newsletter_id: int) -> list[Turned]:
    wishes = list_wishes(session, newsletter_id)
    return [Turned(wish.name, wish.points, by=wish.by, at=wish.at) for wish in wishes]


def _turned_sources(session: Session) -> tuple[Turned, ...]:
    """Sources keep no word of who turned them: the log does, by the name they had."""
    query = select(Source).where(col(Source.weight) != 0, col(Source.status) != SourceStatus.MERGED)
    sources = sorted(session.exec(query).all(), key=lambda source: name_of(source).casefold())
    if not sources:
        return ()
    entries = session.exec(
        select(LogEntry).where(col(LogEntry.what).in_(_TURNS)).order_by(col(LogEntry.id).desc()).limit(_LOGGED)
    ).all()
    last = {str(entry.after.get("source")): entry for entry in reversed(entries)}
    return tuple(_turned(source, last.get(name_of(source))) for source in sources)


def _turned(source: Source, entry: LogEntry | None) -> Turned:
    if entry is None or entry.after.get("weight") != source.weight:
        return Turned(name_of(source), source.weight, source.id or 0)
    return Turned(name_of(source), source.weight, source.id or 0, entry.who, entry.at)
