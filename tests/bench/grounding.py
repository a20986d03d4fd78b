"""How many planted errors the check of blurbs finds, and how often it doubts what is true.

    MASTHEAD_ACCEPTANCE_DATA=… uv run python -m tests.bench.grounding

Errors of every kind are planted in sentences of real articles, one a sentence, and the sentence is checked against its
article. The check was developed on the feeds; one round was mended after a look at the pages. An error is found when a
claim of a fitting kind lies over the changed place (for yes and no: when one of that kind is there). Beside it:
clean sentences as they are and in another typography, rule-made paraphrases, and the publishers' own summaries, each
clean and with errors. Exits with 1 when a target is missed on either half.
"""

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from flows.stories.blurb import blurb
from flows.stories.grounding import Claim, ClaimKind, Source, index, unsupported
from tests.bench.articles import folder, of_feeds, of_pages, tells_apart
from tests.bench.planted import PLANTERS, Article, Planted, paraphrase, typography

TARGETS = {"number": 0.95, "date": 0.95, "name": 0.95, "quotation": 0.95, "negation": 0.85}
MOST_FALSE = 0.05
_A_KIND = 12  # sentences of one article for one sort of error
_CLEAN = 60  # clean sentences of one article
_SEED = 20261124
# A changed date is often one number, and "GPT-5" is a name as well as a number: each is shown where it stands.
_FITTING = {
    "number": {ClaimKind.NUMBER, ClaimKind.DATE, ClaimKind.NAME},
    "date": {ClaimKind.DATE, ClaimKind.NUMBER},
    "name": {ClaimKind.NAME},
    "quotation": {ClaimKind.QUOTATION},
    "negation": {ClaimKind.NEGATION, ClaimKind.ANTONYM},
    "antonym": {ClaimKind.NEGATION, ClaimKind.ANTONYM},
}


@dataclass
class Tally:
    """Found and planted by kind and sort; clean texts and those with a claim; examples of what went wrong."""

    found: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    planted: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    clean: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    doubted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    kinds: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    def share(self, kind: str) -> float:
        planted = sum(count for (own, _), count in self.planted.items() if own == kind)
        found = sum(count for (own, _), count in self.found.items() if own == kind)
        return found / planted if planted else 1.0


def plant(
    tally: Tally, article: Article, source: Source, texts: Sequence[str], others: Sequence[Article], *, chance: Random
) -> None:
    """Plants each sort of error in some of `texts` and counts what is found."""
    for kind, sorts in PLANTERS.items():
        for sort, planter in sorts.items():
            taken = 0
            for text in chance.sample(list(texts), len(texts)):
                if taken == _A_KIND:
                    break
                changed = planter(text, article, others, chance)
                if changed is None or changed.text == text:
                    continue
                taken += 1
                tally.planted[kind, sort] += 1
                if is_found(unsupported(changed.text, source), changed, kind):
                    tally.found[kind, sort] += 1
                else:
                    tally.missed.append(
                        f"{kind}, {sort}: {changed.text[:300]}  [{changed.text[changed.start : changed.end]}]"
                    )


def is_found(claims: Iterable[Claim], changed: Planted, kind: str) -> bool:
    """Whether a claim of a fitting kind lies over the change; yes and no: whether there is one at all."""
    fitting = [claim for claim in claims if claim.kind in _FITTING[kind]]
    if kind in {"negation", "antonym"}:
        return bool(fitting)
    return any(claim.start < max(changed.end, changed.start + 1) and changed.start < claim.end for claim in fitting)


def clean(tally: Tally, name: str, source: Source, texts: Iterable[str]) -> None:
    """Counts the true texts in which something is doubted."""
    for text in texts:
        claims = unsupported(text, source)
        tally.clean[name] += 1
        tally.doubted[name] += bool(claims)
        for kind in {claim.kind for claim in claims}:
            tally.kinds[name][kind] += 1
        if claims:
            tally.false.append(f"{name}: {text[:300]}  {[(c.kind.value, c.text, c.doubt) for c in claims]}")


