"""How near our extractive blurbs come to the publishers' own summaries: `python -m tests.bench.blurbs`.

MASTHEAD_ACCEPTANCE_DATA names a folder with feeds/ and articles/. Where a publisher wrote a summary itself (a page's
description, a feed's teaser, not the beginning of the text), ROUGE-1 F1 says how many words a blurb shares with it.
Beside ours: the first two sentences, and the two or three most central sentences (as in LexRank, by degree).
"""

import re
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from flows.stories.blurb import HOUSE_WORDS, blurb
from flows.stories.words import content_words
from tests.bench.articles import folder, of_feeds, of_pages, tells_apart
from tests.bench.planted import Article

_MOST_SENTENCES = 200  # for the centroid, which compares each with each
_LINKED = 0.1  # the cosine from which two sentences are linked


def rouge_1(said: str, wanted: str) -> float:
    """F1 over single words, counted, without case."""
    ours, theirs = Counter(re.findall(r"\w+", said.casefold())), Counter(re.findall(r"\w+", wanted.casefold()))
    shared = (ours & theirs).total()
    if not shared:
        return 0.0
    precision, recall = shared / ours.total(), shared / theirs.total()
    return 2 * precision * recall / (precision + recall)


def lead_2(article: Article) -> str:
    """The first two sentences."""
    return " ".join(article.sentences[:2])


def central(article: Article) -> str:
    """The most central sentences in their order, as many as fit the house length (at least one)."""
    sentences = article.sentences[:_MOST_SENTENCES]
    bags = [Counter(content_words(sentence)) for sentence in sentences]
    degrees = [sum(_cosine(one, other) >= _LINKED for other in bags) for one in bags]
    chosen: list[int] = []
    for place in sorted(range(len(sentences)), key=lambda place: -degrees[place]):
        words = sum(len(sentences[other].split()) for other in [*chosen, place])
        if chosen and words > HOUSE_WORDS:
            break
        chosen.append(place)
    return " ".join(sentences[place] for place in sorted(chosen))


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    both = sum(count * other[word] for word, count in one.items())
    sizes = sum(n * n for n in one.values()) * sum(n * n for n in other.values())
    return both / sizes**0.5 if sizes else 0.0


def ours(article: Article) -> str:
    """The blurb that the application would write."""
    return blurb(article.title, article.text)


def _report(name: str, articles: Sequence[Article]) -> None:
    print(f"{name}: {len(articles)} articles with a summary of the publisher's own")
    methods: dict[str, Callable[[Article], str]] = {"ours": ours, "lead-2": lead_2, "centroid": central}
    for method, write in methods.items():
        texts = [write(article) for article in articles]
        if not texts:
            continue
        scores = [rouge_1(text, article.summary) for text, article in zip(texts, articles, strict=True)]
        words = statistics.mean(len(text.split()) for text in texts)
        empty = sum(not text for text in texts)
        print(f"  {method:9} ROUGE-1 F1 {statistics.mean(scores):.3f}; {words:.0f} words in the mean, {empty} empty")


def main() -> int:
    data = folder()
    if data is None:
        print("blurbs: skipped, MASTHEAD_ACCEPTANCE_DATA names no folder with feeds/ and articles/")
        return 0
    for name, articles in (("feeds", of_feeds(data)), ("pages", of_pages(data))):
        _report(f"{name}, summaries that are not in the text", [a for a in articles if tells_apart(a.summary, a.text)])
        _report(f"{name}, all with a summary", [a for a in articles if len(a.summary.split()) >= 8])
    return 0


if __name__ == "__main__":
    sys.exit(main())
