"""What a doctor finds in a feed: each thing well, to be noted, or a trouble, and who can do what about it. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from flows.articles.entry import Reading
from flows.articles.fetch import Fetched
from flows.articles.rhythm import silent_after, typical_gap
from flows.articles.saying import counted, every, how_often, silence, size
from flows.articles.signs import Signs

_SLOW_S, _VERY_SLOW_S = 3.0, 10.0
_LARGE_BYTES = 1_000_000
_FEED_WORDS = ("xml", "rss", "atom", "json")
_COUNTED = re.compile(r"\d+ of \d+ articles")  # warnings that we tell ourselves, with what to do


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"  # we cope; worth knowing
    TROUBLE = "trouble"  # something is lost, or will be


@dataclass(frozen=True)
class Finding:
    """One thing about a feed. `we` is what we do or you can do; `they` what its publisher could mend."""

    level: Level
    what: str
    we: str = ""
    they: str = ""
    part: str = ""  # what it is about: page, way, answer, kind, asking, articles, text, names, dates, links, refused

    @property
    def lines(self) -> list[str]:
        """For the command line: the finding, and what to do about it below."""
        after = [f"         {self.we}"] if self.we else []
        after += [f"         The publisher could mend it: {self.they}"] if self.they else []
        return [f"{self.level:<8} {self.what}", *after]


@dataclass(frozen=True)
class Seen:
    """All that was seen of a feed. `etag_works`, `date_works`: it answered 304 to that validator alone.

    `robots` says whether robots.txt lets us read the articles' pages; None where that was not asked.
    """

    asked: str
    fetched: Fetched
    reading: Reading
    signs: Signs
    now: datetime
    etag_works: bool = False
    date_works: bool = False
    robots: bool | None = None
    is_page: bool = False
    feeds: tuple[str, ...] = ()
    limit_bytes: int = 10 * 2**20

    @property
    def full_text(self) -> bool:
        """Whether most articles come whole."""
        return sum(entry.full_text for entry in self.reading.entries) * 2 > len(self.reading.entries)


def find(seen: Seen) -> tuple[Finding, ...]:
    """Everything worth saying, in the order in which a feed comes to us."""
    return tuple(replace(finding, part=name) for name, part in _PARTS.items() for finding in part(seen))


def _ok(what: str, we: str = "") -> Finding:
    return Finding(Level.OK, what, we)


def _note(what: str, we: str = "", they: str = "") -> Finding:
    return Finding(Level.NOTE, what, we, they)


def _trouble(what: str, we: str = "", they: str = "") -> Finding:
    return Finding(Level.TROUBLE, what, we, they)


def _page(seen: Seen) -> Iterator[Finding]:
    if seen.is_page:
        yield _note(f"{seen.asked} is a web page; the feed it names is {seen.fetched.url}.", "That feed is looked at.")
        if len(seen.feeds) > 1:
            yield _note(f"It names {len(seen.feeds)} feeds: {', '.join(seen.feeds)}.", "Choose the one you mean.")


def _way(seen: Seen) -> Iterator[Finding]:
    hops = [*seen.fetched.hops, seen.fetched.final_url] if seen.fetched.hops else []
    moved = hops.index(seen.fetched.moved_to) if seen.fetched.moved_to in hops else 0
    for place, (start, target) in enumerate(pairwise(hops), start=1):
        if place <= moved:
            yield _note(
                f"{start} has moved for good to {target}.",
                "We ask there from now on; a source moves by itself once that has been said for a day.",
            )
        else:
            yield _note(f"{start} redirects for now to {target}.", "It is followed each time; the address stays.")
    if seen.fetched.downgraded:
        yield _trouble(
            "It redirects from https to http, where anybody on the way can change it.",
            "Mark the source “https only” to refuse that.",
            "redirect to https alone.",
        )
    elif seen.fetched.final_url.startswith("http:"):
        yield _note(
            "It comes over plain http: anybody on the way can read and change it.",
            "Try the same address with https.",
            "serve the feed over https.",
        )
    else:
        yield _ok("It comes over https, and its certificate is in order.")


def _answer(seen: Seen) -> Iterator[Finding]:
    fetched, length = seen.fetched, len(seen.fetched.body)
    said = f"It answers with status {fetched.status} in {fetched.took_s:.1f} s, {size(length)}."
    if fetched.took_s >= _VERY_SLOW_S:
        yield _trouble(said, "Another day it may be too slow for us.", "find out what makes it slow.")
    elif fetched.took_s >= _SLOW_S:
        yield _note(said, "It is slow; other sources do not wait for it.")
    else:
        yield _ok(said)
    if fetched.truncated:
        yield _trouble(
            "The answer broke off before its end.",
            "What came is kept, and the whole is asked for again.",
            "see whether the server or a proxy cuts it off.",
        )
    if length > seen.limit_bytes / 2:
        yield _trouble(
            f"It is {size(length)}, and more than {size(seen.limit_bytes)} are refused.",
            "MASTHEAD_FETCH_MAX_BYTES raises the limit.",
            "leave only the newest articles in the feed.",
        )
    elif length > _LARGE_BYTES:
        yield _note(f"It is large for a feed: {size(length)}.", they="leave only the newest articles in the feed.")


def _kind(seen: Seen) -> Iterator[Finding]:
    given = seen.fetched.content_type.partition(";")[0].strip()
    name = seen.reading.title or "without a title"
    yield _ok(f"It is {seen.reading.kind}: {name}.")
    if given and not any(word in given.lower() for word in _FEED_WORDS):
        yield _note(f"The server calls it “{given[:60]}”, which is no feed’s kind.", they="name it application/xml.")
    for warning in seen.reading.warnings:
        if not _COUNTED.match(warning):
            yield _note(f"{warning[:1].upper()}{warning[1:]}.")


def _asking(seen: Seen) -> Iterator[Finding]:
    ways = [name for name, works in (("ETag", seen.etag_works), ("Last-Modified", seen.date_works)) if works]
    if ways:
        yield _ok(f"It says when nothing has changed (304 to its {' and to its '.join(ways)}): asking costs little.")
    elif seen.fetched.etag or seen.fetched.last_modified:
        yield _note(
            "It sends validators, but everything again whether it has changed or not.",
            "We see for ourselves that nothing is new.",
            "answer 304 to If-None-Match.",
        )
    else:
        yield _note(
            "It sends everything each time, changed or not.",
            "We see for ourselves that nothing is new.",
            "send an ETag, and answer 304 to it.",
        )
    wish = max(seen.fetched.max_age_s, seen.reading.ttl_s)
    if wish:
        yield _ok(f"It asks to be read at most {every(wish)}.", "That is kept, unless it is longer than a day.")


def _articles(seen: Seen) -> Iterator[Finding]:
    count, times = len(seen.reading.entries), seen.reading.times
    if not count:
        yield _note("The feed has no article at present.", "It is asked on; articles come when it has some.")
        return
    gap = typical_gap(times)
    yield _ok(f"It has {counted(count, 'article')}: {how_often(gap)}.")
    newest = max(times, default=None)
    if newest is not None and seen.now - newest > silent_after(times):
        yield _note(
            f"It has fallen silent: {silence(newest, gap, seen.now)}.",
            "Look whether the site still writes, and whether it has another feed.",
        )
    if seen.reading.left_out:
        yield _note(
            f"{seen.reading.left_out:,} older articles are left out (1,000 are read).",
            they="leave only the newest articles in the feed.",
        )


def _text(seen: Seen) -> Iterator[Finding]:
    if not seen.reading.entries:
        return
    if seen.full_text:
        yield _ok("It brings full articles.")
    elif seen.robots is False:
        yield _trouble(
            "It brings teasers only, and robots.txt does not let us read the pages.",
            "Stories from it have only the teaser.",
            "give the whole text in the feed, or let our user agent in.",
        )
    elif seen.robots:
        yield _note(
            "It brings teasers only.", "robots.txt lets us read the pages: their text is taken.", "give the whole text."
        )
    else:
        yield _note("It brings teasers only.", "The text of the pages is taken where robots.txt lets us.")
    if seen.signs.boilerplate:
        yield _note(
            f"Lines that are no text (“appeared first on”, share buttons) in {_of(seen.signs.boilerplate, seen)}.",
            "They are taken out.",
        )


def _names(seen: Seen) -> Iterator[Finding]:
    signs = seen.signs
    if signs.without_guid:
        yield _note(
            f"No guid on {_of(signs.without_guid, seen)}.",
            "They are known by their link.",
            "give each article an id that never changes.",
        )
    if signs.doubled_guids:
        yield _trouble(
            f"A guid that another one has on {_of(signs.doubled_guids, seen)}.",
            "They are told apart by link and title; what shares those too is taken once.",
            "give each article an id of its own.",
        )
    if signs.items and not signs.without_guid and not signs.doubled_guids:
        yield _ok("Each article has an id of its own.")


def _dates(seen: Seen) -> Iterator[Finding]:
    if seen.signs.without_date:
        yield _note(
            f"No date on {_of(seen.signs.without_date, seen)}.",
            "They count as of the day on which we see them first.",
            "date each article.",
        )
    odd = sum("date_rejected" in entry.review for entry in seen.reading.entries)
    if odd:
        yield _trouble(
            f"A date that cannot be one of news on {_of(odd, seen)}.",
            "It is not believed: they count as of the day on which we see them first.",
            "write dates as the standard has them, within the last ten years and not in the future.",
        )


def _links(seen: Seen) -> Iterator[Finding]:
    if seen.signs.relative_links:
        yield _note(
            f"A link without a host on {_of(seen.signs.relative_links, seen)}.",
            "It is resolved with the address of the feed.",
            "write whole links.",
        )
    if seen.signs.tracked_links:
        yield _note(f"Links that track who clicks on {_of(seen.signs.tracked_links, seen)}.", "That is taken out.")


def _refused(seen: Seen) -> Iterator[Finding]:
    linkless = sum("no usable link" in entry.review for entry in seen.reading.entries)
    if linkless:
        yield _trouble(
            f"No link that a letter may carry on {_of(linkless, seen)}.",
            "They are stored and marked; an editor cannot send readers to them.",
            "link each article to its page over http or https.",
        )
    merged = seen.signs.items - len(seen.reading.entries) - seen.reading.left_out
    if merged > 0 and seen.signs.items < 1000:
        yield _note(f"{merged} of {seen.signs.items} stand in the feed twice.", "Each article is taken once.")


def _of(count: int, seen: Seen) -> str:
    whole = max(seen.signs.items, len(seen.reading.entries))
    return f"{count} of {whole} articles"


_PARTS: Mapping[str, Callable[[Seen], Iterator[Finding]]] = {
    "page": _page,
    "way": _way,
    "answer": _answer,
    "kind": _kind,
    "asking": _asking,
    "articles": _articles,
    "text": _text,
    "names": _names,
    "dates": _dates,
    "links": _links,
    "refused": _refused,
}
