"""What an editor does to a draft: each change once, on the version she saw, and written down."""

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import reading, transaction
from flows.editions.changes import Editor, decide, place, write_edition, write_item
from flows.errors import MastheadError, StaleEditError, WorkflowError
from flows.models import Decision, Edition, EditionItem, EditionStatus, LogEntry
from tests.conftest import NOW
from tests.editions.seed import Seeded

ADA = Editor("ada@newsletter.example", NOW)
BEN = Editor("ben@newsletter.example", NOW + timedelta(seconds=5))


def item_of(engine: Engine, item_id: int) -> EditionItem:
    with reading(engine) as session:
        return session.get_one(EditionItem, item_id)


def chosen(engine: Engine, draft: Seeded, section: str) -> list[tuple[int, int]]:
    """(position, item id) of a section, in order."""
    with reading(engine) as session:
        rows = session.exec(
            select(EditionItem)
            .where(EditionItem.edition_id == draft.edition_id, EditionItem.section == section)
            .where(EditionItem.decision == Decision.CHOSEN)
            .order_by(col(EditionItem.position))
        ).all()
    return [(item.position, item.id or 0) for item in rows]


def log_of(session: Session) -> list[LogEntry]:
    return list(session.exec(select(LogEntry).order_by(col(LogEntry.id))).all())


