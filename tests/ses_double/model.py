"""Requests read and checked with botocore's own description of SES v2: what it would not send, we refuse."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore.session
from botocore.validate import ParamValidator

_SERVED = (
    "SendEmail",
    "GetAccount",
    "GetEmailIdentity",
    "PutSuppressedDestination",
    "GetSuppressedDestination",
    "DeleteSuppressedDestination",
    "ListSuppressedDestinations",
)


class SesError(Exception):
    """An answer of SES that is an error. `code` is the exception's name in the API reference."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Call:
    operation: str
    params: dict[str, Any]


@cache
def the_model() -> "Model":
    """The one model of a process: reading botocore's description takes a while."""
    return Model()


class Model:
    """The operations the double serves, found by method and path."""

    def __init__(self) -> None:
        service = botocore.session.get_session().get_service_model("sesv2")
        self._routes = []
        for name in _SERVED:
            operation = service.operation_model(name)
            uri = str(operation.http["requestUri"])
            pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", uri) + "/?$")
            self._routes.append((operation.http["method"], pattern, name, operation.input_shape))

    def read(self, method: str, target: str, body: bytes) -> Call:
        """The call that a request makes. Raises SesError as SES answers to malformed ones."""
        parts = urlsplit(target)
        for verb, pattern, name, shape in self._routes:
            found = pattern.match(parts.path)
            if verb == method and found:
                params = _body(body) if method in {"POST", "PUT"} else {}
                params |= {key: unquote(value) for key, value in found.groupdict().items()}
                params |= _query(parts.query, shape)
                return Call(name, _checked(params, shape))
        raise SesError("UnknownOperationException", f"no operation at {method} {parts.path}", 404)


def _body(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError as error:
        raise SesError("SerializationException", f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SesError("SerializationException", "the body is not a JSON object")
    return document


def _query(query: str, shape: Any) -> dict[str, Any]:
    """Query members by the names of the model; a number where the model wants one."""
    values = dict(parse_qsl(query))
    found: dict[str, Any] = {}
    for name, member in (shape.members if shape else {}).items():
        if member.serialization.get("location") == "querystring":
            wire = member.serialization.get("name", name)
            if wire in values and member.type_name != "list":
                found[name] = int(values[wire]) if member.type_name == "integer" else values[wire]
    return found


def _checked(params: dict[str, Any], shape: Any) -> dict[str, Any]:
    if shape is None:
        return {}
    decoded: dict[str, Any] = _decode(params, shape)
    report = ParamValidator().validate(decoded, shape)
    if report.has_errors():
        raise SesError("BadRequestException", report.generate_report())
    return decoded


def _decode(value: Any, shape: Any) -> Any:
    """The value with its base64 members as bytes, as the model's blobs travel in JSON."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {k: _decode(v, shape.members[k]) if k in shape.members else v for k, v in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_decode(item, shape.member) for item in value]
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise SesError("SerializationException", f"not base64: {error}") from error
    return value
