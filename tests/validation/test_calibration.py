"""Brier, calibration line, ECE, Hosmer-Lemeshow and Jeffreys intervals against hand values, scikit-learn and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta, chi2
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from ktop.validation.calibration import (
    brier,
    brier_skill,
    calibration_line,
    ece,
    hosmer_lemeshow,
    jeffreys_interval,
    reliability_table,
)


def sample(n: int = 20_000, stretch: float = 1.0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of logit ``-1.5 + z`` and predictions whose logit is that, stretched and shifted."""
    rng = np.random.default_rng(11)
    logit = -1.5 + rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(float)
    return y, 1 / (1 + np.exp(-(stretch * logit + shift)))


def test_brier_by_hand_and_against_scikit_learn() -> None:
    assert brier([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)
    y, p = sample()
    assert brier(y, p) == pytest.approx(brier_score_loss(y, p))
    assert brier_skill(y, np.full(len(y), y.mean())) == pytest.approx(0.0, abs=1e-12)
    assert brier_skill([1, 0], [1, 0]) == 1.0
    assert math.isnan(brier_skill([1, 1], [0.5, 0.5]))
    assert math.isnan(brier([], []))


def test_calibration_line_agrees_with_an_unpenalised_logistic_regression() -> None:
    y, p = sample(stretch=2.0, shift=0.4)
    line = calibration_line(y, p)
    logit = np.log(p / (1 - p))[:, None]
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=500).fit(logit, y)
    assert line.slope == pytest.approx(fitted.coef_[0, 0], abs=1e-4)
    assert line.intercept == pytest.approx(fitted.intercept_[0], abs=1e-4)
    # The truth is slope 1/2, intercept -0.2.
    assert abs(line.slope - 0.5) < 3 * line.slope_error
    assert abs(line.intercept + 0.2) < 3 * line.intercept_error


def test_calibrated_predictions_have_slope_one_and_intercept_zero() -> None:
    line = calibration_line(*sample())
    assert abs(line.slope - 1) < 3 * line.slope_error
    assert abs(line.intercept) < 3 * line.intercept_error
    assert abs(line.in_the_large) < 0.06


def test_in_the_large_is_the_logit_shift() -> None:
    y = np.array([1.0] * 30 + [0.0] * 70)
    line = calibration_line(y, np.full(100, 0.2))
    assert line.in_the_large == pytest.approx(math.log(0.3 / 0.7) - math.log(0.2 / 0.8), abs=1e-8)
    assert math.isnan(line.slope)  # one prediction for all says nothing about a slope


def test_no_line_where_none_exists() -> None:
    assert math.isnan(calibration_line([1, 1, 1], [0.1, 0.2, 0.3]).slope)
    assert math.isnan(calibration_line([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]).slope)  # separated
    assert math.isnan(calibration_line([], []).slope)


def test_reliability_table_by_hand() -> None:
    y = [0, 0, 0, 1, 1, 1, 0, 1]
    p = [0.1, 0.1, 0.2, 0.2, 0.6, 0.6, 0.8, 0.8]
    low, high = reliability_table(y, p, bins=2)
    assert (low.n, low.events, low.predicted, low.rate) == (4, 1, pytest.approx(0.15), 0.25)
    assert (high.n, high.events, high.predicted, high.rate) == (4, 3, pytest.approx(0.7), 0.75)
    assert ece(y, p, bins=2) == pytest.approx(0.5 * 0.10 + 0.5 * 0.05)


def test_equal_predictions_stay_in_one_bin() -> None:
    table = reliability_table([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5], bins=10)
    assert [(row.n, row.rate) for row in table] == [(4, 0.5)]
    assert ece([1, 0, 1, 0], [0.5] * 4) == 0.0
    assert reliability_table([], []) == ()
    assert math.isnan(ece([], []))


def test_bins_of_another_figure_find_what_the_average_hides() -> None:
    """Right on average and by tenth of the prediction, wrong by the figure: .3 for everybody, where the first half had
    none and the second .6."""
    figure = np.array([1.0] * 10 + [2.0] * 10 + [np.nan] * 5)
    y = np.array([0.0] * 10 + [1.0] * 6 + [0.0] * 4 + [1.0] * 5)
    low, high = reliability_table(y, np.full(25, 0.3), bins=2, by=figure, level=0.99)
    assert (low.n, low.events, low.rate, high.n, high.events, high.rate) == (10, 0, 0.0, 10, 6, 0.6)
    assert low.predicted == high.predicted == pytest.approx(0.3)
    assert (high.low, high.high) == jeffreys_interval(6, 10, 0.99)
    assert reliability_table(y, np.full(25, 0.3), by=np.full(25, np.nan)) == ()


def test_hosmer_lemeshow_by_hand() -> None:
    y = np.array([1.0] * 2 + [0.0] * 8 + [1.0] * 6 + [0.0] * 4)
    p = np.array([0.1] * 10 + [0.5] * 10)
    test = hosmer_lemeshow(y, p, bins=2)
    expected = (2 - 1) ** 2 / (10 * 0.1 * 0.9) + (6 - 5) ** 2 / (10 * 0.5 * 0.5)
    assert test.statistic == pytest.approx(expected)
    assert test.degrees == 2
    assert test.p_value == pytest.approx(chi2.sf(expected, 2))


def test_hosmer_lemeshow_tells_good_from_bad_probabilities() -> None:
    assert hosmer_lemeshow(*sample()).p_value > 0.01
    assert hosmer_lemeshow(*sample(shift=0.3)).p_value < 1e-6
    fitted = hosmer_lemeshow(*sample(), fitted=True)
    assert fitted.degrees == hosmer_lemeshow(*sample()).degrees - 2
    assert math.isnan(hosmer_lemeshow([1, 0], [0.0, 1.0], bins=2).p_value)


def test_jeffreys_interval_against_scipy() -> None:
    assert jeffreys_interval(3, 50) == pytest.approx((beta.ppf(0.025, 3.5, 47.5), beta.ppf(0.975, 3.5, 47.5)))
    assert jeffreys_interval(0, 50)[0] == 0.0
    assert jeffreys_interval(50, 50)[1] == 1.0
    assert jeffreys_interval(0, 0) == (0.0, 1.0)
