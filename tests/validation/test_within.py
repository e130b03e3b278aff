"""Ranking within groups: exact against pairs counted one by one, groups kept apart, clusters drawn whole."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.validation.discrimination import auc
from ktop.validation.within import events_needed, within_groups


def _by_pairs(y: np.ndarray, s: np.ndarray, g: np.ndarray) -> float:
    found = []
    for i in np.flatnonzero(y == 1):
        others = s[(g == g[i]) & (y == 0)]
        if len(others):
            found.append(((s[i] > others) + 0.5 * (s[i] == others)).mean())
    return float(np.mean(found))


def test_equals_pairs_counted_one_by_one() -> None:
    rng = np.random.default_rng(3)
    g = rng.integers(0, 6, 400)
    s = rng.integers(0, 12, 400) + g * 100.0
    y = (rng.random(400) < 0.2).astype(float)
    found = within_groups(y, {"s": s}, g, repeats=0)["s"]
    assert found.auc[0] == pytest.approx(_by_pairs(y, s, g), abs=1e-12)


def test_one_group_is_the_usual_area() -> None:
    rng = np.random.default_rng(4)
    s, y = rng.normal(size=300), (rng.random(300) < 0.3).astype(float)
    assert within_groups(y, {"s": s}, np.zeros(300), repeats=0)["s"].auc[0] == pytest.approx(auc(y, s), abs=1e-12)


def test_differences_between_groups_do_not_count() -> None:
    g = np.repeat([0, 1], 100)
    y = np.concatenate([np.ones(50), np.zeros(50), np.ones(5), np.zeros(95)])
    found = within_groups(y, {"year": g.astype(float)}, g, repeats=50)["year"]
    assert found.auc[0] == 0.5
    assert auc(y, g) < 0.3


def test_precision_looks_at_the_top_of_every_group() -> None:
    g = np.repeat([0, 1], 20)
    s = np.tile(np.arange(20.0), 2)
    y = (s >= 19).astype(float)
    assert within_groups(y, {"s": s}, g, share=0.05, repeats=0)["s"].precision[0] == 1.0
    assert within_groups(y, {"s": s}, g, share=0.10, repeats=0)["s"].precision[0] == pytest.approx(0.5)


def test_weights_stand_for_rows_left_out() -> None:
    rng = np.random.default_rng(5)
    s, y, g = rng.normal(size=200), (rng.random(200) < 0.3).astype(float), rng.integers(0, 2, 200)
    whole = within_groups(np.tile(y, 3), {"s": np.tile(s, 3)}, np.tile(g, 3), repeats=0)["s"]
    third = within_groups(y, {"s": s}, g, weights=np.full(200, 3.0), repeats=0)["s"]
    assert third.auc[0] == pytest.approx(whole.auc[0], abs=1e-12)
    assert third.precision[0] == pytest.approx(whole.precision[0], abs=1e-12)


def test_rows_of_one_firm_are_drawn_together() -> None:
    rng = np.random.default_rng(6)
    firm = np.repeat(np.arange(30), 20)
    level = rng.normal(size=30)[firm]
    s, y = level + 0.01 * rng.normal(size=600), (level + rng.normal(size=30)[firm] > 0.5).astype(float)
    alone = within_groups(y, {"s": s}, np.zeros(600), seed=1)["s"].auc
    whole = within_groups(y, {"s": s}, np.zeros(600), firm, seed=1)["s"].auc
    assert whole[2] - whole[1] > 2.0 * (alone[2] - alone[1])


def test_a_better_score_is_seen_to_be_better() -> None:
    rng = np.random.default_rng(7)
    y = (rng.random(2_000) < 0.2).astype(float)
    good, weak = y + rng.normal(size=2_000), 0.2 * y + rng.normal(size=2_000)
    found = within_groups(y, {"good": good, "weak": weak}, np.zeros(2_000))
    assert found["good"].less == (0.0, 0.0, 0.0)
    assert found["weak"].less[1] > 0.0
    assert found["weak"].less[0] == pytest.approx(found["good"].auc[0] - found["weak"].auc[0])


def test_missing_scores_stand_in_the_middle() -> None:
    y = np.array([1.0, 0.0, 1.0, 0.0])
    found = within_groups(y, {"s": [np.nan, np.nan, np.nan, np.nan]}, [0, 0, 0, 0], repeats=0)["s"]
    assert found.auc[0] == 0.5


def test_nothing_to_compare_gives_no_figure() -> None:
    found = within_groups([1.0, 0.0], {"s": [1.0, 0.0]}, [2001, 2002], repeats=20)["s"]
    assert np.isnan(found.auc[0]) and np.isnan(found.auc[1])
    with pytest.raises(ValueError, match="one entry per row"):
        within_groups([1.0, 0.0], {"s": [1.0]}, [1, 1])


def test_smaller_differences_need_more_events() -> None:
    assert events_needed(0.70, 0.628) < events_needed(0.65, 0.628)
    rng = np.random.default_rng(8)
    n = events_needed(0.70, 0.60)
    # exponential scores with that AUC: the estimate passes the limit in about four of five samples
    rate = 0.70 / 0.30
    spread = np.sqrt((0.6 / 1.4 - 0.36) / n)
    hits = 0
    for _ in range(400):
        events, others = rng.exponential(rate, n), np.sort(rng.exponential(1.0, 4_000))
        hits += np.searchsorted(others, events).mean() / 4_000 > 0.60 + 1.96 * spread
    assert 0.70 < hits / 400 < 0.90
    with pytest.raises(ValueError, match="equal"):
        events_needed(0.6, 0.6)
