"""Forms that carry a file, read with limits."""

from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from flows.editions.desk.forms import Form, FormError, read_form

_MOST_BYTES = 11 * 2**20  # a list of 10 MiB, and the fields around it
_MOST_FIELDS = 20


async def read_upload(request: Request) -> Form:
    """The fields of a form with a file, or of a usual one.

    The form stays text: a file comes as its bytes in Latin-1, which gives every byte back (`bytes_of`).
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await read_form(request)
    parser = MultiPartParser(
        request.headers,
        _limited(request.stream()),
        max_files=1,
        max_fields=_MOST_FIELDS,
        max_part_size=_MOST_BYTES,
    )
    try:
        found = await parser.parse()
        fields = {name: await _text(value) for name, value in found.items()}
        await found.close()
    except (MultiPartException, ValueError, KeyError) as error:
        raise FormError("This form cannot be read. Load the page again. Nothing was saved.") from error
    return fields


def bytes_of(form: Form, name: str) -> bytes:
    """The content of a file of the form; nothing if none was given."""
    return form.get(name, "").encode("latin-1", "ignore")


async def _text(value: UploadFile | str) -> str:
    return (await value.read()).decode("latin-1") if isinstance(value, UploadFile) else value


async def _limited(stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in stream:
        taken += len(chunk)
        if taken > _MOST_BYTES:
            raise FormError(f"This file is larger than {_MOST_BYTES // 2**20 - 1} MB. Split it. Nothing was saved.")
        yield chunk
