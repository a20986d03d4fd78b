"""What feedparser's own tests and real feeds say about our reading: `python -m tests.bench.feed_corpus`.

MASTHEAD_ACCEPTANCE_DATA names a folder with `feedparser-tests/` (documents, each with the server's headers and
what feedparser finds in the comment at its top), `feeds-live/` and `feeds/` (real feeds). Every document goes
through `read_feed`. Where a document says what the title, link, date or text is, ours is compared: text as it is
seen, spaces folded; links in their canonical form. A difference has one of the reasons of the table REASONS, or
the command fails.
"""

import ast
import html
import os
import re
import sys
import time
from calendar import timegm
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from flows.articles.charset import decode
from flows.articles.entry import Entry, Reading
from flows.articles.identify import canonical_link
from flows.articles.parse import parse, raw_feed, through_feedparser
from flows.articles.plain import strip_tags, visible
from flows.articles.prolog import look_at
from flows.articles.read import read_feed
from flows.articles.swift import read_swiftly
from flows.errors import ReadError

SERVER = "http://127.0.0.1:8097/"  # where feedparser's own tests are served
_NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_HEADER = re.compile(r"^\s*Header:\s*([\w-]+)\s*:\s*(.*?)\s*$", re.M)
_EXPECT = re.compile(r"Expect:\s*(.*?)\s*(?:-->|^\s*\w+:\s|\Z)", re.S | re.M)
_SAME = {
    "description": "summary",
    "guid": "id",
    "modified_parsed": "updated_parsed",
    "issued_parsed": "published_parsed",
}
_SUBJECTS = {
    ("title",): "title",
    ("title_detail", "value"): "title",
    ("link",): "link",
    ("published_parsed",): "date",
    ("updated_parsed",): "date",
    ("created_parsed",): "date",
    ("date_parsed",): "date",
    ("summary",): "text",
    ("summary_detail", "value"): "text",
    ("content", 0, "value"): "text",
}


@dataclass(frozen=True)
class Claim:
    """`entry` is None where it is about the feed; `place` is where feedparser keeps it."""

    subject: str
    entry: int | None
    place: tuple[str | int, ...]
    value: Any


@dataclass(frozen=True)
class Stated:
    """A document of the tests, with the headers and the claims of its comment."""

    name: str
    body: bytes
    headers: dict[str, str]
    claims: tuple[Claim, ...]

    @property
    def url(self) -> str:
        place = urljoin(SERVER, self.headers.get("content-location", ""))
        return place if place.startswith("http") else SERVER

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    def text(self) -> str:
        return decode(self.body, self.content_type).text


def stated(path: Path, root: Path) -> Stated:
    """A document and what it says of itself."""
    body = path.read_bytes()
    head = body[:8000].replace(b"\0", b"").decode("utf-8", "replace").partition("-->")[0] + "-->"
    headers = {name.lower(): value for name, value in _HEADER.findall(head)}
    expected = _EXPECT.search(head)
    claims = tuple(_claims(" ".join(expected.group(1).split("\n")).strip())) if expected else ()
    return Stated(str(path.relative_to(root)), body, headers, claims)


def _claims(expression: str) -> Iterator[Claim]:
    """What an expression like `not bozo and entries[0]['title'] == 'x'` states, as far as it is about ours."""
    try:
        parsed = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError):
        return
    parts = parsed.values if isinstance(parsed, ast.BoolOp) and isinstance(parsed.op, ast.And) else [parsed]
    for part in parts:
        if isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.Eq):
            place = _place(part.left)
            entry, inner = (
                (int(place[1]), place[2:]) if place[:1] == ("entries",) and len(place) > 1 else (None, place[1:])
            )
            inner = tuple(_SAME.get(str(step), step) for step in inner)
            subject = _SUBJECTS.get(inner)
            if subject and (entry is not None or (place[0] == "feed" and subject in {"title", "link"})):
                yield Claim(subject, entry, inner, _literal(part.comparators[0]))


def _literal(node: ast.expr) -> Any:
    """The value of a constant; long texts are written as sums. Nothing is ever evaluated."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return str(_literal(node.left)) + str(_literal(node.right))
    return ast.literal_eval(node)


def _place(node: ast.expr) -> tuple[str | int, ...]:
    """`entries[0]['title']` and `entries[0].title` as ("entries", 0, "title"), () for anything else."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        return (*before, node.attr) if (before := _place(node.value)) else ()
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str | int)
    ):
        return (*before, node.slice.value) if (before := _place(node.value)) else ()
    return ()


