"""Notices reach every member of the team once, whoever opened them, and again when nobody could be reached."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from flows.database import reading, transaction
from flows.editions.login import create_user
from flows.errors import StopRun
from flows.letters.outbox import Outbox
from flows.letters.post import Post, mail_notices
from flows.models import Newsletter, Notice, UserRole
from flows.settings import Settings
from subscribers.pages import Note
from tests.conftest import NOW


class Broken(Outbox):
    """An outbox whose disk is full."""

    def send(self, *_letter: object) -> str:
        raise StopRun("the disk is full")


@pytest.fixture
def team(engine: Engine, newsletter: Newsletter) -> None:
    with transaction(engine) as session:
        for name in ("ada", "bob"):
            create_user(session, f"{name}@team.example", name=name, role=UserRole.EDITOR, now=NOW)
        session.add(Notice(key="held:1", at=NOW, kind="held", text="Edition 1 is late.", link="/desk/editions/1"))
        session.add(Notice(key="old", at=NOW, kind="held", text="Over.", closed_at=NOW))


def mail(engine: Engine, settings: Settings, outbox: Outbox) -> int:
    return mail_notices(engine, settings, lambda: NOW, transport=outbox, say=lambda _line: None)


def letters(folder: Path) -> list[str]:
    return sorted(path.read_text() for path in folder.glob("*.eml"))


@pytest.mark.usefixtures("team")
def test_a_notice_is_mailed_once_to_everybody(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "out")
    assert mail(engine, settings, outbox) == 1
    assert mail(engine, settings, outbox) == 0
    sent = letters(tmp_path / "out")
    assert ["ada@team.example" in sent[0] + sent[1], "bob@team.example" in sent[0] + sent[1]] == [True, True]
    assert len(sent) == 2
    assert "Edition 1 is late." in sent[0]
    assert f"{settings.address}/desk/editions/1" in sent[0].replace("=\n", "")  # a path alone leads nowhere


@pytest.mark.usefixtures("team")
def test_a_notice_that_reached_nobody_is_mailed_later(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    assert mail(engine, settings, Broken(tmp_path / "out")) == 0
    with reading(engine) as session:
        assert session.exec(select(Notice).where(Notice.key == "held:1")).one().mailed_at is None
    assert mail(engine, settings, Outbox(tmp_path / "out")) == 1


def test_a_letter_that_could_not_leave_is_raised_and_names_nobody(settings: Settings, tmp_path: Path) -> None:
    said: list[str] = []
    post = Post(settings, lambda: NOW, transport=Broken(tmp_path), say=said.append)
    with pytest.raises(StopRun):
        post(Note("ada.lovelace@reader.example", "confirm", {"link": "https://n.example/c/x", "language": "en"}))
    assert "ada.lovelace" not in said[0]
    assert "a…@reader.example" in said[0]
