"""What a site's robots.txt lets us fetch, and how slowly (RFC 9309; the matching is protego's)."""

import re

from protego import Protego

from flows.articles.plain import visible

MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: a crawler must read this much, and may stop there
MAX_DELAY_S = 30.0
_LONGEST_LINE = 2_000  # characters: no address that we fetch is longer, so no longer pattern matches one
_AGENT_LINE = re.compile(r"user[- ]?agent[ \t]*:?[ \t]*([^#]*)", re.I)
_TOKEN = re.compile(r"[a-z_-]+")
_BLANKS = " \t"


class Rules:
    """What a robots.txt says, to every crawler that asks. `text` is the file; "" allows everything."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._said_to: dict[str, Protego] = {}

    def allows(self, user_agent: str, url: str) -> bool:
        """`user_agent` is the product token, "Masthead"; `url` is absolute."""
        return self._to(user_agent).can_fetch(url, user_agent)

    def delay_s(self, user_agent: str) -> float:
        """The pause it asks for between two requests, 0 if it asks for none, 30 at most."""
        return min(MAX_DELAY_S, self._to(user_agent).crawl_delay(user_agent) or 0.0)

    def _to(self, user_agent: str) -> Protego:
        token = user_agent.lower()
        if token not in self._said_to:
            self._said_to[token] = Protego.parse(_said_to(self._text, token))
        return self._said_to[token]


ALLOW_ALL = Rules("")
DISALLOW_ALL = Rules("User-agent: *\nDisallow: /\n")


def read_robots(status: int, body: bytes) -> Rules:
    """The rules in the answer to a request for robots.txt; `status` 0 means that there was no answer.

    No such file (4xx) allows everything. A server that has a fault, is out of reach, or wants us to wait (429)
    allows nothing for now.
    """
    if 200 <= status < 300:
        return Rules(_decoded(body))
    return ALLOW_ALL if 300 <= status < 500 and status != 429 else DISALLOW_ALL


def _decoded(body: bytes) -> str:
    kept = body[: MAX_BYTES + 1]
    if len(kept) > MAX_BYTES:  # half a line would say something else: "/" of "/private"
        kept = kept[: max(kept.rfind(b"\n"), kept.rfind(b"\r"), 0)]
    return visible(kept.decode("utf-8", "replace"))


def _said_to(text: str, token: str) -> str:
    """The groups of `text` that speak to this crawler or to all.

    The others are left out before protego sees them: it gives every rule of a group to every crawler that the
    group names, which thousands of names on thousands of rules would make millions.
    """
    kept: list[str] = []
    names: set[str] = set()
    naming = False
    for line in text.splitlines():
        line = line.strip(_BLANKS)  # noqa: PLW2901 - the line as it counts
        if not line or line.startswith("#") or len(line) > _LONGEST_LINE:
            continue
        if found := _AGENT_LINE.match(line):
            if not naming:
                names, naming = set(), True
            name = _name(found.group(1))
            if name in {"*", token} and name not in names:
                names.add(name)
                kept.append(f"User-agent: {name}")
        elif not _is_of_the_site(line):
            naming = False
            if names:
                kept.append(line)
    return "\n".join(kept)


def _name(value: str) -> str:
    """The product token: "masthead" of "Masthead/1.0"."""
    value = value.strip().lower()
    if value.startswith("*"):
        return "*"
    found = _TOKEN.match(value)
    return found.group() if found else ""


def _is_of_the_site(line: str) -> bool:
    """Lines that belong to no group, and end none."""
    return line[:9].lower().startswith(("sitemap", "site-map", "host:"))
