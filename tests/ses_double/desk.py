"""What SES decides about a call: accepted, refused, throttled. Knows nothing of sockets."""

import re
import threading
from collections import deque
from dataclasses import dataclass, field, fields
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from random import Random
from typing import Any
from uuid import UUID

from flows.clock import monotonic_s, utc_now
from tests.ses_double.accepted import Accepted, AcceptLog
from tests.ses_double.model import Call, SesError
from tests.ses_double.notifications import Fate, events_of, simulated
from tests.ses_double.publisher import Habits, Publisher

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_MAX_RAW_BYTES = 40 * 2**20
_MAX_RECIPIENTS = 50


@dataclass
class Account:
    """The account's limits and state: all of this can be changed while the double runs."""

    quota: int = 50_000  # messages in 24 hours
    quota_code: str = "LimitExceededException"  # the guide also shows ThrottlingException
    rate: float = 0.0  # messages a second; 0: no limit
    paused: bool = False
    suspended: bool = False
    sandbox: bool = False  # only the simulator and the sender's own domain may be written to
    verified: list[str] | None = None  # domains that may send; None: any
    configuration_sets: list[str] | None = None  # None: any
    suppressed: dict[str, str] = field(default_factory=dict)  # address -> BOUNCE | COMPLAINT
    fates: dict[str, Fate] = field(default_factory=dict)  # address -> what becomes of its messages

    def change(self, values: dict[str, Any]) -> None:
        known = {field.name for field in fields(self)}
        for name in values.keys() & known:
            setattr(self, name, values[name])


