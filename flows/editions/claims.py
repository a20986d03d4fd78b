"""What headline and blurb of a story say and its article does not, and who has confirmed it.

A claim is shown where it stands and blocks the approval until a person confirms it. No blurb is ever called
verified: what is not found is no proof.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sqlmodel import Session, col, select

from flows.models import Article, Decision, EditionItem
from flows.stories.grounding import Source, index, unsupported
from flows.stories.safety import flagged

FIELDS = ("headline", "blurb")
BY_HAND = "by hand"  # the kind of flag that a person raises


_SENTENCE_ENDS = ".!?…。！？\n"


@lru_cache(maxsize=128)
def _indexed(title: str, text: str, summary: str) -> Source:
    return index(title, text, summary)


def source_of(session: Session, item: EditionItem) -> Source:
    """The article behind a story as it reads now, for its words to be checked against."""
    article = session.get_one(Article, item.article_id)
    return _indexed(article.title, article.text, article.summary)


def claims_now(item: EditionItem, article: Article) -> list[dict[str, Any]]:
    """The claims of a story's words against its article as it reads now: it may have been rewritten since."""
    source = _indexed(article.title, article.text, article.summary)
    return claims_of(item.headline, item.blurb, source, earlier=item.claims)


def claims_of(
    headline: str, blurb: str, source: Source | str, *, earlier: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The claims as an item holds them, most doubtful first; one that was confirmed `earlier` stays confirmed.

    A confirmation counts for one claim, in the sentence it was given for: "not" elsewhere is another claim.
    """
    confirmed: dict[tuple[str, ...], list[str]] = {}
    for claim in earlier:
        if claim.get("by"):
            confirmed.setdefault(_name(claim), []).append(str(claim["by"]))
    found = [
        {
            "field": field,
            **asdict(claim),
            "kind": claim.kind.value,
            "sentence": _sentence_at(text, claim.start, claim.end),
        }
        for field, text in zip(FIELDS, (headline, blurb), strict=True)
        for claim in unsupported(text, source)
    ]
    found.sort(key=lambda claim: -float(claim["doubt"]))
    return [{**claim, "by": next(iter(_used(confirmed, _name(claim))), "")} for claim in found]


def in_doubt(
    session: Session, edition_id: int, flag_words: Sequence[str]
) -> tuple[dict[int, tuple[str, ...]], dict[int, str]]:
    """Of the chosen items: the claims nobody has confirmed, and why those are flagged that nobody has cleared.

    Both against the articles as they read now, and the words of the settings as they are now.
    """
    rows = session.exec(
        select(EditionItem, Article)
        .join(Article, col(Article.id) == col(EditionItem.article_id))
        .where(EditionItem.edition_id == edition_id, EditionItem.decision == Decision.CHOSEN)
    ).all()
    claims = {
        item.id or 0: tuple(str(claim["text"]) for claim in claims_now(item, article) if not claim["by"])
        for item, article in rows
    }
    flags = {
        item.id or 0: "; ".join(
            str(flag["words"]) for flag in (*uncleared(item), *_new_flags(item, article, flag_words))
        )
        for item, article in rows
    }
    return {key: told for key, told in claims.items() if told}, {key: why for key, why in flags.items() if why}


def _new_flags(item: EditionItem, article: Article, words: Sequence[str]) -> list[Mapping[str, Any]]:
    """What the list of words finds now and did not when the story was last ranked."""
    known = {(flag["kind"], flag["words"]) for flag in item.flags}
    found = flagged(article.title, article.text or article.summary, words=words, filter=None)
    return [{"kind": flag.kind, "words": flag.words} for flag in found if (flag.kind, flag.words) not in known]


def uncleared(item: EditionItem) -> list[Mapping[str, Any]]:
    """The flags that no senior editor has taken on herself yet."""
    return [flag for flag in item.flags if not flag.get("by")]


def _used(confirmed: dict[tuple[str, ...], list[str]], name: tuple[str, ...]) -> list[str]:
    """Who confirmed this claim, taken from what is left of the confirmations; [] if nobody did."""
    left = confirmed.get(name)
    return [left.pop()] if left else []


def _name(claim: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(claim.get(part, "")) for part in ("field", "kind", "text", "sentence"))


def _sentence_at(text: str, start: int, end: int) -> str:
    """The sentence around a claim, with single spaces."""
    begin = max((text.rfind(mark, 0, start) for mark in _SENTENCE_ENDS), default=-1) + 1
    ends = [place for mark in _SENTENCE_ENDS if (place := text.find(mark, end)) >= 0]
    return " ".join(text[begin : min(ends, default=len(text))].split())
