"""What past editions say about the next: what ran, what was turned down or kept, how each source did."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from flows.models import Article, Decision, Edition, EditionItem, EditionStatus
from flows.stories.features import Record

# An edition that somebody approved, whatever has become of it since.
SEALED = (
    EditionStatus.APPROVED,
    EditionStatus.SENDING,
    EditionStatus.PAUSED,
    EditionStatus.HELD,
    EditionStatus.SENT,
)
_EDITIONS_COMPARED = 8


@dataclass(frozen=True)
class Ran:
    """A story of an earlier edition, for comparing new ones with it."""

    number: int
    headline: str
    text: str


@dataclass(frozen=True)
class History:
    """`out` are stories that ran or that an editor skipped; `kept` those she kept for later."""

    out: frozenset[int]
    kept: frozenset[int]
    records: Mapping[int, Record]  # by source
    usual: Record
    ran: tuple[Ran, ...]

    def record(self, source_id: int) -> Record:
        return self.records.get(source_id, Record())


def read_history(session: Session, newsletter_id: int, *, before: int) -> History:
    """Everything from editions with a number below `before`."""
    out, kept = _decided(session, newsletter_id, before)
    records = source_records(session, newsletter_id, before=before)
    return History(
        out=out,
        kept=kept,
        records=records,
        usual=Record(sum(r.chosen for r in records.values()), sum(r.offered for r in records.values())),
        ran=_ran(session, newsletter_id, before),
    )


def source_records(session: Session, newsletter_id: int, *, before: int | None = None) -> dict[int, Record]:
    """Per source, how many of its stories were offered in sealed editions and how many were chosen."""
    chosen = func.sum(case((col(EditionItem.decision) == Decision.CHOSEN, 1), else_=0))
    query = (
        select(Article.source_id, chosen, func.count())
        .join(EditionItem, col(EditionItem.article_id) == col(Article.id))
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED))
        .group_by(col(Article.source_id))
    )
    if before is not None:
        query = query.where(Edition.number < before)
    rows = session.exec(query).all()
    return {source: Record(int(chosen or 0), int(offered)) for source, chosen, offered in rows}


def _decided(session: Session, newsletter_id: int, before: int) -> tuple[frozenset[int], frozenset[int]]:
    rows = session.exec(
        select(EditionItem.story_id, EditionItem.decision, EditionItem.decided_by, Edition.status)
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, Edition.number < before)
        .where(col(EditionItem.decision) != Decision.NONE)
        .order_by(col(Edition.number))
    ).all()
    ran = {story for story, decision, _, status in rows if decision is Decision.CHOSEN and status in SEALED}
    latest = {story: decision for story, decision, by, _ in rows if by}
    skipped = {story for story, decision in latest.items() if decision is Decision.SKIPPED}
    kept = {story for story, decision in latest.items() if decision is Decision.LATER}
    return frozenset(ran | skipped), frozenset(kept - ran)


def _ran(session: Session, newsletter_id: int, before: int) -> tuple[Ran, ...]:
    rows = session.exec(
        select(Edition.number, EditionItem.headline, Article.text)
        .join(EditionItem, col(EditionItem.edition_id) == col(Edition.id))
        .join(Article, col(EditionItem.article_id) == col(Article.id))
        .where(Edition.newsletter_id == newsletter_id)
        .where(Edition.number < before, Edition.number >= before - _EDITIONS_COMPARED)
        .where(col(Edition.status).in_(SEALED), EditionItem.decision == Decision.CHOSEN)
        .order_by(col(Edition.number).desc(), col(EditionItem.id))
    ).all()
    return tuple(Ran(number, headline, text) for number, headline, text in rows)
