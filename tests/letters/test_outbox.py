"""The outbox holds each delivery once, whole; and answers outlast a crash in the spill file."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.errors import LeaseError, StopRun
from flows.letters import outbox as outbox_module
from flows.letters.ledger import Answer, Course, accepted
from flows.letters.outbox import Outbox
from flows.letters.seat import take_seat
from flows.letters.spill import Settled, Spill
from flows.letters.way_out import open_transport
from flows.models import LetterStatus
from flows.settings import load_settings

RAW = b"To: a@b.example\r\n\r\nHello.\r\n"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def test_a_letter_is_a_file_named_by_its_delivery(outbox: Outbox) -> None:
    name = outbox.send("d1", "a@b.example", RAW, {})
    assert (name, outbox.look_up("d1")) == ("d1.eml", "d1.eml")
    assert (outbox.folder / name).read_bytes() == RAW


def test_the_same_delivery_twice_is_one_file_and_the_first_one_stays(outbox: Outbox) -> None:
    outbox.send("d1", "a@b.example", RAW, {})
    assert outbox.send("d1", "a@b.example", b"another", {}) == "d1.eml"
    assert [path.read_bytes() for path in outbox.folder.iterdir()] == [RAW]


def test_many_at_once_leave_one_whole_file_each_and_nothing_else(outbox: Outbox) -> None:
    def send(number: int) -> str:
        return outbox.send(f"d{number % 10}", "a@b.example", RAW * 200, {})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(80)))
    files = sorted(outbox.folder.iterdir())
    assert [file.name for file in files] == [f"d{number}.eml" for number in range(10)]
    assert all(file.read_bytes() == RAW * 200 for file in files)


def test_what_is_not_there_is_certainly_not_there(outbox: Outbox) -> None:
    assert outbox.look_up("d1") is None


def test_a_draft_cut_off_in_the_middle_is_no_letter(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(_draft: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox_module, "_publish", cut)
    with pytest.raises(KeyboardInterrupt):
        outbox.send("d1", "a@b.example", RAW, {})
    assert outbox.look_up("d1") is None
    assert list(outbox.folder.glob("*.eml")) == []


def test_where_there_are_no_links_the_file_is_still_whole(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    outbox.send("d1", "a@b.example", RAW, {})
    assert [path.name for path in outbox.folder.iterdir()] == ["d1.eml"]


def test_S09_a_full_disk_stops_the_run_and_leaves_no_letter(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outbox_module, "_write", full)
    with pytest.raises(StopRun, match="No space left"):
        outbox.send("d1", "a@b.example", RAW, {})
    assert outbox.look_up("d1") is None


@pytest.mark.parametrize("name", ["../d1", "a/b", "", ".", "a" * 41, "d1\n"])
def test_a_name_that_leads_elsewhere_is_refused(outbox: Outbox, name: str) -> None:
    with pytest.raises(ValueError, match="not a delivery id"):
        outbox.send(name, "a@b.example", RAW, {})


def test_the_settings_choose_the_transport(tmp_path: Path) -> None:
    assert isinstance(open_transport(load_settings(tmp_path)), Outbox)


# --- the spill file ---------------------------------------------------------------------------------------


def notes(count: int) -> list[Settled]:
    later = Answer(LetterStatus.QUEUED, "later", wait_s=2.0, course=Course.SLOW_DOWN)
    return [Settled(f"d{n}", 3, accepted(f"id-{n}") if n % 2 else later) for n in range(count)]


def test_S09_answers_are_read_back_by_the_next_run(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "spill")
    for note in notes(9):
        spill.note(note)
    spill.keep()
    again = Spill(tmp_path / "spill")
    assert again.noted() == notes(9)
    again.note(notes(10)[9])
    assert again.noted() == notes(10)
    again.clear()
    assert again.noted() == Spill(tmp_path / "spill").noted() == []


def test_S09_a_line_cut_off_in_the_middle_is_left_out(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "spill")
    for note in notes(2):
        spill.note(note)
    content = spill.path.read_bytes()
    end = content.index(b"\0")
    spill.path.write_bytes(content[: end - 5] + b"\0" * (len(content) - end + 5))
    assert Spill(spill.path).noted() == notes(1)


def test_S09_room_for_the_notes_is_taken_before_anything_is_sent(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "spill")
    size = spill.path.stat().st_size
    for note in notes(200):
        spill.note(note)
    assert spill.path.stat().st_size == size
    assert len(spill.noted()) == 200


def test_several_threads_note_without_mixing_lines(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "spill")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(spill.note, notes(100)))
    assert {note.delivery_id for note in spill.noted()} == {f"d{n}" for n in range(100)}


# --- the seat ---------------------------------------------------------------------------------------------


def test_S19_a_second_sender_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with take_seat(tmp_path, 1) as seat, take_seat(tmp_path, 2):
        with pytest.raises(LeaseError, match="sending edition 1 already"), take_seat(tmp_path, 1):
            pass
        assert seat.outlived(seat.owner.replace(str(os.getpid()), "1"))
        assert not seat.outlived("another machine 1.2 process 1")
    with take_seat(tmp_path, 1) as again:
        assert again == seat
