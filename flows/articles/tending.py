"""What people do with sources: add, name, weigh, pause, move. Each change leaves a line in the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session, select

from flows.articles.merging import standing_for
from flows.articles.plain import to_title
from flows.articles.store import add_source, locked, move, set_status, source_url, undo_move
from flows.errors import MastheadError
from flows.models import LogEntry, Source, SourceStatus

WEIGHTS = {"boost": 1.0, "usual": 0.0, "mute": -3.0}  # points of score
_WEIGHED = {"boost": "boosted a source", "usual": "weighed a source as usual", "mute": "muted a source"}
_NAME_CHARS, _TOPIC_CHARS = 300, 80


class Taken(StrEnum):
    """What became of an address that was to be added."""

    NEW = "new"
    THERE = "there"  # a source has it already, and stays as it is
    MERGED = "merged"  # it belonged to a source that was merged; the one that stands for it is meant


@dataclass(frozen=True)
class Addition:
    """The source that an address belongs to now. `was` names the merged source that the address is of."""

    source_id: int
    name: str
    taken: Taken
    was: str = ""

    @property
    def sentence(self) -> str:
        if self.taken is Taken.NEW:
            return f"Added: {self.name}."
        if self.taken is Taken.THERE:
            return f"{self.name} is there already (source {self.source_id}); it stays as it is."
        return f"This address is of {self.was}, which was merged into {self.name} (source {self.source_id})."


def find_address(session: Session, url: str) -> Addition | None:
    """The source that has this address, or stands for the one that has. Raises FetchError (no address)."""
    known = session.exec(select(Source).where(Source.url == source_url(url))).first()
    return None if known is None else _there(session, known)


def add(session: Session, url: str, *, title: str = "", topic: str = "", now: datetime, who: str) -> Addition:
    """Add a source at this address; a second time finds the first. Raises FetchError (no address)."""
    if known := find_address(session, url):
        return known
    source = add_source(session, url, title=title, topic=topic, now=now)
    after = {"source": name_of(source), "address": source.url, "topic": source.topic}
    session.add(LogEntry(at=now, who=who, what="added a source", after=after))
    return Addition(source.id or 0, name_of(source), Taken.NEW)


def _there(session: Session, known: Source) -> Addition:
    source = standing_for(session, known)
    if source is known:
        return Addition(known.id or 0, name_of(known), Taken.THERE)
    return Addition(source.id or 0, name_of(source), Taken.MERGED, was=name_of(known))


def name_of(source: Source) -> str:
    return source.title or source.url


def describe(
    session: Session, source_id: int, *, title: str, topic: str, https_only: bool, now: datetime, who: str
) -> None:
    """Name a source, lean it to a section, and say whether plain http is refused. Raises MastheadError."""
    source = _find(session, source_id)
    wanted = {
        "title": to_title(title, markup=False, limit=_NAME_CHARS) or source.title,
        "topic": to_title(topic, markup=False, limit=_TOPIC_CHARS),
        "https_only": https_only,
    }
    if https_only and source.url.startswith("http:"):
        raise MastheadError(
            "Its own address begins with http://, so “https only” would shut it out. "
            "Move it to its https:// address first. Nothing was saved."
        )
    before = {name: getattr(source, name) for name in wanted}
    for name, value in wanted.items():
        setattr(source, name, value)
    _log(session, source, "described a source", before, wanted, now=now, who=who)


def weigh(session: Session, source_id: int, *, wish: str, now: datetime, who: str) -> None:
    """Boost, mute, or weigh as usual; `wish` is a key of WEIGHTS. Raises MastheadError."""
    source = _find(session, source_id)
    before, source.weight = source.weight, WEIGHTS[wish]
    _log(session, source, _WEIGHED[wish], {"weight": before}, {"weight": source.weight}, now=now, who=who)


def pause(session: Session, source_id: int, *, now: datetime, who: str) -> None:
    """Ask a source no more until it is resumed. Raises MastheadError."""
    _set(session, source_id, SourceStatus.PAUSED, "paused a source", now=now, who=who)


def resume(session: Session, source_id: int, *, now: datetime, who: str) -> None:
    """Ask a paused or retired source again, at once. Raises MastheadError."""
    _set(session, source_id, SourceStatus.ACTIVE, "resumed a source", now=now, who=who)


def move_to(session: Session, source_id: int, url: str, *, now: datetime, who: str) -> None:
    """Give a source another address; the old one is kept, for `move_back`. Raises MastheadError, FetchError."""
    source = _find(session, source_id)
    address = source_url(url)
    before = source.url
    if address == before:
        return
    _refuse_taken(session, address)
    move(source, address)
    # validators and digests are of what stood at the old address
    source.etag = source.last_modified = source.body_hash = source.seen = ""
    source.next_due_at = None
    _log(session, source, "moved a source", {"address": before}, {"address": address}, now=now, who=who)


def move_back(session: Session, source_id: int, *, now: datetime, who: str) -> None:
    """Put a moved source back to its old address. Raises MastheadError."""
    source = _find(session, source_id)
    before = source.url
    if source.moved_from:
        _refuse_taken(session, source.moved_from)
    undo_move(session, source_id)
    source.etag = source.last_modified = source.body_hash = source.seen = ""
    source.next_due_at = None
    _log(session, source, "moved a source back", {"address": before}, {"address": source.url}, now=now, who=who)


def _find(session: Session, source_id: int) -> Source:
    """The source, locked. Raises MastheadError: none, or one that another stands for."""
    source = locked(session, source_id)
    if source is None:
        raise MastheadError(f"There is no source {source_id}; `masthead sources list` shows them all.")
    if source.status is SourceStatus.MERGED:
        other = standing_for(session, source)
        raise MastheadError(
            f"{name_of(source)} was merged into {name_of(other)} (source {other.id}), which stands for it; "
            "change that one."
        )
    return source


def _set(session: Session, source_id: int, status: SourceStatus, what: str, *, now: datetime, who: str) -> None:
    source = _find(session, source_id)
    before = source.status
    set_status(session, source_id, status)
    _log(session, source, what, {"status": before.value}, {"status": source.status.value}, now=now, who=who)


def _refuse_taken(session: Session, address: str) -> None:
    other = session.exec(select(Source).where(Source.url == address)).first()
    if other is not None:
        raise MastheadError(
            f"{name_of(other)} (source {other.id}) has this address already. Merge the two instead; "
            "nothing was changed."
        )


def _log(
    session: Session,
    source: Source,
    what: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    now: datetime,
    who: str,
) -> None:
    """A line, if anything has changed."""
    if dict(before) != dict(after):
        told = {"source": name_of(source), **after}
        session.add(LogEntry(at=now, who=who, what=what, before=dict(before), after=told))
