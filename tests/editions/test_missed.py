"""What an edition missed: which stories count, the step that lost each, and the page that tells it."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from flows.database import reading, transaction
from flows.editions.desk.missed import growth, step_bars
from flows.editions.lost import (
    MEANS,
    Growing,
    Lost,
    Missed,
    Offer,
    Sealed,
    Telling,
    missed,
    most_grown_first,
    span,
    was_missed,
    where_lost,
)
from flows.editions.missed import Review, read_missed, sealed_editions
from flows.models import (
    Article,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    Newsletter,
    Source,
    Story,
    StoryArticle,
    Tier,
    UserRole,
)
from tests.conftest import NOW
from tests.editions.desks import Bench
from tests.editions.seed import SOURCES, Seeded

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
APPROVED = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
WINDOW = 10 * DAY
HOSTILE = "<script>window.__ran=1</script>\u202e" + "W" * 180 + "\u202c عنوان <img src=x onerror=window.__ran=1>"
EDITION = Sealed(12, 12, APPROVED - DAY, APPROVED, APPROVED - 7 * DAY, None, 40)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def telling(hours: float, source: int = 1, **fields: Any) -> Telling:
    """An article seen so many hours after the approval, from a source that is asked every six."""
    seen = APPROVED + hours * HOUR
    usual = Telling(source, f"Source {source}", APPROVED - 90 * DAY, 6 * HOUR, seen, seen, linked=True)
    return replace(usual, **fields)


def offer(**fields: Any) -> Offer:
    usual = Offer(7, 12, 12, True, Tier.OPEN, Decision.NONE, "", "", (), rank=23, suggested=False, chance=0.12)
    return replace(usual, **fields)


def growing(*tellings: Telling, offers: tuple[Offer, ...] = (), gathered: float = -30) -> Growing:
    return Growing(1, "A story", APPROVED + gathered * HOUR, tellings, offers)


def account(story: Growing) -> Missed:
    found = missed(EDITION, story, WINDOW)
    assert found
    return found


EARLY = telling(-40)
STEPS = {
    "nobody had it": (
        growing(telling(9), telling(10, 2)),
        Lost.TOO_LATE,
        "First seen 9 hours after the approval.",
    ),
    "its source was asked too late": (
        growing(telling(9, published_at=APPROVED - 5 * HOUR), telling(10, 2)),
        Lost.COLLECTED_LATE,
        "Published 5 hours before the approval, collected 9 hours after it: its source is asked every 6 hours.",
    ),
    "nobody knows how often its source is asked": (
        growing(telling(9, published_at=APPROVED - 5 * HOUR, asked_every=timedelta()), telling(10, 2)),
        Lost.COLLECTED_LATE,
        "Published 5 hours before the approval, collected 9 hours after it.",
    ),
    "its source was added later": (
        growing(telling(72, published_at=APPROVED - HOUR, source_since=APPROVED + 3 * DAY), telling(80, 2)),
        Lost.COLLECTED_LATE,
        "Published 1 hour before the approval, collected 3 days after it: "
        "its source was added 3 days after the approval.",
    ),
    "it bears the date of another year": (
        growing(telling(9, published_at=APPROVED - 400 * DAY), telling(10, 2)),
        Lost.TOO_LATE,
        "First seen 9 hours after the approval.",
    ),
    "it cannot be linked to": (
        growing(telling(-40, linked=False), telling(3, 2)),
        Lost.NOT_A_CANDIDATE,
        "None of its articles had a link that can be used.",
    ),
    "an editor skipped it before": (
        growing(EARLY, offers=(offer(edition_id=11, number=11, decision=Decision.SKIPPED, by="Ben", reason="thin"),)),
        Lost.NOT_A_CANDIDATE,
        "Skipped by Ben in no. 11 already: thin.",
    ),
    "it was too old": (
        growing(telling(-40, published_at=APPROVED - 15 * DAY)),
        Lost.NOT_A_CANDIDATE,
        "Its newest article was 14 days old at the draft; the window is 10 days.",
    ),
    "it was gathered too late": (
        growing(telling(-5), gathered=3),
        Lost.NOT_A_CANDIDATE,
        "Collected 5 hours before the approval, gathered into a story 3 hours after it.",
    ),
    "it came between draft and approval": (
        growing(telling(-5), telling(-4, 2), gathered=-3),
        Lost.NOT_A_CANDIDATE,
        "It came 19 hours after the draft was made, and nothing added it: it was told by 2 sources then.",
    ),
    "no channel brought it": (
        growing(EARLY, telling(5, 2)),
        Lost.NOT_A_CANDIDATE,
        "No channel brought it: it was told by 1 source then.",
    ),
    "it was flagged": (
        growing(EARLY, offers=(offer(tier=Tier.FLAGGED, flags=("brand safety: weapons", "one source")),)),
        Lost.FLAGGED,
        "Held for a senior editor: brand safety: weapons; one source.",
    ),
    "it was flagged, and skipped": (
        growing(EARLY, offers=(offer(tier=Tier.FLAGGED, decision=Decision.SKIPPED, by="Ada"),)),
        Lost.FLAGGED,
        "Held for a senior editor. Skipped by Ada, without a reason.",
    ),
    "it was folded away": (
        growing(EARLY, offers=(offer(tier=Tier.FOLDED, rank=38, chance=0.034),)),
        Lost.FOLDED,
        "Folded away at rank 38 of 40, with a chance of 3\u00a0%.",
    ),
    "an editor skipped it": (
        growing(EARLY, offers=(offer(decision=Decision.SKIPPED, by="Ada", reason="Old news!"),)),
        Lost.SKIPPED,
        "Skipped by Ada: Old news!",
    ),
    "an editor kept it": (
        growing(EARLY, offers=(offer(decision=Decision.LATER, by="Ada"),)),
        Lost.LATER,
        "Kept for later by Ada.",
    ),
    "nobody came to it": (
        growing(EARLY, offers=(offer(),)),
        Lost.BELOW,
        "Undecided at rank 23 of 40, with a chance of 12\u00a0%.",
    ),
    "nobody came to it, and the rules gave no chance": (
        growing(EARLY, offers=(offer(chance=None),)),
        Lost.BELOW,
        "Undecided at rank 23 of 40.",
    ),
    "it was suggested and put back": (
        growing(EARLY, offers=(offer(suggested=True, rank=3, chance=0.8),)),
        Lost.TAKEN_OUT,
        "Suggested at rank 3 of 40, with a chance of 80\u00a0%, then put back into the queue.",
    ),
}


@pytest.mark.parametrize(("story", "step", "sentence"), STEPS.values(), ids=STEPS.keys())
def test_a_story_is_lost_at_the_first_step_that_applies(story: Growing, step: Lost, sentence: str) -> None:
    assert where_lost(EDITION, story, WINDOW) == (step, sentence)


def test_every_step_is_tested_and_has_its_meaning() -> None:
    assert {step for _, step, _ in STEPS.values()} == set(Lost) == set(MEANS)


@pytest.mark.parametrize(
    ("what", "hours", "counts"),
    [
        ("two more tell it", [-40, 5, 9], True),
        ("one more tells it", [-40, 9], False),
        ("three told it and nobody more", [-40, -39, -38], True),
        ("two told it and nobody more", [-40, -39], False),
        ("three told it before the last edition", [-200, -199, -198], False),
        ("an old one grew", [-200, 5, 9], True),
        ("it began six days later", [144, 145, 146], True),
        ("it began eight days later", [192, 193, 194], False),
    ],
)
def test_what_counts_as_missed(what: str, hours: list[float], counts: bool) -> None:
    assert was_missed(EDITION, [APPROVED + hour * HOUR for hour in hours]) is counts


def test_what_began_after_the_next_approval_is_the_next_editions_matter() -> None:
    daily = replace(EDITION, after=APPROVED + DAY)
    assert was_missed(daily, [APPROVED + hour * HOUR for hour in (23, 25, 26)])
    assert not was_missed(daily, [APPROVED + hour * HOUR for hour in (24, 25, 26)])


@pytest.mark.parametrize(
    ("later", "counts"),
    [
        (offer(edition_id=13, number=13), False),
        (offer(edition_id=13, number=13, approved=False), True),
        (offer(edition_id=11, number=11), True),
    ],
    ids=["an approved edition", "a draft", "an edition before"],
)
def test_what_came_too_late_is_the_next_editions_matter_once_that_had_it(later: Offer, counts: bool) -> None:
    late, collected = STEPS["nobody had it"][0], STEPS["its source was asked too late"][0]
    assert (missed(EDITION, replace(late, offers=(later,)), WINDOW) is not None) is counts
    assert missed(EDITION, replace(collected, offers=(later,)), WINDOW), "it could have been had in time"


def test_what_grew_most_comes_first() -> None:
    five = growing(*(telling(hour, source) for source, hour in enumerate((-9, 1, 2, 3, 4))))
    known = growing(*(telling(hour, source) for source, hour in enumerate((-9, -8, -7, 1, 2, 3))))
    loud = growing(*(telling(hour, source) for source, hour in enumerate((-9, -8, -7, 1, 2, 3))), telling(4, 0))
    found = [account(story) for story in (known, loud, five)]
    assert [(story.then, story.now, story.articles) for story in sorted(found, key=most_grown_first)] == [
        (1, 5, 5),
        (3, 6, 7),
        (3, 6, 6),
    ]


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(0), "1 minute"),
        (59 * HOUR / 60, "59 minutes"),
        (HOUR, "1 hour"),
        (47 * HOUR, "47 hours"),
        (2 * DAY, "2 days"),
    ],
)
def test_a_span_is_said_in_one_unit(length: timedelta, words: str) -> None:
    assert span(length) == words


def test_the_bars_are_the_counts_and_the_pictures_the_numbers() -> None:
    below, late = (account(STEPS[name][0]) for name in ("nobody came to it", "nobody had it"))
    bars = step_bars([Review(EDITION, (below, late)), Review(EDITION, (below,))])
    assert [(bar.step, bar.count, bar.length) for bar in bars] == [(Lost.TOO_LATE, 1, 50.0), (Lost.BELOW, 2, 100.0)]
    drawn = growth(late, most=4)
    assert (drawn.then, drawn.now) == (0.0, drawn.width / 2)
    assert drawn.words == "Sources that told it: 0 at the approval, 2 now."


# --- the tables and the page -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Past:
    """What `seed_missed` made: ids of editions by number, and of stories by what became of them."""

    editions: dict[int, int]
    stories: dict[str, int]


class _Seeder:
    def __init__(self, session: Session, newsletter_id: int) -> None:
        self.session, self.newsletter_id, self.links = session, newsletter_id, 0
        self.sources = [
            Source(
                url=f"https://{title.lower().replace(' ', '-')}.example/feed",
                title=title,
                created_at=NOW - 200 * DAY,
                interval_s=6 * 3600,
            )
            for title, _ in SOURCES
        ]
        self.add(*self.sources)

    def add(self, *rows: Any) -> None:
        self.session.add_all(rows)
        self.session.flush()

    def edition(self, number: int, sealed_at: datetime | None) -> Edition:
        made = (sealed_at or NOW) - DAY
        edition = Edition(
            newsletter_id=self.newsletter_id,
            number=number,
            slot=(made + DAY).date(),
            status=EditionStatus.SENT if sealed_at else EditionStatus.DRAFT,
            sealed_at=sealed_at,
            created_at=made,
        )
        self.add(edition)
        return edition

    def story(self, title: str, around: datetime, *hours: float, published: float | None = None, first: int = 0) -> int:
        """Told by one source after the other, so many hours after `around`; its first article published then."""
        articles = []
        for place, hour in enumerate(hours):
            seen = around + hour * HOUR
            self.links += 1
            said = around + published * HOUR if published is not None and not place else seen
            articles.append(
                Article(
                    source_id=self.sources[(first + place) % len(self.sources)].id or 0,
                    link=f"https://a.example/{self.links}",
                    link_key=f"{self.links:064d}",
                    title=title if not place else f"{title}, reported",
                    published_at=said,
                    first_seen_at=seen,
                )
            )
        self.add(*articles)
        began = around + hours[0] * HOUR
        story = Story(
            newsletter_id=self.newsletter_id, lead_article_id=articles[0].id or 0, first_seen_at=began, updated_at=NOW
        )
        self.add(story)
        self.add(
            *(
                StoryArticle(newsletter_id=self.newsletter_id, article_id=article.id or 0, story_id=story.id or 0)
                for article in articles
            )
        )
        return story.id or 0

    def item(self, edition: Edition, story_id: int, rank: int, **fields: Any) -> EditionItem:
        lead = self.session.get_one(Story, story_id).lead_article_id
        headline = self.session.get_one(Article, lead).title
        fields = {"headline": headline, **fields}
        item = EditionItem(edition_id=edition.id or 0, story_id=story_id, article_id=lead, rank=rank, **fields)
        self.add(item)
        return item


def seed_missed(session: Session, newsletter_id: int) -> Past:
    """Three approved editions and a draft; no. 12 lost a story at every step, no. 10 none."""
    seed = _Seeder(session, newsletter_id)
    ten, eleven = seed.edition(10, APPROVED - 14 * DAY), seed.edition(11, APPROVED - 7 * DAY)
    twelve, draft = seed.edition(12, APPROVED), seed.edition(13, None)
    skipped = {"decision": Decision.SKIPPED, "decided_by": "ada@newsletter.example"}
    made = {
        "ran": seed.story("Regulators ask for incident reports within 72 hours", APPROVED, -40, -30, -20, 4),
        "too late": seed.story("Harbour pilots vote on autonomous tugs", APPROVED, 9, 11, 12, 20, 31),
        "collected late": seed.story(
            "A fault in Tessaly 2 deletes what it should keep", APPROVED, 9, 14, 16, published=-5
        ),
        "not a candidate": seed.story("The weather office opens its forecasts", APPROVED, -60, 8, 22, 40, first=3),
        "flagged": seed.story("An audit of a defence contractor’s models", APPROVED, -50, 3, 5, first=6),
        "folded away": seed.story(
            "Korvane renames its cloud for the third time", APPROVED, -45, 2, 6, 9, 30, 31, first=4
        ),
        "skipped": seed.story("Insurers begin to price model failures", APPROVED, -70, -66, 4, 7, first=5),
        "kept": seed.story("Two labs, one checkpoint, different answers", APPROVED, -55, 12, 13, first=1),
        "below": seed.story("Cloud prices for large cards fell again in October", APPROVED, -34, 1, 3, 4, first=2),
        "taken out": seed.story("Watermarks survive translation, but not by much", APPROVED, -61, -60, -59, first=6),
        "hostile": seed.story(HOSTILE, APPROVED, -20, 5, 6, first=7),
        "small": seed.story("Our booth at the winter fair", APPROVED, -20, 5),
        "in eleven": seed.story("Schools in three districts end their essay detectors", APPROVED - 7 * DAY, -50, -9, 1),
    }
    seed.item(twelve, made["ran"], 1, suggested=True, decision=Decision.CHOSEN)
    flags = [{"kind": "brand safety", "words": "names a maker of weapons"}]
    seed.item(twelve, made["flagged"], 3, tier=Tier.FLAGGED, flags=flags)
    seed.item(twelve, made["folded away"], 8, tier=Tier.FOLDED, chance=0.04)
    seed.item(twelve, made["skipped"], 4, skip_reason="we had this in spring", **skipped)
    seed.item(twelve, made["kept"], 5, decision=Decision.LATER, decided_by="ada@newsletter.example")
    seed.item(twelve, made["below"], 6, chance=0.12)
    seed.item(twelve, made["taken out"], 2, suggested=True, chance=0.81)
    seed.item(twelve, made["hostile"], 7, skip_reason=HOSTILE[:200], **skipped)
    seed.item(eleven, made["in eleven"], 1)
    seed.item(draft, made["not a candidate"], 1, suggested=True, decision=Decision.CHOSEN)
    numbers = {edition.number: edition.id or 0 for edition in (ten, eleven, twelve, draft)}
    return Past(numbers, made)


@pytest.fixture
def past(engine: Engine, newsletter: Newsletter) -> Past:
    with transaction(engine) as session:
        return seed_missed(session, newsletter.id or 0)


def lists_of(engine: Engine, newsletter: Newsletter) -> dict[int, dict[int, tuple[Lost, int, int]]]:
    """What the tables say: step, sources then and now, by edition number and story id."""
    with reading(engine) as session:
        editions = sealed_editions(session, newsletter.id or 0)
        reviews = read_missed(session, newsletter.id or 0, editions, WINDOW)
    return {
        review.edition.number: {story.story_id: (story.step, story.then, story.now) for story in review.stories}
        for review in reviews
    }


def test_each_story_is_found_in_its_edition_with_its_step(engine: Engine, newsletter: Newsletter, past: Past) -> None:
    of = past.stories
    assert lists_of(engine, newsletter) == {
        10: {},
        11: {
            of["in eleven"]: (Lost.BELOW, 2, 3),
            of["not a candidate"]: (Lost.TOO_LATE, 0, 4),
            of["small"]: (Lost.TOO_LATE, 0, 2),
        },
        12: {
            of["too late"]: (Lost.TOO_LATE, 0, 5),
            of["collected late"]: (Lost.COLLECTED_LATE, 0, 3),
            of["not a candidate"]: (Lost.NOT_A_CANDIDATE, 1, 4),
            of["flagged"]: (Lost.FLAGGED, 1, 3),
            of["folded away"]: (Lost.FOLDED, 1, 6),
            of["skipped"]: (Lost.SKIPPED, 2, 4),
            of["kept"]: (Lost.LATER, 1, 3),
            of["below"]: (Lost.BELOW, 1, 4),
            of["taken out"]: (Lost.TAKEN_OUT, 3, 3),
            of["hostile"]: (Lost.SKIPPED, 1, 3),
        },
    }


def test_a_story_that_ran_before_later_or_within_another_is_not_missed(
    engine: Engine, newsletter: Newsletter, past: Past
) -> None:
    with transaction(engine) as session:
        seed = _Seeder.__new__(_Seeder)
        seed.session, seed.newsletter_id = session, newsletter.id or 0
        before = session.get_one(Edition, past.editions[11])
        after = session.get_one(Edition, past.editions[12])
        seed.item(before, past.stories["too late"], 2, decision=Decision.CHOSEN)
        seed.item(after, past.stories["in eleven"], 2, decision=Decision.CHOSEN)
        session.get_one(Story, past.stories["ran"]).merged_into = past.stories["below"]
    found = lists_of(engine, newsletter)
    assert past.stories["in eleven"] not in found[11]
    assert not {past.stories["too late"], past.stories["below"]} & set(found[12])


def test_a_story_put_into_another_lends_it_its_place_in_the_queue(
    engine: Engine, newsletter: Newsletter, past: Past
) -> None:
    with transaction(engine) as session:
        session.get_one(Story, past.stories["kept"]).merged_into = past.stories["not a candidate"]
    assert lists_of(engine, newsletter)[12][past.stories["not a candidate"]][0] is Lost.LATER


def test_a_withdrawn_or_cancelled_edition_missed_nothing_and_duplicates_do_not_count(
    engine: Engine, newsletter: Newsletter, past: Past
) -> None:
    with transaction(engine) as session:
        session.get_one(Edition, past.editions[11]).status = EditionStatus.CANCELLED
        lead = session.get_one(Story, past.stories["collected late"]).lead_article_id
        session.get_one(Article, lead + 1).duplicate_of = lead
    found = lists_of(engine, newsletter)
    assert set(found) == {10, 12}
    assert found[12][past.stories["collected late"]] == (Lost.COLLECTED_LATE, 0, 2)


@pytest.mark.parametrize("role", list(UserRole))
def test_everybody_on_the_team_may_read_what_was_missed(bench: Bench, past: Past, role: UserRole) -> None:
    client = bench.signed_in(role=role).client
    html = unescape(client.get("/desk/missed").text)
    for sentence in (
        "First seen 9 hours after the approval.",
        "its source is asked every 6 hours.",
        "Held for a senior editor: names a maker of weapons.",
        "Folded away at rank 8 of 8, with a chance of 4\u00a0%.",
        "Skipped by Ada: we had this in spring.",
        "12 stories that others went on to tell",
        "Nothing grew after no. 10 that it did not run.",
        "a candidate in no. 13",
    ):
        assert sentence in html
    assert html.index("No. 12") < html.index("No. 11") < html.index("No. 10")


def test_a_stranger_is_sent_to_the_door(bench: Bench, past: Past) -> None:
    for path in ("/desk/missed", f"/desk/editions/{past.editions[12]}/missed"):
        assert bench.client(follow_redirects=False).get(path).headers["location"].startswith("/sign-in?next=")


def test_one_edition_alone_with_the_way_to_its_neighbours(bench: Bench, past: Past) -> None:
    client = bench.signed_in().client
    html = client.get(f"/desk/editions/{past.editions[11]}/missed").text
    assert html.count("<h3>") == 3
    assert f'rel="prev" href="/desk/editions/{past.editions[10]}/missed"' in html
    assert f'rel="next" href="/desk/editions/{past.editions[12]}/missed"' in html
    assert "Nothing grew after no. 10" in client.get(f"/desk/editions/{past.editions[10]}/missed").text
    assert "is not approved" in client.get(f"/desk/editions/{past.editions[13]}/missed").text
    assert client.get("/desk/editions/999/missed").status_code == 404


def test_stories_lead_to_the_desk_and_no_title_becomes_markup(bench: Bench, past: Past) -> None:
    client = bench.signed_in().client
    html = client.get("/desk/missed").text
    links = re.findall(r'<h3><a href="(/desk/editions/\d+/items/\d+)"', html)
    assert len(links) == 10
    assert client.get(links[0]).status_code == 200
    assert "<script>window" not in html
    assert "<img" not in html
    assert "&lt;script&gt;window.__ran=1" in html
    assert " style=" not in html


def test_only_thirty_are_shown_and_the_rest_is_said(bench: Bench, engine: Engine, newsletter: Newsletter) -> None:
    with transaction(engine) as session:
        seed = _Seeder(session, newsletter.id or 0)
        seed.edition(12, APPROVED)
        for number in range(33):
            seed.story(f"Story {number}", APPROVED, 1, 2, 3)
    html = bench.signed_in().client.get("/desk/missed").text
    assert html.count("<h3>") == 30
    assert "And 3 more" in html
    assert '<td class="n">33</td>' in html


def test_before_the_first_approval_it_says_so(bench: Bench, draft: Seeded) -> None:
    assert "No edition has been approved yet." in bench.signed_in().client.get("/desk/missed").text
