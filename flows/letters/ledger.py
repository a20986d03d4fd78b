"""The rules of the ledger: what may become of a letter, and whether every person is accounted for.

    queued -> claimed -> submitting -> accepted -> delivered | bounced | complained
    failed, skipped (both with a reason), and unknown: submitted by a worker that died or got no answer.

Pure: no clock, no table, no mail service. `store.py` and `sending.py` do what is decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flows.errors import PauseRun, Refused, StopRun, TransportError, TryAgain
from flows.models import LetterStatus

ACCEPTED_ONES = (
    LetterStatus.ACCEPTED,
    LetterStatus.DELIVERED,
    LetterStatus.BOUNCED,
    LetterStatus.COMPLAINED,
)
OWED_ONES = (LetterStatus.QUEUED, LetterStatus.CLAIMED, LetterStatus.SUBMITTING)
MOST_TRIES = 12  # over some 25 minutes, see `wait_s`
MOST_DEATHS = 3
_LONGEST_WAIT_S = 300.0
_QUOTA_WAIT = timedelta(hours=1)

_OURS = LetterStatus.QUEUED, LetterStatus.CLAIMED, LetterStatus.SUBMITTING, LetterStatus.UNKNOWN
# To which status a letter may come, from where. An event of the mail service proves that the letter was
# accepted wherever our own books stand: it may come before our answer, or after we gave the letter up.
_ORIGINS: Mapping[LetterStatus, frozenset[LetterStatus]] = {
    LetterStatus.QUEUED: frozenset(_OURS) - {LetterStatus.QUEUED},
    LetterStatus.CLAIMED: frozenset({LetterStatus.QUEUED}),
    LetterStatus.SUBMITTING: frozenset({LetterStatus.CLAIMED}),
    LetterStatus.UNKNOWN: frozenset({LetterStatus.SUBMITTING}),
    LetterStatus.SKIPPED: frozenset(_OURS) - {LetterStatus.SUBMITTING},
    LetterStatus.FAILED: frozenset({*_OURS, LetterStatus.ACCEPTED}),
    LetterStatus.ACCEPTED: frozenset({*_OURS, LetterStatus.FAILED, LetterStatus.SKIPPED}),
    LetterStatus.DELIVERED: frozenset({*_OURS, LetterStatus.FAILED, LetterStatus.SKIPPED, LetterStatus.ACCEPTED}),
    LetterStatus.BOUNCED: frozenset(LetterStatus) - {LetterStatus.BOUNCED, LetterStatus.COMPLAINED},
    LetterStatus.COMPLAINED: frozenset(LetterStatus) - {LetterStatus.COMPLAINED},
}


def may_move(status: LetterStatus, to: LetterStatus) -> bool:
    return status in _ORIGINS[to]


def origins(to: LetterStatus) -> tuple[LetterStatus, ...]:
    """From where a letter may come to `to`; for the WHERE of an UPDATE."""
    return tuple(sorted(_ORIGINS[to]))


class Course(StrEnum):
    """What the answer about one letter means for the whole run."""

    GO_ON = "go on"
    SLOW_DOWN = "slow down"
    PAUSE = "pause"  # quota: goes on by itself later
    STOP = "stop"  # a person must act


@dataclass(frozen=True)
class Answer:
    """What one call to the mail service came to, for the letter and for the run."""

    status: LetterStatus
    reason: str = ""
    provider_id: str = ""
    wait_s: float = 0.0  # a queued letter is not tried again sooner
    course: Course = Course.GO_ON


def accepted(provider_id: str) -> Answer:
    return Answer(LetterStatus.ACCEPTED, provider_id=provider_id)


def answer_to(error: Exception, *, attempts: int, others_pass: bool, chance: float) -> Answer:
    """What follows from an error of the transport.

    `attempts` counts calls for this letter, this one included; `others_pass` says whether other letters were
    accepted at the same time; `chance` in [0, 1) spreads the retries. An error that is none of the five
    classes is a fault of ours in the middle of a call: nobody can tell, so the letter is unknown.
    """
    reason = _short(str(error) or type(error).__name__)
    match error:
        case Refused():
            return Answer(LetterStatus.FAILED, f"refused: {reason}")
        case TryAgain() if attempts >= MOST_TRIES and others_pass:
            return Answer(LetterStatus.FAILED, f"gave up after {attempts} tries: {reason}")
        case TryAgain():
            wait = wait_s(attempts, chance)
            return Answer(LetterStatus.QUEUED, reason, wait_s=wait, course=Course.SLOW_DOWN)
        case PauseRun():
            return Answer(LetterStatus.QUEUED, reason, course=Course.PAUSE)
        case StopRun():
            return Answer(LetterStatus.QUEUED, reason, course=Course.STOP)
        case TransportError():
            return Answer(LetterStatus.UNKNOWN, reason)
        case _:
            return Answer(LetterStatus.UNKNOWN, f"{type(error).__name__}: {reason}")


def wait_s(attempts: int, chance: float) -> float:
    """Seconds until the next try: 2, 4, 8 … 300, less up to half of it by chance."""
    return float(min(_LONGEST_WAIT_S, 2.0 ** min(attempts, 20))) * (1.0 - chance / 2)


def resume_time(course: Course, now: datetime) -> datetime | None:
    """When a halted run goes on by itself; None: when a person says so."""
    return now + _QUOTA_WAIT if course is Course.PAUSE else None


def not_rendered(error: Exception) -> Answer:
    """This person's letter could not be built; the others go on."""
    return Answer(LetterStatus.FAILED, f"render: {_short(str(error) or type(error).__name__)}")


