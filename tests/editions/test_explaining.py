"""Why a story stands where it stands: found by words, place or number; and told on the command line."""

import json
import re
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from typer.testing import CliRunner

from flows.cli import app
from flows.database import reading, transaction
from flows.editions.changes import Editor
from flows.editions.explaining import explain_item, find_item
from flows.editions.learning import EDITIONS_MIN
from flows.editions.store import ensure_newsletter
from flows.editions.turning import turn
from flows.errors import MastheadError
from flows.house import House, open_house
from flows.models import Decision, Edition, EditionItem, Newsletter, Ranker, Tier
from flows.settings import Settings
from flows.stories.features import NAMES
from tests.conftest import NOW
from tests.editions.seed import STORIES, Seeded, seed_edition
from tests.stories.shelf import add_past_edition, add_source, add_week

ADA = Editor("ada@newsletter.example", NOW)
AUDIT = STORIES[2][0]
DOUBT = {
    "field": "blurb",
    "kind": "number",
    "text": "777",
    "start": 0,
    "end": 3,
    "doubt": 0.9,
    "why": "The article has no 777.",
    "by": "",
}


def found(session: Session, draft: Seeded, wish: str) -> EditionItem:
    return find_item(session, session.get_one(Edition, draft.edition_id), wish)


@pytest.mark.parametrize("wish", ["#3", "AUDIT repeat home", "an audit that any reader can repeat at home", "reader’s"])
def test_a_story_is_found_by_its_place_or_by_words_of_its_headline(session: Session, draft: Seeded, wish: str) -> None:
    assert found(session, draft, wish).headline == AUDIT


def test_a_story_is_found_by_the_number_of_its_item(session: Session, draft: Seeded) -> None:
    assert found(session, draft, str(draft.item_ids[2])).headline == AUDIT


@pytest.mark.parametrize(
    "wish", ["", "#", "#0", "#9", "999999999", "the of and", "zebra", "²", "#²", "٣", "-1", "9" * 5000, "<script>"]
)
def test_what_fits_no_story_says_how_to_ask(session: Session, draft: Seeded, wish: str) -> None:
    with pytest.raises(MastheadError, match=r"no\. 12 has no story .*; give words of its headline, or its place as #3"):
        found(session, draft, wish)


def test_words_that_fit_several_name_them(session: Session, draft: Seeded) -> None:
    with pytest.raises(MastheadError, match=r"fits 4 stories of no\. 12: #1 “Smaller models.*#7.*Give more words"):
        found(session, draft, "model")


