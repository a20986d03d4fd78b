"""What a person answers for: claims that she confirms, stories that she flags or clears, what the filter is taught."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from flows.database import transaction
from flows.editions.changes import Done, Editor, claim, log, open_item, renumber, section_of
from flows.editions.claims import BY_HAND, claims_now, uncleared
from flows.errors import WorkflowError
from flows.models import Article, Decision, Edition, EditionItem, EditionStatus, Tier
from flows.stories.tuning import call_unsuitable

_REASON_MOST = 200


def confirm(engine: Engine, edition_id: int, item_id: int, editor: Editor, *, version: int, which: int) -> Done:
    """Confirm one claim (by its place in the list) that the article does not hold. Twice is once.

    Raises WorkflowError when there is no such claim, StaleEditError when the words have changed since.
    """
    with transaction(engine) as session:
        edition, item = open_item(session, edition_id, item_id)
        item.claims = claims_now(item, session.get_one(Article, item.article_id))
        if not 0 <= which < len(item.claims):
            raise WorkflowError("This story makes no such claim (any more). Load the page again.")
        told = item.claims[which]
        if told.get("by"):
            return Done()
        done = claim(session, edition, item, version, editor)
        item.claims = [
            {**each, "by": editor.email} if place == which else each for place, each in enumerate(item.claims)
        ]
        after = {"claim": told["text"], "kind": told["kind"]}
        log(session, edition, item, "confirmed a claim", editor, before={}, after=after)
    return done


def flag(engine: Engine, edition_id: int, item_id: int, editor: Editor, *, version: int, reason: str) -> Done:
    """Send a story to a senior editor. One who is senior says by this that it is unsuitable: the filter learns it."""
    words = " ".join(reason.split())[:_REASON_MOST] or "an editor wants it looked at"
    with transaction(engine) as session:
        edition, item = open_item(session, edition_id, item_id)
        if item.tier is Tier.FLAGGED and any(each["kind"] == BY_HAND for each in uncleared(item)):
            return Done()
        done = claim(session, edition, item, version, editor)
        item.flags = [*item.flags, {"kind": BY_HAND, "words": words, "by": ""}]
        item.tier = Tier.FLAGGED
        if item.decision is Decision.CHOSEN and not item.decided_by:  # nobody but the ranking has chosen it
            item.decision, item.position, item.suggested = Decision.NONE, 0, False
            renumber(section_of(session, edition_id, item.section, without=item))
        if editor.senior:
            _teach(session, edition, item, editor, unsuitable=True)
        log(session, edition, item, "flagged a story", editor, before={}, after={"reason": words})
    return done


def clear(engine: Engine, edition_id: int, item_id: int, editor: Editor, *, version: int) -> Done:
    """A senior editor finds a flagged story fine, and the filter learns it. Twice is once."""
    if not editor.senior:
        raise WorkflowError("Only a publisher may clear a flagged story.")
    with transaction(engine) as session:
        edition, item = open_item(session, edition_id, item_id)
        if item.tier is not Tier.FLAGGED:
            return Done()
        done = claim(session, edition, item, version, editor)
        item.flags = [{**each, "by": each.get("by") or editor.email} for each in item.flags]
        item.tier = Tier.OPEN
        _teach(session, edition, item, editor, unsuitable=False)
        log(session, edition, item, "cleared a flagged story", editor, before={}, after={})
    return done


def open_story(engine: Engine, edition_id: int, item_id: int, *, now: datetime) -> None:
    """An editor opens a story: from now on it counts as looked at, whatever she decides. Twice is once."""
    with transaction(engine) as session:
        item = session.get(EditionItem, item_id)
        edition = session.get(Edition, edition_id)
        if edition is None or edition.status is not EditionStatus.DRAFT:
            return  # a look back at what is sent is no look at the queue
        if item is not None and item.edition_id == edition_id and item.opened_at is None:
            item.opened_at = now


def _teach(session: Session, edition: Edition, item: EditionItem, editor: Editor, *, unsuitable: bool) -> None:
    call_unsuitable(
        session, edition.newsletter_id, item.article_id, unsuitable=unsuitable, by=editor.email, now=editor.now
    )
