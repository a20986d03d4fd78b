"""The editorial team: who is in it, who is signed in, who did what, what they must know."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from flows.models.columns import json_field, text_field
from subscribers.columns import big_id, time_field, word_field


class UserRole(StrEnum):
    EDITOR = "editor"  # edits
    PUBLISHER = "publisher"  # edits and approves
    ADMIN = "admin"  # and manages users and sources


class User(SQLModel, table=True):
    """A member of the editorial team."""

    __tablename__ = "editor"  # "user" is a reserved word of PostgreSQL

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=320)
    email_key: str = Field(unique=True, max_length=320)
    name: str = Field(default="", max_length=200)
    role: UserRole = word_field(UserRole, UserRole.EDITOR)
    password_hash: str = Field(default="", max_length=400)  # argon2; "" means only links sign in
    disabled: bool = Field(default=False)
    created_at: datetime = time_field()


class SignInSession(SQLModel, table=True):
    """A session on the desk; the cookie holds the token, the table only its hash."""

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="editor.id", ondelete="CASCADE", index=True)
    csrf: str = Field(max_length=64)
    created_at: datetime = time_field()
    seen_at: datetime = time_field()
    expires_at: datetime = time_field()
    agent: str = Field(default="", max_length=300)


class SignInLink(SQLModel, table=True):
    """A link that signs one user in until it expires; made on the command line by whoever owns the data."""

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="editor.id", ondelete="CASCADE")
    expires_at: datetime = time_field()


class SignInAttempt(SQLModel, table=True):
    """A failed sign-in, counted for the limit on guessing."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=100, index=True)  # keyed hash of account and network
    at: datetime = time_field(index=True)


class LogEntry(SQLModel, table=True):
    """Append-only: who did what on the desk, when, before and after."""

    id: int | None = big_id()
    at: datetime = time_field(index=True)
    who: str = Field(max_length=320)
    what: str = Field(max_length=60)  # "chose", "edited headline", "approved", ...
    edition_id: int | None = Field(default=None, index=True)
    item_id: int | None = None
    before: dict[str, Any] = json_field(dict)
    after: dict[str, Any] = json_field(dict)


class Notice(SQLModel, table=True):
    """Something the team must know: shown on the desk, and written to the editors where marked so."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=200, unique=True)  # the same trouble is told once
    at: datetime = time_field()
    kind: str = Field(max_length=40)  # "draft ready", "no edition", "source silent", "paused", "unknown"
    text: str = text_field()
    link: str = Field(default="", max_length=500)
    mailed_at: datetime | None = time_field(nullable=True)
    closed_at: datetime | None = time_field(nullable=True)
