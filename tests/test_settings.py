"""A wrong setting is named, with its meaning, unit and range, before anything starts."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from flows.errors import SettingsError
from flows.settings import FILE_NAME, NewsletterSettings, Section, Settings, listing, load_settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("MASTHEAD_"):
            monkeypatch.delenv(name)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE_NAME).write_text('port = 7000\nhost = "127.0.0.7"\n[newsletter]\nname = "Ours"\n')
    monkeypatch.setenv("MASTHEAD_PORT", "7001")
    monkeypatch.setenv("MASTHEAD_NEWSLETTER__TIMEZONE", "Asia/Tokyo")
    settings = load_settings(tmp_path, send_rate=5.0)
    assert (settings.host, settings.port, settings.send_rate) == ("127.0.0.7", 7001, 5.0)
    assert (settings.newsletter.name, settings.newsletter.timezone) == ("Ours", "Asia/Tokyo")
    assert load_settings(tmp_path, port=7002).port == 7002


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MASTHEAD_PORT", "70000", r"port \(.*port the web pages listen on.*65535.*MASTHEAD_PORT"),
        ("MASTHEAD_FETCH_TIMEOUT_S", "-1", r"fetch_timeout_s .*seconds.*greater than 0"),
        (
            "MASTHEAD_NEWSLETTER__TIMEZONE",
            "Mars/Olympus",
            r"“Mars/Olympus” is not a time zone.*Europe/Berlin",
        ),
        ("MASTHEAD_NEWSLETTER__DRAFT_CRON", "every day", r"“every day” is not a cron schedule.*five fields"),
        ("MASTHEAD_NEWSLETTER__SENDER", "nobody", r"has no e-mail address"),
        ("MASTHEAD_TRANSPORT", "pigeon", r"transport .*'outbox' or 'ses'"),
        ("MASTHEAD_BASE_URL", "news.example.org", r"give the whole address"),
        ("MASTHEAD_DATABASE_URL", "mysql://u:hidden@h/x", r"give postgresql\+psycopg://"),
        ("MASTHEAD_PROT", "8000", r"no setting is called MASTHEAD_PROT"),
    ],
)
def test_a_wrong_setting_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said) as raised:
        load_settings(tmp_path)
    assert "hidden" not in str(raised.value)


def test_a_misspelt_name_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("prot = 8000\n")
    with pytest.raises(SettingsError, match="Setting prot does not exist"):
        load_settings(tmp_path)


def test_a_file_that_is_not_toml_names_the_line(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("port = \n")
    with pytest.raises(SettingsError, match="line 1"):
        load_settings(tmp_path)


def test_E16_secrets_never_print(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path, secret_key="a-very-secret-key", database_url="postgresql://masthead:hush-hush@db.example/masthead"
    )
    listed = "\n".join(listing(settings))
    assert "a-very-secret-key" not in repr(settings) + listed
    assert "hush-hush" not in listed
    assert "postgresql+psycopg://masthead:…@db.example/masthead" in listed


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:8808"), ("::", "http://[::1]:8808"), ("::1", "http://[::1]:8808")],
)
def test_links_lead_to_an_address_that_can_be_opened(tmp_path: Path, host: str, address: str) -> None:
    assert load_settings(tmp_path, host=host).address == address


def test_the_kept_key_stays_the_same_and_private(tmp_path: Path) -> None:
    first = load_settings(tmp_path).key
    assert load_settings(tmp_path).key == first
    assert len(first) >= 32
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("model", [Settings, NewsletterSettings, Section])
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_the_example_names_every_setting() -> None:
    example = (Path(__file__).resolve().parent.parent / "deploy" / "example.env").read_text("utf-8")
    names = [name for name in Settings.model_fields if name != "newsletter"]
    names += [f"newsletter__{name}" for name in NewsletterSettings.model_fields if name != "sections"]
    assert [name for name in names if f"MASTHEAD_{name.upper()}=" not in example] == []
