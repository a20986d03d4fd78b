"""Who clicked which story: people, once each, whatever comes twice, late, out of order or from machines."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import Engine, delete
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.editions.seal import Content, ContentSection, Item
from flows.events.clicks import count_clicks
from flows.events.forgetting import forget_person
from flows.events.intake import listen_once
from flows.events.parse import Came, link_and_agent, parse
from flows.events.places import leads_out, stories_of
from flows.models import (
    Article,
    Edition,
    EditionItem,
    EditionStatus,
    EventKind,
    ItemClicks,
    Letter,
    LetterStatus,
    MailEvent,
    Source,
    Story,
)
from flows.settings import Settings
from subscribers.links import Links
from tests.conftest import NOW
from tests.events.conftest import MakeLetter
from tests.events.recorded import payload
from tests.events.test_intake import FakeQueue

K = EventKind
S = LetterStatus
LATER = NOW + timedelta(days=1)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LINKS = ("https://a.example/one", "https://a.example/two?id=2", "https://b.example/three")
Counts = dict[int, tuple[int, int, int]]  # place -> people, clicked, machines
Take = Callable[[Came], str]


def content(*links: str, first_id: int = 1) -> Content:
    """Two sections; the last story stands in the second."""
    items = [Item(first_id + n, f"Story {n}", "Words.", link, "A source") for n, link in enumerate(links)]
    sections = (ContentSection("News", tuple(items[:-1])), ContentSection("More", tuple(items[-1:])))
    return Content(*["x"] * 9, 1, 7, "2026-11-19", "", "", "", "", sections, "everyone", "hash", "")


@pytest.fixture
def sent(engine: Engine, edition: Edition) -> Edition:
    """The edition of `make_letter`, sent now, with a story for each of LINKS."""
    with transaction(engine) as session:
        source = Source(url="https://a.example/feed", created_at=NOW)
        session.add(source)
        session.flush()
        ids = []
        for number, link in enumerate(LINKS):
            article = Article(source_id=source.id or 0, link=link, link_key=link, title="T", first_seen_at=NOW)
            session.add(article)
            session.flush()
            story = Story(
                newsletter_id=edition.newsletter_id,
                lead_article_id=article.id or 0,
                first_seen_at=NOW,
                updated_at=NOW,
            )
            session.add(story)
            session.flush()
            item = EditionItem(
                edition_id=edition.id or 0, story_id=story.id or 0, article_id=article.id or 0, rank=number + 1
            )
            session.add(item)
            session.flush()
            ids.append(item.id or 0)
        row = session.get_one(Edition, edition.id)
        row.sealed_content = content(*LINKS, first_id=ids[0]).as_json()
        row.sent_at = NOW
    return row


def came(
    kind: EventKind, letter: str = "d-1", seconds: float = 3600, link: str = LINKS[0], agent: str = BROWSER
) -> Came:
    at = NOW + timedelta(seconds=seconds)
    detail = f"{link}; {agent}" if kind is K.CLICK else ""
    address = f"{letter}@readers.example"
    return Came(kind, at, f"m-{letter}", letter, address, "", detail, f"{letter} {kind} {seconds} {link} {agent}"[:80])


def counts(engine: Engine) -> Counts:
    with reading(engine) as session:
        return {row.place: (row.people, row.clicked, row.machines) for row in session.exec(select(ItemClicks))}


def test_each_person_counts_once_for_each_story(
    engine: Engine, sent: Edition, make_letter: MakeLetter, take: Take
) -> None:
    for name in ("d-1", "d-2", "d-3"):
        make_letter(name, f"{name}@readers.example", status=S.ACCEPTED)
        take(came(K.DELIVERY, name, 2))
    for seconds in (3600, 3700, 90_000):
        take(came(K.CLICK, "d-1", seconds))
    take(came(K.CLICK, "d-2", 4000))
    take(came(K.CLICK, "d-2", 4100, LINKS[2]))
    assert count_clicks(engine, now=LATER) == 1
    assert counts(engine) == {1: (3, 2, 0), 2: (3, 0, 0), 3: (3, 1, 0)}


def test_U23_machines_are_counted_apart_and_hide_no_reader(
    engine: Engine, sent: Edition, make_letter: MakeLetter, take: Take
) -> None:
    for name in ("d-1", "d-2"):
        make_letter(name, f"{name}@readers.example")
        for number, link in enumerate(LINKS):
            take(came(K.CLICK, name, 3 + number / 10, link))  # told before the delivery is
        take(came(K.DELIVERY, name, 2))
    take(came(K.CLICK, "d-2", 7200, LINKS[1]))
    count_clicks(engine, now=LATER)
    assert counts(engine) == {1: (2, 0, 2), 2: (2, 1, 1), 3: (2, 0, 2)}


@pytest.mark.parametrize("status", [S.BOUNCED, S.FAILED, S.SKIPPED, S.UNKNOWN])
def test_a_letter_that_did_not_arrive_is_nobodys(
    engine: Engine, sent: Edition, make_letter: MakeLetter, status: LetterStatus
) -> None:
    make_letter("d-1", status=status)
    keep(engine, came(K.CLICK))
    count_clicks(engine, now=LATER)
    assert set(counts(engine).values()) == {(0, 0, 0)}


def keep(engine: Engine, *events: Came) -> None:
    """As rows, without what follows from them."""
    with transaction(engine) as session:
        for one in events:
            session.add(
                MailEvent(
                    event_key=one.key,
                    kind=one.kind,
                    at=one.at,
                    received_at=NOW,
                    delivery_id=one.delivery_id,
                    provider_id=one.provider_id,
                    detail=one.detail,
                )
            )


def test_an_event_without_our_tag_is_found_by_the_mail_services_id(
    engine: Engine, sent: Edition, make_letter: MakeLetter
) -> None:
    make_letter("d-1", status=S.DELIVERED, provider_id="m-d-1")
    make_letter("d-2", "bob@readers.example", status=S.DELIVERED)  # whose id was never told
    nameless = [replace(came(K.CLICK, name), delivery_id="") for name in ("d-1", "d-3")]
    keep(engine, *nameless, replace(came(K.CLICK, "d-4"), delivery_id="", provider_id=""))
    count_clicks(engine, now=LATER)
    assert counts(engine)[1] == (2, 1, 0)


def test_who_asked_to_be_forgotten_clicked_nothing_and_was_still_written_to(
    engine: Engine, sent: Edition, make_letter: MakeLetter, take: Take
) -> None:
    letter = make_letter("d-1", status=S.DELIVERED)
    take(came(K.CLICK))
    with transaction(engine) as session:
        forget_person(session, letter.subscriber_id)
    count_clicks(engine, now=LATER)
    assert counts(engine)[1] == (1, 0, 0)


def test_a_late_event_finds_its_place_and_an_older_count_never_overwrites(
    engine: Engine, sent: Edition, make_letter: MakeLetter, take: Take
) -> None:
    make_letter("d-1", status=S.DELIVERED)
    count_clicks(engine, now=LATER)
    take(came(K.CLICK))
    count_clicks(engine, now=LATER - timedelta(minutes=1))  # one that began earlier, and ends now
    assert counts(engine)[1] == (1, 0, 0)
    count_clicks(engine, now=LATER)
    assert counts(engine)[1] == (1, 1, 0)


def test_a_story_split_off_since_has_no_row_and_takes_nobodys_place(
    engine: Engine, sent: Edition, make_letter: MakeLetter, take: Take
) -> None:
    make_letter("d-1", status=S.DELIVERED)
    take(came(K.CLICK, link=LINKS[1]))
    with transaction(engine) as session:
        gone = sent.sealed_content["sections"][0]["items"][0]["item_id"]
        session.connection().execute(delete(EditionItem).where(col(EditionItem.id) == gone))
    count_clicks(engine, now=LATER)
    assert counts(engine) == {2: (1, 1, 0), 3: (1, 0, 0)}


@pytest.mark.parametrize("document", [{}, {"sections": 7}, {"sections": [{"name": "x"}]}])
def test_an_edition_without_readable_content_is_told_of_and_stops_no_other(
    engine: Engine, sent: Edition, make_letter: MakeLetter, document: dict[str, object]
) -> None:
    with transaction(engine) as session:
        row = Edition(
            newsletter_id=sent.newsletter_id,
            number=6,
            slot=NOW.date() - timedelta(days=7),
            created_at=NOW,
            status=EditionStatus.SENT,
            sent_at=NOW,
            sealed_content=document,
        )
        session.add(row)
    said: list[str] = []
    assert count_clicks(engine, now=LATER, progress=said.append) == 1
    assert len(said) == 1
    assert said[0].startswith(f"The clicks of edition {row.id} are not counted: ")


@pytest.mark.parametrize(("days", "counted"), [(31, 0), (29, 1)])
def test_old_editions_keep_their_numbers(engine: Engine, sent: Edition, days: int, counted: int) -> None:
    assert count_clicks(engine, now=NOW + timedelta(days=days)) == counted
    assert count_clicks(engine, now=NOW + timedelta(days=days), days=60) == 1


def test_only_the_editions_that_were_heard_of_are_counted(
    engine: Engine, sent: Edition, make_letter: MakeLetter, take: Take
) -> None:
    make_letter("d-1", status=S.DELIVERED)
    assert count_clicks(engine, now=LATER, heard_since=NOW) == 0
    take(came(K.CLICK))
    assert count_clicks(engine, now=LATER, heard_since=NOW + timedelta(seconds=1)) == 0
    assert count_clicks(engine, now=LATER, heard_since=NOW) == 1


@pytest.mark.parametrize(
    ("clicked", "place"),
    [
        ("https://a.example/one", 1),
        ("https://a.example/one/", 1),
        ("http://www.a.example/one#comments", 1),
        ("https://a.example/one?utm_source=x&utm_medium=email", 1),
        ("https://a.example/one?page=2", 0),
        ("https://a.example/two?id=2", 2),
        ("https://a.example/two?id=2&utm_campaign=zz9", 2),
        ("https://a.example/two", 0),
        ("https://a.example/list?a=1&b=2", 3),
        ("https://a.example/list?b=2&a=1", 3),
        ("https://a.example/list?a=1&amp;b=2", 3),
        ("https://a.example/page#first", 4),
        ("https://a.example/page#second", 5),
        ("https://a.example/page", 4),
        ("https://letters.example/p/x", 0),
        ("", 0),
        ("Mozilla/5.0 (X11", 0),
        ("javascript:alert(1)", 0),
        ("https://[broken", 0),
        ("https://a.example/" + "x" * 3000, 0),
    ],
)
def test_a_link_is_known_again(clicked: str, place: int) -> None:
    sealed = (
        "https://a.example/one",
        "https://a.example/two?id=2",
        "https://a.example/list?a=1&b=2",
        "https://a.example/page#first",
        "https://a.example/page#second",
    )
    assert stories_of(content(*sealed)).place(clicked) == place


def test_a_link_told_twice_is_the_first_storys_and_places_go_on() -> None:
    stories = stories_of(content("https://a.example/x", "", "https://a.example/x/", "https://a.example/y"))
    assert stories.items == ((1, 1), (4, 4))
    assert stories.place("https://a.example/x/") == 1


def test_our_own_pages_of_leaving_are_known() -> None:
    links = Links(b"key", "https://letters.example/sub")
    assert leads_out(links.unsubscribe(42, "gradient-post", 0))
    assert leads_out(links.preferences(42, "gradient-post", 0))
    for link in ("https://a.example/u/one", "https://a.example/", "https://[broken", "", *LINKS):
        assert not leads_out(link)


@effort(max_examples=150, deadline=None)
@given(
    path=st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"]), max_size=30),
    agent=st.text("abc;/(). ", max_size=30),
)
def test_link_and_user_agent_can_be_told_apart_whatever_is_in_them(path: str, agent: str) -> None:
    event = payload("event_click")
    event["click"] |= {"link": f"https://a.example/{path}; x", "userAgent": agent}
    link, found = link_and_agent(parse(json.dumps(event))[0].detail)
    assert link.startswith("https://a.example/")
    assert link.endswith(";%20x")
    assert found == " ".join(agent.split())


@pytest.mark.parametrize(
    ("detail", "parts"),
    [
        ("https://a.example/;x; Mozilla/5.0 (X11; Linux)", ("https://a.example/;x", "Mozilla/5.0 (X11; Linux)")),
        ("https://a.example/;", ("https://a.example/;", "")),
        ("", ("", "")),
    ],
)
def test_details_kept_earlier_can_still_be_read(detail: str, parts: tuple[str, str]) -> None:
    assert link_and_agent(detail) == parts


EVENTS = st.lists(
    st.builds(
        came,
        st.sampled_from([K.CLICK, K.CLICK, K.CLICK, K.DELIVERY]),
        st.sampled_from(["d-1", "d-2", "d-3", "d-4"]),
        st.sampled_from([1, 2, 9, 10, 11, 11.5, 12, 3600, 3601, 90_000]),
        st.sampled_from([*LINKS, LINKS[0] + "#x", "https://letters.example/join"]),
        st.sampled_from([BROWSER, BROWSER, "curl/8.5.0", ""]),
    ),
    max_size=20,
    unique_by=lambda one: one.key,
)
MACHINES = ("curl/8.5.0", "python-requests/2.32.3", "")


def _count(engine: Engine, events: Sequence[Came]) -> Counts:
    with transaction(engine) as session:
        for table in (MailEvent, ItemClicks):
            session.connection().execute(delete(table))
    keep(engine, *events)
    count_clicks(engine, now=LATER)
    return counts(engine)


@effort(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, seed=st.integers(0, 99), machine=st.sampled_from(MACHINES))
def test_the_numbers_add_up_and_machines_never_raise_them(
    engine: Engine, sent: Edition, make_letter: MakeLetter, *, events: list[Came], seed: int, machine: str
) -> None:
    with reading(engine) as session:
        fresh = session.exec(select(Letter.id)).first() is None
    if fresh:  # one database serves all examples
        for name in ("d-1", "d-2", "d-3"):  # d-4 is nobody's
            make_letter(name, f"{name}@readers.example", status=S.DELIVERED)
    first = _count(engine, events)
    assert all(clicked + machines <= people == 3 for people, clicked, machines in first.values())
    count_clicks(engine, now=LATER + timedelta(hours=1))
    assert counts(engine) == first  # twice is once
    assert _count(engine, Random(seed).sample(events, len(events))) == first
    more = [came(K.CLICK, f"d-{1 + n % 3}", 5000 + n, LINKS[n % 3], machine) for n in range(6)]
    with_machines = _count(engine, [*events, *more])
    assert all(with_machines[place][1] <= first[place][1] for place in first)


def test_the_listener_counts_what_it_has_just_heard(
    engine: Engine, sent: Edition, make_letter: MakeLetter, settings: Settings
) -> None:
    make_letter("d-7f3a", status=S.ACCEPTED)
    event = payload("event_click")
    event["click"] |= {"link": LINKS[1], "timestamp": (NOW + timedelta(hours=1)).isoformat(), "userAgent": BROWSER}
    queue = FakeQueue([json.dumps(event)])
    listen_once(engine, settings, clock=lambda: LATER, progress=lambda _: None, queue=queue, wait_s=0)
    assert counts(engine) == {1: (1, 0, 0), 2: (1, 1, 0), 3: (1, 0, 0)}
