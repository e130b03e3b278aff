"""LabelSets per row, and days as numbers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import LabelSets, day_number, day_of


def test_labels_keep_their_rows() -> None:
    rows = [("A61B", "G06T"), (), ("G06T",)]
    labels = LabelSets.of(rows)
    assert [labels.row(i) for i in range(3)] == rows
    assert labels.names == ("A61B", "G06T")


def test_a_row_spreads_its_weight_over_its_labels() -> None:
    labels = LabelSets.of([("A61B", "G06T"), (), ("G06T",)])
    assert labels.weights(np.array([1.0, 5.0, 2.0])) == pytest.approx([0.5, 2.5])


def test_labels_of_nothing() -> None:
    labels = LabelSets.of([])
    assert labels.weights(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("day", [date(1790, 7, 31), date(1970, 1, 1), date(2026, 11, 22)])
def test_days_are_numbers(day: date) -> None:
    assert day_of(day_number(day)) == day
