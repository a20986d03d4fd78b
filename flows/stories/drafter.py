"""Blurbs by a language model (Amazon Bedrock's Converse), within a budget; the article's own sentences otherwise.

A blurb is never worth an edition: whatever goes wrong becomes a sentence beside an extractive blurb.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flows.stories.answers import STRETCH, Answer, Asked, ask, cleaned, text_of
from flows.stories.blurb import HOUSE_WORDS, blurb
from flows.stories.budget import Budget, Prices, usage_of

SOURCE_WORDS = 400  # what an article is about stands in these; more would only cost more
_CONNECT_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 30.0
_FAILURES_IN_A_ROW = 2
_TOKENS_A_WORD = 4  # for languages that tokenisers cut small; English takes 1.3
_SAID_CHARACTERS = 200
_UNREACHED = "Bedrock cannot be reached; check bedrock_region and the network."
_UNREADABLE = "Bedrock answered with what cannot be read."
_FILTERED = ("guardrail_intervened", "content_filtered")

# What a person should do about each error, by its code or botocore's exception. The codes are those that
# docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and CommonErrors.html list.
_ADVICE = {
    "ThrottlingException": "Too many requests or tokens for the account's quota in this region.",
    "ServiceQuotaExceededException": "A quota of the account is used up.",
    "AccessDeniedException": "Allow this identity bedrock:InvokeModel on the model, and the account the model itself.",
    "ResourceNotFoundException": "Set blurb_model to a model or inference profile that exists in bedrock_region.",
    "ValidationException": "Check that blurb_model can be called in bedrock_region; many models need the id of an "
    "inference profile (eu.…, us.…).",
    "ModelNotReadyException": "The model is being loaded.",
    "ModelTimeoutException": "The model took too long.",
    "ModelErrorException": "The model failed.",
    "ExpiredTokenException": "The AWS credentials are expired; renew them.",
    "UnrecognizedClientException": "The AWS credentials are unknown; renew them.",
    "InvalidSignatureException": "Check the secret access key, and that this machine's clock is right.",
    "NoCredentialsError": "Give this machine AWS credentials.",
    "PartialCredentialsError": "The AWS credentials lack a part.",
    "EndpointConnectionError": _UNREACHED,
    "ConnectTimeoutError": _UNREACHED,
    "ReadTimeoutError": "Bedrock took too long to answer.",
    "UnicodeDecodeError": _UNREADABLE,
    "ResponseParserError": _UNREADABLE,
}


@dataclass(frozen=True)
class Drafted:
    """A blurb, and who wrote it. `model` is "" for an extract; `note` then says why there is one."""

    text: str
    by: Literal["extract", "model"]
    model: str
    note: str


@dataclass(frozen=True)
class Tally:
    """What an edition's drafter did: blurbs by each hand, calls made, dollars spent and dollars it may have spent."""

    by_model: int
    by_extract: int
    calls: int
    spent_usd: float
    held_usd: float


class _CallError(Exception):
    """A call that brought no answer; its text is a sentence. `without_temperature`: the model takes none."""

    def __init__(self, said: str, *, without_temperature: bool = False) -> None:
        super().__init__(said)
        self.without_temperature = without_temperature


