"""Events read from every shape SES gives them, and nothing else read as one."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import EventError
from flows.events.parse import MAX_BYTES, Came, parse
from flows.events.plain import DETAIL_BYTES
from flows.models import EventKind
from tests.events.recorded import NAMES, in_envelope, payload

KINDS = {
    "event_send": EventKind.SEND,
    "event_delivery": EventKind.DELIVERY,
    "event_bounce": EventKind.BOUNCE,
    "event_bounce_full": EventKind.SOFT_BOUNCE,
    "event_bounce_content": EventKind.CONTENT_REFUSED,
    "event_complaint": EventKind.COMPLAINT,
    "event_reject": EventKind.REJECT,
    "event_rendering_failure": EventKind.RENDERING_FAILURE,
    "event_delay": EventKind.DELAY,
    "event_open": EventKind.OPEN,
    "event_click": EventKind.CLICK,
    "event_subscription": EventKind.SUBSCRIPTION,
    "notification_bounce": EventKind.BOUNCE,
    "notification_complaint": EventKind.COMPLAINT,
    "notification_delivery": EventKind.DELIVERY,
    "notification_auto_reply": EventKind.SOFT_BOUNCE,
}


def one(event: dict[str, Any]) -> Came:
    (came,) = parse(json.dumps(event))
    return came


def test_every_recorded_payload_is_tried() -> None:
    assert sorted(KINDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_shape_is_read_raw_and_in_the_envelope_of_sns(name: str) -> None:
    event = payload(name)
    came = one(event)
    assert parse(in_envelope(event)) == (came,)
    assert came.kind is KINDS[name]
    assert came.address == "ada@readers.example"
    assert came.provider_id == event["mail"]["messageId"]
    assert came.delivery_id == ("d-7f3a" if name.startswith("event_") else "")
    assert came.at.isoformat().startswith("2026-11-16T0")
    assert 0 < len(came.key) <= 80


@pytest.mark.parametrize("kind", ["bounce", "complaint", "delivery"])
def test_W06_the_same_event_in_both_shapes_is_one(kind: str) -> None:
    assert one(payload(f"event_{kind}")).key == one(payload(f"notification_{kind}")).key


def test_different_events_have_different_keys() -> None:
    keys = {one(payload(name)).key for name in NAMES if name.startswith("event_")}
    # The three bounces are one feedback id told three ways: SES tells each feedback once.
    assert len(keys) == len([name for name in NAMES if name.startswith("event_")]) - 2


def test_two_delays_are_two_events() -> None:
    later = payload("event_delay")
    later["deliveryDelay"]["timestamp"] = "2026-11-16T07:20:05.000Z"
    assert one(later).key != one(payload("event_delay")).key


def test_one_event_may_name_several_recipients() -> None:
    event = payload("event_bounce")
    addresses = ["ada@readers.example", "Bob <bob@readers.example>"]
    event["mail"]["destination"] = ["ada@readers.example", "bob@readers.example"]
    event["bounce"]["bouncedRecipients"] = [{"emailAddress": address} for address in addresses]
    told = parse(json.dumps(event))
    assert [came.address for came in told] == ["ada@readers.example", "bob@readers.example"]
    assert len({came.key for came in told}) == 2


def test_a_forwarders_final_recipient_is_not_our_reader() -> None:
    event = payload("event_bounce")
    event["bounce"]["bouncedRecipients"][0]["emailAddress"] = "ada@elsewhere.example"
    assert one(event).address == "ada@readers.example"


def test_an_automatic_reply_that_names_nobody_is_about_whom_we_wrote_to() -> None:
    assert one(payload("notification_auto_reply")).address == "ada@readers.example"


def test_a_bounces_type_and_words_are_kept() -> None:
    came = one(payload("event_bounce"))
    assert came.bounce == "Permanent/General"
    assert came.detail == "Permanent; General; 5.1.1; smtp; 550 5.1.1 <ada@readers.example>: user unknown"


@pytest.mark.parametrize("subtype", ["ContentRejected", "AttachmentRejected", "MessageTooLarge"])
@pytest.mark.parametrize("kind", ["Transient", "Permanent"])
def test_W10_a_refusal_of_the_content_is_no_bounce_of_the_person(kind: str, subtype: str) -> None:
    event = payload("event_bounce")
    event["bounce"] |= {"bounceType": kind, "bounceSubType": subtype}
    assert one(event).kind is EventKind.CONTENT_REFUSED


@pytest.mark.parametrize(
    "tags",
    [
        None,
        [],
        {"delivery": []},
        {"delivery": "d-1"},
        {"delivery": [7]},
        {"delivery": ["d 1; drop"]},
        {"delivery": ["x" * 41]},
    ],
)
def test_a_tag_that_is_no_delivery_id_counts_as_none(tags: object) -> None:
    event = payload("event_delivery")
    event["mail"]["tags"] = tags
    assert one(event).delivery_id == ""


def test_W09_hostile_words_are_cut_to_two_kibibytes_of_text() -> None:
    event = payload("event_bounce")
    said = "\x1b[2J<script>x</script>" + "ü" * 20_000
    event["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = said
    detail = one(event).detail
    assert len(detail.encode()) <= DETAIL_BYTES
    assert "<script" not in detail
    assert "\x1b" not in detail


@pytest.mark.parametrize(
    "greeting",
    [
        in_envelope("Successfully validated SNS topic for Amazon SES event publishing."),
        in_envelope({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have …"}),
    ],
)
def test_what_ses_says_when_it_is_set_up_is_not_an_event(greeting: str) -> None:
    assert parse(greeting) == ()


def _without(name: str, *path: str) -> dict[str, Any]:
    event = payload(name)
    inner = event
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return event


JUNK = {
    "nothing": "",
    "no json": "{'eventType': 'Bounce'}",
    "truncated": json.dumps(payload("event_bounce"))[:-40],
    "a list": "[]",
    "a number": "7",
    "deep": "[" * 100_000,
    "a long number": "9" * 10_000,
    "300 KB": json.dumps(payload("event_bounce") | {"more": "x" * 300_000}),
    "many bytes": json.dumps({"more": "€" * (MAX_BYTES // 2)}, ensure_ascii=False),
    "unknown kind": json.dumps(payload("event_send") | {"eventType": "Teleported"}),
    "kind of no text": json.dumps(payload("event_send") | {"eventType": {"a": 1}}),
    "no kind": json.dumps(_without("event_send", "eventType")),
    "no mail": json.dumps(_without("event_send", "mail")),
    "no message id": json.dumps(_without("event_send", "mail", "messageId")),
    "long message id": json.dumps(payload("event_send") | {"mail": {"messageId": "x" * 200}}),
    "no part": json.dumps(_without("event_bounce", "bounce")),
    "part of no object": json.dumps(payload("event_bounce") | {"bounce": ["Permanent"]}),
    "new bounce type": json.dumps(payload("event_bounce") | {"bounce": {"bounceType": "Eternal"}}),
    "no time": json.dumps(payload("event_send") | {"mail": {"messageId": "x"}}),
    "no such time": json.dumps(payload("event_send") | {"mail": {"messageId": "x", "timestamp": "2026-13-01"}}),
    "time out of range": json.dumps(
        payload("event_send") | {"mail": {"messageId": "x", "timestamp": "0001-01-01T00:00:00+14:00"}}
    ),
    "a confirmation": json.dumps({"Type": "SubscriptionConfirmation", "Message": "x", "SubscribeURL": "http://x"}),
    "an envelope of nothing": json.dumps({"Type": "Notification", "Message": None}),
    "an envelope of junk": in_envelope("junk"),
    "an envelope in an envelope": in_envelope(in_envelope(payload("event_send"))),
}


@pytest.mark.parametrize("junk", JUNK)
def test_W06_what_is_no_event_is_refused_with_its_reason(junk: str) -> None:
    with pytest.raises(EventError) as caught:
        parse(JUNK[junk])
    assert 10 < len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_a_payload_with_any_value_in_any_place_is_read_or_refused(name: str, data: st.DataObject) -> None:
    event = payload(name)
    places = [(event, key) for key in event]
    places += [(inner, key) for inner in event.values() if isinstance(inner, dict) for key in inner]
    inner, key = data.draw(st.sampled_from(places))
    inner[key] = data.draw(VALUES)
    try:
        told = parse(json.dumps(event))
    except EventError:
        return
    for came in told:
        assert came.at.utcoffset() is not None
        assert len(came.detail.encode()) <= DETAIL_BYTES
        assert len(came.address) <= 320


ACCEPTANCE = os.environ.get("MASTHEAD_ACCEPTANCE_DATA", "")


@pytest.mark.skipif(not ACCEPTANCE, reason="MASTHEAD_ACCEPTANCE_DATA is not set: the guide's own examples")
def test_the_ten_examples_of_the_developer_guide_are_read() -> None:
    examples = json.loads((Path(ACCEPTANCE) / "events" / "ses_examples.json").read_text("utf-8"))
    kinds = {name: one(event).kind for name, event in examples.items()}
    assert kinds == {
        "Bounce record": EventKind.BOUNCE,
        "Complaint record": EventKind.COMPLAINT,
        "Delivery record": EventKind.DELIVERY,
        "Send record": EventKind.SEND,
        "Reject record": EventKind.REJECT,
        "Open record": EventKind.OPEN,
        "Click record": EventKind.CLICK,
        "Rendering Failure record": EventKind.RENDERING_FAILURE,
        "DeliveryDelay record": EventKind.DELAY,
        "Subscription record": EventKind.SUBSCRIPTION,
    }
