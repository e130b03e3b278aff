"""One case in two browsers side by side, the company's and the bank's, with the guarantor taking part by API alone.

From the decision on the small guarantee through a bank that cannot be reached, its refusal, the appeal and the contract
to the last repayment. ``KTOP_PICTURES=docs/images`` keeps what both see at three moments.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from consenting import golden
from playwright.sync_api import Browser, Page
from serving import follow, open_to_all, serving
from sqlalchemy import update

from ktop.bootstrap import House
from ktop.catalogue import load
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER, Actor
from ktop.kernel.clock import today
from ktop.kernel.sealing import Sealer
from ktop.kernel.settings import Settings
from ktop.store.tables import webhook_deliveries
from ktop.usecases.webhooks.service import WebhookService
from ktop.web.app import create_app

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("KTOP_PICTURES")
COMPANY = load("institutions")["company"]["id"]
OWNER = Actor("user-owner", COMPANY, frozenset({"company_owner"}))
OPERATOR = Actor("user-operator", "kotec", frozenset({"operator"}))
ADMINISTRATOR = Actor("user-admin", "ibk", frozenset({"institution_administrator"}))
SECOND = Actor("user-second", "ibk", frozenset({"bank_officer"}))
SECOND_GUARANTOR = Actor("user-second-guarantor", "kotec", frozenset({"guarantee_officer"}))
_SIDE_BY_SIDE = """async pictures => {
  const loaded = await Promise.all(pictures.map(async png => {
    const one = new Image(); one.src = 'data:image/png;base64,' + png; await one.decode(); return one; }));
  const canvas = document.createElement('canvas');
  canvas.width = loaded.reduce((sum, one) => sum + one.width, 24); canvas.height = loaded[0].height;
  const at = canvas.getContext('2d'); at.fillStyle = '#b1b8be'; at.fillRect(0, 0, canvas.width, canvas.height);
  at.drawImage(loaded[0], 0, 0); at.drawImage(loaded[1], loaded[0].width + 24, 0);
  return canvas.toDataURL('image/webp', 0.8).split(',')[1]; }"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Settings(data=tmp_path, corpus=tmp_path / "none"))


@pytest.fixture
def address(house: House) -> Iterator[str]:
    accounts = {one.role: (one.login, one.password) for one in house.demo.prepare(LOCAL_OWNER)}
    house.accounts_of_test = accounts  # type: ignore[attr-defined] # kept beside what it opens
    with serving(create_app(house._settings, house)) as found:
        yield found