def test_a_chosen_story_comes_last_in_its_section_and_is_logged(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[5]  # Engineering, not suggested
    decide(engine, draft.edition_id, item_id, Decision.CHOSEN, ADA, version=1, section="Research")
    assert [position for position, _ in chosen(engine, draft, "Research")] == [1, 2, 3]
    assert chosen(engine, draft, "Research")[-1][1] == item_id
    item = item_of(engine, item_id)
    assert (item.version, item.decided_by, item.decided_at) == (2, ADA.email, NOW)
    with reading(engine) as session:
        (entry,) = log_of(session)
    assert (entry.who, entry.what, entry.item_id) == (ADA.email, "chose", item_id)
    assert entry.before == {"decision": "none"}
    assert entry.after["section"] == "Research"


def test_taking_a_story_out_closes_the_gap(engine: Engine, draft: Seeded) -> None:
    first, second = (item for _, item in chosen(engine, draft, "Research"))
    decide(engine, draft.edition_id, first, Decision.SKIPPED, ADA, version=1, reason="  we ran\tthis ")
    assert chosen(engine, draft, "Research") == [(1, second)]
    assert item_of(engine, first).skip_reason == "we ran this"


def test_back_to_the_queue_means_that_nobody_has_decided(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[0]
    decide(engine, draft.edition_id, item_id, Decision.LATER, ADA, version=1)
    decide(engine, draft.edition_id, item_id, Decision.NONE, ADA, version=2)
    item = item_of(engine, item_id)
    assert (item.decision, item.decided_by, item.decided_at) == (Decision.NONE, "", None)


def test_keeping_a_suggestion_makes_it_the_editors_own(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[0]
    before = chosen(engine, draft, "Research")
    decide(engine, draft.edition_id, item_id, Decision.CHOSEN, ADA, version=1, section="Research")
    assert item_of(engine, item_id).decided_by == ADA.email
    assert chosen(engine, draft, "Research") == before


def test_the_same_decision_twice_is_once(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[5]
    for _ in range(2):
        decide(engine, draft.edition_id, item_id, Decision.SKIPPED, ADA, version=1)
    assert item_of(engine, item_id).version == 2
    with reading(engine) as session:
        assert len(log_of(session)) == 1


def test_a_story_moves_within_its_section_and_stops_at_the_ends(engine: Engine, draft: Seeded) -> None:
    first, second = (item for _, item in chosen(engine, draft, "Research"))
    place(engine, draft.edition_id, second, ADA, version=1, step=-1)
    assert chosen(engine, draft, "Research") == [(1, second), (2, first)]
    place(engine, draft.edition_id, second, ADA, version=2, step=-1)
    assert item_of(engine, second).version == 2
    place(engine, draft.edition_id, second, ADA, version=2, position=99)
    assert chosen(engine, draft, "Research") == [(1, first), (2, second)]


def test_a_story_moves_to_a_place_in_another_section(engine: Engine, draft: Seeded) -> None:
    _, moved = chosen(engine, draft, "Research")[0]
    _, there = chosen(engine, draft, "Safety")[0]
    place(engine, draft.edition_id, moved, ADA, version=1, section="Safety", position=1)
    assert chosen(engine, draft, "Safety") == [(1, moved), (2, there)]
    assert [position for position, _ in chosen(engine, draft, "Research")] == [1]


def test_only_a_chosen_story_has_a_place(engine: Engine, draft: Seeded) -> None:
    with pytest.raises(WorkflowError, match="choose it first"):
        place(engine, draft.edition_id, draft.item_ids[6], ADA, version=1, step=1)


def test_words_are_made_fit_to_be_kept(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[0]
    write_item(
        engine,
        draft.edition_id,
        item_id,
        ADA,
        version=1,
        headline=" New\r\nline\u202e\x00 ",
        blurb="One.\r\n\r\nTwo.\x07 ",
    )
    item = item_of(engine, item_id)
    assert (item.headline, item.blurb) == ("New line", "One.\n\nTwo.")


def test_words_that_are_too_long_are_refused_and_named(engine: Engine, draft: Seeded) -> None:
    with pytest.raises(MastheadError, match="headline has 501 characters; 500 is the most"):
        write_item(engine, draft.edition_id, draft.item_ids[0], ADA, version=1, headline="x" * 501, blurb="")
    with pytest.raises(MastheadError, match="subject has 301"):
        write_edition(engine, draft.edition_id, ADA, version=1, words={"subject": "x" * 301})


def test_an_edition_has_no_other_words_than_its_own(engine: Engine, draft: Seeded) -> None:
    with pytest.raises(MastheadError, match="sealed_hash"):
        write_edition(engine, draft.edition_id, ADA, version=1, words={"sealed_hash": "x"})


def test_E14_the_second_editor_gets_both_versions_and_overwrites_nothing(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[0]
    write_item(engine, draft.edition_id, item_id, ADA, version=1, headline="Ada’s", blurb="A.")
    with pytest.raises(StaleEditError) as caught:
        write_item(engine, draft.edition_id, item_id, BEN, version=1, headline="Ben’s", blurb="B.")
    assert caught.value.theirs["headline"] == "Ada’s"
    assert caught.value.theirs["version"] == 2
    assert item_of(engine, item_id).headline == "Ada’s"
    with reading(engine) as session:
        assert [entry.who for entry in log_of(session)] == [ADA.email]


def test_E14_the_words_of_the_edition_have_a_version_too(engine: Engine, draft: Seeded) -> None:
    write_edition(engine, draft.edition_id, ADA, version=1, words={"subject": "Ada’s"})
    with pytest.raises(StaleEditError) as caught:
        write_edition(engine, draft.edition_id, BEN, version=1, words={"subject": "Ben’s"})
    assert caught.value.theirs["subject"] == "Ada’s"
    with reading(engine) as session:
        assert session.get_one(Edition, draft.edition_id).subject == "Ada’s"


def test_E14_of_many_at_once_exactly_one_wins(engine: Engine, draft: Seeded) -> None:
    item_id, count = draft.item_ids[0], 6
    won: list[int] = []
    lost: list[int] = []
    gate = threading.Barrier(count)

    def save(number: int) -> None:
        editor = Editor(f"editor{number}@newsletter.example", NOW)
        gate.wait()
        try:
            write_item(engine, draft.edition_id, item_id, editor, version=1, headline=f"No. {number}", blurb="")
        except StaleEditError:
            lost.append(number)
        else:
            won.append(number)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, count - 1)
    item = item_of(engine, item_id)
    assert (item.headline, item.version) == (f"No. {won[0]}", 2)


def test_whatever_editors_do_places_have_no_gaps(engine: Engine, draft: Seeded) -> None:
    chance = random.Random(7)
    sections = ["Research", "Engineering", "Safety"]
    for _ in range(30):
        item = item_of(engine, chance.choice(draft.item_ids))
        section, version = chance.choice(sections), item.version
        if item.decision is Decision.CHOSEN and chance.random() < 0.5:
            where = chance.randint(0, 9)
            place(engine, draft.edition_id, item.id or 0, ADA, version=version, section=section, position=where)
        else:
            wish = chance.choice(list(Decision))
            decide(engine, draft.edition_id, item.id or 0, wish, ADA, version=version, section=section)
        for name in (*sections, "Industry", "Applied"):
            positions = [position for position, _ in chosen(engine, draft, name)]
            assert positions == list(range(1, len(positions) + 1)), (item.id, section)


def test_what_is_going_out_cannot_be_changed(engine: Engine, draft: Seeded) -> None:
    with transaction(engine) as session:
        session.get_one(Edition, draft.edition_id).status = EditionStatus.SENDING
    with pytest.raises(WorkflowError):
        decide(engine, draft.edition_id, draft.item_ids[0], Decision.SKIPPED, ADA, version=1)
    with pytest.raises(WorkflowError):
        write_edition(engine, draft.edition_id, ADA, version=1, words={"subject": "x"})


def test_a_story_of_another_edition_is_not_touched(engine: Engine, draft: Seeded) -> None:
    with pytest.raises(WorkflowError, match="no such story"):
        decide(engine, draft.edition_id, 10_000, Decision.SKIPPED, ADA, version=1)
