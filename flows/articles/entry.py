"""What travels from a feed to the tables: entries and the feed they came in."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One entry, clean: `html` is safe to show, `text` the same as plain text, `summary` the teaser.

    `link` is canonical ("" if none can be used), `link_key` its stable name, `words` those of `text`;
    `review` says what a person should look at.
    """

    title: str
    link: str = ""
    guid: str = ""
    author: str = ""
    published_at: datetime | None = None
    html: str = ""
    text: str = ""
    summary: str = ""
    words: int = 0
    image_url: str = ""
    review: str = ""
    link_key: str = ""
    content_hash: str = ""
    full_text: bool = False


@dataclass(frozen=True)
class Reading:
    """A feed as read. `kind` is "RSS 2.0", "Atom 1.0", "JSON Feed 1.1"…; `warnings` are for the operator."""

    kind: str
    title: str
    site_url: str
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()
    left_out: int = 0  # entries beyond the most that are read

    def as_json(self) -> dict[str, Any]:
        """A document for the pipe between the reading process and us."""
        document = asdict(self)
        for entry in document["entries"]:
            moment = entry["published_at"]
            entry["published_at"] = moment.isoformat() if moment else None
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Reading":
        """The reverse of `as_json`."""
        entries = tuple(
            Entry(**{**entry, "published_at": _moment(entry["published_at"])}) for entry in document["entries"]
        )
        return cls(**{**document, "entries": entries, "warnings": tuple(document["warnings"])})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
