"""A realistic draft of forty stories for the tests and the pictures of the desk. Every name in it is invented."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from flows.models import (
    Article,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    Newsletter,
    Notice,
    Source,
    Story,
    StoryArticle,
)

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)

SOURCES = (
    ("Orchid Lab", "Research"),
    ("Saltmarsh Review", "Research"),
    ("Lanternfish Engineering", "Engineering"),
    ("Dry Run", "Engineering"),
    ("Korvane", "Industry"),
    ("Cumulane Index", "Industry"),
    ("Marlstone Institute", "Safety"),
    ("Fenwick Archive", "Applied"),
)

# (headline, source, section, score, words, hours ago, other sources that cover it)
STORIES: tuple[tuple[str, int, str, float, int, int, int], ...] = (
    ("Smaller models learn to say “I don’t know” and get better at everything else", 0, "Research", 8.4, 1980, 20, 2),
    ("How we cut inference cost by half without touching the model", 2, "Engineering", 8.1, 2640, 28, 1),
    ("An audit that any reader can repeat at home", 6, "Safety", 7.9, 2100, 33, 2),
    ("Korvane opens its first chip to outside compilers", 4, "Industry", 7.6, 1100, 9, 3),
    ("What 4,000 repeated runs say about benchmark noise", 1, "Research", 7.4, 1320, 41, 0),
    ("Notes on moving 300 training jobs to preemptible machines", 3, "Engineering", 7.2, 1540, 52, 0),
    ("A hospital network publishes its first year of triage by model", 7, "Applied", 7.1, 2300, 30, 1),
    ("Publishers and model makers agree on a format for licences", 5, "Industry", 6.9, 1090, 47, 2),
    ("Regulators ask for incident reports within 72 hours", 6, "Safety", 6.8, 880, 15, 1),
    ("A dataset of 1.2 million handwritten field notes, with consent forms", 0, "Research", 6.6, 900, 61, 0),
    ("Millrace 3.0 streams datasets larger than the disk", 3, "Engineering", 6.5, 640, 22, 0),
    ("Cloud prices for large cards fell again in October", 5, "Industry", 6.3, 860, 70, 0),
    ("Teaching a crop model to read sixty years of weather diaries", 7, "Applied", 6.2, 1710, 66, 0),
    ("Red-teaming the red team: what reviewers miss when they share prompts", 6, "Safety", 6.1, 1480, 90, 0),
    ("Wenmark ships a translator for court hearings in eleven languages", 7, "Applied", 6.0, 1210, 38, 0),
    ("Attention that forgets on purpose", 0, "Research", 5.9, 1660, 84, 0),
    ("A debugger for agents that shows every tool call twice", 2, "Engineering", 5.8, 980, 44, 1),
    ("Counting tokens is not counting costs", 3, "Engineering", 5.7, 1130, 77, 0),
    ("Interpretability by deletion: 900 neurons nobody missed", 1, "Research", 5.6, 2010, 96, 0),
    ("Two labs, one checkpoint, different answers", 1, "Research", 5.5, 1750, 58, 1),
    ("Why our vector index got slower when we added memory", 2, "Engineering", 5.4, 1410, 101, 0),
    ("Korvane’s supplier doubles its packaging capacity", 4, "Industry", 5.2, 610, 25, 0),
    ("An open evaluation of five open-weights speech models", 0, "Research", 5.1, 1830, 110, 0),
    ("A field guide to silent data corruption", 3, "Engineering", 5.0, 2220, 120, 0),
    ("Insurers begin to price model failures", 5, "Industry", 4.9, 940, 63, 0),
    ("Privacy budgets for people who do not like mathematics", 6, "Safety", 4.8, 1260, 131, 0),
    ("Schools in three districts end their essay detectors", 7, "Applied", 4.6, 1020, 49, 0),
    ("Kernel fusion, explained with paper and scissors", 2, "Engineering", 4.5, 1390, 142, 0),
    ("The market for second-hand accelerators grows up", 5, "Industry", 4.3, 770, 88, 0),
    ("A river authority forecasts floods a day earlier", 7, "Applied", 4.2, 1180, 150, 0),
    ("Retrieval without embeddings: a negative result", 1, "Research", 4.0, 1520, 160, 0),
    ("The licence that nobody read, annotated", 5, "Industry", 3.9, 690, 105, 0),
    ("Why the release of Tessaly 2 slipped by six weeks", 4, "Industry", 3.7, 720, 72, 0),
    ("Watermarks survive translation, but not by much", 6, "Safety", 3.5, 1340, 170, 0),
    ("We rewrote our scheduler in a weekend; here is what broke", 3, "Engineering", 3.3, 1290, 175, 0),
    ("Bird calls, bats and a model that runs on a coin cell", 7, "Applied", 3.1, 860, 181, 0),
    ("A short history of the confusion matrix", 1, "Research", 2.8, 990, 190, 0),
    ("Korvane renames its cloud for the third time", 4, "Industry", 2.4, 320, 13, 0),
    ("Webinar: unlocking value with intelligent workflows", 4, "Industry", 1.2, 180, 17, 0),
    ("Our booth at the winter fair", 5, "Industry", 0.6, 140, 21, 0),
)

_OPENINGS = (
    "The group measured the effect on six question sets and found it on five of them.",
    "Median latency fell from 840 to 390 milliseconds on the same eight cards.",
    "The documents, 900 pages of them, describe what was tried before and why it failed.",
    "Volunteers checked every transcript twice; licences are recorded page by page.",
    "The authors propose reporting intervals instead of single figures, and give away their scripts.",
)
_BODY = (
    "The recipe needs no new data: drafts are graded, and the grades become part of the next round. "
    "Runs that looked like progress at first turned out to be noise once they were repeated with other seeds.",
    "A second team has since repeated the work on its own machines, with a smaller gain. Both sets of results "
    "are public, together with the configuration files and a list of everything that did not work.",
    "What remains open is the cost. The figures in the paper count only the final run; the search that led there "
    "took about eleven times as much, by the authors’ own estimate.",
    "Practitioners will care about the appendix most of all: it names the three settings that matter, the two "
    "that do not, and one that everybody turns the wrong way.",
)


@dataclass(frozen=True)
class Seeded:
    edition_id: int
    item_ids: tuple[int, ...]
    story_ids: tuple[int, ...]


def seed_edition(
    session: Session,
    newsletter_id: int,
    *,
    now: datetime = NOW,
    chosen: int = 12,
    stories: int = len(STORIES),
    number: int = 12,
    slot: date = date(2026, 11, 23),
    send_at: datetime | None = None,
    send_when_approved: bool = False,
) -> Seeded:
    """A draft with its candidates; the best `chosen` are suggested, as `curate` leaves it."""
    sources = _sources(session, now)
    edition = Edition(
        newsletter_id=newsletter_id,
        number=number,
        slot=slot,
        subject="Models that know what they don’t know, and half-price inference",
        preheader="Also: an audit to repeat at home, and a chip that opens up",
        introduction="Good morning. This week three groups, independently, found that less is more.",
        closing="Something we should read? Reply to this letter; a person reads every answer.",
        approval_due_at=now + timedelta(days=1, hours=7),
        send_at=None if send_when_approved else send_at or now + timedelta(days=3, hours=22),
        created_at=now,
    )
    session.add(edition)
    session.flush()
    items, story_ids, places = [], [], dict[str, int]()
    for rank, row in enumerate(STORIES[:stories], start=1):
        item = _candidate(session, edition, sources, rank, row, now=now)
        if rank <= chosen:
            places[item.section] = places.get(item.section, 0) + 1
            item.position, item.suggested, item.decision = places[item.section], True, Decision.CHOSEN
        session.add(item)
        session.flush()
        items.append(item.id or 0)
        story_ids.append(item.story_id)
    return Seeded(edition.id or 0, tuple(items), tuple(story_ids))


def seed_history(session: Session, newsletter_id: int, *, now: datetime = NOW) -> list[int]:
    """Three editions that went out, one week each, and two notices; returns the editions' ids."""
    ids = []
    for weeks, subject in (
        (3, "The week the benchmarks blinked"),
        (2, "Chips, chalk and a very long context"),
        (1, "Quiet progress"),
    ):
        edition = Edition(
            newsletter_id=newsletter_id,
            number=12 - weeks,
            slot=date(2026, 11, 23) - timedelta(weeks=weeks),
            status=EditionStatus.SENT,
            subject=subject,
            created_at=now - timedelta(weeks=weeks),
            sent_at=now - timedelta(weeks=weeks) + timedelta(days=4),
        )
        session.add(edition)
        session.flush()
        ids.append(edition.id or 0)
    session.add(
        Notice(
            key="draft 12",
            at=now,
            kind="draft ready",
            text="No. 12 is drafted for Monday 23 November: 12 of 40 stories are chosen.",
            link="/desk/editions/4",
        )
    )
    session.add(
        Notice(
            key="silent 3",
            at=now - timedelta(hours=5),
            kind="source silent",
            text="Dry Run has not been readable for three days: no answer in 30 s.",
            link="/desk/sources",
        )
    )
    return ids


