"""The ways of evaluator, bank officer and operator in a real browser, on the real platform, with no barrier on them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from acting import Acting, acting_as
from axe_playwright_python.sync_playwright import Axe
from consenting import BANK, COMPANY, GAON, add_organisations, add_rating
from playwright.sync_api import Browser, Page, expect

from ktop.bootstrap import House
from ktop.domain.party.actor import Actor
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

pytestmark = pytest.mark.browser

SECOND = Actor("user-second", "ibk", frozenset({"bank_officer"}))
OPERATOR = Actor("user-operator", "ktop", frozenset({"operator"}), known_by="password+totp")
RATING = "ktrs-fm-1.3.0-hanbit-motion"
WHY = "재무제표 원본과 현장 확인으로 매출을 확인함"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(Settings(data=tmp_path_factory.mktemp("roles")))
    add_organisations(house._store())
    return house


@pytest.fixture(scope="module")
def acting(house: House) -> Iterator[Acting]:
    with acting_as(BANK) as acting:
        yield acting


@pytest.fixture(scope="module")
def page(house: House, acting: Acting, browser: Browser) -> Iterator[Page]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(house._settings, house), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.05)
    context = browser.new_context(base_url=f"http://127.0.0.1:{port}", locale="ko-KR")
    yield context.new_page()
    context.close()
    server.should_exit = True
    thread.join(10)


def clear(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == [], page.url


def test_evaluator_comments_and_a_second_person_agrees(page: Page, acting: Acting, house: House) -> None:
    made = add_rating(house._store(), BANK, None, RATING)
    acting.now = BANK
    page.goto(f"/ratings/{made}?lang=ko")
    page.click("#reviewed a")
    page.fill("#f-said", WHY)
    page.click("form[action$='/review'] button[type=submit]")
    page.select_option("#f-grade", "ktrs-fm/risk")
    page.select_option("#f-wanted", "R6")
    page.fill("#f-reason", WHY)
    page.click("form[action$='/override'] button[type=submit]")
    expect(page.locator("table")).to_contain_text("R6")
    clear(page)
    acting.now = SECOND
    page.goto("/reviews")
    clear(page)
    page.click("table a")
    page.fill("form[action^='/reviews/'] textarea", WHY)
    page.click("button[value=agree]")
    page.goto(f"/ratings/{made}")
    expect(page.locator("#reviewed")).to_contain_text("사람이 조정한 등급: 위험등급 R6")


def test_bank_officer_asks_looks_up_and_verifies(page: Page, acting: Acting, house: House) -> None:
    add_rating(house._store(), COMPANY, GAON, RATING)
    acting.now = BANK
    page.goto("/consents?lang=ko")
    clear(page)
    page.fill("form[action='/consents/requests'] [name=business_number]", GAON)
    page.check("form[action='/consents/requests'] [name=results][value='ktrs-fm']")
    page.click("form[action='/consents/requests'] button[type=submit]")
    page.wait_for_url("**/consents/*")
    asked = page.url
    acting.now = COMPANY
    page.goto(asked)
    page.click("form[action$='/grant'] button[type=submit]")
    acting.now = BANK
    page.goto("/lookup")
    clear(page)
    page.fill("[name=business_number]", GAON)
    page.click("main form button[type=submit]")
    expect(page.locator("main")).to_contain_text("기술사업평가등급")
    page.goto("/verify")
    clear(page)


def test_operator_sees_institutions_and_models(page: Page, acting: Acting) -> None:
    acting.now = OPERATOR
    page.goto("/institutions?lang=ko")
    expect(page.locator("main")).to_contain_text("IBK기업은행")
    clear(page)
    page.goto("/models")
    page.click("main a[href^='/models/ktrs-fm/']")
    expect(page.locator("h1")).to_be_visible()
    clear(page)
