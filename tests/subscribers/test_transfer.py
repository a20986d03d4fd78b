"""Lists in and out: whatever the file looks like, twice is once, and nobody is overruled."""

import csv
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import select

from flows.database import open_engine, reading, transaction
from subscribers.errors import TransferError
from subscribers.models import ConsentEntry, Subscription, SubscriptionStatus, SuppressionReason
from subscribers.people import list_subscribers
from subscribers.rows import find_columns
from subscribers.suppression import erase, suppress
from subscribers.tables import Table, guarded, unguarded
from subscribers.transfer import EXPORTED, Imported, export_csv, import_csv
from tests.conftest import NOW
from tests.subscribers.conftest import KEY, SECTIONS, SLUG, Pages

LIST = """email,name,topics,timezone,language
Ada@x.example,Ada Łoś,Research;safety,Europe/Warsaw,de
bea@x.example,,,,
"""


def bring_in(engine: Engine, file: Path, **options: Any) -> Imported:
    given: dict[str, Any] = {"newsletter": SLUG, "now": NOW, "key": KEY, "confirmed": True, **options}
    return import_csv(partial(transaction, engine), file, **given)


def take_out(engine: Engine, file: Path) -> list[dict[str, str]]:
    export_csv(partial(reading, engine), file, newsletter=SLUG, key=KEY)
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def written(folder: Path, text: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_list_is_imported_once_however_often_it_is_read(engine: Engine, tmp_path: Path) -> None:
    file = written(tmp_path, LIST)
    first = bring_in(engine, file, sections=SECTIONS)
    assert first == Imported(rows=2, added=2, updated=0, unchanged=0, refused=0, kept_out=0)
    before = take_out(engine, tmp_path / "before.csv")
    assert before[0] | {"joined": ""} == dict.fromkeys(EXPORTED, "") | {
        "email": "Ada@x.example",
        "name": "Ada Łoś",
        "status": "confirmed",
        "cadence": "every",
        "topics": "Research;Safety",
        "timezone": "Europe/Warsaw",
        "language": "de",
        "letter_format": "full",
    }
    again = bring_in(engine, file, sections=SECTIONS, now=NOW + timedelta(days=1))
    assert again == Imported(rows=2, added=0, updated=0, unchanged=2, refused=0, kept_out=0)
    assert take_out(engine, tmp_path / "after.csv") == before
    with reading(engine) as session:
        history = session.exec(select(ConsentEntry)).all()
    assert [(line.what, line.who) for line in history] == [("added", "import:people.csv")] * 2
    assert history[0].after == {"status": "confirmed", "topics": ["Research", "Safety"]}
    assert history[0].before == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "utf-32"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_U08_encoding_separator_and_line_ends_are_found(
    tmp_path: Path, encoding: str, separator: str, newline: str
) -> None:
    lines = ["E-Mail|Name", *(f"r{number}@x.example|Zażółć gęślą jaźń {number}" for number in range(20))]
    text = newline.join(line.replace("|", separator) for line in lines) + newline
    table = Table(written(tmp_path, text.encode(encoding)))
    rows = [record.cells for record in table.rows()]
    table.close()
    assert table.separator == separator
    assert find_columns(table.header).places == {"email": 0, "name": 1}
    assert rows[19] == ("r19@x.example", "Zażółć gęślą jaźń 19")


def test_U08_a_line_that_names_the_separator_is_heeded(tmp_path: Path) -> None:
    table = Table(written(tmp_path, 'sep=;\r\nname;email\r\n"Doe; Jane";a@x.example\r\n'))
    assert [record.cells for record in table.rows()] == [("Doe; Jane", "a@x.example")]
    table.close()


def test_U08_one_letter_beyond_utf8_late_in_the_file_is_noticed(tmp_path: Path) -> None:
    rows = b"".join(b"r%d@x.example,Plain\n" % number for number in range(90_000))
    table = Table(
        written(tmp_path, b"email,name\n" + rows + "z@x.example,Jürgen Müller-Lüdenscheidt\n".encode("cp1252"))
    )
    assert table.encoding != "utf-8"
    assert list(table.rows())[-1].cells == ("z@x.example", "Jürgen Müller-Lüdenscheidt")
    table.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,phone\nAda,1\n", "no column is called “email” (found: “name”, “phone”). Rename"),
        ("ada@x.example,Ada\n", "Put a line before it such as: email,name"),
        ("email,name,E-Mail\n", "two columns are called “email”"),
        ("", "no column is called “email” (found: none)"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no column is called “email”"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_what_to_do(
    lite: Engine, tmp_path: Path, text: str | bytes, told: str
) -> None:
    with pytest.raises(TransferError) as caught:
        bring_in(lite, written(tmp_path, text))
    assert told in str(caught.value)
    assert str(caught.value).startswith("people.csv: ")


def test_a_file_that_is_not_there_is_named(lite: Engine, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match=r"nobody\.csv cannot be read"):
        bring_in(lite, tmp_path / "nobody.csv")


BROKEN = """email,name,timezone
good1@x.example,Ada,
bad,Ada,
good2@x.example,"Never closed,
good3@x.example,Bea,Mars/Olympus
good4@x.example,=cmd|' /C calc'!A0,
"a@x.example, b@x.example",Two,
good5@x.example,a,b,c
nul@x.example,\x00,
good6@x.example,Ada,Europe/Rome
"""


def test_U08_wrong_rows_go_to_a_file_with_their_line_and_can_be_mended(lite: Engine, tmp_path: Path) -> None:
    result = bring_in(lite, written(tmp_path, BROKEN))
    assert (result.rows, result.added, result.refused) == (9, 3, 6)
    assert result.errors_file == tmp_path / "people.errors.csv"
    with result.errors_file.open(encoding="utf-8", newline="") as text:
        refused = list(csv.DictReader(text))
    assert [row["line"] for row in refused] == ["3", "4", "5", "7", "8", "9"]
    problems = " / ".join(row["problem"] for row in refused)
    for told in ("“bad”", "never closed", "Mars/Olympus", "4 cells", "control signs"):
        assert told in problems
    mended = result.errors_file.read_text("utf-8").replace("Mars/Olympus", "Europe/Rome")
    again = bring_in(lite, written(tmp_path, mended, "mended.csv"))
    assert (again.rows, again.added, again.refused) == (6, 3, 3)
    with reading(lite) as session:
        names = {person.email: person.name for person in list_subscribers(session, SLUG, key=KEY)}
    assert names["good4@x.example"] == "=cmd|' /C calc'!A0"


def test_U08_an_open_quotation_mark_swallows_nobody(tmp_path: Path) -> None:
    people = "".join(f"r{number}@x.example,R\n" for number in range(9_000))
    table = Table(written(tmp_path, f'email,name\nz@x.example,"open\n{people}'))
    records = list(table.rows())
    table.close()
    assert len(records) == 9_001
    assert [record.line for record in records if record.trouble] == [2]
    assert records[-1].line == 9_002


def test_U08_a_line_longer_than_any_row_is_one_wrong_row(lite: Engine, tmp_path: Path) -> None:
    text = "email,name\na@x.example," + "x" * 300_000 + "\nb@x.example,B\n"
    result = bring_in(lite, written(tmp_path, text))
    assert (result.rows, result.added, result.refused) == (2, 1, 1)


def test_U10_who_left_bounced_complained_or_was_erased_stays_out(both: Pages, tmp_path: Path) -> None:
    ids = {name: both.add(f"{name}@x.example") for name in ("left", "bounced", "complained", "erased", "here")}
    both.client.post(both.path("u", ids["left"]))
    with transaction(both.engine) as session:
        for reason in (SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED):
            suppress(session, f"{reason}@x.example", key=KEY, reason=reason, source="event", now=NOW)
        erase(session, ids["erased"], key=KEY, who="link", now=NOW)
    file = written(tmp_path, "email,confirmed\n" + "".join(f"{name.upper()}@X.example,yes\n" for name in ids))
    result = bring_in(both.engine, file)
    assert result == Imported(rows=5, added=0, updated=0, unchanged=1, refused=0, kept_out=4)
    assert both.rows(ids["left"])[1].status is SubscriptionStatus.UNSUBSCRIBED
    assert both.find("erased@x.example") is None


def test_an_import_does_not_overrule_what_a_person_chose(pages: Pages, tmp_path: Path) -> None:
    ada = pages.add("ada@x.example")
    file = written(tmp_path, "email,name,topics,timezone\nada@x.example,Ada,Research,Europe/Rome\n")
    assert bring_in(pages.engine, file).updated == 1
    assert pages.rows(ada)[0].name == "Ada"
    assert pages.rows(ada)[1].topics is None
    form = {"do": "save", "topics": ["Safety"], "cadence": "every", "paused_until": "", "letter_format": "full"}
    pages.client.post(pages.path("p", ada), data=form | {"name": "", "language": "en", "timezone": ""})
    assert bring_in(pages.engine, file).unchanged == 1
    person, subscription = pages.rows(ada)
    assert (person.name, person.timezone, subscription.topics) == ("", None, ["Safety"])


def test_a_list_may_confirm_the_pending_and_say_good_bye(both: Pages, tmp_path: Path) -> None:
    both.join("pending@x.example")
    here = both.add("here@x.example")
    file = written(
        tmp_path, "email,status\npending@x.example,subscribed\nhere@x.example,unsubscribed\nnew@x.example,left\n"
    )
    assert (bring_in(both.engine, file).updated, bring_in(both.engine, file).unchanged) == (2, 3)
    assert both.history(here)[-1] == "unsubscribed (import:people.csv)"
    with reading(both.engine) as session:
        listed = {person.email: person.status for person in list_subscribers(session, SLUG, key=KEY)}
    assert listed == {
        "pending@x.example": "confirmed",
        "here@x.example": "unsubscribed",
        "new@x.example": "unsubscribed",
    }


def test_without_a_word_of_consent_people_are_only_pending(lite: Engine, tmp_path: Path) -> None:
    text = "email,confirmed\na@x.example,yes\nb@x.example,no\nc@x.example,2024-05-01\nd@x.example,\n"
    bring_in(lite, written(tmp_path, text), confirmed=False)
    assert [row["status"] for row in take_out(lite, tmp_path / "out.csv")] == [
        "confirmed",
        "pending",
        "confirmed",
        "pending",
    ]
    bring_in(lite, written(tmp_path, "email\ne@x.example\n"), confirmed=False)
    assert take_out(lite, tmp_path / "out.csv")[-1]["status"] == "pending"


def test_one_address_twice_in_a_list_is_one_person_and_a_good_bye_wins(lite: Engine, tmp_path: Path) -> None:
    text = "email,status\na@x.example,confirmed\nA@X.example,unsubscribed\na@x.example,confirmed\n"
    result = bring_in(lite, written(tmp_path, text))
    assert (result.rows, result.added, result.unchanged) == (3, 1, 2)
    assert [row["status"] for row in take_out(lite, tmp_path / "out.csv")] == ["unsubscribed"]


def test_a_dry_run_tells_what_would_come_and_changes_nothing(lite: Engine, tmp_path: Path) -> None:
    file = written(tmp_path, LIST + "bad,,,,\nBEA@x.example,,,,\n")
    told: list[str] = []
    dry = bring_in(lite, file, dry_run=True, progress=told.append)
    assert (dry.rows, dry.added, dry.unchanged, dry.refused) == (4, 2, 1, 1)
    assert told == ["people.csv: utf-8, separated by commas; columns email, name, topics, timezone, language."]
    with reading(lite) as session:
        assert session.exec(select(Subscription)).first() is None
    assert bring_in(lite, file) == dry


def test_an_import_that_was_cut_off_goes_on_where_it_stopped(
    lite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subscribers.transfer._BATCH", 10)
    file = written(tmp_path, "email\n" + "".join(f"r{number}@x.example\n" for number in range(35)))
    opened = 0

    def open_twice() -> Any:
        nonlocal opened
        opened += 1
        if opened > 2:
            raise KeyboardInterrupt
        return transaction(lite)

    with pytest.raises(KeyboardInterrupt):
        import_csv(open_twice, file, newsletter=SLUG, now=NOW, key=KEY, confirmed=True)
    again = bring_in(lite, file)
    assert (again.added, again.unchanged) == (15, 20)


cells = st.text(max_size=30)
risky = st.text(st.sampled_from("=+-@\t\r\n '\"＝＋－＠a1|"), max_size=8)


@given(cells | risky)
def test_U11_no_exported_cell_is_a_formula_and_every_cell_comes_back(cell: str) -> None:
    safe = guarded(cell)
    assert unguarded(safe) == cell
    assert not safe.lstrip(' "').startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[=+'a-z][a-z0-9.+=]{0,8}[a-z]@[a-z]{1,8}\.example", fullmatch=True).filter(
                lambda text: ".." not in text
            ),
            st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=20) | risky,
            st.sampled_from([None, ("Research",), ("Safety", "Research")]),
            st.sampled_from(["confirmed", "pending", "unsubscribed"]),
        ),
        max_size=8,
        unique_by=lambda row: row[0],
    )
)
def test_U11_what_is_exported_is_imported_unchanged(lite_template: bytes, rows: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lists = []
        source = folder / "source.csv"
        with source.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(["email", "name", "topics", "status"])
            for email, person, topics, status in rows:
                writer.writerow([guarded(email), guarded(person), ";".join(topics or ()), status])
        for turn in ("one", "two"):
            (folder / f"{turn}.db").write_bytes(lite_template)
            engine = open_engine(f"sqlite:///{folder / turn}.db")
            brought = bring_in(engine, source)
            lists.append(take_out(engine, folder / f"{turn}.csv"))
            engine.dispose()
            if turn == "two":
                assert brought.refused == 0
            source = folder / f"{turn}.csv"
        assert lists[0] == lists[1]
