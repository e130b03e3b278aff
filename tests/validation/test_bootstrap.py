"""The bootstrap over firms: whole firms, known rows, the same draws for the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ktop.validation.bootstrap import firm_draws, percentile_interval

FIRMS = np.array(["a", "b", "a", "c", "b", "a"])
KNOWN = np.array([True, True, True, True, True, False])


def test_rows_of_one_firm_are_drawn_together_and_as_many_firms_as_there_are() -> None:
    draws = list(firm_draws(KNOWN, FIRMS, 50, 3))
    assert len(draws) == 50 and all(len(weights) == 5 for weights in draws)
    for weights in draws:
        by_firm = {firm: set(weights[FIRMS[KNOWN] == firm]) for firm in "abc"}
        assert all(len(times) == 1 for times in by_firm.values())
        assert sum(times.pop() for times in by_firm.values()) == 3
    assert len({tuple(weights) for weights in draws}) > 5
    assert np.array_equal(np.array(draws), np.array(list(firm_draws(KNOWN, FIRMS, 50, 3))))


def test_without_firms_every_row_is_its_own() -> None:
    assert all(weights.sum() == 5 for weights in firm_draws(KNOWN, None, 20, 1))
    assert list(firm_draws(np.zeros(4, dtype=bool), None, 20, 1)) == []


def test_the_interval_leaves_out_what_is_no_figure() -> None:
    assert percentile_interval([*range(101), math.nan, math.inf], 0.9) == pytest.approx((5.0, 95.0))
    assert all(math.isnan(end) for end in percentile_interval([math.nan], 0.9))
