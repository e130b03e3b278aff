"""SAGR, SGR and failure: worked figures, properties, and missing values that stay missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ktop.domain.company import outcomes
from ktop.domain.company.outcomes import SIZE_FACTOR_V1, SizeFactor

NAN = float("nan")
amounts = st.floats(1e3, 1e14)
#: Growth as it is, whatever the size.
SIZE_FACTOR_NONE = SizeFactor(name="size-factor-none", exponent=0.0, low=1.0, high=1.0)


def test_worked_sagr() -> None:
    # 100 to 130 against a median of 100: growth 30 %, factor 1. A 1024th of the median: 2^-1, held at 0.6.
    assert outcomes.agr(130.0, 100.0) == pytest.approx(0.30)
    assert outcomes.sagr(130.0, 100.0, 100.0) == pytest.approx(0.30)
    assert outcomes.size_factor(100.0 / 1024, 100.0) == pytest.approx(0.6)
    assert outcomes.size_factor(100.0 / 32, 100.0) == pytest.approx(2**-0.5)
    assert outcomes.size_factor(100.0 * 1024, 100.0) == 1.6


def test_the_mean_runs_over_the_years() -> None:
    sales = np.array([[100.0, 120.0, 132.0, 165.0], [100.0, 120.0, NAN, 165.0], [0.0, 10.0, 20.0, 30.0]])
    mean = outcomes.mean_sagr(sales, [100.0, 100.0, 100.0], SIZE_FACTOR_NONE)
    assert mean[0] == pytest.approx((0.20 + 0.10 + 0.25) / 3)
    assert np.isnan(mean[1:]).all()


def test_the_factor_uses_the_year_growth_starts_from() -> None:
    sales = np.array([[200.0, 400.0]])
    assert outcomes.mean_sagr(sales, [100.0])[0] == pytest.approx(1.0 * 2**0.10)


@given(amounts, amounts)
def test_the_size_factor_stays_in_its_bounds_and_rises_with_size(sales: float, median: float) -> None:
    factor = float(SIZE_FACTOR_V1(sales, median))
    assert 0.6 <= factor <= 1.6
    assert factor <= float(SIZE_FACTOR_V1(sales * 2, median))
    assert float(SIZE_FACTOR_V1(median, median)) == 1.0


@given(amounts, amounts, st.floats(1e-3, 1e3))
def test_growth_does_not_depend_on_the_currency(sales: float, before: float, rate: float) -> None:
    assert outcomes.agr(sales * rate, before * rate) == pytest.approx(float(outcomes.agr(sales, before)), rel=1e-9)
    assert outcomes.sagr(sales * rate, before * rate, 1e9 * rate) == pytest.approx(
        float(outcomes.sagr(sales, before, 1e9)), rel=1e-9
    )


@given(amounts, amounts, amounts)
def test_the_factor_never_changes_the_sign_of_growth(sales: float, before: float, median: float) -> None:
    raw, adjusted = float(outcomes.agr(sales, before)), float(outcomes.sagr(sales, before, median))
    assert np.sign(raw) == np.sign(adjusted)


@pytest.mark.parametrize(("sales", "before"), [(1.0, 0.0), (1.0, -5.0), (NAN, 1.0), (1.0, NAN)])
def test_growth_without_a_base_is_missing(sales: float, before: float) -> None:
    assert np.isnan(outcomes.agr(sales, before))
    assert np.isnan(outcomes.sagr(sales, before, 1.0))


def test_worked_sgr() -> None:
    # Net margin 10 %, retention 80 %, asset turnover 1, leverage 2: 16 %.
    parts = outcomes.sgr_parts(10.0, 100.0, 100.0, 50.0, dividends=2.0)
    assert (parts.net_margin, parts.retention, parts.asset_turnover, parts.leverage) == (0.1, 0.8, 1.0, 2.0)
    assert outcomes.sgr(10.0, 100.0, 100.0, 50.0, 2.0) == pytest.approx(0.16)
    assert outcomes.sgr(10.0, 100.0, 100.0, 50.0, retention="full") == pytest.approx(0.20)


@given(st.floats(-1e12, 1e12), amounts, amounts, amounts)
def test_with_everything_retained_sgr_is_income_over_equity(
    income: float, sales: float, assets: float, equity: float
) -> None:
    value = float(outcomes.sgr(income, sales, assets, equity, retention="full"))
    assert value == pytest.approx(income / equity, rel=1e-9, abs=1e-300)


@given(st.floats(1.0, 1e12), amounts, amounts, amounts, st.floats(0, 2e12))
def test_dividends_never_raise_sgr_or_turn_it_negative(
    income: float, sales: float, assets: float, equity: float, paid: float
) -> None:
    kept = float(outcomes.sgr(income, sales, assets, equity, paid))
    assert 0 <= kept <= float(outcomes.sgr(income, sales, assets, equity, 0.0)) * (1 + 1e-12)


def test_a_loss_is_kept_in_full_whatever_was_paid() -> None:
    assert outcomes.sgr(-10.0, 100.0, 100.0, 50.0, 5.0) == pytest.approx(-0.2)


@pytest.mark.parametrize(
    "figures",
    [
        (NAN, 1, 1, 1, 0),
        (1, 0, 1, 1, 0),
        (1, 1, 0, 1, 0),
        (1, 1, 1, 0, 0),
        (1, 1, 1, -1, 0),
        (1, 1, 1, 1, NAN),
        (-1, 1, 1, 1, NAN),
    ],
)
def test_sgr_is_missing_where_a_part_is(figures: tuple[float, ...]) -> None:
    assert np.isnan(outcomes.sgr(*figures))


def test_retention_by_dividends_needs_them() -> None:
    with pytest.raises(ValueError, match="dividends"):
        outcomes.sgr(1.0, 1.0, 1.0, 1.0)


def test_the_mean_sgr_stands_on_opening_or_closing_equity() -> None:
    flows = {"net_income": [[10.0, 12.0]], "sales": [[100.0, 100.0]], "total_assets": [[100.0, 100.0]]}
    equity = [[50.0, 60.0, 80.0]]
    opening = outcomes.mean_sgr(**flows, equity=equity, retention="full")
    closing = outcomes.mean_sgr(**flows, equity=equity, retention="full", basis="closing")
    assert opening[0] == pytest.approx((10 / 50 + 12 / 60) / 2)
    assert closing[0] == pytest.approx((10 / 60 + 12 / 80) / 2)


def test_the_targets_cut_at_their_thresholds_and_keep_missing() -> None:
    np.testing.assert_array_equal(outcomes.high_growth([0.2, 0.1999, NAN]), [1, 0, NAN])
    np.testing.assert_array_equal(outcomes.sustainable_growth([0.10, 0.0999, NAN]), [1, 0, NAN])
    np.testing.assert_array_equal(outcomes.high_growth([NAN, NAN, 0.5], failed=[1, 0, 1]), [0, NAN, 1])
    np.testing.assert_array_equal(outcomes.sustainable_growth([NAN, NAN], failed=[1, NAN]), [0, NAN])


@pytest.mark.parametrize(
    ("failure_year", "last_seen", "expected"),
    [
        (2011, 2010, 1),
        (2013, 2012, 1),
        (2014, 2013, 0),
        (NAN, 2013, 0),
        (NAN, 2020, 0),
        (NAN, 2012, NAN),  # out of sight before the horizon: censored
        (NAN, NAN, NAN),
        (2010, 2009, NAN),  # failed already
        (2008, 2007, NAN),
    ],
)
def test_failure_within_three_years(failure_year: float, last_seen: float, expected: float) -> None:
    np.testing.assert_array_equal(outcomes.failure_within(2010, failure_year, last_seen), expected)


@given(arrays(float, 5, elements=st.one_of(st.integers(1990, 2030).map(float), st.just(NAN))), st.integers(1, 5))
def test_a_longer_horizon_never_forgets_a_failure(event: np.ndarray, years: int) -> None:
    base, seen = np.full(5, 2005.0), np.full(5, 2005.0 + years)
    shorter = outcomes.failure_within(base, event, seen, years)
    longer = outcomes.failure_within(base, event, seen, years + 1)
    assert ((shorter != 1) | (longer == 1)).all()


@pytest.mark.real_data
def test_the_factor_narrows_the_gap_between_small_and_large_firms(shared_data) -> None:  # type: ignore[no-untyped-def]
    pl = pytest.importorskip("polars")
    panel = pl.read_parquet(
        shared_data / "firms" / "us_listed_panel.parquet", columns=["company_id", "fiscal_year", "net_sales"]
    )
    panel = panel.filter(pl.col("net_sales") > 0)
    medians = panel.group_by("fiscal_year").agg(pl.col("net_sales").median().alias("median"))
    rows = panel.join(medians, on="fiscal_year")
    for k in (1, 2, 3):
        later = panel.select(
            "company_id", (pl.col("fiscal_year") - k).alias("fiscal_year"), pl.col("net_sales").alias(f"s{k}")
        )
        next_median = medians.select((pl.col("fiscal_year") - k).alias("fiscal_year"), pl.col("median").alias(f"m{k}"))
        rows = rows.join(later, on=["company_id", "fiscal_year"]).join(next_median, on="fiscal_year")
    sales = rows.select("net_sales", "s1", "s2", "s3").to_numpy()
    medians_by_row = rows.select("median", "m1", "m2").to_numpy()
    decile = np.argsort(np.argsort(sales[:, 0])) * 10 // len(sales)

    def gap(factor: outcomes.SizeFactor) -> tuple[float, float]:
        high = outcomes.high_growth(outcomes.mean_sagr(sales, medians_by_row, factor))
        return float(np.nanmean(high[decile == 0])), float(np.nanmean(high[decile == 9]))

    raw, adjusted = gap(SIZE_FACTOR_NONE), gap(SIZE_FACTOR_V1)
    assert raw[0] / raw[1] > 4
    assert adjusted[0] / adjusted[1] < raw[0] / raw[1] / 2
