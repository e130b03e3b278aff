"""Figures by group against hand values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ktop.validation.calibration import jeffreys_interval
from ktop.validation.fairness import group_table, selection_threshold, spread

Y = [1, 0, 0, 0, 1, 1, 0, 0]
P = [0.9, 0.6, 0.2, 0.1, 0.7, 0.3, 0.8, 0.4]
GROUPS = np.array(["s", "s", "s", "s", "m", "m", "m", None], dtype=object)


def test_group_table_by_hand() -> None:
    medium, small = group_table(Y, P, GROUPS, threshold=0.6)
    assert (medium.group, small.group) == ("m", "s")
    assert (small.n, small.events, small.rate) == (4, 1, 0.25)
    assert small.predicted == pytest.approx(0.45)
    assert small.gap == pytest.approx(0.20)
    low, high = jeffreys_interval(1, 4)
    assert (small.gap_low, small.gap_high) == pytest.approx((0.45 - high, 0.45 - low))
    assert (small.selected, small.hit_rate) == (0.5, 1.0)
    assert small.false_rate == pytest.approx(1 / 3)
    assert (medium.selected, medium.hit_rate, medium.false_rate) == (pytest.approx(2 / 3), 0.5, 1.0)
    assert small.impact == pytest.approx(0.75)
    assert medium.impact == 1.0
    assert (small.auc, medium.auc) == (1.0, 0.0)
    assert small.few


def test_the_lowest_are_chosen_for_a_risk() -> None:
    (only,) = group_table(Y, P, np.array(["x"] * 8, dtype=object), threshold=0.2, highest=False)
    assert only.selected == 0.25
    assert only.hit_rate == 0.0


def test_order_of_groups_is_the_one_asked_for() -> None:
    rows = group_table(Y, P, GROUPS, threshold=0.5, order=("s", "x", "m"))
    assert [row.group for row in rows] == ["s", "m"]


def test_threshold_chooses_the_share() -> None:
    p = np.linspace(0, 1, 101)
    assert (p >= selection_threshold(p, 0.2, highest=True)).mean() == pytest.approx(0.2, abs=0.01)
    assert (p <= selection_threshold(p, 0.2, highest=False)).mean() == pytest.approx(0.2, abs=0.01)
    assert math.isnan(selection_threshold([np.nan], 0.2, highest=True))


def test_an_overrated_group_is_found_and_a_fair_one_is_not() -> None:
    rng = np.random.default_rng(4)
    p = rng.uniform(0.05, 0.6, 8000)
    group = np.array(["fair", "overrated"], dtype=object)[rng.integers(0, 2, 8000)]
    y = (rng.random(8000) < np.where(group == "fair", p, 0.7 * p)).astype(float)
    fair, overrated = group_table(y, p, group, threshold=0.5)
    assert fair.gap_low < 0 < fair.gap_high
    assert overrated.gap_low > 0.05
    low, high = spread((fair, overrated))
    assert 0.5 < low <= high < 1
    assert not fair.few


def test_spread_leaves_out_groups_too_small_to_say() -> None:
    assert all(math.isnan(value) for value in spread(group_table(Y, P, GROUPS, threshold=0.5)))
