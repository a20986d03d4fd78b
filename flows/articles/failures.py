"""What went wrong with a request, each in its own sentence and under a code that stays."""

import asyncio
import socket
import ssl

import aiohttp

from flows.articles.inflate import TooLargeError, UnknownEncodingError
from flows.errors import FetchError

_STATUS = {
    401: "it asks for a password; give the public address of the feed",
    403: "it refuses us; look at the address in a browser, or ask the site to let our user agent in",
    404: "there is nothing at this address; look for the feed's new address on the site",
    429: "it is asked too often and wants us to wait",
    503: "it is out of service for now",
}


class BlockedAddressError(OSError):
    """A name or a literal that stands for an address we do not dial."""


def status_error(url: str, status: int, retry_after_s: float | None) -> FetchError:
    """The error for an answer that is neither a body nor a redirect."""
    if status == 410:
        return FetchError(url, "gone", "the feed was taken down for good (410); it is not asked for again")
    general = (
        "the server has a fault of its own; it is tried again later"
        if status >= 500
        else "the server gave no feed; look at the address in a browser"
    )
    reason = f"{_STATUS.get(status, general)} (status {status})"
    return FetchError(url, f"http_{status}", reason, retry_after_s=retry_after_s)


def body_error(url: str, error: Exception, limit: int) -> FetchError:
    """The error for a body that is not taken."""
    if isinstance(error, TooLargeError):
        return FetchError(
            url,
            "body_too_large",
            f"it is larger than {limit / 2**20:g} MiB (MASTHEAD_FETCH_MAX_BYTES); cut off",
        )
    if isinstance(error, UnknownEncodingError):
        return FetchError(url, "unsupported_encoding", f"it is packed as “{str(error)[:60]}”, which was not asked for")
    return FetchError(url, "damaged_body", "its packed body is damaged; it is tried again later")


def connection_error(url: str, error: Exception, connect_timeout_s: float) -> FetchError:
    """The error for a request that got no answer."""
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, BlockedAddressError):
        return FetchError(
            url,
            "blocked_address",
            "the name leads to a private or reserved address. Addresses inside a network are fetched only "
            "with MASTHEAD_ALLOW_PRIVATE_ADDRESSES=true.",
        )
    if isinstance(error, aiohttp.ServerTimeoutError | asyncio.TimeoutError):
        return FetchError(url, "timeout", f"no connection within {connect_timeout_s:g} s")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return FetchError(url, "tls_error", f"its certificate or encryption is not in order ({_tls_reason(error)})")
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror | UnicodeError):
        return FetchError(url, "dns_error", "the name of the site is not known; check its spelling")
    if isinstance(cause, ConnectionRefusedError):
        return FetchError(url, "connection_refused", "nobody answers at this address (connection refused)")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ServerDisconnectedError | ValueError):
        return FetchError(url, "protocol_error", "what answers there does not speak HTTP properly")
    return FetchError(url, "connection_error", "the connection failed; it is tried again later")


def _tls_reason(error: Exception) -> str:
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    return str(getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or "TLS error")[:120]
