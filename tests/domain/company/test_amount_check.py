"""Amounts in another unit: found by what the firm's other figures say, named with their factor, and rarely in vain."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.catalogue import LANGS, load
from ktop.domain.company.amount_check import AmountRanges, decimals, odd_amounts
from ktop.domain.company.amount_warnings import amount_warnings, odd_company_amounts, usual_amounts
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.rated_subject import RatedSubject

DAY = date(2026, 6, 1)
NAN = float("nan")
#: A firm of 30 heads with ordinary figures.
FIRM = {
    "staff_total": 30.0, "sales_krw_t0": 5.6e9, "sales_krw_t1": 5.1e9, "sales_krw_t2": 4.7e9,
    "operating_profit_krw_t0": 3.1e8, "net_income_krw_t0": 2.4e8, "net_income_krw_t1": 1.9e8,
    "total_assets_krw_t0": 5.2e9, "total_assets_krw_t1": 4.8e9, "equity_krw_t0": 2.2e9, "equity_krw_t1": 2.0e9,
    "intangible_assets_krw_t0": 1.5e8, "rnd_expense_krw_t0": 2.6e8, "rnd_expense_krw_t1": 2.2e8,
    "training_expense_krw_t0": 6.0e6, "marketing_expense_krw_t0": 5.0e7, "interest_expense_krw_t0": 5.5e7,
    "dividends_krw_t0": 0.0, "borrowings_krw_t0": 1.4e9,
}  # fmt: skip
MONEY = [name for name in FIRM if name != "staff_total"]


def table(**changes: Any) -> FactTable:
    return FactTable.from_columns({name: np.array([value]) for name, value in {**FIRM, **changes}.items()}, DAY)


def told(**changes: Any) -> dict[str, str]:
    return {warning.code: warning.text["ko"] for warning in amount_warnings(table(**changes)).get(0, ())}


def scaled(names: list[str], factor: float) -> dict[str, float]:
    return {name: FIRM[name] * factor for name in names}


def test_an_ordinary_firm_is_not_told_of_anything() -> None:
    assert told() == {}
    for head in (NAN, 8.0, 120.0):
        assert told(staff_total=head) == {}
    assert told(**dict.fromkeys(MONEY, NAN)) == {}


@pytest.mark.parametrize("step", [3, 6, 8])
@pytest.mark.parametrize("names", [
    ["sales_krw_t0"], ["sales_krw_t0", "sales_krw_t1", "sales_krw_t2"], ["rnd_expense_krw_t0", "rnd_expense_krw_t1"],
    ["training_expense_krw_t0"], ["total_assets_krw_t0", "total_assets_krw_t1"], ["marketing_expense_krw_t0"],
])  # fmt: skip
def test_items_in_thousand_million_or_hundred_million_are_named_with_the_factor(names: list[str], step: int) -> None:
    for head in (30.0, NAN):
        found = told(**scaled(names, 10.0**-step), staff_total=head)
        assert list(found) == ["amounts_small"], found
        for name in names:
            assert FACTS[name].label["ko"] in found["amounts_small"]
        assert f"{10**step:,}분의 1" in found["amounts_small"]
        others = [FACTS[name].label["ko"] for name in MONEY if name not in names]
        assert not any(f"{label}," in found["amounts_small"] for label in others)


def test_items_a_thousand_times_too_large_are_named() -> None:
    for name in ("sales_krw_t0", "rnd_expense_krw_t0", "training_expense_krw_t0", "operating_profit_krw_t0"):
        found = told(**scaled([name], 1000))
        assert list(found) == ["amounts_large"] and FACTS[name].label["ko"] in found["amounts_large"]
        assert "1,000배" in found["amounts_large"]


@pytest.mark.parametrize("step", [3, 6, 8])
def test_a_whole_record_in_another_unit_is_told_by_the_head_count(step: int) -> None:
    found = told(**scaled(MONEY, 10.0**-step))
    assert list(found) == ["amounts_all_small"] and f"{10**step:,}분의 1" in found["amounts_all_small"]
    assert list(told(**scaled(MONEY, 10.0**-step), staff_total=NAN)) == ["amounts_all_small"], "no firm is so small"
    assert list(told(**scaled(MONEY, 10.0**3))) == ["amounts_all_large"]


def test_the_newest_year_in_thousands_is_found_although_it_holds_most_of_the_figures() -> None:
    newest = [name for name in MONEY if name.endswith("_t0")]
    found = told(**scaled(newest, 1e-3))
    assert list(found) == ["amounts_small"]
    assert FACTS["sales_krw_t0"].label["ko"] in found["amounts_small"]
    assert FACTS["sales_krw_t1"].label["ko"] not in found["amounts_small"]


def test_a_firm_before_its_first_product_is_borne_out_by_its_head_count() -> None:
    """Little sales, much research: unusual, and no slip, since nothing stands a unit away from the head-count."""
    small = {"sales_krw_t0": 2.4e8, "sales_krw_t1": 1.9e8, "sales_krw_t2": 1.5e8, "rnd_expense_krw_t0": 1.9e9}
    assert told(**small, operating_profit_krw_t0=-2.2e9, net_income_krw_t0=-2.3e9, marketing_expense_krw_t0=5e6) == {}


def test_sales_of_nothing_are_told() -> None:
    assert list(told(sales_krw_t0=0.0)) == ["sales_zero"]


def test_a_rated_record_tells_of_its_amounts_in_both_languages() -> None:
    statement = {"year": 2025, "unit": "million_krw", "sales": 5600, "total_assets": 5200, "rnd_expense": 260}
    record = {"name": "가나다", "staff": [{"date": "2025-12-31", "total": 30}], "statements": [statement]}
    assert not any("amounts" in warning.code for warning in RatedSubject.of(record, DAY).warnings)
    statement["unit"] = "krw"
    (found,) = (warning for warning in RatedSubject.of(record, DAY).warnings if "amounts" in warning.code)
    assert found.code == "amounts_all_small" and all("1,000,000" in found.text[lang] for lang in LANGS)


def test_the_ranges_are_stored_as_they_were_learned() -> None:
    rng = np.random.default_rng(1)
    logs = rng.normal(size=(500, 1)) + rng.normal(size=(500, 3)) * [0.1, 0.3, 0.5] + [9, 8, 2]
    ranges = AmountRanges.fit(logs, ["a", "b", "c"])
    again = AmountRanges.from_mapping(ranges.to_mapping())
    assert again.names == ranges.names and np.allclose(again.centres, ranges.centres, atol=0.005)
    assert np.allclose([again.low, again.high], [ranges.low, ranges.high], atol=0.005)
    assert not odd_amounts(logs, ranges).amounts.any()
    found = odd_amounts(logs - [3.0, 0.0, 0.0], ranges)
    assert (found.amounts == [-3, 0, 0]).all(axis=1).mean() > 0.95


def test_amounts_of_nothing_or_not_known_have_no_size() -> None:
    assert np.isnan(decimals([0.0, NAN])).all() and decimals([-1000.0])[0] == 3
    ranges = usual_amounts()
    empty = odd_amounts(np.full((2, len(ranges.names)), NAN), ranges, np.array([1.0, NAN]))
    assert not empty.any.any()


def test_the_catalogue_holds_what_the_reference_population_teaches() -> None:
    from ktop.training.reference import build_reference
    from ktop.training.reference.amounts import FIRMS, SEED, learn_amount_ranges

    learned = learn_amount_ranges(build_reference(FIRMS, SEED)).to_mapping()
    assert learned == {key: load("amount_ranges")[key] for key in ("size", "amounts")}


def test_few_are_warned_in_vain_and_few_slips_pass() -> None:
    """On fresh companies: under 1 in 1,000 told of as they are; of slips of one item nine in ten and more are told."""
    from ktop.training.reference import build_reference

    frame = build_reference(4000, 99)
    names = (*usual_amounts().names, "staff_total")
    given = {name: frame[name].cast(pl.Float64).fill_null(NAN).to_numpy() for name in names}
    assert odd_company_amounts(FactTable.from_columns(given, DAY)).any.mean() < 0.001
    for name, least in (("sales_krw_t0", 0.99), ("rnd_expense_krw_t0", 0.95), ("training_expense_krw_t0", 0.95),
                        ("total_assets_krw_t0", 0.99)):  # fmt: skip
        known = given[name] > 0
        for step in (-3, -6):
            odd = odd_company_amounts(FactTable.from_columns({**given, name: given[name] * 10.0**step}, DAY))
            place = usual_amounts().names.index(name)
            assert (odd.amounts[known, place] == step).mean() > least, (name, step)
    for step in (-3, -6):
        money = {name: given[name] * 10.0**step for name in usual_amounts().names}
        odd = odd_company_amounts(FactTable.from_columns({**given, **money}, DAY))
        assert (odd.whole == step).mean() > 0.98
