"""What travels to the tables: entries, the feed they came in, and the text of a page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One entry, clean: `html` is safe to show, `text` the same as plain text, `summary` the teaser.

    `link` is canonical ("" if none can be used), `link_key` its stable name, `words` those of `text`;
    `review` says what a person should look at; `digest` names the entry as it stood in the document.
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
    language: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Reading:
    """A feed as read. `kind` is "RSS 2.0", "Atom 1.0", "JSON Feed 1.1"…; `warnings` are for the operator.

    `entries` are those that are new or read differently; `standing` are the link keys of those that stand in the
    document exactly as they did last time, and `digests` name both for the next time. `times` is when the articles
    of the document were published, as far as that can be believed; `ttl_s` is how long the feed asks to be left
    alone, in seconds, 0 if it does not.
    """

    kind: str
    title: str
    site_url: str
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()
    left_out: int = 0  # entries beyond the most that are read
    standing: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    times: tuple[datetime, ...] = ()
    language: str = ""
    ttl_s: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """A document for the pipe between the reading process and us."""
        entries = [{**vars(entry), "published_at": _written(entry.published_at)} for entry in self.entries]
        return {**vars(self), "entries": entries, "times": [_written(moment) for moment in self.times]}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Reading":
        """The reverse of `as_json`."""
        entries = [
            Entry(**{**entry, "published_at": moment_of(entry["published_at"])}) for entry in document["entries"]
        ]
        lists = {name: tuple(document[name]) for name in ("warnings", "standing", "digests")}
        times = tuple(datetime.fromisoformat(moment) for moment in document["times"])
        return cls(**{**document, **lists, "entries": tuple(entries), "times": times})


@dataclass(frozen=True)
class PageText:
    """What the page of an article says. `html` is safe to show, `text` the same as plain text, `words` its count.

    `canonical` is the address that the page calls its own ("" if none can be believed), `language` ISO 639-1 ("" if
    nobody can tell), `published` None if the page names no time that can be one.
    """

    html: str
    text: str
    words: int
    image_url: str = ""
    canonical: str = ""
    language: str = ""
    author: str = ""
    published: datetime | None = None
    title: str = ""

    def as_json(self) -> dict[str, Any]:
        """A document for the pipe."""
        return {**vars(self), "published": _written(self.published)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "PageText":
        """The reverse of `as_json`."""
        return cls(**{**document, "published": moment_of(document["published"])})


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def moment_of(text: str | None) -> datetime | None:
    """A time as it comes through the pipe."""
    return datetime.fromisoformat(text) if text else None
