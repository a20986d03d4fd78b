"""Why a story stands where it stands in an edition: everything that was stored about it, as one document."""

import re
from typing import Any

from sqlmodel import Session, col, select

from flows.editions.content import source_name
from flows.errors import MastheadError
from flows.models import Article, Edition, EditionItem, Source, StoryArticle
from flows.stories.words import content_words

_NUMBER = re.compile(r"#?[0-9]{1,9}")
_NAMED = 5  # stories named when the words fit several


def find_item(session: Session, edition: Edition, wish: str) -> EditionItem:
    """The story of an edition by the number of its item, its place (“#3”), or words of its headline.

    Raises MastheadError, naming candidates, when none or several fit.
    """
    items = session.exec(
        select(EditionItem).where(EditionItem.edition_id == edition.id).order_by(col(EditionItem.rank))
    ).all()
    if _NUMBER.fullmatch(wish):
        by_place, number = wish.startswith("#"), int(wish.lstrip("#"))
        found = [item for item in items if number == (item.rank if by_place else item.id)]
    else:
        asked = set(content_words(wish))
        found = [item for item in items if asked and asked <= set(content_words(item.headline))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise MastheadError(
            f"no. {edition.number} has no story “{wish}”; give words of its headline, or its place as #3."
        )
    named = "; ".join(f"#{item.rank} “{item.headline}”" for item in found[:_NAMED])
    raise MastheadError(f"“{wish}” fits {len(found)} stories of no. {edition.number}: {named}. Give more words.")


def explain_item(session: Session, edition: Edition, item: EditionItem) -> dict[str, Any]:
    """Fields: edition, story (headline), source, link, place, of (candidates), score, chance, tier, channel,
    decision, decided_by, skip_reason, ranker_version, parts (name, points, value, weight, words; strongest first),
    flags, claims, told_by (source and title of each of its articles).

    `value` and `weight` are None for parts that depend on the other stories.
    """
    article = session.get_one(Article, item.article_id)
    source = session.get_one(Source, article.source_id)
    weights = edition.ranker_weights.get("points", {})
    parts = [
        {
            "name": part["name"],
            "points": float(part["points"]),
            "value": item.features.get(part["name"]),
            "weight": weights.get(part["name"]),
            "words": part["words"],
        }
        for part in item.reasons
    ]
    return {
        "edition": edition.number,
        "story": item.headline,
        "source": source_name(source),
        "link": article.link,
        "place": item.rank,
        "of": len(session.exec(select(EditionItem.id).where(EditionItem.edition_id == edition.id)).all()),
        "score": item.score,
        "chance": item.chance,
        "tier": item.tier.value,
        "channel": item.channel.value,
        "decision": item.decision.value,
        "decided_by": item.decided_by,
        "skip_reason": item.skip_reason,
        "ranker_version": edition.ranker_version,
        "parts": sorted(parts, key=lambda part: -abs(part["points"])),
        "flags": [dict(flag) for flag in item.flags],
        "claims": [dict(claim) for claim in item.claims],
        "told_by": _told_by(session, item.story_id),
    }


def _told_by(session: Session, story_id: int) -> list[dict[str, str]]:
    rows = session.exec(
        select(Article, Source)
        .join(StoryArticle, col(StoryArticle.article_id) == col(Article.id))
        .join(Source, col(Article.source_id) == col(Source.id))
        .where(StoryArticle.story_id == story_id)
        .order_by(col(Article.id))
    ).all()
    return [{"source": source_name(source), "title": article.title} for article, source in rows]
