"""What an event changes: tables of single events, and every order of arrival leading to one end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.events.effects import (
    MAX_SOFT_BOUNCES,
    Effect,
    Facts,
    Happened,
    count_soft_bounces,
    counts_softly,
    effect_of,
)
from flows.events.parse import Came
from flows.models import EventKind, LetterStatus
from subscribers.models import SuppressionReason
from tests.conftest import NOW

K = EventKind
S = LetterStatus
OURS = [S.QUEUED, S.CLAIMED, S.SUBMITTING, S.UNKNOWN, S.FAILED, S.SKIPPED]


def came(kind: EventKind, *, letter: int = 1, at: datetime = NOW, detail: str = "") -> Came:
    return Came(kind, at, f"m-{letter}", f"d-{letter}", "ada@readers.example", "", detail, f"{letter}-{kind}-{at}")


@pytest.mark.parametrize("status", OURS)
@pytest.mark.parametrize("kind", [K.SEND, K.DELAY, K.OPEN, K.CLICK, K.SUBSCRIPTION])
def test_any_event_proves_acceptance_wherever_our_books_stand(status: LetterStatus, kind: EventKind) -> None:
    assert effect_of(came(kind), Facts(status), 0) == Effect(status=S.ACCEPTED)


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        (K.DELIVERY, S.DELIVERED, ""),
        (K.BOUNCE, S.BOUNCED, "bounced: said"),
        (K.SOFT_BOUNCE, S.BOUNCED, "bounced for now: said"),
        (K.CONTENT_REFUSED, S.BOUNCED, "content refused: said"),
        (K.COMPLAINT, S.COMPLAINED, "complained: said"),
        (K.REJECT, S.FAILED, "refused by SES: said"),
        (K.RENDERING_FAILURE, S.FAILED, "not rendered by SES: said"),
    ],
)
@pytest.mark.parametrize("before", [S.UNKNOWN, S.SUBMITTING, S.ACCEPTED])
def test_each_kind_leads_to_its_status(
    before: LetterStatus, kind: EventKind, status: LetterStatus, reason: str
) -> None:
    effect = effect_of(came(kind, detail="said"), Facts(before), 0)
    assert (effect.status, effect.reason) == (status, reason)


@pytest.mark.parametrize(
    ("status", "earlier", "kind"),
    [
        (S.DELIVERED, {K.DELIVERY}, K.SEND),
        (S.DELIVERED, {K.DELIVERY}, K.DELAY),
        (S.DELIVERED, {K.DELIVERY}, K.SOFT_BOUNCE),  # an automatic reply
        (S.BOUNCED, {K.BOUNCE}, K.DELIVERY),
        (S.BOUNCED, set(), K.DELIVERY),  # its events are no longer kept
        (S.COMPLAINED, {K.COMPLAINT}, K.BOUNCE),
        (S.COMPLAINED, set(), K.DELIVERY),
        (S.FAILED, {K.REJECT}, K.SEND),
    ],
)
def test_a_letter_never_goes_back(status: LetterStatus, earlier: set[EventKind], kind: EventKind) -> None:
    assert effect_of(came(kind), Facts(status, frozenset(earlier)), 0).status is None


def test_a_bounce_after_the_delivery_counts() -> None:
    effect = effect_of(came(K.BOUNCE), Facts(S.DELIVERED, frozenset({K.SEND, K.DELIVERY})), 0)
    assert (effect.status, effect.suppress) == (S.BOUNCED, SuppressionReason.BOUNCED)


@pytest.mark.parametrize("letter", [None, Facts(S.ACCEPTED)])
def test_W10_a_permanent_bounce_suppresses_at_once(letter: Facts | None) -> None:
    effect = effect_of(came(K.BOUNCE), letter, 0)
    assert effect.suppress is SuppressionReason.BOUNCED
    assert not effect.unsubscribe


@pytest.mark.parametrize("letter", [None, Facts(S.DELIVERED)])
def test_W10_a_complaint_suppresses_and_unsubscribes(letter: Facts | None) -> None:
    effect = effect_of(came(K.COMPLAINT), letter, 0)
    assert (effect.suppress, effect.unsubscribe) == (SuppressionReason.COMPLAINED, True)


def test_W10_refused_content_blames_the_edition_and_not_the_person() -> None:
    effect = effect_of(came(K.CONTENT_REFUSED), Facts(S.ACCEPTED), 0)
    assert effect.blames_edition
    assert (effect.suppress, effect.unsubscribe, effect.soft_bounces) == (None, False, None)
    assert not counts_softly(K.CONTENT_REFUSED)


@pytest.mark.parametrize(
    ("before", "after", "suppress"),
    [(0, 1, None), (3, 4, None), (4, 5, SuppressionReason.BOUNCED), (5, 6, None)],
)
def test_W10_the_fifth_soft_bounce_suppresses(before: int, after: int, suppress: SuppressionReason | None) -> None:
    effect = effect_of(came(K.SOFT_BOUNCE), Facts(S.ACCEPTED), after, before=before)
    assert (effect.suppress, effect.soft_bounces) == (suppress, after)


def test_W10_a_delivery_resets_the_count_and_lifts_what_rested_on_it() -> None:
    assert effect_of(came(K.DELIVERY), Facts(S.ACCEPTED), 0, before=3) == Effect(S.DELIVERED, soft_bounces=0)
    assert effect_of(came(K.DELIVERY), Facts(S.ACCEPTED), 0, before=5).lift


def days(*numbers: float, kind: EventKind = K.SOFT_BOUNCE) -> list[Happened]:
    return [Happened(kind, NOW + timedelta(days=number)) for number in numbers]


@pytest.mark.parametrize(
    ("history", "count"),
    [
        ([], 0),
        (days(0, 7, 14, 21, 28), 5),
        (days(0, 8, 16, 24, 32), 4),
        (days(0, 1, 2, 3, 4, 90), 5),  # the worst thirty days
        (days(0, 7) + days(10, kind=K.DELIVERY) + days(14), 1),
        (days(0, 7) + days(7, kind=K.DELIVERY), 0),
        (days(3, kind=K.DELIVERY), 0),
    ],
)
def test_W10_soft_bounces_are_counted_within_thirty_days_since_the_last_delivery(
    history: list[Happened], count: int
) -> None:
    assert count_soft_bounces(history) == count
    assert count_soft_bounces(reversed(history)) == count


@dataclass
class Books:
    """A person's letters and standing, kept as `store` keeps them."""

    status: dict[str, LetterStatus] = field(default_factory=dict)
    seen: dict[str, Came] = field(default_factory=dict)
    soft_bounces: int = 0
    suppressed: str = ""
    unsubscribed: bool = False

    def take(self, one: Came) -> None:
        if one.key in self.seen:
            return
        kinds = frozenset(old.kind for old in self.seen.values() if old.delivery_id == one.delivery_id)
        self.seen[one.key] = one
        history = [Happened(old.kind, old.at) for old in self.seen.values() if counts_softly(old.kind)]
        facts = Facts(self.status.get(one.delivery_id, S.SUBMITTING), kinds)
        effect = effect_of(one, facts, count_soft_bounces(history), before=self.soft_bounces)
        self.status[one.delivery_id] = effect.status or facts.status
        self.soft_bounces = self.soft_bounces if effect.soft_bounces is None else effect.soft_bounces
        if effect.suppress:
            soft = "soft" if one.kind is K.SOFT_BOUNCE else effect.suppress.value
            self.suppressed = max(self.suppressed, soft, key=["", "soft", "bounced", "complained"].index)
        if effect.lift and self.suppressed == "soft":
            self.suppressed = ""
        self.unsubscribed |= effect.unsubscribe

    def standing(self) -> tuple[object, ...]:
        return dict(self.status), self.soft_bounces, self.suppressed, self.unsubscribed


