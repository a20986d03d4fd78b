"""Every way to an inner address, through every door: `python -m tests.drills.ssrf [--full] [--seed N]`.

Forms of inner addresses, written directly, as a redirect, as the answer of a name server, mixed with public answers,
and rebound between two lookups; asked for as a feed, a page, a robots.txt, a link check, a webhook, a list, by the
doctor and by a collection. Nothing may be dialled but the drill's own server: each attempt to connect is counted where
Python makes it, and canaries listen on loopback besides. Then random addresses against the table of `ssrfguard`.
Exits with 1 when anything was dialled, or came back with another code, or a message named what a name stands for.
"""

import argparse
import asyncio
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import SQLModel, select

from flows.articles import check, collecting, importing
from flows.articles.fetch import PAGES, Web
from flows.articles.guard import is_public
from flows.articles.readers import Readers
from flows.articles.store import add_source
from flows.database import open_engine, reading, transaction
from flows.errors import FetchError, ReadError
from flows.models import Article, Source, TextFrom
from flows.settings import Settings, load_settings
from tests.articles.loopback import Site, serving
from tests.drills.canary import listening
from tests.drills.hostile_cases import HOST, NOW, feed, items
from tests.drills.hostile_collection import NamedGuard
from tests.drills.inner_forms import INNER_FORMS, OTHER_TARGETS

