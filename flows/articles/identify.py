"""One article, one name: canonical links, stable keys, and "have we seen this before?"."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from flows.articles.boilerplate import folded
from flows.articles.entry import Entry
from flows.articles.links import canonical_link, hash_of, link_key, place_of

__all__ = ["Change", "Known", "Plan", "canonical_link", "content_hash", "decide", "link_key", "name_entries"]

_Article = TypeVar("_Article", "Known", Entry)
_Sign = TypeVar("_Sign")


def name_entries(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries of one fetch with canonical links and keys, each article once (the first wins).

    Within one feed a guid that stands on several links names none of them, and a link that several titles
    share (a changelog, a status page) is told apart by its fragment or, failing that, by the title.
    """
    links = _links(entries)
    titles = [entry.title for entry in entries]
    shared_guids = _shared((entry.guid, link or entry.title) for entry, link in zip(entries, links, strict=True))
    shared_links = _shared(zip(links, titles, strict=True)) | {""}
    named: dict[str, Entry] = {}
    guids: set[str] = set()
    for entry, link in zip(entries, links, strict=True):
        guid = "" if entry.guid in shared_guids else entry.guid
        key = link_key(link) if link not in shared_links else _key_without_link(entry, link, guid)
        if key not in named and (not guid or guid not in guids):
            review = entry.review if link else _and(entry.review, "no usable link")
            named[key] = replace(entry, link=link, guid=guid, link_key=key, review=review)
            guids.add(guid)
    return tuple(named.values())


def _links(entries: Sequence[Entry]) -> list[str]:
    """Their canonical links, with fragments where nothing else tells two of them apart."""
    short = [canonical_link(entry.link) for entry in entries]
    full = [
        canonical_link(entry.link, keep_fragment=True) if "#" in entry.link else link
        for entry, link in zip(entries, short, strict=True)
    ]
    by_fragment = _shared(zip(short, full, strict=True))
    return [long if brief in by_fragment else brief for brief, long in zip(short, full, strict=True)]


