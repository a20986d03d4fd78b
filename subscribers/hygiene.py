"""Addresses and names as people type them: what is refused, kept, and compared by. Pure."""

import hmac
import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from zoneinfo import available_timezones

import idna
from email_validator import EmailNotValidError, validate_email

from subscribers.errors import AddressError

NAME_LENGTH = 200
_LONGEST_ADDRESS = 320
_LONGEST_LOCAL = 64
_SURELY_SHORT = 120  # no address of this length is too long, even with its domain as A-label
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(\.{_ATOM})*")
# What breaks lines, hides or reverses text: controls, line separators, lone surrogates, bidi marks.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_TIMEZONES = frozenset(available_timezones())


def check_address(text: str) -> str:
    """The address as typed, without blanks around it, if mail can be sent to it.

    Raises AddressError with the reason: more than one address, control characters, a local part beyond
    ASCII (SES takes seven bits there), lengths beyond the standard, a domain that is none.
    """
    address = unicodedata.normalize("NFC", text.strip(" \t"))
    if not address:
        raise AddressError(address, "it is empty.")
    if len(address) > _LONGEST_ADDRESS:
        raise AddressError(address, f"it is longer than {_LONGEST_ADDRESS} characters.")
    if _has_controls(address):
        raise AddressError("".join(filter(str.isprintable, address)), "it holds a line break or control sign.")
    local = address.rpartition("@")[0]
    if local and not local.isascii():
        raise AddressError(address, "letters beyond a–z before the @ cannot be delivered to yet; use another address.")
    try:
        if len(local) <= _LONGEST_LOCAL and len(address) <= _SURELY_SHORT and _DOT_ATOM.fullmatch(local):
            _check_domain(address.rpartition("@")[2])  # the common case, at a tenth of the price
        else:
            _validate(address)
    except EmailNotValidError as error:
        raise AddressError(address, str(error)) from error
    return address


def _validate(address: str) -> None:
    validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)


@lru_cache(maxsize=20_000)
def _check_domain(domain: str) -> None:
    _validate(f"a@{domain}")


def sending_address(address: str) -> str:
    """The same mailbox with its domain as A-label: what is handed to the mail service. Takes checked ones."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_a_label(domain)}"


def email_key(address: str) -> str:
    """What addresses are compared by: NFC and case-folded before the @, the A-label after it.

    Idempotent. Plus-tags and dots stay: they can be different mailboxes.
    """
    local, _, domain = address.strip().rpartition("@")
    return f"{_folded(local)}@{_a_label(domain)}"


def address_hash(key: bytes, address: str) -> str:
    """A keyed fingerprint of an address, in hex: recognises it again without holding it."""
    return key_hash(key, email_key(address))


def key_hash(key: bytes, normalised: str) -> str:
    """`address_hash` of an address that is an `email_key` already."""
    return keyed_hash(key, "address", normalised)


def keyed_hash(key: bytes, purpose: str, text: str) -> str:
    """HMAC-SHA256 in hex; the purpose keeps fingerprints of different kinds apart."""
    own = hmac.digest(key, f"masthead {purpose}".encode(), sha256)
    return hmac.new(own, text.encode("utf-8", "surrogatepass"), sha256).hexdigest()


def check_name(text: str) -> str:
    """A person's name in one line, NFC. Raises ValueError, in words, when it cannot stand in a letter."""
    name = " ".join(part for part in unicodedata.normalize("NFC", text).split(" ") if part)
    if _has_controls(name):
        raise ValueError("a name cannot hold a line break or control signs")
    if len(name) > NAME_LENGTH:
        raise ValueError(f"a name has {NAME_LENGTH} characters at most; this one has {len(name)}")
    return name


def check_timezone(text: str) -> str | None:
    """An IANA time zone, or None for "". Raises ValueError, in words, for one that does not exist."""
    zone = text.strip()
    if zone and zone not in _TIMEZONES:
        raise ValueError(f"there is no time zone “{zone[:60]}”; write it like Europe/Berlin")
    return zone or None


def _has_controls(text: str) -> bool:
    return _CONTROLS.search(text) is not None


def _folded(text: str) -> str:
    """NFC and case-folded, until it stays so (folding one sign can uncover another)."""
    while True:
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
        if folded == text:
            return text
        text = folded


@lru_cache(maxsize=20_000)
def _a_label(domain: str) -> str:
    """The domain in ASCII; a domain that is none comes back merely folded."""
    while (folded := unicodedata.normalize("NFKC", domain).lower()) != domain:
        domain = folded
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return domain
