"""The population as a table: repeatable, complete, and with accounts that add up."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ktop import catalogue
from ktop.domain.company.fact_spec import FACTS, fact_rules
from ktop.domain.company.outcomes import SIZE_FACTOR_V1
from ktop.domain.values.industry import industry_group
from ktop.kernel.errors import InputError
from ktop.training.reference import build_reference, generator_version

LATENTS = ("infra", "input", "activity", "output")
OWN_INDICATORS = {
    "infra": ("ceo_industry_years", "technical_share", "intangible_share"),
    "input": ("training_per_head", "marketing_ratio", "rnd_ratio"),
    "activity": ("rnd_projects_3y", "certifications_valid", "patents_filed_3y", "patent_claims_mean"),
    "output": ("own_commercialised_3y", "acquired_commercialised_3y", "patents_registered", "patents_cited"),
}


def numbers(frame: pl.DataFrame, name: str) -> np.ndarray:
    return frame[name].cast(pl.Float64).to_numpy()


def test_same_firms_and_seed_give_the_same_table() -> None:
    assert_frame_equal(build_reference(300, seed=4), build_reference(300, seed=4))
    assert not build_reference(300, seed=4)["sales_krw_t0"].equals(build_reference(300, seed=5)["sales_krw_t0"])


def test_every_row_says_it_is_synthetic(population: pl.DataFrame) -> None:
    assert population["synthetic"].dtype == pl.Boolean
    assert population["synthetic"].all()
    assert set(population["generator_version"]) == {generator_version()}
    assert "business_number" not in population.columns
    assert population["company_id"].n_unique() == population.height


def test_every_fact_has_its_column(population: pl.DataFrame) -> None:
    absent = {name for name in FACTS if name not in population.columns}
    assert absent == {"business_number", "corporate_number"}


def test_paid_in_capital_is_impaired_where_losses_have_eaten_into_it(population: pl.DataFrame) -> None:
    """Drawn for itself: below equity in most firms, never below the least a company is founded with."""
    capital, equity = numbers(population, "capital_stock_krw_t0"), numbers(population, "equity_krw_t0")
    known = ~np.isnan(capital) & ~np.isnan(equity)
    assert np.array_equal(np.isnan(capital), np.isnan(equity))
    assert capital[known].min() >= 10_000_000
    impaired = (equity < capital)[known]
    assert 0.05 < impaired.mean() < 0.25
    losses = numbers(population, "net_income_krw_t0")[known] < 0
    assert impaired[losses].mean() > impaired[~losses].mean()


def test_accounts_of_earlier_years_are_those_of_the_books(population: pl.DataFrame) -> None:
    """Interest of a year is paid by a firm that borrows, and profit of a year tells much of the next one's."""
    for year in ("t1", "t2"):
        interest, profit = (numbers(population, f"{n}_krw_{year}") for n in ("interest_expense", "operating_profit"))
        sales = numbers(population, f"sales_krw_{year}")
        assert np.array_equal(np.isnan(interest), np.isnan(sales))
        assert (interest[~np.isnan(interest)] >= 0).all()
        now = numbers(population, "operating_profit_krw_t0") / numbers(population, "sales_krw_t0")
        both = ~np.isnan(now) & ~np.isnan(profit)
        assert np.corrcoef(now[both], (profit / sales)[both])[0, 1] > 0.3


def test_facts_are_within_their_limits_and_rules(population: pl.DataFrame) -> None:
    for name, spec in FACTS.items():
        if name not in population.columns or not spec.numeric:
            continue
        values = numbers(population, name)
        known = values[~np.isnan(values)]
        assert len(known), name
        if spec.minimum is not None:
            assert known.min() >= float(spec.minimum), name
        if spec.maximum is not None:
            assert known.max() <= float(spec.maximum), name
        if spec.choices:
            assert set(np.unique(known)) <= set(spec.choices), name
    for rule in fact_rules():
        held = rule.holds.evaluate({name: numbers(population, name) for name in rule.holds.names})
        assert not (held == 0).any(), rule.id


def test_derived_cells_agree_with_their_sources(population: pl.DataFrame) -> None:
    assert population["industry_group"].to_list() == [industry_group(code) for code in population["industry"]]
    assert population["industry_group"].n_unique() == 6
    assert set(population["region"]) == {code for code in catalogue.load("regions")["regions"] if code != "foreign"}
    micro = population.filter(pl.col("staff_total") < 10)
    assert (micro["size"] == "micro").all()
    assert population.filter(pl.col("staff_total").is_null())["size"].null_count() > 0
    age = (population["as_of"] - population["founded"]).dt.total_days() / 365.25
    assert (age - population["age_years"]).abs().max() < 0.01
    assert (population["age_band"] == "startup").mean() > 0.04


