"""Single letters that belong to no edition: confirmations to readers, word to the editors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine
from sqlmodel import col, select

from flows.clock import Clock
from flows.database import reading, transaction
from flows.editions.store import get_edition
from flows.errors import MastheadError
from flows.letters.notes import build_note
from flows.letters.transport import Transport, open_transport
from flows.models import Notice, User
from flows.settings import Settings
from subscribers.pages import Note

Say = Callable[[str], None]


class Post:
    """Builds a single letter and hands it over to the transport. Slow: call it after the answer is given."""

    def __init__(
        self, settings: Settings, clock: Clock, *, transport: Transport | None = None, say: Say = print
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._say = say

    def __call__(self, note: Note) -> None:
        """One note to one person. A refusal is said and not raised: nobody waits for the answer any more."""
        self.send(note.to, note.template, note.values)

    def send(self, to: str, template: str, values: Mapping[str, Any]) -> bool:
        """True if the transport took it."""
        delivery_id = f"note-{uuid4().hex}"
        try:
            now = self._clock()
            raw = build_note(template, values, to=to, settings=self._settings, now=now, delivery_id=delivery_id)
            transport = self._transport or open_transport(self._settings)
            transport.send(delivery_id, to, raw, {"delivery": delivery_id, "note": template})
        except MastheadError as error:
            self._say(f"The letter “{template}” could not be sent to {to}: {error}")
            return False
        return True


def letter_to_editors(
    engine: Engine, settings: Settings, clock: Clock, *, transport: Transport | None = None
) -> Callable[[Notice], None]:
    """A callable that writes a notice to every member of the team, and notes that it did."""
    post = Post(settings, clock, transport=transport)

    def notify(notice: Notice) -> None:
        with transaction(engine) as session:
            team = session.exec(select(User).where(~col(User.disabled)).order_by(col(User.id))).all()
        template, values = _told(engine, notice)
        if not [user for user in team if post.send(user.email, template, values)]:
            return
        with transaction(engine) as session:
            stored = session.get(Notice, notice.id)
            if stored is not None:
                stored.mailed_at = clock()

    return notify


def _told(engine: Engine, notice: Notice) -> tuple[str, dict[str, Any]]:
    """The note that tells of a notice: a draft is told with its stories, anything else in its own words."""
    if notice.kind != "draft ready":
        return "notice", {"kind": notice.kind, "text": notice.text, "link": notice.link}
    with reading(engine) as session:
        edition = get_edition(session, int(notice.link.rpartition("/")[2]))
    stories = [{**story, "reason": _best(story["reasons"])} for story in edition["stories"]]
    due = edition["approval_due_at"]
    return "draft-ready", {
        "number": edition["number"],
        "stories": stories,
        "link": notice.link,
        "due": f"{due:%A %d %B, %H:%M} UTC" if due else "",
    }


def _best(reasons: Sequence[Mapping[str, Any]]) -> str:
    return str(max(reasons, key=lambda reason: reason["points"])["words"]) if reasons else ""
