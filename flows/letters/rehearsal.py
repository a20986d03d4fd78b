"""Before the first letter leaves, one letter of every kind that will be written is written once."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import col, select

from flows.database import reading
from flows.errors import TemplateError
from flows.letters.audience import Audience
from flows.letters.press import Press
from flows.letters.store import Owed
from flows.models import Letter, LetterStatus
from subscribers.models import LetterFormat
from subscribers.roll import Person, people

_PAGE = 1_000

Kind = tuple[str, LetterFormat, tuple[str, ...] | None]


def kind_of(person: Person) -> Kind:
    """What, of a person, the template can make a difference of."""
    topics = None if person.topics is None else tuple(sorted(person.topics))
    return person.language, person.letter_format, topics


def rehearse(engine: Engine, edition_id: int, audience: Audience, press: Press, *, now: datetime) -> int:
    """Write one letter of each kind; returns how many kinds there are.

    Raises TemplateError, naming the kind, when one cannot be written for two different people of it: then the
    fault is the template's, and nothing must be sent. One person's own fault comes to light in the run.
    """
    tried: dict[Kind, int] = {}
    for owed in _queued(engine, edition_id, audience):
        kind = kind_of(owed.person)
        if tried.get(kind, 0) in (0, -1):
            tried[kind] = _try(press, owed, kind, failed_before=tried.get(kind) == -1, now=now)
    return len(tried)


def _try(press: Press, owed: Owed, kind: Kind, *, failed_before: bool, now: datetime) -> int:
    """1: it can be written; -1: not for this person."""
    try:
        press.write(owed, now)
    except Exception as error:
        if failed_before or isinstance(error, TemplateError):
            language, form, topics = kind
            wanted = "all sections" if topics is None else ", ".join(topics)
            raise TemplateError(
                f"the letter cannot be written for people who read {language}, {form}, {wanted}: {error}"
            ) from error
        return -1
    return 1


def _queued(engine: Engine, edition_id: int, audience: Audience) -> Iterator[Owed]:
    after = 0
    while True:
        with reading(engine) as session:
            statement = (
                select(Letter)
                .where(
                    col(Letter.edition_id) == edition_id,
                    col(Letter.status) == LetterStatus.QUEUED,
                    col(Letter.id) > after,
                )
                .order_by(col(Letter.id))
                .limit(_PAGE)
            )
            letters = session.exec(statement).all()
            ids = [letter.subscriber_id for letter in letters]
            standing = people(session, audience.newsletter, ids, key=audience.key)
        if not letters:
            return
        after = letters[-1].id or 0
        for letter in letters:
            if person := standing.get(letter.subscriber_id):
                yield Owed(letter.id or 0, letter.delivery_id, letter.address, letter.attempts, person)
