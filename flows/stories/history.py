"""What past editions say about the next: what ran, was turned down or kept; what editors and readers like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, func
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from flows.models import Article, Decision, Edition, EditionItem, EditionStatus, ItemClicks, Wish
from flows.stories.features import Record
from flows.stories.position import Shown, interest
from flows.stories.store import absorbed
from flows.stories.taste import NO_TASTE, Taste, Tasted, learn_taste
from flows.stories.tiers import Outcome

# An edition that somebody approved, whatever has become of it since.
SEALED = (
    EditionStatus.APPROVED,
    EditionStatus.SENDING,
    EditionStatus.PAUSED,
    EditionStatus.HELD,
    EditionStatus.SENT,
)
_EDITIONS_COMPARED = 8
_EDITIONS_TASTED = 100  # two years of a weekly
_EDITIONS_CLICKED = 30
_EDITIONS_JUDGED = 30  # what the tiers are drawn from
_LEAD_CHARACTERS = 400
PUT_ASIDE = "put together with "  # how a merge explains the item that it puts aside
_RAN_AS: tuple[Any, ...] = (col(EditionItem.story_id), col(EditionItem.article_id), col(EditionItem.headline))
_RAN_WHEN: tuple[Any, ...] = (col(Edition.number), col(Edition.sealed_at), col(Edition.created_at))
_JUDGED: tuple[Any, ...] = (
    col(EditionItem.chance),
    col(EditionItem.rank),
    col(EditionItem.tier),
    col(EditionItem.decision),
)


@dataclass(frozen=True)
class Ran:
    """A story of an earlier edition, for comparing new ones with it."""

    number: int
    headline: str
    text: str


@dataclass(frozen=True)
class RanIn:
    """Where a story ran, and since when that is settled."""

    number: int
    headline: str
    sealed_at: datetime
    articles: frozenset[int] = frozenset()  # those it was linked to, in any edition


@dataclass(frozen=True)
class History:
    """`out` are stories that an editor skipped; `kept` those she kept for later; `ran_in` those that ran.

    `taste` is what the editors chose by, in words; `interest` what readers clicked, by section (-1 to 1);
    `wishes` the points that editors gave terms and topics by hand.
    """

    out: frozenset[int]
    kept: frozenset[int]
    records: Mapping[int, Record]  # by source
    usual: Record
    ran: tuple[Ran, ...]
    ran_in: Mapping[int, RanIn] = field(default_factory=dict)
    taste: Taste = NO_TASTE
    interest: Mapping[str, float] = field(default_factory=dict)
    wishes: Mapping[str, float] = field(default_factory=dict)

    def record(self, source_id: int) -> Record:
        return self.records.get(source_id, Record())


def read_history(session: Session, newsletter_id: int, *, before: int) -> History:
    """Everything from editions with a number below `before`."""
    standing = absorbed(session, newsletter_id)
    ran_in = _ran_in(session, newsletter_id, before, standing)
    decided = {
        story: decision
        for story, (number, decision) in _decided(session, newsletter_id, before, standing).items()
        if story not in ran_in or number > ran_in[story].number
    }
    records = source_records(session, newsletter_id, before=before)
    return History(
        out=frozenset(story for story, decision in decided.items() if decision is Decision.SKIPPED),
        kept=frozenset(story for story, decision in decided.items() if decision is Decision.LATER),
        records=records,
        usual=Record(sum(r.chosen for r in records.values()), sum(r.offered for r in records.values())),
        ran=_ran(session, newsletter_id, before),
        ran_in=ran_in,
        taste=_taste(session, newsletter_id, before),
        interest=_interest(session, newsletter_id, before),
        wishes=read_wishes(session, newsletter_id),
    )


def source_records(session: Session, newsletter_id: int, *, before: int | None = None) -> dict[int, Record]:
    """Per source, how many of its stories were offered in sealed editions and how many were chosen."""
    chosen = func.sum(case((col(EditionItem.decision) == Decision.CHOSEN, 1), else_=0))
    query = (
        select(Article.source_id, chosen, func.count())
        .join(EditionItem, col(EditionItem.article_id) == col(Article.id))
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED), not_put_aside())
        .group_by(col(Article.source_id))
    )
    if before is not None:
        query = query.where(Edition.number < before)
    rows = session.exec(query).all()
    return {source: Record(int(chosen or 0), int(offered)) for source, chosen, offered in rows}


def read_wishes(session: Session, newsletter_id: int) -> dict[str, float]:
    """Points by term or topic, as editors set them by hand."""
    rows = session.exec(select(Wish.name, Wish.points).where(Wish.newsletter_id == newsletter_id)).all()
    return {name: points for name, points in rows if points}


def read_outcomes(session: Session, newsletter_id: int, *, before: int) -> list[Outcome]:
    """What became of the candidates of the last sealed editions: what tiers and the stop line are drawn from."""
    rows = session.exec(
        select(Edition.number, EditionItem)
        .join(EditionItem, col(EditionItem.edition_id) == col(Edition.id))
        .options(load_only(*_JUDGED))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED))
        .where(Edition.number < before, Edition.number >= before - _EDITIONS_JUDGED)
        .where(col(Edition.id).in_(_taught(newsletter_id)), not_put_aside())
        .order_by(col(Edition.number), col(EditionItem.rank))
    ).all()
    return [
        Outcome(number, item.chance, item.rank, item.tier, item.decision is Decision.CHOSEN) for number, item in rows
    ]


def _taught(newsletter_id: int) -> Any:
    """The editions in which a person decided on something: the others show the ranking its own taste."""
    return (
        select(EditionItem.edition_id)
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, EditionItem.decided_by != "")
        .distinct()
    )


def _taste(session: Session, newsletter_id: int, before: int) -> Taste:
    rows = session.exec(
        select(
            Edition.number,
            Article.title,
            func.substr(Article.text, 1, _LEAD_CHARACTERS),
            EditionItem.decision,
        )
        .join(EditionItem, col(EditionItem.edition_id) == col(Edition.id))
        .join(Article, col(EditionItem.article_id) == col(Article.id))
        .where(Edition.newsletter_id == newsletter_id, col(Edition.status).in_(SEALED))
        .where(Edition.number < before, Edition.number >= before - _EDITIONS_TASTED)
        .where(col(Edition.id).in_(_taught(newsletter_id)), not_put_aside())
        .order_by(col(Edition.number), col(EditionItem.id))
    ).all()
    return learn_taste([Tasted(title, lead, word is Decision.CHOSEN, number) for number, title, lead, word in rows])


def _interest(session: Session, newsletter_id: int, before: int) -> Mapping[str, float]:
    rows = session.exec(
        select(EditionItem.section, ItemClicks.place, ItemClicks.people, ItemClicks.clicked)
        .join(EditionItem, col(ItemClicks.item_id) == col(EditionItem.id))
        .join(Edition, col(ItemClicks.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id)
        .where(Edition.number < before, Edition.number >= before - _EDITIONS_CLICKED)
        .order_by(col(Edition.number), col(ItemClicks.place), col(ItemClicks.item_id))
    ).all()
    return interest([Shown(section, place, people, clicked) for section, place, people, clicked in rows])


def not_put_aside() -> Any:
    """All items but those that an editor's merge has put aside: that is no word on the story."""
    return (col(EditionItem.decision) != Decision.SKIPPED) | ~col(EditionItem.skip_reason).startswith(PUT_ASIDE)


