"""Batch files: what cells may look like, what refuses a row, and how fast 16,183 rows are read."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ktop.catalogue import LANGS
from ktop.domain.company.fact_frame import batch_columns
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.facts import company_facts
from ktop.domain.company.record import Company
from ktop.domain.company.row_problems import RowProblems
from ktop.domain.values.registration_numbers import BusinessNumber, CorporateNumber
from ktop.kernel.errors import InputError

from .records import AS_OF, record

pl = pytest.importorskip("polars")
NUMBER = BusinessNumber.invented(3)


def read(ignore: tuple[str, ...] = (), **columns: Any) -> tuple[FactTable, RowProblems]:
    return FactTable.from_frame(pl.DataFrame(columns), AS_OF, ignore=ignore)


def value(fact: str, cell: Any) -> Any:
    table, problems = read(name=["x"], **{fact: [cell]})
    assert problems.ok.all(), problems.reasons(0, "en")
    return table.row(0)[fact]


@pytest.mark.parametrize(
    ("fact", "cell", "expected"),
    [
        ("sales_krw_t0", "1,234,567", 1234567),
        ("sales_krw_t0", " 1234567.5 ", 1234567.5),
        ("sales_krw_t0", "1.5e9", 1.5e9),
        ("sales_krw_t0", 12, 12),
        ("sales_krw_t0", "3억", 3e8),
        ("sales_krw_t0", "3억 5,000만원", 3.5e8),
        ("sales_krw_t0", "10,240백만 원", 10_240e6),
        ("operating_profit_krw_t0", "△1,234천원", -1_234_000),
        ("staff_total", "４６", 46),
        ("staff_total", "\u200b46\ufeff", 46),
        ("region", "\u1109\u1165\u110b\u116e\u11af", "KR-11"),
        ("name_en", "\u1100\u1161\u200b", "가"),
        ("rnd_organisation", "연구개발전담부서", 1),
        ("business_number", "000-00-00000", None),
        ("business_number", 0, None),
        ("corporate_number", "000000-0000000", None),
        ("business_number", f'="{NUMBER.digits}"', NUMBER.formatted),
        ("industry", "01110", "01110"),
        ("industry", 6201, "6201"),
        ("industry", "KSIC10 C29271", "C29271"),
        ("industry", "69(9차)", "N76"),
        ("sales_krw_t0", None, None),
        ("sales_krw_t0", "", None),
        ("sales_krw_t0", "N/A", None),
        ("sales_krw_t0", " - ", None),
        ("sales_krw_t0", "미상", None),
        ("sales_krw_t0", float("nan"), None),
        ("sales_krw_t0", 0, 0),
        ("operating_profit_krw_t0", "(1,234)", -1234),
        ("operating_profit_krw_t0", "△1,234", -1234),
        ("operating_profit_krw_t0", "▲5", -5),
        ("operating_profit_krw_t0", "-5", -5),
        ("staff_total", "12", 12),
        ("staff_total", 12.0, 12),
        ("ceo_degree", "석사", 2),
        ("ceo_degree", "Doctor", 3),
        ("ceo_degree", "1", 1),
        ("rnd_organisation", "없음", 0),
        ("rnd_organisation", "none", 0),
        ("rnd_organisation", "기업부설연구소", 2),
        ("venture_certified", "예", 1),
        ("venture_certified", "N", 0),
        ("venture_certified", True, 1),
        ("q07", "4", 4),
        ("founded", "2014-03-12", date(2014, 3, 12)),
        ("founded", "2014. 3. 12.", date(2014, 3, 12)),
        ("founded", "2014/3/12 00:00:00", date(2014, 3, 12)),
        ("founded", "20140312", date(2014, 3, 12)),
        ("founded", 20140312, date(2014, 3, 12)),
        ("founded", 41710.0, date(2014, 3, 12)),
        ("founded", date(2014, 3, 12), date(2014, 3, 12)),
        ("founded", datetime(2014, 3, 12, 9), date(2014, 3, 12)),  # noqa: DTZ001 - spreadsheets have no zone
        ("founded", "", None),
        ("business_number", NUMBER.digits, NUMBER.formatted),
        ("business_number", float(NUMBER.digits), NUMBER.formatted),
        ("business_number", int(NUMBER.digits), NUMBER.formatted),
        ("corporate_number", CorporateNumber.invented(3).digits, CorporateNumber.invented(3).formatted),
        ("region", "서울", "KR-11"),
        ("region", "kr-26", "KR-26"),
        ("region", 41, "KR-41"),
        ("industry", "c29280", "C29280"),
        ("industry", 62, "62"),
        ("industry", 62010.0, "62010"),
        ("name_en", "  Garam  ", "Garam"),
    ],
)
def test_cells_as_people_write_them(fact: str, cell: Any, expected: Any) -> None:
    assert value(fact, cell) == expected


@pytest.mark.parametrize(
    ("fact", "cell", "key"),
    [
        ("sales_krw_t0", "3천", "not_a_number"),
        ("sales_krw_t0", "#DIV/0! (H2)", "error_value"),
        ("tax_arrears", "#REF!", "error_value"),
        ("name_en", "#N/A", "error_value"),
        ("founded", "1900-01-01", "day_placeholder"),
        ("founded", date(1900, 1, 1), "day_placeholder"),
        ("founded", date(1905, 7, 16), "year_in_date_cell"),
        ("founded", 41012, "day_or_count"),
        ("founded", 10312, "day_or_count"),
        ("industry", 1110, "industry_zero_lost"),
        ("industry", 3211.0, "industry_zero_lost"),
        ("industry", 310, "industry_zero_lost"),
        ("business_number", "111-11-11119", "business_number_placeholder"),
        ("corporate_number", "1" * 13, "corporate_number_placeholder"),
        ("sales_krw_t0", "1,2,3", "comma_groups"),
        ("sales_krw_t0", "12,50", "comma_groups"),
        ("sales_krw_t0", "inf", "not_a_number"),
        ("sales_krw_t0", float("inf"), "out_of_range"),
        ("sales_krw_t0", "(5)", "out_of_range"),
        ("sales_krw_t0", -1, "out_of_range"),
        ("sales_krw_t0", 1e18, "out_of_range"),
        ("staff_total", 3.5, "not_whole"),
        ("ceo_degree", 7, "not_a_choice"),
        ("ceo_degree", "professor", "not_a_choice"),
        ("venture_certified", 2, "not_yes_no"),
        ("q01", 0, "not_a_choice"),
        ("q01", 6, "not_a_choice"),
        ("q01", 2.5, "not_a_choice"),
        ("founded", "2014-02-31", "no_such_day"),
        ("founded", "spring", "not_a_date"),
        ("founded", "2026-07-01", "founded_after_as_of"),
        ("business_number", "123", "business_number_digits"),
        ("business_number", "1234567890", "business_number_check_digit"),
        ("corporate_number", "1", "corporate_number_digits"),
        ("region", "Atlantis", "region_unknown"),
        ("industry", "99999", None),
        ("industry", "X", "industry_unknown"),
        ("industry", "C04", "industry_unknown"),
        ("industry", "A29280", "industry_section"),
        ("size", "huge", "not_a_choice"),
    ],
)
def test_cells_that_refuse_their_row(fact: str, cell: Any, key: str | None) -> None:
    table, problems = read(name=["good", "bad"], **{fact: [None, cell]})
    if key is None:
        assert problems.ok.all()
        return
    assert problems.ok.tolist() == [True, False]
    room = "facts" if key == "founded_after_as_of" else "values"
    assert [problem.key for problem in problems.found[1]] == [f"{room}.{key}"]
    for lang in LANGS:
        assert problems.reasons(0, lang) == []
        (sentence,) = problems.reasons(1, lang)
        assert "{" not in sentence
    assert problems.reason_column("ko")[0] is None
    assert table.ok.tolist() == [True, False]
    assert table.row(1)["name"] == "bad"
    assert all(v is None for name, v in table.row(1).items() if name not in ("name", "company_id", "business_number"))


def test_facts_of_a_row_may_not_contradict_each_other() -> None:
    _, problems = read(technical_staff=[3, 4, None, 4], staff_total=[3, 3, 3, None])
    assert problems.ok.tolist() == [True, False, True, True]
    assert "4" in problems.reasons(1, "en")[0]
    assert "총인원" in problems.reasons(1, "ko")[0]


def test_columns_may_have_their_korean_or_english_label() -> None:
    table, problems = read(**{"기업명": ["가람"], "Sales (latest year)": [5], " STAFF_TOTAL ": [3]})
    assert table.row(0)["name"] == "가람"
    assert table.row(0)["sales_krw_t0"] == 5
    assert table.row(0)["staff_total"] == 3
    assert problems.warnings == []


def test_unknown_columns_are_named_and_a_near_miss_is_suggested() -> None:
    _, problems = read(name=["x"], salse_krw_t0=[1], remark=["hm"], latent=[2], ignore=("latent",))
    assert {w.code for w in problems.warnings} == {"unknown_column_near", "unknown_columns"}
    texts = " ".join(w.text["en"] for w in problems.warnings)
    assert "sales_krw_t0" in texts
    assert "remark" in texts
    assert "latent" not in texts


def test_two_columns_of_one_fact_are_refused() -> None:
    with pytest.raises(InputError) as refused:
        read(name=["x"], 기업명=["y"])
    assert refused.value.key == "facts.column_twice"


def test_a_table_without_facts_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        read(a=[1], b=[2])
    assert refused.value.key == "facts.no_fact_columns"


def test_an_empty_row_is_refused_and_an_empty_table_is_not() -> None:
    _, problems = read(name=["x", None], sales_krw_t0=[None, ""])
    assert problems.ok.tolist() == [True, False]
    assert problems.found[1][0].key == "facts.empty_row"
    table, problems = FactTable.from_frame(pl.DataFrame({"name": [], "sales_krw_t0": []}), AS_OF)
    assert (table.n, problems.refused) == (0, 0)


def test_every_row_has_an_id_and_doubled_ids_are_told() -> None:
    table, problems = read(
        company_id=["A", "A", None, None], business_number=[None, None, NUMBER.digits, None], name=list("wxyz")
    )
    assert table.columns["company_id"].tolist() == ["A", "A", NUMBER.formatted, "4"]
    assert [w.code for w in problems.warnings] == ["id_twice"]


def test_numbers_off_the_corporate_rule_are_told_but_taken() -> None:
    off = "110111-0062433"
    table, problems = read(corporate_number=[CorporateNumber.invented(1).digits, off])
    assert table.columns["corporate_number"][1] == off
    assert [w.code for w in problems.warnings] == ["corporate_check_digit"]
    assert "no. 2" in problems.warnings[0].text["en"]


def test_only_the_first_reasons_are_told_and_the_rest_counted() -> None:
    bad = {f"q{n:02d}": [9] for n in range(1, 11)}
    _, problems = read(**bad)
    assert problems.counts.tolist() == [10]
    assert len(problems.reasons(0, "en")) == 6
    assert "5 more places" in problems.reasons(0, "en")[-1]


def test_derived_facts_are_worked_out_and_a_given_one_only_fills_a_gap() -> None:
    table, _ = read(
        industry=["62", None],
        industry_group=["machinery", "기계·금속·운송장비"],
        staff_total=[50, None],
        size=["micro", "small"],
        founded=["2023-06-30", None],
        age_band=["mature", "growth"],
        age_years=[99.0, 5.0],
    )
    assert table.columns["industry_group"].tolist() == ["software_ict", "machinery"]
    assert table.columns["size"].tolist() == ["medium", "small"]
    assert table.columns["age_band"].tolist() == ["startup", "growth"]
    assert table.columns["age_years"][0] == pytest.approx(3.0, abs=0.01)


def test_a_foreign_row_is_read_by_isic() -> None:
    table, _ = read(industry=["28", "28"], region=["foreign", "KR-11"])
    assert table.columns["industry_group"].tolist() == ["machinery", "electronics"]


def test_a_record_and_its_batch_row_give_the_same_facts() -> None:
    facts = company_facts(Company.from_mapping(record()), AS_OF)
    names = [column["name"] for column in batch_columns()]
    for cells in ({n: [facts[n]] for n in names}, {n: [None if facts[n] is None else str(facts[n])] for n in names}):
        table, problems = FactTable.from_frame(pl.DataFrame(cells), AS_OF)
        assert problems.ok.all(), problems.reasons(0, "en")
        assert table.row(0) == facts


def test_the_batch_columns_are_all_facts_that_are_not_derived() -> None:
    columns = batch_columns()
    assert [c["name"] for c in columns] == [name for name, spec in FACTS.items() if not spec.derived]
    assert all(set(c["label"]) == set(LANGS) for c in columns)


def test_rows_can_be_chosen() -> None:
    table, _ = read(name=["a", "b", "c"], staff_total=[1, 2, 3])
    part = table.take(np.array([False, True, True]))
    assert (part.n, part.columns["name"].tolist(), part.columns["staff_total"].tolist()) == (2, ["b", "c"], [2, 3])


def test_sixteen_thousand_rows_of_text_are_read_in_half_a_second() -> None:
    n = 16_183
    cells: dict[str, Any] = {}
    for name, spec in FACTS.items():
        if not spec.derived:
            cells[name] = [str(spec.example)] * n
    cells["business_number"] = [BusinessNumber.invented(i).formatted for i in range(n)]
    cells["company_id"] = [f"A{i}" for i in range(n)]
    cells["sales_krw_t0"] = ["8,200,000,000"] * n
    cells |= {f"remark_{i}": ["x"] * n for i in range(100 - len(cells))}
    frame = pl.DataFrame(cells)
    FactTable.from_frame(frame.head(5), AS_OF)
    best = np.inf
    for _ in range(3):  # the best of three: the machine may be busy
        begin = time.process_time()
        table, problems = FactTable.from_frame(frame, AS_OF)
        best = min(best, time.process_time() - begin)
    assert problems.ok.all()
    assert table.n == n
    assert best < 0.5


def test_the_example_batch_holds_the_example_companies() -> None:
    import yaml

    folder = Path(__file__).resolve().parents[3] / "examples" / "companies"
    frame = pl.read_csv(folder / "batch.csv", infer_schema=False)
    table, problems = FactTable.from_frame(frame, AS_OF)
    assert problems.ok.all()
    assert problems.warnings == []
    for row, name in enumerate(("hanbit-motion", "saebyeok-metal", "narae-lab")):
        facts = company_facts(Company.from_mapping(yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8"))), AS_OF)
        for fact, found in table.row(row).items():
            assert found == pytest.approx(facts[fact], rel=1e-3) if isinstance(found, float) else found == facts[fact]
