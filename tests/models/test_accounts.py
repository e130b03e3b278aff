"""The accounts are a group of their own: what they changed is exact, and the capabilities stay what they were."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import ACCOUNTS, accounts_ratios, tech_index_indicators
from ktop.models.company_model import CompanyModel
from ktop.models.registry import ModelRegistry
from ktop.training.reference import build_reference
from ktop.training.release import reference_table

DAY = date(2021, 1, 1)
STATEMENTS = ("sales_krw", "net_income_krw", "total_assets_krw", "equity_krw", "borrowings_krw", "operating_profit_krw")
STATEMENTS += ("interest_expense_krw",)


@pytest.fixture(scope="module")
def firms() -> pl.DataFrame:
    return build_reference(800, 4401)


@pytest.fixture(scope="module", params=["tech-index", "ktrs-fm"])
def model(request: pytest.FixtureRequest) -> CompanyModel:
    return ModelRegistry().model(request.param)


def logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)


def one(firms: pl.DataFrame, row: int, **changes: float | None) -> FactTable:
    """One firm with some facts replaced."""
    columns = [pl.lit(value, dtype=pl.Float64).alias(name) for name, value in changes.items()]
    return reference_table(firms.slice(row, 1).with_columns(columns))


def test_the_accounts_part_is_exact(model: CompanyModel, firms: pl.DataFrame) -> None:
    for row in range(0, 200, 23):
        accounts = model.rate_row(one(firms, row)).details["accounts"]
        for entry in accounts["probabilities"].values():
            assert logit(entry["with"]) - logit(entry["without"]) == pytest.approx(entry["logit"], abs=1e-9)
            assert math.fsum(ratio["logit"] for ratio in entry["ratios"]) == pytest.approx(entry["logit"], abs=1e-9)
            assert [ratio["indicator"] for ratio in entry["ratios"]] == [ratio.id for ratio in accounts_ratios()]


def test_ktrs_fm_counts_the_accounts_in_its_scores(firms: pl.DataFrame) -> None:
    rating = ModelRegistry().model("ktrs-fm").rate_row(one(firms, 5))
    for score, target in (("growth", "high_growth"), ("risk", "failure")):
        parts = [part.logit for part in rating.contributions if part.score == score and part.group == ACCOUNTS]
        assert math.fsum(parts) == pytest.approx(rating.details["accounts"]["probabilities"][target]["logit"], abs=1e-9)


def test_capabilities_and_index_are_those_of_the_14_indicators(firms: pl.DataFrame) -> None:
    """Whatever the accounts: the index and its parts stay, the probabilities move."""
    index = ModelRegistry().model("tech-index")
    fourteen = {indicator.id for indicator in tech_index_indicators()}
    used = {name for indicator in tech_index_indicators() for name in indicator.expression.names}
    moved = 0
    for row in range(0, 60, 7):
        table = one(firms, row)
        before = index.rate_row(table)
        other = {"net_income_krw_t0": -1e10, "equity_krw_t0": -2e9, "sales_krw_t2": 1e9}
        assert not used & other.keys()
        after = index.rate_row(one(firms, row, **other))
        assert after.scores == before.scores
        assert after.contributions == before.contributions
        assert {part.indicator for part in before.contributions} == fourteen
        moved += after.probabilities != before.probabilities
    assert moved >= 8


def test_used_up_equity_and_losses_count(model: CompanyModel, firms: pl.DataFrame) -> None:
    """Everything else equal: sound accounts against a loss, equity used up and interest not earned."""
    base: dict[str, float | None] = {"total_assets_krw_t0": 5e9, "total_assets_krw_t1": 5e9, "borrowings_krw_t0": 2e9}
    base |= {"sales_krw_t0": 5e9, "sales_krw_t1": 5e9, "sales_krw_t2": 5e9, "interest_expense_krw_t0": 1e8}
    sound = {"equity_krw_t0": 2.5e9, "net_income_krw_t0": 4e8, "net_income_krw_t1": 3e8, "operating_profit_krw_t0": 6e8}
    bad = {"equity_krw_t0": -5e8, "net_income_krw_t0": -8e8, "net_income_krw_t1": -6e8, "operating_profit_krw_t0": -7e8}
    for row in (0, 11, 44):
        good, worse = (model.rate_row(one(firms, row, **base, **facts)) for facts in (sound, bad))
        if model.name == "ktrs-fm":
            p, q = good.probabilities["failure"].value, worse.probabilities["failure"].value
            assert q / (1 - q) > 5 * p / (1 - p)
            assert worse.details["accounts"]["grades"]["risk"]["with"] == worse.grades["risk"]
        else:
            assert worse.probabilities["sustainable_growth"].value < 0.05
            assert good.probabilities["sustainable_growth"].value > 0.15


def test_a_firm_without_statements_is_rated_with_wider_intervals(model: CompanyModel, firms: pl.DataFrame) -> None:
    known = firms.filter(pl.all_horizontal(pl.col(f"{name}_t0").is_not_null() for name in STATEMENTS)).head(60)
    hidden = known.with_columns(
        [pl.lit(None, dtype=pl.Float64).alias(f"{name}_t{k}") for name in STATEMENTS for k in (0, 1, 2)
         if f"{name}_t{k}" in known.columns]
    )  # fmt: skip
    a, b = model.rate_table(reference_table(known)), model.rate_table(reference_table(hidden))
    assert b.ok.all()
    for target, (value, low, high) in a.probabilities.items():
        other = b.probabilities[target]
        width = np.log(high / (1 - high)) - np.log(low / (1 - low))
        wider = np.log(other[2] / (1 - other[2])) - np.log(other[1] / (1 - other[1]))
        assert (wider > width).all(), f"{target} of {len(value)} firms"
    rating = model.rate_row(reference_table(hidden.head(1)))
    assert "no_accounts" in {warning.code for warning in rating.warnings}
    assert "no_accounts" not in {w.code for w in model.rate_row(reference_table(known.head(1))).warnings}
    assert not any("details.accounts" in path for opinion in rating.opinions for path in opinion.basis)


def test_the_opinion_says_what_the_accounts_changed(model: CompanyModel, firms: pl.DataFrame) -> None:
    rating = model.rate_row(one(firms, 3))
    told = {o.lang: o.text for o in rating.opinions if any(path.startswith("details.accounts") for path in o.basis)}
    assert told.keys() == {"ko", "en"}
    for entry in rating.details["accounts"]["probabilities"].values():
        shown = f"{100 * entry['with']:.1f}%" if entry["with"] >= 0.01 else f"{100 * entry['with']:.2f}%"
        assert shown in told["ko"] and shown in told["en"]


def test_earlier_versions_read_no_accounts() -> None:
    for name in ("tech-index", "ktrs-fm"):
        former = ModelRegistry().model(name, "1.3.0")
        assert ACCOUNTS not in former.panel.groups
        rating: Any = former.rate_row(one(build_reference(100, 3), 0))
        assert "accounts" not in rating.details


def test_every_version_keeps_the_words_of_its_own_formulas() -> None:
    registry = ModelRegistry()
    former = {i.id: i for i in registry.model("ktrs-fm", "1.3.0").indicators}["commercialisation_rate"]
    today = {i.id: i for i in registry.model("ktrs-fm").indicators}["commercialisation_rate"]
    assert former.expression.source == "100*own_commercialised_3y/rnd_projects_completed_3y"
    assert "missing where no project" in former.definition["en"]
    assert today.definition != former.definition
