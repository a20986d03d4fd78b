"""Named features of a story, as numbers from facts (pure).

| feature         | range     | what                                                                      |
|-----------------|-----------|---------------------------------------------------------------------------|
| `recency`       | 0 to 1    | near 1 while new since the last edition, half at one cadence, then little |
| `source_record` | -1 to 1   | share of the source's stories chosen so far, shrunken, against the usual  |
| `topic`         | 0 to 1    | the newsletter's topics in title and lead                                 |
| `section`       | 0 to 1    | the words of its section (its source's, or the best) in title and lead    |
| `coverage`      | 0 to 1    | how many sources tell it                                                  |
| `substance`     | 0 to 1    | length of the text                                                        |
| `novelty`       | -1 to 0   | minus its likeness to what earlier editions ran                           |
| `kept`          | 0 or 1    | an editor kept it for later                                               |
| `source_weight` | points    | the editor's own boost or mute of the source                              |
| `taste`         | -1 to 1   | its words, by what editors chose before                                   |
| `interest`      | -1 to 1   | how much readers click its section and topics                             |
| `wish`          | points    | the editor's own boosts and mutes of terms and topics found in it         |

The two in points are an editor's own word: they weigh 1 in every version, and are never learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import log, log2, sqrt, tanh
from types import MappingProxyType

from flows.stories.taste import NO_TASTE, Taste
from flows.stories.words import lead, names_in

NAMES = (
    "recency",
    "source_record",
    "topic",
    "section",
    "coverage",
    "substance",
    "novelty",
    "kept",
    "source_weight",
    "taste",
    "interest",
    "wish",
)
GIVEN = ("source_weight", "wish")  # an editor's own points
# What was on offer for the edition before seldom runs in this one; within the time between, a day more or less says
# little. On R Weekly (tests/bench/ranking.py) a steep fall at one cadence, with undated stories in the middle, took
# newest-first from NDCG@10 0.53 (halving every half cadence) to 0.69, and learned weights from 0.62 to 0.73; on the
# stories of TLDR, all of one week, it changes nothing. Powers of 4 and 8 differ from 6 by 0.02.
_RECENCY_POWER = 6
# Shares are compared in units of two standard deviations of one choice at the usual rate: where one story of
# two is chosen and where one of twenty is, the same weight then fits (3 and 4; without this, 3 and 6).
_RATE_SPREAD_LEAST = 0.2
_PRIOR_STORIES = 6  # a source counts as if so many of its stories had been chosen at the usual rate
_FULL_TOPIC = 3.0  # so many points of matches are all one can ask; a match in the title counts 2
_SHORT_WORDS, _LONG_WORDS = 60, 800
_ALIKE_FROM = 0.15  # a smaller cosine with an earlier story is chance


@dataclass(frozen=True)
class Record:
    """How a source has done in past editions: `chosen` of `offered` stories."""

    chosen: int = 0
    offered: int = 0


@dataclass(frozen=True)
class Profile:
    """What the ranking knows of the newsletter. `sections` gives each section's name and drawing words.

    `interest` gives readers' interest, -1 to 1, by casefolded section or topic; `wishes` the points that an
    editor gave a term, section or topic by hand, below 0 to mute it.
    """

    now: datetime
    zone: str
    cadence_days: float
    topics: tuple[str, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    usual: Record = Record()  # over all sources
    taste: Taste = NO_TASTE
    interest: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    wishes: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Facts:
    """What is known of one story; `published_at` None when no article of it has a date."""

    story_id: int
    title: str
    text: str
    words: int
    published_at: datetime | None
    first_seen_at: datetime
    source_id: int
    source_title: str
    source_topic: str = ""
    source_weight: float = 0.0
    record: Record = Record()
    sources: int = 1
    alike: float = 0.0  # cosine with the nearest story that ran
    alike_to: str = ""  # its headline, and `alike_no` the edition's number
    alike_no: int = 0
    kept: bool = False
    follows: str = ""  # headline of the story that it follows up, which ran
    follows_no: int = 0  # in this edition; 0: it follows up none


@dataclass(frozen=True)
class Measured:
    """A story's features by name, and the words that were found, for the reasons."""

    values: Mapping[str, float]
    topics: tuple[str, ...] = ()
    section: str = ""
    section_words: tuple[str, ...] = ()
    taste_words: tuple[str, ...] = ()  # those that moved its taste most, the way it went
    interests: tuple[str, ...] = ()  # sections and topics of it whose readers are known, strongest first
    wished: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def measure(facts: Facts, profile: Profile) -> Measured:
    """The features of one story."""
    text = lead(facts.text)
    found = _found(facts.title, text, profile)
    section, section_words, drawn = _best_section(found, _own_or_all(facts, profile))
    topics = tuple(name for name in profile.topics if name in found)
    taste, taste_words = profile.taste.of(facts.title, text)
    interest, interests = _interest((section, facts.source_topic, *topics), profile.interest)
    wished = _wished(found, (section, facts.source_topic), profile.wishes)
    values = {
        "recency": _recency(facts, profile),
        "source_record": _source_record(facts.record, profile.usual),
        "topic": min(1.0, _matches(profile.topics, found) / _FULL_TOPIC),
        "section": min(1.0, drawn / _FULL_TOPIC),
        "coverage": min(1.0, log2(max(facts.sources, 1)) / 2),
        "substance": _substance(facts.words),
        "novelty": -facts.alike if facts.alike >= _ALIKE_FROM else 0.0,
        "kept": float(facts.kept),
        "source_weight": facts.source_weight,
        "taste": taste,
        "interest": interest,
        "wish": sum(profile.wishes[name] for name in wished),
    }
    return Measured(MappingProxyType(values), topics, section, section_words, taste_words, interests, wished)


