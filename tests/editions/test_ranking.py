"""The page of the ranking, as a browser without scripts sees it: what ranks, what waits, and who may say so."""

import re
from datetime import timedelta
from functools import cache
from html import unescape
from random import Random
from typing import Any

import pytest
from sqlmodel import Session, col, select

from flows.articles import tending
from flows.database import reading, transaction
from flows.editions.desk.ranking import percent, signed
from flows.editions.draft_notices import ranker_waits
from flows.models import (
    Article,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    LogEntry,
    Newsletter,
    Ranker,
    Source,
    Story,
    Tier,
    UserRole,
    Wish,
)
from flows.stories import registry
from flows.stories.backtest import PastEdition, back_test, by_weights
from flows.stories.calibration import base_for, chance
from flows.stories.drift import baseline
from flows.stories.features import NAMES
from flows.stories.fitting import Decided, fit
from flows.stories.position import examined
from flows.stories.tuning import turn_term
from flows.stories.weights import RULES, RankerWeights
from tests.conftest import NOW
from tests.editions.desks import Bench, Colleague
from tests.editions.sources_seed import HOSTILE

ADA = "ada@newsletter.example"
_STORIES = 24
_CHOSEN = 6


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored is tested beside, on both databases; here it is the page."""
    return sqlite_url


@cache
def past(count: int = 24) -> tuple[PastEdition, ...]:
    """Editions of an editor who likes long texts and known words more than the rules do, with some noise."""
    random = Random(20261119)
    editions = []
    for number in range(1, count + 1):
        stories = [{name: round(random.random(), 3) for name in NAMES} for _ in range(_STORIES)]
        for story in stories:
            story |= {"source_weight": 0.0, "wish": 0.0, "novelty": 0.0, "kept": 0.0}
        liked = sorted(
            stories, key=lambda s: -(3 * s["substance"] + 2.5 * s["taste"] + s["recency"] + random.gauss(0, 0.5))
        )
        best = [id(story) for story in liked[:_CHOSEN]]
        queue = sorted(stories, key=lambda story: -by_weights(RULES)(story))
        editions.append(
            PastEdition(number, tuple(Decided(s, id(s) in best, place, True) for place, s in enumerate(queue, 1)))
        )
    return tuple(editions)


@cache
def learned() -> tuple[RankerWeights, dict[str, Any]]:
    """A candidate with true evidence for it."""
    tested = back_test(past(), RULES)
    features = [story.features for edition in past() for story in edition.stories]
    return fit(past(), 0, examined(past())), {**tested.evidence, "baseline": baseline(features, NAMES)}


def seed_versions(session: Session, newsletter_id: int) -> list[int]:
    """Version 2 was in use, 3 is, 4 was rejected, 5 waits; their ids, the oldest first."""
    weights, evidence = learned()
    ids = []
    for weeks, word in ((16, registry.approve), (9, registry.approve), (5, registry.reject), (0, None)):
        at = NOW - timedelta(weeks=weeks, hours=4)
        row = registry.register(session, newsletter_id, weights, evidence, now=at)
        if word is not None:
            word(session, row.id or 0, by=ADA, now=at + timedelta(days=1))
        ids.append(row.id or 0)
    in_use = session.get_one(Ranker, ids[1])
    points = {name: round((weights.points[name] + RULES.points[name]) / 2, 3) for name in NAMES}
    in_use.weights = {**in_use.weights, "points": points}
    return ids


def seed_past(session: Session, newsletter_id: int, count: int = 12) -> None:
    """Editions that went out, with the chances that their stories were given and what became of them."""
    weights, _ = learned()
    source = Source(url="https://past.example/feed", title="Orchid Lab", created_at=NOW)
    session.add(source)
    session.flush()
    for edition_of in past()[-count:]:
        at = NOW - timedelta(weeks=30 - edition_of.number)
        edition = Edition(
            newsletter_id=newsletter_id,
            number=edition_of.number,
            slot=at.date(),
            status=EditionStatus.SENT,
            created_at=at,
        )
        session.add(edition)
        session.flush()
        scores = [by_weights(weights)(story.features) for story in edition_of.stories]
        base = base_for(scores, _CHOSEN, 2.0)
        queue = sorted(zip(scores, edition_of.stories, strict=True), key=lambda pair: -pair[0])
        for place, (score, story) in enumerate(queue, 1):
            _add_item(session, edition, source.id or 0, story, place=place, its_chance=chance(score, base, 2.0))


def _add_item(
    session: Session, edition: Edition, source_id: int, story: Decided, *, place: int, its_chance: float
) -> None:
    name = f"{edition.number}-{place}"
    article = Article(
        source_id=source_id,
        link=f"https://past.example/{name}",
        link_key=name,
        title=name,
        first_seen_at=NOW,
    )
    session.add(article)
    session.flush()
    told = Story(
        newsletter_id=edition.newsletter_id, lead_article_id=article.id or 0, first_seen_at=NOW, updated_at=NOW
    )
    session.add(told)
    session.flush()
    tier = Tier.SURE if its_chance > 0.7 else Tier.FOLDED if its_chance < 0.02 else Tier.OPEN
    session.add(
        EditionItem(
            edition_id=edition.id or 0,
            story_id=told.id or 0,
            article_id=article.id or 0,
            features=dict(story.features),
            rank=place,
            chance=its_chance,
            tier=tier,
            decision=Decision.CHOSEN if story.chosen else Decision.SKIPPED,
            decided_by=ADA,
        )
    )


def seed_turned(session: Session, newsletter_id: int, *names: str) -> None:
    """Terms boosted, one muted, and a source of each kind."""
    for place, name in enumerate(("open weights", "benchmarks", *names)):
        at = NOW - timedelta(days=place, hours=3)
        turn_term(session, newsletter_id, name, "boost" if place != 1 else "mute", by=ADA, now=at)
    for title, wish in (("Korvane", "mute"), (HOSTILE[:300], "boost")):
        source = Source(url=f"https://{wish}.example/feed", title=title, created_at=NOW)
        session.add(source)
        session.flush()
        tending.weigh(session, source.id or 0, wish=wish, now=NOW - timedelta(days=6), who=ADA)


@pytest.fixture
def ids(bench: Bench, newsletter: Newsletter) -> list[int]:
    with transaction(bench.engine) as session:
        return seed_versions(session, newsletter.id or 0)


@pytest.fixture
def ada(bench: Bench) -> Colleague:
    return bench.signed_in()


@pytest.fixture
def bo(bench: Bench) -> Colleague:
    return bench.signed_in("bo@newsletter.example", UserRole.EDITOR)


def get(colleague: Colleague, path: str = "/desk/ranking") -> str:
    answer = colleague.client.get(path)
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


def text_of(html: str) -> str:
    """What stands on the page, in one line."""
    return re.sub(r" ([.,;:])", r"\1", " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split()))


def statuses(bench: Bench) -> list[str]:
    with reading(bench.engine) as session:
        return [row.status.value for row in session.exec(select(Ranker).order_by(col(Ranker.version)))]


def log(bench: Bench) -> list[tuple[str, str, Any, Any]]:
    with reading(bench.engine) as session:
        rows = session.exec(select(LogEntry).order_by(col(LogEntry.id))).all()
        return [(row.who, row.what, row.before.get("version"), row.after.get("version")) for row in rows]


def spoil(bench: Bench, ranker_id: int, **columns: Any) -> None:
    with transaction(bench.engine) as session:
        row = session.get_one(Ranker, ranker_id)
        for name, value in columns.items():
            setattr(row, name, value)


class TestWhatItShows:
    def test_before_anything_is_drafted_it_says_what_will_come(self, bench: Bench) -> None:
        with transaction(bench.engine) as session:
            for row in session.exec(select(Newsletter)).all():
                session.delete(row)
        text = get(bench.signed_in())
        assert "The rules rank what editors see." in text
        assert "A version is learned once editors have decided on" in text
        assert "Nothing waits." in text
        assert "Nothing is folded away yet: 0 of 8 editions of evidence." in text
        assert "Everything weighs as usual." in text
        assert "Nothing has been learned yet." in text
        with reading(bench.engine) as session:
            assert session.exec(select(Newsletter)).all() == []

    def test_a_newsletter_counts_how_many_editions_it_has_decided(
        self, bench: Bench, newsletter: Newsletter, ada: Colleague
    ) -> None:
        with transaction(bench.engine) as session:
            seed_past(session, newsletter.id or 0, 3)
        text = get(ada)
        assert "so far they have on 3." in text
        assert "Nothing is folded away yet: 3 of 8 editions of evidence." in text

    def test_what_is_in_use_names_who_approved_it(self, ada: Colleague, ids: list[int]) -> None:
        text = get(ada)
        assert "Version 3 ranks what editors see; version 5 waits for approval." in text
        assert "Put in use by Ada, Fri 18 September, 06:00." in text
        assert "Roll back to version 2" in text

    def test_the_evidence_stands_there_in_numbers(self, ada: Colleague, ids: list[int]) -> None:
        _, evidence = learned()
        text = get(ada)
        assert evidence["verdict"] in text
        for name in ("candidate", "rules", "source_record", "recency"):
            low, high = evidence["interval"][name]
            assert f"{evidence['mean'][name]:.2f} {low:.2f} to {high:.2f}" in text
        assert f"{evidence['difference']['recency']['mean']:+.2f}" in text
        better = sum(value > 0 for value in evidence["difference"]["in_use"]["per_edition"])
        assert f"It ranked better in {better} of 12 editions." in text
        for each in evidence["calibration"]["candidate"]["bins"]:
            assert f"{percent(each['predicted'])} {percent(each['chosen'])} {each['count']}" in text

    def test_it_says_feature_by_feature_what_would_change(self, ada: Colleague, ids: list[int]) -> None:
        weights, _ = learned()
        text = get(ada)
        change = text[text.index("What would change") :]
        now = (weights.points["substance"] + RULES.points["substance"]) / 2
        assert f"Length of the text {now:+.2f} {weights.points['substance']:+.2f}" in change
        assert "Boosts and mutes of terms +1.00 +1.00" in change

    def test_data_that_has_moved_is_named_where_a_baseline_was_kept(
        self, bench: Bench, newsletter: Newsletter, ada: Colleague, ids: list[int]
    ) -> None:
        assert "against what it has learned from" not in get(ada)
        with transaction(bench.engine) as session:
            seed_past(session, newsletter.id or 0)
        assert re.search(r"no\. 24, against .* They are alike in each of the \d+ features", get(ada))
        with transaction(bench.engine) as session:
            for item in session.exec(select(EditionItem)).all():
                item.features = {**item.features, "taste": -1.0, "coverage": "broken"}
        text = get(ada)
        assert "Words that editors chose before: other than it was" in text
        assert "Length of the text: other" not in text

    def test_the_tiers_are_counted_and_the_lines_told(
        self, bench: Bench, newsletter: Newsletter, ada: Colleague
    ) -> None:
        with transaction(bench.engine) as session:
            seed_past(session, newsletter.id or 0)
        text = get(ada)
        assert re.search(r"Chosen beforehand from \d+ % on; folded away below [\d.]+ %; 94 % of past picks stood", text)
        assert "Of the last 12 editions with editors’ decisions." in text
        assert re.search(r"Chosen beforehand \d+ % \d+ % to \d+ % \d+ of \d+ stayed in the edition", text)
        assert re.search(r"Folded away \d+ % \d+ % to \d+ % \d+ of \d+ were left there", text)

    def test_every_version_is_listed(self, ada: Colleague, ids: list[int]) -> None:
        text = get(ada)
        listed = text[text.index("All versions") :]
        found = re.findall(r"\b(\d) (Waits for approval|Rejected|In use|Was in use|The rules)", listed)
        assert found == [
            ("5", "Waits for approval"),
            ("4", "Rejected"),
            ("3", "In use"),
            ("2", "Was in use"),
            ("1", "The rules"),
        ]


BROKEN: tuple[Any, ...] = (
    {},
    {"format": 9, "scores": [1, 2]},
    {"mean": {"candidate": float("nan")}},
    [1, 2],
    "text",
    None,
)


class TestBrokenEvidence:
    @pytest.mark.parametrize("backtest", BROKEN)
    def test_evidence_that_cannot_be_read_is_said_to_be_so(
        self, bench: Bench, ada: Colleague, ids: list[int], backtest: Any
    ) -> None:
        spoil(bench, ids[3], backtest=backtest)
        text = get(ada)
        assert "Its evidence cannot be read" in text
        assert "What would change" in text
        assert "unknown" in text

    @pytest.mark.parametrize(
        ("part", "value"),
        [
            ("mean", {"candidate": float("nan"), "in_use": 0.5, "rules": 0.5, "source_record": 0.4, "recency": 0.1}),
            ("interval", {"candidate": [0.1]}),
            ("held_out", ["<script>"]),
            ("per_edition", {"candidate": [0.5], "in_use": [0.4, 0.3]}),
            ("difference", {"in_use": {"mean": "x"}}),
            ("editions", 10**400),
            ("editions", True),
            ("stories", -1.5),
            ("verdict", ["a"]),
            ("calibration", {"candidate": {"error": 0.1, "bins": [{"low": 0}]}}),
            ("calibration", {"candidate": {"error": float("inf"), "bins": []}}),
            ("in_use_version", None),
        ],
    )
    def test_one_broken_part_is_enough(
        self, bench: Bench, ada: Colleague, ids: list[int], part: str, value: Any
    ) -> None:
        spoil(bench, ids[3], backtest={**learned()[1], part: value})
        assert "Its evidence cannot be read" in get(ada)

    @pytest.mark.parametrize("told", [None, [], {"features": 3}, {"features": {"recency": {}}}, "x"])
    def test_a_broken_baseline_is_none(
        self, bench: Bench, newsletter: Newsletter, ada: Colleague, ids: list[int], told: Any
    ) -> None:
        with transaction(bench.engine) as session:
            seed_past(session, newsletter.id or 0, 1)
        spoil(bench, ids[3], backtest={**learned()[1], "baseline": told})
        text = get(ada)
        assert "How well it ranks" in text
        assert "against what it has learned from" not in text

    def test_weights_that_cannot_be_read_cannot_be_approved(self, bench: Bench, ada: Colleague, ids: list[int]) -> None:
        spoil(bench, ids[3], weights={"format": 99})
        text = get(ada)
        assert "Its weights cannot be read" in text
        assert "Approve version 5" not in text
        assert ada.post(f"/desk/ranking/{ids[3]}/approve").status_code == 409
        assert ada.post(f"/desk/ranking/{ids[3]}/reject").status_code == 303

    def test_the_rules_stand_in_for_an_unreadable_version_and_it_says_so(
        self, bench: Bench, ada: Colleague, ids: list[int]
    ) -> None:
        spoil(bench, ids[1], weights={"format": 99})
        text = get(ada)
        assert "In use: the rules" in text
        assert "Version 3 of the ranking cannot be read" in text
        assert "Version 3 was put in use by Ada" in text
        assert ada.post("/desk/ranking/roll-back", version=3).status_code == 303
        assert statuses(bench)[:2] == ["approved", "rejected"]


class TestAWordOnIt:
    def test_approved_it_is_in_use_and_the_log_says_so(self, bench: Bench, ada: Colleague, ids: list[int]) -> None:
        answer = ada.post(f"/desk/ranking/{ids[3]}/approve")
        assert answer.status_code == 303
        assert statuses(bench) == ["retired", "retired", "rejected", "approved"]
        assert log(bench) == [(ADA, "approved a ranking", 3, 5)]
        text = get(ada, answer.headers["location"])
        assert "Approved: the next draft is ranked by it." in text
        assert "In use: version 5" in text
        assert "Nothing waits." in text

    def test_rejected_it_is_gone(self, bench: Bench, ada: Colleague, ids: list[int]) -> None:
        answer = ada.post(f"/desk/ranking/{ids[3]}/reject")
        assert statuses(bench)[-1] == "rejected"
        assert log(bench) == [(ADA, "rejected a ranking", None, 5)]
        assert "Rejected: the ranking stays as it is" in get(ada, answer.headers["location"])

    def test_one_click_goes_back_one_version_and_then_to_the_rules(
        self, bench: Bench, ada: Colleague, ids: list[int]
    ) -> None:
        assert ada.post("/desk/ranking/roll-back", version=3).status_code == 303
        assert statuses(bench)[:2] == ["approved", "rejected"]
        assert "Roll back to the rules" in get(ada)
        assert ada.post("/desk/ranking/roll-back", version=2).status_code == 303
        assert statuses(bench)[:2] == ["rejected", "rejected"]
        assert "In use: the rules" in get(ada)
        assert log(bench) == [(ADA, "rolled a ranking back", 3, 2), (ADA, "rolled a ranking back", 2, 1)]

    @pytest.mark.parametrize("what", ["approve", "reject"])
    def test_the_notice_that_it_waits_is_closed_with_the_word(
        self, bench: Bench, newsletter: Newsletter, ada: Colleague, ids: list[int], what: str
    ) -> None:
        with transaction(bench.engine) as session:
            ranker_waits(session, newsletter.id or 0, "Version 5 waits.", bench.settings, now=NOW)
        assert "Version 5 waits." in get(ada, "/desk")
        ada.post(f"/desk/ranking/{ids[3]}/{what}")
        assert "Version 5 waits." not in get(ada, "/desk")

    @pytest.mark.parametrize("what", ["approve", "reject"])
    def test_a_second_click_changes_and_logs_nothing(
        self, bench: Bench, ada: Colleague, ids: list[int], what: str
    ) -> None:
        answers = [ada.post(f"/desk/ranking/{ids[3]}/{what}").status_code for _ in range(2)]
        assert answers == [303, 303]
        assert len(log(bench)) == 1

    def test_a_second_click_rolls_back_no_further(self, bench: Bench, ada: Colleague, ids: list[int]) -> None:
        answers = [ada.post("/desk/ranking/roll-back", version=3).status_code for _ in range(2)]
        assert answers == [303, 303]
        assert statuses(bench)[:2] == ["approved", "rejected"]
        assert len(log(bench)) == 1

    @pytest.mark.parametrize("version", [1, 2, 4, 5, 99])
    def test_a_page_that_is_no_longer_true_rolls_nothing_back(
        self, bench: Bench, ada: Colleague, ids: list[int], version: int
    ) -> None:
        before = statuses(bench)
        if version == 4:  # which she has rejected herself, and never rolled back
            spoil(bench, ids[2], decided_by="zoe@newsletter.example")
        answer = ada.post("/desk/ranking/roll-back", version=version)
        assert answer.status_code == 409
        assert f"Version {version} of the ranking is not in use (any more)" in text_of(answer.text)
        assert statuses(bench) == before
        assert log(bench) == []

    def test_what_a_colleague_rolled_back_is_refused_to_the_next(
        self, bench: Bench, ada: Colleague, ids: list[int]
    ) -> None:
        zoe = bench.signed_in("zoe@newsletter.example")
        assert zoe.post("/desk/ranking/roll-back", version=3).status_code == 303
        assert ada.post("/desk/ranking/roll-back", version=3).status_code == 409
        assert statuses(bench)[:2] == ["approved", "rejected"]

    @pytest.mark.parametrize("which", [0, 2])
    def test_only_what_waits_can_be_approved(self, bench: Bench, ada: Colleague, ids: list[int], which: int) -> None:
        answer = ada.post(f"/desk/ranking/{ids[which]}/approve")
        assert answer.status_code == 409
        assert "not waiting for approval" in text_of(answer.text)

    def test_another_newsletter_s_version_is_not_there(self, bench: Bench, ada: Colleague, ids: list[int]) -> None:
        with transaction(bench.engine) as session:
            other = Newsletter(slug="other", name="Other", created_at=NOW)
            session.add(other)
            session.flush()
            theirs = registry.register(session, other.id or 0, *learned(), now=NOW).id
        for what in ("approve", "reject"):
            assert ada.post(f"/desk/ranking/{theirs}/{what}").status_code == 404
            assert ada.post(f"/desk/ranking/99999/{what}").status_code == 404
        assert log(bench) == []


class TestWhoMay:
    @pytest.mark.parametrize("role", [UserRole.PUBLISHER, UserRole.ADMIN])
    @pytest.mark.parametrize("what", ["approve", "reject", "roll-back"])
    def test_publishers_decide(self, bench: Bench, ids: list[int], role: UserRole, what: str) -> None:
        zoe = bench.signed_in("zoe@newsletter.example", role)
        path = "/desk/ranking/roll-back" if what == "roll-back" else f"/desk/ranking/{ids[3]}/{what}"
        assert zoe.post(path, version=3).status_code == 303

    @pytest.mark.parametrize("what", ["approve", "reject", "roll-back"])
    def test_editors_do_not(self, bench: Bench, bo: Colleague, ids: list[int], what: str) -> None:
        before = statuses(bench)
        path = "/desk/ranking/roll-back" if what == "roll-back" else f"/desk/ranking/{ids[3]}/{what}"
        answer = bo.post(path, version=3)
        assert answer.status_code == 403
        assert "This needs a publisher" in text_of(answer.text)
        assert statuses(bench) == before

    def test_editors_see_the_evidence_and_who_decides(self, bo: Colleague, ids: list[int]) -> None:
        html = bo.client.get("/desk/ranking").text
        text = text_of(html)
        assert "How well it ranks" in text
        assert "A publisher decides whether it is used; until then version 3 ranks." in text
        assert "A publisher can roll it back to version 2." in text
        assert not re.search(r'action="/desk/ranking/(\d+/|roll-back)', html)

    @pytest.mark.parametrize("path", ["turn", "1/approve", "1/reject", "roll-back"])
    def test_without_a_token_nothing_happens(self, ada: Colleague, ids: list[int], path: str) -> None:
        assert ada.client.post(f"/desk/ranking/{path}", data={"way": "boost", "term": "a"}).status_code == 403

    def test_strangers_are_sent_to_the_door(self, bench: Bench) -> None:
        answer = bench.client(follow_redirects=False).get("/desk/ranking")
        assert answer.headers["location"] == "/sign-in?next=/desk/ranking"


class TestTurning:
    def test_editors_boost_and_mute_terms_and_take_it_back(self, bench: Bench, bo: Colleague) -> None:
        answer = bo.post("/desk/ranking/turn", term="open  weights", way="boost")
        assert answer.headers["location"] == "/desk/ranking?said=turned#turned"
        bo.post("/desk/ranking/turn", term="webinars", way="mute")
        text = get(bo)
        assert "open weights Term · boosted +1 · Bo, today, 09:00" in text
        assert "webinars Term · muted -3 · Bo, today, 09:00" in text
        bo.post("/desk/ranking/turn", term="open weights", way="usual")
        assert "open weights" not in get(bo)

    def test_a_source_is_named_with_who_muted_it_and_goes_back_to_usual(
        self, bench: Bench, newsletter: Newsletter, bo: Colleague, ada: Colleague
    ) -> None:
        with transaction(bench.engine) as session:
            seed_turned(session, newsletter.id or 0)
            muted = session.exec(select(Source.id).where(Source.title == "Korvane")).one()
        assert "Korvane Source · muted -3 · Ada, Fri 13 November, 09:00" in get(bo)
        assert bo.post("/desk/ranking/turn", source=muted, way="usual").status_code == 303
        assert "Korvane" not in get(bo)
        with reading(bench.engine) as session:
            assert session.get_one(Source, muted).weight == 0

    def test_a_source_turned_by_nobody_known_is_listed_all_the_same(
        self, bench: Bench, newsletter: Newsletter, ada: Colleague
    ) -> None:
        with transaction(bench.engine) as session:
            session.add(Source(url="https://a.example/feed", title="Given", weight=1.0, created_at=NOW))
        assert "Given Source · boosted +1 As usual" in get(ada)

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"term": "   ", "way": "boost"}, 422),
            ({"term": "x" * 81, "way": "boost"}, 422),
            ({"term": "a", "way": "<script>"}, 422),
            ({"way": "mute"}, 422),
            ({"source": "99999", "way": "mute"}, 422),
            ({"source": "-1'", "way": "mute"}, 422),
        ],
    )
    def test_what_cannot_be_turned_is_told_in_a_sentence(
        self, bench: Bench, ada: Colleague, fields: dict[str, str], status: int
    ) -> None:
        answer = ada.post("/desk/ranking/turn", **fields)
        assert answer.status_code == status
        assert "Nothing was" in text_of(answer.text)
        with reading(bench.engine) as session:
            assert session.exec(select(Wish)).all() == []

    def test_hostile_names_are_text(self, bench: Bench, newsletter: Newsletter, ids: list[int], ada: Colleague) -> None:
        name = "<img src=x onerror=window.__ran=1>\u202e'\""
        evil = {**learned()[1], "verdict": "<script>window.__ran=1</script>", "note": "<b>note"}
        spoil(bench, ids[3], backtest=evil)
        spoil(bench, ids[2], decided_by="<i>replaced</i>")
        with transaction(bench.engine) as session:
            seed_turned(session, newsletter.id or 0, name)
        html = ada.client.get("/desk/ranking").text
        assert not re.search(r"<(img|i|b)[ >]|<script>", html)
        assert unescape(html).count(name) == 3
        assert HOSTILE[:100] in unescape(html)
        assert "style=" not in html


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "0 %"), (0.004, "0.4 %"), (0.04, "4 %"), (0.714, "71 %"), (1.0, "100 %")]
)
def test_shares_are_told_as_percent(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(("value", "said"), [(0.123, "+0.12"), (-0.5, "-0.50"), (-0.001, "0.00"), (0.0, "0.00")])
def test_differences_are_told_with_their_sign(value: float, said: str) -> None:
    assert signed(value) == said
