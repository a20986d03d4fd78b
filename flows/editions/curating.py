"""Articles -> stories -> a ranked draft of the next edition."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from flows.clock import Clock, utc_now
from flows.database import reading, transaction
from flows.editions.blurbs import BlurbWriter
from flows.editions.draft import enough
from flows.editions.draft_notices import draft_ready, no_edition, ranker_unreadable
from flows.editions.drafting import NewItem, Target, add_items, count_items, find_target, make_edition
from flows.editions.known import read_known, window_start
from flows.editions.reranking import rerank
from flows.editions.store import ensure_newsletter
from flows.editions.suggesting import Known, suggest, weigh
from flows.editions.watching import alarms_of, raise_alarms
from flows.models import Notice
from flows.settings import Settings
from flows.stories.blurb import preheader_line, subject_line
from flows.stories.candidates import read_told
from flows.stories.cluster import cluster
from flows.stories.history import source_records
from flows.stories.registry import as_json, in_use
from flows.stories.regrouping import read_apart
from flows.stories.store import lock_newsletter, read_pieces, write_groups
from flows.stories.weights import RankerWeights

_TRIES = 5

Notify = Callable[[Notice], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Curated:
    """What one run found and made.

    `edition_id` None: no edition, too few new stories. `stories` are those found new in this run,
    `candidates` and `chosen` count the edition's items (without an edition, the stories there were).
    """

    edition_id: int | None
    number: int | None
    stories: int
    candidates: int
    chosen: int
    created: bool


@dataclass(frozen=True)
class _Plan:
    """What was read and decided before anything is written."""

    target: Target
    weights: RankerWeights
    items: tuple[NewItem, ...]
    new: int  # stories there were that follow up nothing that ran
    known: Known

    @property
    def features(self) -> list[Mapping[str, float]]:
        return [item.features for item in self.items]


class _Overtaken(Exception):  # noqa: N818 - never leaves this module
    """Another run, or an editor, changed the edition while this one was thinking."""


def curate_edition(
    engine: Engine,
    settings: Settings,
    *,
    clock: Clock = utc_now,
    progress: Callable[[str], None] = print,
    notify: Notify | None = None,
) -> Curated:
    """Gather new articles into stories, and draft the next edition or add to its draft.

    Decisions, order and texts of a draft are never touched. Running it twice, or twice at once, makes one
    edition. `notify` is called once for each new notice, after everything is stored.
    """
    now = clock()
    with transaction(engine) as session:
        newsletter_id = ensure_newsletter(session, settings, now=now).id or 0
    stories = _again(lambda: _gather(engine, newsletter_id, settings, now))
    progress(f"{stories} new stories gathered from the articles of the last {_days(settings)}.")
    writer = BlurbWriter(settings, progress)
    curated, notices = _again(lambda: _draft(engine, newsletter_id, settings, now, writer))
    writer.close()
    for notice in notices:
        progress(notice.text)
        if notify is not None:
            notify(notice)
    if not notices and curated.number is not None:
        progress(f"No. {curated.number} has {curated.candidates} candidates, {curated.chosen} of them chosen.")
    return replace(curated, stories=stories)


def _again(work: Callable[[], T]) -> T:
    """Do it, and once more from the start if another run was quicker."""
    for left in range(_TRIES - 1, -1, -1):
        try:
            return work()
        except (IntegrityError, _Overtaken):
            if not left:
                raise
    raise AssertionError("unreachable")


def _gather(engine: Engine, newsletter_id: int, settings: Settings, now: datetime) -> int:
    since = window_start(settings, now)
    with reading(engine) as session:
        # Twice the window: what follows up a story of the last edition should find it.
        known_since = since - (now - since)
        pieces = read_pieces(session, newsletter_id, since=since, known_since=known_since)
        records = source_records(session, newsletter_id)
        apart = read_apart(session, newsletter_id)
    if all(piece.story_id is not None for piece in pieces):
        return 0
    groups = cluster(pieces, apart)
    with transaction(engine) as session:
        lock_newsletter(session, newsletter_id)
        return write_groups(session, newsletter_id, groups, records, now=now)


def _draft(
    engine: Engine, newsletter_id: int, settings: Settings, now: datetime, writer: BlurbWriter
) -> tuple[Curated, tuple[Notice, ...]]:
    with reading(engine) as session:
        plan = _plan(session, newsletter_id, settings, now)
        making = plan.target.edition_id is None
        alarms = alarms_of(session, newsletter_id, plan.weights, plan.features) if making else ()
    if making and enough(plan.new, settings.newsletter.stories_min):
        # Between reading and writing, as a model takes its time and nothing may be locked meanwhile.
        plan = replace(plan, items=writer.write(plan.items))
    with transaction(engine) as session:
        lock_newsletter(session, newsletter_id)
        if not find_target(session, newsletter_id, settings.newsletter, now).same_as(plan.target):
            raise _Overtaken
        curated, notices = _write(session, newsletter_id, plan, settings, now)
        return curated, (*notices, *_told(raise_alarms(session, newsletter_id, alarms, settings, now=now)))


def _plan(session: Session, newsletter_id: int, settings: Settings, now: datetime) -> _Plan:
    newsletter = settings.newsletter
    target = find_target(session, newsletter_id, newsletter, now)
    known = read_known(session, newsletter_id, before=target.number)
    since = window_start(settings, now)
    told = read_told(session, newsletter_id, known.history, since=since, leave_out=target.held)
    if target.created_at is not None:  # what was there when it was drafted has had its chance
        told = [one for one in told if one.facts.first_seen_at >= target.created_at]
    weights = in_use(session, newsletter_id)
    making = target.edition_id is None
    queue = weigh(told, known, weights, newsletter, now, exploring=making)
    items = suggest(queue, known, newsletter, most=newsletter.stories_most if making else 0)
    new = sum(not one.facts.follows_no for one in told)
    return _Plan(target, weights, items, new, known)


def _write(
    session: Session, newsletter_id: int, plan: _Plan, settings: Settings, now: datetime
) -> tuple[Curated, tuple[Notice, ...]]:
    target = plan.target
    notices = [ranker_unreadable(session, newsletter_id, plan.weights.note, settings, now=now)]
    edition_id = target.edition_id
    if edition_id is None:
        if not enough(plan.new, settings.newsletter.stories_min):
            found = plan.new
            notices.append(no_edition(session, newsletter_id, target.slot, found, settings, now=now))
            return Curated(None, None, 0, found, 0, created=False), _told(notices)
        chosen = [item.headline for item in plan.items if item.position]
        edition = make_edition(
            session,
            newsletter_id,
            target,
            subject=subject_line(chosen[0]) if chosen else "",
            preheader=preheader_line(chosen[1:3]),
            ranker_version=plan.weights.version,
            ranker_weights=as_json(plan.weights),
            now=now,
        )
        edition_id = edition.id or 0
    added = add_items(session, edition_id, plan.items)
    if added and target.edition_id is not None:  # newcomers find their place among the others
        rerank(session, edition_id, settings, now=now, known=plan.known)
    candidates, kept = count_items(session, edition_id)
    created = target.edition_id is None
    if created:
        counts = (kept, candidates)
        notices.append(
            draft_ready(session, newsletter_id, target, edition_id, counts=counts, settings=settings, now=now)
        )
    return Curated(edition_id, target.number, 0, candidates, kept, created=created), _told(notices)


def _told(notices: Sequence[Notice | None]) -> tuple[Notice, ...]:
    return tuple(notice for notice in notices if notice is not None)


def _days(settings: Settings) -> str:
    return f"{settings.newsletter.window_days:g} days"
