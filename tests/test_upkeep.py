"""Tidying clears what has expired, tells of silent sources once, and changes nothing when done again."""

from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.models import Article, Notice, SignInSession, Source, SourceStatus, User
from flows.settings import Settings
from flows.upkeep import tidy_house
from subscribers.models import FormUse, Subscriber, Subscription, SubscriptionStatus
from tests.conftest import NOW


def add_person(engine: Engine, name: str, status: SubscriptionStatus, days_ago: int) -> None:
    then = NOW - timedelta(days=days_ago)
    with transaction(engine) as session:
        person = Subscriber(email=f"{name}@reader.example", email_key=f"{name}@reader.example", created_at=then)
        session.add(person)
        session.flush()
        assert person.id
        session.add(Subscription(subscriber_id=person.id, newsletter="gradient-post", status=status, created_at=then))


def tidy(engine: Engine, settings: Settings) -> tuple[int, int, int]:
    done = tidy_house(engine, settings, clock=lambda: NOW, progress=lambda _line: None)
    return done.unconfirmed, done.sessions, len(done.notices)


def test_signups_nobody_confirmed_go_and_readers_stay(engine: Engine, settings: Settings) -> None:
    add_person(engine, "old-pending", SubscriptionStatus.PENDING, 31)
    add_person(engine, "new-pending", SubscriptionStatus.PENDING, 3)
    add_person(engine, "reader", SubscriptionStatus.CONFIRMED, 900)
    add_person(engine, "left", SubscriptionStatus.UNSUBSCRIBED, 900)
    assert tidy(engine, settings)[0] == 1
    with reading(engine) as session:
        left = {person.email.split("@")[0] for person in session.exec(select(Subscriber))}
    assert left == {"new-pending", "reader", "left"}
    assert tidy(engine, settings) == (0, 0, 0)


def test_expired_sessions_and_old_counters_go(engine: Engine, settings: Settings) -> None:
    with transaction(engine) as session:
        user = User(email="a@b.example", email_key="a@b.example", created_at=NOW)
        session.add(user)
        session.flush()
        for token, hours in (("old", -1), ("live", 1)):
            session.add(
                SignInSession(
                    token_hash=token,
                    user_id=user.id or 0,
                    csrf="c",
                    created_at=NOW,
                    seen_at=NOW,
                    expires_at=NOW + timedelta(hours=hours),
                )
            )
        session.add(FormUse(key="all", at=NOW - timedelta(days=32)))
        session.add(FormUse(key="all", at=NOW - timedelta(days=1)))
    done = tidy_house(engine, settings, clock=lambda: NOW, progress=lambda _line: None)
    assert (done.sessions, done.counters) == (1, 1)


def test_a_source_in_trouble_is_told_once(engine: Engine, settings: Settings) -> None:
    long_ago = NOW - timedelta(days=40)
    with transaction(engine) as session:
        broken = Source(
            url="https://broken.example/feed",
            title="Broken",
            created_at=long_ago,
            error="no answer in 30 s",
            error_since=NOW - timedelta(days=4),
        )
        silent = Source(url="https://silent.example/feed", title="Silent", created_at=long_ago)
        lively = Source(url="https://lively.example/feed", title="Lively", created_at=long_ago)
        session.add_all([broken, silent, lively])
        session.flush()
        session.add(
            Article(
                source_id=lively.id or 0,
                link_key="k",
                title="New",
                first_seen_at=NOW - timedelta(days=1),
            )
        )
    assert tidy(engine, settings)[2] == 2
    assert tidy(engine, settings)[2] == 0
    with reading(engine) as session:
        told = " ".join(notice.text for notice in session.exec(select(Notice)))
    assert "Broken has not been read since 15 November: no answer in 30 s" in told
    assert "Silent has brought nothing new since 10 October 2026" in told
    assert "Lively" not in told


def test_a_source_is_silent_by_its_own_rhythm(engine: Engine, settings: Settings) -> None:
    with transaction(engine) as session:
        for name, gap_days, still_days in (("Monthly", 30, 40), ("Daily", 1, 15), ("Paused", 1, 90)):
            source = Source(
                url=f"https://{name.lower()}.example/feed",
                title=name,
                created_at=NOW - timedelta(days=400),
                last_new_at=NOW - timedelta(days=still_days),
                status=SourceStatus.PAUSED if name == "Paused" else SourceStatus.ACTIVE,
            )
            session.add(source)
            session.flush()
            for number in range(8):
                at = NOW - timedelta(days=still_days + number * gap_days)
                session.add(Article(source_id=source.id or 0, link_key=f"{number}", title="t", first_seen_at=at))
    tidy_house(engine, settings, clock=lambda: NOW, progress=lambda _line: None)
    with reading(engine) as session:
        notices = [(notice.text, notice.link) for notice in session.exec(select(Notice))]
    assert notices == [
        (
            "Daily has brought nothing new since 04 November 2026; it usually brings about one a day.",
            f"{settings.address}/desk/sources/2",
        )
    ]
