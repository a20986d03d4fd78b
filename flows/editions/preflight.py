"""What is looked at before an edition may be approved: each finding with its fix (pure)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum
from urllib.parse import urlsplit

from flows.editions.seal import Content, Item

SUBJECT_MOST = 150  # characters; mail programs cut at about 60, and nothing shows more than this
SUBJECT_GOOD = 70
_HTML_MOST = 95 * 1024  # bytes; Gmail cuts a letter at 102 KB, and personal links add a little
_CLAIMS_SHOWN = 4
_EXAMPLE_STREET = "1 example street"
_EXAMPLE_DOMAINS = ("example", "example.com", "example.org", "example.net", "test", "invalid", "localhost")


class Level(StrEnum):
    ERROR = "error"  # blocks the approval
    WARNING = "warning"  # must be seen


@dataclass(frozen=True)
class Finding:
    """One thing that was found: a sentence, and what to do. `item_id` 0: it is about the whole edition."""

    level: Level
    gate: str  # stable name: "no_stories", "empty_subject", ...
    sentence: str
    fix: str
    item_id: int = 0


@dataclass(frozen=True)
class Facts:
    """What the content alone cannot tell.

    `ran_before`: item id -> number of the edition its story ran in. `html_bytes` and `has_unsubscribe` are of
    the letter as rendered; None where it has not been rendered. `unconfirmed`: item id -> what its words say and
    its article does not, most doubtful first; `flagged`: item id -> why a senior editor has yet to clear it.
    """

    outbox: bool = False
    ran_before: Mapping[int, int] = field(default_factory=dict)
    html_bytes: int | None = None
    has_unsubscribe: bool | None = None
    unconfirmed: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    flagged: Mapping[int, str] = field(default_factory=dict)


def check(content: Content, facts: Facts) -> tuple[Finding, ...]:
    """All findings, errors first."""
    found = [*_words(content), *_stories(content, facts), *_identity(content, facts), *_letter(facts)]
    return tuple(sorted(found, key=lambda finding: finding.level is not Level.ERROR))


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.level is Level.ERROR)


def _words(content: Content) -> Iterator[Finding]:
    subject = content.subject.strip()
    if not subject:
        yield Finding(Level.ERROR, "empty_subject", "The edition has no subject.", "Write one.")
    elif len(subject) > SUBJECT_MOST:
        yield Finding(
            Level.ERROR,
            "long_subject",
            f"The subject has {len(subject)} characters; {SUBJECT_MOST} is the most.",
            "Shorten it.",
        )
    elif len(subject) > SUBJECT_GOOD:
        yield Finding(
            Level.WARNING,
            "long_subject",
            f"The subject has {len(subject)} characters; most inboxes show about {SUBJECT_GOOD}.",
            "Shorten it, or put what matters first.",
        )


def _stories(content: Content, facts: Facts) -> Iterator[Finding]:
    if content.stories == 0:
        yield Finding(Level.ERROR, "no_stories", "The edition has no stories.", "Choose at least one.")
    items = [item for section in content.sections for item in section.items]
    repeated = {link for link, count in Counter(_bare(item.link) for item in items).items() if count > 1}
    for item in items:
        yield from _story(item, facts, repeated)


def _story(item: Item, facts: Facts, repeated: set[str]) -> Iterator[Finding]:
    name = f"“{item.headline.strip()}”" if item.headline.strip() else f"The story from {item.source}"
    if not item.headline.strip():
        yield Finding(Level.ERROR, "empty_headline", f"{name} has no headline.", "Write one.", item.item_id)
    if not item.blurb.strip():
        yield Finding(
            Level.WARNING,
            "empty_blurb",
            f"{name} has no blurb.",
            "Write one, or let the headline stand alone.",
            item.item_id,
        )
    if not is_web_link(item.link):
        yield Finding(
            Level.ERROR,
            "bad_link",
            f"{name} has no link that a reader can open.",
            "Take the story out: its feed gave no usable address.",
            item.item_id,
        )
    elif _bare(item.link) in repeated:
        yield Finding(
            Level.ERROR,
            "duplicate_link",
            f"{name} leads to the same page as another story.",
            "Take one of the two out.",
            item.item_id,
        )
    if claims := facts.unconfirmed.get(item.item_id):
        said = ", ".join(f"“{claim}”" for claim in claims[:_CLAIMS_SHOWN])
        more = f" and {len(claims) - _CLAIMS_SHOWN} more" if len(claims) > _CLAIMS_SHOWN else ""
        yield Finding(
            Level.ERROR,
            "unsupported_claims",
            f"{name} says what its article does not: {said}{more}.",
            "Confirm each of them beside the story, or change the words.",
            item.item_id,
        )
    if why := facts.flagged.get(item.item_id):
        yield Finding(
            Level.ERROR,
            "flagged",
            f"{name} is flagged: {why}.",
            "A publisher clears it, or takes it out.",
            item.item_id,
        )
    if item.item_id in facts.ran_before:
        yield Finding(
            Level.WARNING,
            "ran_before",
            f"{name} ran before, in no. {facts.ran_before[item.item_id]}.",
            "Take it out, unless there is news.",
            item.item_id,
        )


def _identity(content: Content, facts: Facts) -> Iterator[Finding]:
    domain = parseaddr(content.sender)[1].rpartition("@")[2].lower()
    if facts.outbox:
        return  # nothing leaves the house, so an invented address misleads nobody
    if _EXAMPLE_STREET in content.postal_address.lower():
        yield Finding(
            Level.WARNING,
            "example_address",
            "The postal address is still the example.",
            "Set newsletter.postal_address: the law asks for a real one.",
        )
    if any(domain == name or domain.endswith(f".{name}") for name in _EXAMPLE_DOMAINS):
        yield Finding(
            Level.WARNING,
            "example_sender",
            f"The sender’s domain, {domain}, is only an example.",
            "Set newsletter.sender to an address of your own domain.",
        )


def _letter(facts: Facts) -> Iterator[Finding]:
    if facts.html_bytes is not None and facts.html_bytes > _HTML_MOST:
        yield Finding(
            Level.WARNING,
            "large_letter",
            f"The letter has {facts.html_bytes / 1024:.0f} KB; Gmail hides what is beyond 102 KB.",
            "Take a story out, or shorten blurbs.",
        )
    if facts.has_unsubscribe is False:
        yield Finding(
            Level.ERROR,
            "no_unsubscribe",
            "The letter has no link to unsubscribe.",
            "Put it back into templates/email.",
        )


def is_web_link(link: str) -> bool:
    """Whether a reader's browser would open it as a page of the web, and nothing else."""
    try:
        parts = urlsplit(link)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _bare(link: str) -> str:
    return link.partition("#")[0].rstrip("/")
