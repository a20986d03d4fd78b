"""CPU per feed of HTTP clients, against one server on loopback: `python -m tests.bench.fetchers [FEEDS]`.

Every client fetches the same packed feed (40 KB unpacked) as often, 20 at a time, on kept connections, and
unpacks it. What counts is the processor time of the client's process, as a multiple of aiohttp's.
"""

import asyncio
import gzip
import resource
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import httpx
import urllib3

_AT_ONCE = 20
_ROUNDS = 3
_BODY = gzip.compress(
    b"<rss version='2.0'><channel>"
    + b"".join(
        b"<item><title>Title %d</title><link>https://a.example/%d</link></item>" % (n, n * 7919) for n in range(550)
    )
    + b"</channel></rss>"
)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = f'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: "1"\r\nContent-Length: {len(_BODY)}\r\n\r\n'
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(head.encode() + _BODY)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def with_aiohttp(url: str, feeds: int) -> None:
    async def work() -> None:
        connector = aiohttp.TCPConnector(limit=_AT_ONCE)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def one() -> None:
                async with session.get(url) as response:
                    await response.read()

            await asyncio.gather(*(one() for _ in range(feeds)))

    asyncio.run(work())


def with_httpx(url: str, feeds: int) -> None:
    async def work() -> None:
        limits = httpx.Limits(max_connections=_AT_ONCE)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            bound = asyncio.Semaphore(_AT_ONCE)

            async def one() -> None:
                async with bound:
                    (await client.get(url)).read()

            await asyncio.gather(*(one() for _ in range(feeds)))

    asyncio.run(work())


def with_urllib3(url: str, feeds: int) -> None:
    pool = urllib3.PoolManager(maxsize=_AT_ONCE)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(lambda _turn: pool.request("GET", url).data, range(feeds)))


def with_ours(url: str, feeds: int) -> None:
    """`Web` itself, with all its checks."""
    from flows.articles.fetch import Web
    from flows.settings import load_settings

    settings = load_settings(Path.cwd(), allow_private_addresses=True, fetch_concurrency=_AT_ONCE)

    async def work() -> None:
        async with Web(settings) as web:
            bound = asyncio.Semaphore(_AT_ONCE)

            async def one() -> None:
                async with bound:
                    await web.get(url)

            await asyncio.gather(*(one() for _ in range(feeds)))

    asyncio.run(work())


CLIENTS: dict[str, Callable[[str, int], None]] = {
    "aiohttp": with_aiohttp,
    "urllib3 in threads": with_urllib3,
    "httpx": with_httpx,
    "our Web (aiohttp)": with_ours,
}


def _cpu_s(name: str, url: str, feeds: int) -> float:
    """The processor time of a fresh process that fetches, less that of one that fetches a single feed."""

    def run(count: int) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "tests.bench.fetchers", "run", name, url, str(count)], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(run(feeds) for _ in range(_ROUNDS)) - min(run(1) for _ in range(_ROUNDS))


def main(feeds: int) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.fetchers", "serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/feed"
        costs = {name: _cpu_s(name, url, feeds) / feeds for name in CLIENTS}
        for name, cost in costs.items():
            print(f"{name:20} {cost * 1000:6.2f} ms of CPU per feed   {cost / costs['aiohttp']:5.2f} x aiohttp")
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(_serve())
        case ["run", name, url, feeds]:
            CLIENTS[name](url, int(feeds))
        case given:
            main(int(given[0]) if given else 1000)
