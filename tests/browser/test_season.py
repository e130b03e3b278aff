"""An officer's whole season in the browser: rules, call, applicants, ranking, appeal, announcement, file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from playwright.sync_api import Browser
from serving import follow, open_to_all, serving

from ktop.bootstrap import House
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER
from ktop.kernel.settings import Settings
from ktop.training.reference import build_reference
from ktop.web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Settings(solo=True, data=tmp_path))


@pytest.fixture
def served(house: House) -> Iterator[str]:
    with serving(create_app(house._settings, house)) as address:
        yield address


def test_an_officers_season(house: House, served: str, browser: Browser, tmp_path: Path) -> None:
    firms = build_reference(120, 5)
    table = tmp_path / "applicants.csv"
    firms.select(name for name in firms.columns if name in FACTS and not FACTS[name].derived).write_csv(table)
    record = dict(house.companies.example_record(LOCAL_OWNER, "hanbit-motion"))
    corrected = tmp_path / "corrected.json"
    corrected.write_text(json.dumps(record | {"business_number": None}, default=str))
    rng = np.random.default_rng(3)
    supported, size = np.arange(200) % 2 == 0, rng.normal(size=200)
    sales = size[:, None] + rng.normal(size=(200, 5)) + 2 * (supported[:, None] & (np.arange(5) >= 3))
    panel = tmp_path / "panel.csv"
    columns = {
        "firm_id": np.repeat(np.arange(200), 5),
        "year": np.tile(np.arange(2017, 2022), 200),
        "treated_from": np.repeat(np.where(supported, 2020.0, np.nan), 5),
        "sales": sales.ravel(),
        "size": np.repeat(size, 5),
    }
    pl.DataFrame(columns).with_columns(pl.col("treated_from").fill_nan(None)).write_csv(panel)
    page = browser.new_page(base_url=served, locale="ko-KR", viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)  # a machine under load is no fault of the pages

    def press(name: str) -> None:
        follow(page.get_by_role("button", name=name, exact=True))

    def work() -> None:
        for job in house.work.take(INSTALLATION, "w", 5):
            house.work.do(INSTALLATION, job, lambda: None)

    page.goto("/programmes/rules")
    page.get_by_label("바탕으로 삼을 예시").select_option("market-response")
    press("초안 만들기")
    source = page.get_by_label("규칙(YAML)")
    source.fill(source.input_value().replace("tax_arrears == 0", "tax_arrears = 0"))
    press("저장하고 검사")
    assert "번째 줄" in page.locator(".alert").inner_text()
    source.fill(
        source.input_value().replace("tax_arrears = 0", "tax_arrears == 0").replace("capacity: 400", "capacity: 20")
    )
    press("저장하고 검사")
    page.locator("#f-kind").select_option("most_staff")
    page.get_by_label("값", exact=True).fill("300")
    press("조항 넣기")
    assert "총인원 300명 이하" in source.input_value()
    page.locator("section li details summary").last.click()
    page.get_by_label("걸린 기업에 알릴 사유(한국어)").last.fill("인원이 300명보다 많습니다.")
    follow(page.get_by_role("button", name="조항 고치기").last)
    assert "인원이 300명보다 많습니다." in source.input_value()
    page.get_by_label("신청 기업 표").set_input_files(table)
    press("시험")
    assert page.get_by_role("cell", name="300").or_(page.get_by_role("rowheader", name="총인원 300명 이하")).count()
    open_to_all(page, "rule")
    press("규칙 공개")
    press("접수 시작")
    page.get_by_label("신청 기업 표").set_input_files(table)
    press("올리기")
    assert "120건" in page.locator(".notice").inner_text()
    press("접수 마감")
    press("평가하고 순위 정하기")
    work()
    page.goto(page.url.split("?")[0])
    open_to_all(page, "call")
    press("예비 결과 알리기")
    call = page.url
    follow(page.locator("tbody tr").first.get_by_role("link"))
    page.get_by_label("이의신청 사유").fill("연구개발비가 빠졌습니다.")
    page.get_by_label("기업 기록 파일").set_input_files(corrected)
    press("이의신청 내기")
    open_to_all(page, "appeal")
    page.get_by_label("결정 사유").fill("자료를 확인했습니다.")
    press("받아들임")
    page.goto(call)
    press("최종 발표")
    assert "순위를 다시" in page.locator(".alert").inner_text()
    press("평가하고 순위 정하기")
    work()
    page.goto(call)
    press("최종 발표")
    with page.expect_download() as given:
        page.get_by_role("link", name="결과 내려받기").click()
    assert given.value.suggested_filename.endswith(".xlsx")
    press("선정 과제로 등록")
    assert "market-response" in page.locator("main").inner_text()
    page.goto("/programmes/report")
    assert page.locator("svg.chart-flow").count() and page.get_by_role("link", name="PDF").count()
    open_to_all(page, "report")
    page.goto("/programmes/effects")
    page.get_by_label("기업과 연도의 표").set_input_files(panel)
    page.get_by_label("성과 열").fill("sales")
    page.get_by_label("비교에 쓸 열").fill("size")
    press("분석 시작")
    work()
    page.goto(page.url.split("?")[0])
    assert "추정값" in page.locator("main").inner_text() and page.locator("svg.chart-intervals").count()
    open_to_all(page, "effect")
    follow(page.get_by_role("link", name="부처 보고용"))
    with page.expect_download() as report:
        page.get_by_role("link", name="PDF").click()
    assert report.value.suggested_filename.endswith("-effect-ministry.pdf")
    page.goto("/programmes/check")
    page.get_by_label("체험용 기업").select_option(index=1)
    press("확인")
    page.locator(".clause-unmet").first.wait_for()
    open_to_all(page, "check")
    page.goto("/programmes")
    open_to_all(page, "programmes")
    page.goto("/programmes/projects")
    open_to_all(page, "projects")
    page.close()
