"""What became of a firm abroad, by hand."""

from __future__ import annotations

import numpy as np

from ktop.domain.company.expansion import expansion_outcomes, is_exporter

N = np.nan


def test_outcomes_by_hand() -> None:
    sales = np.full((8, 4), 100.0)
    exports = np.array(
        [
            [0, 0, 12, 0],  # entered in the second year
            [9, 9, 9, 9],  # never reached a tenth
            [20, 22, 25, 30],  # grew by 14 % a year, stayed
            [20, 22, 9, 30],  # grew, but fell below a tenth in between
            [20, 20, 20, 20],  # stayed without growing
            [0, N, N, N],  # failed: not entered
            [20, N, N, N],  # failed: neither grown nor stayed
            [0, 0, N, N],  # left: not known
        ],
        dtype=float,
    )
    failed = np.array([0, 0, 0, 0, 0, 1, 1, N], dtype=float)
    found = expansion_outcomes(exports, sales, failed)
    assert np.array_equal(found["entry"], [1, 0, N, N, N, 0, N, N], equal_nan=True)
    assert np.array_equal(found["export_growth"], [N, N, 1, 1, 0, N, 0, N], equal_nan=True)
    assert np.array_equal(found["staying"], [N, N, 1, 0, 1, N, 0, N], equal_nan=True)


def test_a_firm_that_left_after_it_entered_did_enter() -> None:
    found = expansion_outcomes(np.array([[0, 50, N, N]]), np.full((1, 4), 100.0), np.array([N]))
    assert found["entry"][0] == 1


def test_no_exports_are_known_without_sales() -> None:
    exporter, known = is_exporter(np.array([0.0, 5.0, N, 10.0]), np.array([N, N, 100.0, 100.0]))
    assert known.tolist() == [True, False, False, True] and exporter.tolist() == [False, False, False, True]
