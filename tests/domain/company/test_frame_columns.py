"""A whole column is read as its kind reads each cell, whichever of the quick ways a cell takes."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.domain.company.fact_column import plain
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.frame_columns import as_text, read_column, with_numbers
from ktop.domain.company.kinds import fact_kind
from ktop.domain.company.row_problems import RowProblems
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.registration_numbers import BusinessNumber, CorporateNumber

FIGURE_MARKS = "0123456789" * 3 + "+-.eE_,inf a()△−０"
figures = st.text(st.sampled_from(FIGURE_MARKS), min_size=1, max_size=9)
odd_figures = st.sampled_from(
    ["1e-999", "0" * 61, "0" * 59, "1e400", "Infinity", "00.000", "-0.0", "1,234,567.50", "5e-324"]
)
business = st.integers(0, 3_000_000).map(lambda serial: BusinessNumber.invented(serial).formatted)
corporate = st.integers(0, 900_000).map(lambda serial: CorporateNumber.invented(serial).formatted)
spoilt = st.tuples(st.one_of(business, corporate), st.sampled_from("-0 .x")).map(lambda pair: pair[0][:-1] + pair[1])
dates = st.one_of(
    st.dates().map(str),
    st.dates().map("{:%Y. %m. %d.}".format),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True),
)
names = st.one_of(
    st.text(max_size=8), st.sampled_from(["-", "N/A", "none", "미상", "a" * 301, "가" * 200, "a\x07", " b\u3000"])
)
columns = st.one_of(
    *(
        st.tuples(st.sampled_from(facts), st.lists(st.one_of(cells, st.none()), min_size=1, max_size=30))
        for facts, cells in (
            (("sales_krw_t0", "equity_krw_t0", "staff_total", "venture_certified", "ceo_degree", "q01"), figures),
            (("sales_krw_t0", "equity_krw_t0", "staff_total", "patent_claims_mean"), odd_figures),
            (("business_number", "corporate_number"), st.one_of(business, corporate, spoilt, figures)),
            (("founded",), dates),
            (("name", "company_id", "region", "industry"), names),
            (("staff_total", "venture_certified", "ceo_degree", "company_id"), st.integers(-5, 2**40)),
            (("sales_krw_t0", "staff_total", "venture_certified", "q01"), st.floats()),
            (("venture_certified", "staff_total", "q01"), st.booleans()),
            (("founded",), st.integers(100_000, 10**9)),
        )
    )
)


@given(columns)
def test_a_column_is_read_as_its_cells_are(column: tuple[str, list[Any]]) -> None:
    fact, cells = column
    problems = RowProblems.none_yet(len(cells))
    read = read_column(FACTS[fact], pl.Series("x", cells, strict=False), problems)
    for row, cell in enumerate(cells):
        if isinstance(cell, float) and cell != cell:
            cell = None  # NaN of a table is an empty cell
        try:
            expected = fact_kind(fact).parse(cell)
        except RefusedValueError as refused:
            assert [problem.key for problem in problems.found[row]] == [refused.key], cell
            assert plain(FACTS[fact], read[row]) is None
        else:
            assert row not in problems.found, cell
            assert plain(FACTS[fact], read[row]) == expected, cell


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (41710, date(2014, 3, 12)),
        (41710.75, date(2014, 3, 12)),
        (99_999, date(2173, 10, 13)),
        (2014, None),
        (9_999, None),
    ],
)
def test_only_a_column_of_numbers_holds_days_that_excel_counts(cell: float, day: date | None) -> None:
    for series, expected in ((pl.Series([cell]), day), (pl.Series([str(cell)]), None)):
        problems = RowProblems.none_yet(1)
        read = read_column(FACTS["founded"], series, problems)
        assert plain(FACTS["founded"], read[0]) == expected
        assert bool(problems.ok[0]) == (expected is not None)


def test_a_panel_of_text_becomes_numbers_by_the_same_rules() -> None:
    frame = pl.DataFrame(
        {
            "whole": ["1,234", "△5", None],
            "real": ["(1.5)", "２", "-"],
            "text": ["1,2,3", "5", "6"],
            "code": ["007", "1", "2"],
        }
    )
    read = with_numbers(frame)
    assert read["whole"].to_list() == [1234, -5, None] and read["whole"].dtype == pl.Int64
    assert read["real"].to_list() == [-1.5, 2.0, None]
    assert read["text"].to_list() == ["1,2,3", "5", "6"]
    assert read["code"].to_list() == ["007", "1", "2"]


def test_whole_numbers_read_as_decimals_are_shown_whole() -> None:
    given = pl.Series([3.0, -3.0, 3.5, 0.0, 1e17, 1e18, float("inf"), float("nan"), None])
    assert as_text(given).to_list() == ["3", "-3", "3.5", "0", "100000000000000000", "1e+18", "inf", None, None]
