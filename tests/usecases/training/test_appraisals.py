"""An institution's own appraisals as it hands them over: what is left out is told, what cannot be used is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import InputError
from ktop.models.registry import ModelRegistry
from ktop.training.fit import train_scheme
from ktop.training.growth_risk import scheme
from ktop.training.panel import Panel
from ktop.training.reference import build_reference
from ktop.usecases.training import drift
from ktop.usecases.training.retrain import appraisals, fact_table


@pytest.fixture(scope="module")
def companies() -> pl.DataFrame:
    return build_reference(400, 31)


def _saved(frame: pl.DataFrame, folder: Path, name: str = "appraisals.parquet") -> Path:
    (frame.write_csv if name.endswith(".csv") else frame.write_parquet)(folder / name)
    return folder / name


REFUSED: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str, str]] = {
    "outcomes in words": (lambda f: f.with_columns(failure_3y=pl.lit("no")), "models.not_numeric", "failure_3y"),
    "outcomes in per cent": (lambda f: f.with_columns(failure_3y=pl.lit(100)), "models.not_zero_one", "failure_3y"),
    "no outcomes": (
        lambda f: f.drop("failure_3y", "high_growth", "sustainable_growth"), "records.no_outcome_columns", "failure_3y",
    ),
    "ids of blanks": (lambda f: f.with_columns(company_id=pl.lit("  ")), "models.empty_cells", "company_id"),
    "no row that can be rated": (lambda f: f.with_columns(q01=pl.lit(9)), "records.all_rows_refused", "q01"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_by_name(companies: pl.DataFrame, tmp_path: Path, case: str) -> None:
    spoil, key, named = REFUSED[case]
    with pytest.raises(InputError) as caught:
        appraisals(_saved(spoil(companies), tmp_path))
    assert caught.value.key == key
    assert all(named in message(caught.value, lang) for lang in LANGS)


def test_rows_left_out_are_told_with_the_first_reason(companies: pl.DataFrame, tmp_path: Path) -> None:
    odd = companies.with_columns(
        staff_total=pl.when(pl.int_range(pl.len()).is_in([4, 9])).then(-5).otherwise("staff_total")
    )
    told: list[Mapping[str, str]] = []
    kept = appraisals(_saved(odd, tmp_path), told.append)
    assert kept.height == 398
    (said,) = told
    assert said["code"] == "rows_left_out"
    assert "2행" in said["ko"] and "5번째" in said["ko"] and "2 of 400" in said["en"] and "row 5" in said["en"]


def test_ages_are_those_of_each_row_s_own_day(companies: pl.DataFrame, tmp_path: Path) -> None:
    days = pl.Series([date(2015, 12, 31), date(2020, 12, 31)] * 200)
    frame = companies.drop("age_years").with_columns(founded=pl.lit(date(2010, 12, 31)), as_of=days)
    for name in ("a.parquet", "a.csv"):
        from ktop.usecases.training.panels import read_panel

        table = fact_table(read_panel(_saved(frame, tmp_path, name)))
        assert np.allclose(table.columns["age_years"], [5.0, 10.0] * 200, atol=0.01), name
        assert table.as_of == date(2020, 12, 31)


def test_outcomes_of_a_drift_table_are_checked(companies: pl.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    with pytest.raises(InputError) as caught:
        drift.drift_of_table(
            "ktrs-fm",
            _saved(companies.with_columns(failure_3y=pl.lit(2)), tmp_path),
            registry=ModelRegistry(None),
            keep=False,
        )
    assert caught.value.key == "models.not_zero_one"


def test_companies_entered_twice_are_found_although_most_answers_are_common(companies: pl.DataFrame) -> None:
    copies = companies.head(60).with_columns(company_id=pl.lit("x") + pl.col("company_id"))
    with pytest.raises(InputError) as caught:
        train_scheme(scheme("ktrs-fm", 1), pl.concat([companies, copies]))
    assert caught.value.key == "guards.many_copies"


@pytest.mark.parametrize("years", [["19년", "20년"], ["2019-12-31", "2020-12-31"]])
def test_years_that_are_none_are_refused_wherever_a_panel_is_read(years: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Panel(pl.DataFrame({"firm": ["a", "a"], "year": years}), "firm", "year")
    assert caught.value.key == "guards.year_is_date" and caught.value.params["first"] == years[0]