def _sources(session: Session, now: datetime) -> list[Source]:
    found = []
    for number, (title, topic) in enumerate(SOURCES):
        host = title.lower().replace(" ", "-")
        source = Source(
            url=f"https://{host}.example/feed.xml",
            title=title,
            topic=topic,
            site_url=f"https://{host}.example/",
            created_at=now - timedelta(days=90),
            last_success_at=now - timedelta(minutes=20 + number),
        )
        session.add(source)
        found.append(source)
    found[3].failures, found[3].error = 71, "no answer in 30 s"
    found[3].error_since = found[3].last_success_at = now - timedelta(days=3)
    found[4].weight = -3.0
    found[0].weight = 1.0
    session.flush()
    return found


def _candidate(
    session: Session,
    edition: Edition,
    sources: list[Source],
    rank: int,
    row: tuple[str, int, str, float, int, int, int],
    *,
    now: datetime,
) -> EditionItem:
    headline, source, section, score, words, hours, others = row
    text = "\n\n".join((_OPENINGS[rank % 5], *_BODY))
    lead = _article(
        session, sources[source], headline, text, words=words, published=now - timedelta(hours=hours), number=rank
    )
    story = Story(
        newsletter_id=edition.newsletter_id,
        lead_article_id=lead.id or 0,
        topic=section,
        first_seen_at=now,
        updated_at=now,
    )
    session.add(story)
    session.flush()
    articles = [lead]
    for other in range(1, others + 1):
        from_ = sources[(source + other) % len(sources)]
        title, number = f"{headline}, reported", rank + 100 * other
        articles.append(_article(session, from_, title, text, words=words // 2, published=now, number=number))
    for article in articles:
        session.add(
            StoryArticle(newsletter_id=edition.newsletter_id, article_id=article.id or 0, story_id=story.id or 0)
        )
    return EditionItem(
        edition_id=edition.id or 0,
        story_id=story.id or 0,
        article_id=lead.id or 0,
        score=score,
        reasons=_reasons(score, section, SOURCES[source][0], words=words, hours=hours, others=others),
        rank=rank,
        section=section,
        headline=headline,
        blurb=f"{_OPENINGS[rank % 5]} {_BODY[rank % 4].split('. ')[0]}.",
    )


def _article(
    session: Session, source: Source, title: str, text: str, *, words: int, published: datetime, number: int
) -> Article:
    article = Article(
        source_id=source.id or 0,
        link=f"{source.site_url}{number}",
        link_key=f"{number:064d}",
        title=title,
        author="Maren Okafor" if number % 3 else "",
        published_at=published,
        first_seen_at=published,
        text=text,
        summary=text.split("\n\n", maxsplit=1)[0],
        words=words,
    )
    session.add(article)
    session.flush()
    return article


def _reasons(
    score: float, section: str, source: str, *, words: int, hours: int, others: int
) -> list[dict[str, object]]:
    """Parts that sum to the score, as the ranking explains itself."""
    days = hours // 24
    parts: list[dict[str, object]] = [
        {
            "name": "recency",
            "points": round(2.5 - hours / 90, 1),
            "words": f"published {days} days ago" if days > 1 else "published yesterday",
        },
        {"name": "section", "points": 1.4, "words": f"fits {section}: model, evaluation"},
        {"name": "coverage", "points": 0.7 * others, "words": f"{others + 1} sources cover it"},
        {
            "name": "substance",
            "points": -0.8 if words < 400 else 0.6,
            "words": f"a {'short' if words < 400 else 'full'} text, {words:,} words",
        },
    ]
    rest = round(score - sum(float(str(part["points"])) for part in parts), 1)
    parts.append({"name": "source", "points": rest, "words": f"{source}: 14 of 31 of its stories chosen"})
    return [part for part in parts if part["points"]]


def newsletter_named(session: Session, slug: str = "gradient-post", *, now: datetime = NOW) -> Newsletter:
    newsletter = Newsletter(slug=slug, name="The Gradient Post", created_at=now)
    session.add(newsletter)
    session.flush()
    return newsletter


__all__ = ["NOW", "STORIES", "Seeded", "newsletter_named", "seed_edition", "seed_history"]