def _decided(
    session: Session, newsletter_id: int, before: int, standing: Mapping[int, int]
) -> dict[int, tuple[int, Decision]]:
    """The latest word of an editor on each story, and in which edition."""
    rows = session.exec(
        select(EditionItem.story_id, Edition.number, EditionItem.decision)
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, Edition.number < before, EditionItem.decided_by != "")
        .where(col(EditionItem.decision) != Decision.NONE, not_put_aside())
        .order_by(col(Edition.number))
    ).all()
    return {standing.get(story, story): (number, Decision(decision)) for story, number, decision in rows}


def _ran_in(session: Session, newsletter_id: int, before: int, standing: Mapping[int, int]) -> dict[int, RanIn]:
    """Every story that ran, with the latest edition it ran in; of one put into another, that other."""
    rows = session.exec(
        select(EditionItem, Edition)
        .options(load_only(*_RAN_AS), load_only(*_RAN_WHEN))
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, Edition.number < before)
        .where(col(Edition.status).in_(SEALED), EditionItem.decision == Decision.CHOSEN)
        .order_by(col(Edition.number))
    ).all()
    found: dict[int, RanIn] = {}
    for item, edition in rows:
        story = standing.get(item.story_id, item.story_id)
        articles = {item.article_id} | (found[story].articles if story in found else frozenset())
        sealed = edition.sealed_at or edition.created_at
        found[story] = RanIn(edition.number, item.headline, sealed, frozenset(articles))
    return found


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
