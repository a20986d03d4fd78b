"""Which clicks in one letter a machine made, each with the evidence for it. Pure.

    [Click] + Arrival -> [Evidence | None]     None: nothing speaks against a person

Gateways and link checkers follow the links of a letter before, or instead of, its reader. What they do and how
they are told apart: support.arternal.com/en/articles/15216436 (all links within 1 to 5 s, the one to unsubscribe
too), check.live-direct-marketing.online/blog/bot-clicks-security-scanners-detect (who says so in its user agent),
github.com/mautic/mautic/issues/9798 (every link, seconds after delivery).

Each rule is cautious: a person taken for a machine is a reader unheard, a machine taken for a person one click too
many. None is about a person for good, so a reader behind a scanner still counts by her own, later clicks. And every
rule only ever gains by more clicks: no click can clear another.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

# A letter must be announced, opened and read before a link in it is chosen; scanners need 1 to 5 s.
AT_ONCE = timedelta(seconds=10)
# Nobody hits four different links in two seconds. Three can be: a row of headlines opened in tabs.
BURST = timedelta(seconds=2)
BURST_LINKS = 4
# Who opens all there is within a minute has chosen nothing. Of fewer stories than these a person may well want all.
EVERY_LINK = timedelta(seconds=60)
EVERY_STORIES = 5
EVERY_STORIES_AND_THE_WAY_OUT = 3
# One visit: the same client, never silent for longer than this. A scanner that began in time may end late.
PAUSE = timedelta(seconds=2)
# A letter passed on, even to a whole department, is clicked some hundred times. It also bounds our memory.
MOST_CLICKS = 10_000

# What no browser calls itself. "bot" ends a word, and Cubot makes telephones; a telephone's browser may name
# WhatsApp or the like in brackets, so only what *is* its fetcher counts, at the beginning.
_MACHINES = re.compile(
    r"(?<!cu)bot\b|spider|crawl|scanner|preview|headless|phantomjs|facebookexternalhit|^whatsapp/"
    # security: the names their makers put there
    r"|barracuda|mimecast|proofpoint|safelinks|ciscosecure|ironport|fortinet|fortimail|sophos|symantec|trend ?micro"
    r"|googleimageproxy|yahoomailproxy|urlscan|virustotal"
    # libraries, whose programs no reader uses
    r"|python-|aiohttp|httpx|^curl/|^wget/|^java/|libwww-perl|go-http-client|apache-httpclient|^okhttp/|axios/"
    r"|node-fetch|^undici|guzzle|^ruby\b|winhttp|powershell",
    re.I,
)


class Evidence(StrEnum):
    """Why a click counts as a machine's: the first of these that holds."""

    NO_AGENT = "no user agent"  # every browser sends one
    AGENT = "user agent of a machine"
    UNSEEN = "link that no person sees"
    AT_ONCE = "within seconds of delivery"
    BURST = "many links at once"
    EVERY_LINK = "every link within a minute"
    SAME_VISIT = "same visit as one of these"
    FLOOD = "more clicks than people make"


@dataclass(frozen=True, slots=True)
class Click:
    """One click in a letter. `agent` is the client's user agent, "" if it sent none.

    `place`: of the story in the letter, from 1; 0 for any other link. `leaves`: the link unsubscribes, or opens the
    preferences. `unseen`: it is in the letter, and no person sees it (letters hold none of these yet).
    """

    at: datetime
    link: str
    agent: str
    place: int = 0
    leaves: bool = False
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a letter arrived: `delivered` by the mail service's clock, which dates clicks too; `sent` by ours."""

    delivered: datetime | None = None
    sent: datetime | None = None