class Desk:
    def __init__(self, log: AcceptLog, publisher: Publisher, habits: Habits, *, seed: int) -> None:
        self.account = Account()
        self.log = log
        self.publisher = publisher
        self.habits = habits
        self._chance = Random(seed)
        self._sends: deque[float] = deque()
        self._lock = threading.Lock()

    def answer(self, call: Call) -> dict[str, Any]:
        """The answer's JSON to any call but SendEmail."""
        match call.operation:
            case "GetAccount":
                return self._describe()
            case "GetEmailIdentity":
                return self._identity(call.params["EmailIdentity"])
            case "PutSuppressedDestination":
                self.account.suppressed[call.params["EmailAddress"].lower()] = call.params["Reason"]
                return {}
            case "DeleteSuppressedDestination":
                self._suppressed(call.params["EmailAddress"])
                del self.account.suppressed[call.params["EmailAddress"].lower()]
                return {}
            case "GetSuppressedDestination":
                return {"SuppressedDestination": self._suppressed(call.params["EmailAddress"])}
            case "ListSuppressedDestinations":
                rows = sorted(self.account.suppressed)
                return {"SuppressedDestinationSummaries": [self._suppressed(address) for address in rows]}
        raise SesError("UnknownOperationException", call.operation, 404)

    def refuse(self, params: dict[str, Any]) -> None:
        """Raises what SES answers to a send that it does not take."""
        self._check_account()
        _check_tags(params.get("EmailTags", []))
        _check_raw(params)
        for address in _recipients(params):
            _check_address(address)
        self._check_identity(params)
        self._check_limits()

    def accept(self, params: dict[str, Any]) -> Accepted:
        """Writes the message down, lets its events go, and only then returns."""
        mail = Accepted(
            message_id=self._new_id(),
            at=utc_now(),
            sender=params["FromEmailAddress"],
            addresses=_recipients(params),
            tags={tag["Name"]: tag["Value"] for tag in params.get("EmailTags", [])},
            configuration_set=params.get("ConfigurationSetName", ""),
            raw=params["Content"]["Raw"]["Data"],
        )
        self.log.append(mail)
        if mail.configuration_set:  # SES publishes events of configuration sets alone
            self.publisher.publish(events_of(mail, self._fate(mail.addresses[0])))
        return mail

    def _fate(self, address: str) -> Fate:
        if address.lower() in self.account.suppressed:
            return Fate.ON_ACCOUNT_LIST
        told = self.account.fates.get(address) or self.account.fates.get("*")
        return Fate(told) if told else simulated(address) or Fate.DELIVERED

    def _new_id(self) -> str:
        """As SES in eu-west-1 forms them: region and milliseconds in hex, a UUID, a counter."""
        with self._lock:
            number = UUID(int=self._chance.getrandbits(128), version=4)
        return f"0102{int(utc_now().timestamp() * 1000):012x}-{number}-000000"

    def _check_account(self) -> None:
        if self.account.suspended:
            raise SesError("AccountSuspendedException", "This account has been permanently restricted.")
        if self.account.paused:
            raise SesError("SendingPausedException", "Sending paused for this account.")

    def _check_limits(self) -> None:
        if self.log.sent_last_day(utc_now()) >= self.account.quota:
            raise SesError(self.account.quota_code, "Daily message quota exceeded.")
        if not self.account.rate:
            return
        with self._lock:
            now_s = monotonic_s()
            while self._sends and self._sends[0] <= now_s - 1:
                self._sends.popleft()
            if len(self._sends) >= self.account.rate:
                raise SesError("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
            self._sends.append(now_s)

    def _check_identity(self, params: dict[str, Any]) -> None:
        name = params.get("ConfigurationSetName")
        if name and self.account.configuration_sets is not None and name not in self.account.configuration_sets:
            raise SesError("NotFoundException", f"Configuration set <{name}> does not exist.", 404)
        sender = parseaddr(params["FromEmailAddress"])[1]
        own = sender.rpartition("@")[2]
        strangers = [sender] if self.account.verified is not None and own not in self.account.verified else []
        if self.account.sandbox:
            known = {own, "simulator.amazonses.com"}
            strangers += [to for to in _recipients(params) if to.rpartition("@")[2] not in known]
        if strangers:
            raise SesError(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region "
                f"EU-WEST-1: {', '.join(strangers)}",
            )

    def _suppressed(self, address: str) -> dict[str, Any]:
        reason = self.account.suppressed.get(address.lower())
        if reason is None:
            raise SesError(
                "NotFoundException", f"Email address {address} does not exist on your suppression list.", 404
            )
        return {"EmailAddress": address.lower(), "Reason": reason, "LastUpdateTime": utc_now().timestamp()}

    def _identity(self, name: str) -> dict[str, Any]:
        """Domains are verified in the double, addresses alone never."""
        if "@" in name or (self.account.verified is not None and name not in self.account.verified):
            raise SesError("NotFoundException", f"Email identity {name} does not exist.", 404)
        return {"IdentityType": "DOMAIN", "VerifiedForSendingStatus": True, "FeedbackForwardingStatus": True}

    def _describe(self) -> dict[str, Any]:
        return {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "SHUTDOWN" if self.account.suspended else "HEALTHY",
            "ProductionAccessEnabled": not self.account.sandbox,
            "SendQuota": {
                "Max24HourSend": float(self.account.quota),
                "MaxSendRate": float(self.account.rate or 14),
                "SentLast24Hours": float(self.log.sent_last_day(utc_now())),
            },
            "SendingEnabled": not (self.account.paused or self.account.suspended),
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        }


def _recipients(params: dict[str, Any]) -> tuple[str, ...]:
    to = params.get("Destination", {})
    return tuple(to.get("ToAddresses", []) + to.get("CcAddresses", []) + to.get("BccAddresses", []))


def _check_raw(params: dict[str, Any]) -> None:
    raw = params["Content"].get("Raw")
    if raw is None:
        raise SesError("BadRequestException", "The double takes raw content alone.")
    if not params.get("FromEmailAddress") or not raw["Data"]:
        raise SesError("BadRequestException", "From address or content is missing.")
    if len(raw["Data"]) > _MAX_RAW_BYTES:
        raise SesError("MessageRejected", "Message length is more than the allowed maximum.")
    headers = BytesHeaderParser(policy=policy.compat32).parsebytes(raw["Data"])
    if len(headers.get_all("From", [])) != 1:
        raise SesError("BadRequestException", "The message needs exactly one From header.")
    if not 1 <= len(_recipients(params)) <= _MAX_RECIPIENTS:
        raise SesError("BadRequestException", "Recipient count must be between 1 and 50.")


def _check_address(address: str) -> None:
    local, at, domain = address.rpartition("@")
    if not at or not domain:
        raise SesError("BadRequestException", "Missing final '@domain'")
    if not address.isascii():
        raise SesError("BadRequestException", "Local address contains non-ASCII characters")
    if not local or any(character.isspace() or ord(character) < 32 for character in address):
        raise SesError("BadRequestException", "Local address contains control or whitespace")


def _check_tags(tags: list[dict[str, str]]) -> None:
    names = [tag["Name"] for tag in tags]
    if len(set(names)) != len(names) or any(name.lower().startswith("ses:") for name in names):
        raise SesError("BadRequestException", "Tag names must be unique and must not begin with ses:")
    for tag in tags:
        if not _TAG.fullmatch(tag["Name"]) or not _TAG.fullmatch(tag["Value"]):
            raise SesError(
                "BadRequestException",
                f"Invalid tag <{tag['Name']}>: only ASCII letters, numbers, '-' and '_' are allowed.",
            )
