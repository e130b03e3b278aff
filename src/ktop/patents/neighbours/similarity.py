"""How similar a text and patents are, on one scale from 0 to 1, whatever the text's length and language.

Two things count the same: the cosine of tf-idf vectors over words and pairs of words (a pair counts half; words of the
other language by their translations), and closeness of meaning, by the half of the text vectors that both languages
share. Words alone would give a technology told in other words other neighbours (docs/methods/originality.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ktop.patents.engine import term_kernels
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.questions import Question
from ktop.patents.engine.segment import LANGUAGE_CODES
from ktop.patents.engine.sorted_search import among
from ktop.patents.engine.vectors import across
from ktop.patents.neighbours.term_statistics import EarlierPatents

#: Weight of a pair of words beside a word (measured on known items: R@10 .745 without pairs, .785 with).
PAIR_WEIGHT = 0.5
#: similarity = SLOPE x (closeness of text vectors + cosine of terms - OFFSET), 0 to 1.
SLOPE = 0.535
OFFSET = 0.3

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

    def of(self, docs: Docs, paired: bool = True) -> Rated:
        """Return the similarities of some documents; their vectors, only if ``paired``, over all terms they share."""
        owner, terms, weights = self._terms_of(docs)
        codes, place, times = term_kernels.distinct(terms)
        values = weights * self._idf(codes)[place]
        length = np.sqrt(np.bincount(owner, weights=values * values, minlength=len(docs)))
        values = (values / np.maximum(length, 1e-9)[owner]).astype(np.float32)
        # A term of one document only, that is not asked for either, counts in its length and nowhere else.
        given = np.array(sorted({*self._own, *self._over}), dtype=np.uint32)
        kept = np.flatnonzero(((times > 1) & paired) | among(codes, given))
        column = np.full(len(codes), -1, dtype=np.int64)
        column[kept] = np.arange(len(kept))
        known = column[place] >= 0
        rows = np.zeros((len(docs), len(kept)), dtype=np.float32)
        rows[owner[known], column[place[known]]] = values[known]
        foreign = self._foreign(docs)
        own, over = (self._vector(weights, codes[kept]) for weights in (self._own, self._over))
        lexical = np.where(foreign, rows @ over, rows @ own).astype(np.float64)
        return self._rated(across(self.index.vectors_of(docs)), lexical, rows)

    def of_sample(self) -> Rated:
        """Return the similarities of the corpus's fixed sample, as far as it is earlier; without the vectors."""
        sample = self.index.tables.sample
        keep = np.flatnonzero(self.earlier.counts(sample.docs))
        idf = self._idf_of(sample.terms, self.index.sample_frequencies(self.earlier.before))
        own, over = (self._vector(given, sample.terms) for given in (self._own, self._over))
        squares, product = term_kernels.tf_idf_sums(
            sample.owners, sample.places, sample.weights, idf, own, over, self._foreign(sample.docs)
        )
        lexical = product / np.maximum(np.sqrt(squares), 1e-9)
        vectors = self.index.sample_vectors[keep]
        return self._rated(vectors, lexical[keep], np.zeros((0, 0), dtype=np.float32))

    def _terms_of(self, docs: Docs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
        """Return the terms of some documents: owner (0 to n - 1), code and 1 + log of count, an entry each."""
        pieces = self.index.terms_of(docs)
        owner = np.repeat(np.arange(len(docs)), [len(terms) for terms, _ in pieces])
        terms = np.concatenate([np.empty(0, dtype=np.uint32), *(terms for terms, _ in pieces)])
        counts = np.concatenate([np.empty(0, dtype=np.uint8), *(counts for _, counts in pieces)])
        return owner.astype(np.int64), terms, (1.0 + np.log(counts.astype(np.float32))).astype(np.float32)

    def _rated(self, vectors: npt.NDArray[np.float32], lexical: Float64, rows: npt.NDArray[np.float32]) -> Rated:
        lexical = np.clip(lexical, 0.0, 1.0)
        semantic = (vectors @ self.question.vector_across).astype(np.float64)
        similarity = np.clip(SLOPE * (semantic + lexical - OFFSET), 0.0, 1.0)
        return Rated(similarity, lexical, semantic, rows)

    @cached_property
    def _own(self) -> dict[int, float]:
        return self.question.weighted_codes(other_language=False)

    @cached_property
    def _over(self) -> dict[int, float]:
        """The question's terms led to the other language; none where the corpus has no patents in it."""
        other = self.index.languages - {self.question.language}
        return self.question.weighted_codes(other_language=True) if other else {}

    def _foreign(self, docs: Docs) -> npt.NDArray[np.bool_]:
        """Return which documents are in the other language."""
        found: npt.NDArray[np.bool_] = self.index.tables.language[docs] != LANGUAGE_CODES[self.question.language]
        return found

    def _idf(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
        return self._idf_of(codes, self.earlier.document_frequencies(codes))

    def _idf_of(self, codes: npt.NDArray[np.uint32], frequencies: Docs) -> npt.NDArray[np.float32]:
        """Return log((N + 1) / (df + 1)) + 1, halved for pairs."""
        df = np.minimum(frequencies, self.earlier.size)
        idf = np.log((self.earlier.size + 1) / (df + 1)) + 1.0
        return np.where(codes & 1, PAIR_WEIGHT * idf, idf).astype(np.float32)

    def _vector(self, weights: Mapping[int, float], codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
        """Return the tf-idf vector of weighted terms over some codes, ascending; its length is that over all terms."""
        vector = np.zeros(len(codes), dtype=np.float32)
        if weights and len(codes):
            given = np.fromiter(weights.keys(), dtype=np.uint32, count=len(weights))
            values = np.fromiter(weights.values(), dtype=np.float32, count=len(weights)) * self._idf(given)
            values /= max(float(np.linalg.norm(values)), 1e-9)
            at = np.minimum(np.searchsorted(codes, given), len(codes) - 1)
            known = codes[at] == given
            vector[at[known]] = values[known]
        return vector
