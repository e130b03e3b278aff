"""Spreadsheets of companies: templates, errors by cell, what is taken in and what comes back marked."""

from __future__ import annotations

import contextlib
import io
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from ktop.bootstrap import House
from ktop.domain.company.sheets import SheetHeadings, SheetRow, label_of, sheets
from ktop.domain.party.actor import Actor
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError, NotFoundError, TooLargeError
from ktop.report.company_sheets import write_sheets
from ktop.usecases.sheets import service
from ktop.usecases.sheets.interface import SheetImport

OWNER = Actor("anna", "firm", frozenset({"company_owner"}))
OTHER = Actor("ben", "other", frozenset({"company_owner"}))
ONE, TWO = (BusinessNumber.invented(number).formatted for number in (9001, 9002))


def filled(lang: Any, *rows: tuple[str, dict[str, Any]]) -> bytes:
    """Return the template with rows in it, as somebody saves it."""
    return write_sheets(list(sheets().values()), lang, [SheetRow(sheet, 0, cells) for sheet, cells in rows], str)


def wrong(found: SheetImport) -> set[tuple[str, int, str, str]]:
    return {(one.sheet, one.row, one.column, one.key.split(".")[1]) for one in found.problems}


def test_right_rows_are_kept_and_the_rest_comes_back_marked(house: House) -> None:
    content = filled(
        "ko",
        (
            "companies",
            {"business_number": ONE, "name": "가나센서", "founded": "2014년 3월 1일", "region": "대전광역시"},
        ),
        ("companies", {"business_number": TWO, "name": '=HYPERLINK("http://x.invalid")', "industry": "zzz"}),
        ("companies", {"name": "이름만"}),
        ("statements", {"business_number": ONE, "statements.year": 2024, "statements.unit": "천 원"} | AMOUNTS),
        ("statements", {"business_number": ONE, "statements.year": 2024, "statements.sales": 1}),
        ("statements", {"business_number": TWO, "statements.year": 2024, "statements.sales": 1}),
        ("staff", {"business_number": ONE, "staff.date": "2024.12.31", "staff.total": 10, "staff.research": 12}),
        ("projects", {"business_number": ONE, "rnd_projects.start": "20240105", "rnd_projects.title": "과제"}),
        ("checklist", {"business_number": ONE, "q01": 3, "q02": "7"}),
    )
    found = house.sheets.give(OWNER, content, "C:\\files\\firms.xlsx", "ko")
    assert (found.file, found.companies, found.new, found.wrong_rows) == ("firms.xlsx", 1, 1, 6)
    assert wrong(found) == {
        ("companies", 4, "industry", "industry_unknown"),
        ("companies", 5, "business_number", "key_needed"),
        ("statements", 4, "statements.year", "twice"),
        ("statements", 5, "business_number", "company_refused"),
        ("staff", 3, "staff.research", "exceeds"),
        ("checklist", 3, "q02", "not_a_choice"),
    }
    assert not house.portfolio.kept_companies(OWNER).items, "a preview keeps nothing"

    taken = house.sheets.take(OWNER, found.id)
    (kept,) = house.portfolio.kept_companies(OWNER).items
    (version,) = house.portfolio.records_of(OWNER, kept.id)
    assert (kept.name, taken.state, taken.wrong_rows) == ("가나센서", "taken", 6)
    assert version.record["founded"] == "2014-03-01" and version.record["region"] == "KR-30"
    assert version.record["statements"] == [{"year": 2024, "unit": "thousand_krw", "sales": 1000, "equity": -50}]
    assert (
        version.record["rnd_projects"] == [{"title": "과제", "start": "2024-01-05"}] and "staff" not in version.record
    )
    with pytest.raises(ConflictError):
        house.sheets.take(OWNER, found.id)

    rest = house.sheets.rest(OWNER, found.id)
    book = CalamineWorkbook.from_filelike(io.BytesIO(rest.content))
    first = book.get_sheet_by_name("기업").to_python()
    assert [row[2] for row in first[2:]] == ['=HYPERLINK("http://x.invalid")', "이름만"], "text, and no formula"
    assert "표준산업분류" in first[2][-1]
    again = house.sheets.give(OWNER, rest.content, rest.name)
    assert again.wrong_rows == 5, "the second statement of the year does no more stand beside another"
    assert again.unknown == [], "what we wrote ourselves is no unknown heading"


