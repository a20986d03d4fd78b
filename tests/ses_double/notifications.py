"""The JSON that SES publishes about a message, made after the examples of its developer guide.

Sources: docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html and …-contents.html
(`eventType`), …/notification-contents.html (`notificationType`), and
docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (the wrapping).
"""

import json
from datetime import datetime, timedelta
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from tests.ses_double.accepted import Accepted

_ACCOUNT = "123456789012"
_NAMES = UUID("5f1c7f0e-3c8b-4f0e-9d3e-2f3f6d1c9a10")


class Fate(StrEnum):
    """What becomes of a message after SES has accepted it."""

    DELIVERED = "delivered"
    BOUNCE = "bounce"
    SOFT_BOUNCE = "soft_bounce"
    MAILBOX_FULL = "mailbox_full"
    CONTENT_REJECTED = "content_rejected"
    TOO_LARGE = "too_large"
    SUPPRESSED = "suppressed"
    ON_ACCOUNT_LIST = "on_account_list"
    COMPLAINT = "complaint"
    OUT_OF_OFFICE = "out_of_office"
    LATE_BOUNCE = "late_bounce"  # accepted by the other side, refused afterwards
    REJECT = "reject"
    DELAY = "delay"
    SILENT = "silent"  # a Send event, then nothing


# docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
SIMULATOR = {
    "success": Fate.DELIVERED,
    "bounce": Fate.BOUNCE,
    "complaint": Fate.COMPLAINT,
    "ooto": Fate.OUT_OF_OFFICE,
    "suppressionlist": Fate.SUPPRESSED,
}


def simulated(address: str) -> Fate | None:
    """The fate of a mailbox of the simulator; labels (bounce+one@…) are allowed, as SES does."""
    local, _, domain = address.lower().partition("@")
    return SIMULATOR.get(local.partition("+")[0]) if domain == "simulator.amazonses.com" else None


def events_of(mail: Accepted, fate: Fate) -> list[dict[str, Any]]:
    """Every event that SES would publish about a message, in the order they happen."""
    about = _mail(mail)
    events: list[dict[str, Any]] = [{"eventType": "Send", "mail": about, "send": {}}]
    return events + [made | {"mail": about} for made in _after(mail, fate)]


