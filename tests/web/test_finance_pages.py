"""An application walks from company to guarantor to bank on pages and by API, and nobody sees what is not theirs."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acting import Acting, acting_as
from consenting import BANK, COMPANY, GAON, NURI, OTHER_BANK, STAFF, add_organisations, add_rating, golden
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.finance.case import Application
from ktop.domain.party.actor import Actor
from ktop.kernel.clock import today
from ktop.kernel.settings import Settings
from ktop.store.identity import OrganisationRow
from ktop.web.app import create_app

GUARANTOR = Actor("user-guarantor", "kotec", frozenset({"guarantee_officer"}))
INVESTOR = Actor("user-investor", "k-vic", frozenset({"investor_analyst"}))


def _png() -> bytes:
    """A picture of 3 × 2 pixels that also says where it was taken."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 3, 2, 8, 2, 0, 0, 0)),
        (b"tEXt", b"Comment\0where it was taken"),
        (b"IDAT", zlib.compress((b"\0" + b"\x80" * 9) * 2)),
        (b"IEND", b""),
    ]
    parts = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PHOTO = _png()


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(Settings(data=tmp_path))
    add_organisations(house._store())
    with house._store().installation() as work:
        now = datetime.now(UTC)
        work.identity.add_organisation(OrganisationRow("kotec", "operator", "기술보증기금", "KOTEC", "active", now))
    return house


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    yield TestClient(create_app(house._settings, house), base_url="http://localhost", follow_redirects=False)


@pytest.fixture
def acting(client: TestClient) -> Iterator[Acting]:
    with acting_as(COMPANY) as acting:
        yield acting


@pytest.fixture
def rating(house: House) -> str:
    with house._store().unit(COMPANY) as unit:
        return unit.ratings.add(
            kind="company",
            subject="가온정밀",
            as_of=today(),
            inputs={"record": {"name": "가온정밀", "business_number": GAON}},
            subject_key=f"business_number:{GAON}",
            results=[golden("ktrs-fm-1.3.0-hanbit-motion")],
        ).id


def send(client: TestClient, address: str, page: str, form: dict[str, Any], **files: Any) -> Any:
    return client.post(address, data={"csrf": token_of(client.get(page).text), **form}, **files)


def main_actions(page: str) -> list[str]:
    """Return what the buttons say that stand out on a page."""
    return re.findall(r'class="button" type="submit">([^<]+)<', page)


