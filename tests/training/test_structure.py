"""Honest intervals and the level through the cycle, against truths that are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from ktop.models.calibration import Platt, expit, logit
from ktop.models.glass_box import Table, TermModel
from ktop.models.panel_model import TargetModel
from ktop.training.calibration import mean_level
from ktop.training.fit import predict, train_scheme
from ktop.training.structure import fit_widths, unseen_variance


def test_what_the_form_leaves_out_is_measured_and_noise_is_not() -> None:
    random = np.random.default_rng(6)
    seen, hidden = random.normal(size=60_000), 0.6 * random.normal(size=60_000)
    y = (random.random(60_000) < expit(-1 + seen + hidden)).astype(float)
    # The model knows ``seen``; what it misses also flattens its calibrated slope a little.
    model = -0.95 + 0.95 * seen
    found = unseen_variance(model, seen + hidden, y)
    assert 0.27 < found < 0.45, "the hidden part has variance .36"
    assert unseen_variance(model, 3 * model, y) < 0.01, "a challenger that says the same adds nothing"
    noise = unseen_variance(model, model + 0.6 * random.normal(size=60_000), y)
    assert noise < 0.27


def test_the_level_is_that_of_the_average_year() -> None:
    random = np.random.default_rng(7)
    year = np.repeat([2001, 2002, 2003, 2004], [20_000, 4_000, 4_000, 12])
    raw = random.normal(size=len(year))
    level = np.array([-2.0, -1.0, 0.0, 9.0])[year - 2001]
    y = (random.random(len(year)) < expit(level + raw)).astype(float)
    found = mean_level(Platt(-3.0, 1.0), raw, y, year)
    assert abs(found.intercept + 1.0) < 0.06, "each year counts alike; one with twelve rows does not count"
    assert mean_level(Platt(-3.0, 1.0), raw[-12:], y[-12:], year[-12:]) == Platt(-3.0, 1.0)


def test_intervals_cover_a_truth_the_model_cannot_hold() -> None:
    """Two inputs of different groups act jointly, which no table may: plain intervals miss it, honest ones do not."""
    pytest.importorskip("lightgbm")
    random = np.random.default_rng(8)

    def draw(n: int) -> tuple[pl.DataFrame, np.ndarray]:
        a, b = random.normal(size=(2, n))
        p = expit(-0.5 + 0.8 * a + 0.5 * b + 0.5 * a * b)
        y = (random.random(n) < p).astype(float)
        return pl.DataFrame({"row": np.arange(n), "a": a, "b": b, "y": y}), p

    train, _ = draw(12_000)
    fresh, truth = draw(4_000)
    covered = {}
    for honest in (False, True):
        scheme = {
            "name": "t", "id": "row", "groups": {"g": {}, "h": {}},
            "features": {"a": {"group": "g", "monotone": 1}, "b": {"group": "h", "monotone": 1}},
            "targets": {"y": {"outcome": "column", "column": "y"}}, "members": 6, "honest_intervals": honest,
        }  # fmt: skip
        found = predict(train_scheme(scheme, train), fresh)
        inside = (found["p_y_low"].to_numpy() <= truth) & (truth <= found["p_y_high"].to_numpy())
        covered[honest] = float(inside.mean())
        assert np.isfinite(logit(found["p_y"].to_numpy())).all()
    assert covered[False] < 0.6 and 0.85 < covered[True] < 0.96, covered


def test_widths_are_those_that_cover_nine_in_ten() -> None:
    """Known rows are off by half of what the model says, rows with a gap by what it says plus a part for the gap."""
    random = np.random.default_rng(9)
    n = 20_000
    X = np.where(random.random(n) < 0.5, 0.0, np.nan)[:, None]
    gap = np.isnan(X[:, 0])
    # One input of one bin that says nothing: the logit is 0, its variance .04, a missing value adds 1.
    table = Table((0,), np.zeros(2), np.full(2, 0.04, dtype=np.float32))
    terms = TermModel(("a",), ("g",), (np.zeros(0),), (np.ones(1),), 0.0, (table,), np.ones(1))
    model = TargetModel({"ai": (terms, Platt(0.0, 1.0))}, Platt(0.0, 1.0), np.zeros(0))
    truth = random.normal(size=n) * np.sqrt(np.where(gap, 0.01 + 0.3, 0.01))
    known, missing = fit_widths(model, X, np.zeros(n, dtype=np.int64), truth)
    assert known == pytest.approx(0.25, rel=0.05) and missing == pytest.approx(0.3, rel=0.05)
    low, high = dataclasses.replace(model, widths=(known, missing)).estimate(X, np.zeros(n, dtype=np.int64)).interval()
    inside = (low <= expit(truth)) & (expit(truth) <= high)
    assert abs(inside[gap].mean() - 0.9) < 0.01 and abs(inside[~gap].mean() - 0.9) < 0.01
    assert fit_widths(model, X[:50], np.zeros(50, dtype=np.int64), truth[:50]) == (1.0, 1.0), "too few to judge by"
    sure = fit_widths(model, X, np.zeros(n, dtype=np.int64), np.zeros(n))
    assert min(sure) > 0, "not knowing always widens"
