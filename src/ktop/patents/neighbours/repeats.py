"""Which of many texts say the same: each text's nearest other one, within a language and across."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.questions import Question
from ktop.patents.neighbours.similarity import PAIR_WEIGHT
from ktop.patents.neighbours.term_statistics import EarlierPatents

#: Terms are multiplied out so many at a time: bounds memory.
_COLUMNS = 4096

Float32 = npt.NDArray[np.float32]


def word_similarities(index: PatentIndex, questions: Sequence[Question]) -> Float32:
    """Return the (n, n) cosines of texts of one language, on the scale of a text's similarity to a patent; diagonal 0.

    Words and pairs of words are weighed by their rarity among all patents of the index.
    """
    rows = [question.weighted_codes(other_language=False) for question in questions]
    codes = np.unique(np.array([code for row in rows for code in row], dtype=np.uint32))
    found: Float32 = np.zeros((len(rows), len(rows)), dtype=np.float32)
    if not len(codes):
        return found
    earlier = EarlierPatents(index, None, np.empty(0, dtype=np.int64))
    df = np.minimum(earlier.document_frequencies(codes), earlier.size)
    idf = np.log((earlier.size + 1) / (df + 1)) + 1.0
    idf = np.where(codes & 1, PAIR_WEIGHT * idf, idf)
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    place = np.searchsorted(codes, np.array([code for row in rows for code in row], dtype=np.uint32))
    value = np.array([weight for row in rows for weight in row.values()]) * idf[place]
    length = np.sqrt(np.bincount(owner, weights=value * value, minlength=len(rows)))
    value = (value / np.maximum(length, 1e-9)[owner]).astype(np.float32)
    for start in range(0, len(codes), _COLUMNS):
        chosen = (place >= start) & (place < start + _COLUMNS)
        block = np.zeros((len(rows), _COLUMNS), dtype=np.float32)
        block[owner[chosen], place[chosen] - start] = value[chosen]
        found += block @ block.T
    np.fill_diagonal(found, 0.0)
    return np.clip(found, 0.0, 1.0)


def meaning_similarities(ones: Sequence[Question], others: Sequence[Question]) -> Float32:
    """Return the (n, m) cosines of the sentence vectors of texts in different languages."""
    one, other = (np.stack([question.sentence for question in group]) for group in (ones, others))
    alike: Float32 = np.clip(one @ other.T, 0.0, 1.0).astype(np.float32)
    return alike
