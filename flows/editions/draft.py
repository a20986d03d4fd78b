"""From ranked stories to the sections of a draft: a suggestion, with the rest left in the queue (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.settings import Section


@dataclass(frozen=True)
class Candidate:
    """A story in the order of the queue. `topic` is its source's section, `drawn` the one its words fit."""

    story_id: int
    topic: str = ""
    drawn: str = ""
    held_back: bool = False  # something about it needs a person first: never suggested


@dataclass(frozen=True)
class Placed:
    """Where a story stands: its section, and its place there from 1; 0 while it is only a candidate."""

    story_id: int
    section: str
    position: int = 0

    @property
    def suggested(self) -> bool:
        return self.position > 0


def fill(candidates: Sequence[Candidate], sections: Sequence[Section], *, most: int) -> tuple[Placed, ...]:
    """Every candidate placed, in the given order; the first that fit are suggested, up to `most` in all.

    No section is filled above its own maximum.
    """
    taken = {section.name: 0 for section in sections}
    limits = {section.name: section.most for section in sections}
    placed = []
    for candidate in candidates:
        name = section_of(candidate, sections)
        fits = not candidate.held_back and taken[name] < limits[name] and sum(taken.values()) < most
        taken[name] += fits
        placed.append(Placed(candidate.story_id, name, taken[name] if fits else 0))
    return tuple(placed)


def section_of(candidate: Candidate, sections: Sequence[Section]) -> str:
    """Its source's section, if there is one of that name; else the one its words fit; else the first."""
    names = {section.name.casefold(): section.name for section in sections}
    for wish in (candidate.topic, candidate.drawn):
        if name := names.get(wish.strip().casefold()):
            return name
    return sections[0].name


def enough(new_stories: int, stories_min: int) -> bool:
    """Whether there is enough new for an edition at all."""
    return new_stories >= stories_min
