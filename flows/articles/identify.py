"""One article, one name: canonical links, stable keys, and "have we seen this before?"."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from flows.articles.entry import Entry
from flows.articles.guard import MAX_URL_CHARS, Guard
from flows.errors import FetchError

_TRACKING = re.compile(
    r"utm_\w+|mtm_\w+|pk_(?:campaign|source|medium|kwd)|hsa_\w+|_hs(?:enc|mi)|vero_\w+|oly_(?:enc|anon)_id"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|mc_cid|mc_eid"
    r"|mkt_tok|_ga|_gl|s_cid|cmpid|__twitter_impression",
    re.I,
)
_SAYS_WHENCE = {"ref", "source", "src", "from", "partner", "ncid"}
_A_FEED = {"rss", "feed", "atom", "rssfeed", "rss_feed", "newsletter"}
_AMP = {"amp", "amp=1", "amp=true", "outputtype=amp"}
_TWIN_HOST = re.compile(r"^(?:www|m|mobile|amp)\.(?=[^.]+\.[^.]+)")
# A letter may carry what a browser opens; whether *we* may fetch it is asked when we do.
_ANY_HOST = Guard(allow_private=True)


def canonical_link(link: str, *, keep_fragment: bool = False) -> str:
    """The link without tracking, its query in order; "" when it is none that a letter may carry.

    A fragment goes, unless it names a page of its own (`#!/…`, `#/…`) or `keep_fragment` says that it counts.
    """
    link = link.strip()
    if not link or len(link) > MAX_URL_CHARS:
        return ""
    try:
        link, _, fragment = link.partition("#")
        parts = urlsplit(_ANY_HOST.check_url(link.replace(" ", "%20")))
        counts = keep_fragment or fragment.startswith(("!", "/"))
        bare = parts._replace(query=_untracked(parts.query), fragment=fragment)
        whole = str(canonicalize_url(urlunsplit(bare), keep_fragments=counts))
    except (FetchError, ValueError):
        return ""
    return whole if len(whole) <= MAX_URL_CHARS else ""


def _untracked(query: str) -> str:
    return "&".join(part for part in query.split("&") if part and not _tracks(part))


def _tracks(part: str) -> bool:
    name, _, value = part.partition("=")
    return bool(_TRACKING.fullmatch(name)) or (name.lower() in _SAYS_WHENCE and value.lower() in _A_FEED)


def link_key(link: str) -> str:
    """The hash under which a canonical link is known; http and https, www., m. and AMP forms share it."""
    parts = urlsplit(link)
    host = _TWIN_HOST.sub("", parts.netloc)
    path = re.sub(r"(?<=[^/])/amp$", "", parts.path.rstrip("/"))
    query = "&".join(part for part in parts.query.split("&") if part.lower() not in _AMP)
    return _hash("link", host, path, query, parts.fragment)


def _hash(*parts: str) -> str:
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def name_entries(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries of one fetch with canonical links and keys, each article once (the first wins).

    Within one feed a guid that stands on several links names none of them, and a link that several titles
    share (a changelog, a status page) is told apart by its fragment or, failing that, by the title.
    """
    entries = _with_links(entries)
    shared_guids = _shared((entry.guid, entry.link or entry.title) for entry in entries if entry.guid)
    shared_links = _shared((entry.link, entry.title) for entry in entries if entry.link)
    named: dict[str, Entry] = {}
    guids: set[str] = set()
    for entry in entries:
        guid = "" if entry.guid in shared_guids else entry.guid
        key = _key(replace(entry, guid=guid), shared_links)
        if key not in named and (not guid or guid not in guids):
            named[key] = replace(entry, guid=guid, link_key=key)
            guids.add(guid)
    return tuple(named.values())


def _with_links(entries: Sequence[Entry]) -> list[Entry]:
    short = [canonical_link(entry.link) for entry in entries]
    full = [canonical_link(entry.link, keep_fragment=True) for entry in entries]
    by_fragment = _shared(zip(short, full, strict=True))
    return [
        replace(
            entry,
            link=long if brief in by_fragment else brief,
            review=entry.review if brief else _and(entry.review, "no usable link"),
        )
        for entry, brief, long in zip(entries, short, full, strict=True)
    ]


def _shared(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """First members that stand with more than one second member."""
    counts = Counter(first for first, _ in set(pairs))
    return {first for first, count in counts.items() if count > 1}


def _key(entry: Entry, shared_links: Collection[str]) -> str:
    if entry.link and entry.link not in shared_links:
        return link_key(entry.link)
    if entry.guid:
        return _hash("guid", entry.guid)
    day = entry.published_at.date().isoformat() if entry.published_at else ""
    return _hash("title", entry.link, entry.title, day)


def _and(review: str, note: str) -> str:
    return f"{review}; {note}" if review else note


@dataclass(frozen=True)
class Known:
    """A stored article, as far as it takes to recognise it."""

    id: int
    guid: str
    link: str
    link_key: str
    content_hash: str


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


def decide(entries: Sequence[Entry], known: Sequence[Known]) -> Plan:
    """What to store. The guid is asked first, then the link: either alone makes it the same article."""
    matches = _match(entries, known)
    taken = {article.link_key for article in known}
    changed = [
        change
        for entry, article in zip(entries, matches, strict=True)
        if article is not None and (change := _difference(article, entry, taken))
    ]
    new: list[Entry] = []
    for entry, article in zip(entries, matches, strict=True):
        if article is None and entry.link_key not in taken:
            new.append(entry)
            taken.add(entry.link_key)
    return Plan(tuple(new), tuple(changed), len(entries) - len(new) - len(changed))


def _match(entries: Sequence[Entry], known: Sequence[Known]) -> list[Known | None]:
    """For each entry the stored article that it is. No article is matched twice, and guids choose first."""
    by_guid = {article.guid: article for article in known if article.guid}
    by_key = {article.link_key: article for article in known}
    matches = [by_guid.pop(entry.guid, None) for entry in entries]
    met = {article.id for article in matches if article}
    for place, entry in enumerate(entries):
        article = by_key.get(entry.link_key)
        if matches[place] is None and article is not None and article.id not in met:
            matches[place] = article
            met.add(article.id)
    return matches


def _difference(article: Known, entry: Entry, taken: set[str]) -> Change | None:
    """How the entry differs; an article that moves frees its key in `taken` and takes the new one."""
    moved = bool(entry.link) and entry.link != article.link and entry.link_key != article.link_key
    if not moved and entry.content_hash == article.content_hash:
        return None  # whatever its guid: some feeds make new ones for every fetch
    if not moved:
        return Change(article.id, entry, "")
    if entry.link_key in taken:  # another article stands there: this one stays where it is
        if entry.content_hash == article.content_hash:
            return None
        return Change(article.id, replace(entry, link=article.link), "", "its new link is another article's")
    taken.discard(article.link_key)
    taken.add(entry.link_key)
    return Change(article.id, entry, entry.link_key, "link changed")


def content_hash(title: str, link: str, author: str, published_at: datetime | None, html: str) -> str:
    """What decides whether a stored article is written again."""
    return _hash(title, link, author, published_at.isoformat() if published_at else "", html)
