"""Pages of support programmes as an agency and a company use them, in both languages; others see nothing of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acting import Acting, acting_as
from consenting import COMPANY, OTHER_COMPANY, add_organisations
from people import token_of
from sqlalchemy import insert
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import INSTALLATION, Actor
from ktop.kernel.settings import Settings
from ktop.store.tables import organisations, users
from ktop.usecases.seasons.interface import ClauseText
from ktop.web.app import create_app
from ktop.web.pages.programme_rows import clause_row

OFFICER = Actor("user-officer", "kised", frozenset({"agency_manager"}))
EVALUATOR = Actor("user-evaluator", "kised", frozenset({"agency_evaluator"}))


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    now = datetime.now(UTC)
    known = {"id": "kised", "kind": "agency", "name_ko": "창업진흥원", "name_en": "KISED", "state": "active"}
    user = {"id": OFFICER.user, "state": "active", "demo": True, "created": now, "version": 1}
    with house._store().installation() as work:
        work.connection.execute(insert(organisations).values(**known, demo=True, settings={}, created=now, version=1))
        work.connection.execute(insert(users).values(user))
        work.identity.add_membership(OFFICER.user, "kised", "agency_manager", now)
    return house


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    app = create_app(house._settings, house)
    yield TestClient(app, base_url="http://localhost", raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def acting(client: TestClient) -> Iterator[Acting]:
    with acting_as(OFFICER) as acting:
        yield acting


def post(client: TestClient, address: str, form: dict[str, Any], page: str = "") -> Any:
    """Send a form of a page as a browser does."""
    return client.post(address, data={"csrf": token_of(client.get(page or address).text), **form})


def version(client: TestClient, address: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', client.get(address).text)
    assert found
    return found[1]


def test_a_company_applies_learns_its_result_and_appeals(client: TestClient, acting: Acting, house: House) -> None:
    draft = post(client, "/programmes/rules", {"example": "market-response"}).headers["location"]
    assert post(client, draft, {"do": "publish", "version": version(client, draft)}).status_code == 303
    call = post(client, draft, {"do": "call", "blind": "1"}).headers["location"]
    sheet = client.get("/programmes/rules?f_state=published&lang=en&file=csv").text
    assert "published" in sheet and len(sheet.strip().splitlines()) == 2
    assert draft not in client.get("/programmes/rules?q=Nothing").text

    acting.now = COMPANY
    assert client.get("/programmes/rules").status_code == 403
    assert "시장대응형" in client.get("/programmes").text and call in client.get("/programmes").text
    wrong = post(client, call, {"do": "apply", "company": "hanbit-motion"})
    assert wrong.status_code == 422 and "사업자등록번호" in wrong.text
    record = dict(house.companies.example_record(COMPANY, "hanbit-motion")) | {"business_number": None}
    kept = house.portfolio.save_company(COMPANY, record)
    checked = post(client, "/programmes/check", {"kept": kept.id})
    assert checked.status_code == 200 and checked.text.count('<section class="panel"') >= 10 and call in checked.text
    mine = post(client, call, {"do": "apply", "kept": kept.id}).headers["location"]
    assert "결과는 예비 발표 뒤에" in client.get(mine).text
    assert client.get(call).status_code == 200 and "순위를 정한 횟수" not in client.get(call).text

    acting.now = OTHER_COMPANY
    assert client.get(mine).status_code == 404
    assert post(client, call, {"do": "close", "version": "1"}, "/programmes/check").status_code == 403

    acting.now = OFFICER
    name = str(record["name"])
    assert name not in client.get(call).text, "blind until announced"
    assert post(client, call, {"do": "close", "version": version(client, call)}).status_code == 303
    assert post(client, call, {"do": "rank"}).headers["location"].endswith("?follow=1")
    assert client.get(f"{call}?follow=1").headers["refresh"]
    for job in house.work.take(INSTALLATION, "w", 5):
        house.work.do(INSTALLATION, job, lambda: None)
    assert post(client, call, {"do": "tell", "version": version(client, call)}).status_code == 303
    shown = client.get(mine).text
    assert name not in shown and "신청 자료" in shown

    acting.now = EVALUATOR
    assert client.get(mine).status_code == 200 and client.get(f"{call}/result.xlsx").status_code == 403
    assert post(client, mine, {"do": "conflict", "reason": "친척입니다."}).status_code == 303
    assert client.get(mine).status_code == 403

    acting.now = COMPANY
    assert name in client.get(mine).text and "위로 선정" in client.get(mine).text
    assert post(client, mine, {"do": "appeal", "reason": "<b>다시</b>", "kept": kept.id}).status_code == 303
    assert "&lt;b&gt;다시&lt;/b&gt;" in client.get(mine).text

    acting.now = OFFICER
    appeal = re.search(r'name="appeal" value="(\w+)"', client.get(mine).text)
    assert appeal
    done = post(client, mine, {"do": "reject", "appeal": appeal[1], "reason": "자료가 같습니다."})
    assert done.status_code == 303 and "자료가 같습니다." in client.get(mine).text
    assert post(client, call, {"do": "announce", "version": version(client, call)}).status_code == 303
    assert name in client.get(call).text
    assert client.get(f"{call}/result.xlsx").content.startswith(b"PK")
    english = client.get(f"{call}?lang=en")
    assert "announced" in english.text and not re.search("<h2[^>]*>[가-힣]", english.text)


def test_a_rule_is_read_without_the_names_of_figures_and_edited_with_them() -> None:
    reason = {"ko": "업력이 {age_years}년입니다.", "en": "The firm is {age_years} years old."}
    clause = ClauseText("age", {"ko": "업력", "en": "Age"}, "holds", "", "age_years <= 7", reason, "ask")
    row = clause_row(clause, "ko", None)
    assert row["reason"] == "업력이 …년입니다." and row["reasons"] == reason
