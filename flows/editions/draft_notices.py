"""What the editors are told about a draft, once: that it is ready, or that there is none and why."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from flows.editions.drafting import Target
from flows.editions.slot import Slot
from flows.models import Notice
from flows.settings import Settings

_KEY_CHARACTERS = 200


def draft_ready(
    session: Session,
    newsletter_id: int,
    target: Target,
    edition_id: int,
    *,
    counts: tuple[int, int],
    settings: Settings,
    now: datetime,
) -> Notice | None:
    """`counts` are the chosen stories and all of them. A "no edition" for the slot is taken back."""
    _close(session, _no_edition_key(newsletter_id, target.slot), now)
    chosen, candidates = counts
    text = (
        f"No. {target.number} is drafted for {_day(target.slot.letters_at, settings)}: "
        f"{chosen} of {candidates} stories are chosen. "
        f"Its approval is due {_time(target.slot.approval_due_at, settings)}."
    )
    link = f"{settings.address}/desk/editions/{edition_id}"
    return tell(session, _draft_ready_key(edition_id), "draft ready", text, link=link, now=now)


def close_draft_ready(session: Session, edition_id: int, *, now: datetime) -> None:
    """The draft is approved: nobody need be told of it any more."""
    _close(session, _draft_ready_key(edition_id), now)


def no_edition(
    session: Session, newsletter_id: int, slot: Slot, found: int, settings: Settings, *, now: datetime
) -> Notice | None:
    """Too few stories for the slot: an outcome of its own, never an empty letter."""
    newsletter = settings.newsletter
    text = (
        f"No edition for {_day(slot.letters_at, settings)}: "
        f"{found} new {'story' if found == 1 else 'stories'} in the last {newsletter.window_days:g} days, "
        f"and an edition needs {newsletter.stories_min} (setting newsletter.stories_min). "
        "It is drafted after all if more comes in and curate runs again."
    )
    return tell(
        session,
        _no_edition_key(newsletter_id, slot),
        "no edition",
        text,
        link=f"{settings.address}/desk",
        now=now,
    )


def ranker_unreadable(
    session: Session, newsletter_id: int, note: str, settings: Settings, *, now: datetime
) -> Notice | None:
    """The rules rank in place of a version that cannot be read; nothing if `note` is empty."""
    if not note:
        return None
    key = f"ranking: newsletter {newsletter_id}, {note}"
    return tell(session, key, "ranking", note, link=f"{settings.address}/desk", now=now)


def ranker_waits(
    session: Session, newsletter_id: int, sentence: str, settings: Settings, *, now: datetime
) -> Notice | None:
    """A version of the ranking waits for a person; it takes the place of what was said of an earlier one."""
    close_ranker_waits(session, newsletter_id, now=now)
    link = f"{settings.address}/desk/ranking"
    return tell(session, _ranker_waits_key(newsletter_id), "ranking", sentence, link=link, now=now)


def close_ranker_waits(session: Session, newsletter_id: int, *, now: datetime) -> None:
    """Somebody has decided on the version that waited."""
    _close(session, _ranker_waits_key(newsletter_id), now)


def _ranker_waits_key(newsletter_id: int) -> str:
    return f"ranking waits: newsletter {newsletter_id}"


def _draft_ready_key(edition_id: int) -> str:
    return f"draft ready: edition {edition_id}"


def _no_edition_key(newsletter_id: int, slot: Slot) -> str:
    return f"no edition: newsletter {newsletter_id}, {slot.day}"


def tell(session: Session, key: str, kind: str, text: str, *, link: str, now: datetime) -> Notice | None:
    """The notice, stored; None if it stands already. One that was taken back is told again."""
    key = key[:_KEY_CHARACTERS]
    notice = session.exec(select(Notice).where(Notice.key == key)).first()
    if notice is not None and notice.closed_at is None:
        return None
    notice = notice or Notice(key=key, at=now, kind=kind)
    notice.at, notice.text, notice.link = now, text, link
    notice.closed_at = notice.mailed_at = None
    session.add(notice)
    session.flush()
    return notice


def _close(session: Session, key: str, now: datetime) -> None:
    notice = session.exec(select(Notice).where(Notice.key == key)).first()
    if notice is not None and notice.closed_at is None:
        notice.closed_at = now


def _day(moment: datetime, settings: Settings) -> str:
    local = moment.astimezone(ZoneInfo(settings.newsletter.timezone))
    return f"{local:%A} {local.day} {local:%B}"


def _time(moment: datetime, settings: Settings) -> str:
    local = moment.astimezone(ZoneInfo(settings.newsletter.timezone))
    return f"{local:%A} {local.day} {local:%B} at {local:%H:%M}"
