"""Opens one installation: its settings, its database brought up to date, its newsletter."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from flows.clock import Clock, utc_now
from flows.database import open_engine, transaction
from flows.editions.store import ensure_newsletter
from flows.errors import DataFolderError
from flows.schema import upgrade
from flows.settings import Settings, load_settings

DATA_VARIABLE = "MASTHEAD_DATA"
DEFAULT_DATA = Path(".masthead")


@dataclass(frozen=True)
class House:
    """What every verb and page works with."""

    settings: Settings
    engine: Engine
    clock: Clock
    newsletter_id: int


def data_folder() -> Path:
    """The data folder that the environment names, for flows that Prefect starts."""
    return Path(os.environ.get(DATA_VARIABLE) or DEFAULT_DATA)


def make_folder(data: Path) -> Path:
    """The data folder, made if need be, by its whole path. Raises DataFolderError when that cannot be."""
    folder = data.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderError(
            f"the data folder {folder} cannot be made ({error.strerror}). Name another with --data."
        ) from error
    if not os.access(folder, os.W_OK):
        raise DataFolderError(f"the data folder {folder} cannot be written to. Name another with --data.")
    return folder


def open_house(data: Path | None = None, *, clock: Clock = utc_now, **overrides: Any) -> House:
    """Open (and, the first time, make) the installation in `data`; processes started from here find it too.

    Raises SettingsError or DataFolderError, before anything is started.
    """
    folder = make_folder(data or data_folder())
    settings = load_settings(folder, **overrides)
    engine = open_engine(settings.database)
    try:
        upgrade(engine)
        with transaction(engine) as session:
            newsletter = ensure_newsletter(session, settings, now=clock())
    except DBAPIError as error:
        raise DataFolderError(
            f"the database {engine.url.render_as_string()} cannot be opened ({error.orig}). "
            "Look at MASTHEAD_DATABASE_URL and whether the server runs."
        ) from error
    os.environ[DATA_VARIABLE] = str(folder)
    assert newsletter.id is not None  # noqa: S101 - it has just been stored
    return House(settings, engine, clock, newsletter.id)
