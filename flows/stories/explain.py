"""Each part of a score, in words for the editor (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flows.stories.features import Facts, Measured, Profile

_WORDS_SHOWN = 3
_HEADLINE_SHOWN = 60


@dataclass(frozen=True)
class About:
    """A story, as the sentences see it."""

    facts: Facts
    measured: Measured
    profile: Profile


def words_for(name: str, facts: Facts, measured: Measured, profile: Profile) -> str:
    """What stands beside the points of the part `name` of this story."""
    return _SENTENCES[name](About(facts, measured, profile))


def words_for_variety(above: int, facts: Facts) -> str:
    """Why a story lost points to others of its source that stand `above` it in the queue."""
    stories = "story" if above == 1 else "stories"
    return f"{above} {stories} of {facts.source_title} above it"


def words_for_likeness(above: Facts) -> str:
    """Why a story lost points to one that stands above it and tells much the same."""
    return f"much like “{_shortened(above.title)}” above it"


def when(moment: datetime, now: datetime, zone: str) -> str:
    """A day as one says it: "today", "yesterday", "3 days ago", "on 2 November"."""
    there = ZoneInfo(zone)
    day = moment.astimezone(there).date()
    today = now.astimezone(there).date()
    days = (today - day).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days <= 14:
        return f"{days} days ago"
    year = f" {day.year}" if day.year != today.year else ""
    return f"on {day.day} {day:%B}{year}"


def _recency(about: About) -> str:
    now, zone = about.profile.now, about.profile.zone
    if about.facts.published_at is None:
        return f"no date given, first seen {when(about.facts.first_seen_at, now, zone)}"
    return f"published {when(about.facts.published_at, now, zone)}"


def _source_record(about: About) -> str:
    source, record = about.facts.source_title, about.facts.record
    if not record.offered:
        return f"{source}: nothing offered before, so it counts as a usual source"
    return f"{source}: {record.chosen} of {record.offered} of its stories chosen"


def _topic(about: About) -> str:
    return f"about {_list(about.measured.topics)}"


def _section(about: About) -> str:
    return f"fits {about.measured.section}: {_list(about.measured.section_words)}"


def _coverage(about: About) -> str:
    return f"{about.facts.sources} sources cover it"


def _substance(about: About) -> str:
    return f"{about.facts.words:,} words of text"


def _novelty(about: About) -> str:
    if about.facts.follows_no:
        return f"follows up “{_shortened(about.facts.follows)}”, which ran in no. {about.facts.follows_no}"
    return f"much like “{_shortened(about.facts.alike_to)}” in no. {about.facts.alike_no}"


def _shortened(headline: str) -> str:
    if len(headline) <= _HEADLINE_SHOWN:
        return headline
    return headline[:_HEADLINE_SHOWN].rsplit(" ", 1)[0] + "…"


def _kept(_about: About) -> str:
    return "an editor kept it for later"


def _source_weight(about: About) -> str:
    done = "boosted" if about.facts.source_weight > 0 else "muted"
    return f"{about.facts.source_title} is {done} by an editor"


def _taste(about: About) -> str:
    words = ", ".join(about.measured.taste_words)
    does = "choose" if about.measured["taste"] > 0 else "pass over"
    return f"words your editors {does}: {words}" if words else f"reads like what your editors {does}"


def _interest(about: About) -> str:
    more = "more" if about.measured["interest"] > 0 else "less"
    return f"readers click {about.measured.interests[0]} {more} than the rest"


def _wish(about: About) -> str:
    wishes = about.profile.wishes
    boosted = [f"“{name}”" for name in about.measured.wished if wishes[name] > 0]
    muted = [f"“{name}”" for name in about.measured.wished if wishes[name] < 0]
    said = [f"{verb} {_list(names)}" for verb, names in (("boosted", boosted), ("muted", muted)) if names]
    return f"you {' and '.join(said)}"


_SENTENCES: dict[str, Callable[[About], str]] = {
    "recency": _recency,
    "source_record": _source_record,
    "topic": _topic,
    "section": _section,
    "coverage": _coverage,
    "substance": _substance,
    "novelty": _novelty,
    "kept": _kept,
    "source_weight": _source_weight,
    "taste": _taste,
    "interest": _interest,
    "wish": _wish,
}


def _list(words: Sequence[str]) -> str:
    shown = list(words[:_WORDS_SHOWN])
    if len(words) > _WORDS_SHOWN:
        return ", ".join(shown) + f" and {len(words) - _WORDS_SHOWN} more"
    return " and ".join(", ".join(shown).rsplit(", ", 1)) if len(shown) > 1 else "".join(shown)