def test_the_document_holds_all_that_was_stored_and_its_parts_sum_to_the_score(
    engine: Engine, newsletter: Newsletter, settings: Settings, draft: Seeded
) -> None:
    turn(engine, newsletter.id or 0, ADA, settings, way="mute", term="hospital", edition_id=draft.edition_id)
    with transaction(engine) as session:
        edition = session.get_one(Edition, draft.edition_id)
        item = find_item(session, edition, "hospital")
        item.claims, item.flags, item.tier = [DOUBT], [{"kind": "by hand", "words": "look", "by": ""}], Tier.FLAGGED
        told = json.loads(json.dumps(explain_item(session, edition, item)))
    assert sum(part["points"] for part in told["parts"]) == told["score"] == item.score
    sizes = [abs(part["points"]) for part in told["parts"]]
    assert sizes == sorted(sizes, reverse=True)
    parts = {part["name"]: part for part in told["parts"]}
    assert (parts["wish"]["points"], parts["wish"]["value"], parts["wish"]["weight"]) == (-3.0, -3.0, 1.0)
    for name, part in parts.items():
        if name in {"variety", "likeness"}:
            assert (part["value"], part["weight"]) == (None, None)
        else:
            assert part["points"] == pytest.approx(part["value"] * part["weight"], abs=1 / 1024)
    assert (told["edition"], told["place"], told["of"], told["tier"]) == (12, 8, 8, "flagged")
    assert (told["flags"][0]["words"], told["claims"]) == ("look", [DOUBT])
    assert [each["source"] for each in told["told_by"]] == ["Fenwick Archive", "Orchid Lab"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """An installation with a draft, whose second story was turned, doubted and flagged."""
    monkeypatch.setenv("MASTHEAD_DATA", "")
    house = open_house(tmp_path)
    with transaction(house.engine) as session:
        newsletter_id = ensure_newsletter(session, house.settings, now=NOW).id or 0
        draft = seed_edition(session, newsletter_id, now=NOW, chosen=5, stories=8)
    turn(house.engine, newsletter_id, ADA, house.settings, way="mute", term="hospital", edition_id=draft.edition_id)
    with transaction(house.engine) as session:
        item = session.get_one(EditionItem, draft.item_ids[6])
        item.claims, item.flags = [DOUBT], [{"kind": "by hand", "words": "look", "by": ""}]
    return house


def run(house: House, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--data", str(house.settings.data)], catch_exceptions=True)
    if isinstance(result.exception, MastheadError):
        return f"masthead: {result.exception}"
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_masthead_explains_in_words(home: House) -> None:
    said = run(home, "explain", "12", "hospital network")
    flat = re.sub(r"\s+", " ", said)
    assert "“A hospital network publishes its first year of triage by model” (Fenwick Archive), no. 12" in flat
    assert re.search(r"Place 8 of 8, by the rules: -?\d+\.\d\d points; the chance of being chosen was \d+%\.", flat)
    assert "nobody has decided on it" in flat
    assert "-3.00 wish" in flat
    assert "Not in the article: number “777” in the blurb. The article has no 777." in flat
    assert "Flagged: look" in flat
    assert "Told by: Fenwick Archive: A hospital" in flat
    assert "chosen by nobody but the ranking" in run(home, "explain", "12", "audit repeat")


def test_masthead_explains_in_json_what_its_help_names(home: House) -> None:
    told = json.loads(run(home, "explain", "12", "#8", "--json"))
    assert sum(part["points"] for part in told["parts"]) == told["score"]
    listed = run(home, "explain", "--help")
    assert all(field in listed for field in told)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("12", "zebra"), "masthead: no. 12 has no story “zebra”"),
        (("12", "model"), "masthead: “model” fits 4 stories of no. 12"),
        (("13", "#1"), "13"),
        (("99999999999", "#1"), "Invalid value"),
    ],
)
def test_masthead_explain_says_what_it_cannot_find(home: House, words: tuple[str, ...], said: str) -> None:
    assert said in re.sub(r"\s+", " ", run(home, "explain", *words))


def test_masthead_backtest_says_what_is_missing_and_registers_nothing(home: House) -> None:
    assert "Nothing learned" in run(home, "backtest")
    told = json.loads(run(home, "backtest", "--json"))
    assert set(told) == {"editions", "verdict"}
    assert told["editions"] == 0


def test_masthead_backtest_shows_each_ranking_with_its_interval(home: House) -> None:
    chance = Random(3)
    with transaction(home.engine) as session:
        almanac = [add_source(session, name, NOW) for name in ("almanac", "herald")]
        for number in range(13, 13 + EDITIONS_MIN + 2):
            articles = add_week(session, almanac, NOW, count=14)
            measured = [
                {name: chance.random() if name in {"topic", "recency"} else 0.0 for name in NAMES} for _ in articles
            ]
            items = [
                (article, Decision.CHOSEN if one["topic"] > 0.6 else Decision.SKIPPED, one)
                for article, one in zip(articles, measured, strict=True)
            ]
            add_past_edition(session, home.newsletter_id, number, NOW + timedelta(weeks=number), items)
    said = re.sub(r"\s+", " ", run(home, "backtest"))
    assert all(name in said for name in ("what was learned now", "the rules", "newest first", "sources’ record"))
    told = json.loads(run(home, "backtest", "--json"))
    assert set(told["mean"]) == set(told["interval"]) >= {"candidate", "rules", "recency"}
    assert all(low <= told["mean"][name] <= high for name, (low, high) in told["interval"].items())
    assert told["mean"]["candidate"] > told["mean"]["recency"]
    listed = run(home, "backtest", "--help")
    assert all(field in listed for field in ("measure", "held_out", "calibration", "verdict"))
    with reading(home.engine) as session:
        assert session.exec(select(Ranker)).all() == []
