"""Two versions of an edition, told apart in words (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass

from flows.editions.seal import Content, Item

_FIELDS = {
    "subject": "Subject",
    "preheader": "Preheader",
    "introduction": "Introduction",
    "closing": "Closing",
    "send_at": "Time of sending",
    "sender": "Sender",
    "reply_to": "Reply address",
    "postal_address": "Postal address",
    "newsletter_name": "Name of the newsletter",
    "tagline": "Line below the name",
    "list_id": "List-Id",
    "language": "Language",
    "accent": "Accent colour",
    "audience": "Who gets it",
    "template": "Look of the letter",
    "newsletter": "Newsletter",
    "edition_id": "Edition",
    "number": "Number",
    "slot": "Day",
}
_STORY = {
    "headline": "Headline",
    "blurb": "Blurb",
    "link": "Link",
    "source": "Source",
    "author": "Author",
    "minutes": "Reading time",
    "drafted": "Drafted by a model",
}


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was; an empty side means that there was, or is, nothing."""

    what: str
    before: str
    after: str


def differences(before: Content, after: Content) -> tuple[Difference, ...]:
    """Everything that differs; empty only when both would have the same seal."""
    return (*_fields(before, after), *_stories(before, after))


def _fields(before: Content, after: Content) -> Iterator[Difference]:
    for name, words in _FIELDS.items():
        old, new = str(getattr(before, name)), str(getattr(after, name))
        if old != new:
            yield Difference(words, old, new)


def _stories(before: Content, after: Content) -> Iterator[Difference]:
    old, new = _items(before), _items(after)
    for item_id, (place, item) in old.items():
        if item_id not in new:
            yield Difference("Story taken out", f"{item.headline} ({place})", "")
    for item_id, (place, item) in new.items():
        if item_id not in old:
            yield Difference("Story added", "", f"{item.headline} ({place})")
            continue
        was_place, was = old[item_id]
        yield from _story(was, item)
        if was_place != place:
            yield Difference(f"Place of “{item.headline}”", was_place, place)


def _story(was: Item, item: Item) -> Iterator[Difference]:
    for name, words in _STORY.items():
        old, new = str(getattr(was, name)), str(getattr(item, name))
        if old != new:
            yield Difference(words if name == "headline" else f"{words} of “{item.headline}”", old, new)


def _items(content: Content) -> dict[int, tuple[str, Item]]:
    return {
        item.item_id: (f"{section.name}, {place}", item)
        for section in content.sections
        for place, item in enumerate(section.items, start=1)
    }
