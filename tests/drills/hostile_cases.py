"""What a hostile case is: what the server answers, and what must come of it. The cases are in the files beside."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zlib import crc32

from flows.articles.entry import Entry, Reading
from tests.articles import loopback
from tests.articles.loopback import Handler, Request

loopback._Server.request_queue_size = 256  # a collection asks for fifty at once, and Linux drops what waits too long
NOW = datetime(2026, 11, 21, tzinfo=UTC)
SECRET = "a secret that no feed may read"
HOST = "127.0.0.3"  # where the hostile server listens
MIB = 2**20
READ = "read"

# What a body ends in that is meant to hang or swell the reading: killed, given up, or read after all.
HEAVY = ("too_complex", READ, "unreadable_feed", "not_a_feed", "entity_limit")


@dataclass(frozen=True)
class Outcome:
    """What came of fetching and reading one address. `code` is "read" for a Reading, else that of the error."""

    code: str
    sentence: str = ""
    reading: Reading | None = None
    seconds: float = 0.0
    fetch_mib: float = 0.0  # peak of the process that fetches
    read_mib: float = 0.0  # peak of the process that reads
    opened: tuple[str, ...] = ()
    retry_after_s: float | None = None
    truncated: bool = False
    etag: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.reading.entries if self.reading else ()


Check = Callable[[Outcome], str]  # "" if it is as it must be, else what is not


@dataclass(frozen=True)
class Case:
    """A case passes with one of `codes`, `check` content, within `seconds`, and with peaks below the MiB given.

    `answer` is what the server does at the case's `path`, `more` at others. `strict`: fetched as in earnest, public
    addresses alone but for the hostile server. `waits`: it takes all the time that a fetch may take. `url` is asked
    instead of the path, "{path}" in it.
    """

    id: str
    name: str
    answer: Handler
    codes: frozenset[str]
    check: Check | None = None  # of what was read
    error_check: Check | None = None  # of the error
    seconds: float = 3.0
    fetch_mib: float = 110
    read_mib: float = 320  # once a text was long enough to tell its language: the model for that takes 240
    strict: bool = False
    waits: bool = False
    more: dict[str, Handler] = field(default_factory=dict)
    url: str = ""
    etag: str = ""  # asked with this validator

    @property
    def path(self) -> str:
        return path_of(self.id, self.name)


@dataclass(frozen=True)
class Surroundings:
    """What the cases aim at: a canary that must hear nothing, a file and a pipe that must stay closed."""

    canary: str
    secret: str
    fifo: str


def path_of(id_: str, name: str) -> str:
    """Where a case is served; what its name has beside letters, digits and commas counts as well."""
    plain = re.sub(r"[^a-z0-9]+", "-", f"{id_} {name}".lower()).strip("-")
    return "/" + (plain if re.fullmatch(r"[\w ,:]+", name, re.ASCII) else f"{plain[:60]}-{crc32(name.encode()):x}")


def case(id_: str, name: str, answer: "Handler | bytes | str", *codes: str, **more: object) -> Case:
    """A case whose `answer` may also be a body. Heavy ones may take the reading process to its limits."""
    handler = answer if callable(answer) else page(answer)
    return Case(id_, name, handler, frozenset(codes), **more)  # type: ignore[arg-type]


def page(body: bytes | str, status: int = 200, **headers: str) -> Handler:
    """A handler that sends `body`; headers are given with underscores."""
    data = body.encode() if isinstance(body, str) else body
    return lambda request: request.send(status, data, **headers)


def raw(*pieces: bytes) -> Handler:
    """A handler that writes these bytes as they are, and hangs up."""

    def answer(request: Request) -> None:
        request.close_connection = True
        for piece in pieces:
            request.wfile.write(piece)

    return answer


def feed(
    title: str = "t",
    body: str = "",
    *,
    head: str = "",
    link: str = "https://a.example/1",
    guid: str = "",
    more: str = "",
    channel: str = "<title>feed</title>",
) -> bytes:
    """An RSS document with one item; every part is markup as it stands."""
    named = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    linked = f"<link>{link}</link>" if link else ""
    return (
        f"{head}<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        f"xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/'>"
        f"<channel>{channel}<item><title>{title}</title>{linked}{named}<description>{body}</description>{more}</item>"
        "</channel></rss>"
    ).encode()


def items(*parts: str) -> bytes:
    """An RSS document around these items."""
    return f"<rss version='2.0'><channel><title>feed</title>{''.join(parts)}</channel></rss>".encode()


def atom(entry: str, head: str = "", more: str = "") -> bytes:
    """An Atom document around one entry's inside."""
    return (
        f"{head}<feed xmlns='http://www.w3.org/2005/Atom'{more}><title>feed</title><id>urn:feed</id>"
        f"<entry><id>urn:one</id>{entry}</entry></feed>"
    ).encode()


def json_feed(**item: object) -> str:
    """A JSON Feed of one item."""
    whole = {"id": "1", "url": "https://a.example/1", "title": "t", **item}
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "feed", "items": [whole]})


_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_TAG = re.compile(
    r"</?(?:script|style|svg|img|iframe|object|embed|math|form|input|link|meta|base)(?=[\s/>])[^<>]*>", re.I
)  # what acts; a title may well say “<b>”, which is escaped wherever it is shown
_TAGS = {
    *(
        "a",
        "em",
        "strong",
        "b",
        "i",
        "s",
        "del",
        "ins",
        "sub",
        "sup",
        "br",
        "code",
        "kbd",
        "samp",
        "q",
        "cite",
        "p",
        "pre",
    ),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "dl", "dt", "dd", "table", "thead"),
    *("tbody", "tfoot", "tr", "td", "th", "caption", "figure", "figcaption"),
}
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}}
_WEB = re.compile(r"https?://[^/?#@\s]+(?:[/?#]|$)")