def end_of(history: Sequence[Came]) -> tuple[object, ...]:
    books = Books()
    for one in history:
        books.take(one)
    return books.standing()


@pytest.mark.parametrize(
    "kinds",
    [
        (K.SEND, K.DELIVERY),
        (K.SEND, K.DELAY, K.DELIVERY, K.SOFT_BOUNCE),
        (K.SEND, K.DELAY, K.SOFT_BOUNCE),
        (K.SEND, K.BOUNCE),
        (K.SEND, K.DELIVERY, K.BOUNCE, K.COMPLAINT),
        (K.SEND, K.REJECT),
        (K.SEND, K.CONTENT_REFUSED),
        (K.SEND, K.DELIVERY, K.OPEN, K.CLICK, K.COMPLAINT),
    ],
)
def test_W06_one_letters_events_lead_to_one_end_in_every_order(kinds: tuple[EventKind, ...]) -> None:
    history = [came(kind, at=NOW + timedelta(minutes=minute)) for minute, kind in enumerate(kinds)]
    ends = {repr(end_of(order)) for order in permutations(history)}
    assert len(ends) == 1


EVENTS = st.builds(
    lambda kind, letter, hours: came(kind, letter=letter, at=NOW + timedelta(hours=hours)),
    st.sampled_from(EventKind),
    st.integers(1, 8),
    st.integers(0, 24 * 60),
)
SOFT = st.builds(
    lambda kind, letter: came(kind, letter=letter, at=NOW + timedelta(days=letter)),
    st.sampled_from([K.SOFT_BOUNCE, K.SOFT_BOUNCE, K.SOFT_BOUNCE, K.DELIVERY]),
    st.integers(1, 30),
)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), history=st.lists(EVENTS | SOFT, min_size=1, max_size=16))
def test_W06_any_history_in_any_order_with_any_repeats_has_one_end(data: st.DataObject, history: list[Came]) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=6))
    shuffled = data.draw(st.permutations([*history, *again]))
    assert end_of(shuffled) == end_of(history)


def test_the_property_can_fail() -> None:
    """Five soft bounces do suppress in these books; a delivery among them does not let it come to that."""
    soft = [came(K.SOFT_BOUNCE, letter=day, at=NOW + timedelta(days=day)) for day in range(MAX_SOFT_BOUNCES)]
    assert end_of(soft)[1:3] == (5, "soft")
    between = replace(came(K.DELIVERY, letter=99), at=NOW + timedelta(days=2, hours=1))
    assert end_of([*soft, between])[1:3] == (2, "")
