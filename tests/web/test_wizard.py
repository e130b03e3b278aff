"""The wizard on the real platform: drafts, every problem at its field, the record that comes of it, and lists."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from acting import acting_as
from consenting import BANK, COMPANY, GAON, add_organisations
from markup import problems
from people import token_of
from starlette.testclient import TestClient

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.clock import today
from ktop.kernel.settings import Settings
from ktop.web.app import create_app


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(Settings(solo=True, data=tmp_path_factory.mktemp("data")))


@pytest.fixture
def browser(house: House) -> Iterator[TestClient]:
    found = TestClient(create_app(house._settings, house), follow_redirects=False)
    found.get("/companies?lang=en")
    yield found


def read(browser: TestClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code, answer.text[:500])
    return html.unescape(answer.text)


def send(browser: TestClient, address: str, status: int = 303, **fields: str) -> Any:
    token = token_of(browser.get("/companies").text)
    answer = browser.post(address, data={"csrf": token, **fields})
    assert answer.status_code == status, (address, answer.status_code, html.unescape(answer.text)[:3000])
    return answer


def begun(browser: TestClient, **fields: str) -> str:
    """Send the first step; return the address of the others."""
    onward = send(browser, "/my/companies/new", **{"name": "가온정밀", "industry": "C29271", **fields})
    return str(onward.headers["location"].rsplit("/", 1)[0])


def test_five_steps_lead_to_a_result_whose_answers_can_be_changed(browser: TestClient, house: House) -> None:
    address = begun(browser, founded="2016-05-02", region="KR-30")
    figures = {"unit": "1000", "year": str(today().year - 1), "staff_total": "34", "technical_staff": "11"}
    figures |= {"sales_krw_t0": "8,200,000", "sales_krw_t1": "6,900,000", "net_income_krw_t0": "480000"}
    figures |= {"status_statements": "evidenced", "note_statements": "감사보고서"}
    assert send(browser, f"{address}/figures", **figures).headers["location"] == f"{address}/technology"
    assert send(browser, f"{address}/technology", patents_registered="3").headers["location"] == f"{address}/checklist"
    answer = send(browser, f"{address}/checklist", question="q01", q01="4", note_q01="특허증")
    assert answer.headers["location"] == f"{address}/checklist?question=q02"
    assert (
        send(browser, f"{address}/checklist", question="q02", go="step:consent")
        .headers["location"]
        .endswith("/consent")
    )
    assert "Questions open: 24" in read(browser, f"{address}/consent")
    result = send(browser, f"{address}/consent").headers["location"]
    kept_id = address.split("/")[3]
    (version,) = house.portfolio.records_of(LOCAL_OWNER, kept_id)
    record = version.record
    assert record["statements"][0] == {
        "year": today().year - 1,
        "net_income": 480_000_000,
        "sales": 8_200_000_000,
    }
    assert record["checklist"] == {"q01": 4}
    assert {s["path"]: (s["source"], s.get("status")) for s in record["sources"]} == {
        "statements": ("감사보고서", "evidenced"),
        "checklist.q01": ("특허증", None),
    }
    stored = house.ratings.rating(LOCAL_OWNER, result.rsplit("/", 1)[1])
    assert stored.company == kept_id
    again = browser.get(f"/my/companies/new?rating={stored.id}")
    assert again.headers["location"] == f"/my/companies/{kept_id}/enter/who"
    assert 'value="8,200"' in read(browser, f"{address}/figures"), "what is whole millions is shown in millions"
    changed = {"unit": "1000000", "year": str(today().year - 1), "staff_total": "34", "technical_staff": "20"}
    send(browser, f"{address}/figures", **(changed | {"sales_krw_t0": "8,200", "sales_krw_t1": "6,900"}))
    send(browser, f"{address}/consent")
    page = read(browser, f"/my/companies/{kept_id}")
    assert problems(browser.get(f"/my/companies/{kept_id}").text) == []
    assert "11 persons → 20 persons" in page and "The first result." in page


def test_every_problem_stands_at_its_field_in_the_unit_typed_and_nothing_is_lost(browser: TestClient) -> None:
    address = begun(browser, name="새 기업")
    typed = {"unit": "1000", "year": "2025", "staff_total": "12", "research_staff": "50", "sales_krw_t0": "much"}
    typed |= {"total_assets_krw_t0": "1000", "equity_krw_t0": "2,500"}
    page = html.unescape(send(browser, f"{address}/figures", 422, **typed).text)
    for name in ("research_staff", "sales_krw_t0", "equity_krw_t0"):
        assert f'href="#f-{name}"' in page and f'id="p-{name}"' in page
    assert "2,500 KRW thousand" in page and "1,000 KRW thousand" in page
    left = read(browser, f"{address}/figures")
    assert 'value="much"' in left and 'value="50"' in left
    assert "needs correction" in read(browser, f"{address}/technology")
    refused = html.unescape(send(browser, f"{address}/consent", 422).text)
    assert f'href="{address}/figures#f-research_staff"' in refused


def test_figures_hardly_possible_are_asked_back_once(browser: TestClient) -> None:
    address = begun(browser, name="큰 숫자")
    typed = {
        "unit": "1000000",
        "year": "2025",
        "staff_total": "12",
        "sales_krw_t0": "1240000",
        "net_income_krw_t0": "9",
    }
    page = html.unescape(send(browser, f"{address}/figures", 422, **typed).text)
    settled = re.search(r'name="settled" value="([^"]+)"', page)
    assert settled
    assert send(browser, f"{address}/figures", **typed, settled=settled[1]).headers["location"].endswith("/technology")
    assert send(browser, f"{address}/figures", **typed).headers["location"].endswith("/technology")


def test_another_unit_and_another_language_keep_what_was_typed(browser: TestClient) -> None:
    address = begun(browser, name="단위")
    send(browser, f"{address}/figures", unit="1000000", year="2025", sales_krw_t0="8,200", go="later")
    switched = send(
        browser,
        f"{address}/figures",
        unit="1000",
        year="2025",
        sales_krw_t0="8,200",
        sales_krw_t1="6900000",
        go="lang:ko",
    ).headers["location"]
    page = read(browser, switched)
    assert '<html lang="ko">' in page and 'value="8,200,000"' in page and 'value="6900000"' in page


def test_rows_copied_from_a_spreadsheet_and_an_uploaded_template_fill_the_form(browser: TestClient) -> None:
    address = begun(browser, name="붙여넣기")
    rows = "과목\t2023\t2024\nⅠ. 매출액\t5,800\t6,900\n자본총계\t\t3,100\n알 수 없음\t1\t2"
    page = html.unescape(
        send(browser, f"{address}/figures", 200, unit="1000000", year="2025", go="paste", pasted=rows).text
    )
    assert re.search(r'name="sales_krw_t0" value="6,900"', page) and re.search(
        r'name="sales_krw_t1" value="5,800"', page
    )
    assert "알 수 없음" in page and '<option value="2024" selected>' in page
    sheet = browser.get(f"{address}.xlsx")
    assert sheet.status_code == 200
    token = token_of(browser.get("/companies").text)
    filled = browser.post(f"{address}.xlsx", data={"csrf": token}, files={"sheet": ("k.xlsx", sheet.content)})
    assert filled.status_code == 200 and 'name="sales_krw_t0" value="6,900"' in filled.text
    broken = browser.post(f"{address}.xlsx", data={"csrf": token}, files={"sheet": ("k.xlsx", b"no")})
    assert broken.status_code == 422


def test_companies_are_found_named_and_put_away_and_drafts_dropped(browser: TestClient) -> None:
    address = begun(browser, name="찾을 기업")
    kept_id = address.split("/")[3]
    assert "찾을 기업" in read(browser, "/my/companies?q=찾을&drafts=1")
    page = read(browser, f"/my/companies/{kept_id}")
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    edit = {"version": version[1], "name": "찾은 기업", "note": "봄"}
    send(browser, f"/my/companies/{kept_id}", **edit)
    send(browser, f"/my/companies/{kept_id}", 412, **edit)
    assert "찾은 기업" in read(browser, "/my/companies?q=찾은")
    send(browser, f"/my/companies/{kept_id}/draft")
    assert browser.get(f"/my/companies/{kept_id}").status_code == 404


def test_an_industry_is_found_by_words(browser: TestClient) -> None:
    page = html.unescape(send(browser, "/my/companies/new", 200, name="이차", go="find", words="배터리").text)
    assert 'type="radio" name="industry" value="C28"' in page


def test_a_technology_is_kept_and_changed(browser: TestClient) -> None:
    assert send(browser, "/my/technologies/new", title="필름", text="수분을 만나면 색이 변한다.").headers["location"]
    page = read(browser, "/my/technologies?q=필름")
    found = re.search(r'href="(/my/technologies/[0-9a-f]+)"', page)
    assert found
    send(browser, found[1], title="새 필름", text="색이 변한다.", version="1", note="")
    assert "새 필름" in read(browser, found[1])
    send(browser, found[1], 412, title="옛", text="글", version="1")


def test_what_if_asks_everything_and_refuses_what_the_form_refuses(browser: TestClient, house: House) -> None:
    record = house.companies.example_record(LOCAL_OWNER, "hanbit-motion")
    kept = house.ratings.rate_company(LOCAL_OWNER, record, None)
    page = read(browser, f"/ratings/{kept.id}?part=what-if")
    assert page.count('class="question"') == 25 + 15 and "founded" in page
    answered = html.unescape(send(browser, f"/ratings/{kept.id}/what-if", 200, q01="1", q02="1", q13="1").text)
    assert "tone-bad" in answered.split('id="what-if-result"')[1]
    wrong = html.unescape(
        send(browser, f"/ratings/{kept.id}/what-if", 422, staff_total="12", research_staff="50", sales_krw_t0="x").text
    )
    assert 'href="#f-research_staff"' in wrong and 'href="#f-sales_krw_t0"' in wrong
    alone = html.unescape(send(browser, f"/ratings/{kept.id}/what-if", 422, research_staff="5000").text)
    assert 'role="alert"' in alone, "what stands in the record counts, too"


def test_the_end_gives_the_consent_that_was_asked_for_and_none_else(house: House) -> None:
    add_organisations(house._store())
    app = create_app(house._settings.model_copy(update={"solo": False}), house)
    with acting_as(COMPANY) as acting:
        client = TestClient(app, base_url="http://localhost", follow_redirects=False)
        csrf = token_of(client.get("/my/companies/new").text)
        first = {"csrf": csrf, "name": "가온정밀", "industry": "C29271", "business_number": GAON}
        who = client.post("/my/companies/new", data=first).headers["location"]
        page = client.get(who.rsplit("/", 1)[0] + "/who").text
        assert f'href="/collect?number={GAON[:3]}' in page, "the wizard leads to collecting, with the number"
        assert 'href="/my/companies/new"' in client.get(f"/collect?number={GAON}").text
        figures = {"csrf": csrf, "unit": "1000000", "year": str(today().year - 1), "staff_total": "34"}
        figures |= {"technical_staff": "11", "sales_krw_t0": "8,200", "sales_krw_t1": "6,900"}
        assert client.post(who, data=figures).headers["location"].endswith("/technology")
        end = who.rsplit("/", 1)[0] + "/consent"
        refused = client.post(end, data={"csrf": csrf, "share": "1", "results": "ktrs-fm"})
        assert refused.status_code == 422 and house.consents.consents(COMPANY).items == []
        given = {"csrf": csrf, "share": "1", "institution": "ibk", "purpose": "loan_review", "results": "ktrs-fm"}
        done = client.post(end, data=given)
        assert done.status_code == 303, re.findall(r"role=.alert.*?</div>", done.text, re.S)
        result = done.headers["location"]
        (card,) = house.consents.consents(COMPANY).items
        assert (card.grantee.id, card.consent.state, card.consent.terms.purpose) == ("ibk", "active", "loan_review")
        assert card.consent.terms.results == {"ktrs-fm"} and not card.consent.terms.inputs
        client.post(end, data={"csrf": csrf, "share": "", "institution": "shinhan", "results": "ktrs-fm"})
        assert len(house.consents.consents(COMPANY).items) == 1, "a no is a no, whatever else is chosen"
        acting.now = BANK
        found = house.lookups.find(BANK, GAON, "page").results
        assert result.rsplit("/", 1)[1] in {one.id for one in found}
