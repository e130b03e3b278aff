"""Drift: indices against hand values and scipy, chance limits by simulation, calibration and volume by known cases."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from ktop.validation.drift import _chi_squared_95 as chance_point
from ktop.validation.drift import calibration_drift, drift, index_of, labels_drift, numbers_drift, volume


def test_the_index_is_the_sum_over_classes() -> None:
    found = index_of([0.5, 0.5], [0.4, 0.6], rows=1000, base_rows=100_000)
    assert found["value"] == pytest.approx(-0.1 * np.log(0.8) + 0.1 * np.log(1.2))
    assert found["verdict"] == "stable"
    assert index_of([0.5, 0.5], [0.1, 0.9], rows=1000, base_rows=100_000)["verdict"] == "shifted"
    assert index_of([0.5, 0.5], [0.1, 0.9], rows=10, base_rows=100_000)["verdict"] == "unknown"


@pytest.mark.parametrize("degrees", [1, 2, 5, 9, 19])
def test_the_chance_limit_is_the_chi_squared_point(degrees: int) -> None:
    assert chance_point(degrees) == pytest.approx(chi2.ppf(0.95, degrees), rel=0.03)


def test_few_companies_do_not_look_like_drift() -> None:
    """Of samples from the very population, about one in twenty passes the limit; without it most would seem shifted."""
    random = np.random.default_rng(5)
    base = {"edges": list(np.quantile(random.normal(size=50_000), np.arange(1, 10) / 10)), "shares": [0.1] * 10 + [0.0]}
    results = [numbers_drift(base, random.normal(size=40), 50_000) for _ in range(400)]
    beyond = np.mean([r["value"] > r["chance"] for r in results])
    assert 0.01 < beyond < 0.15
    assert np.mean([r["value"] >= 0.25 for r in results]) > 0.2
    assert np.mean([r["verdict"] == "shifted" for r in results]) < 0.15


def test_missing_values_are_a_class() -> None:
    base = {"edges": [0.0], "shares": [0.45, 0.45, 0.10]}
    found = numbers_drift(base, [np.nan] * 50 + [-1.0] * 25 + [1.0] * 25, 10_000)
    assert (found["missing_before"], found["missing_now"]) == (0.10, 0.5)
    assert found["verdict"] == "shifted"
    assert (found["above_before"], found["above_now"]) == (0.5, 0.5), "of the known values"
    assert numbers_drift(base, [-1.0] * 30 + [1.0] * 70, 10_000)["above_now"] == 0.7
    assert numbers_drift(base, [np.nan] * 40, 10_000)["above_now"] is None


def test_a_label_never_seen_before_counts() -> None:
    assert labels_drift({"A": 0.5, "B": 0.5}, ["A"] * 50 + ["B"] * 50, 10_000)["value"] == pytest.approx(0.0)
    assert labels_drift({"A": 0.5, "B": 0.5}, ["A"] * 40 + ["B"] * 40 + [None] * 20, 10_000)["verdict"] == "shifted"


def test_calibration_drift_finds_too_many_events_and_only_them() -> None:
    random = np.random.default_rng(18)
    p = random.uniform(0.01, 0.3, 4000)
    right = (random.random(4000) < p).astype(float)
    assert calibration_drift(right, p)["verdict"] == "stable"
    more = (random.random(4000) < 1.4 * p).astype(float)
    found = calibration_drift(more, p)
    assert found["verdict"] == "shifted" and found["rate"] > found["predicted"]
    y = right.copy()
    y[100:] = np.nan
    assert calibration_drift(y, p)["known"] == 100
    assert calibration_drift(np.full(5, np.nan), p[:5])["verdict"] == "unknown"


def test_volume_remarks_on_a_month_that_stands_out() -> None:
    months = [f"2026-0{m}" for m in range(1, 6) for _ in range(40)]
    assert volume([*months, *["2026-06"] * 45])["verdict"] == "stable"
    assert volume([*months, *["2026-06"] * 90])["verdict"] == "watch"
    assert [entry["companies"] for entry in volume(["2025-11", "2026-02"])["months"]] == [1, 0, 0, 1]
    assert volume(["2025-11", "2026-01", "2026-01"])["verdict"] == "unknown"
    assert volume([])["months"] == []


def test_everything_at_once_is_plain_json() -> None:
    numbers: dict[str, Any] = {"edges": [1.0, 2.0], "shares": [0.4, 0.3, 0.3, 0.0]}
    baseline = {
        "rows": 1000,
        "features": {"x": numbers},
        "scores": {"index": numbers},
        "probabilities": {"failure": {"edges": [0.1], "shares": [0.5, 0.5, 0.0]}},
        "mean_probabilities": {"failure": 0.1},
        "grades": {"risk": {"R1": 0.5, "R2": 0.5}},
        "labels": {"size": {"small": 1.0}},
    }
    report = drift(
        baseline,
        features={"x": [1.0, np.nan, 3.0], "not_in_baseline": [1.0, 2.0, 3.0]},
        scores={"index": [1.0, 2.0, 3.0]},
        probabilities={"failure": [0.05, 0.2, 0.3]},
        grades={"risk": ["R1", "R2", None]},
        labels={"size": ["small"] * 3},
        outcomes={"failure": [0.0, 1.0, np.nan]},
        months=["2026-01"],
    )
    json.dumps(report, allow_nan=False)
    assert report["verdict"] == "unknown" and set(report["features"]) == {"x"}
    assert report["mean_probabilities"]["failure"]["now"] == pytest.approx(0.55 / 3)
