"""Signed links: who may change whose wishes, proved by a token and nothing else.

A token reads `PURPOSE KEY . SUBSCRIBER . GENERATION . NEWSLETTER . EXPIRY . SIGNATURE`, for example
`p3f2a91.42.0.gradient-post.0.kJ…`. The signature covers every character before it and is itself compared as
text, never decoded: no other spelling of a token exists. Each purpose has a key of its own.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from subscribers.errors import LinkError

CONFIRM_FOR = timedelta(days=7)
_LONGEST_TOKEN = 300
_SHAPE = re.compile(r"([a-z])([0-9a-f]{6})\.([0-9]{1,18})\.([0-9]{1,9})\.([a-z0-9-]{1,60})\.([0-9]{1,12})")


class Purpose(StrEnum):
    """What a link allows; the value is the first segment of its path, too."""

    PREFERENCES = "p"
    UNSUBSCRIBE = "u"  # never expires: an old letter must still be able to say goodbye
    CONFIRM = "c"


@dataclass(frozen=True)
class Claims:
    """What a genuine token says. `expires` is None for links that never do."""

    subscriber_id: int
    newsletter: str
    generation: int
    expires: datetime | None = None

    @property
    def issued(self) -> datetime | None:
        """When a confirmation link was made; None for the other kinds."""
        return self.expires - CONFIRM_FOR if self.expires else None


class Links:
    """Makes and reads links. `address`: public, of the pages; `retired`: older keys, still honoured."""

    def __init__(self, key: bytes, address: str, *, retired: Sequence[bytes] = ()) -> None:
        if not key:
            raise ValueError("links need a key to sign with; it is empty.")
        self.address = address.rstrip("/")
        self._current = _key_id(key)
        self._keys = {_key_id(each): each for each in (*retired, key)}

    def preferences(self, subscriber_id: int, newsletter: str, generation: int) -> str:
        """The absolute URL of a person's preferences page."""
        return self._url(Purpose.PREFERENCES, Claims(subscriber_id, newsletter, generation))

    def unsubscribe(self, subscriber_id: int, newsletter: str, generation: int) -> str:
        """The absolute URL that ends one subscription: a page for people, one-click by POST (RFC 8058)."""
        return self._url(Purpose.UNSUBSCRIBE, Claims(subscriber_id, newsletter, generation))

    def confirm(self, subscriber_id: int, newsletter: str, generation: int, *, now: datetime) -> str:
        """The absolute URL that confirms a sign-up, for seven days from `now`."""
        expires = now.replace(microsecond=0) + CONFIRM_FOR
        return self._url(Purpose.CONFIRM, Claims(subscriber_id, newsletter, generation, expires))

    def token(self, purpose: Purpose, claims: Claims) -> str:
        """The last part of the URL alone."""
        expires = int(claims.expires.timestamp()) if claims.expires else 0
        who = f"{claims.subscriber_id}.{claims.generation}.{claims.newsletter}"
        body = f"{purpose}{self._current}.{who}.{expires}"
        return f"{body}.{self._signature(self._current, purpose, body)}"

    def read(
        self,
        token: str,
        purpose: Purpose | str,
        *,
        newsletter: str | None = None,
        now: datetime | None = None,
    ) -> Claims:
        """What the token says, if it is ours, unchanged, for this purpose (and newsletter), and in time.

        `purpose` is a Purpose, its letter or its name. A link that expires needs `now`. Raises LinkError.
        """
        wanted = Purpose[purpose.upper()] if len(purpose) > 1 else Purpose(purpose)
        body, _, signature = token.rpartition(".")
        shape = _SHAPE.fullmatch(body) if len(token) <= _LONGEST_TOKEN and token.isascii() else None
        if shape is None or shape[1] != wanted or shape[2] not in self._keys:
            raise LinkError("this link is not one of ours")
        if not hmac.compare_digest(signature, self._signature(shape[2], wanted, body)):
            raise LinkError("this link has been changed")
        expires = datetime.fromtimestamp(int(shape[6]), UTC) if int(shape[6]) else None
        claims = Claims(int(shape[3]), shape[5], int(shape[4]), expires)
        if newsletter is not None and claims.newsletter != newsletter:
            raise LinkError("this link belongs to another newsletter")
        if expires and (now is None or now >= expires):
            raise LinkError("this link has expired")
        return claims

    def _url(self, purpose: Purpose, claims: Claims) -> str:
        return f"{self.address}/{purpose}/{self.token(purpose, claims)}"

    def _signature(self, key_id: str, purpose: Purpose, body: str) -> str:
        own = hmac.digest(self._keys[key_id], f"masthead link {purpose}".encode(), sha256)
        mac = hmac.digest(own, body.encode("ascii"), sha256)[:24]  # 192 bits: no padding in base64
        return base64.urlsafe_b64encode(mac).decode("ascii")


def _key_id(key: bytes) -> str:
    return hmac.new(key, b"masthead key id", sha256).hexdigest()[:6]
