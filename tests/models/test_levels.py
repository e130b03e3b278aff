"""Levels: mid-rank percentiles within comparison cells, with fallback to coarser ones."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.models.levels import KNOTS, LevelReference
from ktop.models.position import PositionReference, percentile

RANDOM = np.random.default_rng(77)


def _labels(n: int) -> dict[str, np.ndarray]:
    return {
        "industry": np.array(RANDOM.choice(["a", "b"], size=n, p=[0.7, 0.3]).tolist(), dtype=object),
        "size": np.array(RANDOM.choice(["s", "m", "rare"], size=n, p=[0.6, 0.39, 0.01]).tolist(), dtype=object),
    }


@pytest.fixture(scope="module")
def fitted() -> tuple[np.ndarray, dict[str, np.ndarray], LevelReference]:
    X = np.column_stack([RANDOM.normal(size=6000), RANDOM.poisson(0.8, size=6000), RANDOM.lognormal(size=6000)])
    X[RANDOM.random(X.shape) < 0.05] = np.nan
    X[RANDOM.random(6000) < 0.3, 2] = 0.0
    labels = _labels(6000)
    return X, labels, LevelReference.fit(X, labels, ("industry", "size"), 200)


def test_a_level_is_the_mid_rank_percentile_of_its_cell(fitted: tuple) -> None:
    stats = pytest.importorskip("scipy.stats")
    X, labels, reference = fitted
    cells = reference.find(labels, len(X))
    levels = reference(X, cells)
    here = (labels["industry"] == "a") & (labels["size"] == "s")
    for j, tolerance in ((0, 1.5), (1, 0.01), (2, 2.0)):  # counts keep every value and are exact
        known = here & ~np.isnan(X[:, j])
        for row in np.flatnonzero(known)[:40]:
            assert levels[row, j] == pytest.approx(
                stats.percentileofscore(X[known, j], X[row, j], kind="mean"), abs=tolerance
            )


def test_missing_stays_missing(fitted: tuple) -> None:
    X, labels, reference = fitted
    levels = reference(X, reference.find(labels, len(X)))
    assert np.array_equal(np.isnan(levels), np.isnan(X))


def test_small_cells_and_unknown_labels_fall_back(fitted: tuple) -> None:
    _, _, reference = fitted
    assert ("a", "s") in reference.keys and ("a", "rare") not in reference.keys
    labels = {
        "industry": np.array(["a", "a", "a", "b", None, "zz"], dtype=object),
        "size": np.array(["s", "rare", None, "m", "s", "s"], dtype=object),
    }
    found = [reference.keys[c] for c in reference.find(labels, 6)]
    assert found == [("a", "s"), ("a",), ("a",), ("b", "m"), (), ()]


def test_levels_never_fall_when_values_rise(fitted: tuple) -> None:
    X, _, reference = fitted
    for j in range(3):
        grid = np.full((400, 3), np.nan)
        grid[:, j] = np.linspace(-5, np.nanmax(X[:, j]) * 2, 400)
        for cell in range(len(reference.keys)):
            levels = reference(grid, np.full(400, cell))[:, j]
            assert np.diff(levels).min() >= 0
            assert levels[0] >= 0 and levels[-1] == 100


def test_a_column_without_any_value_has_middling_levels() -> None:
    X = np.column_stack([np.full(300, np.nan), RANDOM.normal(size=300)])
    reference = LevelReference.fit(X, {}, (), 200)
    levels = reference(np.array([[1.0, 0.0]]), np.zeros(1, dtype=np.int64))
    assert levels.shape == (1, 2) and np.isfinite(levels).all()


def test_stored_and_read_again_it_gives_the_same_levels(fitted: tuple) -> None:
    X, labels, reference = fitted
    again = LevelReference.from_arrays(reference.cells, reference.keys, reference.to_arrays())
    cells = reference.find(labels, len(X))
    assert reference.values.shape[2] == KNOTS
    assert np.array_equal(reference(X, cells), again(X, again.find(labels, len(X))), equal_nan=True)


def test_chains_lead_from_the_coarsest_cell_to_the_rows_own(fitted: tuple) -> None:
    _, _, reference = fitted
    place = {key: c for c, key in enumerate(reference.keys)}
    chains = reference.chains(np.array([place["a", "s"], place["b",], place[()]]))
    assert chains.tolist() == [[place["a",], place["a", "s"]], [place["b",], -1], [-1, -1]]


def test_positions_count_the_share_at_or_below() -> None:
    scores = RANDOM.uniform(0, 100, size=4000)
    labels = {
        "industry_group": np.array(["x"] * 2000 + ["y"] * 2000, dtype=object),
        "size": np.array([None] * 4000, dtype=object),
        "age_band": np.array(["young"] * 50 + ["old"] * 3950, dtype=object),
        "region": np.array(["KR-11"] * 4000, dtype=object),
    }
    reference = PositionReference.fit({"index": scores}, labels)
    found = reference.of("index", 62.0, {"industry_group": "y", "age_band": "young", "region": None})
    assert set(found) == {"all", "industry"}, "too few young firms, no size, no region"
    assert found["industry"]["percentile"] == pytest.approx(100 * (scores[2000:] <= 62).mean(), abs=1.0)
    assert found["industry"]["n"] == 2000 and sum(found["industry"]["histogram"]) == 2000
    again = PositionReference.from_arrays(reference.groups, reference.scores, reference.to_arrays())
    assert again.of("index", 62.0, {"industry_group": "y"}) == reference.of("index", 62.0, {"industry_group": "y"})


def test_percentile_of_a_tied_distribution_counts_the_ties() -> None:
    quantiles = np.array([0.0, 0, 0, 0, 0, 10, 20, 30, 40, 50, 60])
    assert percentile(quantiles, 0.0) == pytest.approx(40.0)
    assert percentile(quantiles, -1.0) == 0.0 and percentile(quantiles, 61.0) == 100.0