AMOUNTS = {"statements.sales": "1,000", "statements.equity": "△50"}


def test_what_is_left_empty_stays_and_what_is_said_replaces(house: House) -> None:
    base = {
        "name": "가나센서",
        "business_number": ONE,
        "founded": "2014-03-01",
        "statements": [{"year": 2024, "unit": "million_krw", "sales": 5, "total_assets": 9}],
        "rnd_projects": [{"title": "A", "start": "2023-01-01"}],
        "sources": [
            {"path": "statements.2024.sales", "source": "opendart", "status": "evidenced"},
            {"path": "statements.2024.total_assets", "source": "opendart", "status": "evidenced"},
            {"path": "rnd_projects", "source": "ntis", "status": "evidenced"},
        ],
    }
    kept = house.portfolio.save_company(OWNER, base)
    rows = (
        ("statements", {"business_number": ONE, "statements.year": 2024, "statements.sales": 6_000_000}),
        ("projects", {"business_number": ONE, "rnd_projects.title": "B", "rnd_projects.start": "2024-01-01"}),
    )
    found = house.sheets.give(OWNER, filled("en", *rows), "more.xlsx")
    assert (found.companies, found.new, found.wrong_rows) == (1, 0, 0)
    house.sheets.take(OWNER, found.id)
    newest, _ = house.portfolio.records_of(OWNER, kept.id)
    assert newest.number == 2 and newest.record["founded"] == "2014-03-01"
    assert newest.record["statements"] == [
        {"year": 2024, "unit": "krw", "sales": 6_000_000, "total_assets": 9_000_000}
    ], "two units of one year become won"
    told = {one["path"]: one for one in newest.record["sources"]}
    assert told["statements.2024.sales"]["source"] == told["rnd_projects"]["source"] == "self-reported"
    assert told["statements.2024.total_assets"]["status"] == "evidenced", "what did not change keeps its evidence"
    same = house.sheets.give(OWNER, filled("en", rows[0]), "same.xlsx")
    assert house.sheets.take(OWNER, same.id).companies == 1
    with pytest.raises(NotFoundError):
        house.sheets.rest(OWNER, same.id)


def test_tables_as_offices_keep_them(house: House, tmp_path: Path) -> None:
    korean = "재무 현황 (단위: 천원)\n사업자등록번호,기업명,결산연도,매출액\n"
    korean += f"{ONE},가나,2023년,'1000\n{ONE},가나,2022,1000\n"
    house.portfolio.save_company(OWNER, {"name": "가나", "business_number": ONE})
    found = house.sheets.give(OWNER, korean.encode("cp949"), "표.csv")
    assert [(one.sheet, one.rows, one.right) for one in found.counts] == [("statements", 2, 1)]
    house.sheets.take(OWNER, found.id)
    (kept,) = house.portfolio.kept_companies(OWNER).items
    newest = house.portfolio.records_of(OWNER, kept.id)[0].record
    assert newest["statements"] == [{"year": 2022, "unit": "thousand_krw", "sales": 1000}]

    path = tmp_path / "odd.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        page = workbook.add_worksheet("인원")
        page.write_row(0, 0, ["사업자등록번호", "날짜", "총인원", "기술인력", "연구인력", "비고"])
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        for row in range(1, 6):
            page.write(row, 0, ONE)
            page.write_datetime(row, 1, date(2020 + row, 12, 31), day)
            page.write(row, 5, "note")
        page.write_formula(1, 2, "=4+6", value=10)
        page.write_formula(2, 2, "=1/0", value="#DIV/0!")
        page.merge_range(3, 2, 4, 2, 8)
        page.write(5, 2, "2024")
        page.write(5, 3, "많음")
        workbook.add_worksheet("메모").write(0, 0, "아무 말")
    odd = house.sheets.give(OWNER, path.read_bytes(), "odd.xlsx")
    assert wrong(odd) == {
        ("staff", 3, "staff.total", "error_value"),
        ("staff", 4, "staff.total", "merged"),
        ("staff", 5, "staff.total", "merged"),
        ("staff", 6, "staff.technical", "not_a_number"),
    }
    assert odd.unknown == ["비고"] and ("sheets.sheet_unknown", {"sheet": "메모"}) in odd.told


