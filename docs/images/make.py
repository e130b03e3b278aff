"""Makes the pictures of docs/tour.md: twelve screens and six pages of a report, on a platform with demo data.

    .venv/bin/python docs/images/make.py [FOLDER OF A PREPARED PLATFORM]

Without a folder a new platform is made in a temporary one, which takes a minute or two for the demo corpus.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ktop.report.pdf import Seal, report_pictures

HERE = Path(__file__).resolve().parent
SCREEN = {"width": 1280, "height": 860}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REPORT_PAGES = {1: "cover", 2: "glance", 3: "index", 6: "grades", 10: "contributions", -1: "glossary"}
_SMALLER = """async ([png, quality]) => {
  const picture = new Image(); picture.src = 'data:image/png;base64,' + png; await picture.decode();
  const canvas = document.createElement('canvas'); canvas.width = picture.width; canvas.height = picture.height;
  canvas.getContext('2d').drawImage(picture, 0, 0);
  return canvas.toDataURL('image/webp', quality).split(',')[1];
}"""


class Camera:
    """Takes pictures of one platform, each kept as WebP under its name."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._darkroom = browser.new_page()

    def keep(self, name: str, png: bytes) -> None:
        """Keep a picture."""
        small = self._darkroom.evaluate(_SMALLER, [base64.b64encode(png).decode(), 0.8])
        (HERE / f"{name}.webp").write_bytes(base64.b64decode(small))

    def take(self, page: Page, name: str) -> None:
        """Keep what a page shows on its first screen."""
        page.wait_for_load_state("networkidle")
        self.keep(name, page.screenshot())

    def visitor(self) -> BrowserContext:
        """Return a browser that has not signed in."""
        context = self._browser.new_context(viewport=SCREEN, base_url=self._address, locale="ko-KR")
        context.set_default_timeout(120_000)
        return context

    def person(self, account: dict[str, str]) -> Page:
        """Return the page of somebody who has signed in."""
        page = self.visitor().new_page()
        page.goto("/sign-in?lang=ko")
        page.fill("[name=login]", account["login"])
        page.fill("[name=password]", account["password"])
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state("networkidle")
        return page


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "ktop", "serve", "--port", str(port), "--data", str(data)]
        serving = subprocess.Popen(command)  # noqa: S603 - our own program
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            accounts = {one["role"]: one for one in json.loads((data / "demo-accounts.json").read_text("utf-8"))}
            found = next(path for name in CHROMIUM if (path := shutil.which(name)))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
                _pictures(Camera(browser, address), accounts)
        finally:
            serving.terminate()
            serving.wait(30)


def _wait(address: str) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/healthz", timeout=5).status_code == 200:
                return
        time.sleep(1)
    raise SystemExit("the platform did not start")


def _pictures(camera: Camera, accounts: dict[str, dict[str, str]]) -> None:
    visitor = camera.visitor().new_page()
    visitor.goto("/?lang=ko")
    camera.take(visitor, "home")
    visitor.goto("/glossary?lang=ko")
    camera.take(visitor, "glossary")

    owner = camera.person(accounts["company_owner"])
    owner.goto("/companies/new?lang=ko")
    camera.take(owner, "company-form")
    owner.goto("/companies?lang=ko")
    owner.locator("form:has(input[name=company]) button[type=submit]").first.click()
    owner.wait_for_url("**/ratings/*")
    result = owner.url
    camera.take(owner, "result")
    ratings = owner.request.get(f"{result.split('?')[0]}.json").json()["ratings"]
    owner.goto(f"{result}?part=ktrs-fm")
    camera.take(owner, "result-grades")
    owner.goto(f"{result}?part=what-if#parts")
    camera.take(owner, "what-if")
    owner.goto("/my/results")
    camera.take(owner, "my-results")
    owner.goto("/consents")
    camera.take(owner, "consents")
    _report(camera, ratings)

    bank = camera.person(accounts["bank_officer"])
    bank.goto("/lookup")
    camera.take(bank, "lookup")

    evaluator = camera.person(accounts["agency_evaluator"])
    evaluator.goto("/companies?lang=ko")
    evaluator.locator("form:has(input[name=company]) button[type=submit]").first.click()
    evaluator.wait_for_url("**/ratings/*")
    evaluator.goto(f"{evaluator.url.split('?')[0]}/review")
    camera.take(evaluator, "review")

    operator = camera.person(accounts["operator"])
    operator.goto("/institutions")
    camera.take(operator, "institutions")
    operator.goto("/models")
    camera.take(operator, "models")


def _report(camera: Camera, ratings: list[dict[str, Any]]) -> None:
    number = "0192f1c27b3e7e629c1a0f2d4a6b8c90"
    seal = Seal(f"https://ktop.example.org/verify/{number}", "result.json", b"{}")
    pages = report_pictures(ratings, "ko", seal=seal, dots_per_inch=80)
    for page, name in REPORT_PAGES.items():
        camera.keep(f"report-{name}", pages[page - 1 if page > 0 else page])


if __name__ == "__main__":
    main()
