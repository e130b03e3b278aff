"""An officer watches firms on a page and a program by the API: the same portfolio, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acting import Acting, acting_as
from consenting import BANK, COMPANY, GAON, add_organisations, add_rating, terms
from markup import problems
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import Actor
from ktop.kernel.settings import Settings
from ktop.web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    return house


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    yield TestClient(create_app(house._settings, house), base_url="http://localhost", follow_redirects=False)


@pytest.fixture
def acting(client: TestClient) -> Iterator[Acting]:
    with acting_as(BANK) as acting:
        yield acting


def send(client: TestClient, address: str, form: dict[str, Any], page: str = "/watch") -> Any:
    token = token_of(client.get(page).text)
    return client.post(address, data={"csrf": token, **form})


def test_the_portfolio_on_the_page_and_by_program(client: TestClient, acting: Acting, house: House) -> None:
    assert "아직 넣은 기업이 없습니다" in client.get("/watch").text
    add_rating(house._store(), COMPANY, GAON)
    assert send(client, "/watch", {"business_number": GAON}).status_code == 404, "no consent: nothing, and no hint"
    assert client.post("/api/v1/watch", json={"business_number": "1"}).status_code == 422
    house.consents.give(COMPANY, "ibk", terms(results={"ktrs-fm", "tech-index"}, inputs={"derived", "identity"}), "")
    assert send(client, "/watch", {"business_number": GAON}).status_code == 303
    shown = client.get("/watch").text
    assert "가온정밀" in shown and "AA" in shown and "동의가 30일 안에 끝남" in shown and "허핀달 지수 1.00" in shown
    for lang in ("en", "ko"):
        assert problems(client.get(f"/watch?lang={lang}").text) == []
    assert client.get("/watch?since=2999-01-01").status_code == 422
    assert client.get("/watch?file=csv").content.decode("utf-8-sig").startswith("기업,조기경보")
    found = client.get("/api/v1/watch").json()
    assert [one["company"]["id"] for one in found["companies"]] == ["gaon"]
    assert found["companies"][0]["now"]["business"] == "AA-" and found["industries"]["index"] == 1
    assert client.post("/api/v1/watch/all").json() == {"added": 0}
    assert client.delete("/api/v1/watch/gaon").status_code == 204
    assert client.delete("/api/v1/watch/gaon").status_code == 404
    assert send(client, "/watch/all", {}).status_code == 303
    assert send(client, "/watch/gaon/end", {}).status_code == 303
    acting.now = COMPANY
    assert client.get("/watch").status_code == 403


def test_an_administrator_sets_the_rules_that_officers_work_by(
    client: TestClient, acting: Acting, house: House
) -> None:
    rating = add_rating(house._store(), COMPANY, GAON)
    house.consents.give(COMPANY, "ibk", terms(inputs={"derived", "identity", "credit"}), "")
    assert rating and client.get("/organisation/rules").status_code == 403
    acting.now = Actor("user-admin", "ibk", frozenset({"institution_administrator"}))
    rules = "/organisation/rules"
    page = client.get(rules).text
    assert "아직 정한 기준이 없습니다" in page
    loan = {"most_krw": "2억", "most_months": "48", "interest_AAA": "3.5", "interest_A": "4.2"}
    assert send(client, f"{rules}/loan", {**loan, "interest_A": "99"}, rules).status_code == 422
    loan["most_krw"] = "200,000,000"
    asked = {"try": "1", "grade": "A", "amount_krw": "300,000,000", "months": "36"}
    tried = send(client, f"{rules}/loan", {**loan, **asked}, rules).text
    assert "연 4.2%" in tried and "한도에 맞추어" in tried and "아직 정한 기준이 없습니다" in tried
    assert "이자율이 없어" in send(client, f"{rules}/loan", {**loan, **asked, "grade": "B"}, rules).text
    assert send(client, f"{rules}/loan", loan, rules).status_code == 303
    assert client.get("/api/v1/finance/loan-rule").json()["interest_percent"] == {"AAA": 3.5, "A": 4.2}
    given = {"most_krw": 100_000_000, "most_months": 24, "interest_percent": {"BBB": 5}}
    assert client.put("/api/v1/finance/loan-rule", json=given).json()["version"] == 2
    body = {"rule": given, "grade": "BBB-", "amount_krw": 50_000_000, "months": 12}
    assert client.post("/api/v1/finance/loan-rule/try", json=body).json()["interest_percent"] == 5
    assert send(client, f"{rules}/portfolio", {"industry_percent": "900"}, rules).status_code == 422
    assert (
        send(client, f"{rules}/portfolio", {"industry_percent": "60", "region_percent": ""}, rules).status_code == 303
    )
    assert client.get("/api/v1/watch-limits").json() == {"industry_percent": 60, "region_percent": None}
    for lang in ("en", "ko"):
        assert problems(client.get(f"{rules}?lang={lang}").text) == []
    acting.now = BANK
    send(client, "/watch/all", {})
    shown = client.get("/watch?lang=en").text
    assert "Shares above their limits" in shown and "limit 60 %" in shown
    found = client.get("/api/v1/watch").json()
    assert found["exceeded"][0]["percent"] == 100 and found["companies"][0]["now"]["closed"] is False
    acting.now = Actor("user-admin", "gaon", frozenset({"institution_administrator"}))
    assert "대출 기준" not in client.get(rules).text and client.get("/api/v1/finance/loan-rule").status_code == 403
