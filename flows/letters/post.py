"""Single letters that belong to no edition: confirmations to readers, word to the editors."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, update
from sqlmodel import col, select

from flows.clock import Clock
from flows.database import reading, transaction
from flows.editions.store import get_edition
from flows.errors import MastheadError
from flows.letters.notes import build_note
from flows.letters.transport import Transport
from flows.letters.way_out import open_transport
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
        """One note to one person. Raises what the transport raises, so that a try is not counted against her."""
        self.send(note.to, note.template, note.values)

    def send(self, to: str, template: str, values: Mapping[str, Any]) -> None:
        """Raises TemplateError, LetterError or TransportError, and says so in a line that names nobody whole."""
        delivery_id = f"note-{uuid4().hex}"
        try:
            raw = build_note(
                template, values, to=to, settings=self._settings, now=self._clock(), delivery_id=delivery_id
            )
            transport = self._transport or open_transport(self._settings)
            transport.send(delivery_id, to, raw, {"delivery": delivery_id, "note": template})
        except MastheadError as error:
            self._say(f"The letter “{template}” could not be sent to {to[:1]}…@{to.rpartition('@')[2]}: {error}")
            raise


def mail_notices(
    engine: Engine, settings: Settings, clock: Clock, *, transport: Transport | None = None, say: Say = print
) -> int:
    """Write every open notice that was not mailed yet to each member of the team; how many notices went out.

    A notice is taken before it is mailed, so that two at once mail it once; what could not be mailed to
    anybody is given back, for the next time.
    """
    post = Post(settings, clock, transport=transport, say=say)
    with reading(engine) as session:
        team = [user.email for user in session.exec(select(User).where(~col(User.disabled)).order_by(col(User.id)))]
        waiting = select(Notice).where(col(Notice.mailed_at).is_(None), col(Notice.closed_at).is_(None))
        notices = session.exec(waiting.order_by(col(Notice.id))).all() if team else []
    mailed = 0
    for notice in notices:
        if not _take(engine, notice, clock()):
            continue
        template, values = _told(engine, notice, settings.address)
        sent = [_sent(post, email, template, values) for email in team]  # everybody, not only the first
        if any(sent):
            mailed += 1
        else:
            _give_back(engine, notice)
    return mailed


def _sent(post: Post, email: str, template: str, values: Mapping[str, Any]) -> bool:
    try:
        post.send(email, template, values)
    except MastheadError:
        return False
    return True


def _take(engine: Engine, notice: Notice, now: datetime) -> bool:
    free = (col(Notice.id) == notice.id, col(Notice.mailed_at).is_(None))
    with transaction(engine) as session:
        return session.connection().execute(update(Notice).where(*free).values(mailed_at=now)).rowcount == 1


def _give_back(engine: Engine, notice: Notice) -> None:
    with transaction(engine) as session:
        session.connection().execute(update(Notice).where(col(Notice.id) == notice.id).values(mailed_at=None))


def _told(engine: Engine, notice: Notice, address: str) -> tuple[str, dict[str, Any]]:
    """The note that tells of a notice: a draft is told with its stories, anything else in its own words.

    `address` is that of our pages: a path alone leads nowhere from a mail.
    """
    if notice.kind != "draft ready":
        link = address + notice.link if notice.link.startswith("/") else notice.link
        return "notice", {"kind": notice.kind, "text": notice.text, "link": link}
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
