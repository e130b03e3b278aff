"""A running platform with invented services, and the chromium that this machine has."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))

from fake_platform import FakePlatform
from serving import serving

from ktop.kernel.settings import Settings
from ktop.web.app import create_app

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--disable-dev-shm-usage"),
)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve on a free port until the tests are over."""
    with serving(create_app(Settings(solo=True, data=tmp_path_factory.mktemp("data")), FakePlatform())) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start chromium; the tests are left out, plainly, where this machine has none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no chromium on this machine; install chromium to run the browser tests")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Any]:
    """Open pages with given settings; a script error or a breach of the content policy fails the test."""
    contexts = []
    complaints: list[str] = []

    def opener(**settings: Any) -> Page:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}, "base_url": address} | settings))
        context.set_default_timeout(60_000)  # the first page of a platform comes late on a machine that does much else
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not complaints
