"""Pictures of the letter and of the outbox, by one command: python -m tests.letters.shots FOLDER [NAME]

Wide and narrow, by day and by night, in headless Chromium. With NAME only pictures whose name holds it.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, Route, sync_playwright

import templates
from flows.letters.letter import build
from flows.letters.render import compile_edition, personalise
from flows.letters.viewer import create_router
from tests.letters.samples import sample_content, sample_envelope, sample_notes, sample_person

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
ORIGIN = "http://localhost"  # a secure context, as the demo is: the opener policy counts
WIDTHS = {"wide": 1280, "narrow": 390, "tiny": 320}


def chromium() -> str | None:
    """The browser to drive: MASTHEAD_CHROMIUM, or one on the path."""
    return os.environ.get("MASTHEAD_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def pages(outbox: Path) -> dict[str, str]:
    """Name of the picture -> its address; the folder `outbox` is filled with letters."""
    content, person = sample_content(), sample_person()
    body = personalise(compile_edition(content, address="https://newsletter.example"), person)
    outbox.mkdir(parents=True, exist_ok=True)
    for number in range(1, 61):
        delivery = f"d{number:05d}"
        raw = build(sample_envelope(delivery_id=delivery, to_address=f"reader{number}@example.org"), body)
        (outbox / f"{delivery}.eml").write_bytes(raw)
    notes = {}
    for name, raw in sample_notes().items():
        (outbox / f"{name}.eml").write_bytes(raw)
        notes[f"note-{name}"] = f"/outbox/{name}.eml/html"
    return {
        "edition": "/outbox/d00001.eml/html",
        **notes,
        "outbox": "/outbox",
        "letter": "/outbox/d00001.eml",
        "letter-text": "/outbox/d00001.eml?part=text",
        "letter-headers": "/outbox/d00001.eml?part=headers",
    }


def client_for(outbox: Path) -> TestClient:
    app = FastAPI()
    app.include_router(create_router(outbox))
    app.mount("/static", StaticFiles(directory=Path(templates.__file__).parent / "static"))
    return TestClient(app, base_url=ORIGIN)


def open_page(browser: Browser, client: TestClient, width: int, scheme: Scheme) -> Page:
    """A page whose requests are answered by `client`: no server, no port."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)

    def answer(route: Route) -> None:
        found = client.get(route.request.url.removeprefix(ORIGIN))
        headers = {**found.headers, "cross-origin-opener-policy": "same-origin"}  # as the application does
        route.fulfill(status=found.status_code, headers=headers, body=found.content)

    context.route("**/*", answer)
    return context.new_page()


def take(folder: Path, wanted: str = "") -> Iterator[Path]:
    """Makes the pictures one by one."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        outbox = Path(scratch) / "outbox"
        addresses = {name: to for name, to in pages(outbox).items() if wanted in name}
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for scheme in SCHEMES:
            for label, width in WIDTHS.items():
                page = open_page(browser, client_for(outbox), width, scheme)
                for name, to in addresses.items():
                    page.goto(ORIGIN + to)
                    target = folder / f"{name}-{label}-{scheme}.png"
                    page.screenshot(path=target, full_page=True)
                    yield target
                page.context.close()
        browser.close()


if __name__ == "__main__":
    for picture in take(Path(sys.argv[1]), *sys.argv[2:3]):
        print(picture)
