"""Every edition that is approved and due goes out; every letter in doubt is looked after. No Prefect in here.

What is done is decided by rows alone, so it may be called at any time, twice, and after any crash.
"""

import random
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from flows.clock import monotonic_s
from flows.database import reading, transaction
from flows.editions.brakes import go_on, hold_edition, locked, pause_edition
from flows.editions.seal import Content, check_seal
from flows.editions.workflow import move
from flows.errors import LeaseError, MastheadError, TransportError
from flows.letters.audience import Audience, freeze_audience
from flows.letters.closing import BY, Delivered, Outcome, close_run
from flows.letters.lease import Lease, release, renew, take_lease
from flows.letters.notices import tell_edition
from flows.letters.pacing import Pacer
from flows.letters.press import Press, open_press
from flows.letters.recovery import recover_dead_owner, settle_unknown_letters
from flows.letters.rehearsal import rehearse
from flows.letters.run import Edges, End, Run, RunEnd
from flows.letters.seat import Seat, take_seat
from flows.letters.spill import Spill
from flows.letters.store import receipt, settle
from flows.letters.transport import Transport
from flows.letters.way_out import open_transport
from flows.models import Edition, EditionStatus, Letter, LetterStatus
from flows.settings import Settings
from subscribers.cadence import EditionFacts

_IN_DOUBT = (LetterStatus.CLAIMED, LetterStatus.SUBMITTING, LetterStatus.UNKNOWN)
_WENT_OUT = (EditionStatus.SENDING, EditionStatus.PAUSED, EditionStatus.SENT)


def deliver_editions(
    engine: Engine,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[str], None],
    transport: Transport | None = None,
    pause: Callable[[float], None] = time.sleep,
    stop: Callable[[], bool] = lambda: False,
    only: Collection[int] | None = None,
    press: Callable[[Content, Settings], Press] = open_press,
    ticks: Callable[[], float] = monotonic_s,
    chance: Callable[[], float] = random.random,
    new_id: Callable[[], str] = lambda: uuid4().hex,
) -> list[Delivered]:
    """Look after every edition that is approved, under way or has letters in doubt (or only those named).

    `transport` None: the one of the settings. `stop` is asked often; true drains and returns. One edition's
    trouble never keeps another from going out.
    """
    edges = Edges(clock, ticks, pause, chance, new_id, stop, progress)
    delivered = []
    for edition_id, number in _to_look_after(engine, only):
        try:
            transport = transport or open_transport(settings)
        except TransportError as error:
            delivered.append(_no_way_out(engine, edition_id, number, error, clock()))
            progress(delivered[-1].sentence)
            continue
        delivered.append(_deliver(Office(engine, settings, transport, press, edges), edition_id, number))
        progress(delivered[-1].sentence)
    return delivered


def _no_way_out(engine: Engine, edition_id: int, number: int, error: TransportError, now: datetime) -> Delivered:
    """The transport could not even be opened: everything stays as it is, and the team is told."""
    sentence = f"Edition {number}: no letter can leave ({error}); what is owed stays queued for the next run."
    with transaction(engine) as session:
        tell_edition(session, edition_id, "no way out", sentence, now=now)
    return Delivered(edition_id, number, Outcome.INTERRUPTED, sentence)


