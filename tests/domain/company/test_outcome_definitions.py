"""Definitions of growth: worked figures of each, what is known to be bad, and what only the former ones left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import LANGS, load
from ktop.domain.company import outcome_definitions as definitions
from ktop.domain.company import outcomes
from ktop.domain.company.outcome_definitions import growth_definition, growth_per_year, sustainable_definition

NAN = float("nan")
MEDIANS = [100.0, 100.0, 100.0]
amounts = st.floats(1.0, 1e12)


def growth(sales: list[float], name: str | None = None, medians: list[float] = MEDIANS) -> float:
    return float(growth_per_year([sales], medians, growth_definition(name))[0])


def sustainable(income: list[float], equity: list[float], assets: list[float], paid: list[float] | None = None,
                sales: list[float] | None = None, name: str | None = None) -> float:  # fmt: skip
    given = [sales or [50.0] * len(income)]
    kept = None if paid is None else [paid]
    rule = sustainable_definition(name)
    return float(definitions.sustainable_growth_per_year([income], given, [assets], [equity], kept, rule)[0])


def test_a_leap_that_is_lost_again_is_no_high_growth() -> None:
    leap = [100.0, 250.0, 90.0, 95.0]
    assert growth(leap, "sagr-arithmetic-1") > 0.20, "+150 %, -64 %, +6 %: a mean of 31 %"
    assert growth(leap) == pytest.approx((95 / 100) ** (1 / 3) - 1)
    assert growth([100.0, 120.0, 144.0, 172.8]) == pytest.approx(0.20)


def test_the_compound_rate_is_scaled_by_the_base_year_only() -> None:
    assert growth([3200.0, 1.0, 1.0, 25600.0], medians=[100.0, 7.0, 9.0]) == pytest.approx(1.0 * 2**0.5)
    assert growth([200.0, 180.0, 160.0, 25.0], medians=MEDIANS) == pytest.approx(-0.5), "a fall is not scaled"
    assert growth([3200.0, 1.0, 1.0, 25600.0], "cagr-1", [100.0, 7.0, 9.0]) == pytest.approx(1.0), "plain: for any size"


def test_a_fall_never_passes_one_hundred_per_cent() -> None:
    huge = [1e6, 2e5, 4e4, 8e3]
    assert growth(huge, "sagr-arithmetic-1") == pytest.approx(-0.8 * (1.6 + 1.6 + 1.6) / 3), "-80 % read as -128 %"
    assert growth(huge, "sagr-arithmetic-2") == pytest.approx(-0.8)
    assert growth(huge) == pytest.approx(-0.8)


def test_sales_gone_to_nothing_are_known() -> None:
    for name in ("sagr-compound-1", "sagr-arithmetic-2"):
        assert growth([100.0, 80.0, 0.0, 0.0], name) < 0
        assert growth([100.0, 0.0, NAN, NAN], name) != growth([100.0, 0.0, NAN, NAN], name), "the end is not known"
        assert np.isnan(growth([0.0, 10.0, 20.0, 30.0], name)), "nothing grows from no base"
    assert growth([100.0, 80.0, 0.0, 0.0]) == -1.0
    assert growth([100.0, 80.0, -3.0, -3.0]) == -1.0
    # 100, 0, 50, 60: -100 %, a year that starts from nothing, +20 %.
    assert growth([100.0, 0.0, 50.0, 60.0], "sagr-arithmetic-2", [1e9] * 3) == pytest.approx((-1 + 0.2 * 0.6) / 3)
    assert np.isnan(growth([100.0, 80.0, 0.0, 10.0], "sagr-arithmetic-1"))


def test_the_compound_rate_needs_the_first_and_last_year_only() -> None:
    assert growth([100.0, NAN, NAN, 800.0]) == pytest.approx(1.0)
    assert np.isnan(growth([100.0, 200.0, 300.0, NAN])) and np.isnan(growth([NAN, 1.0, 2.0, 3.0]))
    assert np.isnan(growth([100.0, NAN, 300.0, 400.0], "sagr-arithmetic-2"))


@given(st.lists(amounts, min_size=4, max_size=4), st.lists(amounts, min_size=3, max_size=3))
def test_definitions_agree_on_who_shrinks_and_never_fall_below_everything(
    sales: list[float], medians: list[float]
) -> None:
    for name in ("sagr-compound-1", "sagr-arithmetic-2"):
        assert growth(sales, name, medians) >= -1
    if growth(sales, "sagr-compound-1", medians) >= 0.2:
        # The arithmetic mean is never below the geometric one (before scaling).
        rates = np.array(sales[1:]) / np.array(sales[:-1]) - 1
        assert rates.mean() >= (sales[-1] / sales[0]) ** (1 / 3) - 1 - 1e-9


@given(st.lists(amounts, min_size=4, max_size=4), st.lists(amounts, min_size=3, max_size=3))
def test_the_first_definition_is_the_mean_of_before(sales: list[float], medians: list[float]) -> None:
    assert growth(sales, "sagr-arithmetic-1", medians) == float(outcomes.mean_sagr([sales], medians)[0])


def test_equity_used_up_is_not_reached() -> None:
    good, assets = [50.0, 50.0, 50.0], [100.0, 100.0, 100.0]
    for equity in ([-5.0, 40.0, 60.0, 80.0], [40.0, 0.0, 60.0, 80.0], [40.0, 60.0, -1.0, 80.0]):
        assert sustainable(good, equity, assets) == -1.0
        assert np.isnan(sustainable(good, equity, assets, name="sgr-1"))
    assert np.isnan(sustainable([50.0, NAN, 50.0], [-5.0, 40.0, 60.0, 80.0], assets)), "missing stays missing"
    assert sustainable(good, [40.0, 60.0, 80.0, NAN], assets) > 0, "the last closing equity is not needed"


def test_a_rate_on_next_to_no_equity_makes_no_event() -> None:
    income, equity, assets = [3.0, 1.0, 1.0], [1.0, 50.0, 50.0, 50.0], [100.0, 100.0, 100.0]
    assert sustainable(income, equity, assets, name="sgr-1") == pytest.approx((3.0 + 0.02 + 0.02) / 3)
    assert sustainable(income, equity, assets) == pytest.approx((0.0 + 0.02 + 0.02) / 3)
    assert sustainable([-3.0, 1.0, 1.0], equity, assets) == pytest.approx((-3.0 + 0.02 + 0.02) / 3), "a loss counts"
    assert sustainable(income, [2.1, 50.0, 50.0, 50.0], assets) > 0.4, "above two per cent of assets it is a base"


def test_dividends_shrink_equity_above_income_and_in_a_year_of_loss() -> None:
    equity, assets = [100.0] * 4, [200.0] * 3
    assert sustainable([10.0] * 3, equity, assets, [30.0] * 3) == pytest.approx(-0.2)
    assert sustainable([10.0] * 3, equity, assets, [30.0] * 3, name="sgr-1") == 0.0
    assert sustainable([-10.0] * 3, equity, assets, [5.0] * 3) == pytest.approx(-0.15)
    assert sustainable([-10.0] * 3, equity, assets, [5.0] * 3, name="sgr-1") == pytest.approx(-0.10)
    assert sustainable([0.0] * 3, equity, assets, [5.0] * 3) == pytest.approx(-0.05)
    assert np.isnan(sustainable([10.0] * 3, equity, assets, [0.0, NAN, 0.0]))


def test_no_sales_leave_a_rate_on_equity() -> None:
    found = sustainable([-10.0] * 3, [100.0] * 4, [200.0] * 3, sales=[50.0, 0.0, 0.0])
    assert found == pytest.approx(-0.1)
    assert np.isnan(sustainable([-10.0] * 3, [100.0] * 4, [200.0] * 3, sales=[50.0, 0.0, 0.0], name="sgr-1"))


@given(st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3), st.lists(amounts, min_size=4, max_size=4))
def test_ordinary_firms_have_the_same_rate_by_both(income: list[float], equity: list[float]) -> None:
    assets = [2 * stock for stock in equity[:3]]
    former = sustainable(income, equity, assets, name="sgr-1")
    assert sustainable(income, equity, assets) == pytest.approx(former, rel=1e-9, abs=1e-12)


def test_every_definition_is_described_and_defaults_exist() -> None:
    for kind in ("growth", "sustainable"):
        names = definitions.definition_names(kind)  # type: ignore[arg-type]
        assert definitions.default_definition(kind) in names and definitions.first_definition(kind) in names  # type: ignore[arg-type]
        for entry in load("outcomes")[kind]["definitions"].values():
            assert all(entry["label"][lang] for lang in LANGS) and entry["source"]
    with pytest.raises(KeyError):
        growth_definition("sagr-0")


@pytest.mark.real_data
def test_on_listed_companies_used_up_equity_is_no_gap(shared_data) -> None:  # type: ignore[no-untyped-def]
    pl = pytest.importorskip("polars")
    from ktop.training.panel import Panel, outcome
    from ktop.training.scheme import read_scheme

    panel = Panel(pl.read_parquet(shared_data / "firms" / "us_listed_panel.parquet"), "company_id", "fiscal_year")
    target = {"outcome": "sgr", "net_income": "net_income", "sales": "net_sales", "total_assets": "total_assets",
              "equity": "total_assets - total_liabilities"}  # fmt: skip
    found = {}
    for name in ("sgr-1", "sgr-2"):
        scheme = {"name": "t", "id": "company_id", "year": "fiscal_year", "groups": {"g": {}},
                  "features": {"ebit": {"group": "g"}}, "targets": {"t": {**target, "definition": name}}}  # fmt: skip
        found[name] = outcome(read_scheme(scheme).targets[0], panel, None)
    rows = {name: int((~np.isnan(y)).sum()) for name, y in found.items()}
    rate = {name: float(np.nanmean(y)) for name, y in found.items()}
    assert rows == {"sgr-1": 35_643, "sgr-2": 39_862}
    assert rate["sgr-1"] == pytest.approx(0.4105, abs=5e-4) and rate["sgr-2"] == pytest.approx(0.3650, abs=5e-4)
