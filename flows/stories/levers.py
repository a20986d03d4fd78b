"""What an editor may mute or boost behind each part of a score: its source, a topic, a term (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from flows.stories.features import Facts, Measured

_MOST = 4  # levers beside one reason


@dataclass(frozen=True)
class Lever:
    """One thing to turn: a source by its id, or a term or topic by its name."""

    kind: Literal["source", "term"]
    name: str  # as the editor reads it
    source_id: int = 0


def levers_for(part: str, facts: Facts, measured: Measured) -> tuple[Lever, ...]:
    """The levers beside the part of this name; () for parts that nothing can be done about."""
    found = _LEVERS.get(part)
    return () if found is None else found(facts, measured)[:_MOST]


def _source(facts: Facts, _measured: Measured) -> tuple[Lever, ...]:
    return (Lever("source", facts.source_title, facts.source_id),)


def _terms(*names: str) -> tuple[Lever, ...]:
    return tuple(Lever("term", name) for name in dict.fromkeys(names) if name)


_LEVERS: Mapping[str, Callable[[Facts, Measured], tuple[Lever, ...]]] = {
    "recency": _source,  # most stories have no nearer reason to do something about their source
    "source_record": _source,
    "source_weight": _source,
    "variety": _source,
    "exploration": _source,
    "topic": lambda _facts, measured: _terms(*measured.topics),
    "section": lambda _facts, measured: _terms(measured.section, *measured.section_words),
    "taste": lambda _facts, measured: _terms(*measured.taste_words),
    "interest": lambda _facts, measured: _terms(*measured.interests),
    "wish": lambda _facts, measured: _terms(*measured.wished),
}
