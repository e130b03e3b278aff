"""The compiled loops give what plain loops over all rows give."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.engine import kernels

NO_MASK = np.empty(0, dtype=np.uint8)


def postings(random: np.random.Generator, rows: int, terms: int) -> tuple[np.ndarray, ...]:
    held = [np.flatnonzero(random.random(rows) < share) for share in random.random(terms) * 0.2]
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in held])]).astype(np.int64)
    flat = np.concatenate(held)
    impact = random.integers(1, 256, len(flat)).astype(np.uint8)
    return offsets, flat, (flat & 0xFFFF).astype(np.uint16), (flat >> 16).astype(np.uint8), impact


@pytest.mark.parametrize("rows", [50, 65_536, 150_000])
@pytest.mark.parametrize("groups", [[0, 1, 2, 3], [0, 0, 1, 1], [0, 0, 0, 0]])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("masked", [False, True])
def test_sums_are_those_of_a_plain_loop(rows: int, groups: list[int], share: float, masked: bool) -> None:
    random = np.random.default_rng(rows)
    offsets, flat, low, block, impact = postings(random, rows, 4)
    weights = random.random(4).astype(np.float32)
    end = int(rows * share)
    mask = (random.random(rows) < 0.5).astype(np.uint8) if masked else NO_MASK
    expected = np.zeros(rows, dtype=np.float64)
    for group in sorted(set(groups)):
        best = np.zeros(rows)
        for term in (t for t in range(4) if groups[t] == group):
            part = slice(offsets[term], offsets[term + 1])
            best[flat[part]] = np.maximum(best[flat[part]], weights[term] * impact[part].astype(np.float64))
        expected += best
    expected[end:] = 0
    if masked:
        expected[mask == 0] = 0
    found, scores = kernels.sum_postings(
        offsets[:-1], offsets[1:], weights, np.array(groups), low, block, impact, end, mask, 20, 0.0
    )
    assert len(set(found.tolist())) == len(found) == min(20, np.count_nonzero(expected))
    assert scores == pytest.approx(expected[found], rel=1e-5)
    assert np.sort(scores) == pytest.approx(np.sort(expected)[::-1][: len(found)][::-1], rel=1e-5)


def test_only_what_beats_the_limit_is_found() -> None:
    low, block, impact = np.array([3, 9], np.uint16), np.zeros(2, np.uint8), np.array([10, 20], np.uint8)
    one = np.array([0]), np.array([2]), np.ones(1, np.float32), np.array([0])
    for least, rows in ((0.0, [3, 9]), (10.0, [9]), (20.0, [])):
        assert kernels.sum_postings(*one, low, block, impact, 10, NO_MASK, 5, least)[0].tolist() == rows


@given(st.integers(0, 10_000), st.integers(1, 400))
def test_frequencies_count_rows_below_an_end(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    offsets, flat, low, block, _ = postings(random, rows * 300, 3)
    end = int(random.integers(0, rows * 300 + 1))
    counted = kernels.frequencies(offsets[:-1], offsets[1:], low, block, end)
    assert counted.tolist() == [int((flat[start:stop] < end).sum()) for start, stop in itertools.pairwise(offsets)]


@pytest.mark.parametrize("masked", [False, True])
def test_scanning_codes_is_a_dot_product(masked: bool) -> None:
    random = np.random.default_rng(3)
    codes = random.integers(-127, 128, (5_000, 16)).astype(np.int8)
    owner = np.sort(random.integers(0, 7, 5_000))
    order = np.lexsort((random.random(5_000), owner))
    rows = np.empty(5_000, dtype=np.uint32)
    for number in range(7):
        places = np.flatnonzero(owner == number)
        rows[places] = np.sort(order[places])
    offsets = np.searchsorted(owner, np.arange(8)).astype(np.int64)
    queries = random.standard_normal((3, 16)).astype(np.float32)
    queries[1, 9:] = 0.0
    widths, bits, wanted = np.array([16, 9, 16]), np.array([1, 1, 2], dtype=np.uint8), np.array([40, 5, 60])
    mask = random.integers(0, 4, 5_000).astype(np.uint8) if masked else NO_MASK
    lists = np.array([1, 4, 5])
    asked = np.array([[True, True, True], [False, True, True], [True, False, False]])
    steps = random.random(5_000).astype(np.float32)
    yet = np.full((3, 60), -np.inf, dtype=np.float32)
    part = codes, steps, rows, offsets, lists, asked, queries, widths, bits, wanted, yet, 3_000, mask
    found = kernels.scan_codes(*part)
    again = kernels.scan_codes(*part)  # as a second segment would be that has the same
    for q, (own, scores, held) in enumerate(zip(*found, strict=True)):
        passes = mask[rows] & bits[q] > 0 if masked else True
        allowed = np.isin(owner, lists[asked[q]]) & (rows < 3_000) & passes
        expected = dict(
            zip(rows[allowed].tolist(), ((codes[allowed] @ queries[q]) * steps[allowed]).tolist(), strict=True)
        )
        best = sorted(expected, key=lambda row: -expected[row])[: wanted[q]]
        assert set(own[:held].tolist()) == set(best)
        assert scores[:held] == pytest.approx([expected[row] for row in own[:held].tolist()], rel=1e-4)
        ordered = np.sort(scores[:held])
        if held == wanted[q]:  # the best of both, of which each score is there twice
            assert yet[q, -held:].min() == ordered[held - (held + 1) // 2]
            assert np.sort(again[1][q, : again[2][q]]).tolist() == ordered.tolist()  # ended where it began: the least
        else:
            assert yet[q].min() == -np.inf


def test_equal_scores_keep_the_lower_rows() -> None:
    low = np.arange(100, dtype=np.uint16)
    one = np.array([0]), np.array([100]), np.ones(1, np.float32), np.array([0])
    rows, _ = kernels.sum_postings(*one, low, np.zeros(100, np.uint8), np.full(100, 9, np.uint8), 100, NO_MASK, 10, 0.0)
    assert rows.tolist() == list(range(10))


def test_saturated_sums_are_bm25_by_hand() -> None:
    offsets, terms = np.array([0, 2, 2, 5], dtype=np.int64), np.array([3, 8, 3, 5, 9], dtype=np.uint32)
    counts = np.array([2, 1, 4, 7, 255], dtype=np.uint8)
    known, weights = np.array([3, 9, 11], dtype=np.uint32), np.array([2.0, 0.5, 9.0])
    lengths = np.array([0.5, 3.0, 1.5])
    found = kernels.saturated_sums(np.array([2, 1, 0]), offsets, terms, counts, lengths, known, weights, 2.0, 0.9)
    third_norm, first_norm = (
        2.0 * (0.1 + 0.9 * 0.5),
        2.0 * (0.1 + 0.9 * 1.5),
    )  # the first chosen row is the third stored one
    third = 2.0 * 4 * 3.0 / (4 + third_norm) + 0.5 * 255 * 3.0 / (255 + third_norm)
    assert found == pytest.approx([third, 0.0, 2.0 * 2 * 3.0 / (2 + first_norm)], rel=1e-9)


def test_weighted_sums_and_sparse_products() -> None:
    random = np.random.default_rng(5)
    offsets = np.array([7, 9, 9, 12], dtype=np.int64)  # rows of a larger store begin anywhere
    terms = np.array([2, 8, 2, 4, 99], dtype=np.uint32)
    counts = np.array([1, 3, 1, 1, 1], dtype=np.uint8)
    known, weights = np.array([2, 4, 8], dtype=np.uint32), np.array([1.0, 2.0, 0.5], dtype=np.float32)
    table = random.standard_normal((3, 4)).astype(np.float32)
    sums, total = kernels.weighted_sums(offsets, terms, counts, known, weights, table)
    last = 0.5 * (1 + np.log(3))
    assert sums == pytest.approx(np.stack([table[0] + last * table[2], np.zeros(4), table[0] + 2 * table[1]]), rel=1e-5)
    assert total == pytest.approx([1 + last, 0, 3], rel=1e-5)
    dense = random.standard_normal((3, 2)).astype(np.float32)
    start, columns, values = np.array([0, 2, 2]), np.array([0, 2]), np.array([1.0, -2.0], np.float32)
    assert kernels.sparse_dot(start, columns, values, dense) == pytest.approx(
        np.stack([dense[0] - 2 * dense[2], np.zeros(2)]), rel=1e-5
    )
    back = kernels.sparse_transposed_dot(start, columns, values, dense[:2], 3)
    assert back == pytest.approx(np.stack([dense[0], np.zeros(2), -2 * dense[0]]), rel=1e-5)


@pytest.mark.parametrize("end", [0, 40, 65_536, 65_537, 150_000])
def test_rows_of_a_term_are_its_postings_below_the_end(end: int) -> None:
    random = np.random.default_rng(7)
    offsets, flat, low, block, _ = postings(random, 150_000, 5)
    terms = np.array([3, 8, 9, 20, 4_000_000_000], dtype=np.uint32)
    asked = np.array([9, 10, 4_000_000_000, 0, 3, 4_294_967_295, 20, 8], dtype=np.uint32)
    starts, stops = kernels.places_of(terms, kernels.slots_of(terms), offsets, asked)
    rows, bounds = kernels.rows_between(starts, stops, low, block, end)
    for number, code in enumerate(asked.tolist()):
        place = np.flatnonzero(terms == code)
        wanted = flat[offsets[place[0]] : offsets[place[0] + 1]] if len(place) else flat[:0]
        assert stops[number] - starts[number] == len(wanted)
        assert rows[bounds[number] : bounds[number + 1]].tolist() == wanted[wanted < end].tolist()
