"""`masthead demo`: a first edition on an empty machine, from sample feeds (or, with --live, from real ones)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlmodel import col, select

from flows.articles.collecting import Collected, collect_articles
from flows.articles.opml import read_opml
from flows.articles.store import add_source
from flows.database import reading, transaction
from flows.editions.curating import curate_edition
from flows.editions.login import create_user, make_sign_in_link
from flows.editions.seal import seal
from flows.editions.store import approve, content_of
from flows.errors import DataFolderError, SettingsError
from flows.house import House, make_folder, open_house
from flows.letters.post import mail_notices
from flows.letters.render import template_hash
from flows.letters.sending import deliver_editions
from flows.letters.store import receipt
from flows.models import User, UserRole
from flows.samples import FOLDER, Samples, create_samples
from flows.serving import serve_until_stopped
from flows.settings import FILE_NAME, load_settings
from flows.up import PagesThread, check_port, only_one
from subscribers.links import Links
from subscribers.models import Subscriber
from subscribers.transfer import import_csv

EDITOR = "ada@newsletter.example"
_HOST = "127.0.0.1"
_PORT = 8808
_MARK = "this-is-a-demo"
_LINK_FOR = timedelta(hours=12)
_SETTINGS = """\
# Settings of the demo; `masthead settings` lists all there are.
port = {port}
allow_private_addresses = true  # the sample blogs are on loopback
page_delay_s = 0.0  # and are ours to ask as fast as we like
send_rate = 200.0  # letters a second: the outbox is only a folder

[newsletter]
send_when_approved = true  # in earnest, letters wait for newsletter.letters_cron
"""

Say = Callable[[str], None]


def run_demo(data: Path, *, live: bool, unattended: bool, port: int | None, say: Say) -> int:
    """The whole demo; returns the exit code. With `unattended` it approves by itself, sends, and ends."""
    data = make_folder(data)
    _claim_folder(data)
    with only_one(data):
        pages_port = _choose_port(data, port)
        # Whatever the environment or the file says: a demo writes to a folder, and to a database of its own.
        house = open_house(
            data,
            port=pages_port,
            prefect_port=pages_port + 2,
            host=_HOST,
            base_url="",
            transport="outbox",
            database_url="",
        )
        samples_port = pages_port + 1
        base = f"http://{_HOST}:{samples_port}"
        samples = PagesThread(create_samples(base, house.clock), _HOST, samples_port)
        samples.start()
        try:
            ada, edition_id = prepare(house, base, live=live, say=say)
            if unattended:
                return approve_and_send(house, edition_id, say)
            return serve_until_stopped(house, say, greeting=lambda: _links(house, ada, edition_id))
        finally:
            samples.stop()
            house.engine.dispose()


def _claim_folder(data: Path) -> None:
    """Only a new folder, or one of an earlier demo: invented readers have no place in a real list."""
    mark = data / _MARK
    if not mark.exists() and ((data / FILE_NAME).exists() or (data / "masthead.db").exists()):
        raise DataFolderError(
            f"{data} is a real installation, and the demo would put invented readers into it; nothing was changed. "
            "Give the demo a folder of its own with --data."
        )
    mark.touch()


def prepare(house: House, base: str, *, live: bool, say: Say) -> tuple[int, int | None]:
    """People, articles and a draft; returns Ada's user id and the edition's, if there is one.

    `base` is the address of the sample blogs, without a slash at its end.
    """
    ada = _people(house, say)
    _collect(house, base, live=live, say=say)
    return ada, _draft(house, say)


def _choose_port(data: Path, asked: int | None) -> int:
    """The first of three neighbouring free ports: pages, sample blogs, engine.

    The settings file remembers it: the sample articles have the port in their links, and with another one
    they would be other articles.
    """
    file = data / FILE_NAME
    usual = asked or (load_settings(data).port if file.exists() else _PORT)
    if asked:
        for port in range(asked, asked + 3):
            check_port(_HOST, port, "--port")
    chosen = next((port for port in range(usual, 65_530, 10) if _free(port)), None)
    if chosen is None:
        raise SettingsError(f"no three free ports from {usual} on; choose others with --port.")
    if not file.exists():
        file.write_text(_SETTINGS.format(port=chosen), "utf-8")
    return int(chosen)


def _free(first: int) -> bool:
    try:
        for port in range(first, first + 3):
            check_port(_HOST, port, "--port")
    except SettingsError:
        return False
    return True


def _people(house: House, say: Say) -> int:
    """Ada, who may approve, and the sample list; returns Ada's user id."""
    now = house.clock()
    with transaction(house.engine) as session:
        ada = session.exec(select(User).where(User.email == EDITOR)).first() or create_user(
            session, EDITOR, name="Ada", role=UserRole.PUBLISHER, now=now
        )
        session.flush()
        ada_id = ada.id or 0
    imported = import_csv(
        lambda: transaction(house.engine),
        FOLDER / "people.csv",
        newsletter=house.settings.newsletter.slug,
        now=now,
        who="import:people.csv",
        confirmed=True,
        key=house.settings.key,
        sections=[section.name for section in house.settings.newsletter.sections],
    )
    say(f"Readers: {imported.rows} on the sample list.")
    return ada_id


