"""Statements of other than twelve months: found from months, first days and year ends, brought to a year, and told."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.catalogue import LANGS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.rated_subject import RatedSubject
from ktop.kernel.errors import InputError

DAY = date(2026, 6, 1)
FLOWS = {"sales": 300.0, "operating_profit": 30.0, "net_income": -12.0, "rnd_expense": 9.0, "training_expense": 3.0,
         "marketing_expense": 6.0, "interest_expense": 1.5, "dividends": 0.0}  # fmt: skip
STOCKS = {"total_assets": 900.0, "equity": 400.0, "intangible_assets": 20.0, "borrowings": 100.0}


def subject(*statements: dict[str, Any], **record: Any) -> RatedSubject:
    filled = [{"unit": "million_krw", **FLOWS, **STOCKS, **statement} for statement in statements]
    return RatedSubject.of({"name": "가나다", "statements": filled, **record}, DAY)


def periods_told(found: RatedSubject) -> dict[str, str]:
    return {w.code: w.text["en"] for w in found.warnings if w.code.startswith("period")}


def sales(found: RatedSubject, back: int = 0) -> Any:
    return found.facts[f"sales_krw_t{back}"]


def test_a_short_year_after_a_change_of_the_year_end_is_brought_to_a_year() -> None:
    """31 December to 31 March: three months. Flows times four, stocks as they are, and the year before as it was."""
    found = subject({"year": 2024}, {"year": 2025, "year_end": "2025-03-31"})
    for item, amount in FLOWS.items():
        assert found.facts[f"{item}_krw_t0"] == amount * 4e6
    for item, amount in STOCKS.items():
        assert found.facts[f"{item}_krw_t0"] == amount * 1e6
    assert sales(found, 1) == 300e6
    (told,) = periods_told(found).items()
    assert told[0] == "period_annualised_year_ends" and "2025" in told[1] and "3 months" in told[1]


@pytest.mark.parametrize(
    ("statement", "factor"),
    [
        ({"months": 3}, 4),
        ({"months": 9}, 12 / 9),
        ({"months": 18}, 12 / 18),
        ({"months": "9"}, 12 / 9),
        ({"period_start": "2025-04-01"}, 12 / 9),
        ({"period_start": "2025-07-01", "year_end": "2025-12-31"}, 2),
        ({"period_start": "2025-01-01"}, 1),
        ({"months": 12, "year_end": "2025-03-31"}, 1),
    ],
)
def test_months_and_first_days_tell_what_a_statement_covers(statement: dict[str, Any], factor: float) -> None:
    found = subject({"year": 2024}, {"year": 2025, **statement})
    assert sales(found) == pytest.approx(300e6 * factor) and found.facts["total_assets_krw_t0"] == 900e6
    assert bool(periods_told(found)) == (factor != 1)


def test_nine_months_after_a_change_from_march_to_december() -> None:
    found = subject({"year": 2023, "year_end": "2024-03-31"}, {"year": 2024, "year_end": "2024-12-31"}, {"year": 2025})
    assert sales(found, 1) == pytest.approx(300e6 * 12 / 9) and sales(found) == sales(found, 2) == 300e6
    assert list(periods_told(found)) == ["period_annualised_year_ends"]


@pytest.mark.parametrize("end", ["-12-31", "-03-31", "-06-30", "-02-28"])
def test_years_of_twelve_months_are_left_alone_whenever_they_end(end: str) -> None:
    years = [{"year": year, "year_end": f"{year}{end}"} for year in (2023, 2024, 2025)]
    found = subject(*years)
    assert [sales(found, back) for back in range(3)] == [300e6] * 3 and not periods_told(found)


def test_less_than_three_months_are_set_aside() -> None:
    found = subject({"year": 2024}, {"year": 2025, "months": 2})
    assert found.facts["sales_krw_t0"] is None and found.facts["rnd_expense_krw_t0"] is None
    assert found.facts["total_assets_krw_t0"] == 900e6
    assert list(periods_told(found)) == ["period_set_aside"]


def test_a_gap_between_year_ends_is_told_and_a_missing_year_is_no_gap() -> None:
    gap = subject({"year": 2023}, {"year": 2024, "year_end": "2025-03-31"})
    assert sales(gap) == 300e6 and list(periods_told(gap)) == ["period_gap"]
    assert "3 months more" in periods_told(gap)["period_gap"]
    assert not periods_told(subject({"year": 2022}, {"year": 2024}))


def test_the_first_months_of_a_new_firm_are_told() -> None:
    found = subject({"year": 2025}, founded="2025-10-01")
    assert sales(found) == 300e6 and "3 months" in periods_told(found)["period_first"]
    assert not periods_told(subject({"year": 2025, "months": 12}, founded="2025-10-01"))
    assert sales(subject({"year": 2025, "months": 3}, founded="2025-10-01")) == 1200e6
    assert not periods_told(subject({"year": 2025}, founded="2020-10-01"))


@pytest.mark.parametrize("months", [0, 25, -3, 1.5, "many"])
def test_months_that_are_none_are_refused(months: Any) -> None:
    with pytest.raises(InputError):
        subject({"year": 2025, "months": months})


def test_a_period_that_begins_after_its_end_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        subject({"year": 2025, "period_start": "2026-01-01"})
    assert caught.value.key == "company.before"


BATCH = {"name": ["a", "b", "c"], "sales_krw_t0": [3e9] * 3, "sales_krw_t1": [9e9] * 3, "rnd_expense_krw_t0": [6e7] * 3,
         "total_assets_krw_t0": [8e9] * 3}  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "sales_t0", "notes"),
    [
        ({"statement_months_t0": [3, 12, None]}, [12e9, 3e9, 3e9], {0: "period_annualised"}),
        ({"결산 개월 수(최근)": ["9", "", "2"]}, [4e9, 3e9, np.nan], {0: "period_annualised", 2: "period_set_aside"}),
        ({"statement_months_t0": [6.0, float("nan"), 12.0]}, [6e9, 3e9, 3e9], {0: "period_annualised"}),
        (
            {"year_end_t0": ["2025-03-31", "2025-12-31", None], "year_end_t1": ["2024-12-31"] * 3},
            [12e9, 3e9, 3e9],
            {0: "period_annualised"},
        ),
        (
            {"결산일(최근)": [date(2025, 9, 30)] * 3, "결산일(1년 전)": [date(2024, 12, 31), date(2024, 9, 30), None]},
            [4e9, 3e9, 3e9],
            {0: "period_annualised"},
        ),
    ],
)
def test_a_batch_says_what_its_statements_cover(
    columns: dict[str, Any], sales_t0: list[float], notes: dict[int, str]
) -> None:
    table, problems = FactTable.from_frame(pl.DataFrame({**BATCH, **columns}), DAY)
    assert table.columns["sales_krw_t0"] == pytest.approx(np.array(sales_t0), nan_ok=True)
    assert table.columns["rnd_expense_krw_t0"] == pytest.approx(np.array(sales_t0) / 50, nan_ok=True)
    assert table.columns["sales_krw_t1"].tolist() == [9e9] * 3
    assert table.columns["total_assets_krw_t0"].tolist() == [8e9] * 3
    assert {row: found[0].code for row, found in problems.notes.items()} == notes
    codes = [warning.code for warning in problems.warnings]
    assert "periods_other" in codes and "unknown_columns" not in codes
    assert all(found[0].text[lang] for found in problems.notes.values() for lang in LANGS)


def test_an_earlier_year_of_a_batch_is_brought_to_a_year_by_itself() -> None:
    table, _ = FactTable.from_frame(pl.DataFrame({**BATCH, "statement_months_t1": [9, 12, 12]}), DAY)
    assert table.columns["sales_krw_t1"].tolist() == [12e9, 9e9, 9e9]
    assert table.columns["sales_krw_t0"].tolist() == [3e9] * 3


def test_months_of_a_batch_that_are_none_refuse_their_row_by_column() -> None:
    table, problems = FactTable.from_frame(pl.DataFrame({**BATCH, "statement_months_t0": ["three", "12", "0"]}), DAY)
    assert table.ok.tolist() == [False, True, False]
    assert all("statement_months_t0" in problems.reasons(0, lang)[0] for lang in LANGS)
