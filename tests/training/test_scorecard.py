"""The scorecard: monotone bins, weights of evidence and coefficients that cannot turn an input round."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.models.calibration import expit
from ktop.training.boosting import firm_bootstrap
from ktop.training.scorecard import ScorecardSettings, fit_scorecard, monotone_edges, nonnegative_logistic
from ktop.training.terms import assemble

RANDOM = np.random.default_rng(21)


def test_bins_follow_the_sign_and_are_large_enough() -> None:
    x = RANDOM.normal(size=6000)
    y = (RANDOM.random(6000) < expit(np.sin(2 * x) + x)).astype(float)  # rises on the whole, falls in places
    settings = ScorecardSettings(min_share=0.05)
    edges = monotone_edges(x, y, 1, settings)
    bins = np.searchsorted(edges, x, side="left")
    rates = [y[bins == b].mean() for b in range(len(edges) + 1)]
    assert len(edges) >= 3
    assert np.diff(rates).min() > 0
    assert min(np.bincount(bins)) >= 0.05 * 6000
    assert len(monotone_edges(x, y, -1, settings)) == 0, "nothing falls here, so one bin is left"


def test_bins_are_the_isotonic_fit() -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    x = RANDOM.integers(0, 15, size=5000).astype(float)
    y = (RANDOM.random(5000) < expit(0.15 * x - 2 + 0.4 * np.sin(3 * x))).astype(float)
    edges = monotone_edges(x, y, 1, ScorecardSettings(prebins=200, min_share=0.0))
    bins = np.searchsorted(edges, x, side="left")
    rate = np.array([y[bins == b].mean() for b in range(len(edges) + 1)])[bins]
    assert np.allclose(rate, isotonic.IsotonicRegression().fit(x, y).predict(x), atol=1e-12)


def test_nonnegative_logistic_agrees_with_an_independent_fit() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    X = RANDOM.normal(size=(4000, 4))
    y = (RANDOM.random(4000) < expit(X @ [0.8, 0.3, 0.5, -0.7] - 1)).astype(float)  # the last wants to be negative
    intercept, found = nonnegative_logistic(X, y, np.ones(4000), l2=0.0)
    assert found.min() >= 0 and found[3] == 0
    kept = found > 0
    other = linear.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X[:, kept], y)
    assert np.allclose(found[kept], other.coef_[0], atol=1e-4)
    assert np.isclose(intercept, other.intercept_[0], atol=1e-4)


def test_the_scorecard_is_monotone_and_missing_is_a_bin_of_its_own() -> None:
    X = RANDOM.normal(size=(5000, 3))
    X[RANDOM.random((5000, 3)) < 0.1] = np.nan
    y = (RANDOM.random(5000) < expit(np.nan_to_num(X @ [1.0, 0.0, -0.8], nan=-1.0) - 1)).astype(float)
    signs = [1, 1, -1]
    card, members = fit_scorecard(X, y, firm_bootstrap(np.arange(5000), 3, 2), signs, ScorecardSettings())
    model, logits = assemble(members, X, ["a", "b", "c"], ["g"] * 3, signs, central=card)
    assert all(len(table.inputs) == 1 for table in model.tables)
    for table in model.tables:
        assert (np.diff(table.values[:-1]) * signs[table.inputs[0]] >= 0).all()
    assert logits.shape == (3, 5000)
    auc = _auc(model.logit(model.bins(X)), y)
    assert auc > 0.7
    hidden, zero = model.bins(np.array([[np.nan, 0, 0]])), model.bins(np.array([[0.0, 0, 0]]))
    assert model.logit(hidden)[0] != model.logit(zero)[0]


def _auc(score: np.ndarray, y: np.ndarray) -> float:
    metrics = pytest.importorskip("sklearn.metrics")
    return float(metrics.roc_auc_score(y, score))
