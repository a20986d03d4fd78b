"""Figures of clustering and ranking: `python -m tests.bench.stories`.

MASTHEAD_ACCEPTANCE_DATA names the folder with `ranking/news_stories.csv` (2,413 headlines of the UCI News
Aggregator with their true stories). The cut for headlines was tuned on the half called "tuned on"; the other
half is the figure to quote. Speed is measured on made-up articles and needs no data.
"""

import csv
import os
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from flows.settings import NewsletterSettings
from flows.stories.cluster import cluster
from flows.stories.features import Facts, Profile, Record
from flows.stories.pieces import Piece
from flows.stories.rank import rank
from flows.stories.weights import RULES

_SEED = 7
_MANY = 5000
_NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)


def b_cubed(found: Sequence[Hashable], true: Sequence[Hashable]) -> tuple[float, float, float]:
    """Precision, recall and F1, averaged over the articles."""
    both, ours, theirs = Counter(zip(found, true, strict=True)), Counter(found), Counter(true)
    precision = sum(n * n / ours[mine] for (mine, _), n in both.items()) / len(found)
    recall = sum(n * n / theirs[other] for (_, other), n in both.items()) / len(found)
    return precision, recall, 2 * precision * recall / (precision + recall)


def pairwise(found: Sequence[Hashable], true: Sequence[Hashable]) -> float:
    """F1 over the pairs of articles that are put together."""
    right = _pairs(Counter(zip(found, true, strict=True)))
    ours, theirs = _pairs(Counter(found)), _pairs(Counter(true))
    return 2 * right / (ours + theirs) if ours + theirs else 1.0


def _pairs(sizes: Counter[Hashable] | Counter[tuple[Hashable, Hashable]]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes.values())


def main() -> None:
    quality()
    speed_of_clustering()
    speed_of_ranking()
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def quality() -> None:
    """Clustering of the labelled headlines."""
    folder = os.environ.get("MASTHEAD_ACCEPTANCE_DATA", "")
    file = Path(folder) / "ranking" / "news_stories.csv"
    if not folder or not file.exists():
        print(f"clustering of labelled headlines: skipped, MASTHEAD_ACCEPTANCE_DATA has no {file.name}")
        return
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    stories = sorted({row["STORY"] for row in rows})
    random.Random(_SEED).shuffle(stories)
    tuned = set(stories[::2])
    for name, part in (
        ("tuned on", [row for row in rows if row["STORY"] in tuned]),
        ("held out", [row for row in rows if row["STORY"] not in tuned]),
        ("all", rows),
    ):
        _report(name, part)


def _report(name: str, rows: Sequence[dict[str, str]]) -> None:
    pieces = [Piece(n, 0, row["TITLE"], "") for n, row in enumerate(rows)]
    started = time.process_time()
    groups = cluster(pieces)
    took = time.process_time() - started
    label = {article: place for place, group in enumerate(groups) for article in group.article_ids}
    found, true = [label[n] for n in range(len(rows))], [row["STORY"] for row in rows]
    precision, recall, f1 = b_cubed(found, true)
    print(
        f"headlines, {name}: {len(rows)} of {len(set(true))} stories in {len(groups)} groups; "
        f"B-cubed P {precision:.3f} R {recall:.3f} F1 {f1:.3f}; "
        f"pairwise F1 {pairwise(found, true):.3f}; {took:.1f} s of CPU"
    )


def _made_up(count: int) -> list[Piece]:
    chance = random.Random(_SEED)
    letters = "abcdefghijklmnop"
    words = ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(20_000)]
    weights = list(accumulate(1 / (place + 20) for place in range(len(words))))

    def text(length: int) -> str:
        return " ".join(chance.choices(words, cum_weights=weights, k=length))

    return [Piece(n, n % 80, text(9), text(700)) for n in range(count)]


def speed_of_clustering() -> None:
    """Full articles of 700 words, from 80 sources."""
    pieces = _made_up(_MANY)
    started = time.process_time()
    cluster(pieces)
    print(f"clustering {_MANY} articles: {time.process_time() - started:.1f} s of CPU (to reach: 10)")


def speed_of_ranking() -> None:
    """Candidates with leads of 400 words, under the settings a new installation has."""
    newsletter = NewsletterSettings()
    profile = Profile(
        _NOW,
        newsletter.timezone,
        7.0,
        newsletter.topics,
        tuple((section.name, section.words) for section in newsletter.sections),
        Record(400, 4000),
    )
    stories = [
        Facts(
            story_id=piece.article_id,
            title=piece.title,
            text=piece.text,
            words=700,
            published_at=_NOW - timedelta(hours=piece.article_id % 240),
            first_seen_at=_NOW,
            source_id=piece.source_id,
            source_title=f"Source {piece.source_id}",
            record=Record(piece.source_id % 7, 20),
        )
        for piece in _made_up(_MANY)
    ]
    started = time.process_time()
    rank(stories, profile, RULES)
    print(f"ranking {_MANY} candidates: {time.process_time() - started:.2f} s of CPU (to reach: 2)")


if __name__ == "__main__":
    sys.exit(main())
