"""What the desk shows of an edition and its stories: plain values, ready for a template (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flows.editions.desk.marking import Doubt, Segment
from flows.models import Decision, Tier


@dataclass(frozen=True)
class Turnable:
    """A source or term behind a reason, and how it weighs now: boost, usual or mute."""

    name: str
    source_id: int  # 0: it is a term
    weighs: str


@dataclass(frozen=True)
class Reason:
    """One part of a score: `words` for the reader, `points`, the width of its bar in pixels, what may be turned."""

    words: str
    points: float
    bar: int
    levers: tuple[Turnable, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """Another article about the same thing."""

    source: str
    title: str
    link: str
    article_id: int = 0


@dataclass(frozen=True)
class StoryView:
    """A candidate as the desk shows it."""

    id: int
    version: int
    headline: str
    blurb: str
    title: str  # as its source wrote it
    source: str
    author: str
    link: str
    published_at: datetime | None
    words: int
    minutes: int
    score: float
    reasons: tuple[Reason, ...]
    coverage: tuple[Coverage, ...]
    excerpt: str
    whole: bool  # the excerpt is all there is
    text: str
    decision: Decision
    suggested: bool  # chosen by the ranking, and nobody has looked at it yet
    decided_by: str
    skip_reason: str
    section: str
    position: int
    needs_review: str
    tier: Tier
    chance: int | None  # in percent
    channel: str  # how it came into the queue, in words
    place: int  # in the queue, from 1
    flags: tuple[str, ...]  # why a senior editor must look, uncleared
    doubts: tuple[Doubt, ...]
    marked: Mapping[str, tuple[Segment, ...]]  # headline and blurb, their doubtful places cut out
    drafted: str  # the model that drafted the blurb; "" if none did
    blurb_note: str

    @property
    def unconfirmed(self) -> tuple[Doubt, ...]:
        return tuple(doubt for doubt in self.doubts if not doubt.by)

    @property
    def sources(self) -> int:
        return 1 + len({each.source for each in self.coverage} - {self.source})


@dataclass(frozen=True)
class SectionView:
    name: str
    most: int  # stories the draft puts here at most; 0: a section that only this edition has
    stories: tuple[StoryView, ...]


@dataclass(frozen=True)
class GroupingView:
    """Something an editor did to the stories by hand, which may be taken back."""

    edit_id: int
    sentence: str


@dataclass(frozen=True)
class EditionView:
    """An edition with its candidates, sorted into what is chosen and what is not."""

    sections: tuple[SectionView, ...]
    queue: Mapping[str, tuple[StoryView, ...]] = field(default_factory=dict)  # by the names in QUEUES
    stop_line: int | None = None  # the place above which most of the editor's picks usually stand
    edits: tuple[GroupingView, ...] = ()

    @property
    def chosen(self) -> tuple[StoryView, ...]:
        return tuple(story for section in self.sections for story in section.stories)

    @property
    def minutes(self) -> int:
        return sum(story.minutes for story in self.chosen)
