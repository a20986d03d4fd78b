"""The transport against the SES double: what each answer, and each silence, means for a letter."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from flows.errors import PauseRun, Refused, StopRun, TransportError, TryAgain, Uncertain
from flows.letters.ses import SesTransport, account, identity
from flows.letters.ses_errors import ANSWERS, SILENCES, what_follows
from flows.letters.transport import Unclear
from flows.letters.way_out import open_transport
from flows.settings import Settings, load_settings
from tests.ses_double import Handle, start

pytest_plugins = ["tests.ses_double.fixtures"]

TAGS = {"edition": "7", "newsletter": "gradient-post"}


def _raw(subject: str = "The week") -> bytes:
    letter = EmailMessage()
    letter["From"] = "The Gradient Post <post@newsletter.example>"
    letter["To"] = "ada@readers.example"
    letter["Subject"] = subject
    letter.set_content("Hello.\r\nZoë\r\n", cte="quoted-printable")
    return letter.as_bytes()


@pytest.fixture
def settings(tmp_path: Path, ses_alone: Handle) -> Settings:
    return load_settings(tmp_path, **ses_alone.settings())


@pytest.fixture
def transport(settings: Settings) -> SesTransport:
    return SesTransport(settings, read_timeout_s=0.5)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SesTransport, Handle]]:
    """One double and one transport for the many small questions: a client takes a while to make."""
    folder = tmp_path_factory.mktemp("steady")
    with pytest.MonkeyPatch.context() as patch, start(folder / "accepted.jsonl") as double:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield SesTransport(load_settings(folder, **double.settings()), read_timeout_s=0.5), double


def _send(transport: SesTransport, address: str = "ada@readers.example") -> str:
    return transport.send("d-1", address, _raw(), TAGS)


def test_a_letter_arrives_byte_for_byte_with_its_tags(transport: SesTransport, ses_alone: Handle) -> None:
    provider_id = _send(transport)
    (mail,) = ses_alone.accepted()
    assert mail.message_id == provider_id
    assert mail.raw == _raw()
    assert mail.addresses == ("ada@readers.example",)
    assert mail.tags == {"delivery": "d-1", **TAGS}
    assert mail.configuration_set == "masthead"
    assert mail.sender == "The Gradient Post <post@newsletter.example>"


def test_an_address_beyond_ascii_goes_out_in_punycode(transport: SesTransport, ses_alone: Handle) -> None:
    _send(transport, "ada@bücher.example")
    assert ses_alone.accepted()[0].address == "ada@xn--bcher-kva.example"


def test_an_address_that_ses_cannot_write_to_is_refused_without_a_call(
    transport: SesTransport, ses_alone: Handle
) -> None:
    with pytest.raises(Refused, match="ASCII"):
        _send(transport, "zoë@readers.example")
    assert ses_alone.accepted() == []


def test_a_sender_name_beyond_ascii_travels_encoded(tmp_path: Path, ses_alone: Handle) -> None:
    newsletter = {"sender": "Die Wöchentliche <post@newsletter.example>"}
    transport = SesTransport(load_settings(tmp_path, newsletter=newsletter, **ses_alone.settings()))
    _send(transport)
    assert ses_alone.accepted()[0].sender.isascii()


def test_settings_that_name_ses_open_it(settings: Settings, ses_alone: Handle) -> None:
    transport = open_transport(settings)
    assert isinstance(transport, SesTransport)
    assert transport.look_up("d-1") == Unclear()


ANSWERED = [
    ("AccountSuspendedException", 400, "This account is restricted.", StopRun),
    ("SendingPausedException", 400, "Sending paused for this account.", PauseRun),
    ("LimitExceededException", 400, "Too many of these.", PauseRun),
    ("TooManyRequestsException", 429, "Daily message quota exceeded.", PauseRun),
    ("ThrottlingException", 400, "Daily sending quota exceeded.", PauseRun),
    ("TooManyRequestsException", 429, "Maximum sending rate exceeded.", TryAgain),
    ("ThrottlingException", 400, "Maximum sending rate exceeded.", TryAgain),
    ("Throttling", 400, "Rate exceeded", TryAgain),
    ("MessageRejected", 400, "Email address is not verified. The following …", StopRun),
    ("MessageRejected", 400, "Message contains something bad.", StopRun),
    ("MailFromDomainNotVerifiedException", 400, "MAIL FROM domain is not verified.", StopRun),
    ("NotFoundException", 404, "Configuration set <masthead> does not exist.", StopRun),
    ("BadRequestException", 400, "Illegal address", Refused),
    ("BadRequestException", 400, "Missing final '@domain'", Refused),
    ("BadRequestException", 400, "Local address contains control or whitespace", Refused),
    ("BadRequestException", 400, "Invalid tag <edition>.", StopRun),
    ("InvalidClientTokenId", 403, "The security token is invalid.", StopRun),
    ("ExpiredTokenException", 403, "The security token is expired.", StopRun),
    ("SignatureDoesNotMatch", 403, "The signature does not match.", StopRun),
    ("AccessDeniedException", 403, "User is not authorized.", StopRun),
    ("NeverHeardOf", 418, "I am a teapot.", StopRun),
    ("RequestTimeout", 408, "Too slow.", Uncertain),
    ("InternalServiceErrorException", 500, "Something went wrong.", Uncertain),
    ("ServiceUnavailable", 503, "Come back later.", Uncertain),
    ("BadGateway", 502, "A proxy says so.", Uncertain),
]


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: f"{case[0]}: {case[2][:30]}")
def test_S05_each_answer_of_ses_has_its_consequence(
    steady: tuple[SesTransport, Handle], case: tuple[str, int, str, type[TransportError]]
) -> None:
    transport, double = steady
    code, status, message, follows = case
    before = len(double.accepted())
    double.fault("error_before", code=code, status=status, message=message)
    with pytest.raises(follows, match=code) as caught:
        _send(transport)
    assert type(caught.value) is follows
    assert message.rstrip(".") in str(caught.value)
    assert len(double.accepted()) == before
    _send(transport)  # the client is as good as new


def test_every_name_in_the_table_leads_where_its_row_says() -> None:
    """No row is hidden behind an earlier one."""
    for row in ANSWERS:
        for name in row.names:
            message = row.said[0] if row.said else "said otherwise"
            found = what_follows(_client_error(name, message))
            assert (type(found), row.advice in str(found)) == (row.follows, True), (name, found)
    assert all(row.source and row.advice for row in ANSWERS + SILENCES)


def _client_error(code: str, message: str) -> Exception:
    from botocore.exceptions import ClientError

    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, "SendEmail")


def _outcome(transport: SesTransport) -> type[TransportError] | None:
    try:
        _send(transport)
    except TransportError as error:
        return type(error)
    return None


LOST = ["drop_after", "hang_after", "cut_after", "error_after", "garbage_after", "empty_after"]


@pytest.mark.parametrize("kind", LOST)
def test_S07_a_lost_answer_leaves_the_letter_uncertain_and_calls_only_once(
    steady: tuple[SesTransport, Handle], kind: str
) -> None:
    transport, double = steady
    before = len(double.accepted())
    double.fault(kind)
    with pytest.raises(Uncertain):
        _send(transport)
    assert len(double.accepted()) == before + 1


@pytest.mark.parametrize("kind", ["drop_before", "hang_before"])
def test_S08_a_connection_cut_after_bytes_left_is_uncertain_even_if_nothing_was_accepted(
    steady: tuple[SesTransport, Handle], kind: str
) -> None:
    transport, double = steady
    before = len(double.accepted())
    double.fault(kind, seconds=1.5)
    with pytest.raises(Uncertain):
        _send(transport)
    assert len(double.accepted()) == before


def test_S08_where_no_connection_is_made_nothing_left(tmp_path: Path, aws_credentials: None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        transport = _towards(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(TryAgain, match="nothing left"):
            _send(transport)


def test_S08_a_name_that_does_not_resolve_is_nothing_sent(tmp_path: Path, aws_credentials: None) -> None:
    with pytest.raises(TryAgain, match="nothing left"):
        _send(_towards(tmp_path, "http://ses.invalid:9"))


def test_S08_a_service_that_went_away_between_two_letters(tmp_path: Path, aws_credentials: None) -> None:
    with start(tmp_path / "accepted.jsonl") as double:
        transport = _towards(tmp_path, double.url)
        _send(transport)
    with pytest.raises((TryAgain, Uncertain)):
        _send(transport)


def _towards(tmp_path: Path, endpoint: str) -> SesTransport:
    return SesTransport(load_settings(tmp_path, transport="ses", ses_endpoint=endpoint), read_timeout_s=0.5)


def test_missing_credentials_stop_the_run(tmp_path: Path, ses_alone: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(StopRun, match="Give this machine AWS credentials"):
        _send(_towards(tmp_path, ses_alone.url))


def test_an_unknown_profile_stops_the_run_at_once(
    tmp_path: Path, ses_alone: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StopRun, match="nobody"):
        _towards(tmp_path, ses_alone.url)


def test_S06_the_daily_quota_pauses_the_run_and_nothing_more_is_accepted(
    transport: SesTransport, ses_alone: Handle
) -> None:
    ses_alone.change(quota=2)
    for code in ("LimitExceededException", "ThrottlingException"):
        ses_alone.change(quota_code=code)
        while len(ses_alone.accepted()) < 2:
            _send(transport)
        with pytest.raises(PauseRun, match="quota"):
            _send(transport)
    assert len(ses_alone.accepted()) == 2


def test_the_double_holds_its_rate_and_its_pause(transport: SesTransport, ses_alone: Handle) -> None:
    ses_alone.change(rate=2)
    assert [_outcome(transport) for _ in range(3)] == [None, None, TryAgain]
    ses_alone.change(rate=0, paused=True)
    with pytest.raises(PauseRun):
        _send(transport)
    ses_alone.change(paused=False, suspended=True)
    with pytest.raises(StopRun):
        _send(transport)


def test_the_sandbox_and_an_unverified_sender_stop_the_run(transport: SesTransport, ses_alone: Handle) -> None:
    ses_alone.change(sandbox=True)
    with pytest.raises(StopRun, match="production access"):
        _send(transport)
    _send(transport, "success@simulator.amazonses.com")
    ses_alone.change(sandbox=False, verified=["other.example"])
    with pytest.raises(StopRun, match="Verify the identities"):
        _send(transport)


def test_an_unknown_configuration_set_stops_the_run(transport: SesTransport, ses_alone: Handle) -> None:
    ses_alone.change(configuration_sets=["other"])
    with pytest.raises(StopRun, match="ses_configuration_set"):
        _send(transport)


def test_S06_the_account_says_what_is_left(settings: Settings, ses_alone: Handle) -> None:
    ses_alone.change(quota=200, rate=5)
    _send(SesTransport(settings))
    told = account(settings)
    assert (told.quota_day, told.sent_day, told.left, told.rate) == (200, 1, 199, 5)
    assert (told.sending, told.production, told.health) == (True, True, "HEALTHY")


def test_an_identity_is_verified_by_its_domain(settings: Settings, ses_alone: Handle) -> None:
    assert identity(settings, "post@newsletter.example")
    ses_alone.change(verified=["other.example"])
    assert not identity(settings, "post@newsletter.example")


def test_an_account_that_cannot_be_asked_is_an_error_with_advice(tmp_path: Path, aws_credentials: None) -> None:
    with pytest.raises(TryAgain):
        account(load_settings(tmp_path, transport="ses", ses_endpoint="http://127.0.0.1:9"))


def test_the_double_keeps_the_accounts_suppression_list(ses_alone: Handle) -> None:
    client = _plain_client(ses_alone)
    client.put_suppressed_destination(EmailAddress="Ada@readers.example", Reason="BOUNCE")
    found = client.get_suppressed_destination(EmailAddress="ada@readers.example")["SuppressedDestination"]
    assert found["Reason"] == "BOUNCE"
    assert len(client.list_suppressed_destinations()["SuppressedDestinationSummaries"]) == 1
    client.delete_suppressed_destination(EmailAddress="ada@readers.example")
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_suppressed_destination(EmailAddress="ada@readers.example")


@pytest.mark.parametrize(
    "change",
    [
        {"EmailTags": [{"Name": "delivery", "Value": "no blanks"}]},
        {"EmailTags": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]},
        {"Destination": {"ToAddresses": []}},
        {"Destination": {"ToAddresses": ["ada"]}},
        {"Content": {"Raw": {"Data": b"Subject: from nobody\r\n\r\n"}}},
    ],
)
def test_the_double_refuses_what_ses_refuses(ses_alone: Handle, change: dict[str, object]) -> None:
    client = _plain_client(ses_alone)
    request = {
        "FromEmailAddress": "post@newsletter.example",
        "Destination": {"ToAddresses": ["ada@readers.example"]},
        "Content": {"Raw": {"Data": _raw()}},
    }
    with pytest.raises(client.exceptions.BadRequestException):
        client.send_email(**(request | change))
    assert ses_alone.accepted() == []


def test_the_double_remembers_what_it_accepted_before_it_was_restarted(tmp_path: Path, aws_credentials: None) -> None:
    log = tmp_path / "accepted.jsonl"
    for _ in range(2):
        with start(log) as double:
            _send(_towards(tmp_path, double.url))
    assert len(double.accepted()) == 2


def _plain_client(double: Handle) -> Any:
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})
    return boto3.session.Session().client("sesv2", region_name="eu-west-1", endpoint_url=double.url, config=config)
