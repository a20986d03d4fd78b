"""At which step an edition lost a story that others went on to tell. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flows.models import Decision, Tier

_GREW_BY = 2  # sources more than when the edition was approved
_WIDELY = 3  # sources in all
HEARD_FOR = timedelta(days=7)  # how long after an approval a story still counts as one that the edition missed


class Lost(StrEnum):
    """The step that lost a story, in the order in which a story passes them."""

    TOO_LATE = "too late"
    COLLECTED_LATE = "collected late"
    NOT_A_CANDIDATE = "not a candidate"
    FLAGGED = "flagged"
    FOLDED = "folded away"
    SKIPPED = "skipped"
    LATER = "kept for later"
    BELOW = "below the line"
    TAKEN_OUT = "taken out"


MEANS: Mapping[Lost, str] = {
    Lost.TOO_LATE: "Nobody told it before the edition was approved.",
    Lost.COLLECTED_LATE: "It was published in time, and read from its source too late.",
    Lost.NOT_A_CANDIDATE: "It was collected in time, and did not come into the queue.",
    Lost.FLAGGED: "It was held for a senior editor.",
    Lost.FOLDED: "The ranking thought it unlikely and folded it away.",
    Lost.SKIPPED: "An editor turned it down.",
    Lost.LATER: "An editor kept it for later.",
    Lost.BELOW: "It stood in the queue, and nobody chose it.",
    Lost.TAKEN_OUT: "It was suggested, and an editor put it back.",
}


@dataclass(frozen=True)
class Sealed:
    """An approved edition. `before` and `after` are the approvals of its neighbours, None where there is none."""

    id: int
    number: int
    drafted_at: datetime
    sealed_at: datetime
    before: datetime | None
    after: datetime | None
    candidates: int  # stories in its queue, whatever became of them

    @property
    def heard_until(self) -> datetime:
        """What was first seen later is another edition's matter."""
        return min(self.sealed_at + HEARD_FOR, self.after or datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True)
class Telling:
    """One article of a story. `asked_every` is 0 where nobody knows its source's rhythm."""

    source_id: int
    source: str
    source_since: datetime
    asked_every: timedelta
    published_at: datetime | None
    seen_at: datetime
    linked: bool  # it has a link that can be used

    @property
    def day(self) -> datetime:
        return self.published_at or self.seen_at


@dataclass(frozen=True)
class Offer:
    """A story as a candidate of one edition. `by` is what colleagues call the one who decided, "" if nobody has."""

    item_id: int
    edition_id: int
    number: int
    approved: bool  # the edition, some time
    tier: Tier
    decision: Decision
    by: str
    reason: str
    flags: tuple[str, ...]
    rank: int
    suggested: bool
    chance: float | None
    headline: str = ""


@dataclass(frozen=True)
class Growing:
    """A story that an edition missed. `tellings` are by the time they were first seen, `offers` by edition number."""

    story_id: int
    title: str
    gathered_at: datetime  # when its articles became a story
    tellings: tuple[Telling, ...]
    offers: tuple[Offer, ...]

    def told_by(self, at: datetime) -> int:
        """How many sources told it by then."""
        return len({each.source_id for each in self.tellings if each.seen_at <= at})


@dataclass(frozen=True)
class Missed:
    """A story that an edition missed, as it is shown. `then` and `now` count sources."""

    story_id: int
    headline: str
    then: int
    now: int
    articles: int
    first: Telling
    step: Lost
    sentence: str
    offer: Offer | None  # in the edition itself, or else the latest there is


def was_missed(edition: Sealed, seen: Sequence[datetime]) -> bool:
    """Whether a story that the edition did not run was one to run.

    `seen`: when each of its sources first told it, sorted. It was, if two sources more tell it than did at the
    approval, or if three tell it in all and it was new after the edition before.
    """
    if not seen or seen[0] >= edition.heard_until:
        return False
    grew = len(seen) - bisect_right(seen, edition.sealed_at) >= _GREW_BY
    new = edition.before is None or seen[0] > edition.before
    return grew or (len(seen) >= _WIDELY and new)


def missed(edition: Sealed, story: Growing, window: timedelta) -> Missed | None:
    """The story with the step that lost it; None if it came too late and a later edition had it to choose from.

    `window` is how old a candidate may be when a draft is made.
    """
    step, sentence = where_lost(edition, story, window)
    if step is Lost.TOO_LATE and any(each.approved and each.number > edition.number for each in story.offers):
        return None
    own = [offer for offer in story.offers if offer.edition_id == edition.id]
    offer = next(reversed(own or story.offers), None)
    return Missed(
        story_id=story.story_id,
        headline=(offer.headline if offer else "") or story.title,
        then=story.told_by(edition.sealed_at),
        now=len({telling.source_id for telling in story.tellings}),
        articles=len(story.tellings),
        first=story.tellings[0],
        step=step,
        sentence=sentence,
        offer=offer,
    )


