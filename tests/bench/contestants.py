"""Those who collect the same blogs: `python contestants.py NAME PORT BLOGS FOLDER`, each in a process of its own.

It prints `ready` once the blogs are on its list, and then, for each line on its input, does one collection and
prints what came of it as one line of JSON. `collect.py` gives the word, holds the watch and reads the memory.
rss2email and reader run in an environment of their own: this file imports nothing of the project at its top.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

Round = Callable[[], dict[str, object]]


def masthead(urls: list[str], folder: Path) -> Round:
    """Ours: one collection of all sources, as `masthead collect` does it."""
    from datetime import timedelta
    from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

    from flows.articles.collecting import collect_articles
    from flows.articles.store import add_source
    from flows.clock import utc_now
    from flows.database import transaction
    from flows.house import open_house

    house = open_house(folder, allow_private_addresses=True)
    start = utc_now()
    with transaction(house.engine) as session:
        for url in urls:
            add_source(session, url, now=start)
    turns = 0

    def collect() -> dict[str, object]:
        nonlocal turns
        now = start + timedelta(hours=12 * turns)
        turns += 1
        before = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
        done = collect_articles(house.engine, house.settings, clock=lambda: now, progress=lambda _line: None)
        after = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
        ours, readers = (
            late.ru_utime + late.ru_stime - early.ru_utime - early.ru_stime
            for late, early in zip(after, before, strict=True)
        )
        return {"new": done.new_articles, "failed": done.failed, "main_cpu_s": ours, "reading_cpu_s": readers}

    return collect


def fetch_alone(urls: list[str], folder: Path) -> Round:
    """The floor: our client asks for every feed, as many at once, and nothing is read or stored."""
    import asyncio
    from time import process_time

    from flows.articles.fetch import Web
    from flows.settings import load_settings

    settings = load_settings(folder, allow_private_addresses=True)
    etags: dict[str, str] = {}

    async def all_of_them() -> int:
        places = asyncio.Semaphore(settings.fetch_concurrency)
        async with Web(settings) as web:

            async def one(url: str) -> bool:
                async with places:
                    fetched = await web.get(url, etag=etags.get(url, ""))
                etags[url] = fetched.etag or etags.get(url, "")
                return not fetched.unchanged

            return sum(await asyncio.gather(*(one(url) for url in urls)))

    def collect() -> dict[str, object]:
        before = process_time()
        new = asyncio.run(all_of_them())
        return {"new": new, "failed": 0, "main_cpu_s": process_time() - before}

    return collect


def reader(urls: list[str], folder: Path) -> Round:
    """lemon24/reader, with the number of threads that its name here ends with."""
    from reader import make_reader

    shelf = make_reader(str(folder / "reader.sqlite"))
    for url in urls:
        shelf.add_feed(url)
    workers = int(sys.argv[1].removeprefix("reader-"))

    def update() -> dict[str, object]:
        new = failed = 0
        for result in shelf.update_feeds_iter(workers=workers, scheduled=False):
            failed += isinstance(result.value, Exception)
            new += getattr(result.value, "new", 0) or 0
        return {"new": new, "failed": failed}

    return update


def rss2email(urls: list[str], folder: Path) -> Round:
    """rss2email as its command: it asks one feed after the other. `--no-send`, so that no mail is part of it."""
    files = ["-c", str(folder / "r2e.cfg"), "-d", str(folder / "r2e.json")]
    command = [sys.executable, "-c", "from rss2email.main import run; run()", *files]
    subprocess.run([*command, "new", "someone@newsletter.example"], check=True, capture_output=True)
    opml = folder / "feeds.opml"
    outlines = "".join(f'<outline type="rss" text="b{n}" xmlUrl="{url}"/>' for n, url in enumerate(urls))
    opml.write_text(f'<opml version="1.0"><head/><body>{outlines}</body></opml>')
    subprocess.run([*command, "opmlimport", str(opml)], check=True, capture_output=True)

    def run() -> dict[str, object]:
        done = subprocess.run([*command, "run", "--no-send"], check=True, capture_output=True, text=True)
        return {"new": None, "failed": done.stderr.count("could not") + done.stderr.count("error")}

    return run


CONTESTANTS: dict[str, Callable[[list[str], Path], Round]] = {
    "masthead": masthead,
    "fetch-alone": fetch_alone,
    "reader": reader,
    "rss2email": rss2email,
}


def main() -> None:
    name, port, blogs, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    with urlopen(f"http://127.0.0.1:{port}/addresses/{blogs}") as answer:
        urls = answer.read().decode().split()
    collect = CONTESTANTS[name.split("-")[0] if name.startswith("reader") else name](urls, folder)
    print("ready", flush=True)
    for _word in sys.stdin:
        print(json.dumps(collect()), flush=True)


if __name__ == "__main__":
    main()
