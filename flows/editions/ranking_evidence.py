"""The evidence for a version of the ranking, as a person reads it: figures out of what its back-test stored (pure).

What is stored may be of an older Masthead, or broken: then it raises, and the page says so instead of guessing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.stories.calibration import Bin
from flows.stories.weights import RULES

_FAR = 1e9  # beyond this a figure is broken
_WORDS = {"rules": "The rules", "source_record": "The sources’ record", "recency": "Newest first"}


@dataclass(frozen=True)
class Contender:
    """A way of ranking: its mean NDCG@10 with the 90 % interval, and by how much the candidate is ahead of it.

    `lead` is None for the candidate itself.
    """

    name: str
    words: str
    mean: float
    low: float
    high: float
    lead: float | None = None


@dataclass(frozen=True)
class EditionLead:
    """NDCG@10 of one edition: by the candidate and by the version in use."""

    number: int
    candidate: float
    in_use: float

    @property
    def lead(self) -> float:
        return self.candidate - self.in_use


@dataclass(frozen=True)
class Evidence:
    """What a version was judged by. `bins` is empty where no chances were stored; `note` may be "".

    `baseline` is what the features were like in what it has learned from; None if that was not stored.
    """

    verdict: str
    note: str
    editions: int
    stories: int
    first_edition: int
    last_edition: int
    in_use_version: int
    contenders: tuple[Contender, ...]  # the candidate first
    leads: tuple[EditionLead, ...]  # oldest first
    bins: tuple[Bin, ...]
    error: float  # of the chances: how far they were off
    baseline: Mapping[str, Any] | None

    @property
    def ahead(self) -> int:
        """In how many of the editions that it was judged on the candidate ranked better."""
        return sum(one.lead > 0 for one in self.leads)


def read_evidence(document: object, version: int) -> Evidence:
    """Of `Ranker.backtest`; `version` is its number. Raises ValueError with what is wrong."""
    told = _mapping(document, "evidence")
    in_use_version = _whole(told.get("in_use_version"), "version in use")
    numbers = [_whole(number, "edition") for number in _list(told.get("held_out"), "editions held out")]
    bins, error = _calibration(told)
    baseline = told.get("baseline")
    return Evidence(
        verdict=_text(told.get("verdict"), "verdict"),
        note=_text(told.get("note", ""), "note"),
        editions=_whole(told.get("editions"), "count of editions"),
        stories=_whole(told.get("stories"), "count of stories"),
        first_edition=_whole(told.get("first_edition"), "first edition"),
        last_edition=_whole(told.get("last_edition"), "last edition"),
        in_use_version=in_use_version,
        contenders=_contenders(told, version, in_use_version),
        leads=_leads(told, numbers),
        bins=bins,
        error=error,
        baseline=baseline if isinstance(baseline, Mapping) and baseline else None,
    )


def lead_of(document: object) -> float | None:
    """By how much the version was ahead of the one in use when it was learned; None if that cannot be read."""
    try:
        differences = _mapping(_mapping(document, "evidence").get("difference"), "differences")
        return _figure(_mapping(differences.get("in_use"), "difference").get("mean"), "difference")
    except ValueError:
        return None


def _contenders(told: Mapping[str, Any], version: int, in_use_version: int) -> tuple[Contender, ...]:
    means, intervals = _mapping(told.get("mean"), "means"), _mapping(told.get("interval"), "intervals")
    differences = _mapping(told.get("difference"), "differences")
    words = {"candidate": f"Version {version}", "in_use": f"Version {in_use_version}, in use then", **_WORDS}
    if in_use_version == RULES.version:
        words = {name: said for name, said in words.items() if name != "in_use"} | {"rules": "The rules, in use then"}
    found = []
    for name, said in words.items():
        low, high = _numbers(intervals.get(name), f"interval of {name}", 2)
        lead = None
        if name != "candidate":
            lead = _figure(_mapping(differences.get(name), f"difference to {name}").get("mean"), "difference")
        found.append(Contender(name, said, _figure(means.get(name), f"mean of {name}"), low, high, lead))
    return tuple(found)


def _leads(told: Mapping[str, Any], numbers: Sequence[int]) -> tuple[EditionLead, ...]:
    given = _mapping(told.get("per_edition"), "figures by edition")
    ours, theirs = (_numbers(given.get(name), f"figures of {name}", len(numbers)) for name in ("candidate", "in_use"))
    return tuple(EditionLead(*each) for each in zip(numbers, ours, theirs, strict=True))


def _calibration(told: Mapping[str, Any]) -> tuple[tuple[Bin, ...], float]:
    held = told.get("calibration")
    if not isinstance(held, Mapping) or not isinstance(ours := held.get("candidate"), Mapping):
        return (), 0.0
    bins = []
    for given in _list(ours.get("bins"), "bins of chances"):
        each = _mapping(given, "bin of chances")
        low, high, predicted, chosen = (_share(each.get(name)) for name in ("low", "high", "predicted", "chosen"))
        bins.append(Bin(low, high, _whole(each.get("count"), "count of a bin"), predicted, chosen))
    return tuple(bins), _share(ours.get("error"))


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"the {name} cannot be read")  # noqa: TRY004 - what is wrong is what was stored
    return value


def _list(value: object, name: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise ValueError(f"the {name} cannot be read")  # noqa: TRY004 - as above
    return value


def _numbers(value: object, name: str, count: int) -> list[float]:
    found = [_figure(each, name) for each in _list(value, name)]
    if len(found) != count:
        raise ValueError(f"the {name} is not whole")
    return found


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"the {name} cannot be read")  # noqa: TRY004 - as above
    return value


def _figure(value: object, name: str) -> float:
    """A number, neither NaN nor without measure (of which an int too large for a float is one)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _FAR:
        raise ValueError(f"the {name} is no number")
    return float(value)


def _share(value: object) -> float:
    found = _figure(value, "chance")
    if not 0 <= found <= 1:
        raise ValueError("a chance is out of range")
    return found


def _whole(value: object, name: str) -> int:
    found = _figure(value, name)
    if found < 0 or found != int(found):
        raise ValueError(f"the {name} is no whole number")
    return int(found)
