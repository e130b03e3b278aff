"""Variance between subjects and between tellings of one subject."""

from __future__ import annotations

import numpy as np
import pytest

from ktop.validation.reliability import reliability


def test_variance_components_of_a_worked_example() -> None:
    # means 2, 6, 10 of pairs that differ by 2: MSW = 2, MSB = 2 * 32 / 2 = 32, between = (32 - 2) / 2 = 15
    found = reliability([np.array([1.0, 3.0]), np.array([5.0, 7.0]), np.array([9.0, 11.0]), np.array([50.0])])
    assert (found.subjects, found.tellings) == (3, 6)
    assert found.within == pytest.approx(2**0.5)
    assert found.between == pytest.approx(15**0.5)
    assert found.reliability == pytest.approx(15 / 17)


def test_tellings_that_differ_as_much_as_subjects_tell_nothing() -> None:
    draw = np.random.default_rng(1)
    assert reliability([draw.normal(size=3) for _ in range(400)]).reliability < 0.1


def test_one_subject_has_no_reliability() -> None:
    with pytest.raises(ValueError, match="two subjects"):
        reliability([np.array([1.0, 2.0]), np.array([3.0])])