def test_a_whole_case_on_pages(client: TestClient, acting: Acting, rating: str, house: House) -> None:
    form = {"rating": rating, "guarantor": "kotec", "bank": "ibk", "purpose": "research", "months": "36"}
    refused = send(client, "/finance", "/finance", {**form, "amount_krw": "많이", "words": "<b>시제품</b>"})
    assert refused.status_code == 422 and "많이" in refused.text and "&lt;b&gt;시제품&lt;/b&gt;" in refused.text
    result = client.get(f"/ratings/{rating}").text
    assert f'href="/finance?rating={rating}#t-apply"' in result, "from the decision straight to the application"
    assert 'value="180,000,000"' in client.get(f"/finance?rating={rating}").text, "what the decision allows"
    another = add_rating(house._store(), COMPANY, NURI)
    assert "/finance?rating=" not in client.get(f"/ratings/{another}").text, "of another firm: nothing to apply with"
    assert f'value="{another}"' not in client.get("/finance").text, "of another firm"
    refused = send(client, "/finance", "/finance", form | {"rating": another, "amount_krw": "9000000"})
    assert refused.status_code == 422 and "우리 기업의 사업자등록번호" in refused.text
    asked = client.get(f"/finance?rating={another}")
    assert asked.status_code == 422 and "우리 기업의 사업자등록번호" in asked.text
    for shown in (refused.text, asked.text):
        assert f'value="{another}"' not in shown and 'value="180,000,000"' not in shown, "of another firm, refused"
    made = send(client, "/finance", "/finance", {**form, "amount_krw": "9,000만", "words": "시제품 제작"})
    assert made.status_code == 303
    case = made.headers["location"]
    shown = client.get(case).text
    assert "<dt>사용 계획</dt><dd>시제품 제작</dd>" in shown and "볼 차례가 아닙니다" not in shown
    steps = f"{case}/steps"
    wrong = send(client, f"{case}/application", case, {**form, "amount_krw": "조금", "bank": "ibk"})
    assert wrong.status_code == 422 and 'value="조금"' in wrong.text
    assert send(client, f"{case}/application", case, {**form, "amount_krw": "1억"}).status_code == 303
    assert send(client, steps, case, {"action": "submit"}).status_code == 303
    assert send(client, f"{case}/application", case, {**form, "amount_krw": "1억"}).status_code == 409
    lacking = send(client, steps, case, {"action": "hand_in"})
    assert lacking.status_code == 422 and "사업자등록증" in lacking.text
    for kind in ("business_registration", "statements"):
        file = {"file": (f"{kind}.pdf", b"%PDF-1.7 invented", "application/pdf")}
        fields = {"case": case.rsplit("/", 1)[1], "kind": kind}
        assert send(client, "/finance/documents", case, fields, files=file).status_code == 303
    photo = {"file": ("site.png", PHOTO, "image/png")}
    fields = {"case": case.rsplit("/", 1)[1], "kind": "other"}
    assert send(client, "/finance/documents", case, fields, files=photo).status_code == 303
    disguised = {"file": ("site.html", PHOTO, "text/html")}
    assert "site.html" in send(client, "/finance/documents", case, fields, files=disguised).text
    assert send(client, steps, case, {"action": "hand_in"}).status_code == 303

    acting.now = BANK
    early = client.get(case).text
    assert "보증 심사" in early and "statements.pdf" not in early, "it has not come to the bank yet"

    acting.now = GUARANTOR
    assert "우리 차례" in client.get("/finance").text
    page = client.get(case).text
    assert 'value="85,000,000"' in page and 'value="0.9"' in page, "share and fee by the rule"
    assert main_actions(page) == ["보증 승인"]
    looks = re.findall(rf'href="({case}/documents/[0-9a-f]+/picture)"', page)
    assert len(looks) == 1, "of documents only pictures are shown"
    shown = client.get(looks[0])
    assert shown.content.startswith(b"\x89PNG") and b"where it was taken" not in shown.content
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    given = {"action": "approve_guarantee", "guaranteed_krw": "90,000,000", "fee_percent": "1.1"}
    too_much = send(client, steps, case, given)
    assert too_much.status_code == 422 and "85%" in too_much.text and 'value="90,000,000"' in too_much.text
    assert send(client, steps, case, {**given, "guaranteed_krw": "8,000만"}).status_code == 422, "digits, in won"
    assert send(client, steps, case, {**given, "guaranteed_krw": "80,000,000"}).status_code == 303

    acting.now = BANK
    page = client.get(case).text
    assert "statements.pdf" in page and "조건부 승인" in page
    document = re.search(rf'href="({case}/documents/[0-9a-f]+)"', page)
    assert document
    file = client.get(document[1])
    assert file.headers["content-disposition"].startswith("attachment") and file.content.startswith(b"%PDF")
    offer = {"action": "offer_loan", "loan_krw": "100,000,000", "interest_percent": "4.2", "months": "36"}
    assert send(client, steps, case, offer).status_code == 303

    acting.now = COMPANY
    english = client.get(f"{case}?lang=en").text
    assert "Sign the contract" in english and "Interest a year" in english
    assert send(client, steps, case, {"action": "sign"}).status_code == 303
    acting.now = BANK
    for action in ("disburse", "monitor", "report_overdue", "declare_default"):
        assert send(client, steps, case, {"action": action, "reason": "두 달 연체"}).status_code == 303
    page = client.get(f"{case}?lang=en").text
    assert main_actions(page) == ["Call the guarantee"], "of four that may be taken"
    assert re.findall(r'name="action" value="(\w+)"', page)[0] == "claim_guarantee", "and it stands first"
    acting.now = COMPANY
    told = client.get(f"{case}?lang=ko").text.partition('class="notice"')[2].partition("</p>")[0]
    assert "보증사고로 처리되었습니다" in told and "두 달 연체" in told, "why, where the owner looks first"
    acting.now = BANK
    assert send(client, steps, case, {"action": "close"}).status_code == 303
    assert "Closed" in client.get(f"{case}?lang=en").text

    acting.now = OTHER_BANK
    assert client.get(case).status_code == 404 and client.get(document[1]).status_code == 404
    acting.now = INVESTOR
    assert client.get("/finance").status_code == 403


def test_an_application_above_the_limit_says_why_once_and_leads_on(
    client: TestClient, acting: Acting, rating: str
) -> None:
    form = {"rating": rating, "guarantor": "kotec", "bank": "ibk", "purpose": "export", "months": "24", "words": "수출"}
    case = send(client, "/finance", "/finance", {**form, "amount_krw": "5억"}).headers["location"]
    assert send(client, f"{case}/steps", case, {"action": "submit"}).status_code == 303
    korean, english = client.get(case).text, client.get(f"{case}?lang=en").text
    assert "넘습니다. 금액을 낮추십시오." in korean and "exceeds the limit" not in korean
    assert "exceeds the limit" in english and "넘습니다" not in english
    api = f"/api/v1/finance/cases/{case.rsplit('/', 1)[1]}"
    told = [client.get(f"{api}{lang}").json()["steps"][-1]["reason"] for lang in ("", "?lang=en")]
    assert "한도" in told[0] and "\n" not in told[0] and told[1].endswith("ask for less.")
    again = re.search(r'class="button" href="(/finance\?again=\w+)#t-apply"', korean)
    assert again, "a next step"
    begins = client.get(again[1]).text
    assert 'value="180,000,000"' in begins and 'value="24"' in begins and ">수출</textarea>" in begins
    acting.now = BANK
    assert "새로 신청하기" not in client.get(case).text and client.get(again[1]).status_code == 404


