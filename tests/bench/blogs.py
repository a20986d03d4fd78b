"""Made-up blogs on loopback, each on an address of its own: `python -m tests.bench.blogs PORT`.

Blog n answers at http://127.1.x.y:PORT/feed/n after 20 to 200 ms, as blogs do from afar. In round 1 it has 20
articles of 120 to 700 words. In every later round a third of the blogs have not changed, and say 304 to whoever
asks with the validators; the others have two new articles on top of the old ones. GET /round/N begins a
round, and GET /addresses/N lists the feeds of N blogs.
"""

import asyncio
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

ARTICLES = 20
NEW_EACH_ROUND = 2
_KINDS = 40  # different blogs; the rest repeat them under other names
_SLOWEST_S, _FASTEST_S = 0.200, 0.020
_NEWEST = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)
_TEXT = """
model training evaluation latency kernel memory token attention data benchmark error cache inference compiler
graph gradient search index query cluster release library version patch safety audit policy paper method result
figure table section we they it this that which with from into over under between after before during while
the of to and a in is that for on as are be by at an the of to and in is that for it with as the of to and in
"""
_WORDS = _TEXT.split()


def addresses(port: int, blogs: int) -> list[str]:
    """Where each blog's feed is."""
    return [f"http://{_host(blog)}:{port}/feed/{blog}" for blog in range(blogs)]


def _host(blog: int) -> str:
    return f"127.1.{blog // 250}.{blog % 250 + 1}"


def latency_s(blog: int) -> float:
    """How long this blog takes to answer: evenly between 20 and 200 ms."""
    return _FASTEST_S + (_SLOWEST_S - _FASTEST_S) * (blog * 7919 % 1000) / 999


def is_still(blog: int) -> bool:
    """Whether this blog is of the third that never changes after round 1."""
    return blog % 3 == 0


class _Kind:
    """One way of writing: its articles as RSS items, in which @BLOG@ stands for the blog's name."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.items: dict[int, bytes] = {}

    def feed(self, blog: int, version: int) -> bytes:
        newest = ARTICLES + NEW_EACH_ROUND * (version - 1)
        items = b"".join(self._item(number) for number in range(newest, newest - ARTICLES, -1))
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Blog @BLOG@</title>'
            "<link>https://b@BLOG@.example/</link><description>All of it</description><language>en</language>"
        )
        return (head.encode() + items + b"</channel></rss>").replace(b"@BLOG@", str(blog).encode())

    def _item(self, number: int) -> bytes:
        if number not in self.items:
            self.items[number] = "".join(self._written(number)).encode()
        return self.items[number]

    def _written(self, number: int) -> Iterator[str]:
        title = self._sentence(7).rstrip(".")
        when = _NEWEST + timedelta(hours=6 * number)
        yield f"<item><title>{title} no. {number}</title><link>https://b@BLOG@.example/p/{number}/?utm_source=rss</link>"
        yield f'<guid isPermaLink="false">https://b@BLOG@.example/?p={number}</guid><dc:creator>A. Writer</dc:creator>'
        yield f"<category>{self.chance.choice(_WORDS)}</category><pubDate>{format_datetime(when)}</pubDate>"
        yield f"<description><![CDATA[<p>{self._sentence(30)}</p>]]></description><content:encoded><![CDATA["
        for paragraph in range(self.chance.randint(2, 9)):
            link = f'<a href="https://o.example/{number}/{paragraph}?utm_medium=feed">{self._sentence(3)}</a>'
            yield f"<p>{self._sentence(40)} {link} <em>{self._sentence(4)}</em> {self._sentence(25)}</p>\n"
        yield f'<p><img src="https://b@BLOG@.example/i/{number}.png" width="800"></p>'
        yield f"<ul><li>{self._sentence(9)}</li><li>{self._sentence(8)}</li></ul>"
        yield f'<p>The post <a href="https://b@BLOG@.example/p/{number}">{title}</a> appeared first on Blog.</p>'
        yield "]]></content:encoded></item>\n"

    def _sentence(self, words: int) -> str:
        return " ".join(self.chance.choices(_WORDS, k=words)).capitalize() + "."


class Blogs:
    """The server. `asked` counts requests by what was answered."""

    def __init__(self) -> None:
        self.round = 1
        self.port = 0
        self.asked = {200: 0, 304: 0, 404: 0}
        self.kinds = [_Kind(seed) for seed in range(_KINDS)]

    async def serve(self, port: int) -> None:
        self.port = port
        server = await asyncio.start_server(self._talk, "0.0.0.0", port, backlog=1000)  # all of 127/8
        async with server:
            await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(await self._answer(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str) -> bytes:
        path = head.split(" ", 2)[1].strip("/").split("/")
        if path[0] == "round":
            self.round = int(path[1])
            counts, self.asked = self.asked, dict.fromkeys(self.asked, 0)
            return _response(200, str(counts).encode())
        if path[0] == "addresses":
            return _response(200, "\n".join(addresses(self.port, int(path[1]))).encode())
        if path[0] != "feed":
            return self._count(404, b"")
        blog = int(path[1])
        await asyncio.sleep(latency_s(blog))
        version = 1 if is_still(blog) else self.round
        etag = f'"{blog}-{version}"'
        if f"if-none-match: {etag}" in head.lower():
            return self._count(304, b"", etag)
        return self._count(200, self.kinds[blog % _KINDS].feed(blog, version), etag)

    def _count(self, status: int, body: bytes, etag: str = "") -> bytes:
        self.asked[status] += 1
        return _response(status, body, etag)


def _response(status: int, body: bytes, etag: str = "") -> bytes:
    reason = {200: "OK", 304: "Not Modified", 404: "Not Found"}[status]
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n"
    return (head + (f"ETag: {etag}\r\n" if etag else "") + "\r\n").encode() + body


if __name__ == "__main__":
    asyncio.run(Blogs().serve(int(sys.argv[1])))