def most_grown_first(story: Missed) -> tuple[float, int, int]:
    """Sorts by how many times as many sources tell it now; nobody then counts as one."""
    return -story.now / max(1, story.then), -story.articles, story.story_id


def where_lost(edition: Sealed, story: Growing, window: timedelta) -> tuple[Lost, str]:
    """The first step that applies, and what the tables say about it, as a sentence."""
    for offer in story.offers:
        if offer.edition_id == edition.id:
            return _in_the_queue(edition, offer)
    if story.tellings[0].seen_at > edition.sealed_at:
        return _late(edition, story, window)
    return Lost.NOT_A_CANDIDATE, _why_no_candidate(edition, story, window)


def _late(edition: Sealed, story: Growing, window: timedelta) -> tuple[Lost, str]:
    sealed = edition.sealed_at
    in_time = [
        (telling.published_at, place)
        for place, telling in enumerate(story.tellings)
        if telling.published_at and sealed - window <= telling.published_at < sealed
    ]
    if not in_time:
        return Lost.TOO_LATE, f"First seen {span(story.tellings[0].seen_at - sealed)} after the approval."
    published_at, place = min(in_time)
    telling = story.tellings[place]
    sentence = (
        f"Published {span(sealed - published_at)} before the approval, "
        f"collected {span(telling.seen_at - sealed)} after it"
    )
    if telling.source_since > sealed:
        sentence += f": its source was added {span(telling.source_since - sealed)} after the approval"
    elif telling.asked_every:
        sentence += f": its source is asked every {span(telling.asked_every)}"
    return Lost.COLLECTED_LATE, f"{sentence}."


def _why_no_candidate(edition: Sealed, story: Growing, window: timedelta) -> str:
    sealed, drafted = edition.sealed_at, edition.drafted_at
    known = [each for each in story.tellings if each.seen_at <= sealed]
    if not any(each.linked for each in known):
        return "None of its articles had a link that can be used."
    earlier = next((each for each in reversed(story.offers) if each.number < edition.number and each.by), None)
    if earlier and earlier.decision is Decision.SKIPPED:
        return _closed(f"Skipped by {earlier.by} in no. {earlier.number} already", earlier.reason)
    if (newest := max(each.day for each in known)) < drafted - window:
        return f"Its newest article was {span(drafted - newest)} old at the draft; the window is {span(window)}."
    if story.gathered_at > sealed:
        return (
            f"Collected {span(sealed - known[0].seen_at)} before the approval, "
            f"gathered into a story {span(story.gathered_at - sealed)} after it."
        )
    told = f"it was told by {_many(story.told_by(sealed), 'source')} then"
    if known[0].seen_at > drafted:
        return f"It came {span(known[0].seen_at - drafted)} after the draft was made, and nothing added it: {told}."
    return f"No channel brought it: {told}."


def _in_the_queue(edition: Sealed, offer: Offer) -> tuple[Lost, str]:
    stood = f"at rank {offer.rank} of {edition.candidates}"
    chance = "" if offer.chance is None else f", with a chance of {round(offer.chance * 100)}\u00a0%"
    after = f" {_decided(offer)}".rstrip()
    if offer.tier is Tier.FLAGGED:
        return Lost.FLAGGED, _closed("Held for a senior editor", "; ".join(offer.flags)) + after
    if offer.tier is Tier.FOLDED:
        return Lost.FOLDED, f"Folded away {stood}{chance}.{after}"
    if offer.decision is Decision.SKIPPED:
        return Lost.SKIPPED, _decided(offer)
    if offer.decision is Decision.LATER:
        return Lost.LATER, _decided(offer)
    if offer.suggested:
        return Lost.TAKEN_OUT, f"Suggested {stood}{chance}, then put back into the queue."
    return Lost.BELOW, f"Undecided {stood}{chance}."


def _decided(offer: Offer) -> str:
    by = f" by {offer.by}" if offer.by else ""
    if offer.decision is Decision.SKIPPED:
        return _closed(f"Skipped{by}" if offer.reason else f"Skipped{by}, without a reason", offer.reason)
    return f"Kept for later{by}." if offer.decision is Decision.LATER else ""


def _closed(said: str, why: str) -> str:
    """One sentence of both, whatever mark an editor ended hers with."""
    text = f"{said}: {why.strip()}" if why.strip() else said
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def span(length: timedelta) -> str:
    """40 minutes · 9 hours · 3 days: the largest unit that tells enough, whole."""
    if (minutes := max(1, int(length.total_seconds() // 60))) < 60:
        return _many(minutes, "minute")
    return _many(minutes // 60, "hour") if minutes < 2880 else _many(minutes // 1440, "day")


def _many(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