def age_days(facts: Facts, now: datetime) -> float:
    """Days since publication (since it was first seen, if it has no date); never negative."""
    since = facts.published_at or facts.first_seen_at
    return max(0.0, (now - since).total_seconds() / 86_400)


def _recency(facts: Facts, profile: Profile) -> float:
    """Without a date it may be old, however lately it was found: then half is the most there is."""
    cadences = age_days(facts, profile.now) / profile.cadence_days
    value: float = 1 / (1 + cadences**_RECENCY_POWER)
    return value if facts.published_at is not None else min(value, 0.5)


def _source_record(record: Record, usual: Record) -> float:
    rate = usual_rate(usual)
    spread = max(_RATE_SPREAD_LEAST, sqrt(rate * (1 - rate)))
    return tanh((shrunken(record, usual) - rate) / (2 * spread))


def usual_rate(usual: Record) -> float:
    """The share of all stories that editors chose, 0.3 while nobody has."""
    return (usual.chosen + 3) / (usual.offered + 10)


def shrunken(record: Record, usual: Record) -> float:
    """A source's share of chosen stories, drawn to the usual share while its stories are few."""
    return (record.chosen + _PRIOR_STORIES * usual_rate(usual)) / (record.offered + _PRIOR_STORIES)


def _interest(names: Sequence[str], interest: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
    """The mean interest in those of its section and topics that readers are known by, and their names."""
    if not interest:
        return 0.0, ()
    known = {name: interest[name.strip().casefold()] for name in names if name.strip().casefold() in interest}
    if not known:
        return 0.0, ()
    value = sum(known.values()) / len(known)
    sign = 1 if value >= 0 else -1
    return value, tuple(sorted(known, key=lambda name: -sign * known[name]))


def _wished(found: Mapping[str, float], sections: Sequence[str], wishes: Mapping[str, float]) -> tuple[str, ...]:
    """The wishes found in title, lead, or the name of its section; by name."""
    if not wishes:
        return ()
    own = {section.strip().casefold() for section in sections} - {""}
    return tuple(sorted(name for name in wishes if name in found or name.strip().casefold() in own))


def _own_or_all(facts: Facts, profile: Profile) -> Sequence[tuple[str, tuple[str, ...]]]:
    """The section its source belongs to, if that is one of the newsletter's; else all of them."""
    topic = facts.source_topic.strip().casefold()
    return [section for section in profile.sections if section[0].casefold() == topic] or profile.sections


def _found(title: str, text: str, profile: Profile) -> dict[str, float]:
    """What each name found in the story counts: 2 in the title, 1 in the lead."""
    drawing = (word for section in profile.sections for word in _drawing(section))
    names = (*profile.topics, *drawing, *profile.wishes)
    in_text = dict.fromkeys(names_in(names, text), 1.0)
    return in_text | dict.fromkeys(names_in(names, title), 2.0)


def _best_section(
    found: Mapping[str, float], sections: Sequence[tuple[str, tuple[str, ...]]]
) -> tuple[str, tuple[str, ...], float]:
    best: tuple[str, tuple[str, ...], float] = ("", (), 0.0)
    for section in sections:
        words = _drawing(section)
        drawn = _matches(words, found)
        if drawn > best[2]:
            best = (section[0], tuple(word for word in words if word in found), drawn)
    return best


def _drawing(section: tuple[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The words that draw a story into a section; its own name is one of them."""
    name, words = section
    return words if name.casefold() in (word.casefold() for word in words) else (name, *words)


def _matches(names: Sequence[str], found: Mapping[str, float]) -> float:
    return sum(found.get(name, 0.0) for name in names)


def _substance(words: int) -> float:
    if words <= _SHORT_WORDS:
        return 0.0
    return min(1.0, log(words / _SHORT_WORDS) / log(_LONG_WORDS / _SHORT_WORDS))
