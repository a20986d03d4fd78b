"""Columns that several tables have alike."""

from typing import Any

from sqlalchemy import JSON, Column, Text
from sqlmodel import Field


def json_field(default: Any) -> Any:
    """A document; `default` makes an empty one."""
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def text_field() -> Any:
    """A text of any length, "" by default."""
    return Field(default="", sa_column=Column(Text, nullable=False))
