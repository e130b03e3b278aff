"""Latent semantic analysis (Deerwester et al. 1990) of the corpus's own words: vectors without any downloaded model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ktop.patents.analysis.terms import UInt32
from ktop.patents.engine import kernels

MAX_WORDS = 60_000
#: Fewest patents of the sample that must have a word.
MIN_PATENTS = 3
_OVERSAMPLING = 16
_POWER_ITERATIONS = 3

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Word counts of patents: a patent's words lie between two offsets."""

    offsets: npt.NDArray[np.int64]
    codes: UInt32
    counts: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Lsa:
    """Read access to fitted word vectors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def codes(self) -> UInt32:
        """(words,) codes, ascending."""
        found: UInt32 = np.load(self.folder / "lsa-codes.npy", allow_pickle=False)
        return found

    @cached_property
    def rarity(self) -> Float32:
        """(words,) weight of each word: its rarity in the sample."""
        found: Float32 = np.load(self.folder / "lsa-rarity.npy", allow_pickle=False)
        return found

    @cached_property
    def table(self) -> Float32:
        """(words, d) word vectors: the sum of a text's, each times its weight, is the text's place."""
        found: Float32 = np.load(self.folder / "lsa-vectors.npy", allow_pickle=False)
        return found

    def of_rows(self, rows: SparseRows) -> Float32:
        """Return the places of some texts, shape (n, d), not scaled to a length; zeros where no word is known."""
        sums, _ = kernels.weighted_sums(rows.offsets, rows.codes, rows.counts, self.codes, self.rarity, self.table)
        found: Float32 = sums
        return found


def fit_lsa(sample: SparseRows, dimensions: int, folder: Path, seed: int) -> None:
    """Fit word vectors to a sample of patents and write them.

    The right singular vectors of the unit rows (1 + log tf) x idf, idf = log((n + 1) / (df + 1)) + 1, by the randomised
    method of Halko, Martinsson and Tropp (2011). A text's place is its row times these vectors: its words' weights keep
    the singular values in. Fewer words than ``dimensions`` leave the last ones zero. Deterministic for a seed.
    """
    single = (sample.codes & 1) == 0
    codes, places, df = np.unique(sample.codes[single], return_inverse=True, return_counts=True)
    enough = min(MIN_PATENTS, max(1, len(sample) // 10))
    order = np.lexsort((codes, -df))[:MAX_WORDS]
    chosen = np.sort(order[df[order] >= enough])
    rarity = (np.log((len(sample) + 1) / (df[chosen] + 1)) + 1.0).astype(np.float32)
    vectors = np.zeros((len(chosen), dimensions), dtype=np.float32)
    if len(chosen):
        column = np.full(len(codes), -1, dtype=np.int64)
        column[chosen] = np.arange(len(chosen))
        owner = np.repeat(np.arange(len(sample)), np.diff(sample.offsets))[single]
        columns = column[places]
        known = columns >= 0
        owner, columns = owner[known], columns[known]
        values = ((1.0 + np.log(sample.counts[single][known].astype(np.float32))) * rarity[columns]).astype(np.float32)
        length = np.sqrt(np.bincount(owner, weights=values * values, minlength=len(sample)))
        values /= np.maximum(length, 1e-9)[owner].astype(np.float32)
        offsets = np.searchsorted(owner, np.arange(len(sample) + 1)).astype(np.int64)
        found = _right_singular(offsets, columns, values, len(chosen), dimensions, seed)
        vectors[:, : found.shape[1]] = found
    np.save(folder / "lsa-codes.npy", codes[chosen], allow_pickle=False)
    np.save(folder / "lsa-rarity.npy", rarity, allow_pickle=False)
    np.save(folder / "lsa-vectors.npy", vectors, allow_pickle=False)


def _right_singular(
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    values: Float32,
    words: int,
    dimensions: int,
    seed: int,
) -> Float32:
    """Return the leading right singular vectors of a sparse matrix, (words, at most ``dimensions``)."""
    width = min(dimensions + _OVERSAMPLING, words, len(offsets) - 1)
    start = np.random.default_rng(seed).standard_normal((words, width)).astype(np.float32)
    basis, _ = np.linalg.qr(start)
    for _ in range(_POWER_ITERATIONS):
        image = kernels.sparse_dot(offsets, columns, values, np.ascontiguousarray(basis))
        left, _ = np.linalg.qr(image)
        back = kernels.sparse_transposed_dot(offsets, columns, values, np.ascontiguousarray(left), words)
        basis, _ = np.linalg.qr(back)
    image = kernels.sparse_dot(offsets, columns, values, np.ascontiguousarray(basis))
    _, _, turn = np.linalg.svd(image, full_matrices=False)
    found: Float32 = (basis @ turn.T)[:, :dimensions].astype(np.float32)
    return found
