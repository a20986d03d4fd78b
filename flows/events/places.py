"""Where a clicked link leads: to which story of the letter, or out of the list. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flows.articles.links import canonical_link, link_key
from flows.editions.seal import Content
from subscribers.links import Purpose

_WAYS_OUT = frozenset({Purpose.PREFERENCES.value, Purpose.UNSUBSCRIBE.value})


@dataclass(frozen=True)
class Stories:
    """The linked stories of an edition: `items` are (item_id, place in the letter from 1), without repeated links."""

    items: tuple[tuple[int, int], ...]
    places: dict[str, int]  # by link, in all the forms in which it is known again

    def place(self, link: str) -> int:
        """Of the story that a clicked link leads to; 0 if to none."""
        if link in self.places:
            return self.places[link]
        if not link.startswith("http"):
            return 0
        spellings = (link, link.replace("&amp;", "&")) if "&amp;" in link else (link,)
        forms = (form for spelling in spellings for form in _forms(spelling))
        return next((self.places[form] for form in forms if form in self.places), 0)


def stories_of(content: Content) -> Stories:
    """The stories of an edition as its letters show them.

    One whose link stands further up already gets no row: whose headline was clicked cannot be told. The same for
    one without a link. Both keep their place.
    """
    items: list[tuple[int, int]] = []
    places: dict[str, int] = {}
    shown = (item for section in content.sections for item in section.items)
    for place, item in enumerate(shown, start=1):
        forms = _forms(item.link)
        if not forms or forms[-2] in places:
            continue
        items.append((item.item_id, place))
        for form in forms:
            places.setdefault(form, place)
    return Stories(tuple(items), places)


def leads_out(link: str) -> bool:
    """Is it one of our own pages, on which people leave or choose? Their paths end in a purpose and a token."""
    try:
        steps = urlsplit(link).path.split("/")
    except ValueError:
        return False
    return len(steps) > 2 and steps[-2] in _WAYS_OUT and steps[-1].count(".") == 5


def _forms(link: str) -> tuple[str, ...]:
    """A link as it is, and the keys of its page with and without what follows `#`: the exact before the broad.

    Tracking, a slash at the end, http or https and the like make no difference to a key. Empty: no link of a letter.
    """
    exact = canonical_link(link, keep_fragment=True)
    broad = canonical_link(link) if "#" in link else exact
    return (link, link_key(exact), link_key(broad)) if exact and broad else ()
