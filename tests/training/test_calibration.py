"""Fitting calibration layers and the offsets of comparison cells."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ktop.models.calibration import Platt, expit
from ktop.training.calibration import fit_offsets, fit_platt, fit_platt_by_year, mean_level

RANDOM = np.random.default_rng(5)


def test_platt_agrees_with_an_independent_fit() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    raw = RANDOM.normal(size=20_000) * 2
    y = (RANDOM.random(20_000) < expit(0.3 + 0.6 * raw)).astype(float)
    found = fit_platt(raw, y)
    other = linear.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(raw[:, None], y)
    assert found.slope == pytest.approx(other.coef_[0, 0], abs=1e-3)
    assert found.intercept == pytest.approx(other.intercept_[0], abs=1e-3)


def test_platt_stays_finite_when_the_classes_separate() -> None:
    found = fit_platt(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert np.isfinite([found.intercept, found.slope]).all() and found.slope > 0


def test_platt_keeps_the_order_even_of_a_useless_score() -> None:
    raw = RANDOM.normal(size=500)
    assert fit_platt(raw, (RANDOM.random(500) < expit(-raw)).astype(float)).slope > 0


def test_offsets_find_a_cells_own_rate_and_shrink_small_cells() -> None:
    n = 40_000
    outer = RANDOM.integers(0, 2, size=n)
    inner = np.where(RANDOM.random(n) < 0.002, 5, 2 + outer)  # cell 5 is tiny
    raw = RANDOM.normal(size=n)
    y = (RANDOM.random(n) < expit(raw + np.where(outer == 1, 0.6, 0.0) + np.where(inner == 5, 3.0, 0.0))).astype(float)
    found = fit_offsets(raw, y, np.column_stack([outer, inner]), 6)
    assert found[3] - found[2] == pytest.approx(0.6, abs=0.1)
    assert 0 < found[5] < 3.0
    assert found[4] == 0
    p = expit(raw + found[inner])
    for cell in (2, 3):
        assert p[inner == cell].mean() == pytest.approx(y[inner == cell].mean(), abs=0.01)


def test_a_level_that_moves_between_years_does_not_flatten_the_slope() -> None:
    random = np.random.default_rng(4)
    year = np.repeat([2001, 2002, 2003, 2004], 8000)
    raw = random.normal(size=len(year))
    level = np.array([-2.5, 0.5, -2.0, 1.0])[year - 2001]
    y = (random.random(len(year)) < expit(level + 1.5 * raw)).astype(float)
    line = fit_platt_by_year(raw, y, year)
    assert abs(line.slope - 1.5) < 0.05 and fit_platt(raw, y).slope < 1.25
    assert abs(expit(line(raw)).mean() - y.mean()) < 1e-9, "the level of all years together is kept"


def test_one_usable_year_calibrates_as_ever() -> None:
    random = np.random.default_rng(5)
    raw = random.normal(size=3000)
    y = (random.random(3000) < expit(raw - 1)).astype(float)
    year = np.where(np.arange(3000) < 2500, 2001, 2002)
    y[year == 2002] = 0.0
    assert fit_platt_by_year(raw, y, year) == fit_platt(raw, y)
    alike = fit_platt_by_year(raw[:2500], y[:2500], np.arange(2500) % 2)
    assert abs(alike.slope - fit_platt(raw[:2500], y[:2500]).slope) < 0.02


def test_a_year_counts_for_the_level_from_ten_rows_of_either_outcome() -> None:
    line = Platt(0.5, 1.0)
    for fewest, counts in ((9, False), (10, True)):
        for outcome in ([1.0] * fewest + [0.0] * 30, [0.0] * fewest + [1.0] * 30):
            year = np.zeros(len(outcome), dtype=np.int64)
            level = mean_level(line, np.zeros(len(outcome)), np.array(outcome), year)
            share = float(np.mean(outcome))
            assert level.intercept == pytest.approx(math.log(share / (1 - share)) if counts else 0.5, abs=1e-6)
            assert level.slope == 1.0