class Drafter:
    """Writes the blurbs of one edition, in one thread. Made anew for each edition, with the edition's budget."""

    def __init__(
        self,
        client: Any,
        *,
        model: str,
        budget: Budget,
        house_words: int = HOUSE_WORDS,
        source_words: int = SOURCE_WORDS,
        stopped: str = "",
    ) -> None:
        """`client` is boto3's for bedrock-runtime. `stopped` (a sentence) keeps it from calling from the start."""
        self._client = client
        self._model = model
        self._budget = budget
        self._house_words = house_words
        self._source_words = source_words
        self._most_tokens = int(house_words * STRETCH * _TOKENS_A_WORD) + 20
        self._stopped = stopped
        self._temperature = True
        self._failures = 0
        self._calls = 0
        self._by_model = 0
        self._by_extract = 0
        self._after_stop = 0

    def draft(self, title: str, text: str, *, summary: str = "") -> Drafted:
        """A blurb of an article. `summary`, the feed's teaser, is read where the text has none. Raises nothing."""
        if self._stopped:
            self._after_stop += 1
            return self._extract(title, text, summary, self._stopped)
        if not text.strip():
            return self._extract(title, text, summary, "The article has no text for the model to read.")
        asked = ask(title, text, house_words=self._house_words, source_words=self._source_words)
        try:
            told = self._answer(asked)
        except _CallError as error:
            self._failed(str(error))
            return self._extract(title, text, summary, str(error))
        if told is None:
            self._after_stop += 1
            return self._extract(title, text, summary, self._stopped)
        self._failures = 0
        found = self._read(told, asked)
        if not found.text:
            return self._extract(title, text, summary, f"The model's answer {found.why}.")
        self._by_model += 1
        return Drafted(found.text, "model", self._model, "")

    def tally(self) -> Tally:
        """What has been done and spent so far."""
        spent, held = self._budget.spent_usd, self._budget.held_usd
        return Tally(self._by_model, self._by_extract, self._calls, spent, held)

    def closing(self) -> str:
        """Why the model was given up for the rest of the edition, and for how many blurbs; "" if it was not."""
        if not self._after_stop:
            return ""
        blurbs = self._by_model + self._by_extract
        return f"{self._stopped} {self._after_stop} of {blurbs} blurbs were therefore taken from the articles."

    def _extract(self, title: str, text: str, summary: str, note: str) -> Drafted:
        self._by_extract += 1
        taken = blurb(title, text, summary=summary, limit_words=self._house_words)
        return Drafted(taken, "extract", "", note)

    def _failed(self, said: str) -> None:
        self._failures += 1
        if self._failures >= _FAILURES_IN_A_ROW:
            self._stopped = f"The model was given up after {_FAILURES_IN_A_ROW} failures in a row; the last: {said}"

    def _read(self, told: Mapping[str, Any], asked: Asked) -> Answer:
        if told.get("stopReason") in _FILTERED:
            return Answer("", "was held back by a content filter")
        return cleaned(text_of(told["output"]), asked.quoted, house_words=self._house_words)

    def _answer(self, asked: Asked) -> Mapping[str, Any] | None:
        """Bedrock's answer; None when the budget has no room for the question. Raises _CallError."""
        try:
            return self._call(asked)
        except _CallError as error:
            if not error.without_temperature:
                raise
        # Many newer models refuse any temperature, and say so before they read a token.
        self._temperature = False
        return self._call(asked)

    def _call(self, asked: Asked) -> Mapping[str, Any] | None:
        held = self._budget.reserve(asked.size, self._most_tokens)
        if held is None:
            self._stopped = self._no_room()
            return None
        self._calls += 1
        try:
            told = self._client.converse(**self._request(asked))
        except Exception as error:
            raise self._call_error(error) from error
        usage = usage_of(told.get("usage")) if isinstance(told, Mapping) else None
        if usage is not None:
            self._budget.settle(held, usage)
        if not isinstance(told, Mapping) or not isinstance(told.get("output"), Mapping):
            raise _CallError("Bedrock answered 200, but without an answer of the model.")
        return told

    def _no_room(self) -> str:
        spent, held = self._budget.spent_usd, self._budget.held_usd
        failed = f", up to ${held:.4f} set aside for calls that failed" if held else ""
        return (
            f"The budget of ${self._budget.limit_usd:.4f} for this edition's blurbs has no room for another call "
            f"(${spent:.4f} spent{failed})."
        )

    def _request(self, asked: Asked) -> dict[str, Any]:
        settings: dict[str, Any] = {"maxTokens": self._most_tokens}
        if self._temperature:
            settings["temperature"] = 0.0
        return {
            "modelId": self._model,
            "system": [{"text": asked.system}],
            "messages": [{"role": "user", "content": [{"text": asked.quoted}]}],
            "inferenceConfig": settings,
        }

    def _call_error(self, error: Exception) -> _CallError:
        answer = getattr(error, "response", None)
        told = answer.get("Error", {}) if isinstance(answer, Mapping) else {}
        code = str(told.get("Code") or type(error).__name__)
        said = _one_line(str(told.get("Message") or error))
        refused = self._temperature and code == "ValidationException" and "temperature" in said.lower()
        advice = _ADVICE.get(code, "Bedrock gave no blurb.")
        return _CallError(f"{advice} ({code}: {said})", without_temperature=refused)


def open_drafter(
    *,
    model: str,
    region: str,
    endpoint: str,
    budget_usd: float,
    prices: Prices,
    house_words: int = HOUSE_WORDS,
    read_timeout_s: float = _READ_TIMEOUT_S,
) -> Drafter | None:
    """A drafter for one edition; None where no model is named or there is no money: blurbs are extractive then.

    Raises nothing: settings that do not work make a drafter that only extracts, and says why.
    """
    if not model or budget_usd == 0:
        return None
    try:
        budget = Budget(budget_usd, prices)
        client = _client(region, endpoint, read_timeout_s)
    except Exception as error:  # noqa: BLE001 - botocore's errors have no root of their own, and no edition waits for a blurb
        said = f"Blurbs by a model cannot be set up: {_one_line(str(error))}"
        nothing = Budget(0.0, Prices(1.0, 1.0))
        return Drafter(None, model=model, budget=nothing, house_words=house_words, stopped=said)
    return Drafter(client, model=model, budget=budget, house_words=house_words)


def _client(region: str, endpoint: str, read_timeout_s: float) -> Any:
    import boto3  # noqa: PLC0415 - takes a third of a second, which --help must not pay
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        # Each attempt is billed, and only the first would have been reserved.
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
    )
    session = boto3.session.Session(region_name=region)
    return session.client("bedrock-runtime", endpoint_url=endpoint or None, config=config)


def _one_line(said: str) -> str:
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())
    return plain if len(plain) <= _SAID_CHARACTERS else plain[: _SAID_CHARACTERS - 1] + "…"