class _Seen(HTMLParser):
    """What a person sees of markup."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def seen(markup: str) -> str:
    """The text of markup without its spaces: whether a block begins a line is a matter of taste."""
    reader = _Seen()
    reader.feed(markup)
    reader.close()
    return bare("".join(reader.pieces))


def bare(text: str) -> str:
    """Text without its spaces."""
    return "".join(text.split())


@dataclass(frozen=True)
class Case:
    """One claim, and what we have in its place. `reading` is None where we refuse the document."""

    document: Stated
    claim: Claim
    reading: Reading | None
    refusal: str = ""

    @property
    def entry(self) -> Entry | None:
        place = self.claim.entry
        entries = self.reading.entries if self.reading else ()
        return entries[place] if place is not None and place < len(entries) else None

    @property
    def ours(self) -> Any:
        if self.reading is None:
            return None
        if self.claim.entry is None:
            return self.reading.title if self.claim.subject == "title" else self.reading.site_url
        if self.entry is None:
            return None
        if self.claim.subject == "date":
            return self.entry.published_at
        if self.claim.subject == "text":
            return (self.entry.text, self.entry.summary)
        return self.entry.title if self.claim.subject == "title" else self.entry.link

    @property
    def texts(self) -> tuple[str, ...]:
        """What we have, if it is text."""
        ours = self.ours
        return ours if isinstance(ours, tuple) else (str(ours),)

    @property
    def reading_says_more(self) -> bool:
        """Whether our title is other than the stand-in for none."""
        entry = self.entry
        return entry is not None and entry.title not in {"(untitled)", entry.text[:100]}

    def agrees(self) -> bool:
        """Whether ours says what feedparser says."""
        ours, value = self.ours, self.claim.value
        if ours is None or not isinstance(value, str | tuple):
            return False
        if self.claim.subject == "date":
            return isinstance(value, tuple) and bool(ours == datetime.fromtimestamp(timegm(value), UTC))
        if self.claim.subject == "link":
            return bool(ours == canonical_link(urljoin(self.document.url, str(value))))
        readings = {seen(str(value)), bare(str(value)), bare(html.unescape(str(value)))}
        return any(bare(text) in readings for text in self.texts)


def _holds(pattern: str) -> Callable[[Case], bool]:
    """Whether the document, once unescaped, has this below the comment that states the claims."""
    sought = re.compile(pattern, re.I | re.S)
    return lambda case: bool(sought.search(html.unescape(case.document.text().partition("-->")[2])))


def _text_is(change: Callable[[str], str]) -> Callable[[Case], bool]:
    return lambda case: bare(change(str(case.claim.value))) in {bare(ours) for ours in case.texts}


REASONS: dict[str, Callable[[Case], bool]] = {
    "broken and without one article: refused, and its operator told": lambda case: case.refusal == "unreadable_feed",
    "CDF, a format of 1997, is not read": lambda case: look_at(case.document.text()).root == "channel",
    "invisible characters go (F16)": _text_is(visible),
    "a title of a picture alone: the first words stand for it": lambda case: (
        case.claim.subject == "title" and not seen(str(case.claim.value)) and not case.reading_says_more
    ),
    "a title said to be plain text loses its tags all the same (F10)": _text_is(strip_tags),
    "a whole page for a text: head, comments and scripts are no text": _holds(r"<head>.*</head>"),
    "formulas and drawings (MathML, SVG) are not shown (F10)": _holds(r"<(?:math|svg)\b"),
    "what an iframe or object holds stands in for it, and goes with it": _holds(r"<(?:iframe|object)\b"),
    "what begins like a comment or doctype is one, as in browsers": _holds(r"<!(?!\[CDATA\[)|\[CDATA\[.*\[CDATA\["),
    "of two texts the longer is the article": lambda case: (
        case.claim.place[0] == "content" and len(case.texts[0]) > len(str(case.claim.value))
    ),
    "an encoding that none names is guessed otherwise": lambda case: (
        case.reading is not None and any(said.startswith("encoding guessed") for said in case.reading.warnings)
    ),
}


@dataclass
class Score:
    """The figures of the documents with claims."""

    documents: int = 0
    refused: int = 0
    crashes: list[str] = field(default_factory=list)
    compared: Counter[str] = field(default_factory=Counter)
    agree: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unexplained: list[Case] = field(default_factory=list)


def judge(documents: list[Stated]) -> Score:
    """Reads every document and compares what it claims."""
    score = Score(len(documents))
    for document in documents:
        try:
            _judge(document, score)
        except Exception as error:
            score.crashes.append(f"{document.name}: {type(error).__name__}: {error}")
    return score


def _judge(document: Stated, score: Score) -> None:
    reading, refusal = None, ""
    try:
        reading = _read(document, _NOW)
    except ReadError as error:
        refusal = error.code
        score.refused += 1
    for claim in document.claims:
        about = _read(document, _near(claim)) if reading and claim.subject == "date" else reading
        case = Case(document, claim, about, refusal)
        score.compared[claim.subject] += 1
        if case.agrees():
            score.agree += 1
            continue
        reason = next((name for name, holds in REASONS.items() if holds(case)), "")
        if reason:
            score.reasons[reason] += 1
        else:
            score.unexplained.append(case)


def _read(document: Stated, now: datetime) -> Reading:
    return read_feed(document.body, content_type=document.content_type, url=document.url, now=now)


def _near(claim: Claim) -> datetime:
    """A day on which the date that is claimed is news."""
    try:
        return datetime.fromtimestamp(timegm(claim.value), UTC) + timedelta(hours=1)
    except (TypeError, ValueError, OverflowError):
        return _NOW


@dataclass
class Pace:
    """How the swift reading fared on some documents: taken, declined, different from feedparser's."""

    documents: int = 0
    taken: int = 0
    entries: int = 0
    swift_s: float = 0.0
    feedparser_s: float = 0.0
    different: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def pace(documents: list[Stated], *, timed: bool) -> Pace:
    """Reads the documents both ways; `timed`: as real feeds, each of which must be read."""
    total = Pace()
    for document in documents:
        total.documents += 1
        if not document.body.strip():
            continue  # a feed that was empty when it was fetched
        try:
            feed = parse(document.body, content_type=document.content_type, url=document.url)
            if timed:
                total.entries += len(_read(document, _NOW).entries)
            text = document.text()
            if (found := read_swiftly(text)) is None:
                continue
        except ReadError as error:
            total.failed.append(f"{document.name}: {error.reason}")
            continue
        total.taken += 1
        theirs = through_feedparser(text, document.url, feed.warnings)
        if raw_feed(found, document.url, feed.warnings) != theirs:
            total.different.append(document.name)
        if timed:
            total.swift_s += _cpu_s(partial(_swiftly, text, document.url))
            total.feedparser_s += _cpu_s(partial(through_feedparser, text, document.url, ()))
    return total


