"""No probability contradicts the accounts: by tenth of every ratio, what is foretold is what came, on fresh firms."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ktop.domain.company.indicators import accounts_ratios, evaluate
from ktop.models.registry import ModelRegistry
from ktop.training.fit import known_outcomes
from ktop.training.reference import build_reference
from ktop.training.release import reference_table
from ktop.validation.calibration import reliability_table
from ktop.validation.discrimination import auc

#: Some 220 intervals are looked at; at this level one in a hundred runs has one outside by chance.
LEVEL = 0.99995


@pytest.fixture(scope="module")
def firms() -> pl.DataFrame:
    """A sample; benchmarks/acceptance.py takes 30,000."""
    return build_reference(8000, 4407)


def outside(name: str, version: str | None, firms: pl.DataFrame) -> tuple[list[str], int]:
    """Return the tenths of ratios in which a model's mean probability lies outside the interval of what came."""
    model, table = ModelRegistry().model(name, version), reference_table(firms)
    batch, known = model.rate_table(table, contributions=False), known_outcomes(model.panel, firms)
    values = evaluate(accounts_ratios(), table)
    found, seen = [], 0
    for target, (p, _, _) in batch.probabilities.items():
        y = known[f"y_{target}"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for k, ratio in enumerate(accounts_ratios()):
            for tenth, row in enumerate(reliability_table(y, p, 10, by=values[:, k], level=LEVEL)):
                seen += 1
                if not row.low <= row.predicted <= row.high:
                    found.append(f"{target} by {ratio.id}, tenth {tenth}: {row.predicted:.3f} for {row.rate:.3f}")
    return found, seen


@pytest.mark.parametrize("name", ["tech-index", "ktrs-fm"])
def test_by_tenth_of_every_ratio_what_is_foretold_comes(name: str, firms: pl.DataFrame) -> None:
    found, seen = outside(name, None, firms)
    assert seen > 90
    assert not found


@pytest.mark.parametrize("name", ["tech-index", "ktrs-fm"])
def test_the_former_models_contradict_the_accounts(name: str, firms: pl.DataFrame) -> None:
    """The test must be able to fail: versions without the accounts do."""
    assert len(outside(name, "1.3.0", firms)[0]) >= 5


@pytest.mark.parametrize(
    ("name", "target", "fact", "least"),
    [("ktrs-fm", "failure", "equity_krw_t0", 0.87), ("tech-index", "sustainable_growth", "net_income_krw_t0", 0.88)],
)
def test_used_up_equity_and_losses_are_foretold(
    name: str, target: str, fact: str, least: float, firms: pl.DataFrame
) -> None:
    """Failure where equity is used up, sustainable growth of firms at a loss; and how well firms are told apart."""
    model = ModelRegistry().model(name)
    p = model.rate_table(reference_table(firms), contributions=False).probabilities[target][0]
    y = known_outcomes(model.panel, firms)[f"y_{target}"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = ~np.isnan(y)
    rows = known & (firms[fact] < 0).fill_null(False).to_numpy()
    error = np.sqrt(np.sum(p[rows] * (1 - p[rows]))) / rows.sum()
    assert rows.sum() > 200
    assert abs(p[rows].mean() - y[rows].mean()) < 3.3 * error
    assert auc(y[known], p[known]) > least
