"""Sessions of the desk, in a table: what ends there has ended, with the very next request."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from flows.editions.login import token_hash
from flows.models import SignInSession, User, UserRole

LASTS = timedelta(days=14)
_TOKEN_MOST = 100  # characters


@dataclass(frozen=True)
class Member:
    """Who is at the desk now, as the table says with every request."""

    user_id: int
    email: str
    name: str
    role: UserRole
    csrf: str

    @property
    def called(self) -> str:
        """What colleagues call them."""
        return self.name or self.email.partition("@")[0]


def begin(session: Session, user_id: int, *, replaced: str, agent: str, now: datetime) -> str:
    """A new session; returns the token for the cookie. The one that the browser brought ends: ids rotate."""
    end(session, replaced)
    session.connection().execute(delete(SignInSession).where(col(SignInSession.expires_at) < now))
    token = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            token_hash=token_hash(token),
            user_id=user_id,
            csrf=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
            expires_at=now + LASTS,
            agent="".join(sign for sign in agent if sign.isprintable())[:300],
        )
    )
    return token


def member_of(session: Session, token: str, *, now: datetime) -> Member | None:
    """Whose session this is; None when it is unknown, over, or its user was disabled."""
    if not token or len(token) > _TOKEN_MOST:
        return None
    row = session.get(SignInSession, token_hash(token))
    user = session.get(User, row.user_id) if row is not None and row.expires_at > now else None
    if row is None or user is None or user.disabled:
        return None
    return Member(user.id or 0, user.email, user.name, user.role, row.csrf)


def end(session: Session, token: str) -> None:
    """Sign out; harmless when there is no such session."""
    if token:
        session.flush()
        session.connection().execute(delete(SignInSession).where(col(SignInSession.token_hash) == token_hash(token)))
