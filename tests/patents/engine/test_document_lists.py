"""The compiled loops over lists of documents give what sets and histograms give."""

from __future__ import annotations

import itertools
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.engine import document_lists


@given(st.lists(st.sets(st.integers(0, 200_000), max_size=30), min_size=1, max_size=6))
def test_unions_and_common_counts_are_those_of_sets(sets: list[set[int]]) -> None:
    arrays = [np.array(sorted(one), dtype=np.int64) for one in sets]
    assert document_lists.union(arrays[0], arrays[-1]).tolist() == sorted(sets[0] | sets[-1])
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in arrays])]).astype(np.int64)
    common = document_lists.common_counts(np.concatenate(arrays), offsets)
    assert common.tolist() == [[len(one & other) for other in sets] for one in sets]


def test_what_long_lists_have_in_common_is_counted_over_all_ranges_of_numbers() -> None:
    random = np.random.default_rng(5)
    sizes = (60_000, 40_000, 2_000, 90, 0, 1, 70_000)
    arrays = [np.sort(random.choice(100_000, size, replace=False)).astype(np.int32) for size in sizes]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    common = document_lists.common_counts(np.concatenate(arrays), offsets)
    assert common.tolist() == [[len(np.intersect1d(one, other)) for other in arrays] for one in arrays]


@given(
    st.lists(st.lists(st.integers(0, 60), max_size=12).map(sorted), max_size=5),
    st.lists(st.integers(-5, 70), min_size=2, max_size=8, unique=True).map(sorted),
    st.randoms(use_true_random=False),
)
def test_days_are_counted_as_a_histogram_does(segments: list[list[int]], edges: list[int], random: Random) -> None:
    day = np.array([value for segment in segments for value in segment], dtype=np.int32)
    firsts = np.cumsum([0, *map(len, segments)], dtype=np.int64)
    docs = np.array([doc for doc in range(len(day)) if random.random() < 0.6], dtype=np.int64)
    days = day[docs].tolist()
    bounds = np.array(edges, dtype=np.float64)
    wanted = [sum(low <= value < high for value in days) for low, high in itertools.pairwise(edges)]
    assert document_lists.counts_between(docs, day, firsts, bounds).tolist() == wanted
    if days:
        assert document_lists.earliest(docs, day, firsts) == min(days)
