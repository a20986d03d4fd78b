import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from flows.errors import LetterError, TemplateError
from flows.letters.notes import build_note
from flows.settings import NewsletterSettings, Settings
from tests.letters.samples import NOTES

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
SETTINGS = Settings(data=Path("/nonexistent"))
HOSTILE = "{{ 7 * 7 }}</mj-text><script>alert(1)</script>\r\nBcc: thief@evil.example"


def note(template: str, **changes: Any) -> EmailMessage:
    values = {**NOTES[template], **changes}
    raw = build_note(template, values, to="reader@example.org", settings=SETTINGS, now=NOW)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("template", sorted(NOTES))
def test_every_note_is_a_whole_letter_outside_the_list(template: str) -> None:
    message = note(template)
    assert [defect for found in message.walk() for defect in found.defects] == []
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] is None
    assert message["List-Unsubscribe"] is None
    assert SETTINGS.newsletter.postal_address in part(message, "plain")
    assert NOTES[template]["link"] in part(message, "plain")
    assert NOTES[template]["link"] in part(message, "html")
    assert "{{" not in part(message, "html") + part(message, "plain")


def test_a_confirmation_holds_nothing_that_was_typed_into_the_form() -> None:
    message = note("confirm", name="Buy pills at evil.example", email="x", note="pills", text="pills", title="pills")
    whole = str(message) + part(message, "html") + part(message, "plain")
    assert "pills" not in whole
    assert "The link works for 7 days." in part(message, "plain")


def test_a_confirmation_says_what_to_do_if_it_was_not_you() -> None:
    for language, words in {"en": "do nothing", "de": "Dann tun Sie nichts"}.items():
        message = note("confirm", language=language)
        assert words in " ".join(part(message, "plain").split())
        assert part(message, "html").count('role="presentation" align="left"') <= 1
        assert words in part(message, "html")


@pytest.mark.parametrize(
    ("wanted", "own", "subject"),
    [
        ("de-CH", "en", "Bitte bestätigen: The Gradient Post"),
        ("", "de", "Bitte bestätigen: The Gradient Post"),
        ("fr", "en", "Please confirm: The Gradient Post"),
    ],
)
def test_a_reader_is_written_to_in_her_own_language(wanted: str, own: str, subject: str) -> None:
    settings = Settings(data=Path("/nonexistent"), newsletter=NewsletterSettings(language=own))
    values = {**NOTES["confirm"], "language": wanted}
    raw = build_note("confirm", values, to="reader@example.org", settings=settings, now=NOW)
    assert email.message_from_bytes(raw, policy=email.policy.default)["Subject"] == subject


@pytest.mark.parametrize("template", ["notice", "draft-ready"])
def test_E07_words_in_a_note_are_never_a_template(template: str) -> None:
    story = {"headline": HOSTILE, "reason": HOSTILE, "source": HOSTILE}
    message = note(template, kind=HOSTILE, text=HOSTILE, due=HOSTILE, number=HOSTILE, stories=[story])
    assert "{{ 7 * 7 }}" in part(message, "html")
    assert "<script>" not in part(message, "html")
    assert message["Bcc"] is None


def test_the_draft_tells_each_story_with_its_reason() -> None:
    message = note("draft-ready")
    for story in NOTES["draft-ready"]["stories"]:
        assert story["headline"] in part(message, "html")
        assert story["reason"] in " ".join(part(message, "plain").split())
    assert message["Subject"] == "The Gradient Post: No. 48 is on your desk, 3 stories"
    assert "Friday, 27 November, 16:00" in part(message, "plain")


def test_a_notice_without_a_link_has_no_button() -> None:
    message = note("notice", link="")
    assert "Look at it on the desk" not in part(message, "html")


@pytest.mark.parametrize("template", ["notice", "draft-ready"])
def test_a_path_of_the_desk_becomes_a_whole_address(template: str) -> None:
    message = note(template, link="/desk/editions/7")
    assert f"{SETTINGS.address}/desk/editions/7" in part(message, "plain")
    assert f'href="{SETTINGS.address}/desk/editions/7"' in part(message, "html")


def test_the_same_note_at_the_same_time_is_the_same_message() -> None:
    assert note("notice")["Message-ID"] == note("notice")["Message-ID"]
    assert note("notice")["Message-ID"] != note("notice", text="other")["Message-ID"]
    raw = build_note("link", NOTES["link"], to="a@b.example", settings=SETTINGS, now=NOW, delivery_id="note-1")
    assert b"Message-ID: <note-1@newsletter.example>" in raw


def test_what_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(TemplateError, match="no note is called “welcome”"):
        build_note("welcome", {}, to="a@b.example", settings=SETTINGS, now=NOW)
    with pytest.raises(TemplateError, match="lacks the value 'link'"):
        build_note("confirm", {}, to="a@b.example", settings=SETTINGS, now=NOW)
    with pytest.raises(TemplateError, match="not a link"):
        note("confirm", link="javascript:alert(1)")
    with pytest.raises(LetterError, match="single address"):
        build_note("link", NOTES["link"], to="a@b.example, c@d.example", settings=SETTINGS, now=NOW)
