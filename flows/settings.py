"""One frozen Settings, read from `masthead.toml` in the data folder and from MASTHEAD_… in the environment.

The environment wins over the file. Nested settings take two underscores: MASTHEAD_NEWSLETTER__NAME.
"""

import contextlib
import os
import re
import secrets
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from flows.errors import SettingsError
from flows.newsletter import NewsletterSettings, Section

__all__ = ["NewsletterSettings", "Section", "Settings", "describe", "listing", "load_settings", "read_file"]

FILE_NAME = "masthead.toml"
_PREFIX = "MASTHEAD_"
# Read by other parts (the command line, the tests), not by Settings.
_NOT_SETTINGS = {
    "MASTHEAD_DATA",
    "MASTHEAD_ACCEPTANCE_DATA",
    "MASTHEAD_TEST_DATABASE_URL",
    "MASTHEAD_CHROMIUM",
}


_SECRET_IN_URL = re.compile(r"(://[^/:@\s]*):[^/@\s]*@")


class Settings(BaseSettings):
    """Everything that differs between installations. Secrets never print."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    data: Path = Field(description="the data folder: database, outbox, keys, settings file")
    database_url: str = Field(default="", description="postgresql+psycopg://…; empty: SQLite in the data folder")
    secret_key: SecretStr = Field(default=SecretStr(""), description="signs links; empty: kept in the data folder")
    base_url: str = Field(default="", description="public address of the pages; empty: http://HOST:PORT")
    host: str = Field(default="127.0.0.1", description="address the web pages listen on")
    port: int = Field(default=8808, ge=1, le=65535, description="port the web pages listen on")
    newsletter: NewsletterSettings = Field(
        default=NewsletterSettings(), description="what the newsletter is, and when it goes out"
    )

    # articles
    allow_private_addresses: bool = Field(default=False, description="fetch feeds from private addresses too")
    fetch_timeout_s: float = Field(default=30.0, gt=0, le=300, description="whole time for one feed (seconds)")
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60, description="time to connect (seconds)")
    fetch_max_bytes: int = Field(
        default=10 * 2**20,
        ge=1024,
        le=2**30,
        description="size of one feed, on the wire and inflated (bytes)",
    )
    fetch_concurrency: int = Field(default=80, ge=1, le=500, description="feeds fetched at once (count)")
    fetch_per_host: int = Field(default=4, ge=1, le=50, description="of these, from one host at once (count)")
    reading_processes: int = Field(default=2, ge=1, le=64, description="processes that read feeds and pages (count)")
    interval_min_s: int = Field(
        default=900, ge=60, le=86400, description="a source is asked no more often than this (seconds)"
    )
    interval_max_s: int = Field(
        default=86400, ge=900, le=604800, description="a source is asked at least this often (seconds)"
    )
    pages: bool = Field(default=True, description="where a feed gives only a teaser, take the text of the page")
    pages_most: int = Field(default=200, ge=0, le=10000, description="pages fetched in one collection at most (count)")
    page_delay_s: float = Field(
        default=1.0, ge=0, le=60, description="between two pages of one host, unless robots.txt asks for more (seconds)"
    )
    user_agent: str = Field(
        default="Masthead/0.1 (+newsletter reader)",
        min_length=1,
        max_length=200,
        description="how we name ourselves to feeds",
    )

    # stories
    blurb_model: str = Field(
        default="", max_length=200, description="Bedrock model that drafts blurbs; empty: the article's own sentences"
    )
    blurb_budget_usd: float = Field(default=0.5, ge=0, le=1000, description="for blurbs of one edition at most (USD)")
    blurb_price_in: float = Field(
        default=1.0, ge=0, le=1000, description="what the model costs (USD for a million tokens read)"
    )
    blurb_price_out: float = Field(
        default=5.0, ge=0, le=1000, description="what the model costs (USD for a million tokens written)"
    )
    bedrock_region: str = Field(default="eu-west-1", description="AWS region of Bedrock")
    bedrock_endpoint: str = Field(default="", description="another address for Bedrock (tests)")

    # letters
    transport: Literal["outbox", "ses"] = Field(default="outbox", description="outbox (.eml files) or ses")
    ses_region: str = Field(default="eu-west-1", description="AWS region of SES and SQS")
    ses_endpoint: str = Field(default="", description="another address for SES (tests)")
    ses_configuration_set: str = Field(default="", description="SES configuration set that publishes events")
    sqs_endpoint: str = Field(default="", description="another address for SQS (tests)")
    events_queue_url: str = Field(default="", description="SQS queue of SES events; empty: none is read")
    send_rate: float = Field(default=14.0, gt=0, le=10000, description="letters a second at most (count)")
    send_concurrency: int = Field(default=8, ge=1, le=200, description="letters under way at once (count)")
    claim_batch: int = Field(default=100, ge=1, le=5000, description="letters claimed at once (count)")
    lease_s: float = Field(default=60.0, ge=2, le=3600, description="how long a worker may be silent (seconds)")
    unknown_grace_s: float = Field(
        default=900.0, ge=0, le=86400, description="before an unknown letter may be sent again (seconds)"
    )

    # engine
    prefect_api_url: str = Field(default="", description="a Prefect server of your own; empty: `up` starts one")
    prefect_port: int = Field(default=4208, ge=1, le=65535, description="port of the Prefect server `up` starts")

    @field_validator("base_url")
    @classmethod
    def _whole_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("give the whole address, such as https://news.example.org")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value.startswith("postgresql://"):
            return value.replace("postgresql://", "postgresql+psycopg://", 1)
        if value and not value.startswith(("postgresql+psycopg://", "sqlite:///")):
            raise ValueError("give postgresql+psycopg://USER:PASSWORD@HOST/NAME or sqlite:///PATH")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Said on the command line, then in the environment, then in the file."""
        file = _Document(settings_cls, read_file(init_settings()["data"]))
        return init_settings, env_settings, file

    @property
    def database(self) -> str:
        """The URL that `database.open_engine` takes."""
        return self.database_url or f"sqlite:///{self.data / 'masthead.db'}"

    @property
    def outbox(self) -> Path:
        """Where the outbox transport puts its .eml files."""
        return self.data / "outbox"

    @property
    def address(self) -> str:
        """The public address of the pages, without a slash at its end."""
        if self.base_url:
            return self.base_url.rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - "everywhere" is no address
        return (
            f"http://[{host}]:{self.port}"
            if ":" in host.strip("[]") and "[" not in host
            else f"http://{host}:{self.port}"
        )

    @property
    def key(self) -> bytes:
        """The key that signs links: the setting, or one made once and kept in the data folder (mode 600)."""
        if secret := self.secret_key.get_secret_value():
            return secret.encode()
        return _kept_key(self.data / "secret.key")