def test_accounts_add_up(population: pl.DataFrame) -> None:
    for suffix in ("t0", "t1", "f0", "f1", "f2", "f3"):
        assets, equity = (numbers(population, f"{name}_krw_{suffix}") for name in ("total_assets", "equity"))
        known = ~np.isnan(assets)
        assert (assets[known] > 0).all()
        assert (assets[known] >= equity[known]).all()
    assets, equity = numbers(population, "total_assets_krw_t0"), numbers(population, "equity_krw_t0")
    borrowings, intangible = numbers(population, "borrowings_krw_t0"), numbers(population, "intangible_assets_krw_t0")
    both = ~np.isnan(assets) & ~np.isnan(borrowings)
    assert (borrowings[both] <= (assets - equity)[both] + 2000).all()
    assert (numbers(population, "guarantee_balance_krw") <= borrowings + 2000)[
        ~np.isnan(borrowings) & ~np.isnan(numbers(population, "guarantee_balance_krw"))
    ].all()
    both = ~np.isnan(assets) & ~np.isnan(intangible)
    assert (intangible[both] <= assets[both]).all()
    # Without new capital, equity moves by retained income; new capital only adds.
    for before, after in (("f0", "f1"), ("f1", "f2"), ("f2", "f3")):
        moved = numbers(population, f"equity_krw_{after}") - numbers(population, f"equity_krw_{before}")
        retained = numbers(population, f"net_income_krw_{after}") - numbers(population, f"dividends_krw_{after}")
        gap = (moved - retained)[~np.isnan(moved)]
        assert gap.min() > -5000
        assert np.mean(np.abs(gap) < 5000) > 0.85
    losses = numbers(population, "net_income_krw_f1") < 0
    assert (numbers(population, "dividends_krw_f1")[losses] == 0).all()


def test_no_stock_or_count_is_negative(population: pl.DataFrame) -> None:
    signed = ("equity", "income", "profit", "latent", "mean_s")
    for name, dtype in population.schema.items():
        if dtype.is_numeric() and not any(word in name for word in signed):
            least = population[name].min()
            assert least is not None, name
            assert least >= 0, name


def test_outcomes_follow_from_the_statements(population: pl.DataFrame) -> None:
    """The labels worked out here again, from the published definitions, without the generator's code."""
    sales = np.column_stack([numbers(population, f"sales_krw_f{k}") for k in range(4)])
    year = population["base_year"].to_numpy()
    medians = {y: np.nanmedian(sales[year == y, 0]) for y in np.unique(year)}
    size = sales[:, 0] / np.array([medians[y] for y in year])
    factor = np.clip(size**SIZE_FACTOR_V1.exponent, SIZE_FACTOR_V1.low, SIZE_FACTOR_V1.high)
    growth = np.cbrt(sales[:, 3] / sales[:, 0]) - 1
    growth = np.where(growth > 0, growth * factor, growth)
    sustainable, used_up = np.zeros(len(sales)), np.zeros(len(sales), dtype=bool)
    for k in range(1, 4):
        income, dividends = numbers(population, f"net_income_krw_f{k}"), numbers(population, f"dividends_krw_f{k}")
        opening, assets = numbers(population, f"equity_krw_f{k - 1}"), numbers(population, f"total_assets_krw_f{k}")
        rate = (income - dividends) / opening
        sustainable += np.where((opening <= 0.02 * assets) & (rate > 0), 0.0, rate) / 3
        used_up |= opening <= 0
    sustainable[used_up & ~np.isnan(sustainable)] = -1
    failed = numbers(population, "failure_3y") == 1
    for name, measure, rate in (
        ("high_growth", growth, 0.20),
        ("sustainable_growth", sustainable, 0.10),
    ):
        expected = np.where(np.isnan(measure), np.where(failed, 0.0, np.nan), measure >= rate)
        borderline = np.abs(measure - rate) < 1e-9
        label = numbers(population, name)
        assert np.array_equal(np.isnan(label), np.isnan(expected))
        assert np.array_equal(label[~borderline], expected[~borderline], equal_nan=True)
    assert np.nanmax(np.abs(growth - numbers(population, "mean_sagr_3y"))) < 1e-9


