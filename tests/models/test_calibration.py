"""Logits and the percentile scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.models.calibration import PercentileScale, expit, logit

RANDOM = np.random.default_rng(5)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=40))
def test_logit_is_the_inverse_of_expit(values: list[float]) -> None:
    z = np.array(values)
    assert np.allclose(logit(expit(z)), z, atol=1e-2 + 1e-3 * np.abs(z).max())


@given(st.lists(st.integers(-5, 5), min_size=5, max_size=200))
def test_the_percentile_scale_rises_strictly_over_all_logits_possible(values: list[int]) -> None:
    z = np.array(values, dtype=float)
    scale = PercentileScale.fit(z, -6.0, 6.0)
    assert (np.diff(scale.knots) > 0).all() and (np.diff(scale.scores) > 0).all()
    grid = np.linspace(-6, 6, 301)
    shown = scale(grid)
    assert (np.diff(shown) > 0).all() and shown.min() >= 0 and shown.max() <= 100


def test_the_percentile_scale_is_the_share_below() -> None:
    z = RANDOM.normal(size=50_000)
    scale = PercentileScale.fit(z, -9.0, 9.0)
    for value in (-1.5, 0.0, 0.7):
        assert scale(np.array([value]))[0] == pytest.approx(100 * (z < value).mean(), abs=0.3)
