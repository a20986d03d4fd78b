"""What a link carries beside the address of its page: who is counted, which visit this is, which cache has a copy.

A letter's link must still open its page, so only what is certainly of this kind goes; a doubtful parameter stays.
"""

import re
from functools import cache, lru_cache

# Ours: what no page is chosen by, and the library below lacks or only has together with much that is needed.
_TRACKERS = re.compile(
    r"utm_\w+|hsa_\w+|_hs(?:enc|mi)|at_(?:campaign|medium|custom\d*|link_\w+|ptr_name)|ns_(?:campaign|mchannel|source)"
    r"|(?:fbc|gc|dc|twc|ttc|yc|msclk|gbra|wbra)lid|gclsrc|gbraid|wbraid|msclkid|li_fat_id|igshid|igsh|mkt_tok|_ga|_gl"
    r"|s_cid|cmpid|wt_mc|_branch_match_id|__twitter_impression|ref_(?:src|url)|sc_(?:channel|campaign|medium)"
    r"|guce_refer\w+|amp_(?:js_v|gsa|tf)|usqp"
)
# The library's list is made for crawlers. By these a page may be chosen: `?keyword=`, `?uid=`, `?game=`, `?ad_id=`…
_MAY_CHOOSE = re.compile(
    r"(?:ads?|gs|ml)_.*|pk_id|mc_id|partnerid"
    r"|(?:affi?|affiliate|campaign|cl?id|eid|ga|gl|kwd|keyword|medium|ref|referr?er|session|source|uid)"
)
_SAYS_WHENCE = {"ref", "source", "src", "from", "partner", "ncid"}
_A_FEED = re.compile(r"(?:rss|feed|atom|rssfeed|rss_feed|newsletter)|rss-.*", re.I)  # rss-…: Medium
_SESSION = re.compile(
    r"(?:phpsessid|jsessionid|aspsessionid[a-z]{8}|asp\.net_sessionid|cftoken|oscsid)=.*"
    r"|(?:sid|session|sessionid|session_id|zenid)=(?:[0-9a-f]{32,}|(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{26,})",
    re.I,
)
_SESSION_OF_PHP = re.compile(r"(?:^|(?<=&))s=[0-9a-f]{32}(?:&|$)", re.I)  # elsewhere it is often a signature
_COLDFUSION = re.compile(r"(?:^|(?<=&))cfid=[^&]*&(?=cftoken=)", re.I)  # by itself it may be anything
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/;]*", re.I)
_CACHE = re.compile(
    r"https?://(?:(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}/amp|(?:[\w-]+\.)?cdn\.ampproject\.org/[cv]"
    r"|(?:[\w-]+\.)?bing-amp\.com/[cv])/(s/)?([\w-]+(?:\.[\w-]+)+(?:[/?].*)?)",
    re.I | re.ASCII,
)


def untracked(query: str, path: str = "") -> str:
    """The query with what chooses the page alone, in its order; `path` is the one it is asked of."""
    if path.endswith(".php"):
        query = _SESSION_OF_PHP.sub("", query)
    if "cftoken" in query.lower():
        query = _COLDFUSION.sub("", query)
    return "&".join([part for part in query.split("&") if part and not _is_beside(part)])


def without_session(path: str) -> str:
    """The path without the number of a visit that servers for Java write into it."""
    return _SESSION_IN_PATH.sub("", path) if ";" in path else path


def uncached(link: str) -> str:
    """The publisher's own address of a page that a cache of AMP pages has a copy of; any other link as it is."""
    while found := _CACHE.fullmatch(link):
        link = ("https://" if found[1] else "http://") + found[2]
    return link


def _is_beside(part: str) -> bool:
    name, _, value = part.partition("=")
    name = name.lower()
    if name in _SAYS_WHENCE:
        return bool(_A_FEED.fullmatch(value))
    return _is_tracker(name) or bool(_SESSION.fullmatch(part))


@lru_cache(maxsize=1000)
def _is_tracker(name: str) -> bool:
    if _TRACKERS.fullmatch(name):
        return True
    found = _library().match(name)
    is_whole = found is not None and (found.end() == len(name) or found.group().endswith("_"))
    return is_whole and not _MAY_CHOOSE.fullmatch(name)


@cache
def _library() -> re.Pattern[str]:
    """The names that courlan knows from the lists of AdGuard, ClearURLs and Firefox."""
    from courlan.clean import TRACKERS_RE  # noqa: PLC0415 - 90 ms with all it imports; most links have no query

    trackers: re.Pattern[str] = TRACKERS_RE
    return trackers