def _swiftly(text: str, url: str) -> None:
    raw_feed(read_swiftly(text), url, ())


def _cpu_s(work: Callable[[], object]) -> float:
    """The least of three runs, in seconds of CPU."""
    spent = []
    for _ in range(3):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return min(spent)


def folder() -> Path | None:
    """Where the documents are, None when they are not here."""
    said = os.environ.get("MASTHEAD_ACCEPTANCE_DATA", "")
    return Path(said) if said and (Path(said) / "feedparser-tests").is_dir() else None


def stated_documents(data: Path) -> list[Stated]:
    """feedparser's own tests."""
    root = data / "feedparser-tests"
    return [stated(path, root) for path in sorted(root.rglob("*")) if path.suffix in {".xml", ".json"}]


def real_feeds(data: Path, name: str) -> list[Stated]:
    """Feeds as they were fetched."""
    paths = sorted((data / name).glob("*.xml"))
    return [Stated(path.name, path.read_bytes(), {"content-type": "application/xml"}, ()) for path in paths]


def main() -> int:
    data = folder()
    if data is None:
        print("MASTHEAD_ACCEPTANCE_DATA names no folder with feedparser-tests/: nothing to compare")
        return 0
    documents = stated_documents(data)
    score, both = judge(documents), pace(documents, timed=False)
    _print_score(score)
    print(
        f"swift reading              {both.taken:6}  taken of {both.documents}, {len(both.different)} read differently"
    )
    failures = score.crashes + both.different + [_sentence(case) for case in score.unexplained]
    for name in ("feeds-live", "feeds"):
        real = pace(real_feeds(data, name), timed=True)
        _print_pace(name, real)
        failures += real.different + real.failed
    for failure in failures:
        print(f"FAILED  {failure}")
    return 1 if failures else 0


def _print_score(score: Score) -> None:
    subjects = ", ".join(f"{subject} {count}" for subject, count in sorted(score.compared.items()))
    differ = sum(score.reasons.values())
    print("feedparser's own tests")
    print(f"documents                  {score.documents:6}  {score.refused} of them refused with a reason")
    print(f"crashes                    {len(score.crashes):6}")
    print(f"expectations compared      {score.compared.total():6}  {subjects}")
    print(f"agree                      {score.agree:6}")
    print(f"differ with a reason       {differ:6}")
    for reason, count in score.reasons.most_common():
        print(f"                           {count:6}  {reason}")
    print(f"differ without a reason    {len(score.unexplained):6}")


def _print_pace(name: str, real: Pace) -> None:
    print(f"{name}: {real.documents} real feeds, {real.entries} entries, {len(real.failed)} not read")
    print(
        f"swift reading              {real.taken:6}  taken of {real.documents}, {len(real.different)} read differently"
    )
    if real.taken:
        mine, theirs = (1000 * seconds / real.taken for seconds in (real.swift_s, real.feedparser_s))
        print(f"ms of CPU for a feed       {mine:6.2f}  feedparser {theirs:.2f}, {theirs / mine:.1f} times as much")


def _sentence(case: Case) -> str:
    claim = case.claim
    return f"{case.document.name}: {claim.subject} is {claim.value!r} to feedparser, {case.ours!r} to us {case.refusal}"


if __name__ == "__main__":
    sys.exit(main())
