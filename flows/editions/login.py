"""Who may come to the desk: the team, their passwords, and links that sign one of them in."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from ipaddress import ip_address, ip_network

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, delete, text
from sqlmodel import Session, col, func, select

from flows.database import transaction
from flows.errors import MastheadError, SignInError
from flows.models import SignInAttempt, SignInLink, SignInSession, User, UserRole
from subscribers.errors import AddressError
from subscribers.hygiene import check_address, email_key, keyed_hash

PASSWORD_LEAST = 10  # characters
PASSWORD_MOST = 128  # bytes: argon2 would take ten megabytes of them
WINDOW = timedelta(minutes=15)
_FAILURES_PERSON = 5  # by account and network within the window
_FAILURES_NETWORK = 50  # one network trying many accounts
_WRONG = "That address and password do not fit together. Try again, or ask for a sign-in link."
_HASHER = PasswordHasher()  # argon2id, 64 MiB
# A hash takes 64 MiB: two at a time, however many forms are posted.
POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="sign-in")

Verify = Callable[[str, str], bool]


@dataclass(frozen=True)
class Attempt:
    """Somebody at the door. `network` is the address of the connection, `key` the installation's key."""

    email: str
    password: str
    network: str
    key: bytes


def create_user(
    session: Session, email: str, *, name: str, role: UserRole, password: str | None = None, now: datetime
) -> User:
    """A new member of the team. Raises MastheadError for an address or a password that will not do."""
    try:
        address = check_address(email)
    except AddressError as error:
        raise MastheadError(str(error)) from error
    if user_by_email(session, address) is not None:
        raise MastheadError(f"{address} is on the team already; `masthead users list` shows everybody.")
    user = User(
        email=address,
        email_key=email_key(address),
        name=" ".join(name.split())[:200],
        role=role,
        password_hash=hash_password(password) if password is not None else "",
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def user_by_email(session: Session, email: str) -> User | None:
    return session.exec(select(User).where(User.email_key == email_key(email))).first()


def hash_password(password: str) -> str:
    """The argon2 hash. Raises MastheadError when the password is too short or too long."""
    if len(password) < PASSWORD_LEAST:
        raise MastheadError(f"A password needs at least {PASSWORD_LEAST} characters; this one has {len(password)}.")
    if len(password.encode()) > PASSWORD_MOST:
        raise MastheadError(f"A password has at most {PASSWORD_MOST} bytes; this one is longer.")
    return _HASHER.hash(password)


def change_user(
    session: Session,
    user: User,
    *,
    role: UserRole | None = None,
    disabled: bool | None = None,
    password: str | None = None,
) -> None:
    """Change what somebody may do; every session and sign-in link they have ends with it."""
    user.role = user.role if role is None else role
    user.disabled = user.disabled if disabled is None else disabled
    user.password_hash = user.password_hash if password is None else hash_password(password)
    session.add(user)
    session.flush()
    for table in (SignInSession, SignInLink):
        session.connection().execute(delete(table).where(col(table.user_id) == user.id))


def make_sign_in_link(session: Session, user: User, *, now: datetime, ttl: timedelta) -> str:
    """A token that signs this user in until `ttl` has passed; the table keeps only its hash."""
    session.flush()
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(token_hash=token_hash(token), user_id=user.id or 0, expires_at=now + ttl))
    return token


def user_of_link(session: Session, token: str, *, now: datetime) -> User:
    """Whom a sign-in link is for. Raises SignInError when it is unknown, over, or its user was disabled."""
    link = session.get(SignInLink, token_hash(token)) if len(token) <= 100 else None
    user = session.get(User, link.user_id) if link is not None and link.expires_at > now else None
    if user is None or user.disabled:
        raise SignInError("This sign-in link is not valid (any more). Ask for a new one: `masthead users link EMAIL`.")
    return user


def token_hash(token: str) -> str:
    """What a table keeps of a secret token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def check_password(engine: Engine, attempt: Attempt, *, now: datetime, verify: Verify | None = None) -> int:
    """The id of the user whose password this is.

    Counts the attempt first, so that many at once cannot slip under the limit. Takes as long for an unknown
    address as for a wrong password, and says the same. Raises SignInError.
    """
    keys = _keys(attempt)
    with transaction(engine) as session:
        _count(session, keys, now)
        user = user_by_email(session, attempt.email[:320])
        stored = user.password_hash if user is not None and not user.disabled else ""
    fits = (verify or password_fits)(stored or _dummy_hash(), attempt.password)
    if not fits or not stored or user is None:
        raise SignInError(_WRONG)
    with transaction(engine) as session:
        session.connection().execute(delete(SignInAttempt).where(col(SignInAttempt.key) == keys[0]))
    return user.id or 0


def password_fits(stored: str, password: str) -> bool:
    if len(password.encode("utf-8", "surrogatepass")) > PASSWORD_MOST:
        password = ""  # too long to be anybody's; the work is done all the same
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


class TooManyTriesError(SignInError):
    """Wait: too many wrong passwords from there."""


def _count(session: Session, keys: tuple[str, str], now: datetime) -> None:
    since = now - WINDOW
    if session.get_bind().dialect.name == "postgresql":
        # Elsewhere writers queue up anyway; here two counts at once would not see each other.
        session.connection().execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": keys[1]})
    session.connection().execute(delete(SignInAttempt).where(col(SignInAttempt.at) < since))
    for key, most in zip(keys, (_FAILURES_PERSON, _FAILURES_NETWORK), strict=True):
        counted = select(func.count()).where(col(SignInAttempt.key) == key, col(SignInAttempt.at) >= since)
        if session.exec(counted).one() >= most:
            minutes = int(WINDOW.total_seconds() // 60)
            raise TooManyTriesError(f"Too many tries from here. Wait up to {minutes} minutes, or use a sign-in link.")
    session.add_all(SignInAttempt(key=key, at=now) for key in keys)


def _keys(attempt: Attempt) -> tuple[str, str]:
    network = _network(attempt.network)
    person = f"{email_key(attempt.email[:320])} {network}"
    return (
        f"person:{keyed_hash(attempt.key, 'sign-in', person)}",
        f"network:{keyed_hash(attempt.key, 'sign-in', network)}",
    )


def _network(address: str) -> str:
    """A /24 or /64: what one attacker has at hand."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


@cache
def _dummy_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
