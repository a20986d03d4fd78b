"""Sources, articles and past editions for the tests of this room."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from sqlmodel import Session

from flows.models import Article, Decision, Edition, EditionItem, EditionStatus, Source, Story, StoryArticle

_NUMBERS = count()
_ARTICLES = [
    (
        "What the tide gauges missed",
        "The harbour master compared the new readings with his notebooks and found nine quiet storms. "
        "Two sensors had been mounted upside down since spring.",
    ),
    (
        "Sodium cells after six thousand charges",
        "A bus maker opened its workshop and let us count. Capacity fell by a tenth, price by a third.",
    ),
    (
        "Nine evenings with a cello concerto",
        "The orchestra rehearsed a slow movement until the heating failed. The soloist wore gloves and smiled.",
    ),
    (
        "Pensioners transcribe a dialect",
        "Recordings from three valleys went to people who grew up there. Recognition errors were halved.",
    ),
    (
        "Kinder compiler messages",
        "When a bracket is lost, the parser now guesses where it was meant. Students gave up less often.",
    ),
    (
        "Bees announce a departing queen",
        "Microphones below the frames hear piping two days early. Keepers in Jutland tested forty hives.",
    ),
    (
        "An enzyme that likes ninety degrees",
        "Its shape held in every run but one. Laundry firms have asked for samples already.",
    ),
    (
        "Waiting trains cost more than late ones",
        "Planners simulated a junction near Lyon for a year. Dropping two connections saved eleven minutes.",
    ),
    (
        "Spend bits on faces and save them on sky",
        "The codec splits each photograph by what viewers look at. Files shrink by a fifth.",
    ),
    (
        "Insured against hail, paid for drought",
        "Farmers near Toledo bought policies that no clerk could explain. A court will read them aloud.",
    ),
    (
        "Lichens map clean streets",
        "Biologists scraped roofs in four suburbs. Yellow crusts mark where lorries never pass.",
    ),
    (
        "A museum of broken keyboards",
        "Typists donated three hundred worn machines. Letter E always goes first.",
    ),
    (
        "Night ferries return to Genoa",
        "Crews sleep aboard again after twelve summers. Cabins are smaller, breakfast is better.",
    ),
    (
        "Chess clubs count women members",
        "Membership doubled where tuition moved to afternoons. Trophies stayed where they were.",
    ),
]


def add_source(session: Session, name: str, now: datetime, *, topic: str = "", weight: float = 0.0) -> int:
    source = Source(url=f"https://{name}.example/feed", title=name.title(), topic=topic, weight=weight, created_at=now)
    session.add(source)
    session.flush()
    assert source.id is not None
    return source.id


def add_article(  # noqa: PLR0917 - a row is read left to right
    session: Session,
    source_id: int,
    title: str,
    text: str,
    published: datetime | None,
    seen: datetime,
    *,
    link: str = "x",
) -> int:
    number = next(_NUMBERS)
    article = Article(
        source_id=source_id,
        link=link and f"https://blog.example/{source_id}/{number}",
        link_key=f"key-{number}",
        title=title,
        text=text,
        words=len(text.split()),
        published_at=published,
        first_seen_at=seen,
    )
    session.add(article)
    session.flush()
    assert article.id is not None
    return article.id


def add_week(session: Session, sources: Sequence[int], now: datetime, *, count: int = 10, start: int = 0) -> list[int]:
    """`count` articles about different things, from `start` on, over the sources and the last seven days."""
    made = []
    for place, (title, text) in enumerate(_ARTICLES[start : start + count]):
        published = now - timedelta(days=place % 7, hours=place)
        made.append(add_article(session, sources[place % len(sources)], title, text, published, now))
    return made


def add_past_edition(
    session: Session,
    newsletter_id: int,
    number: int,
    day: datetime,
    items: Sequence[tuple[int, Decision, dict[str, float]]],
    *,
    status: EditionStatus = EditionStatus.SENT,
    by: str = "ada@newsletter.example",
) -> int:
    """An edition whose items are (article, decision, features); each article becomes a story if it is none."""
    edition = Edition(newsletter_id=newsletter_id, number=number, slot=day.date(), status=status, created_at=day)
    session.add(edition)
    session.flush()
    assert edition.id is not None
    for rank, (article_id, decision, features) in enumerate(items, 1):
        session.add(
            EditionItem(
                edition_id=edition.id,
                story_id=story_of(session, newsletter_id, article_id, day),
                article_id=article_id,
                features=features,
                rank=rank,
                decision=decision,
                decided_by=by if decision is not Decision.NONE else "",
                headline=f"Headline {article_id}",
            )
        )
    session.flush()
    return edition.id


def story_of(session: Session, newsletter_id: int, article_id: int, now: datetime) -> int:
    known = session.get(StoryArticle, (newsletter_id, article_id))
    if known is not None:
        return known.story_id
    story = Story(newsletter_id=newsletter_id, lead_article_id=article_id, first_seen_at=now, updated_at=now)
    session.add(story)
    session.flush()
    assert story.id is not None
    session.add(StoryArticle(newsletter_id=newsletter_id, article_id=article_id, story_id=story.id))
    session.flush()
    return story.id
