"""Text vectors on disk: exact in small corpora, nearly so when grouped; word vectors by latent semantic analysis."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ktop.patents.engine.dense import DenseReader, Scan, best, coarse_centres, nearest_centres, save_codes
from ktop.patents.engine.lsa import Lsa, SparseRows, fit_lsa
from ktop.patents.engine.segment import Columns, Segment, write_segment

from .test_segment import patent

ROWS, WIDTH = 3_000, 32
RANK = np.arange(ROWS)
NO_MASK = np.empty(0, dtype=np.uint8)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    random = np.random.default_rng(7)
    themes = random.standard_normal((40, WIDTH)) * 0.5
    return unit(themes[random.integers(0, 40, ROWS)] + 0.25 * random.standard_normal((ROWS, WIDTH)))


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory, vectors: np.ndarray) -> list[Segment]:
    folder = tmp_path_factory.mktemp("segments")
    found = []
    centres = coarse_centres(vectors, 1, lists=30)
    for number, start in enumerate((0, 1_800)):
        rows = min(1_800, ROWS - start)
        day = date(2000, 1, 1).toordinal()
        write_segment(folder / str(number), Columns.joined([patent(n, day + n, []) for n in range(rows)]))
        segment = Segment(folder / str(number), start, rows)
        part, topics = vectors[start : start + rows], np.zeros(rows, dtype=np.int16)
        for name, lists in (("flat", centres[:0]), ("grouped", centres)):
            (segment.folder / name).mkdir()
            save_codes(segment.folder / name, part, lists, topics)
        found.append(segment)
    np.save(folder / "centres.npy", centres)
    return found


def exact(vectors: np.ndarray, query: np.ndarray, allowed: np.ndarray, n: int) -> list[int]:
    near = np.where(allowed, vectors @ query, -9.0)
    return np.argsort(-near, kind="stable")[:n].tolist()


def test_without_groups_search_is_exhaustive(segments: list[Segment], vectors: np.ndarray) -> None:
    reader = DenseReader(segments, "flat", np.zeros((0, WIDTH), dtype=np.float32), RANK)
    for query in vectors[:20]:
        docs, near = reader.search(query, 10, None, NO_MASK)
        assert near == pytest.approx(np.sort(vectors @ query)[::-1][:10], abs=0.01)
        assert len(set(docs.tolist()) & set(exact(vectors, query, np.ones(ROWS, dtype=bool), 10))) >= 8


def test_groups_find_nearly_the_same(segments: list[Segment], vectors: np.ndarray) -> None:
    centres = np.load(segments[0].folder.parent / "centres.npy")
    reader = DenseReader(segments, "grouped", centres, RANK)
    recall = []
    for query in vectors[::100]:
        docs, _ = reader.search(query, 50, None, NO_MASK, probes=8)
        recall.append(len(set(docs.tolist()) & set(exact(vectors, query, np.ones(ROWS, dtype=bool), 50))) / 50)
    assert np.mean(recall) > 0.9
    everything, _ = reader.search(vectors[0], 50, None, NO_MASK, probes=30)
    assert len(set(everything.tolist()) & set(exact(vectors, vectors[0], np.ones(ROWS, dtype=bool), 50))) >= 47


@pytest.mark.parametrize("space", ["flat", "grouped"])
def test_days_and_masks_bound_the_search(segments: list[Segment], vectors: np.ndarray, space: str) -> None:
    centres = np.load(segments[0].folder.parent / "centres.npy")
    reader = DenseReader(segments, space, centres if space == "grouped" else centres[:0], RANK)
    before = int(segments[0].day[500])
    mask = (np.arange(ROWS) % 2).astype(np.uint8)
    docs, _ = reader.search(vectors[3], 2_000, before, mask, probes=30)
    rows = np.where(docs < 1_800, docs, docs - 1_800)
    assert len(docs) == 500
    assert (rows < 500).all()
    assert (docs % 2 == 1).all()


def test_stored_vectors_come_back(segments: list[Segment], vectors: np.ndarray) -> None:
    reader = DenseReader(segments, "grouped", np.load(segments[0].folder.parent / "centres.npy"), RANK)
    docs = np.array([5, 2_999, 1_799, 1_800, 0])
    assert reader.vectors_of(docs) == pytest.approx(vectors[docs], abs=0.02)
    assert len(reader.search(np.zeros(WIDTH, dtype=np.float32), 5, None, NO_MASK)[0]) == 0


def test_the_best_of_several_lists() -> None:
    lists = [np.array([4, 9]), np.array([2, 7])], [np.array([1.0, 3.0]), np.array([3.0, 0.5])]
    docs, scores = best(*lists, 3, np.arange(10))
    assert docs.tolist() == [2, 9, 4]
    assert scores.tolist() == [3.0, 3.0, 1.0]
    assert best(*lists, 1, np.arange(10)[::-1])[0].tolist() == [9], "of equal ones that of the lower rank"
    assert len(best([], [], 3, np.arange(10))[0]) == 0


def test_equally_near_vectors_are_found_by_their_rows_whatever_their_list(tmp_path: Path) -> None:
    """Row 0 lies in the list that is scanned last: among more equals than are wanted it comes first all the same."""
    rows = 2_000
    write_segment(tmp_path / "0", Columns.joined([patent(n, 10, []) for n in range(rows)]))
    segment = Segment(tmp_path / "0", 0, rows)
    centres = np.eye(2, 4, dtype=np.float32)
    vectors = np.zeros((rows, 4), dtype=np.float32)
    vectors[:, 2] = 0.5
    vectors[np.arange(rows), (np.arange(rows) % 5 != 0).astype(int)] = 0.5
    (segment.folder / "grouped").mkdir()
    save_codes(segment.folder / "grouped", vectors, centres, np.zeros(rows, dtype=np.int16))
    reader = DenseReader([segment], "grouped", centres, np.arange(rows))
    docs, near = reader.search(np.array([0, 0, 1, 0], dtype=np.float32), 7, None, NO_MASK, probes=2)
    assert docs.tolist() == [*range(7)] and len(set(near.tolist())) == 1


def test_a_nearest_centre_does_not_depend_on_the_other_vectors() -> None:
    random = np.random.default_rng(3)
    centres = unit(random.standard_normal((60, 256)))
    between = unit(centres[random.integers(0, 60, 500)] + centres[random.integers(0, 60, 500)])  # as near to two
    found = nearest_centres(between, centres)
    exact = between.astype(np.float64) @ centres.T.astype(np.float64)
    assert (exact[np.arange(500), found] >= exact.max(axis=1) - 1e-7).all()
    order = random.permutation(500)
    assert np.array_equal(nearest_centres(between[order], centres), found[order])
    assert [int(nearest_centres(between[i : i + 1], centres)[0]) for i in range(100)] == found[:100].tolist()
    assert nearest_centres(centres[:1], np.concatenate([centres[:1], centres[:1]])).tolist() == [0]


def test_word_vectors_bring_words_of_one_theme_together(tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    themes = [np.arange(0, 40, 2), np.arange(100, 140, 2)]
    texts = [np.unique(random.choice(themes[n % 2], 8)) for n in range(300)]
    rows = SparseRows(
        np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64),
        np.concatenate(texts).astype(np.uint32),
        np.ones(sum(map(len, texts)), dtype=np.uint8),
    )
    fit_lsa(rows, 4, tmp_path, seed=1)
    places = unit(Lsa(tmp_path).of_rows(rows)[:, :2])
    same = places @ places.T
    other = np.equal.outer(np.arange(300) % 2, np.arange(300) % 2)
    assert same[other].mean() > 0.9
    assert same[~other].mean() < 0.2
    fit_lsa(rows, 4, tmp_path / ".", seed=1)
    assert np.array_equal(places, unit(Lsa(tmp_path).of_rows(rows)[:, :2])), "the same seed gives the same vectors"


def test_word_vectors_of_next_to_nothing(tmp_path: Path) -> None:
    nothing = SparseRows(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.uint8))
    fit_lsa(nothing, 8, tmp_path, seed=1)
    one = SparseRows(np.array([0, 2]), np.array([2, 4], dtype=np.uint32), np.ones(2, dtype=np.uint8))
    assert Lsa(tmp_path).of_rows(one).shape == (1, 8)
    fit_lsa(one, 8, tmp_path, seed=1)
    assert np.isfinite(Lsa(tmp_path).of_rows(one)).all()


def test_several_vectors_searched_together_find_what_each_finds_alone(
    segments: list[Segment], vectors: np.ndarray
) -> None:
    centres = np.load(segments[0].folder.parent / "centres.npy")
    reader = DenseReader(segments, "grouped", centres, RANK)
    random = np.random.default_rng(5)
    bits = random.integers(0, 4, ROWS).astype(np.uint8)
    short = vectors[7].copy()
    short[WIDTH // 2 :] = 0.0
    asked = [
        (vectors[3], 12, 1),
        (short, 40, 2),
        (vectors[3], 12, 3),
        (np.zeros(WIDTH, dtype=np.float32), 5, 1),
        (short, 0, 1),
    ]
    scans = [Scan(vector, reader.lists_near(vector, 6), limit, bit) for vector, limit, bit in asked]

    @contextlib.contextmanager
    def beside(work: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
        with ThreadPoolExecutor(1) as other:
            yield other.submit(work).result

    before = date(2000, 1, 1).toordinal() + 1_500
    together = reader.search_together(scans, before, bits, beside)
    for scan, (docs, near) in zip(scans, together, strict=True):
        mask = (bits & scan.bits > 0).astype(np.uint8)
        alone, cosines = reader.search_lists(scan.vector, scan.lists, scan.limit, before, mask)
        assert docs.tolist() == alone.tolist() and near.tolist() == cosines.tolist()
    assert [len(docs) for docs, _ in together] == [12, 40, 12, 0, 0]