def too_many_unrendered(failed: int, audience: int) -> bool:
    """More than one in a hundred, and more than one: then it is the template, not the person."""
    return failed > 1 and failed * 100 > audience


@dataclass(frozen=True)
class Held:
    """A letter in the hands of a worker that is gone. `suspect`: it may have been what ended the worker."""

    status: LetterStatus
    deaths: int
    suspect: bool


@dataclass(frozen=True)
class Found:
    """How a dead worker's letter goes on."""

    status: LetterStatus
    deaths: int
    reason: str = ""


def after_death(held: Held) -> Found:
    """Claimed: nothing has left the house. Submitting: it may have left, so it is unknown.

    A letter that was there at MOST_DEATHS deaths is put aside, for it may be what kills the workers; but one
    that may have left stays unknown, for then it is not ours to say that it failed.
    """
    deaths = held.deaths + 1 if held.suspect else held.deaths
    if held.status is LetterStatus.SUBMITTING:
        return Found(LetterStatus.UNKNOWN, deaths, "its worker ended during the call")
    return Found(*_again_or_aside(deaths))


def _again_or_aside(deaths: int) -> tuple[LetterStatus, int, str]:
    if deaths >= MOST_DEATHS:
        return LetterStatus.FAILED, deaths, f"put aside: {deaths} workers ended while they had it in hand"
    return LetterStatus.QUEUED, deaths, ""


@dataclass(frozen=True)
class Evidence:
    """What can be known about an unknown letter.

    `held` and `certain` are the transport's own word: does it hold the letter, and is that sure? `pipeline`:
    an event for a letter submitted later has come, so acceptances are reported; `alive_at`: the last time any
    event came in.
    """

    submitted_at: datetime
    deaths: int = 0
    provider_id: str = ""
    certain: bool = False
    pipeline: bool = False
    alive_at: datetime | None = None


def settle_unknown(evidence: Evidence, *, now: datetime, grace: timedelta) -> Found | None:
    """Accepted, queued again, or None: nobody can tell yet.

    It is queued again only if the transport is sure that it has no such letter, or if the grace is over and
    an event that came in *after* the grace shows that the silence about this letter means something.
    """
    if evidence.provider_id:
        return Found(LetterStatus.ACCEPTED, evidence.deaths)
    over = evidence.submitted_at + grace
    heard_since = evidence.alive_at is not None and evidence.alive_at >= over
    if evidence.certain or (now >= over and evidence.pipeline and heard_since):
        return Found(*_again_or_aside(evidence.deaths))
    return None


@dataclass(frozen=True)
class Receipt:
    """Where every person of an edition's audience stands. `accepted` counts those that came back, too."""

    edition_id: int
    candidates: int  # as counted when the audience was frozen
    accepted: int
    delivered: int
    bounced: int
    complained: int
    skipped: Mapping[str, int]  # by reason
    failed: Mapping[str, int]  # by reason
    unknown: int
    owed: int

    @property
    def accounted(self) -> int:
        return self.accepted + sum(self.skipped.values()) + sum(self.failed.values()) + self.unknown + self.owed

    @property
    def balanced(self) -> bool:
        """Does it add up, to the person?"""
        return self.candidates == self.accounted

    @property
    def sentence(self) -> str:
        """For the desk and the command line."""
        parts = [f"{self.accepted:,} accepted"]
        parts += [f"{count:,} skipped ({reason})" for reason, count in self.skipped.items()]
        parts += [f"{count:,} failed ({reason})" for reason, count in self.failed.items()]
        parts += [f"{self.unknown:,} unknown"] * bool(self.unknown) + [f"{self.owed:,} still owed"] * bool(self.owed)
        sign = "=" if self.balanced else "does NOT equal"
        return f"{self.candidates:,} people {sign} " + " + ".join(parts)


def receipt_of(edition_id: int, candidates: int, rows: Sequence[tuple[LetterStatus, str, int]]) -> Receipt:
    """The receipt from (status, reason, count) rows."""

    def count(*statuses: LetterStatus) -> int:
        return sum(number for status, _, number in rows if status in statuses)

    def by_reason(wanted: LetterStatus) -> dict[str, int]:
        found: dict[str, int] = {}
        for status, reason, number in rows:
            if status is wanted:
                kind = kind_of(reason)
                found[kind] = found.get(kind, 0) + number
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    return Receipt(
        edition_id=edition_id,
        candidates=candidates,
        accepted=count(*ACCEPTED_ONES),
        delivered=count(LetterStatus.DELIVERED),
        bounced=count(LetterStatus.BOUNCED),
        complained=count(LetterStatus.COMPLAINED),
        skipped=by_reason(LetterStatus.SKIPPED),
        failed=by_reason(LetterStatus.FAILED),
        unknown=count(LetterStatus.UNKNOWN),
        owed=count(*OWED_ONES),
    )


def kind_of(reason: str) -> str:
    """The part of a reason that many letters share: what stands before the first colon."""
    return reason.split(":", 1)[0].strip() or "no reason given"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:299] + "…"
