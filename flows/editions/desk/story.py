"""One story whole: its text, its coverage, the reasons for its place."""

from fastapi import APIRouter
from fastapi.responses import Response

from flows.database import reading
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.desk.loading import load_stories
from flows.models import Edition, EditionStatus


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/editions/{edition_id:int}/items/{item_id:int}", need=Need.READ, handler=_show)


def _show(visit: Visit, edition_id: int, item_id: int) -> Response:
    with reading(visit.desk.engine) as session:
        edition = session.get(Edition, edition_id)
        if edition is None:
            return missing(visit, "edition")
        found = load_stories(session, edition_id, item_id=item_id)
    if not found:
        return missing(visit, "story")
    draft = edition.status is EditionStatus.DRAFT
    return visit.page("story.html", edition=edition, story=found[0], draft=draft)
