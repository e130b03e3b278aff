"""Panels: other years of a row, outcomes by hand, and nothing seen that was not known."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import InputError
from ktop.training.panel import Panel, features, outcome, sources
from ktop.training.scheme import kept_scheme, read_scheme


def _scheme(**changes: Any) -> dict[str, Any]:
    return {
        "name": "t", "id": "firm", "year": "year", "groups": {"g": {}},
        "features": {"x": {"group": "g"}, "growth": {"expression": "sales / sales_lag1 - 1", "group": "g"}},
        "targets": {"fast": {"outcome": "sagr", "sales": "sales", "years": 2, "threshold": 0.2}},
        **changes,
    }  # fmt: skip


FRAME = pl.DataFrame(
    {
        "firm": ["a"] * 5 + ["b"] * 4 + ["c"] * 2,
        "year": [2000, 2001, 2002, 2003, 2004, 2000, 2001, 2002, 2004, 2000, 2001],
        "sales": [100.0, 150, 225, 230, 235, 100, 100, 100, 100, 100, 90],
        "x": [1.0, 2, 3, 4, 5, 6, None, 8, 9, 10, 11],
        "failed": [None] * 9 + [2002, 2002],
        "income": [10.0, 20, 20, 20, 20, 1, 1, 1, 1, -5, -5],
        "assets": [200.0] * 11,
        "debt": [100.0] * 11,
    }
)


def test_other_years_are_found_by_firm_and_year() -> None:
    panel = Panel(FRAME.sample(fraction=1.0, shuffle=True, seed=2), "firm", "year")
    rows = {
        (f, y): v for f, y, v in zip(panel.frame["firm"], panel.frame["year"], panel.column("sales_lag1"), strict=True)
    }
    assert rows["a", 2001] == 100 and np.isnan(rows["a", 2000])
    assert np.isnan(rows["b", 2004]), "2003 is not there, the row before is no substitute"
    ahead = panel.at("sales", 2)
    assert ahead[(panel.frame["firm"] == "b").to_numpy() & (panel.year == 2002)][0] == 100


def test_features_keep_missing_missing() -> None:
    panel = Panel(FRAME, "firm", "year")
    values = features(read_scheme(_scheme()), panel)
    assert np.isnan(values[6, 0]) and values[1, 1] == 0.5 and np.isnan(values[0, 1])


def _labels(target: dict[str, Any], frame: pl.DataFrame = FRAME, **changes: Any) -> dict[tuple[str, int], float]:
    """Return the known outcomes of a target by company and year."""
    plan = read_scheme(_scheme(targets={"t": target}, **changes))
    y = outcome(plan.targets[0], Panel(frame, "firm", "year"), None)
    return {(f, t): float(v) for f, t, v in zip(frame["firm"], frame["year"], y, strict=True) if not np.isnan(v)}


def test_sagr_by_hand() -> None:
    """Firm a grows 50 % twice: with the size factor (sales / median) ** 0.1 of each year."""
    target = {"outcome": "sagr", "sales": "sales", "years": 2, "definition": "sagr-arithmetic-1"}
    # b has no 2003, so its 2002 is not known; c is gone before its second year.
    known = {("a", 2000): 1.0, ("a", 2001): 1.0, ("a", 2002): 0.0, ("b", 2000): 0.0}
    assert _labels({**target, "threshold": 0.2}) == known
    median = np.median([150.0, 100, 90])
    expected = np.mean([0.5 * 1.0, 0.5 * min((150 / median) ** 0.1, 1.6)])
    assert _labels({**target, "threshold": expected + 1e-9})["a", 2000] == 0
    assert _labels({**target, "threshold": expected - 1e-9})["a", 2000] == 1


def test_compound_growth_by_hand_stands_on_the_first_and_last_year() -> None:
    """Firm a goes from 100 to 225 in two years, 50 % a year; the median of 2000 is 100, so the factor is 1."""
    target = {"outcome": "sagr", "sales": "sales", "years": 2}
    found = _labels({**target, "threshold": 0.5 - 1e-9})
    assert found[("a", 2000)] == 1.0 and found[("b", 2002)] == 0.0, "the year between is not needed"
    assert _labels({**target, "threshold": 0.5 + 1e-9})["a", 2000] == 0.0


def test_a_scheme_keeps_the_definition_it_was_trained_by() -> None:
    plan = read_scheme(_scheme())
    assert plan.targets[0].definition == "sagr-compound-1"
    assert plan.source["targets"]["fast"]["definition"] == "sagr-compound-1"
    assert kept_scheme(plan.source).targets[0].definition == "sagr-compound-1"
    assert kept_scheme(_scheme()).targets[0].definition == "sagr-arithmetic-1", "trained before definitions had names"
    column = {"c": {"outcome": "column", "column": "x"}}
    assert read_scheme(_scheme(targets=column)).source["targets"] == column
    for wrong in ({"definition": "sgr-2"}, {"definition": 1}):
        with pytest.raises(InputError) as caught:
            read_scheme(_scheme(targets={"t": {"outcome": "sagr", "sales": "sales", **wrong}}))
        assert caught.value.key == "models.scheme_value"


def test_known_bad_years_are_outcomes_and_not_gaps() -> None:
    frame = pl.DataFrame(
        {
            "firm": ["gone"] * 3 + ["lost"] * 3 + ["thin"] * 3 + ["paid"] * 3,
            "year": [2000, 2001, 2002] * 4,
            "sales": [100.0, 0, 0] + [100.0, 100, 100] * 3,
            "income": [10.0, -100, 0, 5, 50, 50, 3, 3, 1, 10, 20, 20],
            "equity": [100.0, 100, 90, 50, -5, 40, 1, 60, 61, 100, 100, 100],
            "paid": [0.0] * 9 + [0, 30, 30],
            "assets": [200.0, 200, 150, 100, 100, 100, 100, 100, 100, 150, 150, 150],
            "x": [1.0] * 12,
        }
    )
    growth = {"outcome": "sagr", "sales": "sales", "years": 2, "threshold": 0.2}
    assert _labels(growth, frame)["gone", 2000] == 0.0
    assert ("gone", 2000) not in _labels({**growth, "definition": "sagr-arithmetic-1"}, frame)
    accounts = {"sales": "sales", "net_income": "income", "total_assets": "assets", "equity": "equity"}
    sgr = {"outcome": "sgr", **accounts, "dividends": "paid", "years": 2, "threshold": 0.1}
    found, former = _labels(sgr, frame), _labels({**sgr, "definition": "sgr-1"}, frame)
    assert [found[firm, 2000] for firm in ("gone", "lost", "thin", "paid")] == [0.0] * 4
    # 3 over an opening equity of 1 made an event; equity used up and years without sales were left out.
    assert former["thin", 2000] == 1.0 and ("lost", 2000) not in former and ("gone", 2000) not in former


def test_sgr_by_hand() -> None:
    target = {
        "outcome": "sgr",
        "net_income": "income",
        "sales": "sales",
        "total_assets": "assets",
        "equity": "assets - debt",
        "years": 2,
    }
    for threshold, expected in ((0.2, 1.0), (0.2 + 1e-9, 0.0)):  # income 20 on equity 100 in both years after
        plan = read_scheme(_scheme(targets={"t": {**target, "threshold": threshold}}))
        assert outcome(plan.targets[0], Panel(FRAME, "firm", "year"), None)[0] == expected


def test_failure_counts_events_survivors_and_nobody_else() -> None:
    plan = read_scheme(_scheme(targets={"f": {"outcome": "failure", "event_year": "failed", "years": 2}}))
    y = outcome(plan.targets[0], Panel(FRAME, "firm", "year"), None)
    found = {(f, t): v for f, t, v in zip(FRAME["firm"], FRAME["year"], y, strict=True) if not np.isnan(v)}
    assert found[("c", 2000)] == found[("c", 2001)] == 1.0
    assert found[("a", 2002)] == 0.0 and ("a", 2003) not in found and ("b", 2004) not in found
    early = outcome(plan.targets[0], Panel(FRAME.filter(pl.col("year") <= 2001), "firm", "year"), 2001)
    assert np.isnan(early).all(), "by the end of 2001 no row of 2000 can know what happens until 2002"


def test_outcomes_known_by_the_last_year_only() -> None:
    plan = read_scheme(_scheme())
    y = outcome(plan.targets[0], Panel(FRAME.filter(pl.col("year") <= 2003), "firm", "year"), 2003)
    years = FRAME.filter(pl.col("year") <= 2003)["year"].to_numpy()
    assert set(years[~np.isnan(y)]) == {2000, 2001}


def test_wide_tables_name_the_columns_of_each_year() -> None:
    wide = pl.DataFrame(
        {
            "firm": ["a", "b"],
            "s0": [100.0, 100],
            "s1": [150.0, 100],
            "s2": [225.0, None],
            "gone": [0, 1],
            "x": [1.0, 2],
            "sales": [1.0, 1],
            "sales_lag1": [1.0, 1],
        }
    )
    target = {"outcome": "sagr", "sales": ["s0", "s1", "s2"], "years": 2, "failed": "gone"}
    plan = read_scheme({**_scheme(targets={"fast": target}), "year": None})
    assert outcome(plan.targets[0], Panel(wide, "firm", None), None).tolist() == [1.0, 0.0], (
        "a failed firm did not grow"
    )


@pytest.mark.parametrize(
    ("frame", "key"),
    [
        (FRAME.drop("firm"), "models.no_column"),
        (FRAME.with_columns(year=pl.lit(None, dtype=pl.Int64)), "models.empty_cells"),
        (pl.concat([FRAME, FRAME]), "models.duplicate_rows"),
    ],
)
def test_panels_that_cannot_be_used_are_refused(frame: pl.DataFrame, key: str) -> None:
    with pytest.raises(InputError) as caught:
        Panel(frame, "firm", "year")
    assert caught.value.key == key


def test_columns_that_cannot_be_used_are_refused() -> None:
    panel = Panel(FRAME, "firm", "year")
    for name, key in (
        ("nothing", "models.no_column"),
        ("firm", "models.not_numeric"),
        ("nothing_lag1", "models.no_column"),
    ):
        with pytest.raises(InputError) as caught:
            panel.column(name)
        assert caught.value.key == key


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"features": {}}, "models.scheme_empty"),
        ({"features": {"x": {"group": "other"}}}, "models.scheme_value"),
        ({"features": {"x": {"group": "g", "monotone": 2}}}, "models.scheme_value"),
        ({"features": {"x": {"group": "g", "monotone": {"slow": 1}}}}, "models.scheme_unknown"),
        ({"features": {"x": {"group": "g", "expression": "__import__('os')"}}}, "expression.not_allowed"),
        ({"targets": {"t": {"outcome": "luck"}}}, "models.scheme_value"),
        ({"targets": {"t": {"outcome": "sagr"}}}, "models.scheme_missing"),
        ({"tracks": {"ai": {"method": "magic"}}}, "models.scheme_value"),
        ({"colour": "red"}, "models.scheme_unknown"),
        ({"groups": ["g"]}, "models.scheme_not_mapping"),
        ({"ladders": {"l": {"target": "fast", "symbols": ["A", "B"], "shares": [1]}}}, "models.scheme_value"),
        ({"members": "ten"}, "values.not_a_number"),
        ({"members": "1,0"}, "values.comma_groups"),
        ({"honest_intervals": "perhaps"}, "values.not_yes_no"),
        ({"seed": "-"}, "models.scheme_value"),
    ],
)
def test_schemes_that_cannot_be_used_are_refused_with_the_place(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as caught:
        read_scheme(_scheme(**changes))
    assert caught.value.key == key


def test_further_columns_and_windows_over_a_companys_last_years() -> None:
    plan = read_scheme(
        _scheme(
            columns={"good": "margin > 0.1", "margin": "income / sales"},
            features={
                "usual": {"expression": "margin_mean3", "group": "g"},
                "worst": {"expression": "margin_min3", "group": "g"},
                "swing": {"expression": "sales_sd3", "group": "g"},
                "often": {"expression": "good_mean5 - good_lag1", "group": "g"},
            },
        )
    )
    values = features(plan, Panel(FRAME, "firm", "year", plan.columns))
    margins = np.array([10 / 100, 20 / 150, 20 / 225, 20 / 230, 20 / 235])
    assert np.allclose(values[2, 0], margins[:3].mean()) and np.allclose(values[4, 1], margins[4])
    assert np.isclose(values[0, 0], 0.1), "years that are not known are left out"
    assert np.isclose(values[8, 0], np.mean([0.01, 0.01])), "firm b has no 2003"
    assert np.isclose(values[2, 2], np.std([100, 150, 225])) and np.isnan(values[1, 2]), "two years have no spread"
    assert np.isclose(values[2, 3], 1 / 3 - 1) and np.isnan(values[0, 3])
    assert list(sources("good_mean5", FRAME.columns, plan.columns)) == [("income", 0), ("sales", 0)]
    assert list(sources("margin_lag2", FRAME.columns, plan.columns)) == [("income", 2), ("sales", 2)]


@pytest.mark.parametrize("columns", [{"a": "a_lag1 + 1"}, {"a": "b_lag1", "b": "a_mean3"}, {"a b": "x"}])
def test_a_further_column_cannot_rest_on_itself(columns: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        read_scheme(_scheme(columns=columns))
    assert caught.value.key == "models.scheme_value"


FAILURES = {"outcome": "failure", "event_year": "failed", "years": 2}


def test_an_event_year_in_one_row_of_a_company_holds_for_all_of_them() -> None:
    """However it is written down: in every row, the first, the last, or the row of the event with later rows after."""
    frame = pl.DataFrame(
        {
            "firm": ["a"] * 6 + ["b"] * 6,
            "year": list(range(2000, 2006)) * 2,
            "sales": [1.0] * 12,
            "x": [1.0] * 12,
        }
    )
    everywhere = frame.with_columns(failed=pl.when(pl.col("firm") == "a").then(2003))
    expected = _labels(FAILURES, everywhere)
    assert [expected["a", year] for year in range(2000, 2003)] == [0.0, 1.0, 1.0] and ("a", 2003) not in expected
    assert sum(expected.values()) == 2
    for row in range(2000, 2006):
        once = frame.with_columns(failed=pl.when((pl.col("firm") == "a") & (pl.col("year") == row)).then(2003))
        assert _labels(FAILURES, once) == expected, row
        assert _labels(FAILURES, once.with_columns(pl.col("failed").cast(pl.String))) == expected, "years as text"


def test_two_event_years_of_one_company_are_refused_by_name() -> None:
    frame = FRAME.with_columns(failed=pl.Series([2003, None, 2004, None, None] + [None] * 6))
    with pytest.raises(InputError) as caught:
        _labels(FAILURES, frame)
    assert caught.value.key == "guards.event_years_differ"
    assert caught.value.params["firm"] == "a" and {caught.value.params["first"], caught.value.params["second"]} == {
        "2003",
        "2004",
    }


@pytest.mark.parametrize(
    "years",
    [
        [str(year) for year in FRAME["year"]],
        [f"{year}년" for year in FRAME["year"]],
        [f" {year}.0 " for year in FRAME["year"]],
        ["".join(chr(ord(digit) + 0xFEE0) for digit in str(year)) for year in FRAME["year"]],
    ],
)
@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_years_written_as_text_are_years(years: list[str], kind: Any) -> None:
    frame = FRAME.with_columns(year=pl.Series(years, dtype=pl.String).cast(kind))
    panel = Panel(frame, "firm", "year")
    assert panel.year is not None and panel.year.tolist() == FRAME["year"].to_list()
    assert np.array_equal(panel.column("sales_lag1"), Panel(FRAME, "firm", "year").column("sales_lag1"), equal_nan=True)
    expression = {"y": {"expression": "year - 2000", "group": "g"}}
    if years[0] in ("2000", " 2000.0 "):
        plan = read_scheme(_scheme(features=expression))
        assert features(plan, panel)[:, 0].tolist() == [year - 2000 for year in FRAME["year"]]


ODD_CELLS = [
    pl.Series([["a"]] * 11),
    pl.Series([{"a": 1}] * 11),
    pl.Series([[1, 2]] * 11, dtype=pl.Array(pl.Int64, 2)),
    pl.Series([1] * 11).cast(pl.Duration("ms")),
    pl.Series([1] * 11).cast(pl.Time),
    pl.Series([b"a"] * 11),
]


@pytest.mark.parametrize("cells", ODD_CELLS, ids=[str(cells.dtype.base_type()) for cells in ODD_CELLS])
@pytest.mark.parametrize("place", ["firm", "year", "sales", "sector"])
def test_cells_that_hold_more_than_one_thing_are_refused_by_column(cells: pl.Series, place: str) -> None:
    frame = FRAME.with_columns(sector=pl.lit("s")).with_columns(cells.alias(place))
    with pytest.raises(InputError) as caught:
        panel = Panel(frame, "firm", "year")
        panel.column("sales")
        panel.labels(["sector"])
    assert caught.value.key == "models.column_type" and caught.value.params["column"] == place
    for lang in LANGS:
        assert place in message(caught.value, lang)


@pytest.mark.parametrize(
    ("cells", "key"),
    [
        (pl.Series([None] * 10 + ["x"]), "models.not_numeric"),
        (pl.Series(["low", "high"] * 5 + ["low"], dtype=pl.Categorical), "models.not_numeric"),
        (pl.Series(["2000-01-01"] * 11).str.to_date(), "models.not_numeric"),
    ],
)
def test_words_and_days_as_figures_are_refused_by_column(cells: pl.Series, key: str) -> None:
    with pytest.raises(InputError) as caught:
        Panel(FRAME.with_columns(sales=cells), "firm", "year").column("sales")
    assert caught.value.key == key and caught.value.params["column"] == "sales"


def test_figures_of_any_type_are_figures() -> None:
    expected = Panel(FRAME, "firm", "year").column("sales")
    decimals = FRAME["sales"].cast(pl.Decimal(10, 2))
    texts = FRAME["sales"].cast(pl.Int64).cast(pl.String)
    for cells in (
        decimals,
        texts,
        texts.cast(pl.Categorical),
        FRAME["sales"].cast(pl.Int16),
        FRAME["sales"].cast(pl.Float32),
    ):
        found = Panel(FRAME.with_columns(sales=cells), "firm", "year").column("sales")
        assert np.array_equal(found, expected)


def test_column_names_in_full_width_or_decomposed_letters_are_found() -> None:
    """The scheme's spelling and the table's may differ in width and composition, each in its own way."""
    written = {"firm": "기업", "year": "연도", "sales": "매출", "x": "ROA", "assets": "자산(백만원)"}
    plain = FRAME.rename(written).with_columns(산업=pl.lit("제조"))

    def decomposed(name: str) -> str:
        return unicodedata.normalize("NFD", name)

    def wide(name: str) -> str:
        return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)

    def wide_letters(name: str) -> str:
        return "".join(wide(c) if c.isalpha() else c for c in name)

    for scheme_way in (str, decomposed, wide_letters):
        content = _scheme(
            id=scheme_way("기업"),
            year=scheme_way("연도"),
            columns={scheme_way("수익"): scheme_way("ROA * 2")},
            features={
                scheme_way("ROA"): {"group": "g"},
                "growth": {"expression": scheme_way("매출") + " / " + scheme_way("매출") + "_lag1", "group": "g"},
                "twice": {"expression": scheme_way("수익"), "group": "g"},
            },
            targets={"fast": {"outcome": "sagr", "sales": scheme_way("매출"), "years": 2},
                     "large": {"outcome": "column", "column": scheme_way("자산(백만원)")}},
            comparison={"cells": [scheme_way("산업")]},
        )  # fmt: skip
        plan = read_scheme(content)
        for table_way in (str, decomposed, wide):
            frame = plain.rename({name: table_way(name) for name in plain.columns})
            panel = Panel(frame, plan.id, plan.year, plan.columns)
            values = features(plan, panel)
            assert np.array_equal(values[:, 0], FRAME["x"].cast(pl.Float64).fill_null(np.nan), equal_nan=True)
            assert np.array_equal(values[:, 2], 2 * values[:, 0], equal_nan=True)
            assert np.array_equal(values[:, 1], panel.column("매출") / panel.column("매출_lag1"), equal_nan=True)
            assert np.nansum(outcome(plan.targets[0], panel, None)) == 2
            assert panel.column(decomposed("자산(백만원)"))[0] == 200
            assert set(panel.labels([scheme_way("산업")])[scheme_way("산업")]) == {"제조"}


def test_two_columns_that_are_one_name_are_refused_only_where_they_are_used() -> None:
    frame = FRAME.with_columns(pl.lit(1.0).alias("ＲＯＡ"), pl.lit(2.0).alias("ROA"))
    panel = Panel(frame, "firm", "year")
    assert panel.column("sales")[0] == 100
    for name in ("ROA", "ＲＯＡ"):
        with pytest.raises(InputError) as caught:
            panel.column(name)
        assert caught.value.key == "models.column_written_twice" and caught.value.params["name"] == "ROA"