def _kept_key(path: Path) -> bytes:
    """The key in `path`, made if need be. Two processes that make it at once agree on one."""
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix="secret-", delete=False) as draft:
            draft.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft.name, path)  # unlike rename, it never replaces a key that is there
        Path(draft.name).unlink()
    return path.read_bytes().strip()


class _Document(PydanticBaseSettingsSource):
    """The settings file, as a source that stands below the environment."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self.values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self.values


def read_file(data: Path) -> dict[str, Any]:
    """What `masthead.toml` in the data folder says; nothing if there is none."""
    file = data / FILE_NAME
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}). Give access to it, or move it away.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not readable as TOML: {error}. Mend that line and try again.") from error


def load_settings(data: Path, **overrides: Any) -> Settings:
    """Settings of one installation; `overrides` are what the command line says, and win over the file.

    Raises SettingsError with one line for each wrong setting: its name, what is wrong, its unit and range.
    """
    if stray := _stray_names():
        raise SettingsError(
            f"no setting is called {', '.join(stray)}; `masthead settings` lists all. Unset or rename it."
        )
    try:
        return Settings(**overrides, data=data)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(detail) for detail in error.errors())) from error


def _stray_names() -> list[str]:
    known = {(_PREFIX + name).upper() for name in Settings.model_fields}
    return [
        name
        for name in sorted(os.environ)
        if name.startswith(_PREFIX) and name not in _NOT_SETTINGS and name.split("__")[0].upper() not in known
    ]


def describe(path: tuple[int | str, ...]) -> str:
    """What a setting means, with its unit, as its field says; "" for a path that is no setting."""
    model: type[BaseModel] = Settings
    said = ""
    for part in path:
        field = model.model_fields.get(str(part))
        if field is None:
            return said
        said = field.description or ""
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return said


def _sentence(detail: ErrorDetails) -> str:
    path = detail["loc"]
    name = ".".join(str(part) for part in path)
    env = _PREFIX + "__".join(str(part) for part in path).upper()
    meaning = f" ({said})" if (said := describe(path)) else ""
    if detail["type"] == "extra_forbidden":
        return f"Setting {name} does not exist; `masthead settings` lists them all. Remove or rename it."
    shown = "" if "secret" in name or "url" in name else f", not {detail['input']!r}"
    wrong = detail["msg"].removeprefix("Value error, ")
    return f"Setting {name}{meaning}: {wrong}{shown}. Change it in {FILE_NAME} or {env}."


def listing(settings: Settings) -> list[str]:
    """One line for each setting: its name in the file, its value now, its meaning. Secrets stay hidden."""
    lines = []
    for model, prefix in ((settings, ""), (settings.newsletter, "newsletter.")):
        for name in type(model).model_fields:
            if isinstance(value := getattr(model, name), BaseModel):
                continue
            shown = f"{len(value)} sections" if name == "sections" else _SECRET_IN_URL.sub(r"\1:…@", str(value))
            meaning = describe((*prefix.rstrip(".").split("."), name) if prefix else (name,))
            lines.append(f"{prefix}{name} = {shown!s}" + (f"   # {meaning}" if meaning else ""))
    return lines