@contextmanager
def until_told_to_stop() -> Iterator[Callable[[], bool]]:
    """A `stop` that SIGTERM and SIGINT make true, so that what is under way is finished and written down."""
    told = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield told.is_set  # only the main thread may take signals
        return
    before = {number: signal.signal(number, lambda *_: told.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class Office:
    """What one call works with."""

    engine: Engine
    settings: Settings
    transport: Transport
    press: Callable[[Content, Settings], Press]
    edges: Edges

    @property
    def term(self) -> timedelta:
        return timedelta(seconds=self.settings.lease_s)


def _to_look_after(engine: Engine, only: Collection[int] | None) -> list[tuple[int, int]]:
    in_doubt = select(Letter.edition_id).where(col(Letter.status).in_(_IN_DOUBT))
    active = (EditionStatus.APPROVED, EditionStatus.SENDING, EditionStatus.PAUSED)
    statement = (
        select(Edition.id, Edition.number)
        .where(col(Edition.status).in_(active) | col(Edition.id).in_(in_doubt))
        .order_by(col(Edition.send_at).is_not(None), col(Edition.send_at), col(Edition.id))
    )
    with reading(engine) as session:
        found = [(row[0] or 0, row[1]) for row in session.exec(statement)]
    return [each for each in found if only is None or each[0] in only]


def _deliver(office: Office, edition_id: int, number: int) -> Delivered:
    try:
        with ExitStack() as stack:
            seat = stack.enter_context(take_seat(office.settings.data / "sending", edition_id))
            lease = _take(office, edition_id, seat)
            stack.callback(_release, office, lease)
            return _with_lease(office, lease, number)
    except LeaseError as error:
        return Delivered(edition_id, number, Outcome.ELSEWHERE, str(error))
    except (SQLAlchemyError, OSError) as error:
        why = " ".join(str(getattr(error, "orig", None) or error).split())
        sentence = f"Edition {number}: interrupted ({why}); what is owed stays queued for the next run."
        return Delivered(edition_id, number, Outcome.INTERRUPTED, sentence)


def _take(office: Office, edition_id: int, seat: Seat) -> Lease:
    now = office.edges.clock()
    return take_lease(office.engine, edition_id, seat.owner, now=now, term=office.term, outlived=seat.outlived)


def _release(office: Office, lease: Lease) -> None:
    with suppress(SQLAlchemyError):  # then it runs out by itself
        release(office.engine, lease, now=office.edges.clock())


def _with_lease(office: Office, lease: Lease, number: int) -> Delivered:
    with _opened_spill(office, lease) as spill:
        try:
            _clear_up(office, lease)
            end = _send_if_due(office, lease, spill)
        except LeaseError:
            raise
        except MastheadError as error:
            end = _put_off(office, lease, str(error))
    return close_run(office.engine, lease, number, end, now=office.edges.clock())


@contextmanager
def _opened_spill(office: Office, lease: Lease) -> Iterator[Spill]:
    """The spill file, after what an earlier run left in it has reached the database."""
    spill = Spill(office.settings.data / "sending" / f"edition-{lease.edition_id}.answers")
    try:
        if noted := spill.noted():
            with transaction(office.engine) as session:
                renew(session, lease, now=office.edges.clock())
                settle(session, noted, now=office.edges.clock())
        spill.clear()
        yield spill
    finally:
        spill.close()


def _clear_up(office: Office, lease: Lease) -> None:
    """What dead workers left, and what was in doubt before."""
    settings, now = office.settings, office.edges.clock()
    found = recover_dead_owner(office.engine, lease, window=settings.send_concurrency, now=now)
    if found.queued or found.unknown or found.put_aside:
        office.edges.progress(
            f"an earlier run ended early: {found.queued:,} letters are queued again, "
            f"{found.unknown:,} are in doubt, {found.put_aside:,} are put aside"
        )
    grace = timedelta(seconds=settings.unknown_grace_s)
    settled = settle_unknown_letters(office.engine, lease, office.transport, grace=grace, now=now)
    if settled.queued or settled.accepted:
        office.edges.progress(
            f"in doubt before: {settled.accepted:,} letters had gone out, {settled.queued:,} had not and are "
            "queued again"
        )


def _send_if_due(office: Office, lease: Lease, spill: Spill) -> RunEnd | None:
    """None: nothing is to be sent now."""
    now = office.edges.clock()
    edition = _wake(office, lease, now)
    if edition.status not in (EditionStatus.APPROVED, EditionStatus.SENDING):
        return None
    content = check_seal(edition.sealed_content, edition.sealed_hash)
    audience = _audience(office, edition, content)
    size = _freeze(office, lease, edition, audience)
    if edition.status is EditionStatus.APPROVED and edition.send_at is not None and now < edition.send_at:
        return None
    owed = _owed(office.engine, lease.edition_id)
    if owed and edition.expires_at is not None and now > edition.expires_at:
        late = office.settings.newsletter.expiry_hours
        raise MastheadError(
            f"edition {edition.number} is more than {late:g} hours late; {owed:,} letters wait for a person: "
            "send it all the same, or cancel it."
        )
    if not owed and edition.status is EditionStatus.SENDING:
        return RunEnd(End.DONE)
    press = office.press(content, office.settings)
    if edition.sending_started_at is None:
        rehearse(office.engine, lease.edition_id, audience, press, now=now)
    _start(office, lease, edition)
    return _run(office, lease, audience, press, spill, owed=owed, size=size).go()


def _wake(office: Office, lease: Lease, now: datetime) -> Edition:
    """The edition as it stands; a pause whose time has come is over."""
    with transaction(office.engine) as session:
        renew(session, lease, now=now)
        edition = locked(session, lease.edition_id)
        if edition.status is EditionStatus.PAUSED and edition.resume_at and edition.resume_at <= now:
            go_on(session, lease.edition_id, by=BY, now=now)
        return edition


def _audience(office: Office, edition: Edition, content: Content) -> Audience:
    statement = (
        select(Edition)
        .where(
            col(Edition.newsletter_id) == edition.newsletter_id,
            col(Edition.slot) < edition.slot,
            col(Edition.status).in_(_WENT_OUT),
        )
        .order_by(col(Edition.slot).desc())
        .limit(1)
    )
    with reading(office.engine) as session:
        previous = session.exec(statement).first()
    sections = tuple(section.name for section in content.sections if section.items)
    return Audience(
        newsletter=content.newsletter,
        key=office.settings.key,
        zone=ZoneInfo(office.settings.newsletter.timezone),
        edition=EditionFacts(slot=edition.slot, sections=sections, previous_slot=previous.slot if previous else None),
    )


def _freeze(office: Office, lease: Lease, edition: Edition, audience: Audience) -> int:
    size = freeze_audience(
        office.engine,
        lease,
        audience,
        joined_until=edition.sealed_at or office.edges.clock(),
        send_at=edition.send_at,
        clock=office.edges.clock,
        new_id=office.edges.new_id,
    )
    if edition.sending_started_at is None:
        office.edges.progress(f"edition {edition.number}: the audience is {size:,} people")
    return size


def _start(office: Office, lease: Lease, seen: Edition) -> None:
    """From approved to sending, if it is still what was looked at; nothing when it is sending already."""
    now = office.edges.clock()
    with transaction(office.engine) as session:
        renew(session, lease, now=now)
        edition = locked(session, lease.edition_id)
        if edition.status is EditionStatus.APPROVED and edition.sealed_hash == seen.sealed_hash:
            edition.status = move(edition.status, EditionStatus.SENDING)
            edition.sending_started_at = now


def _run(office: Office, lease: Lease, audience: Audience, press: Press, spill: Spill, *, owed: int, size: int) -> Run:
    settings = office.settings
    return Run(
        engine=office.engine,
        lease=lease,
        audience=audience,
        press=press,
        transport=office.transport,
        spill=spill,
        edges=office.edges,
        pacer=Pacer(settings.send_rate),
        concurrency=settings.send_concurrency,
        batch=settings.claim_batch,
        total=owed,
        size=size,
    )


def _put_off(office: Office, lease: Lease, reason: str) -> RunEnd:
    """What is approved is held, what is under way is paused; either way a person is asked."""
    now = office.edges.clock()
    with transaction(office.engine) as session:
        renew(session, lease, now=now)
        edition = locked(session, lease.edition_id)
        if edition.status is EditionStatus.APPROVED:
            hold_edition(session, lease.edition_id, by=BY, reason=reason, now=now)
        elif edition.status is EditionStatus.SENDING:
            pause_edition(session, lease.edition_id, by=BY, reason=reason, now=now)
        tell_edition(session, lease.edition_id, "paused", reason, now=now)
    return RunEnd(End.HALTED, reason)


def _owed(engine: Engine, edition_id: int) -> int:
    with reading(engine) as session:
        told = receipt(session, edition_id)
    return told.owed if told is not None else 0
