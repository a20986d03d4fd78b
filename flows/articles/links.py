"""The one form of a link, and the key under which all forms of a page are known."""

import re
from hashlib import sha256
from urllib.parse import urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

from flows.articles.guard import MAX_URL_CHARS, Guard
from flows.articles.tracking import uncached, untracked, without_session
from flows.errors import FetchError

_AMP = {"amp", "amp=", "amp=1", "amp=true", "_amp=1", "_amp=true", "outputtype=amp"}
_AMP_PATH = re.compile(r"(?<=[^/])/amp(?:\.html)?$|\.amp(?=(?:\.html)?$)", re.I)
_TWIN_HOST = re.compile(r"^(?:www|m|mobile|amp)\.(?=[^.]+\.[^.]+)")
# A letter may carry what a browser opens; whether *we* may fetch it is asked when we do.
_ANY_HOST = Guard(allow_private=True)
# What is canonical already, but for its parameters: plain names and signs that no rule below rewrites.
_PLAIN = re.compile(
    r"(https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})((?:/(?!\.)[A-Za-z0-9._~!$'()*+,:@=-]*)*)"
    r"(?:\?([\w.-]+=[\w.-]*(?:&[\w.-]+=[\w.-]*)*)?)?(?:#([\w.-]*))?",
    re.ASCII,
)
_PLAIN_CHARS = 250  # a host name may have 253


def canonical_link(link: str, *, keep_fragment: bool = False) -> str:
    """The link without tracking, its query in order; "" when it is none that a letter may carry.

    Sessions go too, and a copy in a cache of AMP pages becomes the publisher's page. A fragment goes, unless it
    names a page of its own (`#!/…`, `#/…`) or `keep_fragment` says that it counts.
    """
    link = link.strip()
    if not link or len(link) > MAX_URL_CHARS:
        return ""
    if "amp" in link:
        link = uncached(link)
    plain = _PLAIN.fullmatch(link) if len(link) < _PLAIN_CHARS else None
    if plain is None:
        return _canonical(link, keep_fragment)
    site, path, query, fragment = plain.groups("")
    query = untracked(query, path) if query else ""
    if "&" in query:
        query = "&".join(sorted(query.split("&"), key=lambda part: part.partition("=")))
    tail = f"#{fragment}" if keep_fragment and fragment else ""
    return f"{site}{path or '/'}{'?' if query else ''}{query}{tail}"


def _canonical(link: str, keep_fragment: bool) -> str:
    """The long way, for any link."""
    try:
        link, _, fragment = link.partition("#")
        parts = urlsplit(_ANY_HOST.check_url(link.replace(" ", "%20")))
        counts = keep_fragment or fragment.startswith(("!", "/"))
        query = untracked(parts.query, parts.path)
        bare = parts._replace(path=without_session(parts.path), query=query, fragment=fragment)
        whole = str(canonicalize_url(urlunsplit(bare), keep_fragments=counts))
    except (FetchError, ValueError):
        return ""
    if query and "=" not in query and "&" not in query:  # `?Page` is not the same as `?Page=` for some wikis
        site, _, query = whole.partition("?")
        whole = f"{site}?{query.replace('=', '', 1)}"
    return whole if len(whole) <= MAX_URL_CHARS else ""


def picture_address(link: str) -> str:
    """The link as it is, fit for a letter, or "": addresses of pictures are often signed, to the last parameter."""
    try:
        whole = str(safe_url_string(_ANY_HOST.check_url(link.strip().replace(" ", "%20"))))
    except (FetchError, ValueError):
        return ""
    return whole if len(whole) <= MAX_URL_CHARS else ""


def link_key(link: str) -> str:
    """The hash under which a canonical link is known; http and https, www., m. and AMP forms share it."""
    return hash_of("link", *place_of(link))


def place_of(link: str) -> tuple[str, str, str, str]:
    """Host, path, query and fragment, the same for all forms of a page."""
    parts = urlsplit(link)
    host = _TWIN_HOST.sub("", parts.netloc)
    path = _AMP_PATH.sub("", parts.path.rstrip("/"))
    query = "&".join([part for part in parts.query.split("&") if part.lower() not in _AMP])
    return host, path, query, parts.fragment


def hash_of(*parts: str) -> str:
    """One name for what these parts say together."""
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
