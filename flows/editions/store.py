"""Newsletters and editions as rows, and as plain documents for lists and scripts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from flows.articles.measure import reading_minutes
from flows.editions.approval import approve
from flows.editions.content import Chosen, chosen_items, content_of, source_name
from flows.errors import MastheadError
from flows.models import Decision, Edition, EditionItem, EditionStatus, Newsletter
from flows.settings import Settings

__all__ = [
    "approve",
    "content_of",
    "edition_by_number",
    "ensure_newsletter",
    "get_edition",
    "list_editions",
]


def ensure_newsletter(session: Session, settings: Settings, *, now: datetime) -> Newsletter:
    """The newsletter that the settings name, made if it is not there yet; its name follows the settings."""
    statement = select(Newsletter).where(Newsletter.slug == settings.newsletter.slug).with_for_update()
    newsletter = session.exec(statement).one_or_none()
    if newsletter is None:
        newsletter = Newsletter(slug=settings.newsletter.slug, name=settings.newsletter.name, created_at=now)
        session.add(newsletter)
    newsletter.name = settings.newsletter.name
    session.flush()
    return newsletter


def edition_by_number(session: Session, number: int) -> Edition:
    """The edition with this number. Raises MastheadError, naming what to type, when there is none."""
    edition = session.exec(select(Edition).where(Edition.number == number).order_by(col(Edition.id).desc())).first()
    if edition is None:
        raise MastheadError(f"there is no edition no. {number}; `masthead editions list` names them.")
    return edition


def list_editions(session: Session) -> list[dict[str, Any]]:
    """Every edition, the latest first, each as plain fields.

    Fields: id, number, slot (date), status, subject, chosen and candidates (counts of stories), audience
    (people, once frozen), approval_due_at, send_at, sealed_at, sealed_by, sealed_hash, sent_at.
    """
    counts = _counts(session)
    editions = session.exec(select(Edition).order_by(col(Edition.slot).desc(), col(Edition.id).desc())).all()
    return [_row(edition, *counts.get(edition.id or 0, (0, 0))) for edition in editions]


def get_edition(session: Session, edition_id: int) -> dict[str, Any]:
    """One edition as plain fields: those of `list_editions`, its words, and its sections with their stories.

    A story has: item_id, headline, blurb, link, source, author, minutes, section, position, score, reasons,
    suggested, decided_by. Raises MastheadError when there is no such edition.
    """
    edition = session.get(Edition, edition_id)
    if edition is None:
        raise MastheadError(f"there is no edition with the id {edition_id}; `masthead editions list` names them.")
    chosen = chosen_items(session, edition_id)
    row = _row(edition, *_counts(session).get(edition_id, (0, 0)))
    row |= {
        "preheader": edition.preheader,
        "introduction": edition.introduction,
        "closing": edition.closing,
        "pause_reason": edition.pause_reason,
        "stories": [_story(each) for each in chosen],
    }
    return row


def _counts(session: Session) -> Mapping[int, tuple[int, int]]:
    chosen = func.sum(case((col(EditionItem.decision) == Decision.CHOSEN, 1), else_=0))
    rows = session.exec(select(EditionItem.edition_id, chosen, func.count()).group_by(col(EditionItem.edition_id)))
    return {edition_id: (int(some or 0), int(all_)) for edition_id, some, all_ in rows}


def _row(edition: Edition, chosen: int, candidates: int) -> dict[str, Any]:
    return {
        "id": edition.id,
        "number": edition.number,
        "slot": edition.slot,
        "status": EditionStatus(edition.status).value,
        "subject": edition.subject,
        "chosen": chosen,
        "candidates": candidates,
        "audience": edition.audience_size,
        "approval_due_at": edition.approval_due_at,
        "send_at": edition.send_at,
        "sealed_at": edition.sealed_at,
        "sealed_by": edition.sealed_by,
        "sealed_hash": edition.sealed_hash,
        "sent_at": edition.sent_at,
    }


def _story(chosen: Chosen) -> dict[str, Any]:
    item, article, source = chosen
    return {
        "item_id": item.id,
        "headline": item.headline,
        "blurb": item.blurb,
        "link": article.link,
        "source": source_name(source),
        "author": article.author,
        "minutes": reading_minutes(article.words),
        "section": item.section,
        "position": item.position,
        "score": item.score,
        "reasons": item.reasons,
        "suggested": item.suggested,
        "decided_by": item.decided_by,
    }
