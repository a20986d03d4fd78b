"""People in the database: added, listed, suppressed, forgotten; on both databases."""

import pytest
from sqlalchemy import Engine, inspect, text
from sqlmodel import select

from flows.database import reading, transaction
from subscribers.errors import AddressError, ConsentError
from subscribers.hygiene import address_hash
from subscribers.models import Cadence, ConsentEntry, Subscriber, Suppression, SuppressionReason
from subscribers.people import add_subscriber, find, list_subscribers
from subscribers.suppression import erase, suppress, suppression_of, unsuppress
from tests.conftest import NOW
from tests.subscribers.conftest import KEY, SLUG, Pages

EVIL = "Robert'); DROP TABLE subscriber;--"


def test_adding_twice_is_adding_once(both: Pages) -> None:
    first = both.add("Ada+News@Readers.example", name="Ada", topics=("Safety",))
    assert both.add("ada+news@readers.EXAMPLE", name="Somebody else") == first
    assert both.history(first) == ["added (admin:ed@x.example)"]
    person, subscription = both.rows(first)
    assert (person.email, person.name, subscription.topics) == ("Ada+News@Readers.example", "Ada", ["Safety"])


def test_the_team_confirms_who_is_pending_but_brings_nobody_back(both: Pages) -> None:
    both.join("ada@x.example")
    added = both.add("ada@x.example")
    assert both.history(added) == ["asked to join (form)", "added (admin:ed@x.example)"]
    both.client.post(both.path("u", added))
    with pytest.raises(ConsentError, match="only that person can come back"):
        both.add("ada@x.example")


def test_an_address_that_cannot_be_is_not_added(pages: Pages) -> None:
    with pytest.raises(AddressError):
        pages.add("a@e.com, b@e.com")
    with pytest.raises(ValueError, match="no time zone"):
        pages.add("a@e.com", timezone="Mars/Olympus")


def test_U13_what_people_type_is_never_part_of_a_statement(both: Pages) -> None:
    added = both.add("a@x.example", name=EVIL)
    assert both.rows(added)[0].name == EVIL
    assert both.client.get("/p/" + EVIL).status_code == 403
    assert "subscriber" in inspect(both.engine).get_table_names()
    with reading(both.engine) as session:
        assert find(session, EVIL) is None
        assert list(list_subscribers(session, EVIL, key=KEY)) == []


def test_the_list_names_everybody_with_what_they_asked_for(both: Pages) -> None:
    both.add("a@x.example", name="Ada", topics=("Safety",), cadence=Cadence.MONTHLY)
    left = both.add("b@x.example")
    both.client.post(both.path("u", left))
    both.join("c@x.example")
    with reading(both.engine) as session:
        listed = [person.as_json() for person in list_subscribers(session, SLUG, key=KEY)]
    assert [(each["email"], each["status"]) for each in listed] == [
        ("a@x.example", "confirmed"),
        ("b@x.example", "unsubscribed"),
        ("c@x.example", "pending"),
    ]
    assert listed[0] | {"joined": ""} == {
        "email": "a@x.example",
        "name": "Ada",
        "status": "confirmed",
        "joined": "",
        "cadence": "monthly",
        "topics": ["Safety"],
        "paused_until": None,
        "timezone": None,
        "language": "en",
        "letter_format": "full",
        "suppressed": "",
    }


def test_U10_a_suppressed_address_is_not_added_again(both: Pages) -> None:
    with transaction(both.engine) as session:
        assert suppress(session, "A@x.example", key=KEY, reason=SuppressionReason.BOUNCED, source="event 9", now=NOW)
        assert not suppress(
            session, "a@X.example", key=KEY, reason=SuppressionReason.BOUNCED, source="event 9", now=NOW
        )
    with pytest.raises(ConsentError, match="suppression list"):
        both.add("a@x.example")


def test_a_complaint_weighs_more_than_a_bounce_and_is_not_undone_by_one(both: Pages) -> None:
    ada = both.add("a@x.example")
    with transaction(both.engine) as session:
        for reason in (SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED, SuppressionReason.BOUNCED):
            suppress(session, "a@x.example", key=KEY, reason=reason, source="event", now=NOW)
    with transaction(both.engine) as session:
        found = suppression_of(session, "a@x.example", key=KEY)
        assert found is not None
        assert found.reason is SuppressionReason.COMPLAINED
        assert unsuppress(session, "A@X.example", key=KEY, who="admin:ed@x.example", now=NOW)
        assert not unsuppress(session, "A@X.example", key=KEY, who="admin:ed@x.example", now=NOW)
    assert both.history(ada)[1:] == [
        "suppressed (ses)",
        "suppressed (ses)",
        "suppression lifted (admin:ed@x.example)",
    ]


def test_U25_erasing_leaves_a_fingerprint_and_nothing_personal(both: Pages) -> None:
    ada = both.add("Ada.Personal@x.example", name="Ada Personal", timezone="Europe/Rome", topics=("Safety",))
    with transaction(both.engine) as session:
        assert erase(session, ada, key=KEY, who="link", now=NOW)
        assert not erase(session, ada, key=KEY, who="link", now=NOW)
    left_over = _everything(both.engine)
    for word in ("personal", "rome", "safety"):
        assert word not in left_over
    with reading(both.engine) as session:
        kept = session.exec(select(Suppression)).one()
        assert kept.address_hash == address_hash(KEY, "ada.personal@x.example")
        assert kept.reason is SuppressionReason.ERASED
        assert [entry.what for entry in session.exec(select(ConsentEntry))] == ["erased"]
        assert session.get_one(Subscriber, ada).erased_at == NOW
        assert find(session, "ada.personal@x.example") is None
    with pytest.raises(ConsentError, match="suppression list"), transaction(both.engine) as session:
        add_subscriber(session, "ada.personal@x.example", newsletter=SLUG, key=KEY, who="import:x", now=NOW)


def _everything(engine: Engine) -> str:
    """Every cell of every table about people, as one text in small letters."""
    with engine.connect() as connection:
        return "\n".join(
            str(row).lower()
            for table in ("subscriber", "subscription", "consententry", "suppression", "formuse")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        )