def _shared(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """First members that stand with more than one second member."""
    counts = Counter(first for first, _ in set(pairs))
    return {first for first, count in counts.items() if count > 1}


def _key_without_link(entry: Entry, link: str, guid: str) -> str:
    """The key of an article that its link, if it has one, does not name alone."""
    if guid:
        return hash_of("guid", guid)
    day = entry.published_at.date().isoformat() if entry.published_at else ""
    return hash_of("title", link, entry.title, day)


def _and(review: str, note: str) -> str:
    return f"{review}; {note}" if review else note


@dataclass(frozen=True)
class Known:
    """A stored article, as far as it takes to recognise it.

    `canonical_key` is the key of the link that the article's own page calls canonical, "" if it names none.
    """

    id: int
    guid: str
    link: str
    link_key: str
    content_hash: str
    title: str = ""
    published_at: datetime | None = None
    canonical_key: str = ""


@dataclass(frozen=True)
class Change:
    """A stored article that now reads differently. `link_key` is "" when it keeps the one it has."""

    id: int
    entry: Entry
    link_key: str
    note: str = ""


@dataclass(frozen=True)
class Plan:
    new: tuple[Entry, ...] = ()
    changed: tuple[Change, ...] = ()
    same: int = 0


def decide(entries: Sequence[Entry], known: Sequence[Known], *, standing: Collection[str] = ()) -> Plan:
    """What to store. An entry is a known article by its guid, else by its link, else as one that has moved.

    `standing` are the link keys of what else is in the document: those articles are met already. Changes come in
    an order in which every link is free when it is taken.
    """
    pairs = _match(entries, known, set(standing))
    taken = {article.link_key for article in known}
    changed = _differences([(article, entry) for article, entry in pairs if article], taken)
    named = _named_by_one(known)
    new: list[Entry] = []
    for article, entry in pairs:
        claimed = _same_title(entry, named.get(entry.link_key))  # it is what the page of another calls canonical
        if article is None and entry.link_key not in taken and not claimed:
            new.append(entry)
            taken.add(entry.link_key)
    return Plan(tuple(new), tuple(changed), len(entries) - len(new) - len(changed))


def _match(entries: Sequence[Entry], known: Sequence[Known], standing: set[str]) -> list[tuple[Known | None, Entry]]:
    """For each entry the stored article that it is. No article is matched twice; the surest sign chooses first."""
    matches: dict[str, Known] = {}
    free = {article.id: article for article in known if article.link_key not in standing}
    by_guid = {article.guid: article for article in free.values() if article.guid}
    by_link = {article.link_key: article for article in free.values()}
    by_page = _named_by_one(known)

    def meet(entry: Entry, article: Known | None) -> None:
        if article and article.id in free and entry.link_key not in matches:
            matches[entry.link_key] = free.pop(article.id)

    for entry in entries:
        article = by_guid.get(entry.guid)
        meet(entry, article if article and _may_be(entry, article) else None)
    for entry in entries:
        meet(entry, by_link.get(entry.link_key))
    for entry in entries:
        claimant = by_page.get(entry.link_key)
        meet(entry, claimant if _same_title(entry, claimant) else None)
    for sign_of in (_same_page, _same_time) if free and len(matches) < len(entries) else ():
        there = _unique(free.values(), sign_of)
        for sign, entry in _unique((entry for entry in entries if entry.link_key not in matches), sign_of).items():
            meet(entry, there.get(sign))
    return [(matches.get(entry.link_key), entry) for entry in entries]


def _may_be(entry: Entry, article: Known) -> bool:
    """Whether a guid is to be believed: some feeds number by place, and give each article every guid in turn."""
    links = {article.link_key, article.canonical_key}
    same_time = entry.published_at is not None and entry.published_at == article.published_at
    return not entry.link or entry.link_key in links or same_time or _same_title(entry, article)


def _same_title(entry: Entry, article: Known | None) -> bool:
    return article is not None and folded(entry.title) == folded(article.title)


def _named_by_one(known: Iterable[Known]) -> dict[str, Known]:
    """Articles by what their pages call canonical. What several pages call so (the front page) names none."""
    return _unique(known, lambda article: article.canonical_key)


def _same_page(article: Known | Entry) -> tuple[str, ...] | None:
    """The same title in the same place of another host: a site that moved."""
    title, (_, *place) = folded(article.title), place_of(article.link)
    return (title, *place) if title and any(place) else None


def _same_time(article: Known | Entry) -> tuple[str, datetime] | None:
    """The same title at the same moment: a site whose links are written otherwise now."""
    title = folded(article.title)
    return (title, article.published_at) if title and article.published_at else None


def _unique(articles: Iterable[_Article], sign_of: Callable[[_Article], _Sign | None]) -> dict[_Sign, _Article]:
    """The articles by a sign that no two of them share."""
    signed = [(sign_of(article), article) for article in articles]
    counts = Counter(sign for sign, _ in signed)
    return {sign: article for sign, article in signed if sign and counts[sign] == 1}


def _differences(pairs: list[tuple[Known, Entry]], taken: set[str]) -> list[Change]:
    """How entries differ from what is stored.

    An article that moves frees its key in `taken` and takes its new one. Where another article stands, and does
    not move away, it cannot go: it stays where it is.
    """
    changes: list[Change] = []
    waiting = pairs
    while waiting:
        pairs, waiting = waiting, []
        for article, entry in pairs:
            if not _has_moved(article, entry):
                changes += _rewritten(article, entry, "")
            elif entry.link_key in taken:
                waiting.append((article, entry))
            else:
                taken.discard(article.link_key)
                taken.add(entry.link_key)
                changes.append(Change(article.id, entry, entry.link_key, "link changed"))
        if len(waiting) == len(pairs):
            return changes + [
                change
                for article, entry in waiting
                for change in _rewritten(article, entry, "its new link is another article's")
            ]
    return changes


def _has_moved(article: Known, entry: Entry) -> bool:
    return bool(entry.link) and entry.link != article.link and entry.link_key != article.link_key


def _rewritten(article: Known, entry: Entry, note: str) -> list[Change]:
    """Whatever its guid: some feeds make new ones for every fetch."""
    if entry.content_hash == article.content_hash:
        return []
    stays = bool(note) or not entry.link  # a feed that forgets a link takes none away
    return [Change(article.id, replace(entry, link=article.link) if stays else entry, "", note)]


def content_hash(title: str, link: str, author: str, published_at: datetime | None, html: str) -> str:
    """What decides whether a stored article is written again."""
    return hash_of(title, link, author, published_at.isoformat() if published_at else "", html)