class Bank:
    """The bank's own system: what it was told, by the name of each message, while it can be reached."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.there = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                outer.told.append(self.headers["webhook-id"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.server.server_bind()  # a port of its own that nobody answers at

    def come_back(self) -> None:
        self.there = True
        self.server.server_activate()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def bank_system() -> Iterator[Bank]:
    made = Bank()
    yield made
    if made.there:
        made.server.shutdown()
    made.server.server_close()


def signed_in(browser: Browser, address: str, account: tuple[str, str]) -> Page:
    page = browser.new_page(base_url=address, locale="ko-KR", viewport={"width": 720, "height": 1040})
    page.set_default_timeout(30_000)  # a machine under load is no fault of the pages
    page.goto("/sign-in?lang=ko")
    page.fill("[name=login]", account[0])
    page.fill("[name=password]", account[1])
    follow(page.locator("main form button[type=submit]").first)
    assert page.url.endswith("/home")
    return page


def press(page: Page, name: str) -> None:
    follow(page.get_by_role("button", name=name, exact=True))


def keep(name: str, *pages: Page) -> None:
    if PICTURES:
        shown = [base64.b64encode(page.screenshot()).decode() for page in pages]
        small = pages[0].context.browser.new_page().evaluate(_SIDE_BY_SIDE, shown)  # type: ignore[union-attr]
        (Path(PICTURES) / f"{name}.webp").write_bytes(base64.b64decode(small))


def test_company_and_bank_side_by_side(
    house: House, address: str, browser: Browser, bank_system: Bank, tmp_path: Path
) -> None:
    accounts = house.accounts_of_test  # type: ignore[attr-defined]
    store = house._store()
    with store.unit(OWNER) as unit:
        rating = unit.ratings.add(
            kind="company",
            subject="한빛모션(가상)",
            as_of=today(),
            inputs={"record": {"name": "한빛모션(가상)"}},
            results=[golden("ktrs-fm-1.3.0-hanbit-motion")],
            subject_key=f"business_number:{unit.consents.party(COMPANY).business_number}",
        ).id
    key = house.keys.make(OPERATOR, "guarantor", ["own:finance:read", "own:finance:decide"]).key
    guarantor = httpx.Client(base_url=address, headers={"authorization": f"Bearer {key}"}, timeout=120)
    webhooks = WebhookService(lambda: store, Sealer(tmp_path / "sealing.key"), anywhere=True)
    hook = webhooks.add(
        ADMINISTRATOR, f"http://127.0.0.1:{bank_system.server.server_address[1]}/told", ["finance"]
    ).webhook

    def tell() -> None:
        with store.engine.begin() as connection:  # the pauses between attempts are over
            connection.execute(update(webhook_deliveries).values(next_at=datetime.now(UTC) - timedelta(seconds=1)))
        while webhooks.deliver(INSTALLATION):
            pass

    owner = signed_in(browser, address, accounts["company_owner"])
    bank = signed_in(browser, address, accounts["bank_officer"])

    # The owner, in one sitting: decision, application filled in, documents, submitted, handed in.
    owner.goto(f"/ratings/{rating}")
    follow(owner.get_by_role("link", name="이 결과로 보증·대출 신청").first)
    assert owner.locator("#f-amount").input_value() == "180,000,000"
    owner.select_option("#f-guarantor", "kotec")
    owner.select_option("#f-bank", "ibk")
    press(owner, "초안 만들기")
    for kind in ("business_registration", "statements"):
        owner.select_option("#f-kind", kind)
        owner.set_input_files("#f-file", {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
        press(owner, "서류 올리기")
    open_to_all(owner, "draft")
    press(owner, "신청")
    press(owner, "서류 제출 완료")
    case = owner.url.partition("?")[0].rsplit("/", 1)[1]
    owner.set_viewport_size({"width": 720, "height": 1040})

    # The guarantor's own system approves by API; the bank's cannot be reached meanwhile.
    (waiting,) = guarantor.get("/api/v1/finance/cases?state=guarantee_review").json()["items"]
    assert waiting["id"] == case and waiting["figures"] == {"share_percent": 85, "rule_fee_percent": 0.9}
    figures = {"guaranteed_krw": 153_000_000, "fee_percent": 0.9}
    step = {"action": "approve_guarantee", "figures": figures, "key": "g-1", "version": waiting["version"]}
    for _ in range(2):  # its answer was lost once
        assert guarantor.post(f"/api/v1/finance/cases/{case}/steps", json=step).json()["state"] == "guarantee_second"
    confirmed = house.finance.act(SECOND_GUARANTOR, case, "confirm_guarantee")  # above 100 million: a person besides
    assert confirmed.state == "bank_review"
    tell()
    assert bank_system.told == []
    missed = {one.message for one in webhooks.deliveries(ADMINISTRATOR, hook.id, states=["waiting"]).items}
    assert missed, "they wait"
    owner.reload()
    assert "은행의 차례" in owner.locator("main").inner_text()
    bank.goto(f"/finance/{case}")
    keep("finance-outage", owner, bank)
    bank_system.come_back()
    tell()
    assert set(bank_system.told) == missed, "told of everything once it is back, under the same names"

    # The bank refuses, the company appeals, another officer of the bank takes it up again.
    bank.reload()
    bank.locator("#f-refuse_loan-reason").fill("담보 여력이 부족합니다.")
    press(bank, "대출 거절")
    owner.reload()
    assert "담보 여력이 부족합니다." in owner.locator(".notice").last.inner_text(), "told where the owner looks first"
    owner.locator("#f-appeal_loan-reason").fill("수주 계약을 새로 맺었습니다.")
    keep("finance-refused", owner, bank)
    press(owner, "이의신청")
    bank.reload()
    assert bank.locator("#f-reopen_loan-reason").count() == 0, "whoever refused does not judge the appeal"
    assert "다른 담당자" in bank.locator("main").inner_text()
    house.finance.act(SECOND, case, "reopen_loan", reason="수주 계약을 확인했습니다.")

    # The bank offers its terms, which begin with what was applied for; the company signs; it is paid out and repaid.
    bank.goto(f"/finance/{case}")
    assert bank.locator("#f-offer_loan-loan_krw").input_value() == "180,000,000"
    bank.locator("#f-offer_loan-interest_percent").fill("4.2")
    press(bank, "대출 조건 제시")
    assert "다른 담당자" in bank.locator("main").inner_text(), "above 100 million another officer confirms"
    house.finance.act(SECOND, case, "confirm_loan")
    owner.reload()
    open_to_all(owner, "contract")
    owner.set_viewport_size({"width": 720, "height": 1040})
    press(owner, "약정 체결")
    bank.reload()
    for name in ("대출 실행", "상환 관리 시작"):
        press(bank, name)
    bank.locator("#f-report_overdue-reason").fill("할부금이 들어오지 않았습니다.")
    press(bank, "연체 알림")
    owner.reload()
    keep("finance-overdue", owner, bank)
    for name in ("연체 해소", "상환 종결"):
        press(bank, name)
    owner.reload()
    for page in (owner, bank):
        assert page.locator(".head strong").first.inner_text() == "종결"
    open_to_all(bank, "closed")
    bank.set_viewport_size({"width": 720, "height": 1040})
    keep("finance-closed", owner, bank)
    steps = guarantor.get(f"/api/v1/finance/cases/{case}").json()["steps"]
    assert [one["action"] for one in steps if one["side"] == "rule"] == ["find_eligible", "hand_over"]
