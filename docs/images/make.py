"""Makes the pictures of docs/tour.md: thirteen screens and six pages of a report, on a platform with demo data.

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

    def take(self, page: Page, name: str, at: str = "") -> None:
        """Keep what a page shows on its first screen, or on that which begins with a part of it."""
        page.wait_for_load_state("networkidle")
        if at:
            page.locator(at).evaluate("part => window.scrollBy(0, part.getBoundingClientRect().top - 24)")
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
    operator = camera.person(accounts["operator"])
    operator.goto("/joined-companies?all=1")
    number = operator.locator("table.listing tbody td").first.inner_text()
    owner = camera.person(accounts["company_owner"])
    camera.take(owner, "desk-owner")
    result = _enter(camera, owner)
    _growth_paths(camera, owner, result)
    bank = camera.person(accounts["bank_officer"])
    owner.goto("/home")
    owner.locator(".desk-tasks a[href^='/consents/']").first.click()
    owner.locator("form[action$='/grant'] button[type=submit]").click()
    owner.goto(f"{result}?part=what-if#parts")
    camera.take(owner, "what-if")
    owner.goto("/my/results")
    camera.take(owner, "my-results")
    _report(camera, owner.request.get(f"{result}.json").json()["ratings"])

    bank.goto("/lookup")
    bank.fill("[name=business_number]", number)
    bank.locator("main form[action='/lookup'] button[type=submit]").click()
    camera.take(bank, "lookup", at="#t-found")
    _evaluate(camera, camera.person(accounts["agency_evaluator"]))

    investor = camera.person(accounts["investor_analyst"])
    investor.goto("/discovery?words=#t-found")
    camera.take(investor, "discovery")

    operator.goto("/home")
    camera.take(operator, "desk-operator")
    operator.goto("/audit")
    camera.take(operator, "audit")


def _enter(camera: Camera, owner: Page) -> str:
    """Go through what the owner's company entered, rate it anew and return the address of its result."""
    owner.goto("/my/companies")
    owner.locator("table.listing tbody th a").first.click()
    owner.locator("main a[href*='/enter']").first.click()
    following = "main button[name=go][value=next]"
    owner.locator(following).last.click()
    owner.wait_for_url("**/enter/figures")
    camera.take(owner, "wizard")
    for step in ("technology", "checklist"):
        owner.locator(following).last.click()
        owner.wait_for_url(f"**/enter/{step}*")
    owner.locator("button[name=go][value='step:consent']").first.click()
    owner.wait_for_url("**/enter/consent*")
    owner.locator("main button.big").click()
    owner.wait_for_url("**/ratings/*")
    camera.take(owner, "result")
    return owner.url.partition("?")[0]


def _growth_paths(camera: Camera, owner: Page, result: str) -> None:
    """Show what firms of the same cell did."""
    owner.goto(f"{result}?part=ktrs-fm")
    owner.locator("#growth-paths-ktrs-fm summary").click()
    camera.take(owner, "growth-paths", at="#growth-paths-ktrs-fm")


def _evaluate(camera: Camera, evaluator: Page) -> None:
    """Give a table, wait for its ranking, and comment on the best."""
    evaluator.goto("/batches")
    evaluator.set_input_files("#table", HERE.parents[1] / "examples" / "companies" / "batch.csv")
    evaluator.locator("main form[action='/batches'] button[type=submit]").click()
    evaluator.wait_for_selector("#t-ranking")  # the page that follows loads itself again until then
    evaluator.goto(evaluator.url.partition("?")[0])
    camera.take(evaluator, "ranking", at="#t-ranking")
    evaluator.locator(".listing-actions button").first.click()
    evaluator.wait_for_url("**/review")
    camera.take(evaluator, "review")


def _report(camera: Camera, ratings: list[dict[str, Any]]) -> None:
    number = "0192f1c27b3e7e629c1a0f2d4a6b8c90"
    seal = Seal(f"https://ktop.example.org/verify/{number}", "result.json", b"{}")
    pages = report_pictures(ratings, "ko", seal=seal, dots_per_inch=80)
    for page, name in REPORT_PAGES.items():
        camera.keep(f"report-{name}", pages[page - 1 if page > 0 else page])


if __name__ == "__main__":
    main()