def test_forms_stand_only_before_who_may_and_the_result_while_consent_lasts(
    client: TestClient, acting: Acting, rating: str, house: House
) -> None:
    use = house.finance
    application = Application(rating, "research", 90_000_000, 36)
    made = use.apply(COMPANY, application, guarantor="kotec", bank="ibk")
    use.act(COMPANY, made.id, "submit")
    for kind in ("business_registration", "statements"):
        use.add_document(COMPANY, made.id, kind, f"{kind}.pdf", b"%PDF-1.7 invented")
    use.act(COMPANY, made.id, "hand_in")
    use.act(GUARANTOR, made.id, "refuse_guarantee", reason="매출 근거 부족")
    case = f"/finance/{made.id}"
    refused = client.get(case).text
    assert "한 번 이의신청할 수 있고" in refused and "멈추었거나 끝났습니다" not in refused
    assert refused.count('<li class="reached"') == 3, "how far it came stays to be seen"
    acting.now = STAFF
    page = client.get(case).text
    assert 'name="action"' not in page and "권한이 있는 담당자만" in page
    use.act(COMPANY, made.id, "appeal_guarantee", reason="새 수주")
    acting.now = GUARANTOR
    page = client.get(case).text
    assert 'value="uphold_guarantee"' not in page and "다른 담당자가 화면에서" in page
    assert client.get(f"/api/v1/finance/cases/{made.id}").json()["actions"] == []
    acting.now = replace(GUARANTOR, user="user-second")
    page = client.get(case).text
    assert main_actions(page) == ["이의 수용"] and "다른 담당자가 화면에서" not in page
    for actor in (BANK, GUARANTOR):
        acting.now = actor
        opened = send(client, f"/lookup/{rating}", case, {})
        assert opened.status_code == 200 and f'action="/lookup/{rating}"' in client.get(case).text
    (consent,) = [one for one in house.consents.consents(COMPANY).items if one.grantee.id == "kotec"]
    house.consents.revoke(COMPANY, consent.consent.id, "")
    page = client.get(case).text
    assert f'action="/lookup/{rating}"' not in page and "조회 동의를 거두었거나" in page


def test_a_bank_takes_part_by_api_alone(client: TestClient, acting: Acting, rating: str) -> None:
    """The bank's own system is slow, sends twice, out of order, and contradicts itself."""
    body = {"rating": rating, "guarantor": "kotec", "bank": "ibk", "purpose": "equipment", "amount_krw": 90_000_000}
    made = client.post("/api/v1/finance/cases", json={**body, "months": 24})
    assert made.status_code == 201, made.text
    case = f"/api/v1/finance/cases/{made.json()['id']}"

    def step(action: str, status: int = 201, **said: Any) -> Any:
        answer = client.post(f"{case}/steps", json={"action": action, **said})
        assert answer.status_code == status, answer.text
        return answer.json()

    changed = client.put(case, json={**body, "amount_krw": 80_000_000, "months": 24})
    assert changed.json()["application"]["amount_krw"] == 80_000_000
    assert step("submit", 200)["state"] == "documents"
    for kind in ("business_registration", "statements"):
        query = f"case={made.json()['id']}&kind={kind}&name={kind}.png"
        added = client.post(f"/api/v1/finance/documents?{query}", content=b"\x89PNG\r\n\x1a\n...")
        assert added.status_code == 201
    assert step("hand_in", 200)["state"] == "guarantee_review"
    acting.now = BANK
    offer = {"loan_krw": 80_000_000, "interest_percent": 3.9, "months": 24}
    early = step("offer_loan", 409, figures=offer, key="core-1")
    assert early["status"] == 409 and "보증 심사" in str(early)
    acting.now = GUARANTOR
    assert step("approve_guarantee", 200, figures={"guaranteed_krw": 68_000_000, "fee_percent": 1.2})
    acting.now = BANK
    seen = client.get(case).json()
    first = step("offer_loan", 200, figures=offer, key="core-2", version=seen["version"])
    again = step("offer_loan", 200, figures=offer, key="core-2", version=seen["version"])
    assert first == again
    contradiction = step("refuse_loan", 409, reason="담당자 변경", key="core-3")
    assert contradiction["status"] == 409
    assert step("offer_loan", 409, figures={**offer, "interest_percent": 9}, key="core-4")
    assert client.get(case).json()["figures"]["interest_percent"] == 3.9
    assert [one["id"] for one in client.get("/api/v1/finance/cases?state=contract").json()["items"]] == [seen["id"]]
    acting.now = OTHER_BANK
    assert client.get(case).status_code == 404
    acting.now = STAFF
    assert client.get(case).status_code == 200
    assert step("sign", 403)
    acting.now = COMPANY
    ended = step("withdraw", 200)
    acting.now = BANK  # its system was slow: what it sends now was decided before the company withdrew
    late = step("offer_loan", 200, figures=offer, key="core-2", version=seen["version"])
    assert late["state"] == "withdrawn" and late["version"] == ended["version"], "an old answer does nothing anew"
    assert step("disburse", 409, key="core-5")["status"] == 409
    found = client.get("/api/v1/finance/process").json()
    assert found["actions"]["offer_loan"]["by"] == "bank" and found["states"]["contract"]["days"] == 30