def test_headings_may_state_the_unit_and_two_units_are_refused(house: House) -> None:
    house.portfolio.save_company(OWNER, {"name": "가나", "business_number": ONE})
    head = "사업자등록번호,결산연도,매출액(백만원),자산총계(백만원),단위\n"
    found = house.sheets.give(OWNER, f"{head}{ONE},2023,5,7,\n{ONE},2022,5,7,천 원\n".encode(), "a.csv")
    assert wrong(found) == {("statements", 3, "statements.unit", "several_units")}
    house.sheets.take(OWNER, found.id)
    (kept,) = house.portfolio.kept_companies(OWNER).items
    assert house.portfolio.records_of(OWNER, kept.id)[0].record["statements"][0]["unit"] == "million_krw"


def test_headings_as_offices_write_them_are_known() -> None:
    known = {
        "companies": {
            "상호": "name",
            "사업자번호(필수)": "business_number",
            "설립년월일": "founded",
            "업종코드(KSIC)": "industry",
        },
        "statements": {
            "결산년도": "statements.year",
            "매출(천원)": "statements.sales",
            "자기자본": "statements.equity",
        },
        "staff": {"기준일": "staff.date", "상시종업원수": "staff.total"},
        "projects": {"과제명": "rnd_projects.title"},
    }
    for sheet, headings in known.items():
        told = SheetHeadings(sheets()[sheet])
        assert {heading: told.meaning(heading) for heading in headings} == headings
    for heading in ("업종코드(9차)", "상시종업원수(여성)", "매출액(추정)"):
        assert all(SheetHeadings(one).meaning(heading) is None for one in sheets().values()), heading
    for one in sheets().values():
        assert [SheetHeadings(one).meaning(label_of(column)["ko"]) for column in one.columns] == list(one.columns)


def test_every_template_reads_back_empty_and_has_lists_and_notes(house: House) -> None:
    for lang in ("ko", "en"):
        for sheet in (None, *sheets()):
            content = house.sheets.template(OWNER, sheet, lang).content  # type: ignore[arg-type]  # of a plain loop
            with pytest.raises(InputError, match=r"sheets\.empty"):
                house.sheets.give(OWNER, content, "empty.xlsx")
            names = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
            assert len(names) == (len(sheets()) if sheet is None else 1) + 1
    with pytest.raises(NotFoundError):
        house.sheets.template(OWNER, "nothing")


def test_others_files_and_wrong_ones_are_refused(house: House) -> None:
    found = house.sheets.give(OWNER, filled("ko", ("companies", {"business_number": ONE, "name": "가"})), "a.xlsx")
    for call in (house.sheets.given, house.sheets.take, house.sheets.rest):
        with pytest.raises(NotFoundError):
            call(OTHER, found.id)
    with pytest.raises(ForbiddenError):
        house.sheets.given(Actor("olga", "operator", frozenset({"operator"})), found.id)
    for content, name, key in (
        (b"PK\x03\x04", "a.xlsx", "records.broken_table"),
        (b"a,b\n1,2\n", "a.csv", "sheets.no_sheet"),
        (b"x", "a.pdf", "sheets.unknown_file"),
    ):
        with pytest.raises(InputError, match=key):
            house.sheets.give(OWNER, content, name)
    rows = "\n".join(f"{ONE},{year % 200 + 1950},1" for year in range(20_001))
    with pytest.raises(TooLargeError, match="too_many_rows"):
        house.sheets.give(OWNER, f"사업자등록번호,결산연도,매출액\n{rows}".encode(), "a.csv")


def test_two_who_take_a_file_in_at_one_moment_keep_it_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = house.sheets.give(OWNER, filled("ko", ("companies", {"company_id": "a-1", "name": "가"})), "a.xlsx")
    together = threading.Barrier(2)
    planned = service.plan

    def plan(*given: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):  # only one comes here
            together.wait(0.5)
        return planned(*given)

    monkeypatch.setattr(service, "plan", plan)
    refused: list[ConflictError] = []

    def take() -> None:
        try:
            house.sheets.take(OWNER, found.id)
        except ConflictError as error:
            refused.append(error)

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(house.portfolio.kept_companies(OWNER).items) == len(refused) == 1