class _Strange(HTMLParser):
    """Collects whatever may not stand in an article's HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name not in _ATTRIBUTES.get(tag, ()):
                self.found.append(f"<{tag} {name}>")
            elif name == "href" and not _WEB.match(value or ""):
                self.found.append(f"a link to {str(value)[:40]!r}")


def harmless(reading: Reading) -> str:
    """ "" if nothing in what was read can hurt a page, a letter or the order of articles; else what can."""
    if len(reading.title) > 300 or _UNSEEN.search(reading.title):
        return "the feed's title is not clean"
    for entry in reading.entries:
        if wrong := harmless_entry(entry):
            return f"article {entry.title[:30]!r}: {wrong}"
    keys = [entry.link_key for entry in reading.entries]
    return "two articles bear one name" if len(set(keys)) < len(keys) or "" in keys else ""


def harmless_entry(entry: Entry) -> str:
    """The same for one article."""
    for name, most in (("title", 500), ("author", 300), ("summary", 5_000), ("link", 2_000), ("guid", 1_000)):
        if len(getattr(entry, name)) > most:
            return f"{name} of {len(getattr(entry, name))} characters"
    for name in ("title", "author", "summary", "text", "html", "guid", "link"):
        if found := _UNSEEN.search(getattr(entry, name)):
            return f"{found.group()!r} in {name}"
    if found := _TAG.search(entry.title + entry.author):
        return f"markup in title or author: {found.group()[:60]}"
    if entry.published_at and not NOW - timedelta(days=3653) <= entry.published_at <= NOW + timedelta(hours=24):
        return f"published {entry.published_at}"
    if (entry.link and not _WEB.match(entry.link)) or (entry.image_url and not _WEB.match(entry.image_url)):
        return f"links to {entry.link or entry.image_url}"
    if not entry.link and "no usable link" not in entry.review:
        return "has no link, and nobody is told"
    strange = _Strange()
    strange.feed(entry.html)
    strange.close()
    return f"{strange.found[0]} in its HTML" if strange.found else ""


def all_of(*checks: Check) -> Check:
    """The first complaint of several checks."""
    return lambda outcome: next((wrong for check in checks if (wrong := check(outcome))), "")


def field_is(name: str, value: object) -> Check:
    """The first article's field is exactly this."""

    def check(outcome: Outcome) -> str:
        if not outcome.entries:
            return "no article"
        found = getattr(outcome.entries[0], name)
        return "" if found == value else f"{name} is {str(found)[:60]!r}, not {str(value)[:60]!r}"

    return check


def field_fits(name: str, fits: Callable[[str], bool], words: str) -> Check:
    """The first article's field is as `words` say."""

    def check(outcome: Outcome) -> str:
        if not outcome.entries:
            return "no article"
        found = str(getattr(outcome.entries[0], name) or "")
        return "" if fits(found) else f"{name} is {found[:60]!r}: {words}"

    return check


def holds(name: str, part: str) -> Check:
    return field_fits(name, lambda found: part in found, f"no {part!r}")


def lacks(name: str, part: str) -> Check:
    return field_fits(name, lambda found: part not in found, f"{part!r} in it")


def count_is(count: int) -> Check:
    """So many articles."""

    def check(outcome: Outcome) -> str:
        return "" if len(outcome.entries) == count else f"{len(outcome.entries)} articles, not {count}"

    return check


def warns(words: str) -> Check:
    """The operator is told."""

    def check(outcome: Outcome) -> str:
        warnings = "; ".join(outcome.reading.warnings) if outcome.reading else ""
        return "" if words in warnings else f"no warning of {words!r}, but {warnings[:60]!r}"

    return check


def sentence_holds(part: str) -> Check:
    return lambda outcome: "" if part in outcome.sentence else f"the sentence lacks {part!r}"


def judge(case: Case, outcome: Outcome) -> str:
    """ "" if the case went as it must, else what did not."""
    if outcome.code not in case.codes:
        return f"code {outcome.code}, not {' or '.join(sorted(case.codes))}: {outcome.sentence[:80]}"
    if outcome.code not in {READ, "unchanged"} and not outcome.sentence.strip():
        return "an error without a sentence"
    if outcome.seconds > case.seconds:
        return f"took {outcome.seconds:.1f} s, more than {case.seconds:g} s"
    if outcome.fetch_mib > case.fetch_mib or outcome.read_mib > case.read_mib:
        return f"more memory than {case.fetch_mib:g}/{case.read_mib:g} MiB"
    said = outcome.sentence + str(outcome.reading)
    if SECRET in said or "root:" in said:
        return "a secret came through"
    if outcome.opened:
        return f"opened {', '.join(outcome.opened)[:100]}"
    if outcome.reading and (wrong := harmless(outcome.reading)):
        return wrong
    check = case.check if outcome.code == READ else case.error_check
    return check(outcome) if check else ""


def all_cases(around: Surroundings, timeout_s: float) -> list[Case]:
    """Every case, those that wait first; `timeout_s` is the whole time that one fetch may take."""
    from tests.drills import hostile_bodies, hostile_markup, hostile_parsing, hostile_servers, hostile_texts

    def each() -> Iterator[Case]:
        yield from hostile_bodies.cases(around, timeout_s)
        yield from hostile_parsing.cases(around, timeout_s)
        yield from hostile_texts.cases(around)
        yield from hostile_markup.cases(around)
        yield from hostile_servers.cases(around, timeout_s)

    found = list(each())
    paths = [one.path for one in found]
    if doubled := {path for path in paths if paths.count(path) > 1}:
        raise ValueError(f"two cases are served at {', '.join(doubled)}")
    return found
