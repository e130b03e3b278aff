"""Collecting a company and taking companies in from a file, in the browser: two languages, two widths."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from ktop.bootstrap import House
from ktop.catalogue import text
from ktop.collect.stand_in.companies import made_up_companies
from ktop.domain.party.actor import INSTALLATION
from ktop.kernel.clock import today
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

GARAM = made_up_companies(today())[0]
#: Where pictures of the pages are kept, to look at them; None keeps none.
PICTURES = os.environ.get("KTOP_PICTURES")
CSV = f"사업자등록번호,기업명,설립일\n{GARAM.business_number},가람센서(가상),2014-03-01\n123,다라(가상),2014-03-01\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(Settings(solo=True, data=tmp_path_factory.mktemp("collect")))


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(house._settings, house), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def looked_at(page: Page, name: str) -> None:
    """Check a page for barriers, and for what is wider than its screen."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], name
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)


def test_from_a_number_and_from_a_file(house: House, served: str, browser: Browser) -> None:
    page = browser.new_page(base_url=served, locale="ko-KR", viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)  # a machine under load is no fault of the pages

    def press(key: str) -> None:
        page.get_by_role("button", name=text(key, "ko", companies=1)).first.click()

    page.goto("/collect")
    page.get_by_role("button", name=GARAM.name).click()
    page.wait_for_url("**/collect/*")
    for job in house.work.take(INSTALLATION, "w", 5):
        house.work.do(INSTALLATION, job, lambda: None)
    page.goto(page.url)
    page.locator("input[name=path][type=checkbox]").first.check()
    press("collect.take_questions")
    row = page.locator("tr", has=page.locator("form[action$='/correct'] input[value='founded']"))
    row.locator("summary").click()
    row.locator("input[name=value]").fill("2014-03-13")
    row.locator("input[name=reason]").fill("등기부와 다름")
    row.get_by_role("button", name=text("collect.correct_one", "ko")).click()
    press("collect.follow_start")
    collection = page.url
    page.locator("a[href^='/collect/answers/']").first.click()
    answer = page.url
    page.goto("/imports")
    page.locator("input[type=file]").set_input_files(
        {"name": "firms.csv", "mimeType": "text/csv", "buffer": CSV.encode("cp949")}
    )
    press("sheets.send")
    looked_at(page, "import-ko")
    press("sheets.take")
    assert page.get_by_role("status").count()
    shown = {
        "start": "/collect",
        "collection": collection,
        "answer": answer,
        "imports": "/imports",
        "sources": "/sources",
    }
    for lang, names in (("ko", shown), ("en", ("collection", "imports") if PICTURES is None else shown)):
        page.context.add_cookies([{"name": "ktop_lang", "value": lang, "url": served}])
        for name in names:
            page.goto(shown[name])
            looked_at(page, f"{name}-{lang}")
    page.context.close()
