"""Filings ahead: what a known process does next lies in the band, and little data gives no forecast."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.models.originality.forecast import HORIZON, LEVEL, forecast

YEARS = np.arange(2010.0, 2022.0)


def test_a_steady_share_goes_on() -> None:
    found = forecast(YEARS, np.full(12, 20.0), np.full(12, 1000.0))
    assert found is not None
    assert found.years == (2022, 2023, 2024)
    assert found.mean == pytest.approx(np.full(HORIZON, 20.0), rel=0.02)
    assert (found.low < 20).all()
    assert (found.high > 20).all()


def test_a_growing_share_goes_on_growing_but_ever_less() -> None:
    share = 0.01 * 1.2 ** np.arange(12)
    found = forecast(YEARS, np.round(5000 * share), np.full(12, 5000.0))
    assert found is not None
    assert found.slope > 0.05
    steps = np.diff(np.log([5000 * share[-1], *found.mean]))
    assert (np.diff(steps[1:]) < 0).all()


def test_all_filings_growing_alike_is_no_trend() -> None:
    exposure = 1000 * 1.2 ** np.arange(12)
    found = forecast(YEARS, np.round(0.02 * exposure), exposure)
    assert found is not None
    assert abs(found.slope) < 0.02


def test_a_year_that_the_corpus_lacks_does_not_matter() -> None:
    exposure = np.full(12, 1000.0)
    exposure[5] = 0.0
    counts = np.where(exposure > 0, 20.0, 0.0)
    found = forecast(YEARS, counts, exposure)
    assert found is not None
    assert found.mean[0] == pytest.approx(20.0, rel=0.02)


@pytest.mark.parametrize(
    ("counts", "exposure"),
    [
        (np.zeros(12), np.full(12, 1000.0)),
        (np.full(12, 20.0), np.array([0.0] * 9 + [1000.0] * 3)),
        (np.full(12, 20.0), np.array([1000.0] * 10 + [0.0] * 2)),
        (np.empty(0), np.empty(0)),
    ],
    ids=["few patents", "few years", "corpus ended", "nothing"],
)
def test_too_little_gives_none(counts: np.ndarray, exposure: np.ndarray) -> None:
    assert forecast(YEARS[: len(counts)], counts, exposure) is None


def test_fifteen_patents_are_the_fewest() -> None:
    counts = np.array([1.0] * 9 + [2.0] * 3)
    assert forecast(YEARS, counts, np.full(12, 1000.0)) is not None
    counts[-1] = 1.0
    assert forecast(YEARS, counts, np.full(12, 1000.0)) is None


def test_the_band_holds_what_it_says() -> None:
    """Over-dispersed filings around a moving level: the 80 % band holds about 80 % of the years ahead."""
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(120):
        level = np.log(0.015) + np.cumsum(rng.normal(0, 0.05, 12 + HORIZON))
        rate = np.exp(level) * 1000 * rng.gamma(8, 1 / 8, 12 + HORIZON)
        counts = rng.poisson(rate).astype(float)
        found = forecast(YEARS, counts[:12], np.full(12, 1000.0))
        if found is not None:
            inside.append((found.low <= counts[12:]) & (counts[12:] <= found.high))
    assert LEVEL - 0.08 < np.mean(inside) < LEVEL + 0.12


def test_each_year_ahead_keeps_the_damped_sum_of_the_slope() -> None:
    """Slope .6 in the first year, .6 + .36 after two, .6 + .36 + .216 after three (Gardner and McKenzie 1985)."""
    found = forecast(YEARS, np.round(5000 * 0.01 * 1.2 ** np.arange(12)), np.full(12, 5000.0))
    assert found is not None
    slope = np.log1p(found.slope)
    logs = np.log(found.mean)
    assert np.diff(logs) == pytest.approx([0.36 * slope, 0.216 * slope], rel=1e-9)
    level = logs[0] - 0.6 * slope  # the level at the last complete year: what 5,000 filings had then, nearly
    assert np.exp(level) == pytest.approx(5000 * 0.01 * 1.2**11, rel=0.05)
