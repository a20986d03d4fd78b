"""What an approver signs: the whole content of an edition, and its SHA-256."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from flows.errors import SealError


@dataclass(frozen=True)
class Item:
    """One story as the letter shows it. `link` is absolute; `item_id` is the EditionItem's."""

    item_id: int
    headline: str
    blurb: str
    link: str
    source: str
    author: str = ""
    minutes: int = 0  # reading time; 0: unknown
    drafted: bool = False  # the letter says that a language model drafted the blurb


@dataclass(frozen=True)
class ContentSection:
    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Content:
    """Everything that decides what goes out, to whom and when; nothing about any single person.

    `template` is the hash of the template's files, `audience` the rule by which the roll is called,
    `send_at` an ISO time or "" for "as soon as approved".
    """

    newsletter: str  # slug
    newsletter_name: str
    tagline: str
    sender: str
    reply_to: str
    postal_address: str
    list_id: str
    language: str
    accent: str
    edition_id: int
    number: int
    slot: str  # ISO date
    subject: str
    preheader: str
    introduction: str
    closing: str
    sections: tuple[ContentSection, ...]
    audience: str
    template: str
    send_at: str

    def as_json(self) -> dict[str, Any]:
        """A plain document that JSON columns keep.

        `drafted` stands only where it is true, so that what was sealed before it was known keeps its hash.
        """
        document: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        for part in document["sections"]:
            part["items"] = [{k: v for k, v in item.items() if k != "drafted" or v} for item in part["items"]]
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Content":
        """The reverse of `as_json`. Raises SealError when the document is not one."""
        try:
            sections = tuple(
                ContentSection(part["name"], tuple(Item(**item) for item in part["items"]))
                for part in document["sections"]
            )
            return cls(**{**document, "sections": sections})
        except (KeyError, TypeError) as error:
            raise SealError(f"the approved content cannot be read back ({error}); approve it again.") from error

    @property
    def stories(self) -> int:
        return sum(len(section.items) for section in self.sections)


def seal(content: Content) -> str:
    """The SHA-256, in hex, of the content in one canonical form."""
    text = json.dumps(content.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def check_seal(document: dict[str, Any], sealed_hash: str) -> Content:
    """The content, if it is what was approved. Raises SealError otherwise."""
    content = Content.from_json(document)
    if not sealed_hash or seal(content) != sealed_hash:
        raise SealError(f"edition {content.number} differs from what was approved; it is not sent. Approve it again.")
    return content
