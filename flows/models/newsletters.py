"""What is sent: the newsletters."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from subscribers.columns import time_field


class Newsletter(SQLModel, table=True):
    """A newsletter's identity. What it looks like and when it goes out are settings (`[newsletter]`)."""

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True, max_length=60)
    name: str = Field(max_length=200)
    created_at: datetime = time_field()
    learn_asked_at: datetime | None = time_field(nullable=True)  # the ranking fell below its gate: learn again
