"""Searching an ascending array agrees with a plain count, whatever the array's type."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.engine.sorted_search import among, first_not_less, places_not_less


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint32])
@given(values=st.lists(st.integers(0, 50), max_size=30).map(sorted), wanted=st.integers(0, 60))
def test_the_place_is_the_number_of_smaller_values(kind: type, values: list[int], wanted: int) -> None:
    array = np.array(values, dtype=kind)
    smaller = sum(value < wanted for value in values)
    assert first_not_less(array, wanted) == smaller
    assert places_not_less(array, [wanted, 0]).tolist() == [smaller, 0]


def test_values_are_found_among_ascending_ones() -> None:
    ascending = np.array([1, 4, 4, 9], dtype=np.int64)
    assert among(np.array([9, 0, 4, 10]), ascending).tolist() == [True, False, True, False]
    assert among(np.array([3]), ascending[:0]).tolist() == [False]
