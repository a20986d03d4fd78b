"""How much of an article's text is found on its page, and how little else, against pages read by people.

    MASTHEAD_ACCEPTANCE_DATA=… uv run python -m tests.bench.page_text

The folder's articles/ holds pages (html/*.html.gz) and ground-truth.json with their true main text, as in
scrapinghub/article-extraction-benchmark, whose measure is taken: precision, recall and F1 over shingles of four
words (runs of letters, digits and underscores), here as the mean of each page's F1, and, as that benchmark
prints it, as the F1 of the mean precision and recall. Beside it the same over single words. trafilatura alone, as the
benchmark calls it, runs over the same pages. Exits with 1 when ours is below 0.95 in either mean.
"""

import gzip
import json
import os
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trafilatura

from flows.articles.page import read_page, warm_up
from flows.errors import ReadError

TO_REACH = 0.95
NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
_SHINGLE = 4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Page:
    """A page of the benchmark; `truth` is its main text."""

    name: str
    url: str
    truth: str
    body: bytes


@dataclass(frozen=True)
class Score:
    """Shares between 0 and 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def pages(folder: Path) -> Iterator[Page]:
    """The pages in the order of their names."""
    truths = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    for name, truth in sorted(truths.items()):
        body = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())
        yield Page(name, truth["url"], truth["articleBody"], body)


def score(truth: str, found: str, length: int) -> Score:
    """How well `found` says what `truth` says, in shingles of `length` words."""
    true, ours = _shingles(truth, length), _shingles(found, length)
    if not true and not ours:
        return Score(1.0, 1.0)
    right = (true & ours).total()
    return Score(right / ours.total() if ours else 0.0, right / true.total() if true else 0.0)


def _shingles(text: str, length: int) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    shingles = (tuple(words[start : start + length]) for start in range(max(1, len(words) - length + 1)))
    return Counter(shingle for shingle in shingles if shingle)


def ours(page: Page) -> str:
    """The text that the application would store, "" where it stores none."""
    try:
        found = read_page(page.body, content_type="text/html", url=page.url, title="", source="", now=NOW)
    except ReadError:
        return ""
    return found.text


def bare(page: Page) -> str:
    """The text that trafilatura gives when it is left alone."""
    return trafilatura.extract(page.body.decode("utf-8", "replace"), include_comments=False) or ""


def folder() -> Path | None:
    """Where the pages are, None where they are not."""
    data = os.environ.get("MASTHEAD_ACCEPTANCE_DATA", "")
    articles = Path(data) / "articles"
    return articles if data and (articles / "ground-truth.json").exists() else None


def main() -> int:
    articles = folder()
    if articles is None:
        print("text of pages: skipped, MASTHEAD_ACCEPTANCE_DATA names no folder with articles/ground-truth.json")
        return 0
    all_pages = list(pages(articles))
    warm_up(NOW)
    print(f"{len(all_pages)} pages; F1 in the mean over pages (precision, recall)")
    _report("trafilatura", bare, all_pages)
    mean = _report("ours", ours, all_pages, worst=10)
    return int(mean < TO_REACH)


def _report(name: str, text_of: Callable[[Page], str], all_pages: list[Page], worst: int = 0) -> float:
    started = time.process_time()
    texts = [text_of(page) for page in all_pages]
    each_ms = (time.process_time() - started) * 1000 / len(all_pages)
    shingles = [score(page.truth, text, _SHINGLE) for page, text in zip(all_pages, texts, strict=True)]
    words = [score(page.truth, text, 1) for page, text in zip(all_pages, texts, strict=True)]
    # the benchmark counts the precision of the pages alone for which there is a text
    precise = statistics.mean(one.precision for one, text in zip(shingles, texts, strict=True) if text)
    whole = Score(precise, statistics.mean(one.recall for one in shingles))
    print(f"{name}: {each_ms:.0f} ms of CPU a page; the benchmark's own F1 {whole.f1:.4f}")
    for kind, scores in (("four words", shingles), ("words", words)):
        print(
            f"  {kind:>10}: F1 {_mean_f1(scores):.4f} "
            f"({statistics.mean(one.precision for one in scores):.4f}, "
            f"{statistics.mean(one.recall for one in scores):.4f})"
        )
    ranked = sorted(zip(shingles, all_pages, strict=True), key=lambda pair: pair[0].f1)[:worst]
    for one, page in ranked:
        print(f"  {one.f1:.3f} ({one.precision:.3f}, {one.recall:.3f})  {page.url[:90]}")
    return min(_mean_f1(shingles), _mean_f1(words))


def _mean_f1(scores: list[Score]) -> float:
    return statistics.mean(one.f1 for one in scores)


if __name__ == "__main__":
    sys.exit(main())