def test_exits_are_censored_and_not_counted_as_survivors(population: pl.DataFrame) -> None:
    unknown = population["failure_3y"].is_null()
    assert 0.02 < unknown.mean() < 0.06
    assert population.filter(unknown)["sales_krw_f3"].null_count() == unknown.sum()
    assert population.filter(unknown)["high_growth"].null_count() == unknown.sum()
    survivors = population.filter(failure_3y=0)
    assert survivors["sales_krw_f3"].null_count() == 0


def test_latents_can_be_recovered_from_their_own_indicators(population: pl.DataFrame) -> None:
    frame = population.with_columns(
        technical_share=pl.col("technical_staff") / pl.col("staff_total"),
        intangible_share=pl.col("intangible_assets_krw_t0") / pl.col("total_assets_krw_t0"),
        training_per_head=pl.col("training_expense_krw_t0") / pl.col("staff_total"),
        marketing_ratio=pl.col("marketing_expense_krw_t0") / pl.col("sales_krw_t0"),
        rnd_ratio=pl.col("rnd_expense_krw_t0") / pl.col("sales_krw_t0"),
    )
    for latent, indicators in OWN_INDICATORS.items():
        ranks = frame.select(pl.col(name).rank().fill_null(strategy="mean") for name in indicators).to_numpy()
        design = np.column_stack([np.ones(len(ranks)), ranks / len(ranks)])
        correlation = {}
        for other in LATENTS:
            target = numbers(population, f"latent_{other}")
            fitted = design @ np.linalg.lstsq(design, target, rcond=None)[0]
            correlation[other] = np.corrcoef(fitted, target)[0, 1]
        assert correlation[latent] > 0.55, latent
        assert correlation[latent] < 0.95, latent  # indicators measure with error, as real ones do
        assert max(correlation, key=lambda name: correlation[name]) == latent


def test_missing_facts_are_missing_as_in_real_life(population: pl.DataFrame) -> None:
    share = {name: population[name].null_count() / population.height for name in population.columns}
    assert max(share[f"q{i:02d}"] for i in range(1, 26)) < 0.01
    assert 0.01 < share["sales_krw_t0"] < 0.05
    assert 0.08 < share["training_expense_krw_t0"] < 0.25
    assert share["patents_filed_3y"] == 0
    young = population.filter(pl.col("age_years") < 1)
    assert young["sales_krw_t0"].null_count() == young.height
    # Never filed: the mean number of claims is unknown, not zero.
    without = population.filter((pl.col("patents_filed_3y") == 0) & (pl.col("patents_registered") == 0))
    assert without["patent_claims_mean"].null_count() == without.height
    # Low spenders tell less: missing not at random.
    spenders = population.filter(pl.col("latent_input") > 1)["training_expense_krw_t0"].is_null().mean()
    savers = population.filter(pl.col("latent_input") < -1)["training_expense_krw_t0"].is_null().mean()
    assert savers > spenders + 0.01


def test_checklist_uses_all_five_answers_and_tells_more_than_the_quantitative_items(
    population: pl.DataFrame,
) -> None:
    management = numbers(population, "latent_management")
    for i in range(1, 26):
        shares = population[f"q{i:02d}"].drop_nulls().value_counts(normalize=True)
        assert set(shares[f"q{i:02d}"]) == {1, 2, 3, 4, 5}
        assert shares["proportion"].min() > 0.015
    asked = population.select(pl.mean_horizontal(f"q{i:02d}" for i in range(1, 7))).to_series().to_numpy()
    answered = abs(_correlation(asked, management))
    assert answered > 0.55
    for name in ("ceo_industry_years", "technical_staff", "rnd_organisation", "rnd_projects_completed_3y", "other_ip"):
        assert abs(_correlation(numbers(population, name), management)) < answered - 0.15, name


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    known = ~np.isnan(a) & ~np.isnan(b)
    return float(np.corrcoef(a[known], b[known])[0, 1])


def test_refuses_what_it_cannot_build() -> None:
    with pytest.raises(InputError, match="firms_out_of_range"):
        build_reference(10, seed=1)
    with pytest.raises(InputError, match="negative_seed"):
        build_reference(200, seed=-1)


def test_progress_runs_from_start_to_end() -> None:
    told: list[tuple[int, int | None, str]] = []
    build_reference(100, seed=1, progress=lambda *step: told.append(step))
    assert told == sorted(told)
    assert told[-1] == (1000, 1000, "reference")
    assert len(told) > 3


def test_as_of_is_the_end_of_the_base_year(population: pl.DataFrame) -> None:
    assert population["as_of"].to_list()[:5] == [date(y, 12, 31) for y in population["base_year"][:5]]
