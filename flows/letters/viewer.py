"""The outbox in the browser: a list of the letters that would have gone out, and each as its reader sees it.

Mounted only where the transport is the outbox. A letter is shown in a frame that may run nothing and belongs
to no origin; its links open in a new tab. File names are matched, never joined as they come.
"""

import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import lru_cache
from heapq import nlargest
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

import templates

PER_PAGE = 50
_MOST_BYTES = 8 * 2**20
_HEAD_BYTES = 32 * 2**10
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}\.eml")
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
FRAME_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    f"frame-ancestors 'self'; sandbox {FRAME_SANDBOX}"
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}

Part = Literal["html", "text", "headers"]


@dataclass(frozen=True)
class Shown:
    """One line of the list."""

    name: str
    to: str
    subject: str
    time: str
    size: str


def create_router(folder: Path, *, per_page: int = PER_PAGE) -> APIRouter:
    """The pages under /outbox, of the .eml files in `folder`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/outbox")
    def letters(page: int = 1) -> HTMLResponse:
        files = _newest_first(folder)
        pages = max(1, -(-len(files) // per_page))
        page = min(max(page, 1), pages)
        shown = [_shown(folder, *file) for file in files[(page - 1) * per_page : page * per_page]]
        return _page("list.html", letters=shown, total=len(files), page=page, pages=pages)

    @router.get("/outbox/{name}")
    def letter(name: str, part: Part = "html") -> HTMLResponse:
        return _page("letter.html", name=name, sandbox=FRAME_SANDBOX, **_opened(_read(folder, name), part))

    @router.get("/outbox/{name}/html")
    def html_part(name: str) -> HTMLResponse:
        html = _part_of(_parsed(_read(folder, name)), "html")
        if not html:
            raise HTTPException(404, "This letter has no HTML part: its reader asked for text alone.")
        return HTMLResponse(html, headers={**_HEADERS, "Content-Security-Policy": _FRAME_POLICY})

    @router.get("/outbox/{name}/raw")
    def raw(name: str) -> Response:
        told = {**_HEADERS, "Content-Disposition": f'attachment; filename="{_checked(name)}"'}
        return Response(_read(folder, name), media_type="message/rfc822", headers=told)

    return router


def _newest_first(folder: Path) -> list[tuple[str, float, int]]:
    """Name, time of writing (seconds) and size (bytes) of every letter; drafts and strangers are left out."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    told = entry.stat(follow_symlinks=False)
                    found.append((entry.name, told.st_mtime, told.st_size))
    except FileNotFoundError:
        return []
    return nlargest(len(found), found, key=lambda file: (file[1], file[0]))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise HTTPException(404, "There is no such letter in the outbox.")
    return name


def _read(folder: Path, name: str, most: int = _MOST_BYTES) -> bytes:
    """The first `most` bytes of a letter. Links and devices are not followed. Raises a 404."""
    path = folder / _checked(name)
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            with path.open("rb") as file:
                return file.read(most)
    except OSError:
        pass  # it is gone, or not ours to read: for the one who asks it is the same
    raise HTTPException(404, "There is no such letter in the outbox.")


def _parsed(raw: bytes, *, head_only: bool = False) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(raw, headersonly=head_only)
    assert isinstance(message, EmailMessage)  # noqa: S101 - that is what policy.default makes
    return message


def _shown(folder: Path, name: str, written: float, size: int) -> Shown:
    try:
        head = _parsed(_read(folder, name, _HEAD_BYTES), head_only=True)
        to, subject = _header(head, "To"), _header(head, "Subject")
    except HTTPException:  # gone since the folder was listed
        to, subject = "", "(this letter is gone)"
    moment = datetime.fromtimestamp(written, UTC)
    return Shown(name, to, subject or "(no subject)", f"{moment:%d %b %Y, %H:%M:%S} UTC", _kilobytes(size))


def _opened(raw: bytes, part: Part) -> dict[str, Any]:
    message = _parsed(raw)
    has_html = message.get_body(("html",)) is not None
    part = "text" if part == "html" and not has_html else part
    return {
        "part": part,
        "has_html": has_html,
        "text": _part_of(message, "plain") if part == "text" else "",
        "headers": _header_lines(message) if part == "headers" else [],
        "subject": _header(message, "Subject") or "(no subject)",
        "sender": _header(message, "From"),
        "to": _header(message, "To"),
        "date": _header(message, "Date"),
        "size": _kilobytes(len(raw)),
    }


def _part_of(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    if body is None:
        return ""
    try:
        return str(body.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):  # a charset that does not exist
        payload = body.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, TypeError, IndexError, AttributeError):  # the parser falls over some broken headers
        return "(unreadable)"


def _header_lines(message: EmailMessage) -> list[tuple[str, str]]:
    """Names and values as they stand in the file, unfolded but not decoded."""
    return [(name, " ".join(str(value).split())) for name, value in message.raw_items()]


def _kilobytes(size: int) -> str:
    return f"{size / 1000:,.0f} KB" if size >= 10_000 else f"{size / 1000:,.1f} KB"


def _page(template: str, **values: Any) -> HTMLResponse:
    html = _environment().get_template(template).render(values)
    return HTMLResponse(html, headers={**_HEADERS, "Content-Security-Policy": _PAGE_POLICY})


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(templates.__file__).parent / "outbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
