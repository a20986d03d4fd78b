"""Which addresses may be asked and which may be dialled: feeds are written by strangers.

An address is asked for twice: as written in a link (`check_url`, before anything is looked up) and as numbers
(`is_public`, on what the name stands for and again on the very socket that is opened).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit, urlunsplit

import idna

from flows.errors import FetchError

# What `ipaddress.is_global` lets pass differs between Python versions; this table does not.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata service of one cloud
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_METADATA_4 = frozenset({IPv4Address("168.63.129.16")})  # public by its number, a cloud's inside by its meaning
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address inside
        "3fff::/20",
        "2620:4f:8000::/48",
    )
)
MAX_URL_CHARS = 2000
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")


@dataclass(frozen=True)
class Guard:
    """The rules of one installation. `allow_private` opens every port too: the demo serves on loopback."""

    allow_private: bool = False

    def check_url(self, url: str) -> str:
        """The URL with its host as it is dialled. Raises FetchError (`bad_url`, `blocked_address`)."""
        if len(url) > MAX_URL_CHARS:
            raise _bad(url, f"the address is longer than {MAX_URL_CHARS} characters")
        if _CONTROLS.search(url):
            raise _bad(url, "the address holds a space, a backslash or a control character")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _bad(url, "this is not a web address; check its spelling") from error
        if parts.scheme not in _PORTS:
            raise _refused(url, f"only http and https are fetched, not “{parts.scheme or url[:20]}”")
        if "@" in parts.netloc:
            raise _refused(url, "addresses with a user name or password in them are not fetched")
        if not self.allow_private and port not in {None, 80, 443}:
            raise _blocked(url, f"only the ports 80 and 443 are allowed, not {port}")
        host = self._check_host(url, parts.hostname or "")
        netloc = host if port in {None, _PORTS[parts.scheme]} else f"{host}:{port}"
        return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))

    def _check_host(self, url: str, host: str) -> str:
        if ":" in host:
            return f"[{self._check_literal(url, host)}]"
        host = _ascii_host(url, host)
        if _NUMBER.fullmatch(host.rstrip(".").rsplit(".", 1)[-1]):
            return self._check_literal(url, host)
        return host

    def _check_literal(self, url: str, host: str) -> str:
        try:
            literal = ip_address(host)
        except ValueError as error:
            raise _blocked(url, "the host is a number in disguise; write the name of the site") from error
        if not self.may_dial(host):
            raise _blocked(url, "it leads to a private or reserved address")
        return str(literal)

    def may_dial(self, address: str) -> bool:
        """Whether a socket may be opened to this numeric address."""
        return self.allow_private or is_public(address)


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public Internet; False for what is no address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return ip not in _METADATA_4 and not any(ip in block for block in _NOT_PUBLIC_4)
    return _is_public_6(ip)


def _is_public_6(ip: IPv6Address) -> bool:
    if ip.scope_id is not None or ip not in _GLOBAL_UNICAST_6:
        return False  # this leaves out loopback, mapped, NAT64, unique local, link-local and multicast at once
    return not any(ip in block for block in _NOT_PUBLIC_6)


def _ascii_host(url: str, host: str) -> str:
    """The host as DNS knows it. Full-width digits become plain here, and so are seen as numbers."""
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise _bad(url, "the name of the site is not a valid host name; check its spelling") from error
    name = name.lower()
    if len(name) > 253 or not _HOST.fullmatch(name):
        raise _bad(url, "the name of the site is not a valid host name; check its spelling")
    return name


def _bad(url: str, reason: str) -> FetchError:
    return FetchError(url[:300], "bad_url", reason)


def _refused(url: str, reason: str) -> FetchError:
    return FetchError(url[:300], "blocked_address", reason)


def _blocked(url: str, reason: str) -> FetchError:
    """Refused, unless a setting allows it."""
    return _refused(
        url,
        f"{reason}. Addresses inside a network are fetched only with MASTHEAD_ALLOW_PRIVATE_ADDRESSES=true.",
    )