def judge(clicks: Sequence[Click], arrival: Arrival, *, stories: int) -> list[Evidence | None]:
    """The evidence against each of the clicks in one letter, in their order, which may be any; None: a person.

    `stories` is how many different stories the letter links to. Takes time in proportion to the clicks.
    """
    if len(clicks) > MOST_CLICKS:
        return [Evidence.FLOOD] * len(clicks)
    found = [_alone(click, arrival) for click in clicks]
    if len(clicks) == 1:
        return found
    order = sorted(range(len(clicks)), key=lambda index: clicks[index].at)
    for evidence, indices in _together([clicks[index] for index in order], stories):
        for index in indices:
            found[order[index]] = found[order[index]] or evidence
    if any(found):
        _spread(clicks, found, order)
        _spread(clicks, found, order[::-1])
    return found


def _alone(click: Click, arrival: Arrival) -> Evidence | None:
    """What a click shows by itself."""
    if not click.agent:
        return Evidence.NO_AGENT
    if names_a_machine(click.agent):
        return Evidence.AGENT
    if click.unseen:
        return Evidence.UNSEEN
    return Evidence.AT_ONCE if _is_at_once(click.at, arrival) else None


@lru_cache(maxsize=4096)  # strangers write these, so not all are kept; a million clicks know some hundred
def names_a_machine(agent: str) -> bool:
    """Does this user agent say that no person sits before it?"""
    return _MACHINES.search(agent) is not None


def _is_at_once(at: datetime, arrival: Arrival) -> bool:
    """Within ten seconds of the delivery, or before it: gateways look first and accept then.

    Where no delivery was told, of our own sending; a click "before" that shows a clock that is wrong, no machine.
    """
    if arrival.delivered is not None:
        return at < arrival.delivered + AT_ONCE
    return arrival.sent is not None and timedelta() <= at - arrival.sent < AT_ONCE


def _together(clicks: Sequence[Click], stories: int) -> Iterable[tuple[Evidence, set[int]]]:
    """What clicks, in order of time, show together: the evidence, and the indices of those it holds for."""
    yield Evidence.BURST, _crowded(clicks, lambda click: click.place or click.link, BURST_LINKS, BURST)
    if stories >= EVERY_STORIES:
        yield Evidence.EVERY_LINK, _crowded(clicks, lambda click: click.place or None, stories, EVERY_LINK)
    elif stories >= EVERY_STORIES_AND_THE_WAY_OUT:
        yield Evidence.EVERY_LINK, _crowded(clicks, _story_or_way_out, stories + 1, EVERY_LINK)


def _story_or_way_out(click: Click) -> Hashable | None:
    return click.place or ("the way out" if click.leaves else None)


def _crowded(
    clicks: Sequence[Click], key: Callable[[Click], Hashable | None], need: int, within: timedelta
) -> set[int]:
    """The indices of clicks that have `need` different keys among them, `within` that time; a key of None is left out.

    The clicks are in order of time.
    """
    if not any(later.at - click.at <= within for click, later in zip(clicks, clicks[need - 1 :], strict=False)):
        return set()  # nearly always: so many clicks were never so close
    keyed = [(index, found) for index, click in enumerate(clicks) if (found := key(click)) is not None]
    crowd: set[int] = set()
    inside: Counter[Hashable] = Counter()
    first = marked = 0
    for last, (index, found) in enumerate(keyed):
        inside[found] += 1
        while clicks[index].at - clicks[keyed[first][0]].at > within:
            gone = keyed[first][1]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            first += 1
        if len(inside) >= need:
            crowd.update(position for position, _ in keyed[max(first, marked) : last + 1])
            marked = last + 1
    return crowd


def _spread(clicks: Sequence[Click], found: list[Evidence | None], order: Iterable[int]) -> None:
    """From a machine's click to the next ones of the same client, as long as none is late; `order` is by time."""
    seen: dict[str, datetime] = {}
    for index in order:
        click = clicks[index]
        if found[index] is None and click.agent in seen and abs(click.at - seen[click.agent]) <= PAUSE:
            found[index] = Evidence.SAME_VISIT
        if found[index] is not None:
            seen[click.agent] = click.at
