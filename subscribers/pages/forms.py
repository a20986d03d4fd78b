"""Forms as browsers and mail programs send them: read with limits, every field accounted for."""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.formparsers import MultiPartException, MultiPartParser

_MOST_BYTES = 32 * 1024
_MOST_FIELDS = 60


@dataclass(frozen=True)
class Form:
    """The fields of one posted form, in order. `too_big` and `broken` forms have none."""

    fields: tuple[tuple[str, str], ...] = ()
    too_big: bool = False
    broken: bool = False

    def one(self, name: str) -> str | None:
        """The field's value; None when it is absent or there is more than one."""
        values = self.all(name)
        return values[0] if len(values) == 1 else None

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for each, value in self.fields if each == name)

    def holds_only(self, single: Collection[str], many: Collection[str] = ()) -> bool:
        """Whether there is no field but these, and none of `single` twice."""
        names = [name for name, _ in self.fields]
        known = all(name in single or name in many for name in names)
        return known and not self.broken and all(names.count(name) <= 1 for name in single)


@dataclass(frozen=True)
class Answer:
    """What the person had typed, and what is wrong with it, by field: nothing she typed is lost."""

    typed: dict[str, object] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


async def read_form(request: Request) -> Form:
    """The posted form, urlencoded or multipart. Never raises for what a client sends."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return Form(too_big=True)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            fields = await _multipart(request, bytes(body))
        else:
            fields = parse_qsl(
                body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
            )
    except (MultiPartException, ValueError, KeyError):
        return Form(broken=True)
    if any("\x00" in text or "\ufffd" in text for pair in fields for text in pair):
        return Form(broken=True)
    return Form(tuple(fields))


async def _multipart(request: Request, body: bytes) -> list[tuple[str, str]]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, stream(), max_files=0, max_fields=_MOST_FIELDS, max_part_size=_MOST_BYTES)
    form = await parser.parse()
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
