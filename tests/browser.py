"""Headless Chromium for the tests: Debian's, or the one MASTHEAD_CHROMIUM names; skipped, and said so, without."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str:
    """Path of the browser. Skips the test, with the reason, where there is none."""
    path = os.environ.get("MASTHEAD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("no Chromium here: install Debian's package chromium, or name one in MASTHEAD_CHROMIUM")
    return path


@contextmanager
def open_browser(**context: Any) -> Iterator[Any]:
    """A fresh browser context; keyword arguments are Playwright's (viewport, color_scheme, …)."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=list(QUIET))
        try:
            opened = browser.new_context(**context)
            opened.set_default_timeout(20_000)
            yield opened
        finally:
            browser.close()
