"""One click behind a reason: the queue is ranked afresh, and nothing that an editor has made is touched."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.editions.changes import Editor, decide, write_item
from flows.editions.reranking import Reranked
from flows.editions.turning import turn
from flows.errors import MastheadError, WorkflowError
from flows.models import Channel, Decision, Edition, EditionItem, EditionStatus, LogEntry, Newsletter, Source, Tier
from flows.settings import Settings
from tests.conftest import NOW
from tests.editions.seed import Seeded

ADA = Editor("ada@newsletter.example", NOW)
Press = Callable[..., Reranked]
MINE = (
    "decision",
    "decided_by",
    "decided_at",
    "skip_reason",
    "position",
    "section",
    "headline",
    "blurb",
    "version",
    "suggested",
    "article_id",
    "claims",
    "blurb_by",
)


def items_of(engine: Engine, draft: Seeded) -> dict[int, EditionItem]:
    with reading(engine) as session:
        query = select(EditionItem).where(EditionItem.edition_id == draft.edition_id)
        return {item.id or 0: item for item in session.exec(query.order_by(col(EditionItem.rank))).all()}


def words(item: EditionItem) -> list[str]:
    return [reason["words"] for reason in item.reasons]


@pytest.fixture
def press(engine: Engine, settings: Settings, newsletter: Newsletter, draft: Seeded) -> Press:
    """Ada turns something behind a reason of the draft."""
    return partial(turn, engine, newsletter.id or 0, ADA, settings, edition_id=draft.edition_id)


@pytest.fixture
def ranked(engine: Engine, draft: Seeded, press: Press) -> dict[int, EditionItem]:
    """The items as the rules rank them, before anything of theirs is turned."""
    press(way="boost", term="opera")
    return items_of(engine, draft)


@pytest.mark.parametrize("way", ["mute", "boost"])
def test_a_term_moves_the_stories_that_hold_it(
    engine: Engine, draft: Seeded, press: Press, ranked: dict[int, EditionItem], way: str
) -> None:
    hospital, points = draft.item_ids[6], {"mute": -3.0, "boost": 1.0}[way]
    assert press(way=way, term=" Hospital ").stories == 3
    now = items_of(engine, draft)
    assert (now[hospital].score < ranked[hospital].score) is (way == "mute")
    told = {reason["name"]: reason for reason in now[hospital].reasons}["wish"]
    assert (told["points"], told["words"]) == (points, f"you {way}{'d' if way == 'mute' else 'ed'} “Hospital”")
    assert told["levers"] == [{"kind": "term", "name": "Hospital", "source_id": 0}]
    moved = now[hospital].rank - ranked[hospital].rank
    assert moved >= 0 if way == "mute" else moved <= 0
    if way == "mute":
        assert now[hospital].rank == max(item.rank for item in now.values())


@pytest.mark.parametrize("way", ["mute", "boost"])
def test_a_source_moves_its_stories(
    engine: Engine, draft: Seeded, press: Press, ranked: dict[int, EditionItem], way: str
) -> None:
    item_id = draft.item_ids[5]
    with reading(engine) as session:
        source = session.exec(select(Source.id).where(Source.title == "Dry Run")).one() or 0
    press(way=way, source_id=source)
    now = items_of(engine, draft)
    assert f"Dry Run is {'muted' if way == 'mute' else 'boosted'} by an editor" in words(now[item_id])
    less = now[item_id].score < ranked[item_id].score
    assert less is (way == "mute")
    assert (now[item_id].rank > ranked[item_id].rank) is (way == "mute")


def test_the_parts_sum_to_the_score_and_every_place_is_taken_once(
    engine: Engine, draft: Seeded, press: Press, ranked: dict[int, EditionItem]
) -> None:
    press(way="mute", term="model")
    now = list(items_of(engine, draft).values())
    assert [item.rank for item in now] == list(range(1, 9))
    scores = [item.score for item in now]
    assert scores == sorted(scores, reverse=True)
    for item in now:
        assert sum(reason["points"] for reason in item.reasons) == item.score
        assert all(reason["words"] for reason in item.reasons)
        assert item.chance is not None
        assert 0 < item.chance < 1


def test_nothing_that_an_editor_has_made_is_touched(engine: Engine, draft: Seeded, press: Press) -> None:
    kept, skipped, later = draft.item_ids[0], draft.item_ids[5], draft.item_ids[6]
    write_item(engine, draft.edition_id, kept, ADA, version=1, headline="Our own words", blurb="Ours. In 1999.")
    decide(engine, draft.edition_id, skipped, Decision.SKIPPED, ADA, version=1, reason="old")
    decide(engine, draft.edition_id, later, Decision.LATER, ADA, version=1)
    before = {key: {name: getattr(item, name) for name in MINE} for key, item in items_of(engine, draft).items()}
    for term, way in (("model", "mute"), ("hospital", "boost"), ("chip", "mute")):
        press(way=way, term=term)
    now = items_of(engine, draft)
    assert {key: {name: getattr(item, name) for name in MINE} for key, item in now.items()} == before


def test_an_edition_that_is_approved_is_not_touched(engine: Engine, draft: Seeded, press: Press) -> None:
    with transaction(engine) as session:
        edition = session.get_one(Edition, draft.edition_id)
        edition.status, edition.sealed_hash = EditionStatus.APPROVED, "h" * 64
    before = {key: item.model_dump() for key, item in items_of(engine, draft).items()}
    done = press(way="mute", term="model")
    assert done == Reranked(0, 0)
    assert {key: item.model_dump() for key, item in items_of(engine, draft).items()} == before
    with reading(engine) as session:
        edition = session.get_one(Edition, draft.edition_id)
        assert (edition.status, edition.sealed_hash) == (EditionStatus.APPROVED, "h" * 64)


def test_what_was_turned_stands_in_the_log_once(engine: Engine, draft: Seeded, press: Press) -> None:
    for way in ("mute", "mute", "usual"):
        press(way=way, term="chip \u202e")
    for _ in range(2):
        press(way="boost", source_id=2)
    with reading(engine) as session:
        told = [(e.who, e.what, e.before, e.after) for e in session.exec(select(LogEntry).order_by(col(LogEntry.id)))]
    muted, usual = {"term": "chip", "points": -3.0}, {"term": "chip", "points": 0.0}
    assert told == [
        (ADA.email, "muted a term", usual, muted),
        (ADA.email, "weighed a term as usual", muted, usual),
        (ADA.email, "boosted a source", {"weight": 0.0}, {"source": "Saltmarsh Review", "weight": 1.0}),
    ]


@pytest.mark.parametrize(
    "wish",
    [
        {"way": "kill", "term": "chip"},
        {"way": "mute", "term": ""},
        {"way": "mute", "term": "x" * 81},
        {"way": "mute", "term": "x" * 5000},
        {"way": "mute", "source_id": 999_999_999},
        {"way": "mute", "source_id": -1},
        {"way": "", "source_id": 1},
        {"way": "mute", "term": "chip", "edition_id": 999_999_999},
    ],
)
def test_what_cannot_be_turned_is_refused_whole(
    engine: Engine, draft: Seeded, press: Press, wish: dict[str, object]
) -> None:
    before = {key: item.model_dump() for key, item in items_of(engine, draft).items()}
    with pytest.raises((WorkflowError, MastheadError)):
        press(**wish)
    assert {key: item.model_dump() for key, item in items_of(engine, draft).items()} == before
    with reading(engine) as session:
        assert session.exec(select(LogEntry)).all() == []


def test_a_flag_that_was_cleared_stays_cleared_and_one_by_hand_stays(
    engine: Engine, settings: Settings, newsletter: Newsletter, draft: Seeded
) -> None:
    careful = settings.model_copy(
        update={"newsletter": settings.newsletter.model_copy(update={"flag_words": ("hospital", "licences")})}
    )
    cleared, by_hand = draft.item_ids[6], draft.item_ids[5]
    turn(engine, newsletter.id or 0, ADA, careful, way="mute", term="theatre", edition_id=draft.edition_id)
    with transaction(engine) as session:
        found = session.get_one(EditionItem, cleared)
        assert (found.tier, len(found.flags)) == (Tier.FLAGGED, 1)
        found.flags = [{**found.flags[0], "by": ADA.email}]
        item = session.get_one(EditionItem, by_hand)
        item.flags, item.tier = [{"kind": "by hand", "words": "look", "by": ""}], Tier.FLAGGED
        session.get_one(EditionItem, draft.item_ids[7]).channel = Channel.BY_HAND
    turn(engine, newsletter.id or 0, ADA, careful, way="mute", term="opera", edition_id=draft.edition_id)
    now = items_of(engine, draft)
    assert [flag["by"] for flag in now[cleared].flags] == [ADA.email]
    assert now[cleared].tier is Tier.OPEN
    assert (now[by_hand].tier, now[by_hand].flags[0]["words"]) == (Tier.FLAGGED, "look")
    fresh = now[draft.item_ids[7]]
    assert (fresh.tier, fresh.channel) == (Tier.FLAGGED, Channel.BY_HAND)
    assert fresh.flags == [{"kind": "brand safety", "words": "“licences” in the title", "by": ""}]


def test_a_queue_that_has_grown_beyond_its_measure_is_ranked_whole(
    engine: Engine, newsletter: Newsletter, settings: Settings, draft: Seeded
) -> None:
    small = settings.model_copy(update={"newsletter": settings.newsletter.model_copy(update={"queue_most": 2})})
    turn(engine, newsletter.id or 0, ADA, small, way="mute", term="opera", edition_id=draft.edition_id)
    scores = [item.score for item in items_of(engine, draft).values()]
    assert scores == sorted(scores, reverse=True)
