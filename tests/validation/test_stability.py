"""PSI and CSI against hand values, and figures by period."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ktop.validation.stability import by_period, csi, psi, psi_of_shares, verdict


def test_psi_of_shares_by_hand() -> None:
    expected = (0.6 - 0.5) * math.log(0.6 / 0.5) + (0.4 - 0.5) * math.log(0.4 / 0.5)
    assert psi_of_shares(np.array([0.5, 0.5]), np.array([0.6, 0.4])) == pytest.approx(expected)
    assert psi_of_shares(np.array([1.0, 0.0]), np.array([0.5, 0.5])) > 1  # an empty bin stays finite


def test_psi_of_numbers() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(size=20_000)
    assert psi(base, base) == 0.0
    assert psi(base, rng.normal(size=20_000)) < 0.01
    # Shift d of a normal: the symmetrised divergence is d^2 = .25; ten bins see most of it.
    assert psi(base, rng.normal(0.5, size=20_000)) == pytest.approx(0.25, abs=0.03)


def test_missing_values_are_a_bin() -> None:
    base = np.arange(1000.0)
    gone = base.copy()
    gone[::2] = np.nan
    shares = psi(base, gone)
    assert shares > 1
    assert psi(gone, gone) == 0.0
    assert psi(np.full(5, np.nan), np.full(9, np.nan)) == 0.0


def test_heaps_at_zero_are_seen() -> None:
    base = np.r_[np.zeros(700), np.arange(1, 301)]
    fewer = np.r_[np.zeros(300), np.linspace(1, 300, 700)]
    assert psi(base, fewer) > 0.25


def test_psi_of_symbols_and_of_nothing() -> None:
    assert psi(["A", "A", "B", "B"], ["A", "B", "B", "A"]) == 0.0
    expected = psi_of_shares(np.array([0.5, 0.5, 0]), np.array([0.25, 0.25, 0.5]))
    assert psi(np.array(["A", "B"], dtype=object), np.array(["A", "B", None, None], dtype=object)) == pytest.approx(
        expected
    )
    assert math.isnan(psi([], [1.0]))


def test_csi_compares_the_inputs_both_sides_have() -> None:
    base = {"a": np.arange(100.0), "b": np.arange(100.0), "only": np.arange(9.0)}
    found = csi(base, {"a": np.arange(100.0), "b": np.arange(100.0) + 80})
    assert set(found) == {"a", "b"}
    assert found["a"] == 0.0
    assert found["b"] > 0.25


def test_verdicts() -> None:
    assert [verdict(x) for x in (0.05, 0.1, 0.25, float("nan"))] == ["stable", "watch", "shifted", "unknown"]


def test_by_period() -> None:
    table = by_period([1, 0, 0, np.nan, 1], [0.8, 0.2, 0.5, 0.1, 0.4], [2015, 2015, 2016, 2016, 2016])
    assert [(row.period, row.n, row.events, row.auc) for row in table] == [(2015, 2, 1, 1.0), (2016, 2, 1, 0.0)]
    assert table[1].predicted == pytest.approx(0.45)
    assert isinstance(table[0].period, int)
