"""Panels: other years of a row, outcomes by hand, and nothing seen that was not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.kernel.errors import InputError
from ktop.training.panel import Panel, features, outcome, sources
from ktop.training.scheme import read_scheme


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


def test_sagr_by_hand() -> None:
    """Firm a grows 50 % twice: with the size factor (sales / median) ** 0.1 of each year."""
    plan = read_scheme(_scheme())
    panel = Panel(FRAME, "firm", "year")
    y = outcome(plan.targets[0], panel, None)
    known = {(f, t): v for f, t, v in zip(FRAME["firm"], FRAME["year"], y, strict=True) if not np.isnan(v)}
    # b has no 2003, so its 2002 is not known; c is gone before its second year.
    assert known == {("a", 2000): 1.0, ("a", 2001): 1.0, ("a", 2002): 0.0, ("b", 2000): 0.0}
    median = np.median([150.0, 100, 90])
    expected = np.mean([0.5 * 1.0, 0.5 * min((150 / median) ** 0.1, 1.6)])
    near = read_scheme(
        _scheme(targets={"t": {"outcome": "sagr", "sales": "sales", "years": 2, "threshold": expected + 1e-9}})
    )
    over = read_scheme(
        _scheme(targets={"t": {"outcome": "sagr", "sales": "sales", "years": 2, "threshold": expected - 1e-9}})
    )
    assert outcome(near.targets[0], panel, None)[0] == 0 and outcome(over.targets[0], panel, None)[0] == 1


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
