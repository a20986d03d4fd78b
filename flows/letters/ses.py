"""Amazon SES v2 as a transport: one letter, one recipient, one attempt, an honest word on what came of it.

SES has no idempotency key; `ses_errors` says what each error means for a letter that may have gone out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from typing import Any

from flows.errors import Refused, StopRun, TransportError, Uncertain
from flows.letters.ses_errors import what_follows
from flows.letters.transport import Unclear
from flows.settings import Settings
from subscribers.hygiene import sending_address

_CONNECT_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 30.0  # shorter than the shortest sensible lease: the worker still holds it when it gives up


@dataclass(frozen=True)
class Account:
    """What SES says of the account. `rate` is letters a second, the others letters in 24 hours."""

    quota_day: float  # -1: no limit
    sent_day: float
    rate: float
    sending: bool
    production: bool
    health: str  # HEALTHY, PROBATION or SHUTDOWN

    @property
    def left(self) -> float:
        """Letters that may still go out now."""
        return float("inf") if self.quota_day < 0 else max(0.0, self.quota_day - self.sent_day)


class SesTransport:
    """Hands letters to SES. One client, used by many threads."""

    def __init__(self, settings: Settings, *, read_timeout_s: float = _READ_TIMEOUT_S) -> None:
        name, address = parseaddr(settings.newsletter.sender)
        self._sender = formataddr((name, _wire_address(address, StopRun)))
        self._configuration_set = settings.ses_configuration_set
        self._client = _client(settings, read_timeout_s)

    def send(self, delivery_id: str, address: str, raw: bytes, tags: Mapping[str, str]) -> str:
        """SES's MessageId. Events about the letter carry `delivery_id` and `tags` as message tags."""
        named = {**tags, "delivery": delivery_id}
        request: dict[str, Any] = {
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": [_wire_address(address, Refused)]},
            "Content": {"Raw": {"Data": raw}},
            "EmailTags": [{"Name": name, "Value": value} for name, value in named.items()],
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        try:
            answer = self._client.send_email(**request)
        except Exception as error:
            raise what_follows(error) from error
        message_id = answer.get("MessageId")
        if not isinstance(message_id, str) or not message_id:
            raise Uncertain("SES answered 200 without a MessageId; an event will tell whether it took the letter.")
        return message_id

    def look_up(self, delivery_id: str) -> Unclear:
        """SES cannot be asked whether it holds a letter; its events tell."""
        return Unclear()


def account(settings: Settings) -> Account:
    """Quota, rate and health of the account. Raises TransportError with what a person should do."""
    client = _client(settings, _READ_TIMEOUT_S)
    try:
        told = client.get_account()
    except Exception as error:
        raise what_follows(error) from error
    quota = told.get("SendQuota", {})
    return Account(
        quota_day=quota.get("Max24HourSend", 0.0),
        sent_day=quota.get("SentLast24Hours", 0.0),
        rate=quota.get("MaxSendRate", 0.0),
        sending=told.get("SendingEnabled", False),
        production=told.get("ProductionAccessEnabled", False),
        health=told.get("EnforcementStatus", ""),
    )


def identity(settings: Settings, address: str) -> bool:
    """May mail go out from this address: is it, or its domain, verified? Raises TransportError."""
    client = _client(settings, _READ_TIMEOUT_S)
    return any(_verified(client, name) for name in (address, address.rpartition("@")[2]))


def _verified(client: Any, name: str) -> bool:
    try:
        return bool(client.get_email_identity(EmailIdentity=name).get("VerifiedForSendingStatus"))
    except client.exceptions.NotFoundException:
        return False
    except Exception as error:
        raise what_follows(error) from error


def _client(settings: Settings, read_timeout_s: float) -> Any:
    import boto3  # noqa: PLC0415 - takes a third of a second, which --help must not pay
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    config = Config(
        # botocore's own retries put five requests on the wire after a lost answer: five letters.
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
        max_pool_connections=settings.send_concurrency,
        tcp_keepalive=True,
    )
    try:
        session = boto3.session.Session(region_name=settings.ses_region)
        return session.client("sesv2", endpoint_url=settings.ses_endpoint or None, config=config)
    except (BotoCoreError, ValueError) as error:
        raise StopRun(f"SES cannot be set up: {error}. Check ses_region, ses_endpoint and the AWS profile.") from error


def _wire_address(address: str, otherwise: type[TransportError]) -> str:
    """The address in ASCII, as SES wants it: a domain of other letters in Punycode."""
    wire = sending_address(address)
    if not wire.isascii():
        raise otherwise(f"{address}: SES takes no letters other than ASCII in an address.")
    return wire
