"""What headline and blurb of a story say and its article does not, and who has confirmed it.

A claim is shown where it stands and blocks the approval until a person confirms it. No blurb is ever called
verified: what is not found is no proof.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlmodel import Session, select

from flows.models import Article, Decision, EditionItem
from flows.stories.grounding import Source, index, unsupported

FIELDS = ("headline", "blurb")


def source_of(session: Session, item: EditionItem) -> Source:
    """The article behind a story, as its words may be checked against it."""
    article = session.get_one(Article, item.article_id)
    return index(article.title, article.text, article.summary)


def claims_of(
    headline: str, blurb: str, source: Source | str, *, earlier: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The claims as an item holds them, most doubtful first; one that was confirmed `earlier` stays confirmed."""
    confirmed = {_name(claim): claim.get("by", "") for claim in earlier}
    found = [
        {"field": field, **asdict(claim), "kind": claim.kind.value}
        for field, text in zip(FIELDS, (headline, blurb), strict=True)
        for claim in unsupported(text, source)
    ]
    found.sort(key=lambda claim: -float(claim["doubt"]))
    return [{**claim, "by": confirmed.get(_name(claim), "")} for claim in found]


def unconfirmed(item: EditionItem) -> list[Mapping[str, Any]]:
    """The claims that nobody has confirmed yet."""
    return [claim for claim in item.claims if not claim.get("by")]


def in_doubt(session: Session, edition_id: int) -> tuple[dict[int, tuple[str, ...]], dict[int, str]]:
    """Of the chosen items: the claims nobody has confirmed, and why those are flagged that nobody has cleared."""
    items = session.exec(
        select(EditionItem).where(EditionItem.edition_id == edition_id, EditionItem.decision == Decision.CHOSEN)
    ).all()
    claims = {item.id or 0: tuple(str(claim["text"]) for claim in unconfirmed(item)) for item in items}
    flags = {item.id or 0: "; ".join(str(flag["words"]) for flag in uncleared(item)) for item in items}
    return {key: told for key, told in claims.items() if told}, {key: why for key, why in flags.items() if why}


def uncleared(item: EditionItem) -> list[Mapping[str, Any]]:
    """The flags that no senior editor has taken on herself yet."""
    return [flag for flag in item.flags if not flag.get("by")]


def _name(claim: Mapping[str, Any]) -> tuple[str, str, str]:
    return (str(claim["field"]), str(claim["kind"]), str(claim["text"]))
