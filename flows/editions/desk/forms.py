"""Forms of the desk, read with limits, and the addresses that they may lead back to."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from fastapi import Request

from flows.errors import MastheadError

_MOST_BYTES = 256 * 1024
_MOST_FIELDS = 100
HOME = "/desk"
_LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")

Form = Mapping[str, str]


class FormError(MastheadError):
    """A form that no page of ours would post."""


async def read_form(request: Request) -> Form:
    """The fields of a urlencoded form; of one sent twice, the last. Anything else counts as an empty form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise FormError(f"This form is larger than {_MOST_BYTES // 1024} KB. Nothing was saved.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise FormError("This form cannot be read. Load the page again. Nothing was saved.") from error
    if any("\x00" in text for pair in pairs for text in pair):
        raise FormError("This form holds a sign that no text has. Nothing was saved.")
    return dict(pairs)


def number(form: Form, name: str) -> int:
    """A field that holds a whole number. Raises FormError otherwise."""
    text = form.get(name, "")
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise FormError(f"The form’s field “{name}” holds no number. Load the page again. Nothing was saved.")
    return int(text)


def local_path(wish: str) -> str:
    """`wish` if it is a path of this site and nothing else, however it is dressed up; else the desk."""
    seen = wish
    for _ in range(4):
        if not _LOCAL.fullmatch(seen):
            return HOME
        if (once := unquote(seen)) == seen:
            return wish
        seen = once
    return HOME
