"""What SES says about a letter, read from its JSON: both shapes, raw or in SNS's envelope. Pure.

Shapes: docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html (`eventType`) and
docs.aws.amazon.com/ses/latest/dg/notification-contents.html (`notificationType`, without message tags).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from flows.errors import EventError
from flows.events.plain import plain_text
from flows.models import EventKind

MAX_BYTES = 256 * 1024  # an event has its mail's headers cut at 10 KB; anything near this is none
_DELIVERY_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")
_MESSAGE_ID = re.compile(r"[!-~]{1,120}")
_LONGEST_ADDRESS = 320
_NOT_IN_LINKS = re.compile(r"[\s<>\"\x00-\x1f\x7f]")  # blanks, and what could be taken for markup

# docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types
_CONTENT_SUBTYPES = frozenset({"ContentRejected", "AttachmentRejected", "MessageTooLarge"})


@dataclass(frozen=True)
class Came:
    """One thing that happened to one letter.

    `delivery_id` is our own tag, "" if there was none; `address` is whom the letter was written to;
    `bounce` is "Type/SubType" of a bounce; `key` is the same whenever the same thing is told again.
    """

    kind: EventKind
    at: datetime
    provider_id: str
    delivery_id: str
    address: str
    bounce: str
    detail: str
    key: str


@dataclass(frozen=True)
class _Shape:
    """Where an event keeps its own part, whom it names in there, and what tells two of its kind apart."""

    kind: EventKind
    part: str
    recipients: str = ""  # a list in the part; without one, the mail's destination is meant
    apart: tuple[str, ...] = ()  # of these fields, the first that is there tells two events apart
    detail: tuple[str, ...] = ()


_SHAPES: Mapping[str, _Shape] = {
    "Send": _Shape(EventKind.SEND, "send"),
    "Delivery": _Shape(EventKind.DELIVERY, "delivery", "recipients", detail=("smtpResponse", "reportingMTA")),
    "DeliveryDelay": _Shape(
        EventKind.DELAY, "deliveryDelay", "delayedRecipients", apart=("timestamp",), detail=("delayType",)
    ),
    "Bounce": _Shape(
        EventKind.BOUNCE,
        "bounce",
        "bouncedRecipients",
        apart=("feedbackId", "timestamp"),
        detail=("bounceType", "bounceSubType"),
    ),
    "Complaint": _Shape(
        EventKind.COMPLAINT,
        "complaint",
        "complainedRecipients",
        apart=("feedbackId", "timestamp"),
        detail=("complaintFeedbackType", "complaintSubType", "userAgent"),
    ),
    "Reject": _Shape(EventKind.REJECT, "reject", detail=("reason",)),
    "Rendering Failure": _Shape(EventKind.RENDERING_FAILURE, "failure", detail=("errorMessage", "templateName")),
    "Open": _Shape(EventKind.OPEN, "open", apart=("timestamp",), detail=("userAgent",)),
    "Click": _Shape(EventKind.CLICK, "click", apart=("timestamp",)),
    "Subscription": _Shape(
        EventKind.SUBSCRIPTION, "subscription", apart=("timestamp",), detail=("source", "contactList")
    ),
}


def parse(body: str) -> tuple[Came, ...]:
    """Everything one message of the queue says: one Came for each letter's recipient.

    Empty for what SES and SNS send to say nothing (a test of the subscription). Raises EventError.
    """
    if len(body) > MAX_BYTES or len(body.encode("utf-8", "replace")) > MAX_BYTES:
        raise EventError(f"it is longer than {MAX_BYTES // 1024} KiB, and no event of SES is.")
    document = _object(body, "the message")
    if "Message" in document and "Type" in document:
        if document["Type"] != "Notification":
            raise EventError(f"SNS sent a {_named(document['Type'])}, not a Notification.")
        if not isinstance(document["Message"], str):
            raise EventError("the envelope of SNS holds no text.")
        if _is_greeting(document["Message"]):
            return ()
        document = _object(document["Message"], "what SNS carried")
    return _read(document)


def link_and_agent(detail: str) -> tuple[str, str]:
    """The link and the user agent in the detail of a click; "" for what was not told, or is forgotten.

    The first "; " parts them: a link has no blank, and the user agents of browsers are full of these.
    """
    link, _, agent = detail.partition("; ")
    return link, agent


def _is_greeting(message: str) -> bool:
    """SES greets a topic once when events are turned on."""
    return message.startswith("Successfully validated SNS topic for Amazon SES event publishing")


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventError(f"{what} is not JSON ({type(error).__name__}).") from error
    if not isinstance(document, dict):
        raise EventError(f"{what} is not a JSON object.")
    return document


def _read(document: dict[str, Any]) -> tuple[Came, ...]:
    name = document.get("eventType", document.get("notificationType"))
    if name == "AmazonSnsSubscriptionSucceeded":  # the greeting of the older kind
        return ()
    shape = _SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        raise EventError(f"it is of no kind that Masthead knows: {_named(name)}.")
    mail = _part(document, "mail")
    part = _part(document, shape.part, optional=shape.kind is EventKind.SEND)
    message_id = mail.get("messageId")
    if not isinstance(message_id, str) or not _MESSAGE_ID.fullmatch(message_id):
        raise EventError("its mail has no usable messageId.")
    kind, bounce = _bounce(part) if shape.kind is EventKind.BOUNCE else (shape.kind, "")
    at = _moment(part.get("timestamp", mail.get("timestamp")))
    return tuple(
        Came(
            kind=kind,
            at=at,
            provider_id=message_id,
            delivery_id=_tag(mail, "delivery"),
            address=address,
            bounce=bounce,
            detail=_click_detail(part) if shape.kind is EventKind.CLICK else _joined(part, shape, said),
            key=_key(shape, message_id, address, part),
        )
        for address, said in _recipients(mail, part, shape)
    )


def _part(document: dict[str, Any], name: str, *, optional: bool = False) -> dict[str, Any]:
    part = document.get(name, {} if optional else None)
    if not isinstance(part, dict):
        raise EventError(f"its part “{name}” is missing.")
    return part


def _bounce(part: dict[str, Any]) -> tuple[EventKind, str]:
    kind, subtype = (_word(part.get(name)) for name in ("bounceType", "bounceSubType"))
    if kind not in {"Permanent", "Transient", "Undetermined"}:
        raise EventError(f"it is a bounce of no type that Masthead knows: {_named(part.get('bounceType'))}.")
    said = f"{kind}/{subtype}"
    if subtype in _CONTENT_SUBTYPES:
        return EventKind.CONTENT_REFUSED, said
    return (EventKind.BOUNCE if kind == "Permanent" else EventKind.SOFT_BOUNCE), said


def _recipients(mail: dict[str, Any], part: dict[str, Any], shape: _Shape) -> list[tuple[str, list[str]]]:
    """Whom it is about, each with what their mail server said.

    Our letters have one recipient, and that one is meant even where the event names another (a forwarding
    server's final recipient, a mailbox provider's redacted one) or, as automatic replies do, nobody.
    """
    destination = [_address(entry) for entry in _list(mail.get("destination"))]
    named = [_named_recipient(entry) for entry in _list(part.get(shape.recipients))] if shape.recipients else []
    if len(destination) == 1:
        return [(destination[0], [word for _, said in named for word in said])]
    return named or [(address, []) for address in destination] or [("", [])]


def _named_recipient(entry: object) -> tuple[str, list[str]]:
    if isinstance(entry, dict):
        return _address(entry.get("emailAddress")), _details(entry, ("status", "diagnosticCode"))
    return _address(entry), []


def _address(value: object) -> str:
    text = plain_text(value if isinstance(value, str) else "", limit=4 * _LONGEST_ADDRESS)
    if "<" in text and text.endswith(">"):
        text = text[text.rindex("<") + 1 : -1]
    return text[:_LONGEST_ADDRESS]


def _joined(part: dict[str, Any], shape: _Shape, said: list[str]) -> str:
    return plain_text("; ".join(_details(part, shape.detail) + said))


def _click_detail(part: dict[str, Any]) -> str:
    """“link; user agent”, so that `link_and_agent` can tell them apart: no link has a blank here."""
    link, agent = (value if isinstance(value := part.get(name), str) else "" for name in ("link", "userAgent"))
    link = _NOT_IN_LINKS.sub(lambda sign: quote(sign[0]), link.strip())
    return plain_text(f"{link}; {agent}" if agent.strip() else link)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _details(part: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [value for name in names if isinstance(value := part.get(name), str) and value]


def _tag(mail: dict[str, Any], name: str) -> str:
    """A message tag's value; tags come as lists. Anything that cannot be one of our ids counts as none."""
    tags = mail.get("tags")
    values = _list(tags.get(name)) if isinstance(tags, dict) else []
    value = values[0] if values else ""
    return value if isinstance(value, str) and _DELIVERY_ID.fullmatch(value) else ""


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise EventError("its time cannot be read.") from error


def _key(shape: _Shape, message_id: str, address: str, part: dict[str, Any]) -> str:
    """The same for the same happening, whichever shape or envelope it came in, and however often."""
    apart = next((part[name] for name in shape.apart if isinstance(part.get(name), str)), "")
    extra = part.get("link", "") if shape.kind is EventKind.CLICK else ""
    parts = [shape.kind.value, message_id, address.lower(), apart, extra]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _word(value: object) -> str:
    return plain_text(value, limit=60) if isinstance(value, str) else ""


def _named(value: object) -> str:
    return f"“{_word(value)}”" if isinstance(value, str) else "it has no name"
