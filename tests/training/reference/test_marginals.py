"""The population against published Korean figures.

Tolerances stand in the catalogue beside each figure. They cover three things: the sampling error of 20,000 firms
(largest for mean sales, whose tail gives a relative standard error of about 5 %), that published years and frames
differ from one another by as much (venture sales 5.29, 5.92 and 6.04 bn KRW), and, for Bank of Korea figures, that
they speak of all corporations and not of technology SMEs.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ktop import catalogue
from ktop.training.reference.marginals import compare, marginals
from ktop.training.reference.parameters import targets


def test_every_published_figure_is_met(population: pl.DataFrame) -> None:
    comparisons = compare(population)
    assert {c.target.name for c in comparisons} == {*targets(), *targets("reference_abroad")}
    missed = {
        c.target.name: (c.target.value, round(c.found, 3), c.target.tolerance) for c in comparisons if not c.within
    }
    assert missed == {}


def test_a_wrong_population_is_noticed(population: pl.DataFrame) -> None:
    wrong = population.with_columns(pl.col("staff_total") * 2, pl.col("rnd_expense_krw_t0") * 3)
    missed = {c.target.name for c in compare(wrong) if not c.within}
    assert {"staff_mean_survey", "rnd_to_sales_survey", "rnd_to_sales_venture"} <= missed


def test_marginals_by_hand() -> None:
    population = pl.DataFrame(
        {
            "frame": ["survey", "survey", "survey", "venture"],
            "age_years": [10.0, 12.0, 20.0, 3.0],
            "staff_total": [10, 19, None, 20],
            "sales_krw_t0": [1e9, 4e9, 10e9, 2e9],
            "rnd_expense_krw_t0": [1e8, 1e8, None, 2e8],
            "research_staff": [1, 2, 3, 4],
            "patents_registered": [0, 3, 1, 2],
            "other_ip": [0, 1, None, 2],
            "rnd_projects_3y": [1, 1, 1, 1],
            "rnd_projects_completed_3y": [1, 1, 1, 1],
            "own_commercialised_3y": [1, 1, 1, 1],
            "rnd_organisation": [0, 1, 2, 2],
            "operating_profit_krw_t0": [1e8, 1e8, 1e8, 1e8],
            "interest_expense_krw_t0": [2e8, 0, 5e7, None],
            "net_income_krw_t0": [1e8, 1e8, 1e8, 5e7],
            "total_assets_krw_t0": [10e8, 10e8, 10e8, 10e8],
            "equity_krw_t0": [5e8, 5e8, 5e8, 5e8],
            "borrowings_krw_t0": [1e8, 3e8, None, 2e8],
            "failure_3y": [0, 1, None, 0],
            "high_growth": [0, 1, 0, None],
        }
    )
    found = marginals(population)
    assert found["age_mean_survey"] == pytest.approx(14.0)
    assert found["age_10_15_survey"] == pytest.approx(200 / 3)
    assert found["staff_mean_survey"] == pytest.approx(14.5)
    assert found["staff_10_19_survey"] == pytest.approx(100.0)
    assert found["sales_1_5bn_survey"] == pytest.approx(200 / 3)
    assert found["rnd_to_sales_survey"] == pytest.approx(4.0)
    assert found["ip_holders_survey"] == pytest.approx(50.0)
    assert found["ip_rights_per_holder_survey"] == pytest.approx(4.0)
    assert found["interest_cover_below_1"] == pytest.approx(50.0)
    assert found["borrowings_to_assets"] == pytest.approx(20.0)
    assert found["debt_to_equity"] == pytest.approx(100.0)
    assert found["failure_3y"] == pytest.approx(100 / 3)


def test_every_target_names_a_listed_source_in_both_languages() -> None:
    sources = catalogue.load("reference")["sources"]
    for target in targets().values():
        assert target.source in sources
        assert target.frame in {"survey", "venture", "all"}
    for source in sources.values():
        assert source["address"]
        assert set(source["label"]) == {"ko", "en"}


def test_industry_shares_add_up_and_hold_the_published_ones(population: pl.DataFrame) -> None:
    table = catalogue.load("reference")["parameters"]["industries"]
    for frame in ("survey", "venture"):
        assert sum(row[frame] for row in table) == pytest.approx(1.0, abs=0.005)
    division = population.filter(frame="survey")["industry"].str.slice(1, 2)
    for code, published in (("29", 15.2), ("25", 10.9), ("58", 8.4), ("28", 7.6)):
        assert 100 * (division == code).mean() == pytest.approx(published, abs=1.2)


def test_technology_industries_stand_above_low_technology_ones(population: pl.DataFrame) -> None:
    """TCI 2015, base 100: electric and electronic 121.0, textile and leather 115.4 (newspim.com 20230106000210)."""
    latents = population.with_columns(
        mean=pl.mean_horizontal("latent_infra", "latent_input", "latent_activity", "latent_output"),
        division=pl.col("industry").str.slice(1, 2),
    )
    by_division = dict(latents.group_by("division").agg(pl.col("mean").mean()).iter_rows())
    assert by_division["26"] > by_division["13"] + 0.15


def test_high_growth_is_rarer_among_large_firms_but_within_a_factor_of_two_and_a_half(population: pl.DataFrame) -> None:
    known = population.filter(pl.col("high_growth").is_not_null() & pl.col("sales_krw_f0").is_not_null())
    decile = (pl.col("sales_krw_f0").rank("ordinal") - 1) * 10 // known.height
    by_decile = dict(known.group_by(decile.alias("decile")).agg(pl.col("high_growth").mean()).iter_rows())
    assert 1.0 < by_decile[0] / by_decile[9] < 2.5


def test_growth_varies_by_year_without_leaving_the_published_band(population: pl.DataFrame) -> None:
    rates = np.array(population.group_by("base_year").agg(pl.col("high_growth").mean())["high_growth"])
    assert rates.min() > 0.13
    assert rates.max() < 0.235
    assert rates.max() - rates.min() > 0.01
