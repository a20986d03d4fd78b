"""What we missed: stories that grew without us, edition by edition, and the step at which each was lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from flows.database import reading
from flows.editions.desk.door import Desk, Need, Visit, add
from flows.editions.desk.edition import missing
from flows.editions.lost import MEANS, Lost, Missed
from flows.editions.missed import LATEST, Review, newsletter_of, read_missed, sealed_editions
from flows.models import Edition

_MOST = 30  # stories of one edition
_WIDE = 128.0  # of the picture of a story's growth, in units of the drawing
_LEAST = 3.0


@dataclass(frozen=True)
class StepBar:
    """How many stories one step lost. `length` is that of its bar, where the longest is 100."""

    step: Lost
    means: str
    count: int
    length: float


@dataclass(frozen=True)
class Growth:
    """The sources of a story as two lengths of one bar, in units of the drawing, and both as a sentence."""

    width: float
    then: float
    now: float
    words: str


@dataclass(frozen=True)
class List:
    """What one edition missed: the stories that are shown, each with its picture, and how many are not."""

    review: Review
    shown: tuple[tuple[Missed, Growth], ...]
    rest: int


def add_pages(router: APIRouter, desk: Desk) -> None:
    """Put this file's pages on the router, each with what it needs."""
    add(router, desk, "GET", "/desk/missed", need=Need.READ, handler=_show_latest)
    add(router, desk, "GET", "/desk/editions/{edition_id:int}/missed", need=Need.READ, handler=_show_one)


def _show_latest(visit: Visit) -> Response:
    with reading(visit.desk.engine) as session:
        newsletter_id = newsletter_of(session, visit.desk.settings.newsletter.slug)
        editions = sealed_editions(session, newsletter_id) if newsletter_id else []
        latest = editions[: -LATEST - 1 : -1]
        reviews = read_missed(session, newsletter_id or 0, latest, _window(visit))
    earlier = editions[-LATEST - 1].id if len(editions) > LATEST else 0
    return _page(visit, reviews, edition=None, earlier=earlier, later=0)


def _show_one(visit: Visit, edition_id: int) -> Response:
    with reading(visit.desk.engine) as session:
        edition = session.get(Edition, edition_id)
        if edition is None:
            return missing(visit, "edition")
        editions = sealed_editions(session, edition.newsletter_id)
        place = next((place for place, sealed in enumerate(editions) if sealed.id == edition_id), None)
        asked = [] if place is None else [editions[place]]
        reviews = read_missed(session, edition.newsletter_id, asked, _window(visit))
    earlier = editions[place - 1].id if place else 0
    later = editions[place + 1].id if place is not None and place + 1 < len(editions) else 0
    return _page(visit, reviews, edition=edition, earlier=earlier, later=later)


def _page(visit: Visit, reviews: Sequence[Review], *, edition: Edition | None, earlier: int, later: int) -> Response:
    shown = [story for review in reviews for story in review.stories[:_MOST]]
    most = max((story.now for story in shown), default=1)
    return visit.page(
        "missed.html",
        edition=edition,
        lists=[_list(review, most) for review in reviews],
        bars=step_bars(reviews),
        clear=[step for step in Lost if not any(story.step is step for each in reviews for story in each.stories)],
        losses=sum(len(review.stories) for review in reviews),
        stories=len({story.story_id for review in reviews for story in review.stories}),
        earlier=earlier,
        later=later,
    )


def _list(review: Review, most: int) -> List:
    shown = tuple((story, growth(story, most)) for story in review.stories[:_MOST])
    return List(review, shown, len(review.stories) - len(shown))


def step_bars(reviews: Sequence[Review]) -> tuple[StepBar, ...]:
    """A bar for each step that lost something, in the order in which a story passes them."""
    counts = Counter(story.step for review in reviews for story in review.stories)
    most = max(counts.values(), default=1)
    return tuple(
        StepBar(step, MEANS[step], counts[step], round(100 * counts[step] / most, 2)) for step in Lost if counts[step]
    )


def growth(story: Missed, most: int) -> Growth:
    """Sources then and now, where `most` sources are the whole width."""
    then, now = (max(_LEAST, round(_WIDE * count / most, 2)) if count else 0.0 for count in (story.then, story.now))
    return Growth(_WIDE, then, now, f"Sources that told it: {story.then} at the approval, {story.now} now.")


def _window(visit: Visit) -> timedelta:
    return timedelta(days=visit.desk.settings.newsletter.window_days)