REFUSED = {"blocked_address", "bad_url", "bad_redirect"}
PUBLIC = "93.184.216.34"
# What a name server may answer: addresses of every kind that is not public, as numbers.
INNER = [
    *("127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1"),
    *("172.31.255.255", "192.168.0.1", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200"),
    *("168.63.129.16", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
    *("::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1"),
    *("2002:7f00:1::", "2001::7f00:1", "2001:db8::1", "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254"),
    *("ff02::1", "100::1", "3fff::1", "5f00::1"),
]
_CANARIES = ("127.0.0.1", "127.0.0.2", "::1")
_STATUSES = (302, 301, 303, 307, 308)
_REBOUND = 50

# Why we refuse what the oracle lets through: the blocks, and the reason for each.
STRICTER = {
    "192.31.196.0/24": "AS112, anycast for reverse lookups: no feed lives there",
    "192.52.193.0/24": "AMT, for multicast relays: no feed lives there",
    "192.175.48.0/24": "AS112: no feed lives there",
    "192.88.99.0/24": "relays of 6to4, given up by RFC 7526",
    "192.0.0.0/24": "of IETF's protocols; the oracle lets the two anycast services in it through",
    "168.63.129.16/32": "public by its number, the inside of a cloud by its meaning",
    "2001::/23": "of IETF's protocols; the oracle opens Teredo, ORCHID and others within",
    "2620:4f:8000::/48": "AS112: no feed lives there",
    "2002::/16": "6to4 carries an IPv4 address; the oracle looks inside, we do not trust the relay",
    "::ffff:0:0/96": "IPv4 written as IPv6; the oracle looks inside, a name server has no reason to say it",
    "64:ff9b::/96": "NAT64 carries an IPv4 address; the oracle looks inside",
    "::/3": "outside of global unicast, where nobody is at home",
    "4000::/2": "outside of global unicast, where nobody is at home",
    "8000::/1": "outside of global unicast, where nobody is at home",
}


@dataclass
class Names:
    """The name server of the drill. `asked` are the names it was asked for."""

    asked: list[str] = field(default_factory=list)

    def look_up(self, host: str, _port: int) -> list[tuple[int, str]]:
        """inner-3.example is INNER[3]; mixed-3 and dim-3 have a public answer before or after it; others are ours."""
        self.asked.append(host)
        kind, _, number = host.split(".", 1)[0].partition("-")
        if host.endswith(".hostile.example"):
            answers = [HOST]
            if kind == "rebound" and self.asked.count(host) > 1:
                answers = ["127.0.0.2"]
        else:
            inner = INNER[int(number)]
            answers = {"inner": [inner], "mixed": [PUBLIC, inner], "dim": [inner, PUBLIC], "two": [inner, "10.0.0.1"]}[
                kind
            ]
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in answers]


@dataclass
class Dialled:
    """Every address that this process tried to connect to, while `on`."""

    on: bool = False
    addresses: list[tuple[str, int]] = field(default_factory=list)

    def hear(self, event: str, details: tuple[Any, ...]) -> None:
        if self.on and event == "socket.connect" and isinstance(details[1], tuple):
            self.addresses.append(details[1][:2])

    @contextmanager
    def listening(self) -> Iterator[list[tuple[str, int]]]:
        self.addresses, self.on = [], True
        try:
            yield self.addresses
        finally:
            self.on = False


@dataclass
class Drill:
    """What the doors need, and what was found."""

    settings: Settings
    names: Names
    dialled: Dialled
    site: Site
    readers: Readers
    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    @property
    def port(self) -> str:
        return self.site.base.rsplit(":", 1)[1]

    def web(self, *_settings: object, **_more: object) -> Web:
        """A client as in earnest, but for the drill's names and its own server."""
        web = Web(self.settings, clock=lambda: NOW, lookup=self.names.look_up)
        web.guard = web._resolver.guard = NamedGuard()
        return web

    def note(self, way: str, door: str, what: str, *, code: str, expected: set[str], wrong: str = "") -> None:
        """Count one case, and whether it is a miss."""
        self.counts.setdefault((way, door), Counter())[code] += 1
        if code not in expected or wrong:
            self.missed.append(f"{way}, {door}, {what}: {wrong or code}")


Door = Callable[[Drill, str], Awaitable[object]]


async def _feed(drill: Drill, url: str) -> object:
    async with drill.web() as web:
        return await web.get(url)


async def _page(drill: Drill, url: str) -> object:
    async with drill.web() as web:
        return await web.get(url, accept=PAGES, https_only=False)


async def _robots(drill: Drill, url: str) -> object:
    """As a page's robots.txt is asked for: at its origin. A redirect has no origin of its own, and stays."""
    origin = "/".join(url.split("/", 3)[:3])
    address = url if ".hostile.example" in url else f"{origin}/robots.txt"
    async with drill.web() as web:
        return await web.get(address, accept="text/plain, */*;q=0.1")


async def _look(drill: Drill, url: str) -> object:
    async with drill.web() as web:
        return await web.look(url)


async def _post(drill: Drill, url: str) -> object:
    async with drill.web() as web:
        return await web.post(url, b"{}", headers={"Content-Type": "application/json"})


async def _list(drill: Drill, url: str) -> object:
    return importing.fetch_list(url, drill.settings)


async def _doctor(drill: Drill, url: str) -> object:
    return check.diagnose(url, drill.settings, NOW)


DOORS: dict[str, Door] = {
    "feed": _feed,
    "page": _page,
    "robots.txt": _robots,
    "link check": _look,
    "webhook": _post,
    "OPML by address": _list,
    "sources check": _doctor,
}


def _try(drill: Drill, way: str, door: str, url: str, *, expected: set[str], hidden: str = "", shown: str = "") -> None:
    """Ask for `url` through a door; the code must be expected, nothing inner dialled, `hidden` not said."""
    sentence, wrong = "", ""
    with drill.dialled.listening() as dialled:
        try:
            found = asyncio.run(DOORS[door](drill, url))  # type: ignore[arg-type]
            code = str(found) if isinstance(found, int) else "fetched"
        except (FetchError, ReadError) as error:
            code, sentence = error.code, str(error)
    if strange := [address for address in dialled if address[0] != HOST]:
        wrong = f"dialled {strange}"
    elif hidden and hidden in sentence:
        wrong = f"the message names {hidden}"
    drill.note(way, door, shown or url, code=code, expected=expected, wrong=wrong)


def direct_and_redirected(drill: Drill, *, full: bool) -> None:
    """Each form written out, and as where our server sends us."""
    targets = INNER_FORMS + OTHER_TARGETS
    for place, form in enumerate(targets):
        for status in _STATUSES:
            location = form.encode().decode("latin-1")
            drill.site.page(f"/to-{place}-{status}", b"", status, Location=location)
    for door in DOORS:
        for place, form in enumerate(targets):
            _try(drill, "direct", door, form, expected=REFUSED)
            for status in _STATUSES if full or place % 10 == 0 else _STATUSES[:1]:
                url = f"http://to.hostile.example:{drill.port}/to-{place}-{status}"
                expected = {str(status)} if door == "webhook" else REFUSED
                _try(drill, f"redirect {status}", door, url, expected=expected, shown=form)


def named(drill: Drill) -> None:
    """Names that stand for an inner address, alone or among others."""
    for door in DOORS:
        for place, address in enumerate(INNER):
            for kind in ("inner", "mixed", "dim", "two"):
                way = {"inner": "name", "two": "two names"}.get(kind, "mixed answers")
                url = f"http://{kind}-{place}.example/feed"
                _try(drill, way, door, url, expected={"blocked_address"}, hidden=address if len(address) > 4 else "")


def rebound(drill: Drill) -> None:
    """A name that is ours when it is checked and another's ever after: looked up once, dialled where it was checked."""
    drill.site.page("/rebound", feed())
    for door in DOORS:
        for turn in range(_REBOUND if door == "feed" else 5):
            host = f"rebound-{door.lower().replace(' ', '')}{turn}.hostile.example"
            answered = _answer_rebound(drill, door, f"http://{host}:{drill.port}/rebound")
            lookups = drill.names.asked.count(host)
            # these two may open further connections, and find each of them refused
            many = lookups != 1 and door not in {"sources check", "link check"}
            wrong = f"{lookups} lookups" if many else ""
            drill.note("rebinding", door, host, code=answered, expected={"fetched", "200"}, wrong=wrong)


def _answer_rebound(drill: Drill, door: str, url: str) -> str:
    with drill.dialled.listening() as dialled:
        try:
            found = asyncio.run(DOORS[door](drill, url))  # type: ignore[arg-type]
            code = str(found) if isinstance(found, int) else "fetched"
        except (FetchError, ReadError) as error:
            code = error.code
    strange = [address for address in dialled if address[0] != HOST]
    return f"dialled {strange}" if strange else code


def led_on_by_the_doctor(drill: Drill) -> None:
    """A page that names inner feeds; a feed whose articles live inside, so that robots.txt is asked for there."""
    for place, form in enumerate(INNER_FORMS):
        path = f"/names-{place}"
        drill.site.page(
            path, f'<html><head><link rel="alternate" type="application/rss+xml" href="{form}"></head></html>'
        )
        url = f"http://doctor.hostile.example:{drill.port}{path}"
        _try(drill, "page names it", "sources check", url, expected=REFUSED | {"not_a_feed"}, shown=form)
    for place in range(len(INNER)):
        drill.site.page(f"/lives-{place}", feed(link=f"http://inner-{place}.example/1"))
        url = f"http://doctor.hostile.example:{drill.port}/lives-{place}"
        _try(drill, "article lives there", "sources check", url, expected={"fetched"}, shown=INNER[place])


def collected(drill: Drill, folder: Path) -> None:
    """One collection of all of it: as sources, and as pages of a feed that gives teasers alone."""
    engine = open_engine(f"sqlite:///{folder}/ssrf.db")
    SQLModel.metadata.create_all(engine)
    many = len(INNER_FORMS + OTHER_TARGETS)
    urls = [f"http://to{place}.hostile.example:{drill.port}/to-{place}-302" for place in range(many)]
    urls += [f"http://{kind}-{place}.example/feed" for place in range(len(INNER)) for kind in ("inner", "mixed", "dim")]
    places = [*(form for form in INNER_FORMS if urlsplit(form).scheme), *urls]
    teasers = [f"http://{kind}-{place}.example/article" for place in range(len(INNER)) for kind in ("inner", "mixed")]
    teasers += urls[: len(INNER_FORMS)] + INNER_FORMS
    # of each article the link alone differs; a form that is no link at all is no page to be asked for
    drill.site.page("/teasers", items(*(_teaser(n, link) for n, link in enumerate(teasers))))
    with transaction(engine) as session:
        for place in places:
            try:
                add_source(session, place, now=NOW)
            except FetchError as error:
                drill.note("direct", "source added", place, code=error.code, expected=REFUSED)
        teaser = add_source(session, f"http://teaser.hostile.example:{drill.port}/teasers", now=NOW).id
    with drill.dialled.listening() as dialled:
        collecting.collect_articles(
            engine,
            drill.settings.model_copy(update={"pages": True, "pages_most": 1000, "page_delay_s": 0.0}),
            clock=lambda: NOW,
            progress=lambda _line: None,
            chance=lambda: 0.5,
            readers=drill.readers,
        )
    with reading(engine) as session:
        for source in session.exec(select(Source).where(Source.id != teaser)):
            wrong = _named_inside(source.error)
            drill.note("all", "collection", source.url, code=source.error_code or "read", expected=REFUSED, wrong=wrong)
        for article in session.exec(select(Article).where(Article.source_id == teaser, Article.link != "")):
            wrong = "its page was read" if article.text_from is TextFrom.PAGE else _named_inside(article.page_error)
            code = "refused" if article.page_error else "not asked"
            drill.note("all", "pages of them", article.link, code=code, expected={"refused"}, wrong=wrong)
    engine.dispose()
    strange = [address for address in dialled if address[0] != HOST]
    drill.missed += [f"the collection dialled {strange[:5]}"] if strange else []


def _teaser(number: int, link: str) -> str:
    linked = link.replace("&", "&amp;").replace("<", "&lt;")
    return f"<item><title>Teaser {number}</title><link>{linked}</link><description>short</description></item>"


def _named_inside(sentence: str) -> str:
    named = next((address for address in INNER if len(address) > 4 and address in sentence), "")
    return f"the message names {named}" if named else ""


def against_the_oracle(count: int, seed: int) -> tuple[int, list[str]]:
    """Random addresses, and those around every border of a block; what we accept, the oracle must accept."""
    try:
        from ssrfguard import DEFAULT_DENIED
    except ImportError:
        print("ssrfguard is not installed, so no second opinion: `uv sync` installs it.")
        return 0, []
    chance = random.Random(seed)
    addresses = list(_addresses(chance, count, [block.network for block in DEFAULT_DENIED.blocks]))
    agreed, missed, stricter = 0, [], Counter[str]()
    for address in addresses:
        ours, theirs = is_public(str(address)), not DEFAULT_DENIED.classify(address).blocked
        agreed += ours == theirs
        if ours and not theirs:
            missed.append(f"{address} is public to us, and to the oracle {DEFAULT_DENIED.classify(address).reason}")
        elif theirs and not ours:
            stricter[next((block for block in STRICTER if address in ip_network(block)), "unexplained")] += 1
    if stricter["unexplained"]:
        missed.append(f"{stricter['unexplained']} addresses are refused by us alone, and nobody knows why")
    print(
        f"\n{len(addresses)} addresses (seed {seed}): {agreed} alike; {len(addresses) - agreed} refused by us alone, of"
    )
    for block, number in stricter.most_common():
        if number:
            print(f"  {block:20} {number:6}  {STRICTER.get(block, '')}")
    return len(addresses), missed


def _addresses(chance: random.Random, count: int, blocks: list[Any]) -> Iterator[IPv4Address | IPv6Address]:
    for block in [*blocks, *map(ip_network, STRICTER)]:
        first, last = int(block.network_address), int(block.broadcast_address)
        kind = type(block.network_address)
        most = 2**block.max_prefixlen - 1
        for number in (
            first - 1,
            first,
            first + 1,
            last - 1,
            last,
            last + 1,
            *(chance.randint(first, last) for _ in range(50)),
        ):
            yield kind(min(max(number, 0), most))
    unicast = IPv6Network("2000::/3")
    for turn in range(count):
        if turn % 10 < 5:
            yield IPv4Address(chance.getrandbits(32))
        elif turn % 10 < 8:
            yield ip_address(int(unicast.network_address) + chance.getrandbits(125))
        else:
            yield IPv6Address(chance.getrandbits(128))


@contextmanager
def _prepared() -> Iterator[tuple[Drill, Path]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        readers = stack.enter_context(Readers(2))
        site = stack.enter_context(serving(HOST))
        dialled = Dialled()
        sys.addaudithook(dialled.hear)
        settings = load_settings(folder, fetch_timeout_s=10.0)
        drill = Drill(settings, Names(), dialled, site, readers)
        for module in (check, importing, collecting):
            real = module.Web
            module.Web = drill.web  # type: ignore[assignment, misc]
            stack.callback(setattr, module, "Web", real)
        processes = check.Readers
        check.Readers = lambda *_sizes: nullcontext(readers)  # type: ignore[assignment, misc]
        stack.callback(setattr, check, "Readers", processes)
        yield drill, folder


def run(*, full: bool, seed: int) -> int:
    """The whole drill; returns how many missed."""
    with listening(_CANARIES, (80, 443, 0)) as canary, _prepared() as (drill, folder):
        print(f"Canaries at {canary.places}; {len(INNER_FORMS)} forms and {len(OTHER_TARGETS)} other targets.\n")
        for part in (
            lambda: direct_and_redirected(drill, full=full),
            lambda: named(drill),
            lambda: rebound(drill),
            lambda: led_on_by_the_doctor(drill),
            lambda: collected(drill, folder),
        ):
            part()
        drill.missed += [f"a canary was reached: {hit}" for hit in canary.hits]
        print(f"{'way':20} {'door':22} {'cases':>6}  codes")
        for (way, door), codes in sorted(drill.counts.items()):
            said = ", ".join(f"{code} {count}" for code, count in codes.most_common())
            print(f"{way:20} {door:22} {codes.total():6}  {said}")
        total = sum(codes.total() for codes in drill.counts.values())
        print(f"\n{len(canary.hits)} connections at the canaries.")
    checked, wrong = against_the_oracle(100_000, seed)
    missed = drill.missed + wrong
    for one in missed[:40]:
        print(f"MISSED  {one}".encode("ascii", "backslashreplace").decode())
    print(f"\n{total} cases and {checked} addresses, {len(missed)} missed.")
    return len(missed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="every form with every status of a redirect")
    parser.add_argument("--seed", type=int, default=20261121, help="of the random addresses")
    given = parser.parse_args()
    started = time.monotonic()
    missed = run(full=given.full, seed=given.seed)
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
