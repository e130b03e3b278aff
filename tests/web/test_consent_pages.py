"""Consents, look-ups, the inbox and the ledger as people of both sides use them, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import Acting, acting_as
from consenting import BANK, COMPANY, GAON, OTHER_BANK, STAFF, add_organisations, add_rating
from markup import problems
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.kernel.settings import Settings
from ktop.web.app import create_app

RATING = "ktrs-fm-1.3.0-hanbit-motion"
SALES = "93억"


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    return house


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    yield TestClient(
        create_app(house._settings, house),
        base_url="http://localhost",
        raise_server_exceptions=False,
        follow_redirects=False,
    )


@pytest.fixture
def acting(client: TestClient) -> Iterator[Acting]:
    with acting_as(BANK) as acting:
        yield acting


def post(client: TestClient, address: str, form: dict[str, object], page: str) -> object:
    """Send a form of a page as a browser does."""
    return client.post(address, data={"csrf": token_of(client.get(page).text), **form})


def test_from_the_request_to_the_ledger(client: TestClient, acting: Acting, house: House) -> None:
    rating = add_rating(house._store(), COMPANY, GAON, RATING)
    form = {"business_number": GAON, "purpose": "loan_review", "results": ["ktrs-fm"], "inputs": ["staff", "credit"]}
    asked = post(client, "/consents/requests", {**form, "reason": "<b>운전자금</b>"}, "/consents")
    assert asked.status_code == 303
    address = asked.headers["location"]
    assert "&lt;b&gt;운전자금&lt;/b&gt;" in client.get(address).text
    assert f'action="{address}/grant"' not in client.get(address).text, "a bank does not consent for a company"

    acting.now = COMPANY
    page = client.get(address).text
    assert problems(page) == []
    assert "요청됨" in page and "동의하지 않아도 되며" in page
    answer = {"results": ["ktrs-fm"], "inputs": ["staff"], "reason": "신용 제외"}
    granted = post(client, f"{address}/grant", answer, address)
    given = granted.headers["location"]
    assert given != address and "동의함" in client.get(given).text

    acting.now = BANK
    assert "동의함" in client.get("/consents").text
    found = post(client, "/lookup", {"business_number": GAON}, "/lookup")
    assert found.status_code == 200 and f'action="/lookup/{rating}"' in found.text
    opened = post(client, f"/lookup/{rating}", {}, "/lookup")
    assert opened.status_code == 200 and "/finance?rating=" not in opened.text, "only its company applies with it"
    assert "AA-" in opened.text and "기술인력" in opened.text and "항목별 기여와 개선 제안은" in opened.text
    assert "이용 목적: 대출 심사" in opened.text and "까지 이 목적으로만 쓸 수 있습니다." in opened.text
    limits = client.get(f"/api/v1/lookups/{rating}").json()["limits"]
    assert (limits["purpose"], limits["results"], limits["inputs"]) == ("loan_review", ["ktrs-fm"], ["staff"])
    assert limits["valid_until"] >= limits["valid_from"]
    fed = client.get("/api/v1/result-feed?since=0").json()
    assert [(one["rating"], one["limits"]) for one in fed["items"]] == [(rating, limits)]
    since = f"/api/v1/result-feed?since={fed['since']}"
    assert client.get(since).json()["items"] == []
    assert "매출액" not in re.sub(r"<(header|footer).*?</\1>", "", opened.text, flags=re.S)
    english = client.get("/consents?lang=en").text
    assert "Loan review" in english and "active" in english

    acting.now = COMPANY
    ledger = client.get("/ledger?lang=ko").text
    assert "IBK기업은행" in ledger and "기술사업평가등급, 인력" in ledger
    revoked = post(client, f"{given}/revoke", {"reason": "끝"}, given)
    assert revoked.status_code == 303
    acting.now = BANK
    assert post(client, f"/lookup/{rating}", {}, "/lookup").status_code == 404
    (gone,) = client.get(since).json()["items"]
    assert (gone["rating"], gone["state"], gone["limits"]) == (rating, "withdrawn", None)


def test_receipts_are_files_in_both_languages(client: TestClient, acting: Acting, house: House) -> None:
    acting.now = COMPANY
    form = {
        "institution": "ibk",
        "purpose": "monitoring",
        "results": ["tech-index"],
        "once": "1",
        "reason": "가\u0000나",
    }
    given = post(client, "/consents", form, "/consents").headers["location"]
    for lang in ("ko", "en"):
        pdf = client.get(f"{given}/receipt.pdf?lang={lang}")
        assert pdf.status_code == 200 and pdf.content.startswith(b"%PDF-") and len(pdf.content) < 200_000
        assert f"-{lang}.pdf" in pdf.headers["content-disposition"]
    shown = client.get(f"{given}?lang=ko").text
    assert "user-gaon (비밀번호 + 인증 앱)" in shown and "password+totp" not in shown
    receipt = client.get(f"{given}/receipt.json").json()
    assert receipt["pii_processing"]["purposes"][0]["frequency"] == "once"
    acting.now = OTHER_BANK
    for path in ("", "/receipt.pdf", "/receipt.json"):
        assert client.get(given + path).status_code == 404


def test_a_result_is_sent_opened_and_taken_back(client: TestClient, acting: Acting, house: House) -> None:
    rating = add_rating(house._store(), COMPANY, GAON, RATING)
    for acting.now, sends in ((COMPANY, True), (STAFF, False)):
        assert (f'href="/send/{rating}"' in client.get(f"/ratings/{rating}").text) == sends
        assert ('href="/sent"' in client.get("/consents").text) == sends
    acting.now = COMPANY
    form = {"institution": "ibk", "purpose": "loan_review", "message": "심사 <i>부탁</i>", "signed": "1"}
    assert post(client, f"/send/{rating}", form, f"/send/{rating}").headers["location"] == "/sent"
    withdraw = re.search(r'action="(/sent/[0-9a-f]{32}/withdraw)"', client.get("/sent").text)
    acting.now = BANK
    inbox = client.get("/inbox").text
    assert "가온정밀" in inbox and "심사 &lt;i&gt;부탁&lt;/i&gt;" in inbox
    open_it = re.search(r'action="(/inbox/[0-9a-f]{32})"', inbox)
    assert withdraw and open_it
    assert "AA-" in post(client, open_it[1], {}, "/inbox").text
    file = post(client, f"{open_it[1]}/file", {}, "/inbox")
    assert file.headers["content-type"].startswith("application/json")
    acting.now = COMPANY
    assert "읽은 때" in client.get("/sent").text
    assert post(client, withdraw[1], {}, "/sent").status_code == 303
    acting.now = BANK
    assert "회수함" in client.get("/inbox").text
    assert post(client, open_it[1], {}, "/lookup").status_code == 409


def test_what_is_wrong_is_said_beside_the_form(client: TestClient, acting: Acting, house: House) -> None:
    wrong = post(client, "/consents/requests", {"business_number": "1", "purpose": "loan_review"}, "/consents")
    assert wrong.status_code == 422 and "보여 줄 평가 결과를" in wrong.text
    form = {"business_number": "1", "purpose": "loan_review", "results": ["ktrs-fm"], "inputs": ["staff"]}
    wrong = post(client, "/consents/requests", form, "/consents")
    assert wrong.status_code == 422 and "10자리" in wrong.text
    assert re.search(r'value="staff" checked', wrong.text), "nothing that was checked is lost"
    assert post(client, "/lookup", {"business_number": GAON}, "/lookup").status_code == 404
    acting.now = COMPANY
    given = post(
        client, "/consents", {"institution": "ibk", "purpose": "monitoring", "results": ["tech-index"]}, "/consents"
    ).headers["location"]
    wider = post(client, f"{given}/narrow", {"results": ["tech-index", "ktrs-fm"]}, given)
    assert wider.status_code == 422 and "적은 결과" in wider.text


def test_forms_from_elsewhere_and_roles_that_may_not_change_nothing(
    client: TestClient, acting: Acting, house: House
) -> None:
    acting.now = COMPANY
    form = {"institution": "ibk", "purpose": "monitoring", "results": ["tech-index"]}
    assert client.post("/consents", data=form).status_code == 403
    given = post(client, "/consents", form, "/consents").headers["location"]
    assert client.post(f"{given}/revoke", data={}).status_code == 403
    acting.now = STAFF
    assert f'action="{given}/revoke"' not in client.get(given).text
    for address in (f"{given}/revoke", f"{given}/narrow", "/consents"):
        assert post(client, address, form, "/technology").status_code == 403
    acting.now = BANK
    assert post(client, f"{given}/revoke", {}, "/lookup").status_code == 403
    for address in ("/ledger", "/sent"):
        assert (client.get(address).status_code == 403) == (address == "/ledger")
