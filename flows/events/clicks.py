"""From clicks to readers: how many people clicked each story of a sent edition, as people do, in `ItemClicks`.

    MailEvent (a thousand letters at a time) | which story | who clicked (bots) | count > ItemClicks

A letter counts once for a story, whatever is clicked in it and however often. Counting is done anew each time, from
what is stored, so it may be done at any time and any number of times, and late events find their place.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Engine, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from flows.database import reading, transaction
from flows.editions.seal import Content
from flows.errors import SealError
from flows.events.bots import MOST_CLICKS, Arrival, Click, Evidence, judge
from flows.events.parse import link_and_agent
from flows.events.places import Stories, leads_out, stories_of
from flows.models import Edition, EditionItem, EditionStatus, EventKind, ItemClicks, Letter, LetterStatus, MailEvent
from subscribers.columns import Word

COUNTED_FOR_DAYS = 30  # hardly anybody opens an older letter; what was counted stays
# Whose letter arrived, as far as we know. Who complains has seen it.
REACHED = (LetterStatus.ACCEPTED, LetterStatus.DELIVERED, LetterStatus.COMPLAINED)
_TOGETHER = 1_000  # letters whose events are read together
_UNTAGGED = 50_000  # the mail service's ids in memory
_STREAMED = {"yield_per": 5_000}
_KNOWN_LINKS = 20_000  # different spellings of clicked links, per edition
# Hidden from SQLite's planner, which takes the index on kinds for the best, and reads the clicks of all time.
_KIND: ColumnElement[EventKind] = func.trim(col(MailEvent.kind), type_=Word(EventKind))
_KINDS = (EventKind.CLICK, EventKind.DELIVERY)
_SENT = func.coalesce(col(Letter.submitted_at), col(Letter.settled_at))


@dataclass
class Tally:
    """Letters, by the place of the story: with a person's click, and with machines' only."""

    clicked: dict[int, int] = field(default_factory=dict)
    machines: dict[int, int] = field(default_factory=dict)

    def add(self, people: set[int], machines: set[int]) -> None:
        """One letter: the places that a person clicked, and those that a machine did."""
        for place in people:
            self.clicked[place] = self.clicked.get(place, 0) + 1
        for place in machines - people:
            self.machines[place] = self.machines.get(place, 0) + 1


def count_clicks(
    engine: Engine,
    *,
    now: datetime,
    days: int = COUNTED_FOR_DAYS,
    heard_since: datetime | None = None,
    progress: Callable[[str], None] | None = None,
) -> int:
    """Count anew the clicks of the editions sent in the last `days`; how many editions were counted.

    With `heard_since`, only of those about which an event was received at that moment or later. `progress` is told
    which editions cannot be counted, and why. No lock is held while counting; each edition's numbers are written in
    one transaction, and never over those of a later count.
    """
    counted = 0
    for edition_id in _sent(engine, now - timedelta(days=days), heard_since):
        try:
            _count(engine, edition_id, now)
        except SealError as error:
            if progress:
                progress(f"The clicks of edition {edition_id} are not counted: {error}")
            continue
        counted += 1
    return counted


def _sent(engine: Engine, since: datetime, heard_since: datetime | None) -> list[int]:
    statement = select(Edition.id).where(
        col(Edition.status) == EditionStatus.SENT, col(Edition.sent_at).is_not(None), col(Edition.sent_at) >= since
    )
    if heard_since is not None:
        heard = (
            select(Letter.edition_id)
            .join(MailEvent, col(MailEvent.delivery_id) == col(Letter.delivery_id))
            .where(col(MailEvent.received_at) >= heard_since)
        )
        statement = statement.where(col(Edition.id).in_(heard))
    with reading(engine) as session:
        return [found for found in session.exec(statement.order_by(col(Edition.id))) if found is not None]


def _count(engine: Engine, edition_id: int, now: datetime) -> None:
    """Raises SealError when the edition has no content that can be read."""
    with reading(engine) as session:
        edition = session.get_one(Edition, edition_id)
        if not edition.sealed_content:
            raise SealError("it has no approved content.")
        stories = stories_of(Content.from_json(edition.sealed_content))
        tally = _tally(session, edition_id, stories)
        people = session.exec(
            select(func.count()).where(col(Letter.edition_id) == edition_id, col(Letter.status).in_(REACHED))
        ).one()
    with transaction(engine) as session:
        _write(session, edition_id, stories, tally, people=people, now=now)


def _tally(session: Session, edition_id: int, stories: Stories) -> Tally:
    tally = Tally()
    read = lru_cache(maxsize=_KNOWN_LINKS)(lambda link: (stories.place(link), leads_out(link)))
    untagged = _untagged(session)
    for letters in _letters(session, edition_id):
        for delivery_id, is_click, at, detail in _events(session, letters, untagged):
            letters[delivery_id].take(is_click, at, detail, read)
        for letter in letters.values():
            if letter.places:
                evidence = judge(letter.clicks, Arrival(letter.delivered, letter.sent), stories=len(stories.items))
                tally.add(_people(letter.clicks, evidence), letter.places)
    return tally


@dataclass(slots=True)
class _Letter:
    """What is known of one letter: of its clicks, of a flood only the beginning; `places` of all stories clicked."""

    provider_id: str
    sent: datetime | None
    delivered: datetime | None = None
    clicks: list[Click] = field(default_factory=list)
    places: set[int] = field(default_factory=set)

    def take(self, is_click: bool, at: datetime, detail: str, read: Callable[[str], tuple[int, bool]]) -> None:
        """One event; `read` says where a link leads: to which story, and whether out."""
        if not is_click:
            self.delivered = min(self.delivered or at, at)
            return
        link, agent = link_and_agent(detail)
        if not link:
            return  # of somebody who asked to be forgotten
        place, leaves = read(link)
        if place:
            self.places.add(place)
        if len(self.clicks) <= MOST_CLICKS:
            self.clicks.append(Click(at, link, agent, place, leaves))


def _people(clicks: Iterable[Click], evidence: Iterable[Evidence | None]) -> set[int]:
    return {click.place for click, machine in zip(clicks, evidence, strict=True) if machine is None and click.place}


def _letters(session: Session, edition_id: int) -> Iterator[dict[str, _Letter]]:
    """The letters of an edition that arrived, by delivery id, so many at a time."""
    for status in REACHED:
        last = 0
        columns: tuple[Any, ...] = (Letter.id, Letter.delivery_id, Letter.provider_id, _SENT)
        statement = select(*columns).where(col(Letter.edition_id) == edition_id, col(Letter.status) == status)
        while rows := session.exec(
            statement.where(col(Letter.id) > last).order_by(col(Letter.id)).limit(_TOGETHER)
        ).all():
            yield {delivery_id: _Letter(provider_id, sent) for _, delivery_id, provider_id, sent in rows}
            last = rows[-1][0]


def _events(
    session: Session, letters: Mapping[str, _Letter], untagged: frozenset[str] | None
) -> Iterator[tuple[str, bool, datetime, str]]:
    """Delivery id, whether it is a click, time and detail of each click and delivery of these letters.

    Those without our tag are joined to their letter by the mail service's id.
    """
    ours = {delivery_id: delivery_id for delivery_id in letters}
    yield from _found(session, col(MailEvent.delivery_id), ours)
    theirs = {letter.provider_id: delivery_id for delivery_id, letter in letters.items() if letter.provider_id}
    if untagged is not None:
        theirs = {name: theirs[name] for name in theirs.keys() & untagged}
    if theirs:
        yield from _found(session, col(MailEvent.provider_id), theirs, col(MailEvent.delivery_id) == "")


def _found(
    session: Session, key: Mapped[str], letters: Mapping[str, str], *more: ColumnElement[bool]
) -> Iterator[tuple[str, bool, datetime, str]]:
    columns: tuple[Any, ...] = (key, _KIND == EventKind.CLICK, col(MailEvent.at), col(MailEvent.detail))
    statement = select(*columns).where(key.in_(list(letters)), _KIND.in_(_KINDS), *more)
    for rows in session.connection().execute(statement, execution_options=_STREAMED).partitions():
        for name, is_click, at, detail in rows:
            yield letters[name], is_click, at, detail


def _untagged(session: Session) -> frozenset[str] | None:
    """The mail service's ids in clicks without our tag, mostly none; None: so many that each letter must be asked."""
    found = select(MailEvent.provider_id).where(col(MailEvent.delivery_id) == "", _KIND.in_([EventKind.CLICK]))
    ids = frozenset(session.exec(found.distinct().limit(_UNTAGGED + 1)))
    return ids if len(ids) <= _UNTAGGED else None


def _write(session: Session, edition_id: int, stories: Stories, tally: Tally, *, people: int, now: datetime) -> None:
    """A story that was since split, merged or deleted is left out; its lock keeps it until the end otherwise."""
    there = select(EditionItem.id).where(col(EditionItem.edition_id) == edition_id)
    known = set(session.exec(there.with_for_update(read=True, key_share=True)))
    rows = [
        {
            "item_id": item_id,
            "edition_id": edition_id,
            "place": place,
            "people": people,
            "clicked": tally.clicked.get(place, 0),
            "machines": tally.machines.get(place, 0),
            "counted_at": now,
        }
        for item_id, place in stories.items
        if item_id in known
    ]
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(ItemClicks).values(rows)
    statement = statement.on_conflict_do_update(
        index_elements=["item_id"],
        set_={name: statement.excluded[name] for name in rows[0] if name != "item_id"},
        where=col(ItemClicks.counted_at) <= statement.excluded.counted_at,
    )
    session.connection().execute(statement)
