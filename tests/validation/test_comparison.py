"""Comparing two predictions: DeLong against the definition written out, the bootstrap against known cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from ktop.validation.comparison import compare_target, delong, overall, paired_bootstrap


def _sample(n: int = 400, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    y = (random.random(n) < 0.3).astype(float)
    base = y * 0.8 + random.normal(size=n)
    return y, np.round(base + random.normal(size=n), 1), np.round(base + 0.3 * random.normal(size=n), 1)


def _delong_by_definition(y: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Difference and standard error from the structural components, pair by pair."""
    parts = []
    for p in (a, b):
        pairs = (p[y == 1][:, None] > p[y == 0][None, :]) + 0.5 * (p[y == 1][:, None] == p[y == 0][None, :])
        parts.append((pairs.mean(), pairs.mean(axis=1), pairs.mean(axis=0)))
    s10 = np.cov(np.stack([parts[0][1], parts[1][1]]))
    s01 = np.cov(np.stack([parts[0][2], parts[1][2]]))
    s = s10 / (y == 1).sum() + s01 / (y == 0).sum()
    return parts[1][0] - parts[0][0], float(np.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1]))


def test_delong_agrees_with_its_definition() -> None:
    y, a, b = _sample()
    found = delong(y, a, b)
    difference, error = _delong_by_definition(y, a, b)
    assert found.difference == pytest.approx(difference, abs=1e-12)
    assert found.error == pytest.approx(error, rel=1e-10)
    assert found.first == pytest.approx(pytest.importorskip("sklearn.metrics").roc_auc_score(y, a), abs=1e-12)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(difference) / error), rel=1e-9)


def test_equal_predictions_do_not_differ() -> None:
    y, a, _ = _sample()
    assert delong(y, a, a).p_value == 1.0
    found = compare_target(y, 1 / (1 + np.exp(-a)), 1 / (1 + np.exp(-a)), repeats=50)
    assert found["auc"]["difference"] == 0.0 and found["verdict"] == "no_worse"


def test_delong_and_bootstrap_agree_where_rows_are_independent() -> None:
    y, a, b = _sample(1500)
    test, boot = delong(y, a, b), paired_bootstrap(y, a, b, repeats=600)["auc"]
    assert boot.difference == pytest.approx(test.difference, abs=1e-12)
    assert (boot.high - boot.low) / (2 * 1.96) == pytest.approx(test.error, rel=0.12)


def test_firms_that_repeat_widen_the_interval() -> None:
    y, a, b = _sample(300)
    often = [np.repeat(v, 6) for v in (y, a, b)]
    firms = np.repeat(np.arange(300), 6)
    by_row = paired_bootstrap(*often, repeats=300)["auc"]
    by_firm = paired_bootstrap(*often, firms, repeats=300)["auc"]
    assert (by_firm.high - by_firm.low) > 1.8 * (by_row.high - by_row.low)


def test_verdicts() -> None:
    y, a, b = _sample(3000)
    first, second = (1 / (1 + np.exp(-(v - 1.5) * s)) for v, s in ((a, 0.4), (b, 0.7)))
    better = compare_target(y, first, second, repeats=200)
    worse = compare_target(y, second, first, repeats=200)
    assert better["verdict"] == "better" and better["auc"]["low"] > 0
    assert worse["verdict"] == "worse" and worse["auc"]["high"] < 0
    bold = compare_target(y, second, np.clip(second + 0.2, 0, 1), repeats=200)
    assert bold["verdict"] == "worse" and bold["auc"]["difference"] == pytest.approx(0, abs=1e-3)
    assert overall({"a": better, "b": bold}) == "worse"
    assert overall({"a": better, "b": compare_target(y, first, first, repeats=20)}) == "better"


def test_rows_that_either_model_leaves_out_count_for_neither() -> None:
    y, a, b = _sample()
    a[:10], b[10:20], y[20:30] = np.nan, np.nan, np.nan
    assert compare_target(y, a, b, repeats=20)["rows"] == 370
    assert np.isnan(delong([0, 0, 1], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3]).p_value)
