"""How similar a text and patents are, on one scale from 0 to 1, whatever the text's length and language.

Patents in the text's own language are compared by the cosine of tf-idf vectors over words and pairs of words (a pair
counts half). Across languages words do not meet, so closeness of text vectors is read on the same scale, by a line
fitted where both are known (docs/patents.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ktop.patents.index import PatentIndex
from ktop.patents.questions import Question
from ktop.patents.segment import LANGUAGE_CODES
from ktop.patents.statistics import EarlierPatents
from ktop.patents.vectors import across

#: Weight of a pair of words beside a word (measured on known items: R@10 .745 without pairs, .785 with).
PAIR_WEIGHT = 0.5
#: Across languages: similarity = SLOPE x (closeness of text vectors + cosine of translated terms - OFFSET), 0 to 1. The
#: line makes ten summaries, asked in Korean and in English, equally similar to their neighbours (ranks 1 to 100).
SLOPE = 0.59
OFFSET = 0.275

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
        codes, idf = self._codes([terms for terms, _ in pieces])
        rows = np.zeros((len(docs), len(codes)), dtype=np.float32)
        for i, (terms, counts) in enumerate(pieces):
            at = np.searchsorted(codes, terms)
            rows[i, at] = (1.0 + np.log(counts.astype(np.float32))) * idf[at]
        rows = _unit(rows)
        own, over = self._vectors(codes, idf)
        foreign = self._foreign(docs)
        lexical = np.where(foreign, rows @ over, rows @ own).astype(np.float64)
        return self._rated(docs, lexical, foreign, rows)

    def of_sample(self) -> Rated:
        """Return the similarities of the corpus's fixed sample, as far as it is earlier; without the vectors."""
        docs, offsets, terms, counts = self.index.tables.sample_terms
        keep = np.flatnonzero(self.earlier.counts(docs))
        codes, idf = self._codes([np.asarray(terms)])
        at = np.searchsorted(codes, terms)
        weights = (1.0 + np.log(np.asarray(counts, dtype=np.float32))) * idf[at]
        own, over = self._vectors(codes, idf)
        foreign = self._foreign(docs)
        owner = np.repeat(np.arange(len(docs)), np.diff(offsets))
        length = np.sqrt(np.bincount(owner, weights=weights * weights, minlength=len(docs)))
        product = np.bincount(owner, weights=weights * np.where(foreign[owner], over[at], own[at]), minlength=len(docs))
        lexical = product / np.maximum(length, 1e-9)
        return self._rated(docs[keep], lexical[keep], foreign[keep], np.zeros((0, 0), dtype=np.float32))

    def _rated(
        self, docs: Docs, lexical: Float64, foreign: npt.NDArray[np.bool_], rows: npt.NDArray[np.float32]
    ) -> Rated:
        lexical = np.clip(lexical, 0.0, 1.0)
        vectors = self.index.dense.vectors_of(docs)
        near = np.where(foreign, across(vectors) @ self.question.vector_across, vectors @ self.question.vector)
        semantic = near.astype(np.float64)
        read = np.clip(SLOPE * (semantic + lexical - OFFSET), 0.0, 1.0)
        return Rated(np.where(foreign, read, lexical), lexical, semantic, rows)

    def _codes(self, terms: list[npt.NDArray[np.uint32]]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
        """Return all term codes of documents and question, ascending, and their rarity."""
        given = np.fromiter({*self._own, *self._over}, dtype=np.uint32)
        codes = np.unique(np.concatenate([given, *terms]))
        return codes, self._idf(codes)

    @cached_property
    def _own(self) -> dict[int, float]:
        return self.question.weighted_codes(other_language=False)

    @cached_property
    def _over(self) -> dict[int, float]:
        """The question's terms led to the other language; none where the corpus has no patents in it."""
        other = self.index.languages - {self.question.language}
        return self.question.weighted_codes(other_language=True) if other else {}

    def _vectors(
        self, codes: npt.NDArray[np.uint32], idf: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        return self._vector(self._own, codes, idf), self._vector(self._over, codes, idf)

    def _foreign(self, docs: Docs) -> npt.NDArray[np.bool_]:
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
