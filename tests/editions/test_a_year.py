"""A year of weekly editions in fast motion, with an editor who knows what she likes and never says so.

Nothing in it is a stand-in but the editor: articles are gathered, ranked and drafted, she decides through the
desk's own functions, approves with a seal, and learning, approval and roll-back are those of the product.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from statistics import fmean

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import open_engine, reading, transaction
from flows.editions.changes import Editor, decide
from flows.editions.content import content_of
from flows.editions.curating import curate_edition
from flows.editions.learning import learn_ranker
from flows.editions.seal import seal
from flows.editions.store import approve
from flows.models import Article, Decision, Edition, EditionItem, EditionStatus, Ranker, RankerStatus, Tier
from flows.settings import Settings, load_settings
from flows.stories import registry
from flows.stories.weights import RULES
from tests.conftest import NOW
from tests.stories.shelf import add_article, add_source

TEMPLATE = "t" * 64
ADA = "ada@newsletter.example"
WEEKS = 40
STORIES_A_WEEK = 24
TAKES = 8
_LIKED = ("compiler", "kernel", "quantisation", "benchmark")
_DISLIKED = ("funding", "webinar", "partnership", "keynote")
_SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in "aeiou"]


@dataclass
class Year:
    engine: Engine
    settings: Settings
    sources: list[int]
    chance: Random
    worth: dict[int, float] = field(default_factory=dict)  # of an article, to the editor; known to her alone
    right: dict[int, float] = field(default_factory=dict)  # edition number -> share of her picks that stood on top
    versions: dict[int, int] = field(default_factory=dict)  # edition number -> the version that ranked it
    said: list[str] = field(default_factory=list)

    def day(self, week: int) -> datetime:
        return NOW + timedelta(days=7 * week)

    def publish(self, week: int) -> None:
        """Stories of every source: their words are their own but for what she likes or does not."""
        with transaction(self.engine) as session:
            for _ in range(STORIES_A_WEEK):
                self._publish_one(session, self.day(week))

    def _publish_one(self, session: Session, now: datetime) -> None:
        place = self.chance.randrange(len(self.sources))
        mood = self.chance.choice([*_LIKED, *_DISLIKED, "", "", ""])
        length = self.chance.choice([70, 150, 400, 700])
        title = f"{self._word()} {self._word()} {mood} {self._word()}".replace("  ", " ").capitalize()
        text = " ".join(self._word() for _ in range(length)) + "."
        published = now - timedelta(hours=self.chance.randrange(4, 150))
        article = add_article(session, self.sources[place], title, text, published, published)
        session.get_one(Article, article).words = length
        liking = (mood in _LIKED) * 2.0 - (mood in _DISLIKED) * 2.0 + (length >= 400) * 1.5 + (place < 3) * 0.7
        self.worth[article] = liking + self.chance.gauss(0, 0.3)

    def _word(self) -> str:
        return "".join(self.chance.choices(_SYLLABLES, k=3))

    def draft(self, week: int) -> int:
        made = curate_edition(self.engine, self.settings, clock=lambda: self.day(week), progress=lambda _line: None)
        assert made.created, f"week {week}: {made}"
        return made.edition_id or 0

    def decide(self, edition_id: int, week: int) -> None:
        """She takes the eight she likes best, and skips what was suggested and is not among them."""
        ada = Editor(ADA, self.day(week))
        with reading(self.engine) as session:
            items = session.exec(
                select(EditionItem).where(EditionItem.edition_id == edition_id).order_by(col(EditionItem.rank))
            ).all()
            edition = session.get_one(Edition, edition_id)
        best = {item.id for item in sorted(items, key=lambda item: -self.worth[item.article_id])[:TAKES]}
        suggested = {item.id for item in items if item.suggested}
        self.right[edition.number] = len(best & {item.id for item in items[:TAKES]}) / TAKES
        self.versions[edition.number] = edition.ranker_version
        for item in items:
            wanted = Decision.CHOSEN if item.id in best else Decision.SKIPPED if item.id in suggested else None
            if wanted is not None:
                decide(self.engine, edition_id, item.id or 0, wanted, ada, version=item.version)

    def approve(self, edition_id: int, week: int) -> None:
        with reading(self.engine) as session:
            content = content_of(session, edition_id, self.settings, template_hash=TEMPLATE)
        approve(
            self.engine,
            edition_id,
            by=ADA,
            seen_hash=seal(content),
            settings=self.settings,
            template_hash=TEMPLATE,
            now=self.day(week),
        )
        with transaction(self.engine) as session:
            session.get_one(Edition, edition_id).status = EditionStatus.SENT

    def one_week(self, week: int) -> None:
        self.publish(week)
        edition_id = self.draft(week)
        self.decide(edition_id, week)
        self.approve(edition_id, week)
        learn_ranker(self.engine, self.settings, clock=lambda: self.day(week), progress=self.said.append)

    def waiting(self) -> Ranker | None:
        with reading(self.engine) as session:
            return session.exec(select(Ranker).where(Ranker.status == RankerStatus.PENDING)).first()


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """Forty weeks; the first version that waits is left waiting for four weeks, then approved."""
    from flows.schema import upgrade

    folder = tmp_path_factory.mktemp("year")
    engine = open_engine(f"sqlite:///{folder / 'masthead.db'}")
    upgrade(engine)
    newsletter = {"stories_most": TAKES, "window_days": 7.0, "sections": [{"name": "All", "most": TAKES}]}
    settings = load_settings(folder, database_url=str(engine.url), secret_key="for tests", newsletter=newsletter)
    with transaction(engine) as session:
        sources = [add_source(session, f"source-{number}", NOW) for number in range(9)]
    year = Year(engine, settings, sources, Random(11))
    waited = 0
    for week in range(WEEKS):
        year.one_week(week)
        if (row := year.waiting()) is not None:
            waited += 1
            if waited >= 4:
                waited = 0
                with transaction(engine) as session:
                    registry.approve(session, row.id or 0, by=ADA, now=year.day(week))
    yield year
    engine.dispose()


def test_the_ranking_learns_what_she_likes(year: Year) -> None:
    numbers = sorted(year.right)
    first, last = numbers[:8], numbers[-8:]
    assert fmean(year.right[number] for number in last) > fmean(year.right[number] for number in first) + 0.1


def test_nothing_learned_is_used_before_she_approves_it(year: Year) -> None:
    with reading(year.engine) as session:
        rows = {row.version: row for row in session.exec(select(Ranker))}
        editions = session.exec(select(Edition).order_by(col(Edition.number))).all()
    approved = [row for row in rows.values() if row.status in {RankerStatus.APPROVED, RankerStatus.RETIRED}]
    assert approved, year.said[-1]
    assert len(rows) > len(approved)  # versions waited for weeks, were replaced, and never ranked anything
    for edition in editions:
        if edition.ranker_version != RULES.version:
            row = rows[edition.ranker_version]
            assert row in approved
            assert row.decided_at is not None
            assert edition.ranker_weights["points"] == row.weights["points"]
            assert row.created_at < edition.created_at
    assert RULES.version in year.versions.values()
    assert set(year.versions.values()) - {RULES.version}


def test_every_version_came_with_evidence_that_it_is_better(year: Year) -> None:
    with reading(year.engine) as session:
        for row in session.exec(select(Ranker)):
            assert row.backtest["better"]
            assert len(row.backtest["held_out"]) >= 8
            assert row.backtest["difference"]["rules"]["q10"] > 0


def test_what_is_decided_beforehand_grows_by_evidence_and_is_mostly_right(year: Year) -> None:
    with reading(year.engine) as session:
        items = session.exec(
            select(EditionItem).join(Edition, col(Edition.id) == col(EditionItem.edition_id)).where(Edition.number > 20)
        ).all()
    sure = [item for item in items if item.suggested]
    folded = [item for item in items if item.tier is Tier.FOLDED]
    assert folded, "after twenty editions of evidence, nothing is folded away"
    assert fmean(item.decision is Decision.CHOSEN for item in sure) > 0.7
    assert fmean(item.decision is Decision.CHOSEN for item in folded) < 0.1


def test_chances_are_what_they_say(year: Year) -> None:
    with reading(year.engine) as session:
        items = session.exec(
            select(EditionItem).join(Edition, col(Edition.id) == col(EditionItem.edition_id)).where(Edition.number > 20)
        ).all()
    said = fmean(item.chance or 0.0 for item in items)
    came = fmean(item.decision is Decision.CHOSEN for item in items)
    assert said == pytest.approx(came, abs=0.06)
    high = [item for item in items if (item.chance or 0.0) >= 0.7]
    assert fmean(item.decision is Decision.CHOSEN for item in high) > 0.6


def test_no_story_is_twice_in_an_edition_and_parts_sum_to_the_score(year: Year) -> None:
    with reading(year.engine) as session:
        items = session.exec(select(EditionItem)).all()
    assert len({(item.edition_id, item.story_id) for item in items}) == len(items)
    assert all(sum(part["points"] for part in item.reasons) == item.score for item in items)


def test_roll_back_is_one_step_and_the_next_draft_follows_it(year: Year) -> None:
    with transaction(year.engine) as session:
        before = registry.in_use(session, 1).version
        after = registry.roll_back(session, 1, by=ADA, now=year.day(WEEKS)).version
    assert before != after
    year.publish(WEEKS)
    edition_id = year.draft(WEEKS)
    with reading(year.engine) as session:
        assert session.get_one(Edition, edition_id).ranker_version == after
