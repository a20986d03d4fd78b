import email
import email.policy
import quopri
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.errors import LetterError
from flows.letters.headers import checked_address, mailbox, one_line, unstructured
from flows.letters.letter import Body, build, check_headers, joined, quoted_printable
from tests.letters.samples import sample_envelope

BODY = Body("<p>Größe</p>\n", "Größe\n")
EXPECTED = [
    "From",
    "Reply-To",
    "Subject",
    "MIME-Version",
    "To",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "X-Masthead-Delivery",
    "Content-Type",
]
HOSTILE = (
    "Hi\r\nBcc: thief@evil.example",
    "Hi\nBcc: thief@evil.example",
    "Hi\r\n\r\n<script>",
    "=?utf-8?q?Hi=0D=0ABcc=3A_thief=40evil.example?=",
    "=?utf-8?b?SGkNCkJjYzogdGhpZWZAZXZpbC5leGFtcGxl?=",
    "Hi\x00\x0b\x85\u2028Bcc: thief@evil.example",
    "\u202egnihton\u202c \u2066x\u2069",
    "a" * 998,
    "ü" * 998,
    "word " * 199,
    "👩‍👩‍👧‍👦 family 🇩🇪",
    'comma, "quote" \\ <angle@evil.example>',
    "\ud800 lone",
)
texts = st.text(max_size=200) | st.sampled_from(HOSTILE)


