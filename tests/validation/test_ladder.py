"""Event rates per grade, their tests and order, and migration, against hand values and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta, spearmanr

from ktop.validation.ladder import (
    chance_of_strict_order,
    grade_table,
    jeffreys_p_value,
    migration,
    monotonicity,
)

SYMBOLS = ("A", "B", "C", "D")


def rows(*counts: tuple[str, int, int, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, predictions and grades from (grade, firms, events, prediction)."""
    y = np.concatenate([np.r_[np.ones(e), np.zeros(n - e)] for _, n, e, _ in counts])
    p = np.concatenate([np.full(n, q) for _, n, _, q in counts])
    g = np.concatenate([np.full(n, s, dtype=object) for s, n, _, _ in counts])
    return y, p, g


def test_grade_table_by_hand() -> None:
    # The cohort of 2005-2007 published by KTRS: BBB 15 of 2,140, BB 44 of 2,800 (m.sedaily.com/NewsView/1HWM7D1MZE).
    y, p, g = rows(("A", 2140, 15, 0.007), ("C", 2800, 44, 0.03))
    a, b, c, d = grade_table(y, p, g, SYMBOLS)
    assert (a.n, a.events, a.rate) == (2140, 15, pytest.approx(15 / 2140))
    assert a.share == pytest.approx(2140 / 4940)
    assert (a.low, a.high) == pytest.approx((beta.ppf(0.025, 15.5, 2125.5), beta.ppf(0.975, 15.5, 2125.5)))
    assert a.passes is True
    assert c.passes is False
    below = beta.cdf(0.03, 44.5, 2756.5)
    assert c.p_value == pytest.approx(2 * min(below, 1 - below))
    for empty in (b, d):
        assert (empty.n, empty.passes) == (0, None)
        assert math.isnan(empty.rate)


def test_jeffreys_test_is_one_sided_where_asked() -> None:
    assert jeffreys_p_value(10, 100, 0.02, "greater") == pytest.approx(beta.cdf(0.02, 10.5, 90.5))
    assert jeffreys_p_value(10, 100, 0.02, "greater") < 0.001
    assert jeffreys_p_value(10, 100, 0.5, "greater") > 0.999
    assert jeffreys_p_value(10, 100, 0.5, "two-sided") < 0.001


def test_rows_without_outcome_or_grade_count_nowhere() -> None:
    y = np.array([1.0, np.nan, 0.0, 1.0])
    table = grade_table(y, [0.5] * 4, np.array(["A", "A", None, "B"], dtype=object), ("A", "B"))
    assert [(row.n, row.events) for row in table] == [(1, 1), (1, 1)]
    assert [row.share for row in table] == [0.5, 0.5]


def test_order_of_rates() -> None:
    rising = grade_table(*rows(("A", 100, 1, 0.01), ("B", 100, 4, 0.05), ("D", 100, 20, 0.2)), SYMBOLS)
    order = monotonicity(rising, rising=True)
    assert order.strict
    assert order.inversions == ()
    assert not monotonicity(rising, rising=False).strict
    assert monotonicity(rising, rising=False).significant == (("B", "D"),)

    # The B/BB inversion that KTRS reported: .76 % of 2,094 against .72 % of 2,089, far from significant.
    inverted = grade_table(*rows(("A", 2094, 16, 0.007), ("B", 2089, 15, 0.008)), SYMBOLS)
    order = monotonicity(inverted, rising=True)
    assert (order.strict, order.inversions, order.significant) == (False, (("A", "B"),), ())


def test_equal_rates_are_not_strictly_in_order_but_no_inversion() -> None:
    order = monotonicity(grade_table(*rows(("A", 50, 5, 0.1), ("B", 50, 5, 0.1)), SYMBOLS), rising=True)
    assert (order.strict, order.inversions) == (False, ())


def test_spearman_agrees_with_scipy() -> None:
    y, p, g = rows(("A", 90, 3, 0.03), ("B", 60, 6, 0.1), ("C", 50, 15, 0.3), ("D", 10, 2, 0.3))
    position = np.array([SYMBOLS.index(symbol) for symbol in g])
    found = monotonicity(grade_table(y, p, g, SYMBOLS), rising=True).spearman
    assert found == pytest.approx(spearmanr(position, y).statistic, abs=1e-12)
    nothing = grade_table([0, 0], [0.1, 0.1], np.array(["A", "B"], dtype=object), SYMBOLS)
    assert math.isnan(monotonicity(nothing, rising=True).spearman)


def test_chance_of_order_is_high_where_rates_lie_apart_and_low_where_they_meet() -> None:
    y, _, g = rows(("A", 500, 5, 0), ("B", 500, 50, 0), ("C", 500, 200, 0))
    assert chance_of_strict_order(y, g, SYMBOLS, rising=True, repeats=100) > 0.98
    assert chance_of_strict_order(y, g, SYMBOLS, rising=False, repeats=100) == 0.0
    y, _, g = rows(("A", 500, 50, 0), ("B", 500, 50, 0))
    assert 0.25 < chance_of_strict_order(y, g, SYMBOLS, rising=True, repeats=200) < 0.75
    assert math.isnan(chance_of_strict_order([np.nan], np.array(["A"], dtype=object), SYMBOLS, rising=True))


def test_migration_by_hand() -> None:
    moves = migration(["A", "A", "B", "C", None, "B"], ["A", "B", "D", "C", "A", None], SYMBOLS)
    assert moves.counts.sum() == 4
    assert moves.counts[0, 1] == 1
    assert moves.shares[0].tolist() == [0.5, 0.5, 0, 0]
    assert np.isnan(moves.shares[3]).all()
    assert moves.within(0) == 0.5
    assert moves.within(1) == 0.75
    assert moves.within(3) == 1.0
    assert math.isnan(migration([], [], SYMBOLS).within(1))
