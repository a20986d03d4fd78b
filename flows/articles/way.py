"""The way from an address through its redirects: how far we go along, and what each hop means."""

from urllib.parse import urljoin

from flows.articles.guard import Guard
from flows.errors import FetchError

MAX_HOPS = 5
_PERMANENT = {301, 308}
REDIRECTS = {301, 302, 303, 307, 308}


class Way:
    """`trail` are the addresses so far; `moved_to` is where every hop so far said it lives for good, "" if not."""

    def __init__(self, url: str, start: str, *, https_only: bool = False) -> None:
        self.url = url
        self.trail = [start]
        self.https_only = https_only
        self.moved_to = ""
        self.permanent = True
        self.downgraded = False

    @property
    def current(self) -> str:
        return self.trail[-1]

    def go_on(self, status: int, location: str, guard: Guard) -> None:
        """Follow one redirect. Raises FetchError where we do not go."""
        target = self._target(location, guard)
        if self.current.startswith("https:") and target.startswith("http:"):
            self.downgraded = True
            if self.https_only:
                raise FetchError(
                    self.url,
                    "downgraded",
                    "it redirects from https to http, and this source is marked “https only”; nothing was taken",
                )
        self.permanent = self.permanent and status in _PERMANENT
        self.moved_to = target if self.permanent else self.moved_to
        self.trail.append(target)

    def _target(self, location: str, guard: Guard) -> str:
        try:
            target = guard.check_url(urljoin(self.current, location.strip()))
        except ValueError as error:
            raise FetchError(self.url, "bad_redirect", "it redirects to something that is no address") from error
        except FetchError as error:
            raise FetchError(self.url, error.code, f"it redirects where we do not go: {error.reason}") from error
        if target in self.trail:
            raise FetchError(self.url, "redirect_loop", "it redirects in a circle; look at the address in a browser")
        if len(self.trail) > MAX_HOPS:
            raise FetchError(self.url, "too_many_redirects", f"it redirects more than {MAX_HOPS} times")
        return target
