"""Sources as a grown installation has them, for the tests and the pictures of their pages. All are invented."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlmodel import Session, select

from flows.models import (
    Article,
    Decision,
    Edition,
    EditionItem,
    EditionStatus,
    Source,
    SourceStatus,
    Story,
    TextFrom,
)
from tests.editions.seed import NOW, STORIES

HOSTILE = "<script>window.__ran=1</script>\u202e" + "W" * 180 + "\u202c عنوان من اليمين إلى اليسار " + "Wide" * 60


@dataclass(frozen=True)
class Kind:
    """How a source is: days between its articles, of every `chosen_of` that were offered one was chosen."""

    title: str
    topic: str = ""
    every_days: float = 3.0
    chosen_of: int = 4
    teasers: bool = False


WELL = (
    Kind("Orchid Lab", "Research", 3.5, 2),
    Kind("Saltmarsh Review", "Research", 7, 3),
    Kind("Lanternfish Engineering", "Engineering", 2, 4, teasers=True),
    Kind("Korvane", "Industry", 1, 9),
    Kind("Cumulane Index", "Industry", 5, 6),
    Kind("Marlstone Institute", "Safety", 10, 2),
    Kind("Harrow & Thistle", "Applied", 14, 3),
    Kind("The Millrace Changelog", "Engineering", 4, 8, teasers=True),
    Kind("Wenmark Notes on Translation, Courts and the People in Them", "Applied", 6, 5),
    Kind("Pebble Papers", "Research", 0.5, 12),
)


def seed_sources(session: Session, newsletter_id: int, *, now: datetime = NOW) -> dict[str, int]:
    """Ten that are well, two failing, one each silent, paused, retired, new, merged and hostile; ids by title."""
    edition = Edition(
        newsletter_id=newsletter_id,
        number=11,
        slot=date(2026, 11, 16),
        status=EditionStatus.SENT,
        subject="Quiet progress",
        created_at=now - timedelta(days=8),
        sent_at=now - timedelta(days=3),
    )
    session.add(edition)
    session.flush()
    ids = {kind.title: _source(session, edition, kind, now=now).id or 0 for kind in WELL}
    orchid = session.get_one(Source, ids["Orchid Lab"])
    orchid.weight, orchid.language, orchid.moved_from = 1.0, "en", "http://orchid-lab.example/rss"
    session.get_one(Source, ids["Korvane"]).weight = -3.0
    session.get_one(Source, ids["Pebble Papers"]).warning = "encoding guessed (cp1252)"

    broken = _source(session, edition, Kind("Dry Run", "Engineering", 4, 3), now=now, silent_days=4)
    broken.failures, broken.error_code, broken.error = 71, "timeout", "no complete answer within 30 s"
    broken.error_since = broken.last_success_at = now - timedelta(days=4)
    broken.next_due_at = now + timedelta(hours=9)
    gone = _source(session, edition, Kind("Quillon", "Industry", 9), now=now, silent_days=1)
    gone.failures, gone.error_code = 3, "http_404"
    gone.error = "there is nothing at this address; look for the feed's new address on the site (status 404)"
    gone.error_since, gone.next_due_at = now - timedelta(hours=7), now + timedelta(hours=4)
    silent = _source(session, edition, Kind("Fenwick Archive", "Applied", 6), now=now, silent_days=34)
    paused = _source(session, edition, Kind("Booth & Fair", "Industry", 2, 40), now=now, silent_days=20)
    paused.status = SourceStatus.PAUSED
    retired = _source(session, edition, Kind("Tessaly Weekly", "Industry", 7), now=now, silent_days=60)
    retired.status, retired.error_code, retired.error = SourceStatus.RETIRED, "gone", "the feed was taken down for good"
    retired.failures, retired.error_since = 1, now - timedelta(days=58)
    merged = _source(session, edition, Kind("Orchid Lab (Atom)", "Research", 90), now=now)
    merged.status, merged.merged_into = SourceStatus.MERGED, ids["Orchid Lab"]
    fresh = Source(url="https://harbour.example/feed.xml", title="Harbour Notes", created_at=now - timedelta(hours=1))
    session.add(fresh)
    hostile = _source(session, edition, Kind("hostile", "x" * 80), now=now, silent_days=0)
    hostile.title, hostile.error, hostile.failures = HOSTILE[:300], f"<img src=x onerror=window.__ran=1> {'e' * 300}", 2
    hostile.error_since = now - timedelta(hours=2)
    hostile.warning = hostile.topic = "<svg onload=window.__ran=1>" + "y" * 50
    hostile.url = f"https://hostile.example/{'very-long-' * 40}?<script>"
    for article in session.exec(select(Article).where(Article.source_id == hostile.id).limit(4)):
        article.title, article.link = HOSTILE[:400], "javascript:window.__ran=1"
        article.text_from, article.page_error = TextFrom.TEASER, HOSTILE
    session.flush()
    others = {"Dry Run": broken, "Quillon": gone, "Fenwick Archive": silent, "Booth & Fair": paused}
    others |= {"Tessaly Weekly": retired, "merged": merged, "Harbour Notes": fresh, "hostile": hostile}
    return ids | {name: source.id or 0 for name, source in others.items()}


def _source(session: Session, edition: Edition, kind: Kind, *, now: datetime, silent_days: float = 0.4) -> Source:
    host = kind.title.lower().replace(" ", "-").replace("&", "and").replace("(", "").replace(")", "")[:40]
    source = Source(
        url=f"https://{host}.example/feed.xml",
        title=kind.title,
        topic=kind.topic,
        site_url=f"https://{host}.example/",
        created_at=now - timedelta(days=400),
        last_success_at=now - timedelta(minutes=23),
        last_tried_at=now - timedelta(minutes=23),
        last_new_at=now - timedelta(days=silent_days),
        next_due_at=now + timedelta(hours=2),
        interval_s=round(min(86_400, max(900, kind.every_days * 86_400 / 4))),
    )
    session.add(source)
    session.flush()
    for number in range(40):
        # a rhythm that breathes, as real ones do, and is the same in every run
        away = silent_days + number * kind.every_days * (1 + 0.35 * ((number * 7) % 5 - 2) / 2)
        if away > 150:
            break
        _article(session, source, edition, kind, number, published=now - timedelta(days=away))
    return source


def _article(
    session: Session, source: Source, edition: Edition, kind: Kind, number: int, *, published: datetime
) -> None:
    title = STORIES[(number + (source.id or 0) * 5) % len(STORIES)][0]
    teaser = kind.teasers and number % 3
    article = Article(
        source_id=source.id or 0,
        link=f"{source.site_url}{number}",
        link_key=sha256(f"{source.url}{number}".encode()).hexdigest(),
        title=title,
        published_at=published,
        first_seen_at=published + timedelta(minutes=40),
        words=40 if teaser else 300 + 90 * (number % 9),
        language="en",
        text_from=(TextFrom.TEASER if number % 3 == 1 else TextFrom.PAGE) if teaser else TextFrom.FEED,
        page_error="robots.txt does not let us read it" if teaser and number % 3 == 1 else "",
    )
    session.add(article)
    session.flush()
    if number >= 12:
        return
    story = Story(
        newsletter_id=edition.newsletter_id,
        lead_article_id=article.id or 0,
        first_seen_at=published,
        updated_at=published,
    )
    session.add(story)
    session.flush()
    decision = Decision.CHOSEN if number % kind.chosen_of == 0 else Decision.SKIPPED
    session.add(
        EditionItem(
            edition_id=edition.id or 0,
            story_id=story.id or 0,
            article_id=article.id or 0,
            decision=decision,
            rank=number,
        )
    )
