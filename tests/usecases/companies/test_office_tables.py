"""Tables as offices keep them: what they say is what is rated, every row is answered, and what was done is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from damaged_inputs import DAY, FIRM, HEADER, OTHER

from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.headings import CompanyHeadings
from ktop.domain.company.row_problems import RowProblems
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.kernel.errors import InputError
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.interface import BatchReport
from ktop.usecases.companies.service import CompanyService
from ktop.usecases.uploads import read_told_table

SERVICE = CompanyService(ModelRegistry(None))


def book(path: Path, rows: Sequence[Sequence[Any]], **options: Any) -> Path:
    """Write a workbook of one sheet; ``after(workbook, sheet)`` may add to it."""
    with xlsxwriter.Workbook(str(path), options.pop("workbook", {})) as workbook:
        for name in options.pop("before", ()):
            workbook.add_worksheet(name)
        sheet = workbook.add_worksheet(options.pop("sheet", "기업"))
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if "after" in options:
            options["after"](workbook, sheet)
    return path


def rated(source: Path, lang: str = "en") -> tuple[list[dict[str, Any]], BatchReport]:
    out = source.with_name("answer.parquet")
    report = SERVICE.rate_table(LOCAL_OWNER, source, out, as_of=DAY, lang=lang)
    rows = pl.read_parquet(out).to_dicts()
    assert len(rows) == report.rows == report.rated + report.refused
    assert all(row["rated"] or row["problems"] for row in rows)
    return rows, report


def facts(source: Path) -> tuple[FactTable, RowProblems]:
    return FactTable.from_table(read_told_table(source, headings=CompanyHeadings()), DAY)


def told(report: BatchReport) -> str:
    return " ".join(report.remarks)


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("first", ["#101", "# 101", "#", "#N"])
def test_a_row_that_begins_with_a_number_sign_is_a_company(tmp_path: Path, first: str) -> None:
    rows, _ = rated(book(tmp_path / "a.xlsx", [HEADER, [first, *FIRM[1:]], OTHER]))
    assert [row["company_id"] for row in rows] == [first, "A2"]
    assert rows[0]["rated"]


def test_korean_headings_keep_whose_answer_it_is_and_every_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    number = BusinessNumber.invented(7)
    path.write_text(
        "비고,기업명,사업자등록번호,표준산업분류 코드,소재 지역,총인원,매출액(최근),연구개발비(최근),rated,담당\n"
        f"메모,가람정공,{number.digits},C29280,서울,20,3000000000,150000000,전년,김\n"
        ",나래전자,,62010,경기,31,5500000000,400000000,,이\n",
        "utf-8",
    )
    rows, _ = rated(path)
    assert [(r["company_id"], r["name"], r["business_number"]) for r in rows] == [
        (number.formatted, "가람정공", number.formatted),
        ("2", "나래전자", None),
    ]
    assert [(r["industry"], r["region"]) for r in rows] == [("C29280", "서울"), ("62010", "경기")]
    assert [r["비고"] for r in rows] == ["메모", None]
    assert [r["담당"] for r in rows] == ["김", "이"]
    assert [r["given_rated"] for r in rows] == ["전년", None]
    assert [r["rated"] for r in rows] == [True, True]
    assert list(rows[0])[:3] == ["company_id", "name", "business_number"]


@pytest.mark.parametrize(
    "words",
    ["합계", "합 계", "소계", "총계", "계", "총 합 계", "누계", "평균",
     "서울 소계", "합계(2개사)", "계 (2)", "Total",
     "TOTAL", "Sub-total", "Grand total", "Sum", "Average", "중앙값",
     "최댓값", "ＴＯＴＡＬ", "합\u00a0계", "전체 평균"],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 1])
def test_totals_are_no_companies(tmp_path: Path, words: str, place: int) -> None:
    total = ["", "", "", "", "", 51, 18, 8_500_000_000]
    total[place] = words
    rows, report = rated(book(tmp_path / "a.xlsx", [HEADER, FIRM, total, OTHER]))
    assert [row["rated"] for row in rows] == [True, False, True]
    assert "total or mean" in rows[1]["problems"]
    assert (report.rated, report.refused) == (2, 1)


def test_a_subtotal_of_an_industry_is_no_company(tmp_path: Path) -> None:
    subtotal = ["", "소 계(2)", "C29280", "KR-41", "", 51, 18, 8_500_000_000, 5e8, 9]
    rows, _ = rated(book(tmp_path / "a.xlsx", [HEADER, FIRM, OTHER, subtotal]))
    assert [row["rated"] for row in rows] == [True, True, False]
    assert "total or mean" in rows[2]["problems"]


def test_a_company_that_is_called_like_a_total_is_one(tmp_path: Path) -> None:
    firms = [["A7", "토탈합계정보", *FIRM[2:]], ["A8", "Total", *FIRM[2:]], ["A9", "기계평균연구소", *FIRM[2:]]]
    rows, _ = rated(book(tmp_path / "a.xlsx", [HEADER, *firms]))
    assert [row["rated"] for row in rows] == [True, True, True]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (["※ 자료: 각 기업 제출"], "is a note"),
        (["주1) 매출액은 별도 기준임"], "is a note"),
        (["", "출처: 협회"], "is a note"),
        (["* 2025년 결산 기준"], "is a note"),
        (["", "", "", "", "", 12, 3, 5_000_000], "does not say whose it is"),
        (
            ["연번", "기업명", "industry", "region", "설립일", "총인원", "기술인력", "매출액(최근)"],
            "repeats the headings",
        ),
        (HEADER, "repeats the headings"),
        (["", "", "", "", "", "합계", "", 8_500_000_000], "total or mean"),
    ],
)
def test_other_rows_that_are_no_companies_say_why(tmp_path: Path, row: list[Any], sentence: str) -> None:
    rows, _ = rated(book(tmp_path / "a.xlsx", [HEADER, FIRM, OTHER, row]))
    assert [r["rated"] for r in rows] == [True, True, False]
    assert sentence in rows[2]["problems"]


def test_a_company_merged_over_two_rows_is_rated_once_and_text_merged_over_two_goes_for_both(tmp_path: Path) -> None:
    def merges(workbook: Any, sheet: Any) -> None:
        plain = workbook.add_format()
        sheet.merge_range("A2:A3", "A1", plain)
        sheet.merge_range("B2:B3", "가람정공", plain)
        sheet.merge_range("C4:C5", 29280, plain)
        sheet.merge_range("D4:D5", "서울", plain)

    third = ["A3", "다온", "", "", "2016-01-04", 12, 4, 900_000_000, 90_000_000, 1]
    rows, _ = rated(
        book(
            tmp_path / "a.xlsx",
            [HEADER, FIRM, ["", "", *FIRM[2:7], 7], [*OTHER[:2], "", "", *OTHER[4:]], third],
            after=merges,
        )
    )
    assert [row["name"] for row in rows] == ["가람정공", "가람정공", "나래전자", "다온"]
    assert [row["rated"] for row in rows] == [True, False, True, True]
    assert "belongs to the company '가람정공' of row 2" in rows[1]["problems"]
    table, _ = facts(tmp_path / "a.xlsx")
    assert table.columns["industry"].tolist()[2:] == ["29280", "29280"]
    assert table.columns["region"].tolist()[2:] == ["KR-11", "KR-11"]


def test_an_amount_merged_over_two_companies_is_nobodys(tmp_path: Path) -> None:
    def merges(workbook: Any, sheet: Any) -> None:
        sheet.merge_range("H2:H3", 8_500_000_000, workbook.add_format())

    rows, _ = rated(
        book(tmp_path / "a.xlsx", [HEADER, [*FIRM[:7], "", *FIRM[8:]], [*OTHER[:7], "", *OTHER[8:]]], after=merges)
    )
    assert [row["rated"] for row in rows] == [False, False]
    assert all("H2:H3" in row["problems"] for row in rows)


# ── where the table stands ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_titles_notes_and_gaps_are_found_and_told(tmp_path: Path, ending: str) -> None:
    above = [["2026년 평가 대상 기업 현황"], [], ["", "(기준일: 2026. 6. 30.)"]]
    lines = [*above, ["", *HEADER, "", ""], ["", *FIRM], ["", *OTHER]]
    path = tmp_path / f"a.{ending}"
    if ending == "xlsx":
        book(path, lines)
    else:
        width = max(map(len, lines))
        path.write_text(
            "\n".join(",".join(map(str, [*row, *[""] * (width - len(row))])) for row in lines) + "\n", "utf-8"
        )
    rows, report = rated(path)
    assert [(r["company_id"], r["name"], r["rated"]) for r in rows] == [
        ("A1", "가람정공", True),
        ("A2", "나래전자", True),
    ]
    assert "Row 4 was taken for the headings" in told(report)
    assert "2026년 평가 대상 기업 현황" in told(report)


def test_headings_in_two_rows_with_their_unit_and_a_row_of_units(tmp_path: Path) -> None:
    def merges(workbook: Any, sheet: Any) -> None:
        plain = workbook.add_format()
        sheet.merge_range("A1:A2", "업체명", plain)
        sheet.merge_range("B1:B2", "KSIC 코드", plain)
        sheet.merge_range("C1:D1", "인력", plain)
        sheet.merge_range("E1:G1", "매출액(백만원)", plain)

    lower = ["", "", "총인원", "기술인력", "최근", "1년 전", "2년 전", "영업이익"]
    units = ["", "", "(명)", "(명)", "", "", "", "(천원)"]
    firm = ["가람정공", "C29280", 20, 6, 3000, 2500, 2000, -120_000]
    table, problems = facts(book(tmp_path / "a.xlsx", [[], lower, units, firm], after=merges))
    assert problems.ok.all()
    row = table.row(0)
    assert (row["name"], row["industry"], row["staff_total"], row["technical_staff"]) == ("가람정공", "C29280", 20, 6)
    assert [row[f"sales_krw_t{n}"] for n in range(3)] == [3e9, 2.5e9, 2e9]
    assert row["operating_profit_krw_t0"] == -120e6


def test_nameless_columns_that_hold_something_are_told_and_empty_ones_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEADER) + ",,\n" + ",".join(map(str, FIRM)) + ",,\n", "utf-8")
    rows, report = rated(path)
    assert rows[0]["rated"] and report.remarks == ()
    path.write_text(",".join(HEADER) + ",,\n" + ",".join(map(str, FIRM)) + ",,메모\n", "utf-8")
    rows, report = rated(path)
    assert rows[0]["L"] == "메모" and "without a heading" in told(report)


def test_two_columns_of_one_heading_are_refused_with_their_places(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        facts(book(tmp_path / "a.xlsx", [[*HEADER, "name"], [*FIRM, "나"]]))
    assert refused.value.key == "tables.column_twice"
    assert refused.value.params["columns"] == "B, K"
    table, _ = facts(book(tmp_path / "b.xlsx", [[*HEADER, "비고", "비고"], [*FIRM, "가", "나"]]))
    assert table.n == 1


@pytest.mark.parametrize("state", ["hide", "very_hidden"])
def test_hidden_sheets_are_named_and_not_read(tmp_path: Path, state: str) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        former, cover, now, more = (workbook.add_worksheet(name) for name in ("지난해", "표지", "올해", "참고"))
        getattr(former, state)()
        cover.activate()
        former.write_row(0, 0, HEADER)
        former.write_row(1, 0, [*FIRM[:7], 1])
        cover.write(3, 3, "기업 현황")
        for number, row in enumerate([HEADER, FIRM, OTHER]):
            now.write_row(number, 0, row)
        now.set_row(2, None, None, {"hidden": True})
        now.set_column(5, 6, None, None, {"hidden": True})
        more.write(0, 0, "끝")
    rows, report = rated(path)
    assert [row["sales_krw_t0"] for row in rows] == [3e9, 5.5e9]
    for words in (
        "'올해' was read",
        "Hidden sheets were not read: '지난해'",
        "'표지', '참고'",
        "1 hidden rows and 2 hidden",
    ):
        assert words in told(report)


# ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"])
@pytest.mark.parametrize("place", [1, 2, 4, 5, 7])
def test_errors_are_refused_by_their_cell(tmp_path: Path, error: str, place: int) -> None:
    def after(workbook: Any, sheet: Any) -> None:
        sheet.write_formula(1, place, "=1/0", None, error)

    rows, _ = rated(book(tmp_path / "a.xlsx", [HEADER, FIRM, OTHER], after=after))
    assert [row["rated"] for row in rows] == [False, True]
    assert f"{error} ({'ABCDEFGH'[place]}2)" in rows[0]["problems"]


@pytest.mark.parametrize("value", [0, ""])
def test_formulas_nobody_calculated_are_refused_by_their_cell(tmp_path: Path, value: Any) -> None:
    def after(workbook: Any, sheet: Any) -> None:
        sheet.write_formula(1, 7, "=9000*1000000", None, value)
        sheet.write_formula(2, 7, "=9000*1000000", None, 9_000_000_000)

    rows, _ = rated(
        book(tmp_path / "a.xlsx", [HEADER, [*FIRM[:7], "", *FIRM[8:]], [*OTHER[:7], "", *OTHER[8:]]], after=after)
    )
    assert [row["rated"] for row in rows] == [False, True]
    assert "#FORMULA! (H2)" in rows[0]["problems"]


@pytest.mark.parametrize("from_1904", [False, True])
def test_days_of_either_calendar_and_bare_years_in_date_cells(tmp_path: Path, from_1904: bool) -> None:
    def after(workbook: Any, sheet: Any) -> None:
        as_date = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(1, 4, datetime(2015, 4, 6), as_date)  # noqa: DTZ001 - spreadsheets have no zone
        sheet.write_number(2, 4, 2024, as_date)

    path = book(
        tmp_path / "a.xlsx",
        [HEADER, FIRM, OTHER],
        after=after,
        workbook={"default_date_format": "", "date_1904": from_1904},
    )
    table, problems = facts(path)
    assert table.row(0)["founded"] == date(2015, 4, 6)
    assert problems.ok.tolist() == [True, False]
    assert problems.found[1][0].key == "values.year_in_date_cell"


@pytest.mark.parametrize(("from_1904", "day"), [(False, date(2014, 3, 12)), (True, date(2018, 3, 13))])
def test_plain_counts_of_days_begin_where_their_workbook_does(tmp_path: Path, from_1904: bool, day: date) -> None:
    rows = [HEADER, [*FIRM[:4], 41_710, *FIRM[5:]]]
    table, problems = facts(book(tmp_path / "a.xlsx", rows, workbook={"date_1904": from_1904}))
    assert problems.ok.all() and table.row(0)["founded"] == day


@pytest.mark.parametrize(
    ("moments", "day"),
    [
        (pl.Series(["2023-06-30 00:00"]).str.to_datetime(time_zone="Asia/Seoul"), date(2023, 6, 30)),
        (pl.Series([datetime(2023, 6, 29, 15, tzinfo=UTC)]), date(2023, 6, 30)),
        (pl.Series([datetime(2023, 6, 30, tzinfo=UTC)]), date(2023, 6, 30)),
        (pl.Series(["2023-06-30 00:00"]).str.to_datetime(time_zone="America/New_York"), date(2023, 6, 30)),
        (pl.Series([datetime(2023, 6, 29, 20, tzinfo=UTC)]), None),
        (pl.Series(["2023-06-29 15:00"]).str.to_datetime(), None),
        (pl.Series(["2023-06-29 15:01"]).str.to_datetime(), date(2023, 6, 29)),
    ],
)
def test_a_midnight_is_its_own_day(moments: pl.Series, day: date | None) -> None:
    frame = pl.DataFrame({"name": ["가"], "staff_total": [5], "founded": moments})
    table, problems = FactTable.from_frame(frame, DAY)
    assert problems.ok.tolist() == [day is not None]
    assert table.row(0)["founded"] == day


@pytest.mark.parametrize(
    ("cells", "refused"),
    [
        (["29280", "1110", "3211"], [False, True, True]),  # a file that a spreadsheet saved: the other codes are whole
        (["01110", "1110", "29280"], [False, False, False]),  # zeros stand where they belong
        (["111", "1110", "26"], [False, False, False]),  # codes of groups: told only
        ([29280, 1110, 310], [False, True, True]),
        (["C29280", "A01110", "C1110"], [False, False, False]),
    ],
)
def test_a_lost_zero_is_told_from_a_short_code(cells: list[Any], refused: list[bool]) -> None:
    frame = pl.DataFrame({"name": list("가나다"), "staff_total": [5, 5, 5], "industry": cells})
    _, problems = FactTable.from_frame(frame, DAY)
    assert (~problems.ok).tolist() == refused
    unsure = any(warning.code == "industry_zero" for warning in problems.warnings)
    assert unsure == (cells[0] == "111")


@pytest.mark.parametrize(
    ("heading", "code", "found"),
    [("KSIC(9차)", "69110", "N761"), ("표준산업분류 코드(10차)", "C29271", "C29271"), ("KSIC 11", "62010", "62010"),
     ("한국표준산업분류(8차)", "72209", None)],
)  # fmt: skip
def test_revisions_of_the_classification_are_told_apart(heading: str, code: str, found: str | None) -> None:
    table, problems = FactTable.from_frame(pl.DataFrame({"name": ["가"], "staff_total": [5], heading: [code]}), DAY)
    assert table.row(0)["industry"] == found
    assert problems.ok.all() == (found is not None)
    assert "industry_revision" in {warning.code for warning in problems.warnings}


# ── letters ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _decomposed(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize(
    "written", [str, _decomposed, lambda text: f"\u200b{text}\ufeff", lambda text: f"\u3000{text}\u00a0"]
)
def test_letters_as_seen_are_what_counts(tmp_path: Path, written: Any) -> None:
    path = tmp_path / "a.csv"
    header = ["기업명", "소재 지역", "총인원", "기술인력", "매출액(최근)", "대표자 학위", "벤처기업 확인"]
    cells = ["가람정공", "서울", "46", "15", "10240000000", "석사", "예"]
    path.write_text("\n".join(",".join(map(written, row)) for row in (header, cells)) + "\n", "utf-8")
    table, problems = facts(path)
    row = table.row(0)
    assert problems.ok.all() and problems.warnings == []
    assert (row["name"], row["region"], row["staff_total"], row["ceo_degree"], row["venture_certified"]) == (
        "가람정공", "KR-11", 46, 2, 1,
    )  # fmt: skip
    assert row["sales_krw_t0"] == 10_240_000_000
    (answer,), _ = rated(path)
    assert (answer["name"], answer["region"]) == ("가람정공", "서울")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_of_two_encodings_are_read_each_in_its_own(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "a.csv"
    lines = [
        ",".join(HEADER).encode(),
        ",".join(map(str, FIRM)).encode("utf-8"),
        ",".join(map(str, OTHER)).encode("cp949"),
    ]
    path.write_bytes(newline.encode().join(lines) + newline.encode())
    rows, report = rated(path)
    assert [row["name"] for row in rows] == ["가람정공", "나래전자"]
    assert "not UTF-8 and were read as CP949: 1 (line 3)" in told(report)


def test_a_file_in_cp949_alone_is_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    names = ["징", "가람", "채움", "㈜나래", "뷁"]
    path.write_bytes(
        "\n".join([",".join(HEADER), *(",".join(map(str, [n, n, *FIRM[2:]])) for n in names)]).encode("cp949")
    )
    rows, report = rated(path)
    assert [row["name"] for row in rows] == names
    assert report.remarks == ()


def test_damaged_letters_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    broken = ",".join(map(str, OTHER)).encode("utf-8").replace("전".encode(), b"\xff\xff")
    path.write_bytes(b"\n".join([",".join(HEADER).encode(), ",".join(map(str, FIRM)).encode(), broken]))
    rows, report = rated(path)
    assert [row["rated"] for row in rows] == [True, False]
    assert "damaged" in rows[1]["problems"] and "line 3" in told(report)


# ── units ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("above", "heading", "cell", "won"),
    [
        ([], "매출액(최근)(천원)", 3_000_000, 3e9),
        ([], "매출액(최근) [단위: 백만원]", 3_000, 3e9),
        ([], "매출액(최근, 억원)", 30.5, 3.05e9),
        ([], "Sales (latest year) (KRW million)", "3,000.1", 3.0001e9),
        ([], "sales_krw_t0(천원)", 0.1, 100),
        ([["(단위: 천원)"]], "매출액(최근)", 3_000_000, 3e9),
        ([["기업 현황", "", "", "단위 : 백만원, 명"]], "매출액(최근)", 3_000, 3e9),
        ([["기업 현황(단위: 천원)"]], "매출액(최근)(백만원)", 3_000, 3e9),
        ([["(단위: 원)"]], "매출액(최근)", 3_000, 3_000),
        ([], "매출액(최근)", "3억 5,000만원", 3.5e8),
        ([], "매출액(최근)", "10,240백만원", 10.24e9),
        ([["(단위: 천원)"]], "매출액(최근)", "3억원", None),
        ([], "매출액(최근)(천원)", "5백만원", None),
    ],
)
def test_a_stated_unit_is_applied_and_told(
    tmp_path: Path, above: list[list[str]], heading: str, cell: Any, won: float | None
) -> None:
    source = book(tmp_path / "a.xlsx", [*above, ["기업명", "총인원", "기술인력", heading], ["가람", 20, 6, cell]])
    table, problems = facts(source)
    assert problems.ok.all() == (won is not None)
    assert table.row(0)["sales_krw_t0"] == won
    assert table.row(0)["staff_total"] == (20 if won is not None else None)
    codes = {warning.code for warning in problems.warnings}
    if won is not None and won != 3_000:
        assert codes & {"unit_of_heading", "unit_of_note", "amounts_in_words"}


@pytest.mark.parametrize(
    ("above", "heading", "key"),
    [
        ("(단위: 천원, 백만원)", "매출액(최근)", "facts.several_units"),
        ("(단위: 천달러)", "매출액(최근)", "facts.foreign_currency"),
        ("현황", "매출액(최근)(USD)", "facts.foreign_currency"),
    ],
)
def test_units_that_cannot_be_applied_are_asked_for(tmp_path: Path, above: str, heading: str, key: str) -> None:
    with pytest.raises(InputError) as refused:
        facts(book(tmp_path / "a.xlsx", [[above], ["기업명", "총인원", heading], ["가람", 20, 6]]))
    assert refused.value.key == key


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_torn_and_moved_rows_are_refused_and_a_stray_quote_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [",".join(map(str, [f"A{n}", f"회사{n}", *FIRM[2:]])) for n in range(12)]
    lines[3] = lines[3].replace("회사3", '"회사3')
    lines[5] = lines[5].replace("3000000000", "3,000,000,000")
    lines[7] = lines[7].rsplit(",", 2)[0]
    lines[9] = lines[9].replace("회사9", '"회사 ""9"", 둘째\n줄"')
    path.write_text("\n".join([",".join(HEADER), *lines]) + "\n", "utf-8")
    rows, report = rated(path)
    assert [row["company_id"] for row in rows] == [f"A{n}" for n in range(12)]
    assert [row["company_id"] for row in rows if not row["rated"]] == ["A5", "A7"]
    assert "13 fields" in rows[5]["problems"] and "8 fields" in rows[7]["problems"]
    assert rows[9]["name"] == '회사 "9", 둘째\n줄' and rows[3]["name"] == '"회사3'
    assert "quote that is never closed" in told(report)


def test_categories_decimals_and_lists(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "name": pl.Series(["가람", "나래"], dtype=pl.Categorical),
            "staff_total": pl.Series(["46", "12"], dtype=pl.Categorical),
            "region": pl.Series(["서울", "부산"], dtype=pl.Enum(["서울", "부산"])),
            "sales_krw_t0": pl.Series(["1000.5", "2000"]).cast(pl.Decimal(20, 2)),
            "memo": [["a", "b"], []],
            "span": [timedelta(days=1), None],
            "group": [{"a": 1}, {"a": 2}],
        }
    )
    table, problems = FactTable.from_frame(frame, DAY)
    assert problems.ok.all()
    assert table.columns["staff_total"].tolist() == [46, 12]
    assert table.columns["region"].tolist() == ["KR-11", "KR-26"]
    assert table.columns["sales_krw_t0"].tolist() == [1000.5, 2000]
    source = tmp_path / "a.parquet"
    frame.write_parquet(source)
    for ending in ("csv", "xlsx", "parquet"):
        SERVICE.rate_table(LOCAL_OWNER, source, tmp_path / f"out.{ending}", as_of=DAY)
    assert pl.read_csv(tmp_path / "out.csv")["memo"].to_list() == ['["a", "b"]', "[]"]


@pytest.mark.parametrize(
    "column", [pl.Series([[1]]), pl.Series([{"a": 1}]), pl.Series([timedelta(days=1)]), pl.Series([b"5"])], ids=str
)
@pytest.mark.parametrize("fact", ["staff_total", "company_id", "founded"])
def test_columns_of_no_single_values_are_refused_in_one_sentence(column: pl.Series, fact: str) -> None:
    with pytest.raises(InputError) as refused:
        FactTable.from_frame(pl.DataFrame({"name": ["가"], fact: column}), DAY)
    assert refused.value.key == "facts.column_kind"


def test_days_that_no_calendar_has_are_refused_with_their_column(tmp_path: Path) -> None:
    for kind, far in ((pl.Date, 2_932_897), (pl.Date, -2_000_000_000), (pl.Datetime("ms"), 10**16)):
        frame = pl.DataFrame({"name": ["가"], "staff_total": [5], "notes": pl.Series([far]).cast(kind)})
        frame.write_parquet(tmp_path / "a.parquet")
        with pytest.raises(InputError) as refused:
            facts(tmp_path / "a.parquet")
        assert refused.value.key == "tables.days_out_of_range"


def test_lines_of_json_are_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"name": "가람", "staff_total": 20, "technical_staff": 6, "patents_registered": 2, "industry": "01110"}\n'
        '{"name": "나래", "staff_total": "1,031", "technical_staff": 6, "industry": 1110, "note": {"a": 1}}\n'
        '{"name": "다온", "staff_total": 5, "name": "두 번"}\n'
        "\n[1, 2]\n{\n",
        "utf-8",
    )
    rows, _ = rated(path)
    assert [row["rated"] for row in rows] == [True, False, False, False, False]
    assert [row["name"] for row in rows] == ["가람", "나래", None, None, None]
    assert "lost its first zero" in rows[1]["problems"]
    assert ["Line 3" in rows[2]["problems"], "Line 5" in rows[3]["problems"], "Line 6" in rows[4]["problems"]] == [
        True
    ] * 3


# ── a ministry's workbook ─────────────────────────────────────────────────────────────────────────────────────────────

FIRMS = 8_000


def ministry_workbook(path: Path) -> Mapping[int, str]:
    """Write 8,000 firms as a ministry keeps them; return the place of each planted fault and what its reason names."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        cover, sheet, former = (workbook.add_worksheet(name) for name in ("표지", "평가대상", "전년도(보관)"))
        former.hide()
        former.write_row(0, 0, ["기업명", "매출액(최근)"])
        former.write_row(1, 0, ["옛 회사", 1])
        cover.write("C5", "2026년 기술평가 대상기업 현황")
        bold, plain = workbook.add_format({"bold": True}), workbook.add_format()
        as_date = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.merge_range("A1:K1", "2026년도 기술평가 대상기업 현황", bold)
        sheet.write("A2", "○ 기준일: 2026. 6. 30.")
        sheet.write("K3", "(단위: 백만원, 명)")
        for place, words in enumerate(
            ["연번", "기업명", "사업자등록번호", "표준산업분류 코드(10차)", "시도", "설립일"]
        ):
            sheet.merge_range(3, place, 4, place, words, bold)
        sheet.merge_range("G4:H4", "인력", bold)
        sheet.merge_range("I4:K4", "재무", bold)
        sheet.write_row(4, 6, ["총인원", "기술인력", "매출액(최근)", "연구개발비(최근)(천원)", "영업이익"])
        faults: dict[int, str] = {}
        row, place = 5, 0
        for number in range(FIRMS):
            sheet.write_row(row, 0, [number + 1, f"회사{number:04d}", BusinessNumber.invented(number).formatted])
            sheet.write(row, 3, "C29280" if number % 2 else 26110)
            sheet.write(row, 4, ["서울", "부산광역시", "경기"][number % 3])
            sheet.write_datetime(row, 5, datetime(2000 + number % 25, 1 + number % 12, 1 + number % 28), as_date)  # noqa: DTZ001
            sheet.write_row(row, 6, [10 + number % 90, 3, 1_000 + number, 50_000.5 + number, -5])
            if number % 997 == 5:
                sheet.write_formula(row, 8, "=1/0", plain, "#DIV/0!")
                faults[place] = f"#DIV/0! (I{row + 1})"
            elif number % 997 == 6:
                sheet.write_string(row, 6, "약 50명")
                faults[place] = "약 50명"
            row, place = row + 1, place + 1
            if number % 1000 == 999:
                sheet.merge_range(row, 0, row, 2, f"소계({number // 1000 + 1})", bold)
                sheet.write_row(row, 6, [50_000, 3_000, 1_500_000, 5e7, -5_000])
                faults[place] = "소계"
                row, place = row + 1, place + 1
        sheet.merge_range(row, 0, row, 5, "합 계", bold)
        sheet.write_row(row, 6, [400_000, 24_000, 12_000_000, 4e8, -40_000])
        sheet.write(row + 1, 0, "※ 자료: 각 기업 제출 자료를 집계한 것으로 실제와 다를 수 있음")
        faults |= {place: "합 계", place + 1: "자료"}
    return faults


