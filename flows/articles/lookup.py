"""Names to addresses: looked up once, and all of them checked before any is dialled."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from flows.articles.failures import BlockedAddressError
from flows.articles.guard import Guard

_DNS_THREADS = 16  # a dead name server must not hold up the other names

Lookup = Callable[[str, int], list[tuple[int, str]]]  # (host, port) -> [(address family, numeric address)]


def look_up(host: str, port: int) -> list[tuple[int, str]]:
    """What the system's resolver knows of a name."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, str(address[0])) for family, _, _, _, address in answers]


class GuardedResolver(AbstractResolver):
    """Looks a name up once, and gives none of its addresses if any of them is not public."""

    def __init__(self, guard: Guard, lookup: Lookup) -> None:
        self.guard = guard
        self.lookup = lookup
        self.threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="lookup")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self.threads, self.lookup, host, port)
        if not all(self.guard.may_dial(address) for _, address in answers):
            raise BlockedAddressError
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, address in answers
        ]

    async def close(self) -> None:
        """The client that owns the threads ends them."""
