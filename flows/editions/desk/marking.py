"""A text with its doubtful places marked where they stand (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MARKED = ("headline", "blurb")


@dataclass(frozen=True)
class Doubt:
    """A claim that the article does not hold. `place` names it when it is confirmed; `by` is who did."""

    place: int
    field: str
    kind: str
    text: str
    why: str
    by: str


@dataclass(frozen=True)
class Segment:
    """A stretch of text; `doubt` is what is doubtful about it, if anything is."""

    text: str
    doubt: Doubt | None = None


def doubts(claims: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> tuple[Doubt, ...]:
    """The claims as the desk shows them; `names` are what colleagues call people."""
    return tuple(
        Doubt(place, str(c["field"]), str(c["kind"]), str(c["text"]), str(c["why"]), _name(str(c.get("by", "")), names))
        for place, c in enumerate(claims)
    )


def segments(text: str, claims: Sequence[Mapping[str, Any]], found: Sequence[Doubt], field: str) -> tuple[Segment, ...]:
    """The text cut so that every unconfirmed claim of `field` is a segment; of two that overlap, the more doubtful."""
    spans: list[tuple[int, int, Doubt]] = []
    for claim, doubt in zip(claims, found, strict=True):
        start, end = int(claim["start"]), int(claim["end"])
        if claim["field"] != field or doubt.by or not 0 <= start < end <= len(text):
            continue
        if all(end <= other or start >= last for other, last, _ in spans):
            spans.append((start, end, doubt))
    cut, place = [], 0
    for start, end, doubt in sorted(spans, key=lambda span: span[0]):
        cut += [Segment(text[place:start]), Segment(text[start:end], doubt)]
        place = end
    return tuple(segment for segment in [*cut, Segment(text[place:])] if segment.text)


def _name(email: str, names: Mapping[str, str]) -> str:
    return names.get(email, email)