def test_a_ministrys_workbook_is_answered_firm_by_firm(tmp_path: Path) -> None:
    source = tmp_path / "ministry.xlsx"
    faults = ministry_workbook(source)
    rows, report = rated(source)
    assert len(rows) == FIRMS + 10
    assert {place for place, row in enumerate(rows) if not row["rated"]} == set(faults)
    for place, words in faults.items():
        assert words in rows[place]["problems"]
    firms = [row for row in rows if row["name"] and row["name"].startswith("회사")]
    assert [row["name"] for row in firms] == [f"회사{n:04d}" for n in range(FIRMS)]
    assert [row["business_number"] for row in firms] == [BusinessNumber.invented(n).formatted for n in range(FIRMS)]
    assert [row["연번"] for row in firms] == [str(n + 1) for n in range(FIRMS)]
    for words in (
        "'평가대상' was read",
        "not read: '표지'",
        "Hidden sheets were not read: '전년도(보관)'",
        "Row 5 was taken for the headings",
        "'(단위: 백만원, 명)' above the table (row 3) amounts were multiplied by",
        "multiplied by 1,000 won (1)",
        "revision 10",
    ):
        assert words in told(report)
    table, problems = facts(source)
    assert problems.ok.sum() == FIRMS + 10 - len(faults)
    assert table.row(0)["sales_krw_t0"] == 1_000e6
    assert table.row(0)["rnd_expense_krw_t0"] == 50_000_500
    assert table.row(0)["operating_profit_krw_t0"] == -5e6
    assert (table.row(1)["founded"], table.row(1)["region"]) == (date(2001, 2, 2), "KR-26")
