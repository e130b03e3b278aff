"""How similar a text and patents are, on one scale from 0 to 1, whatever the text's length and language.

Patents in the text's own language are compared by the cosine of tf-idf vectors over words and pairs of words (a pair
counts half). Across languages words do not meet, so closeness of text vectors is read on the same scale, by a line
fitted where both are known (docs/patents.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.patents.index import PatentIndex
from ktop.patents.questions import Question
from ktop.patents.segment import LANGUAGE_CODES
from ktop.patents.statistics import EarlierPatents

#: Weight of a pair of words beside a word (measured on known items: R@10 .745 without pairs, .785 with).
PAIR_WEIGHT = 0.5
#: similarity = SLOPE x (closeness of text vectors - OFFSET) across languages, never above CEILING.
SLOPE = 0.6
OFFSET = 0.1
CEILING = 1.0

Docs = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rated:
    """Similarities of some documents to a text, all of shape (n,); ``rows`` are their tf-idf vectors."""

    similarity: Float64
    lexical: Float64
    semantic: Float64
    rows: npt.NDArray[np.float32]

    def pairs(self, order: Docs) -> npt.NDArray[np.float32]:
        """Return the cosines of chosen documents to one another, shape (len(order), len(order)), diagonal 1."""
        chosen = self.rows[order]
        found: npt.NDArray[np.float32] = np.clip(chosen @ chosen.T, 0.0, 1.0).astype(np.float32)
        np.fill_diagonal(found, 1.0)
        return found


class Similarity:
    """Compares one text with patents. Rarity of terms is that among the earlier patents: nothing later is known."""

    def __init__(self, index: PatentIndex, question: Question, earlier: EarlierPatents) -> None:
        self.index, self.question, self.earlier = index, question, earlier

    def of(self, docs: Docs) -> Rated:
        """Return the similarities of some documents."""
        pieces = [segment.terms_of(row) for segment, row in map(self.index.segment_of, docs.tolist())]
        own = self.question.weighted_codes(other_language=False)
        across = self._across(docs)
        over = self.question.weighted_codes(other_language=True) if across.any() else {}
        given = np.fromiter({*own, *over}, dtype=np.uint32)
        codes = np.unique(np.concatenate([given, *(terms for terms, _ in pieces)]))
        idf = self._idf(codes)
        rows = np.zeros((len(docs), len(codes)), dtype=np.float32)
        for i, (terms, counts) in enumerate(pieces):
            at = np.searchsorted(codes, terms)
            rows[i, at] = (1.0 + np.log(counts.astype(np.float32))) * idf[at]
        rows = _unit(rows)
        lexical = (rows @ self._vector(own, codes, idf)).astype(np.float64)
        if across.any():
            lexical[across] = rows[across] @ self._vector(over, codes, idf)
        semantic = (self.index.vectors_of(docs) @ self.question.vector).astype(np.float64)
        lexical = np.clip(lexical, 0.0, 1.0)
        read = np.clip(SLOPE * (semantic - OFFSET), 0.0, CEILING)
        return Rated(np.where(across, np.maximum(read, lexical), lexical), lexical, semantic, rows)

    def _across(self, docs: Docs) -> npt.NDArray[np.bool_]:
        """Return which documents are in the other language."""
        found: npt.NDArray[np.bool_] = self.index.tables.language[docs] != LANGUAGE_CODES[self.question.language]
        return found

    def _idf(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
        """Return log((N + 1) / (df + 1)) + 1, halved for pairs."""
        df = np.minimum(self.earlier.document_frequencies(codes), self.earlier.size)
        idf = np.log((self.earlier.size + 1) / (df + 1)) + 1.0
        return np.where(codes & 1, PAIR_WEIGHT * idf, idf).astype(np.float32)

    def _vector(
        self, weights: Mapping[int, float], codes: npt.NDArray[np.uint32], idf: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        vector = np.zeros(len(codes), dtype=np.float32)
        if weights:
            at = np.searchsorted(codes, np.fromiter(weights.keys(), dtype=np.uint32, count=len(weights)))
            vector[at] = np.fromiter(weights.values(), dtype=np.float32, count=len(weights))
        found: npt.NDArray[np.float32] = _unit((vector * idf)[None, :])[0]
        return found


def _unit(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    rows /= np.maximum(lengths, 1e-9)[:, None]
    return rows
