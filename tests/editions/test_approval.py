"""Approving seals what was seen; any change afterwards takes it back."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.editions.approval import release, withdraw
from flows.editions.changes import Editor, decide, place, write_edition, write_item
from flows.editions.seal import check_seal, seal
from flows.editions.store import (
    approve,
    content_of,
    edition_by_number,
    ensure_newsletter,
    get_edition,
    list_editions,
)
from flows.errors import MastheadError, SealError, WorkflowError
from flows.models import (
    Article,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    Letter,
    LetterStatus,
    LogEntry,
    Source,
)
from flows.settings import Settings, load_settings
from tests.conftest import NOW
from tests.editions.desks import TEMPLATE
from tests.editions.seed import Seeded

ADA = "ada@newsletter.example"
EDITOR = Editor(ADA, NOW)


def seen(engine: Engine, draft: Seeded, settings: Settings) -> str:
    with reading(engine) as session:
        return seal(content_of(session, draft.edition_id, settings, template_hash=TEMPLATE))


def say_yes(engine: Engine, draft: Seeded, settings: Settings, hash_: str | None = None) -> str:
    return approve(
        engine,
        draft.edition_id,
        by=ADA,
        seen_hash=hash_ or seen(engine, draft, settings),
        settings=settings,
        template_hash=TEMPLATE,
        now=NOW,
    )


def edition_of(engine: Engine, draft: Seeded) -> Edition:
    with reading(engine) as session:
        return session.get_one(Edition, draft.edition_id)


def test_the_seal_holds_what_the_approver_saw(engine: Engine, draft: Seeded, settings: Settings) -> None:
    sealed = say_yes(engine, draft, settings)
    edition = edition_of(engine, draft)
    content = check_seal(edition.sealed_content, sealed)
    assert edition.status is EditionStatus.APPROVED
    assert (edition.sealed_by, edition.sealed_at, edition.sealed_hash) == (ADA, NOW, sealed)
    assert content.stories == 5
    assert [section.name for section in content.sections] == ["Research", "Engineering", "Industry", "Safety"]
    assert edition.send_at is not None
    assert edition.expires_at == edition.send_at + timedelta(hours=24)


def test_a_late_approval_has_its_patience_from_now_on(engine: Engine, draft: Seeded, settings: Settings) -> None:
    with transaction(engine) as session:
        session.get_one(Edition, draft.edition_id).send_at = NOW - timedelta(days=3)
    say_yes(engine, draft, settings)
    assert edition_of(engine, draft).expires_at == NOW + timedelta(hours=24)


def test_E19_approving_twice_is_once_and_the_log_names_who(engine: Engine, draft: Seeded, settings: Settings) -> None:
    first = say_yes(engine, draft, settings)
    assert say_yes(engine, draft, settings, first) == first
    with reading(engine) as session:
        entries = session.exec(select(LogEntry).where(LogEntry.what == "approved")).all()
    assert [(entry.who, entry.at, entry.after) for entry in entries] == [(ADA, NOW, {"hash": first})]


def test_E15_what_changed_since_the_approver_looked_is_not_approved(
    engine: Engine, draft: Seeded, settings: Settings
) -> None:
    before = seen(engine, draft, settings)
    write_edition(engine, draft.edition_id, EDITOR, version=1, words={"subject": "Other"})
    with pytest.raises(SealError, match="nothing was approved"):
        say_yes(engine, draft, settings, before)
    assert edition_of(engine, draft).status is EditionStatus.DRAFT


def _version(engine: Engine, item_id: int) -> int:
    with reading(engine) as session:
        return session.get_one(EditionItem, item_id).version


def _subject(engine: Engine, draft: Seeded) -> object:
    return write_edition(engine, draft.edition_id, EDITOR, version=1, words={"subject": "Other"})


def _closing(engine: Engine, draft: Seeded) -> object:
    return write_edition(engine, draft.edition_id, EDITOR, version=2, words={"closing": ""})


def _headline(engine: Engine, draft: Seeded) -> object:
    item = draft.item_ids[0]
    version = _version(engine, item)
    return write_item(engine, draft.edition_id, item, EDITOR, version=version, headline="Other", blurb="x")


def _order(engine: Engine, draft: Seeded) -> object:
    item = draft.item_ids[0]
    return place(engine, draft.edition_id, item, EDITOR, version=_version(engine, item), step=1)


def _one_less(engine: Engine, draft: Seeded) -> object:
    item = draft.item_ids[0]
    return decide(engine, draft.edition_id, item, Decision.SKIPPED, EDITOR, version=_version(engine, item))


def _one_more(engine: Engine, draft: Seeded) -> object:
    return decide(engine, draft.edition_id, draft.item_ids[6], Decision.CHOSEN, EDITOR, version=1)


def test_E15_any_edit_takes_the_approval_back(engine: Engine, draft: Seeded, settings: Settings) -> None:
    for change in (_subject, _closing, _headline, _order, _one_less, _one_more):
        say_yes(engine, draft, settings)
        assert getattr(change(engine, draft), "voided", False), change
        edition = edition_of(engine, draft)
        assert edition.status is EditionStatus.DRAFT
        assert (edition.sealed_hash, edition.sealed_by, edition.sealed_content) == ("", "", {})
    with reading(engine) as session:
        told = [entry.what for entry in session.exec(select(LogEntry)).all()]
    assert told.count("voided the approval by a change") == 6


def test_a_change_that_changes_nothing_leaves_the_approval(engine: Engine, draft: Seeded, settings: Settings) -> None:
    say_yes(engine, draft, settings)
    subject = edition_of(engine, draft).subject
    write_edition(engine, draft.edition_id, EDITOR, version=1, words={"subject": subject})
    assert edition_of(engine, draft).status is EditionStatus.APPROVED


def test_E15_settings_are_part_of_what_is_signed(engine: Engine, draft: Seeded, settings: Settings) -> None:
    hashes = {seen(engine, draft, settings)}
    changes = {
        "sender": "Other <other@newsletter.example>",
        "reply_to": "desk@newsletter.example",
        "name": "Other Post",
        "postal_address": "Somewhere else 12, Berlin",
        "list_id_domain": "other.example",
        "accent": "#004488",
        "language": "de",
        "tagline": "Other",
    }
    for name, value in changes.items():
        changed = load_settings(settings.data, database_url=settings.database_url, newsletter={name: value})
        hashes.add(seen(engine, draft, changed))
    assert len(hashes) == 1 + len(changes)


def test_E15_template_schedule_and_articles_are_part_of_what_is_signed(
    engine: Engine, draft: Seeded, settings: Settings
) -> None:
    hashes = {seen(engine, draft, settings)}
    with reading(engine) as session:
        hashes.add(seal(content_of(session, draft.edition_id, settings, template_hash="u" * 64)))
    with transaction(engine) as session:
        session.get_one(Edition, draft.edition_id).send_at = NOW
    hashes.add(seen(engine, draft, settings))
    with transaction(engine) as session:
        article = session.get_one(EditionItem, draft.item_ids[0]).article_id
        session.get_one(Article, article).link = "https://elsewhere.example/"
    hashes.add(seen(engine, draft, settings))
    with transaction(engine) as session:
        session.get_one(Source, session.get_one(Article, article).source_id).title = "Another name"
    hashes.add(seen(engine, draft, settings))
    assert len(hashes) == 5


def test_a_shut_gate_refuses_the_approval_in_words(engine: Engine, draft: Seeded, settings: Settings) -> None:
    write_edition(engine, draft.edition_id, EDITOR, version=1, words={"subject": ""})
    with pytest.raises(WorkflowError, match=r"The edition has no subject\. Write one\."):
        say_yes(engine, draft, settings)


def test_withdrawing_brings_the_edition_back_and_keeps_its_words(
    engine: Engine, draft: Seeded, settings: Settings
) -> None:
    say_yes(engine, draft, settings)
    for _ in range(2):
        withdraw(engine, draft.edition_id, by=ADA, now=NOW)
    assert edition_of(engine, draft).status is EditionStatus.DRAFT
    say_yes(engine, draft, settings)
    assert edition_of(engine, draft).status is EditionStatus.APPROVED


def test_what_is_being_sent_is_not_withdrawn(engine: Engine, draft: Seeded) -> None:
    with transaction(engine) as session:
        session.get_one(Edition, draft.edition_id).status = EditionStatus.SENDING
    with pytest.raises(WorkflowError, match="is being sent"):
        withdraw(engine, draft.edition_id, by=ADA, now=NOW)


def test_an_edition_held_back_goes_out_when_someone_says_so(engine: Engine, draft: Seeded, settings: Settings) -> None:
    sealed = say_yes(engine, draft, settings)
    with transaction(engine) as session:
        edition = session.get_one(Edition, draft.edition_id)
        edition.status, edition.pause_reason = EditionStatus.HELD, "a day late"
    with pytest.raises(WorkflowError):
        say_yes(engine, draft, settings, sealed)
    late = NOW + timedelta(days=9)
    for _ in range(2):
        release(engine, draft.edition_id, by=ADA, patience=timedelta(hours=24), now=late)
    edition = edition_of(engine, draft)
    assert (edition.status, edition.sealed_hash, edition.pause_reason) == (EditionStatus.APPROVED, sealed, "")
    assert edition.expires_at == late + timedelta(hours=24)


def test_a_new_approval_calls_the_roll_again(engine: Engine, draft: Seeded, settings: Settings) -> None:
    say_yes(engine, draft, settings)
    with transaction(engine) as session:
        edition = session.get_one(Edition, draft.edition_id)
        edition.audience_frozen_at, edition.audience_size = NOW, 1
        session.add(
            Letter(
                delivery_id="d1",
                edition_id=draft.edition_id,
                subscriber_id=1,
                address="a@b.example",
                status=LetterStatus.QUEUED,
            )
        )
    withdraw(engine, draft.edition_id, by=ADA, now=NOW)
    say_yes(engine, draft, settings)
    edition = edition_of(engine, draft)
    with reading(engine) as session:
        assert session.exec(select(Letter)).all() == []
    assert (edition.audience_frozen_at, edition.audience_size) == (None, 0)


def test_lists_for_scripts_tell_what_they_promise(engine: Engine, draft: Seeded, settings: Settings) -> None:
    say_yes(engine, draft, settings)
    with reading(engine) as session:
        (row,) = list_editions(session)
        whole = get_edition(session, draft.edition_id)
        assert edition_by_number(session, 12).id == draft.edition_id
        with pytest.raises(MastheadError, match="masthead editions list"):
            edition_by_number(session, 99)
        with pytest.raises(MastheadError):
            get_edition(session, 99)
    assert (row["number"], row["status"], row["chosen"], row["candidates"]) == (12, "approved", 5, 8)
    assert len(whole["stories"]) == 5
    assert whole["stories"][0]["reasons"]


def test_the_newsletter_is_made_once_and_follows_the_settings(engine: Engine, settings: Settings) -> None:
    with transaction(engine) as session:
        first = ensure_newsletter(session, settings, now=NOW).id
    renamed = load_settings(settings.data, database_url=settings.database_url, newsletter={"name": "Other Post"})
    with transaction(engine) as session:
        again = ensure_newsletter(session, renamed, now=NOW)
        assert (again.id, again.name) == (first, "Other Post")
