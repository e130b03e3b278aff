"""Our measures beside those of creditriskengine, an independent implementation, on the same data."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ktop.validation import calibration, discrimination, ladder, stability
from ktop.validation.comparison import delong


def _module(name: str) -> ModuleType:
    """Load one of its validation modules by itself: the package's start-up imports pandas, which they do not use."""
    found = importlib.util.find_spec("creditriskengine")
    if found is None or not found.submodule_search_locations:
        pytest.skip("creditriskengine is not installed", allow_module_level=True)
    path = Path(found.submodule_search_locations[0]) / "validation" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"creditriskengine_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


their_calibration, their_discrimination, their_stability = map(_module, ("calibration", "discrimination", "stability"))

SEEDS = (1, 2, 3)


def _sample(seed: int, n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes and predictions without ties: theirs counts equal predictions in the order they come, ours one half."""
    random = np.random.default_rng(seed)
    p = random.beta(1.2, 12.0, n)
    return (random.random(n) < p).astype(float), p


@pytest.mark.parametrize("seed", SEEDS)
def test_discrimination(seed: int) -> None:
    y, p = _sample(seed)
    assert discrimination.auc(y, p) == pytest.approx(their_discrimination.auroc(y, p), abs=1e-12)
    assert discrimination.accuracy_ratio(y, p) == pytest.approx(their_discrimination.gini_coefficient(y, p), abs=1e-12)
    assert discrimination.ks(y, p) == pytest.approx(their_discrimination.ks_statistic(y, p), abs=1e-12)
    assert delong(y, p, -p).first == pytest.approx(their_discrimination.auroc(y, p), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_calibration(seed: int) -> None:
    y, p = _sample(seed)
    assert calibration.brier(y, p) == pytest.approx(their_calibration.brier_score(y, p), abs=1e-15)
    table = calibration.reliability_table(y, p, 10)
    ours = calibration.hosmer_lemeshow(y, p, 10, fitted=True)
    found = their_calibration.hosmer_lemeshow_test(
        np.array([row.events for row in table]),
        np.array([row.predicted for row in table]),
        np.array([row.n for row in table]),
        len(table),
    )
    assert (ours.statistic, ours.p_value) == pytest.approx((found["hl_stat"], found["p_value"]), rel=1e-9)
    assert ours.degrees == found["df"]


@pytest.mark.parametrize(("events", "n", "predicted"), [(0, 200, 0.001), (3, 400, 0.02), (40, 500, 0.06), (9, 90, 0.1)])
def test_a_grade_passes_where_its_prediction_lies_within_the_interval(events: int, n: int, predicted: float) -> None:
    found = their_calibration.jeffreys_test(events, n, predicted, confidence=0.95)
    ours = ladder.jeffreys_p_value(events, n, predicted, "two-sided")
    assert (ours >= 0.05) == bool(found["pd_within_interval"])
    if events:  # without events our interval begins at zero (Brown, Cai and DasGupta 2001)
        interval = calibration.jeffreys_interval(events, n)
        assert interval == pytest.approx((found["lower_bound"], found["upper_bound"]), rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_stability(seed: int) -> None:
    random = np.random.default_rng(seed)
    before, after = random.normal(size=5000), random.normal(0.3, 1.2, size=4000)
    # Both cut at the deciles of the first; a value on an edge is beyond chance with continuous numbers.
    assert stability.psi(before, after) == pytest.approx(
        their_stability.population_stability_index(after, before), rel=1e-3
    )
    shares = random.dirichlet(np.ones(8)), random.dirichlet(np.ones(8))
    known = their_stability.population_stability_index(shares[1], shares[0], precomputed=True)
    assert stability.psi_of_shares(*shares) == pytest.approx(known, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_area_under_the_accuracy_curve(seed: int) -> None:
    y, p = _sample(seed)
    assert discrimination.accuracy_ratio(y, p) == pytest.approx(their_discrimination.accuracy_ratio(y, p), abs=2e-3)
