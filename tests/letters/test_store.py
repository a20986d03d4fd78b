"""Freezing the audience, the lease and its fence, claims, settlements and recovery, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, delete
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.editions.brakes import cancel_edition, go_on, pause_edition
from flows.errors import LeaseError
from flows.letters.audience import Audience, freeze_audience
from flows.letters.lease import Lease, release, take_lease
from flows.letters.ledger import ACCEPTED_ONES, Answer, accepted
from flows.letters.recovery import decide_unknown, recover_dead_owner, settle_unknown_letters
from flows.letters.spill import Settled
from flows.letters.store import Owed, claim, list_letters, mark_submitting, settle
from flows.models import (
    Edition,
    EditionStatus,
    EventKind,
    Letter,
    LetterStatus,
    LogEntry,
    MailEvent,
    Newsletter,
    SendLease,
)
from subscribers.cadence import EditionFacts
from subscribers.hygiene import address_hash, email_key
from subscribers.models import (
    Cadence,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Suppression,
    SuppressionReason,
)
from tests.conftest import NOW
from tests.letters.mailroom import SLUG, Clock, Post, approved_edition, letters_of, receipt_for, sign_up

S = LetterStatus
KEY = b"a key for tests only"
TERM = timedelta(seconds=60)
GRACE = timedelta(minutes=15)
AUDIENCE = Audience(SLUG, KEY, ZoneInfo("Europe/Berlin"), EditionFacts(date(2026, 11, 23), ("Research",)))


def ids() -> Iterator[str]:
    return (f"delivery-{number}" for number in count(1))


def freeze(engine: Engine, lease: Lease, *, page: int = 4, send_at: datetime | None = None) -> int:
    made = ids()
    start = len(letters_of(engine, lease.edition_id))
    return freeze_audience(
        engine,
        lease,
        AUDIENCE,
        joined_until=NOW,
        send_at=send_at,
        clock=lambda: NOW,
        new_id=lambda: f"{lease.edition_id}-{start}-{next(made)}",
        page=page,
    )


def take(engine: Engine, edition_id: int, owner: str = "one", *, after: timedelta = timedelta()) -> Lease:
    return take_lease(engine, edition_id, owner, now=NOW + after, term=TERM)


@pytest.fixture
def edition_id(engine: Engine, newsletter: Newsletter) -> int:
    return approved_edition(engine, newsletter, status=EditionStatus.SENDING)


def claim_all(engine: Engine, lease: Lease, *, limit: int = 100, after: timedelta = timedelta()) -> list[Owed]:
    return list(claim(engine, lease, AUDIENCE, limit=limit, now=NOW + after).letters)


def submit(engine: Engine, lease: Lease, owed: list[Owed], *, after: timedelta = timedelta()) -> frozenset[int]:
    return mark_submitting(engine, lease, [each.letter_id for each in owed], now=NOW + after)[1]


def settled(engine: Engine, lease: Lease, owed: list[Owed], answer: Answer) -> None:
    with transaction(engine) as session:
        settle(session, [Settled(each.delivery_id, lease.fence, answer) for each in owed], now=NOW)


def statuses(engine: Engine, edition_id: int) -> list[str]:
    return [letter.status.value for letter in letters_of(engine, edition_id)]


# --- the audience -----------------------------------------------------------------------------------------


def test_everybody_confirmed_by_the_approval_gets_a_letter_or_a_reason(engine: Engine, edition_id: int) -> None:
    ok, later, pending, paused, left, monthly, other, bounced = sign_up(engine, 8)
    with transaction(engine) as session:
        by_id = {row.subscriber_id: row for row in session.exec(select(Subscription))}
        by_id[later].confirmed_at = NOW + timedelta(seconds=1)
        by_id[pending].status, by_id[pending].confirmed_at = SubscriptionStatus.PENDING, None
        by_id[paused].paused_until = date(2026, 12, 24)
        by_id[left].status = SubscriptionStatus.UNSUBSCRIBED
        by_id[other].topics = ["Safety"]
        by_id[monthly].cadence = Cadence.MONTHLY  # and this is the month's first
        hashed = address_hash(KEY, f"person{bounced}@readers.example")
        session.add(Suppression(address_hash=hashed, reason=SuppressionReason.BOUNCED, at=NOW))
    assert freeze(engine, take(engine, edition_id)) == 5
    found = {letter.subscriber_id: letter.reason or letter.status.value for letter in letters_of(engine, edition_id)}
    assert found == {
        ok: "queued",
        monthly: "queued",
        paused: "paused until 2026-12-24",
        other: "no section they want",
        bounced: "bounced before",
    }
    assert receipt_for(engine, edition_id).balanced


def test_a_pause_that_ends_before_the_letters_leave_costs_nobody_the_letter(engine: Engine, edition_id: int) -> None:
    back_in_time, still_away = sign_up(engine, 2)
    monday = NOW + timedelta(days=4)  # the audience is frozen at the approval, days earlier
    with transaction(engine) as session:
        by_id = {row.subscriber_id: row for row in session.exec(select(Subscription))}
        by_id[back_in_time].paused_until = monday.date()
        by_id[still_away].paused_until = monday.date() + timedelta(days=1)
    freeze(engine, take(engine, edition_id), send_at=monday)
    found = {letter.subscriber_id: letter.status.value for letter in letters_of(engine, edition_id)}
    assert found == {back_in_time: "queued", still_away: "skipped"}


def test_S02_a_freeze_that_was_cut_off_is_completed_and_then_left_alone(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 10)
    lease = take(engine, edition_id)

    class CutError(Exception):
        pass

    def cut_after_four() -> Iterator[str]:
        yield from (f"first-{number}" for number in range(6))
        raise CutError

    cut = cut_after_four()
    with pytest.raises(CutError):
        freeze_audience(engine, lease, AUDIENCE, joined_until=NOW, clock=lambda: NOW, new_id=lambda: next(cut), page=4)
    with reading(engine) as session:
        assert session.get_one(Edition, edition_id).audience_frozen_at is None
    assert len(letters_of(engine, edition_id)) == 4

    assert freeze(engine, lease) == 10
    before = letters_of(engine, edition_id)
    sign_up(engine, 3, first=11)
    assert freeze(engine, lease) == 10
    assert letters_of(engine, edition_id) == before
    assert len({letter.subscriber_id for letter in before}) == 10


def test_an_audience_made_for_an_approval_that_was_taken_back_is_made_anew(engine: Engine, edition_id: int) -> None:
    lease = take(engine, edition_id)
    left, _ = sign_up(engine, 2)
    freeze(engine, lease)
    with transaction(engine) as session:
        statement = select(Subscription).where(Subscription.subscriber_id == left)
        session.exec(statement).one().status = SubscriptionStatus.UNSUBSCRIBED
    sign_up(engine, 1, first=3, at=NOW + timedelta(minutes=1))
    later = NOW + timedelta(hours=1)
    made = ids()

    def freeze_again() -> int:
        return freeze_audience(
            engine, lease, AUDIENCE, joined_until=later, clock=lambda: later, new_id=lambda: next(made)
        )

    assert freeze_again() == 2
    with transaction(engine) as session:
        session.get_one(Edition, edition_id).sending_started_at = later
    later += timedelta(hours=1)
    assert freeze_again() == 2
    assert receipt_for(engine, edition_id).balanced


# --- the lease --------------------------------------------------------------------------------------------


def test_S04_one_holder_at_a_time_and_the_next_has_a_higher_fence(engine: Engine, edition_id: int) -> None:
    first = take(engine, edition_id)
    with pytest.raises(LeaseError, match="being sent by one"):
        take(engine, edition_id, "two", after=TERM - timedelta(seconds=1))
    second = take(engine, edition_id, "two", after=TERM)
    assert second.fence == first.fence + 1


def test_a_released_lease_is_free_at_once_and_its_letters_are_queued(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 3)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    claim_all(engine, lease, limit=2)
    release(engine, lease, now=NOW)
    assert statuses(engine, edition_id) == ["queued"] * 3
    assert take(engine, edition_id, "two").fence == 2


def test_an_owner_known_to_be_dead_is_not_waited_for(engine: Engine, edition_id: int) -> None:
    take(engine, edition_id, "dead")
    lease = take_lease(engine, edition_id, "two", now=NOW, term=TERM, outlived=lambda owner: owner == "dead")
    assert lease.fence == 2


def test_S04_an_overtaken_worker_can_neither_claim_nor_submit_nor_freeze(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 4)
    stale = take(engine, edition_id)
    freeze(engine, stale)
    held = claim_all(engine, stale, limit=2)
    take(engine, edition_id, "two", after=TERM)
    with pytest.raises(LeaseError):
        claim_all(engine, stale)
    with pytest.raises(LeaseError):
        submit(engine, stale, held)
    with pytest.raises(LeaseError):
        freeze(engine, stale)
    release(engine, stale, now=NOW)  # does no harm
    assert statuses(engine, edition_id) == ["claimed", "claimed", "queued", "queued"]


def test_S04_a_fence_tells_apart_two_turns_of_the_same_owner(engine: Engine, edition_id: int) -> None:
    stale = take(engine, edition_id)
    take(engine, edition_id, after=TERM)
    with pytest.raises(LeaseError, match="taken over"):
        claim_all(engine, stale)


def test_S04_of_many_that_want_the_lease_at_once_one_gets_it(engine: Engine, edition_id: int) -> None:
    def want(number: int) -> bool:
        try:
            take(engine, edition_id, f"worker {number}")
        except LeaseError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(want, range(12))) == 1


# --- claims -----------------------------------------------------------------------------------------------


def test_S11_who_left_paused_bounced_or_was_erased_after_the_freeze_gets_no_letter(
    engine: Engine, edition_id: int
) -> None:
    stays, left, paused, bounced, erased, gone = sign_up(engine, 6)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    with transaction(engine) as session:
        by_id = {row.subscriber_id: row for row in session.exec(select(Subscription))}
        by_id[left].status = SubscriptionStatus.UNSUBSCRIBED
        by_id[paused].paused_until = date(2026, 12, 24)
        hashed = address_hash(KEY, f"person{bounced}@readers.example")
        session.add(Suppression(address_hash=hashed, reason=SuppressionReason.BOUNCED, at=NOW))
        session.get_one(Subscriber, erased).erased_at = NOW
        session.connection().execute(delete(Subscriber).where(col(Subscriber.id) == gone))
    assert [each.person.subscriber_id for each in claim_all(engine, lease)] == [stays]
    reasons = [letter.reason for letter in letters_of(engine, edition_id)]
    assert reasons == ["", "unsubscribed", "paused until 2026-12-24", "bounced before", "erased", "erased"]
    assert receipt_for(engine, edition_id).balanced


def test_S12_the_frozen_address_is_used_and_a_suppression_of_either_address_counts(
    engine: Engine, edition_id: int
) -> None:
    moved, old_stopped, new_stopped = sign_up(engine, 3)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    with transaction(engine) as session:
        for id_ in (moved, old_stopped, new_stopped):
            person = session.get_one(Subscriber, id_)
            person.email = f"new{id_}@readers.example"
            person.email_key = email_key(person.email)
        for address in (f"person{old_stopped}@readers.example", f"new{new_stopped}@readers.example"):
            session.add(
                Suppression(address_hash=address_hash(KEY, address), reason=SuppressionReason.COMPLAINED, at=NOW)
            )
    assert [each.address for each in claim_all(engine, lease)] == [f"person{moved}@readers.example"]
    assert statuses(engine, edition_id) == ["claimed", "skipped", "skipped"]


def test_S16_nothing_is_claimed_or_submitted_once_the_edition_is_paused(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 3)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    held = claim_all(engine, lease, limit=2)
    with transaction(engine) as session:
        pause_edition(session, edition_id, by="ed@example.org", reason="a mistake", now=NOW)
    assert submit(engine, lease, held) == frozenset()
    assert statuses(engine, edition_id) == ["queued"] * 3
    assert claim(engine, lease, AUDIENCE, limit=9, now=NOW).status is EditionStatus.PAUSED


def test_S16_a_cancelled_edition_owes_nobody_and_says_how_many_went(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 5)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    held = claim_all(engine, lease, limit=2)
    submit(engine, lease, held[:1])
    assert cancel_edition(engine, edition_id, by="ed@example.org", now=NOW) == 3
    settled(engine, lease, held[:1], accepted("id-1"))
    release(engine, lease, now=NOW)
    told = receipt_for(engine, edition_id)
    assert (told.accepted, told.owed, dict(told.skipped)) == (1, 0, {"the edition was cancelled": 4})
    assert told.balanced


def test_a_letter_told_to_wait_is_not_claimed_sooner(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 1)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    held = claim_all(engine, lease)
    submit(engine, lease, held)
    settled(engine, lease, held, Answer(S.QUEUED, "throttled", wait_s=8))
    got = claim(engine, lease, AUDIENCE, limit=9, now=NOW + timedelta(seconds=7))
    assert (got.letters, got.next_at) == ((), NOW + timedelta(seconds=8))
    again = claim_all(engine, lease, after=timedelta(seconds=8))
    assert [each.attempts for each in again] == [1]


def test_a_letter_proved_accepted_by_an_event_is_not_submitted(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 2)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    held = claim_all(engine, lease)
    with transaction(engine) as session:
        session.get_one(Letter, held[0].letter_id).status = S.DELIVERED
    assert submit(engine, lease, held) == {held[1].letter_id}


# --- settlements ------------------------------------------------------------------------------------------


def test_an_answer_that_comes_after_its_event_only_adds_the_id(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 1)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    held = claim_all(engine, lease)
    submit(engine, lease, held)
    with transaction(engine) as session:
        session.get_one(Letter, held[0].letter_id).status = S.BOUNCED
    settled(engine, lease, held, accepted("id-1"))
    (letter,) = letters_of(engine, edition_id)
    assert (letter.status, letter.provider_id) == (S.BOUNCED, "id-1")


def test_an_acceptance_counts_whoever_has_the_lease_by_then(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 2)
    slow = take(engine, edition_id)
    freeze(engine, slow)
    held = claim_all(engine, slow)
    submit(engine, slow, held)
    lease = take(engine, edition_id, "two", after=TERM)
    recover_dead_owner(engine, lease, window=8, now=NOW + TERM)
    assert statuses(engine, edition_id) == ["unknown"] * 2
    settled(engine, slow, held[:1], accepted("id-1"))
    settled(engine, slow, held[1:], Answer(S.FAILED, "refused: no such mailbox"))
    assert statuses(engine, edition_id) == ["accepted", "failed"]


def test_an_old_refusal_says_nothing_about_a_later_attempt(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 1)
    old = take(engine, edition_id)
    freeze(engine, old)
    submit(engine, old, held := claim_all(engine, old))
    lease = take(engine, edition_id, "two", after=TERM)
    recover_dead_owner(engine, lease, window=8, now=NOW + TERM)
    decide_unknown(engine, [held[0].delivery_id], send_again=True, by="ed@example.org", now=NOW + TERM)
    submit(engine, lease, claim_all(engine, lease, after=TERM), after=TERM)
    settled(engine, old, held, Answer(S.FAILED, "refused: no such mailbox"))
    assert statuses(engine, edition_id) == ["submitting"]


def test_the_same_answer_twice_changes_nothing(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 1)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    submit(engine, lease, held := claim_all(engine, lease))
    settled(engine, lease, held, accepted("id-1"))
    before = letters_of(engine, edition_id)
    settled(engine, lease, held, accepted("id-1"))
    settled(engine, lease, held, Answer(S.QUEUED, "throttled", wait_s=2))
    assert letters_of(engine, edition_id) == before


# --- recovery ---------------------------------------------------------------------------------------------


def killed_with(engine: Engine, edition_id: int, *, claimed: int, submitting: int) -> Lease:
    """A worker died with so many letters in hand; the lease of its successor."""
    sign_up(engine, claimed + submitting + 1)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    held = claim_all(engine, lease, limit=claimed + submitting)
    submit(engine, lease, held[:submitting])
    return take(engine, edition_id, "two", after=TERM)


def test_S01_claimed_letters_of_the_dead_are_queued_and_submitted_ones_are_in_doubt(
    engine: Engine, edition_id: int
) -> None:
    lease = killed_with(engine, edition_id, claimed=3, submitting=2)
    found = recover_dead_owner(engine, lease, window=1, now=NOW + TERM)
    assert (found.queued, found.unknown, found.put_aside) == (3, 2, 0)
    assert statuses(engine, edition_id) == ["unknown"] * 2 + ["queued"] * 4
    assert [letter.deaths for letter in letters_of(engine, edition_id)] == [1, 1, 1, 0, 0, 0]
    assert receipt_for(engine, edition_id).balanced


def test_S15_a_suspect_comes_last_and_alone(engine: Engine, edition_id: int) -> None:
    lease = killed_with(engine, edition_id, claimed=3, submitting=0)
    recover_dead_owner(engine, lease, window=2, now=NOW + TERM)
    claims = [[each.address for each in claim_all(engine, lease, limit=9, after=TERM)] for _ in range(3)]
    assert claims == [
        ["person3@readers.example", "person4@readers.example"],
        ["person1@readers.example"],
        ["person2@readers.example"],
    ]


def test_an_outbox_that_is_asked_settles_every_doubt_at_once(engine: Engine, edition_id: int) -> None:
    lease = killed_with(engine, edition_id, claimed=0, submitting=2)
    recover_dead_owner(engine, lease, window=8, now=NOW + TERM)
    letters = letters_of(engine, edition_id)
    post = Post(knows=True, held={letters[0].delivery_id: "there.eml"})
    settle_unknown_letters(engine, lease, post, grace=GRACE, now=NOW + TERM)
    letters = letters_of(engine, edition_id)
    assert [letter.status for letter in letters] == [S.ACCEPTED, S.QUEUED, S.QUEUED]
    assert letters[0].provider_id == "there.eml"


def event(engine: Engine, delivery_id: str, *, kind: EventKind, received: timedelta) -> None:
    with transaction(engine) as session:
        session.add(
            MailEvent(
                event_key=f"{delivery_id}{kind}{received}",
                kind=kind,
                at=NOW,
                received_at=NOW + received,
                delivery_id=delivery_id,
            )
        )


def test_S07_doubt_about_a_mail_service_is_settled_by_a_pipeline_proved_alive(engine: Engine, edition_id: int) -> None:
    lease = killed_with(engine, edition_id, claimed=0, submitting=1)
    recover_dead_owner(engine, lease, window=8, now=NOW + TERM)
    late = NOW + timedelta(hours=1)

    def left() -> str:
        settle_unknown_letters(engine, lease, Post(), grace=GRACE, now=late)
        return statuses(engine, edition_id)[0]

    assert left() == "unknown"  # no event at all
    later = claim_all(engine, lease, after=TERM)
    submit(engine, lease, later, after=TERM)
    settled(engine, lease, later, accepted("id-2"))
    event(engine, later[0].delivery_id, kind=EventKind.OPEN, received=timedelta(minutes=20))
    assert left() == "unknown"  # opens are reported; whether acceptances are is not known
    event(engine, later[0].delivery_id, kind=EventKind.SEND, received=timedelta(minutes=2))
    assert left() == "queued"


def test_S07_a_pipeline_silent_since_the_grace_proves_nothing(engine: Engine, edition_id: int) -> None:
    lease = killed_with(engine, edition_id, claimed=0, submitting=1)
    recover_dead_owner(engine, lease, window=8, now=NOW + TERM)
    later = claim_all(engine, lease, after=TERM)
    submit(engine, lease, later, after=TERM)
    event(engine, later[0].delivery_id, kind=EventKind.SEND, received=timedelta(minutes=2))
    settle_unknown_letters(engine, lease, Post(), grace=GRACE, now=NOW + timedelta(hours=1))
    assert statuses(engine, edition_id)[0] == "unknown"


def test_an_operator_may_decide_and_it_is_written_down(engine: Engine, edition_id: int) -> None:
    lease = killed_with(engine, edition_id, claimed=0, submitting=2)
    recover_dead_owner(engine, lease, window=8, now=NOW + TERM)
    first, second, _ = (letter.delivery_id for letter in letters_of(engine, edition_id))
    assert decide_unknown(engine, [first], send_again=True, by="ed@example.org", now=NOW) == 1
    assert decide_unknown(engine, [first, second], send_again=False, by="ed@example.org", now=NOW) == 1
    assert statuses(engine, edition_id) == ["queued", "accepted", "queued"]
    with reading(engine) as session:
        assert [entry.who for entry in session.exec(select(LogEntry))] == ["ed@example.org"] * 2


def test_letters_are_listed_as_documents(engine: Engine, edition_id: int) -> None:
    sign_up(engine, 3)
    lease = take(engine, edition_id)
    freeze(engine, lease)
    submit(engine, lease, held := claim_all(engine, lease, limit=1))
    settled(engine, lease, held, accepted("id-1"))
    with reading(engine) as session:
        (document,) = list_letters(session, edition_id=edition_id, status=S.ACCEPTED)
        assert len(list_letters(session)) == 3
    assert document["provider_id"] == "id-1"
    assert document["settled_at"] == NOW.isoformat()
    assert (document["edition"], document["subscriber"]) == (1, held[0].person.subscriber_id)


# --- everything, in any order -----------------------------------------------------------------------------


class AnyOrder(RuleBasedStateMachine):
    """Workers that come, die, are overtaken and answer late; pauses, events and people who leave."""

    engine: Engine
    edition_id: int
    newsletter_id: int

    def __init__(self) -> None:
        super().__init__()
        with transaction(self.engine) as session:
            for table in (Letter, MailEvent, SendLease, Subscription, Subscriber):
                session.connection().execute(delete(table))
            edition = session.get_one(Edition, self.edition_id)
            edition.status, edition.audience_frozen_at = EditionStatus.SENDING, None
        self.people = sign_up(self.engine, 6)
        self.clock = Clock()
        self.post = Post(knows=True)
        self.leases: list[tuple[Lease, list[Owed]]] = []
        self.left: dict[int, int] = {}
        self.worker(0)
        freeze(self.engine, self.leases[0][0])

    @rule(dead=st.integers(0, 1))
    def worker(self, dead: int) -> None:
        """A new worker, after the last one's lease has run out."""
        self.clock.pause(TERM.total_seconds() + 1)
        lease = take_lease(self.engine, self.edition_id, f"w{dead}", now=self.clock(), term=TERM)
        recover_dead_owner(self.engine, lease, window=2, now=self.clock())
        self.leases.append((lease, []))

    @rule(which=st.sampled_from([-1, -1, -1, -2]), limit=st.integers(1, 4))
    def claims(self, which: int, limit: int) -> None:
        lease, held = self.leases[max(which, -len(self.leases))]
        try:
            held.extend(claim(self.engine, lease, AUDIENCE, limit=limit, now=self.clock()).letters)
        except LeaseError:
            assert lease is not self.leases[-1][0]

    @rule(
        which=st.sampled_from([-1, -1, -1, -2]),
        noted=st.sampled_from(["settled", "settled", "lost", "busy"]),
    )
    def sends(self, which: int, noted: str) -> None:
        lease, held = self.leases[max(which, -len(self.leases))]
        if not held:
            return
        owed = held.pop(0)
        try:
            _, ours = mark_submitting(self.engine, lease, [owed.letter_id], now=self.clock())
        except LeaseError:
            return
        if not ours:
            return
        if noted == "busy":
            settled(self.engine, lease, [owed], Answer(S.QUEUED, "busy"))
            return
        assert owed.person.subscriber_id not in self.left or self.left[owed.person.subscriber_id] > 0
        provider_id = self.post.send(owed.delivery_id, owed.address, b"", {})
        if noted == "settled":
            settled(self.engine, lease, [owed], accepted(provider_id))

    @rule()
    def settles_doubts(self) -> None:
        settle_unknown_letters(self.engine, self.leases[-1][0], self.post, grace=GRACE, now=self.clock())

    @rule()
    def pauses_or_resumes(self) -> None:
        with transaction(self.engine) as session:
            if session.get_one(Edition, self.edition_id).status is EditionStatus.PAUSED:
                go_on(session, self.edition_id, by="ed", now=self.clock())
            else:
                pause_edition(session, self.edition_id, by="ed", reason="", now=self.clock())

    @rule(which=st.integers(0, 5))
    def someone_leaves(self, which: int) -> None:
        person = self.people[which]
        in_hand = sum(each.person.subscriber_id == person for _, held in self.leases for each in held)
        self.left.setdefault(person, in_hand)
        with transaction(self.engine) as session:
            statement = select(Subscription).where(Subscription.subscriber_id == person)
            session.exec(statement).one().status = SubscriptionStatus.UNSUBSCRIBED

    @invariant()
    def nobody_twice_and_it_adds_up(self) -> None:
        assert self.post.doubles == []
        told = receipt_for(self.engine, self.edition_id)
        assert told.balanced
        assert told.candidates == 6
        proven = {
            letter.delivery_id for letter in letters_of(self.engine, self.edition_id) if letter.status in ACCEPTED_ONES
        }
        assert proven <= set(self.post.held)

    def teardown(self) -> None:
        """A last worker, undisturbed: then nobody is left without a letter or a reason."""
        with transaction(self.engine) as session:
            if session.get_one(Edition, self.edition_id).status is EditionStatus.PAUSED:
                go_on(session, self.edition_id, by="ed", now=self.clock())
        self.worker(0)
        self.settles_doubts()
        for _ in self.people:
            self.claims(-1, 4)
            while self.leases[-1][1]:
                self.sends(-1, "settled")
        self.nobody_twice_and_it_adds_up()
        told = receipt_for(self.engine, self.edition_id)
        assert (told.owed, told.unknown) == (0, 0)
        put_aside = told.failed.get("put aside", 0)
        assert len(self.post.taken) >= 6 - len(self.left) - put_aside


def test_S03_in_any_order_nobody_is_skipped_or_written_to_twice(engine: Engine, edition_id: int) -> None:
    AnyOrder.engine, AnyOrder.edition_id = engine, edition_id
    examples = 8 if engine.dialect.name == "sqlite" else 4
    run_state_machine_as_test(
        AnyOrder,
        settings=hypothesis_settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            phases=[Phase.generate],
        ),
    )
