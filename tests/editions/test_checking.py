"""What a person answers for: claims that block the approval until she confirms them, and flagged stories."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.editions.approval import approve
from flows.editions.changes import Editor, decide, write_item
from flows.editions.checking import clear, confirm, flag, open_story
from flows.editions.claims import in_doubt
from flows.editions.content import content_of
from flows.editions.seal import seal
from flows.errors import StaleEditError, WorkflowError
from flows.models import (
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    LogEntry,
    Newsletter,
    SafetyExample,
    Tier,
    WrittenBy,
)
from flows.settings import Settings
from tests.conftest import NOW
from tests.editions.desks import TEMPLATE
from tests.editions.seed import Seeded

ADA = Editor("ada@newsletter.example", NOW)
EVE = Editor("eve@newsletter.example", NOW, senior=False)
SAFE = {"kind": "brand safety", "words": "“hospital” in the title", "by": ""}
WRONG = "Median latency fell from 840 to 777 milliseconds on the same eight cards."


def item_of(engine: Engine, item_id: int) -> EditionItem:
    with reading(engine) as session:
        return session.get_one(EditionItem, item_id)


def write(engine: Engine, draft: Seeded, blurb: str, editor: Editor = EVE) -> EditionItem:
    """Another blurb for the first story."""
    item = item_of(engine, draft.item_ids[0])
    write_item(
        engine, draft.edition_id, item.id or 0, editor, version=item.version, headline=item.headline, blurb=blurb
    )
    return item_of(engine, draft.item_ids[0])


def say_yes(engine: Engine, draft: Seeded, settings: Settings) -> str:
    with reading(engine) as session:
        seen = seal(content_of(session, draft.edition_id, settings, template_hash=TEMPLATE))
    return approve(
        engine,
        draft.edition_id,
        by=ADA.email,
        seen_hash=seen,
        settings=settings,
        template_hash=TEMPLATE,
        now=NOW,
    )


def mark(engine: Engine, item_id: int, *flags: dict[str, str]) -> None:
    """Flag a candidate as a draft does."""
    with transaction(engine) as session:
        item = session.get_one(EditionItem, item_id)
        item.flags, item.tier = [*flags], Tier.FLAGGED


def whats(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return [entry.what for entry in session.exec(select(LogEntry).order_by(col(LogEntry.id))).all()]


def examples(engine: Engine) -> list[tuple[int, bool]]:
    with reading(engine) as session:
        return [(example.article_id, example.unsuitable) for example in session.exec(select(SafetyExample)).all()]


def test_a_number_that_the_article_lacks_blocks_the_approval_until_a_person_confirms_it(
    engine: Engine, draft: Seeded, settings: Settings
) -> None:
    item = write(engine, draft, WRONG)
    (claim,) = item.claims
    assert (claim["field"], claim["kind"], claim["by"]) == ("blurb", "number", "")
    assert item.blurb[claim["start"] : claim["end"]] == claim["text"] == "777"
    with pytest.raises(WorkflowError, match=r"says what its article does not: “777”\. Confirm each of them"):
        say_yes(engine, draft, settings)
    confirm(engine, draft.edition_id, item.id or 0, EVE, version=item.version, which=0)
    after = item_of(engine, item.id or 0)
    assert (after.claims[0]["by"], after.version) == (EVE.email, item.version + 1)
    assert say_yes(engine, draft, settings)
    assert whats(engine) == ["edited a story", "confirmed a claim", "approved"]


def test_what_the_article_holds_is_no_claim(engine: Engine, draft: Seeded, settings: Settings) -> None:
    assert write(engine, draft, WRONG.replace("777", "390")).claims == []
    assert say_yes(engine, draft, settings)


def test_changed_words_are_checked_again_and_what_was_confirmed_stays_confirmed(engine: Engine, draft: Seeded) -> None:
    item = write(engine, draft, WRONG)
    confirm(engine, draft.edition_id, item.id or 0, EVE, version=item.version, which=0)
    more = write(engine, draft, f"{WRONG} Volunteers checked 555 transcripts.")
    assert {claim["text"]: claim["by"] for claim in more.claims} == {"777": EVE.email, "555": ""}
    assert [claim["text"] for claim in more.claims if not claim["by"]] == ["555"]
    moved = write(engine, draft, f"On the same eight cards, {WRONG[0].lower()}{WRONG[1:]}")
    (claim,) = moved.claims
    assert (claim["by"], moved.blurb[claim["start"] : claim["end"]]) == ("", "777")  # another sentence, another claim
    assert write(engine, draft, "").claims == []
    again = write(engine, draft, WRONG)
    assert [claim["by"] for claim in again.claims] == [""]  # it was gone, so it is asked anew
    assert again.blurb_by is WrittenBy.PERSON


def test_a_claim_is_confirmed_once_and_on_the_words_that_were_seen(engine: Engine, draft: Seeded) -> None:
    item = write(engine, draft, WRONG)
    item_id, version = item.id or 0, item.version
    with pytest.raises(StaleEditError):
        confirm(engine, draft.edition_id, item_id, EVE, version=version - 1, which=0)
    for which in (1, -1, 999_999_999):
        with pytest.raises(WorkflowError, match="no such claim"):
            confirm(engine, draft.edition_id, item_id, EVE, version=version, which=which)
    confirm(engine, draft.edition_id, item_id, EVE, version=version, which=0)
    confirm(engine, draft.edition_id, item_id, ADA, version=version, which=0)
    assert item_of(engine, item_id).claims[0]["by"] == EVE.email
    assert whats(engine) == ["edited a story", "confirmed a claim"]


def test_claims_of_a_story_that_is_not_chosen_block_nothing(engine: Engine, draft: Seeded) -> None:
    item = write(engine, draft, WRONG)
    with reading(engine) as session:
        assert in_doubt(session, draft.edition_id, ())[0] == {item.id or 0: ("777",)}
    decide(engine, draft.edition_id, item.id or 0, Decision.LATER, ADA, version=item.version)
    with reading(engine) as session:
        assert in_doubt(session, draft.edition_id, ()) == ({}, {})


def test_a_flagged_story_is_a_publishers_to_choose(engine: Engine, draft: Seeded, settings: Settings) -> None:
    item_id = draft.item_ids[6]
    mark(engine, item_id, SAFE)
    with pytest.raises(WorkflowError, match="a publisher decides whether it runs"):
        decide(engine, draft.edition_id, item_id, Decision.CHOSEN, EVE, version=1)
    assert item_of(engine, item_id).decision is Decision.NONE
    decide(engine, draft.edition_id, item_id, Decision.CHOSEN, ADA, version=1)
    item = item_of(engine, item_id)
    assert (item.decision, item.flags[0]["by"]) == (Decision.CHOSEN, ADA.email)
    assert say_yes(engine, draft, settings)


def test_an_editor_may_skip_or_keep_a_flagged_story(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[6]
    mark(engine, item_id, SAFE)
    decide(engine, draft.edition_id, item_id, Decision.LATER, EVE, version=1)
    decide(engine, draft.edition_id, item_id, Decision.SKIPPED, EVE, version=2)
    assert item_of(engine, item_id).flags == [SAFE]


def test_a_flag_by_hand_takes_a_merely_suggested_story_out_and_closes_the_gap(engine: Engine, draft: Seeded) -> None:
    first, second = draft.item_ids[0], draft.item_ids[4]  # both Research
    flag(engine, draft.edition_id, first, EVE, version=1, reason="  too \t close\nto us ")
    item = item_of(engine, first)
    assert (item.decision, item.position, item.suggested) == (Decision.NONE, 0, False)
    assert (item.tier, item.flags) == (Tier.FLAGGED, [{"kind": "by hand", "words": "too close to us", "by": ""}])
    assert item_of(engine, second).position == 1
    assert examples(engine) == []  # an editor asks; only a publisher teaches


def test_a_story_that_an_editor_chose_stays_and_blocks_the_approval(
    engine: Engine, draft: Seeded, settings: Settings
) -> None:
    item_id = draft.item_ids[0]
    decide(engine, draft.edition_id, item_id, Decision.CHOSEN, EVE, version=1)
    flag(engine, draft.edition_id, item_id, EVE, version=2, reason="")
    assert item_of(engine, item_id).decision is Decision.CHOSEN
    with pytest.raises(WorkflowError, match=r"is flagged: an editor wants it looked at\. A publisher clears it"):
        say_yes(engine, draft, settings)
    clear(engine, draft.edition_id, item_id, ADA, version=3)
    assert say_yes(engine, draft, settings)
    assert whats(engine) == ["chose", "flagged a story", "cleared a flagged story", "approved"]


def test_flagged_twice_is_once_and_on_another_version_refused(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[6]
    with pytest.raises(StaleEditError):
        flag(engine, draft.edition_id, item_id, EVE, version=7, reason="x")
    mark(engine, item_id, {"kind": "brand safety", "words": "without a name"})
    for reason in ("one", "two"):
        flag(engine, draft.edition_id, item_id, EVE, version=1, reason=reason)
    assert [each["words"] for each in item_of(engine, item_id).flags] == ["without a name", "one"]
    flag(engine, draft.edition_id, draft.item_ids[7], EVE, version=1, reason="x" * 900)
    assert len(item_of(engine, draft.item_ids[7]).flags[0]["words"]) == 200


def test_a_publisher_teaches_by_flagging_and_by_clearing(engine: Engine, draft: Seeded) -> None:
    item_id = draft.item_ids[6]
    article = item_of(engine, item_id).article_id
    flag(engine, draft.edition_id, item_id, ADA, version=1, reason="layoffs")
    assert examples(engine) == [(article, True)]
    later = replace(ADA, now=NOW + timedelta(hours=1))
    for _ in range(2):
        clear(engine, draft.edition_id, item_id, later, version=2)
    assert examples(engine) == [(article, False)]
    item = item_of(engine, item_id)
    assert (item.tier, item.flags[0]["by"], item.version) == (Tier.OPEN, ADA.email, 3)


def test_only_a_publisher_clears(engine: Engine, draft: Seeded) -> None:
    mark(engine, draft.item_ids[6], SAFE)
    with pytest.raises(WorkflowError, match="Only a publisher"):
        clear(engine, draft.edition_id, draft.item_ids[6], EVE, version=1)
    with pytest.raises(StaleEditError):
        clear(engine, draft.edition_id, draft.item_ids[6], ADA, version=9)
    assert item_of(engine, draft.item_ids[6]).flags == [SAFE]
    assert examples(engine) == []


def test_a_change_costs_an_approval(engine: Engine, draft: Seeded, settings: Settings) -> None:
    say_yes(engine, draft, settings)
    assert flag(engine, draft.edition_id, draft.item_ids[0], EVE, version=1, reason="x").voided
    with reading(engine) as session:
        assert session.get_one(Edition, draft.edition_id).status is EditionStatus.DRAFT


def test_a_story_is_opened_once_and_only_in_its_own_edition(
    engine: Engine, draft: Seeded, newsletter: Newsletter
) -> None:
    item_id = draft.item_ids[6]
    open_story(engine, draft.edition_id + 1, item_id, now=NOW)
    open_story(engine, draft.edition_id, 999_999_999, now=NOW)
    assert item_of(engine, item_id).opened_at is None
    for hours in (1, 2):
        open_story(engine, draft.edition_id, item_id, now=NOW + timedelta(hours=hours))
    item = item_of(engine, item_id)
    assert (item.opened_at, item.version) == (NOW + timedelta(hours=1), 1)
