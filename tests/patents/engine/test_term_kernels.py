"""The compiled loops over terms give what NumPy gives, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.engine import term_kernels


@given(st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 70_000), max_size=60))
def test_distinct_codes_are_those_of_numpy(codes: list[int]) -> None:
    several = np.array([*codes, *codes[::3]], dtype=np.uint32)
    expected = np.unique(several, return_inverse=True, return_counts=True)
    for found, wanted in zip(term_kernels.distinct(several), expected, strict=True):
        assert found.dtype == wanted.dtype
        assert found.tolist() == wanted.tolist()


def test_days_are_counted_up_to_a_day() -> None:
    offsets, days = np.array([0, 3, 3, 5], dtype=np.uint32), np.array([-4, 7, 7, 1, 9], dtype=np.int32)
    rows = np.array([2, 0, 1], dtype=np.int64)
    for before, counts in ((-4, [0, 0, 0]), (7, [1, 1, 0]), (10, [2, 3, 0])):
        assert term_kernels.counts_before(offsets, days, rows, before).tolist() == counts


def test_sums_are_those_of_numpy() -> None:
    random = np.random.default_rng(5)
    owners, places = np.sort(random.integers(0, 40, 3_000)), random.integers(0, 200, 3_000)
    weights = (1.0 + random.random(3_000)).astype(np.float32)
    idf, own, over = random.random((3, 200)).astype(np.float32)
    foreign = random.random(41) < 0.5
    values = weights * idf[places]
    asked = np.where(foreign[owners], over[places], own[places])
    squares, products = term_kernels.tf_idf_sums(owners, places, weights, idf, own, over, foreign)
    assert squares.tolist() == np.bincount(owners, weights=values * values, minlength=41).tolist()
    assert products.tolist() == np.bincount(owners, weights=values * asked, minlength=41).tolist()
