"""What follows from each error of SES and of the way to it: one table, each row with its source.

The first question about a silence is whether bytes had left: until then nothing was accepted (TryAgain),
afterwards nobody can tell (Uncertain), and what is not in the table counts as afterwards.
"""

from dataclasses import dataclass
from typing import Any

from flows.errors import PauseRun, Refused, StopRun, TransportError, TryAgain, Uncertain

_API = "docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"
_COMMON = "docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html"
_QUOTAS = "docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html"
_MESSAGES = "docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html"
_BOTOCORE = "botocore/httpsession.py, URLLib3Session.send"


@dataclass(frozen=True)
class Row:
    """One row of the table: these names, with one of `said` in the message, lead to `follows`."""

    names: tuple[str, ...]
    follows: type[TransportError]
    advice: str
    source: str
    said: tuple[str, ...] = ()


# Answers of SES below 500, by the error's code; each means "not accepted". The first row that fits is taken.
ANSWERS = (
    Row(
        ("LimitExceededException", "ThrottlingException", "Throttling", "TooManyRequestsException"),
        PauseRun,
        "The quota of 24 hours is used up; sending goes on when it has recovered.",
        _QUOTAS,
        ("daily",),
    ),
    Row(("LimitExceededException",), PauseRun, "A limit of the account is reached.", _API),
    Row(
        ("TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"),
        TryAgain,
        "Too fast for the account's rate.",
        _QUOTAS,
    ),
    Row(
        ("SendingPausedException", "AccountSendingPausedException", "ConfigurationSetSendingPausedException"),
        PauseRun,
        "Sending is paused for the account or the configuration set; start it again in the SES console.",
        _API,
    ),
    Row(
        ("AccountSuspendedException",),
        StopRun,
        "AWS has ended this account's sending for good; only AWS support can lift it.",
        _API,
    ),
    Row(
        ("MessageRejected", "MessageRejectedException"),
        StopRun,
        "Verify the identities named in this region; in the sandbox every recipient, too "
        "(ask AWS for production access).",
        _MESSAGES,
        ("not verified",),
    ),
    Row(
        ("MessageRejected", "MessageRejectedException"),
        StopRun,
        "The content is refused, as it would be in the edition's other letters; look at one of them.",
        _API,
    ),
    Row(
        ("MailFromDomainNotVerifiedException",),
        StopRun,
        "Mend the DNS records of the custom MAIL FROM domain.",
        _API,
    ),
    Row(
        ("NotFoundException", "ConfigurationSetDoesNotExist"),
        StopRun,
        "Set ses_configuration_set to one that exists in ses_region, or to nothing.",
        _API,
    ),
    Row(
        ("BadRequestException", "InvalidParameterValue", "ValidationError", "ValidationException"),
        Refused,
        "SES cannot write to this address.",
        _MESSAGES,
        (
            "illegal address",
            "missing final '@domain'",
            "local address contains",
            "domain contains",
            "domain starts with",
            "domain ends with",
            "missing local",
            "user name is missing",
            "address length",
        ),
    ),
    Row(
        ("BadRequestException", "InvalidParameterValue", "ValidationError", "ValidationException"),
        StopRun,
        "SES finds a fault in the request, and would in every other one.",
        _API,
    ),
    Row(
        ("RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"),
        StopRun,
        "Check the secret access key, and that this machine's clock is right.",
        _COMMON,
    ),
    Row(
        ("ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"),
        StopRun,
        "The AWS credentials are expired or unknown; renew them.",
        _COMMON,
    ),
    Row(
        ("AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired"),
        StopRun,
        "Allow this identity ses:SendEmail on the sender's domain.",
        _COMMON,
    ),
)

# No answer at all, by botocore's exception. Those that are not here leave the letter unknown.
SILENCES = (
    Row(
        ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"),
        TryAgain,
        "No connection to SES was made, so nothing left.",
        _BOTOCORE,
    ),
    Row(
        ("SSLError",),
        StopRun,
        "The certificate of SES's address is not trusted; is a proxy in between?",
        _BOTOCORE,
        ("CERTIFICATE_VERIFY_FAILED",),
    ),
    Row(
        (
            "NoCredentialsError",
            "PartialCredentialsError",
            "CredentialRetrievalError",
            "MetadataRetrievalError",
        ),
        StopRun,
        "Give this machine AWS credentials: a role, a profile, or AWS_ACCESS_KEY_ID.",
        "botocore/credentials.py",
    ),
    Row(
        ("TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError", "NoAuthTokenError"),
        StopRun,
        "The AWS sign-in has run out; sign in again.",
        "botocore/tokens.py",
    ),
    Row(
        ("ParamValidationError",),
        StopRun,
        "The request was never made; this is a fault of Masthead's.",
        "botocore/validate.py",
    ),
)


def what_follows(error: Exception) -> TransportError:
    """The error of our own that an error of boto3's amounts to, with advice where the table has some."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if not 400 <= status < 500:
        return _silence(error, status)
    code = response.get("Error", {}).get("Code", "") or str(status)
    message = response.get("Error", {}).get("Message", "")
    said = f"SES: {code}: {message}".rstrip(": .") + "."
    if row := _find(ANSWERS, code, message):
        return row.follows(f"{said} {row.advice}")
    if status == 408:
        return Uncertain(f"{said} SES gave up on the request while it was under way.")
    return StopRun(f"{said} SES did not take the letter, and the reason is not known to Masthead.")


def _silence(error: Exception, status: int) -> TransportError:
    said = f"SES: {type(error).__name__}: {error}"
    if row := _find(SILENCES, type(error).__name__, str(error)):
        return row.follows(f"{said} {row.advice}")
    after = f"answered {status}" if status else "the connection ended"
    return Uncertain(f"{said} ({after} when the letter may already have been taken)")


def _find(table: tuple[Row, ...], name: str, message: str) -> Row | None:
    low = message.lower()
    for row in table:
        if name in row.names and (not row.said or any(said.lower() in low for said in row.said)):
            return row
    return None
