"""What editors tell the ranking by hand: boosts and mutes of topics and terms, and what is unsuitable.

A source keeps its own weight: see `articles.tending`.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from flows.articles.tending import WEIGHTS
from flows.errors import WorkflowError
from flows.models import Article, Decision, Edition, EditionItem, SafetyExample, Wish
from flows.stories.taught import Example, TaughtFilter, teach

_NAME_MOST = 80
_LEAD_CHARACTERS = 1200
_EXAMPLES = 1000  # of each kind, the latest


def turn_term(session: Session, newsletter_id: int, name: str, way: str, *, by: str, now: datetime) -> float:
    """Boost or mute a topic or term, or let it weigh as usual; the points it had before.

    Raises WorkflowError for another way, and for a name that is empty or too long.
    """
    name = " ".join(name.split())
    if way not in WEIGHTS or not name or len(name) > _NAME_MOST:
        raise WorkflowError(
            f"A term has 1 to {_NAME_MOST} characters, and is boosted, muted or as usual. Nothing was changed."
        )
    key = name.casefold()[:_NAME_MOST]
    wish = session.exec(
        select(Wish).where(Wish.newsletter_id == newsletter_id, Wish.name_key == key).with_for_update()
    ).one_or_none()
    before = wish.points if wish is not None else 0.0
    if before == WEIGHTS[way]:
        return before
    if wish is None:
        wish = Wish(newsletter_id=newsletter_id, name=name, name_key=key, points=0.0, at=now)
    wish.points, wish.by, wish.at = WEIGHTS[way], by, now
    session.add(wish)
    session.flush()
    return before


def list_wishes(session: Session, newsletter_id: int) -> list[Wish]:
    """Every term that is boosted or muted, by name."""
    query = select(Wish).where(Wish.newsletter_id == newsletter_id, Wish.points != 0).order_by(col(Wish.name_key))
    return list(session.exec(query))


def call_unsuitable(
    session: Session, newsletter_id: int, article_id: int, *, unsuitable: bool, by: str, now: datetime
) -> None:
    """Teach the team's own filter: this article needs a senior editor, or it is fine. The last word counts."""
    example = session.exec(
        select(SafetyExample)
        .where(SafetyExample.newsletter_id == newsletter_id, SafetyExample.article_id == article_id)
        .with_for_update()
    ).one_or_none()
    if example is None:
        example = SafetyExample(
            newsletter_id=newsletter_id, article_id=article_id, unsuitable=unsuitable, by=by, at=now
        )
    example.unsuitable, example.by, example.at = unsuitable, by, now
    session.add(example)


def read_taught(session: Session, newsletter_id: int) -> TaughtFilter | None:
    """The filter as the team has taught it so far; None while the examples are too few.

    What was chosen for an edition and not called unsuitable counts as fine.
    """
    told = _told(session, newsletter_id)
    if not any(example.unsuitable for example in told):
        return None
    return teach([*told, *_chosen(session, newsletter_id)])


def _told(session: Session, newsletter_id: int) -> list[Example]:
    rows = session.exec(
        select(Article.title, func.substr(Article.text, 1, _LEAD_CHARACTERS), SafetyExample.unsuitable)
        .join(SafetyExample, col(SafetyExample.article_id) == col(Article.id))
        .where(SafetyExample.newsletter_id == newsletter_id)
        .order_by(col(SafetyExample.at).desc(), col(SafetyExample.id))
        .limit(2 * _EXAMPLES)
    )
    return [Example(title, lead, unsuitable) for title, lead, unsuitable in rows]


def _chosen(session: Session, newsletter_id: int) -> Sequence[Example]:
    judged = select(SafetyExample.article_id).where(SafetyExample.newsletter_id == newsletter_id)
    rows = session.exec(
        select(Article.title, func.substr(Article.text, 1, _LEAD_CHARACTERS))
        .join(EditionItem, col(EditionItem.article_id) == col(Article.id))
        .join(Edition, col(EditionItem.edition_id) == col(Edition.id))
        .where(Edition.newsletter_id == newsletter_id, EditionItem.decision == Decision.CHOSEN)
        .where(col(Edition.sealed_at).is_not(None), col(Article.id).not_in(judged))
        .order_by(col(Edition.number).desc(), col(EditionItem.id))
        .limit(_EXAMPLES)
    )
    return [Example(title, lead, unsuitable=False) for title, lead in rows]
