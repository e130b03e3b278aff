"""tf-idf vectors of patents over the patents that are earlier than a day: what the lexical similarity is a cosine of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.patents.index import PatentIndex
from ktop.patents.statistics import EarlierPatents

Docs = npt.NDArray[np.int64]
UInt32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class WeightedTerms:
    """Unit tf-idf vectors of n patents.

    Parameters
    ----------
    codes : all their term codes, ascending.
    idf : log((N + 1) / (df + 1)) of each code over the earlier patents.
    matrix : (n, codes) float32, rows of unit length (zeros for a patent without terms).
    """

    codes: UInt32
    idf: npt.NDArray[np.float64]
    matrix: npt.NDArray[np.float32]

    def take(self, rows: Docs) -> WeightedTerms:
        """Return the vectors of some of the patents."""
        return WeightedTerms(self.codes, self.idf, self.matrix[rows])

    def cosines(self, query: Mapping[int, float], earlier: EarlierPatents) -> npt.NDArray[np.float64]:
        """Return the cosine of each patent with a text given as term code → 1 + log count, shape (n,)."""
        if not query or not len(self.matrix):
            return np.zeros(len(self.matrix))
        codes = np.array(sorted(query), dtype=np.uint32)
        idf = _idf(codes, earlier)
        weights = np.array([query[int(code)] for code in codes]) * idf
        length = math.sqrt(float(weights @ weights))
        if length == 0:
            return np.zeros(len(self.matrix))
        place = np.minimum(np.searchsorted(self.codes, codes), max(len(self.codes) - 1, 0))
        known = self.codes[place] == codes if len(self.codes) else np.zeros(len(codes), dtype=bool)
        found = self.matrix[:, place[known]].astype(np.float64) @ (weights[known] / length)
        return np.asarray(found)


def weighted_terms(index: PatentIndex, docs: Docs, earlier: EarlierPatents) -> WeightedTerms:
    """Return the tf-idf vectors of some patents, weights (1 + log count) x idf."""
    parts = []
    for doc in docs:
        segment, row = index.segment_of(int(doc))
        parts.append(segment.terms_of(row))
    lengths = [len(codes) for codes, _ in parts]
    if not sum(lengths):
        return WeightedTerms(np.empty(0, np.uint32), np.empty(0), np.zeros((len(docs), 0), np.float32))
    codes, column = np.unique(np.concatenate([codes for codes, _ in parts]), return_inverse=True)
    idf = _idf(codes, earlier)
    counts = np.concatenate([counts for _, counts in parts]).astype(np.float64)
    matrix = np.zeros((len(docs), len(codes)), dtype=np.float32)
    matrix[np.repeat(np.arange(len(docs)), lengths), column] = (1.0 + np.log(np.maximum(counts, 1.0))) * idf[column]
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return WeightedTerms(codes, idf, matrix / np.where(norms > 0, norms, 1.0))


def _idf(codes: UInt32, earlier: EarlierPatents) -> npt.NDArray[np.float64]:
    frequencies = earlier.document_frequencies(codes)
    return np.asarray(np.log((earlier.size + 1.0) / (np.minimum(frequencies, earlier.size) + 1.0)))
