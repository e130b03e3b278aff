"""AUC, AR, KS and precision against hand values, scikit-learn and scipy; the firm-clustered bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_roc

from ktop.validation.discrimination import accuracy_ratio, auc, clustered_bootstrap, ks, precision_at, roc_curve


def sample(n: int = 800, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - z))).astype(float)
    return y, np.round(1 / (1 + np.exp(-z)), 2)  # rounded, so that ties occur


def test_auc_by_hand() -> None:
    # Pairs (event, other): (.9,.1) (.9,.5) right, (.5,.1) right, (.5,.5) tie: 3.5 of 4.
    assert auc([1, 1, 0, 0], [0.9, 0.5, 0.1, 0.5]) == 0.875
    assert accuracy_ratio([1, 1, 0, 0], [0.9, 0.5, 0.1, 0.5]) == 0.75
    assert auc([0, 1], [0.2, 0.7]) == 1.0
    assert auc([1, 0], [0.2, 0.7]) == 0.0


def test_auc_and_roc_agree_with_scikit_learn() -> None:
    y, p = sample()
    assert auc(y, p) == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    false, true = roc_curve(y, p)
    expected_false, expected_true, _ = sklearn_roc(y, p, drop_intermediate=False)
    assert np.allclose(false, expected_false)
    assert np.allclose(true, expected_true)
    thin_false, thin_true = roc_curve(y, p, points=20)
    assert len(thin_false) <= 22
    assert (thin_false[0], thin_true[0], thin_false[-1], thin_true[-1]) == (0, 0, 1, 1)


def test_ks_agrees_with_scipy() -> None:
    y, p = sample()
    assert ks(y, p) == pytest.approx(ks_2samp(p[y == 1], p[y == 0]).statistic, abs=1e-12)
    assert ks([1, 0], [0.9, 0.1]) == 1.0


def test_precision_shares_out_a_tie_at_the_edge() -> None:
    # Top half of four: the .8 (event) and one of the two .5 (one event of two): (1 + 0.5) / 2.
    assert precision_at([1, 1, 0, 0], [0.8, 0.5, 0.5, 0.1], 0.5) == 0.75
    assert precision_at([1, 0, 0, 0], [0.8, 0.5, 0.5, 0.1], 0.25) == 1.0
    assert precision_at([1, 0, 0, 0], [0.8, 0.5, 0.5, 0.1], 1.0) == 0.25
    with pytest.raises(ValueError, match="share"):
        precision_at([1, 0], [0.1, 0.2], 0.0)


def test_unknown_rows_are_left_out_and_one_class_has_no_figure() -> None:
    assert auc([1, 0, np.nan, 1], [0.9, 0.1, 0.5, np.nan]) == 1.0
    assert math.isnan(auc([1, 1], [0.2, 0.3]))
    assert math.isnan(ks([0, 0], [0.2, 0.3]))
    assert math.isnan(auc([], []))
    assert math.isnan(precision_at([], [], 0.5))
    assert roc_curve([1, 1], [0.2, 0.3])[0].size == 0


def test_wrong_shapes_and_outcomes_are_refused() -> None:
    with pytest.raises(ValueError, match="equally long"):
        auc([1, 0], [0.5])
    with pytest.raises(ValueError, match="0, 1 or unknown"):
        auc([1, 2], [0.5, 0.1])


def test_bootstrap_is_repeatable_and_holds_the_value() -> None:
    y, p = sample()
    first, again = (clustered_bootstrap(y, p, repeats=200, seed=1) for _ in range(2))
    assert first == again
    assert first != clustered_bootstrap(y, p, repeats=200, seed=2)
    low, high = first["auc"]
    assert low < auc(y, p) < high
    assert first["accuracy_ratio"] == pytest.approx((2 * low - 1, 2 * high - 1))
    assert first["ks"][0] < ks(y, p) < first["ks"][1] + 0.05
    # The Hanley-McNeil standard error of an AUC near .75 with these counts is about .018.
    assert 0.04 < high - low < 0.11


def test_weights_of_the_bootstrap_equal_repeating_the_rows() -> None:
    y, p = sample(60)
    firm = np.arange(60) // 3
    drawn = []
    rng = np.random.default_rng(5)
    for _ in range(50):
        times = np.bincount(rng.integers(0, 20, 20), minlength=20)
        rows = np.repeat(np.arange(60), times[firm])
        drawn.append(roc_auc_score(y[rows], p[rows]))
    ids = np.array([f"firm {i:02d}" for i in firm])
    expected = np.quantile(drawn, [0.025, 0.975])
    assert clustered_bootstrap(y, p, ids, repeats=50, seed=5)["auc"] == pytest.approx(tuple(expected), abs=1e-12)


def test_firms_that_repeat_widen_the_interval() -> None:
    y, p = sample(300)
    y, p, firm = np.repeat(y, 5), np.repeat(p, 5), np.repeat(np.arange(300), 5)
    naive = clustered_bootstrap(y, p, repeats=300)["auc"]
    clustered = clustered_bootstrap(y, p, firm, repeats=300)["auc"]
    assert clustered[1] - clustered[0] > 1.7 * (naive[1] - naive[0])