def measure(articles: Sequence[Article], others: Sequence[Article]) -> tuple[Tally, Tally, Tally]:
    """The tallies of extractive sentences, of paraphrases and of the publishers' summaries."""
    chance = Random(_SEED)
    own, said_otherwise, summaries = Tally(), Tally(), Tally()
    for article in articles:
        source = index(article.title, article.text, article.summary)
        elsewhere = [other for other in others if other is not article]
        plant(own, article, source, article.sentences, elsewhere, chance=chance)
        some = chance.sample(article.sentences, min(_CLEAN, len(article.sentences)))
        clean(own, "as it is", source, some)
        clean(own, "other typography", source, [typography(one, chance) for one in some])
        changed = list(_paraphrases(article, chance))
        clean(said_otherwise, "paraphrase", source, changed[:_CLEAN])
        plant(said_otherwise, article, source, changed, elsewhere, chance=chance)
        if tells_apart(article.summary, article.text):
            body = index(article.title, article.text)
            clean(summaries, "summary", body, [article.summary])
            plant(summaries, article, body, [article.summary], elsewhere, chance=chance)
    return own, said_otherwise, summaries


def _paraphrases(article: Article, chance: Random) -> Iterator[str]:
    for one, following in zip(article.sentences, [*article.sentences[1:], ""], strict=False):
        changed = paraphrase(one, following, chance)
        if changed != one:
            yield changed


def report(title: str, tally: Tally) -> None:
    """Prints a tally, sort by sort."""
    print(f"\n{title}")
    for kind in PLANTERS:
        planted = sum(count for (own, _), count in tally.planted.items() if own == kind)
        if not planted:
            continue
        print(f"  {kind:12}{tally.share(kind):6.3f} of {planted:5}")
        for (own, sort), count in tally.planted.items():
            if own == kind:
                print(f"      {sort:28}{tally.found[own, sort] / count:6.3f} of {count:5}")
    for name, count in tally.clean.items():
        kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(tally.kinds[name].items()))
        print(
            f"  doubted though true, {name}: {tally.doubted[name] / count:.3f} of {count}"
            + (f" ({kinds})" if kinds else "")
        )


def pace(articles: Sequence[Article]) -> None:
    """Prints what a blurb costs, in ms of CPU: the index of the article, and the check against it."""
    indexing, checking = [], []
    for article in articles:
        said = blurb(article.title, article.text, limit_words=60)
        changed = f"{said} Not {said.lower()}"  # so that nothing is verbatim and every sentence is compared
        begin = time.process_time()
        source = index(article.title, article.text, article.summary)
        indexed = time.process_time()
        unsupported(changed, source)
        indexing.append((indexed - begin) * 1000)
        checking.append((time.process_time() - indexed) * 1000)
    words = statistics.mean(len(article.text.split()) for article in articles)
    print(
        f"\nms of CPU: index of an article ({words:.0f} words in the mean) {statistics.mean(indexing):.1f}, check of a"
        f" changed blurb {statistics.mean(checking):.1f} (longest {max(checking):.1f})"
    )


def passed(tally: Tally) -> bool:
    """Whether every target is met."""
    rates = [tally.doubted[name] / count for name, count in tally.clean.items()]
    return all(tally.share(kind) >= least for kind, least in TARGETS.items()) and max(rates) <= MOST_FALSE


def main(arguments: Sequence[str] = ()) -> int:
    data = folder()
    if data is None:
        print("grounding: skipped, MASTHEAD_ACCEPTANCE_DATA names no folder with feeds/ and articles/")
        return 0
    feeds, pages = of_feeds(data), of_pages(data)
    good = True
    for name, articles in (("feeds (developed on)", feeds), ("pages (looked at once)", pages)):
        own, said_otherwise, summaries = measure(articles, articles)
        report(f"{name}: {len(articles)} articles; sentences of the article", own)
        report(f"{name}: rule-made paraphrases", said_otherwise)
        if summaries.clean:
            report(f"{name}: the publishers' own summaries against the text", summaries)
        good = good and passed(own)
        if "--examples" in arguments:
            for line in [x for tally in (own, said_otherwise, summaries) for x in (*tally.missed, *tally.false)]:
                print("    ", line)
    pace([*feeds, *pages])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
