"""A real browser for the tests that need one: one Chromium, started once for the whole run."""

import os
from collections.abc import Iterator

import pytest

from scripts import machine

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """Chromium, driven by Playwright. Where there is none, the tests are skipped, and say so."""
    path = machine.chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: install it, or name one by KAM_CHROMIUM")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django would take for its own.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            started = playwright.chromium.launch(executable_path=path, args=SWITCHES)
            yield started
            started.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before