def _after(mail: Accepted, fate: Fate) -> list[dict[str, Any]]:
    delivery = _delivery(mail)
    bounces = {
        Fate.BOUNCE: ("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
        Fate.SOFT_BOUNCE: ("Transient", "General", "4.4.7", "smtp; 450 4.4.7 no answer"),
        Fate.MAILBOX_FULL: ("Transient", "MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full"),
        Fate.CONTENT_REJECTED: ("Transient", "ContentRejected", "5.6.1", "smtp; 554 content rejected"),
        Fate.TOO_LARGE: ("Transient", "MessageTooLarge", "5.3.4", "smtp; 552 5.3.4 message too large"),
        Fate.SUPPRESSED: (
            "Permanent",
            "Suppressed",
            "5.1.1",
            "Amazon SES has suppressed sending to this address because it has a recent history of bouncing "
            "as an invalid address.",
        ),
        Fate.ON_ACCOUNT_LIST: (
            "Permanent",
            "OnAccountSuppressionList",
            "5.1.1",
            "Amazon SES did not send the message to this address because it is on the suppression list "
            "for your account.",
        ),
    }
    if fate in bounces:
        return [_bounce(mail, *bounces[fate])]
    return {
        Fate.DELIVERED: [delivery],
        Fate.COMPLAINT: [delivery, _complaint(mail)],
        Fate.OUT_OF_OFFICE: [delivery, _bounce(mail, "Transient", "General", "", "")],
        Fate.LATE_BOUNCE: [delivery, _bounce(mail, *bounces[Fate.BOUNCE])],
        Fate.REJECT: [{"eventType": "Reject", "reject": {"reason": "Bad content"}}],
        Fate.DELAY: [_delay(mail), delivery],
        Fate.SILENT: [],
    }[fate]


def as_feedback(event: dict[str, Any]) -> dict[str, Any] | None:
    """The same in the older shape (`notificationType`), which knows three kinds and carries no tags."""
    if event["eventType"] not in {"Bounce", "Complaint", "Delivery"}:
        return None
    rest = {key: value for key, value in event.items() if key != "eventType"}
    mail = {key: value for key, value in event["mail"].items() if key != "tags"}
    return {"notificationType": event["eventType"]} | rest | {"mail": mail}


def wrapped(event: dict[str, Any], *, region: str) -> dict[str, Any]:
    """The event as SNS puts it into a queue when raw delivery is off."""
    message = json.dumps(event)
    topic = f"arn:aws:sns:{region}:{_ACCOUNT}:ses-events"
    host = f"https://sns.{region}.amazonaws.com"
    return {
        "Type": "Notification",
        "MessageId": str(uuid5(_NAMES, message)),
        "TopicArn": topic,
        "Subject": "Amazon SES Email Event Notification",
        "Message": message,
        "Timestamp": _stamp(datetime.fromisoformat(event["mail"]["timestamp"])),
        "SignatureVersion": "1",
        "Signature": "RXhhbXBsZQ==",
        "SigningCertURL": f"{host}/SimpleNotificationService-{'0' * 32}.pem",
        "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={topic}:{'0' * 8}",
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _mail(mail: Accepted) -> dict[str, Any]:
    sender = parseaddr(mail.sender)[1]
    domain = sender.rpartition("@")[2]
    headers = BytesHeaderParser(policy=policy.compat32).parsebytes(mail.raw)
    return {
        "timestamp": _stamp(mail.at),
        "source": mail.sender,
        "sourceArn": f"arn:aws:ses:eu-west-1:{_ACCOUNT}:identity/{domain}",
        "sendingAccountId": _ACCOUNT,
        "messageId": mail.message_id,
        "destination": list(mail.addresses),
        "headersTruncated": False,
        "headers": [{"name": name, "value": str(value)} for name, value in headers.items()],
        "commonHeaders": {
            "from": [str(headers.get("From", ""))],
            "to": [str(headers.get("To", ""))],
            "messageId": mail.message_id,
            "subject": str(headers.get("Subject", "")),
        },
        "tags": {
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": [mail.configuration_set],
            "ses:source-ip": ["192.0.2.0"],
            "ses:from-domain": [domain],
            "ses:caller-identity": ["masthead"],
            **{name: [value] for name, value in mail.tags.items()},
        },
    }


def _delivery(mail: Accepted) -> dict[str, Any]:
    return {
        "eventType": "Delivery",
        "delivery": {
            "timestamp": _stamp(mail.at + timedelta(milliseconds=500)),
            "processingTimeMillis": 500,
            "recipients": list(mail.addresses),
            "smtpResponse": "250 2.6.0 Message received",
            "reportingMTA": "mta.example.com",
        },
    }


def _feedback_id(mail: Accepted, what: str) -> str:
    return f"{mail.message_id[:16]}-{uuid5(_NAMES, mail.message_id + what)}-000000"


def _bounce(mail: Accepted, kind: str, subtype: str, status: str, said: str) -> dict[str, Any]:
    recipients = []
    for address in mail.addresses:
        recipient = {"emailAddress": address}
        if status:  # present only when the other side sent a delivery status notification
            recipient |= {"action": "failed", "status": status, "diagnosticCode": said}
        recipients.append(recipient)
    return {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": subtype,
            "bouncedRecipients": recipients,
            "timestamp": _stamp(mail.at + timedelta(seconds=1)),
            "feedbackId": _feedback_id(mail, f"bounce {kind} {subtype}"),
            "reportingMTA": "dsn; mta.example.com",
        },
    }


def _complaint(mail: Accepted) -> dict[str, Any]:
    moment = _stamp(mail.at + timedelta(seconds=2))
    return {
        "eventType": "Complaint",
        "complaint": {
            "complainedRecipients": [{"emailAddress": address} for address in mail.addresses],
            "timestamp": moment,
            "feedbackId": _feedback_id(mail, "complaint"),
            "complaintSubType": None,
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": moment,
        },
    }


def _delay(mail: Accepted) -> dict[str, Any]:
    return {
        "eventType": "DeliveryDelay",
        "deliveryDelay": {
            "timestamp": _stamp(mail.at + timedelta(milliseconds=200)),
            "delayType": "TransientCommunicationFailure",
            "expirationTime": _stamp(mail.at + timedelta(hours=14)),
            "delayedRecipients": [
                {
                    "emailAddress": address,
                    "status": "4.4.1",
                    "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host",
                }
                for address in mail.addresses
            ],
        },
    }
