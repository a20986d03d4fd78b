"""One story whole: its text, its coverage, the reasons for its place."""

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import Response

from flows.database import reading
from flows.editions.desk.door import MAY, Desk, Need, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.desk.loading import load_stories
from flows.editions.desk.views import StoryView
from flows.models import Edition, EditionStatus
from flows.stories.words import content_words

_OTHERS = 60


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/editions/{edition_id:int}/items/{item_id:int}", need=Need.READ, handler=_show)


def _show(visit: Visit, edition_id: int, item_id: int) -> Response:
    with reading(visit.desk.engine) as session:
        edition = session.get(Edition, edition_id)
        if edition is None:
            return missing(visit, "edition")
        stories = load_stories(session, edition_id)
        found = [story for story in stories if story.id == item_id]
    if not found:
        return missing(visit, "story")
    draft = edition.status is EditionStatus.DRAFT
    others = _alike(stories, found[0]) if draft else []
    senior = visit.who.role in MAY[Need.APPROVE]
    return visit.page("story.html", edition=edition, story=found[0], draft=draft, others=others, senior=senior)


def _alike(stories: Sequence[StoryView], story: StoryView) -> list[StoryView]:
    """The other stories that it may be put together with, those that share most words first."""
    words = set(content_words(story.title))
    others = [each for each in stories if each.id != story.id]
    return sorted(others, key=lambda each: (-len(words & set(content_words(each.title))), each.place))[:_OTHERS]