def parse(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def all_defects(message: EmailMessage) -> list[object]:
    header_defects = [defect for value in message.values() for defect in value.defects]
    return [*header_defects, *(defect for part in message.walk() for defect in part.defects)]


@settings(max_examples=150, deadline=None)
@given(subject=texts, name=texts)
@example(subject=HOSTILE[0], name=HOSTILE[3])
@example(subject=HOSTILE[3], name=HOSTILE[11])
def test_U01_S14_a_built_letter_reads_back_as_it_was_meant(subject: str, name: str) -> None:
    subject = f"S {subject}"
    raw = build(sample_envelope(subject=subject, to_name=name), BODY)
    message = parse(raw)
    assert message.keys() == EXPECTED
    assert all_defects(message) == []
    assert message["Subject"] == one_line(subject)
    assert [found.addr_spec for found in message["To"].addresses] == ["ada@example.org"]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    assert b"\x00" not in raw
    assert raw.count(b"\n") == raw.count(b"\r\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_S14_no_header_can_be_smuggled_in(text: str) -> None:
    envelope = sample_envelope(
        subject=f"x{text}", to_name=text, list_name=text, sender=f"{text} <post@newsletter.example>"
    )
    message = parse(build(envelope, BODY))
    assert message["Bcc"] is None
    assert sorted(message.keys()) == sorted(EXPECTED)
    assert len(message["To"].addresses) == 1
    assert [found.addr_spec for found in message["From"].addresses] == ["post@newsletter.example"]


def test_both_parts_come_through_whole() -> None:
    text = "Grüße\n\n.a line with a dot\nFrom here\ntrailing space \n" + "long " * 50
    html = "<p>" + "ß" * 500 + "</p>\n<p>\ttab</p>"
    message = parse(build(sample_envelope(), Body(html, text)))
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().replace("\r\n", "\n") == text
    assert rich.get_content().replace("\r\n", "\n") == html
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_letter_of_text_alone_has_one_part() -> None:
    message = parse(build(sample_envelope(), Body("", "Hello\n")))
    assert message.get_content_type() == "text/plain"
    assert message["Content-Transfer-Encoding"] == "quoted-printable"
    assert message.get_content().strip() == "Hello"


def test_S14_a_long_link_to_unsubscribe_stays_plain_and_on_one_line() -> None:
    link = "https://newsletter.example/u/" + "a-Z_9." * 120
    raw = build(sample_envelope(unsubscribe_link=link), BODY)
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


@pytest.mark.parametrize(
    "link",
    [
        "",
        "mailto:x@y.example",
        "https://x.example/a b",
        "https://x.example/>\r\nBcc: a@b.example",
        "https://ü.example/",
    ],
)
def test_S14_a_link_that_cannot_stand_in_the_header_is_refused(link: str) -> None:
    with pytest.raises(LetterError, match="link to unsubscribe"):
        build(sample_envelope(unsubscribe_link=link), BODY)


@pytest.mark.parametrize(
    "address",
    [
        "a@e.example, b@x.example",
        "a@e.example; b@x.example",
        "friends: a@e.example, b@x.example;",
        "a(comment)@e.example",
        '"quoted local"@e.example',
        '"a@e.example, b"@x.example',
        "a@b@c.example",
        "<a@e.example>",
        "a@e.example\r\nBcc: b@x.example",
        "a@e.example\x00",
        "a@[127.0.0.1]",
        ".a@e.example",
        "a..b@e.example",
        "a@-e.example",
        "@e.example",
        "a@",
        "a",
        "",
        "a@" + "x" * 400 + ".example",
    ],
)
def test_U02_a_letter_goes_to_one_address_only(address: str) -> None:
    with pytest.raises(LetterError, match="not a single address"):
        build(sample_envelope(to_address=address), BODY)


def test_U03_a_local_part_beyond_ascii_is_refused() -> None:
    with pytest.raises(LetterError, match="not ASCII"):
        build(sample_envelope(to_address="żaneta@example.org"), BODY)


def test_U03_an_international_domain_is_written_as_a_label() -> None:
    assert checked_address("ada@bücher.example") == "ada@xn--bcher-kva.example"
    assert parse(build(sample_envelope(to_address="ada@bücher.example"), BODY))["To"].addresses[0].domain == (
        "xn--bcher-kva.example"
    )


def test_a_letter_without_subject_or_text_is_refused() -> None:
    with pytest.raises(LetterError, match="subject"):
        build(sample_envelope(subject=" \r\n "), BODY)
    with pytest.raises(LetterError, match="text part"):
        build(sample_envelope(), Body("<p>x</p>", ""))


@pytest.mark.parametrize("field", ["delivery_id", "message_id_domain", "list_id"])
def test_U01_the_small_fields_hold_no_break_either(field: str) -> None:
    with pytest.raises(LetterError, match="cannot stand in a header"):
        build(sample_envelope(**{field: "x\r\nBcc: a@b.example"}), BODY)


def test_S14_headers_that_say_something_else_never_leave() -> None:
    envelope = sample_envelope()
    fields = {"Subject": envelope.subject, "To": envelope.to_address}
    for head in (
        "Subject: hi\r\nBcc: a@b.example\r\nTo: ada@example.org\r\n",
        "Subject: hi\r\nTo: ada@example.org\r\n",
        "Subject: hi\r\n\r\nTo: ada@example.org\r\n",
        "Subject: " + "x" * 1000 + "\r\n",
    ):
        with pytest.raises(LetterError):
            check_headers(head, fields, envelope)


def test_a_note_carries_no_list_headers_and_says_that_it_is_automatic() -> None:
    message = parse(build(sample_envelope(list_id="", automatic=True), BODY))
    assert message["List-Id"] is None
    assert message["List-Unsubscribe"] is None
    assert message["Auto-Submitted"] == "auto-generated"


def test_message_id_and_list_id_are_the_deliverys_and_the_lists() -> None:
    message = parse(build(sample_envelope(list_name="Größe, wöchentlich"), BODY))
    assert message["Message-ID"] == "<d00001@newsletter.example>"
    assert message["List-Id"].endswith("<gradient-post.newsletter.example>")
    assert message["X-Masthead-Delivery"] == "d00001"


@given(st.text())
def test_quoted_printable_gives_back_every_text(text: str) -> None:
    encoded = quoted_printable(text)
    clean = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    assert quopri.decodestring(encoded).replace(b"\r\n", b"\n") == clean
    assert max(map(len, encoded.split(b"\r\n"))) <= 76
    assert encoded.count(b"\n") == encoded.count(b"\r\n")


@given(st.lists(st.text()))
def test_joined_pieces_leave_no_trace_of_the_joints(pieces: list[str]) -> None:
    clean = [piece.replace("\r", "") for piece in pieces]
    whole = joined([quoted_printable(piece) for piece in clean])
    assert quopri.decodestring(whole).replace(b"\r\n", b"\n") == "".join(clean).encode("utf-8", "replace")
    assert max(map(len, whole.split(b"\r\n"))) <= 76


def test_a_plain_subject_is_folded_and_a_plain_name_is_left_alone() -> None:
    subject = "A subject of many plain words " * 6
    assert all(len(line) <= 78 for line in f"Subject: {unstructured('Subject', subject)}".split("\r\n"))
    assert mailbox("Ada Moreno", "ada@example.org") == "Ada Moreno <ada@example.org>"
    assert mailbox("Moreno, Ada", "ada@example.org") == '"Moreno, Ada" <ada@example.org>'
    assert mailbox("", "ada@example.org") == "ada@example.org"
