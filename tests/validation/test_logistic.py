"""The logistic solver: the maximum of the likelihood, and a plain word where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.validation.logistic import NoMaximumError, fit_logistic

RANDOM = np.random.default_rng(8)


def test_at_the_maximum_nothing_is_left_of_the_score() -> None:
    design = np.column_stack([np.ones(4000), RANDOM.normal(size=(4000, 2))])
    offset = RANDOM.normal(size=4000)
    y = (RANDOM.random(4000) < 1 / (1 + np.exp(-(offset + design @ [-1.0, 0.5, 2.0])))).astype(float)
    beta, information = fit_logistic(design, y, offset)
    fitted = 1 / (1 + np.exp(-(offset + design @ beta)))
    assert np.abs(design.T @ (y - fitted)).max() < 1e-9
    assert np.abs(beta - [-1.0, 0.5, 2.0]).max() < 4 * np.sqrt(np.diag(np.linalg.inv(information))).max()
    started = fit_logistic(design, y, offset, np.array([3.0, -2.0, 0.0]), ridge=1e-9)[0]
    assert np.allclose(started, beta, atol=1e-12), "neither start nor ridge moves it"


def test_shares_are_fitted_as_outcomes_are() -> None:
    beta, _ = fit_logistic(np.ones((3, 1)), np.array([0.2, 0.3, 0.4]))
    assert beta[0] == pytest.approx(np.log(0.3 / 0.7), abs=1e-12)


@pytest.mark.parametrize(
    ("x", "y"),
    [([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1]), ([1.0, 1.0, 1.0, 1.0], [0, 1, 0, 1])],
    ids=["separated", "one input twice"],
)
def test_where_there_is_no_maximum_it_says_so(x: list[float], y: list[int]) -> None:
    with pytest.raises(NoMaximumError):
        fit_logistic(np.column_stack([np.ones(4), x]), np.array(y, dtype=float))