def _collect(house: House, base: str, *, live: bool, say: Say) -> None:
    if live and _collect_from(house, (FOLDER / "sources.opml").read_bytes(), say).fetched:
        return
    if live:
        say("No real feed could be reached from here, so the demo goes on with its own sample feeds.")
    text = Samples(base, house.clock()).render("samples.opml")
    _collect_from(house, text.encode(), say)


def _collect_from(house: House, opml: bytes, say: Say) -> Collected:
    now = house.clock()
    with transaction(house.engine) as session:
        ids = []
        for outline in read_opml(opml):
            source = add_source(session, outline.url, title=outline.title, topic=outline.topic, now=now)
            session.flush()
            ids.append(source.id or 0)
    collected = collect_articles(house.engine, house.settings, clock=house.clock, progress=say, only=ids)
    for name, sentence in collected.problems:
        say(f"  {name}: {sentence}")
    return collected


def _draft(house: House, say: Say) -> int | None:
    curated = curate_edition(house.engine, house.settings, clock=house.clock, progress=say)
    mail_notices(house.engine, house.settings, house.clock)
    return curated.edition_id


def approve_and_send(house: House, edition_id: int | None, say: Say) -> int:
    """What a person would do on the desk, and the letters after it; the exit code says whether it adds up."""
    if edition_id is None:
        say("There is nothing new to send.")
        return 1
    with reading(house.engine) as session:
        content = content_of(session, edition_id, house.settings, template_hash=template_hash())
    approve(
        house.engine,
        edition_id,
        by=EDITOR,
        seen_hash=seal(content),
        settings=house.settings,
        template_hash=template_hash(),
        now=house.clock(),
    )
    say(f"Approved: no. {content.number}, “{content.subject}”, {content.stories} stories.")
    deliver_editions(house.engine, house.settings, clock=house.clock, progress=say)
    with reading(house.engine) as session:
        told = receipt(session, edition_id)
    if told is None:
        return 1
    say(f"Receipt: {told.sentence}.")
    say(f"Letters: {house.settings.outbox}")
    return 0 if told.balanced and not told.owed and not told.unknown else 1


def _links(house: House, ada_id: int, edition_id: int | None) -> str:
    address = house.settings.address
    with transaction(house.engine) as session:
        ada = session.get_one(User, ada_id)
        token = make_sign_in_link(session, ada, now=house.clock(), ttl=_LINK_FOR)
        reader = session.exec(select(Subscriber).order_by(col(Subscriber.id)).limit(1)).one()
    links = Links(house.settings.key, address)
    preferences = links.preferences(reader.id or 0, house.settings.newsletter.slug, reader.link_generation)
    where = f"?next=/desk/editions/{edition_id}" if edition_id else ""
    return f"""
  Desk, signed in    {address}/sign-in/{token}{where}
  Preferences        {preferences}
                     (what {reader.email} sees behind every letter)
  Outbox             {address}/outbox

Open the desk, choose, edit, approve: the letters then appear in the outbox. Ctrl-C ends the demo.
"""
