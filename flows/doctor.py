"""`masthead doctor`: what is missing before real letters can go out, in plain words."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import col, func, select

from flows.database import reading
from flows.house import House
from flows.models import Source, User, UserRole
from flows.settings import Settings
from subscribers.models import Subscription, SubscriptionStatus

_EXAMPLE_ENDINGS = (".example", ".test", ".invalid", ".localhost", "example.com", "example.org", "example.net")


class Verdict(StrEnum):
    GOOD = "good"
    WARNING = "warning"  # letters would go out, but not as well as they should
    MISSING = "missing"  # letters must not or cannot go out


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, how it stands, and what to do."""

    verdict: Verdict
    about: str
    sentence: str


def examine(house: House) -> list[Finding]:
    """Everything that `doctor` looks at, from the settings to the account at Amazon SES."""
    return [*_settings(house.settings), *_people(house), *_transport(house.settings)]


def _settings(settings: Settings) -> Iterator[Finding]:
    newsletter = settings.newsletter
    domain = parseaddr(newsletter.sender)[1].rpartition("@")[2].lower()
    if domain.endswith(_EXAMPLE_ENDINGS):
        yield Finding(
            Verdict.MISSING,
            "sender",
            f"{newsletter.sender} is an example address; set newsletter.sender to one of a domain of yours.",
        )
    else:
        yield Finding(Verdict.GOOD, "sender", newsletter.sender)
    if "Example Street" in newsletter.postal_address:
        yield Finding(
            Verdict.MISSING,
            "postal address",
            "the foot of the letter shows an example; the law asks for a real one: newsletter.postal_address.",
        )
    else:
        yield Finding(Verdict.GOOD, "postal address", newsletter.postal_address)
    yield _address(settings.address)
    if settings.database.startswith("sqlite"):
        yield Finding(Verdict.GOOD, "database", "SQLite: good for one machine; PostgreSQL for several (database_url).")
    else:
        yield Finding(Verdict.GOOD, "database", "PostgreSQL")


def _address(address: str) -> Finding:
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        reachable = ip_address(host).is_global
    except ValueError:
        reachable = "." in host and not host.endswith(_EXAMPLE_ENDINGS)
    if not reachable:
        return Finding(
            Verdict.MISSING,
            "public address",
            f"readers cannot reach {address}: their preference and unsubscribe links would be dead; set base_url "
            "to the address under which these pages are on the internet.",
        )
    if parts.scheme != "https":
        return Finding(
            Verdict.MISSING, "public address", f"{address} is not https; one-click unsubscribe needs it (RFC 8058)."
        )
    return Finding(Verdict.GOOD, "public address", address)


def _people(house: House) -> Iterator[Finding]:
    slug = house.settings.newsletter.slug
    with reading(house.engine) as session:
        confirmed = session.exec(
            select(func.count())
            .select_from(Subscription)
            .where(Subscription.newsletter == slug, Subscription.status == SubscriptionStatus.CONFIRMED)
        ).one()
        approvers = session.exec(
            select(func.count()).select_from(User).where(col(User.role) != UserRole.EDITOR, ~col(User.disabled))
        ).one()
        sources = session.exec(select(func.count()).select_from(Source)).one()
        failing = session.exec(select(func.count()).select_from(Source).where(Source.failures > 0)).one()
    yield Finding(
        Verdict.GOOD if confirmed else Verdict.MISSING,
        "subscribers",
        f"{confirmed} confirmed" if confirmed else "nobody yet: `masthead subscribers import FILE.csv`.",
    )
    yield Finding(
        Verdict.GOOD if approvers else Verdict.MISSING,
        "approvers",
        f"{approvers} may approve" if approvers else "nobody may approve: `masthead users add EMAIL --role publisher`.",
    )
    if not sources:
        yield Finding(Verdict.MISSING, "sources", "no feed yet: `masthead sources add URL`.")
    elif failing:
        yield Finding(
            Verdict.WARNING, "sources", f"{failing} of {sources} were not read last time; see `masthead sources list`."
        )
    else:
        yield Finding(Verdict.GOOD, "sources", f"{sources}, all read well last time")


def _transport(settings: Settings) -> Iterator[Finding]:
    if settings.transport == "outbox":
        yield Finding(
            Verdict.MISSING,
            "transport",
            f"letters go to the folder {settings.outbox}, not to people; when all else is good, set transport to ses.",
        )
        return
    yield from _ses(settings)
    if settings.events_queue_url and settings.ses_configuration_set:
        yield Finding(Verdict.GOOD, "events", f"SES events are read from {settings.events_queue_url}")
    else:
        yield Finding(
            Verdict.WARNING,
            "events",
            "bounces and complaints do not come back, and a letter that got no answer stays unknown: set "
            "ses_configuration_set and events_queue_url.",
        )


def _ses(settings: Settings) -> Iterator[Finding]:
    sender = parseaddr(settings.newsletter.sender)[1]
    try:
        from flows.letters.ses import account, identity  # noqa: PLC0415 - boto3 is slow to import

        known: Any = account(settings)
        verified = identity(settings, sender)
    except Exception as error:  # noqa: BLE001 - whatever boto3 raises, the doctor reports it
        yield Finding(Verdict.MISSING, "Amazon SES", f"the account in {settings.ses_region} cannot be read: {error}")
        return
    yield Finding(
        Verdict.GOOD if known.production else Verdict.MISSING,
        "Amazon SES",
        f"{known.quota_day:.0f} letters a day, {known.rate:.0f} a second, {known.sent_day:.0f} sent in 24 hours"
        if known.production
        else "the account is still in the sandbox: ask Amazon for production access.",
    )
    if not known.sending:
        yield Finding(Verdict.MISSING, "Amazon SES", "sending is paused for this account; Amazon's console says why.")
    if verified:
        yield Finding(Verdict.GOOD, "identity", f"{sender} is verified")
    else:
        yield Finding(Verdict.MISSING, "identity", f"neither {sender} nor its domain is verified in SES.")
