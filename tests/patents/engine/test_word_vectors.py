"""Word vectors and names of topics of a few texts, worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl

from ktop.patents.analysis.terms import PAIR, term_code
from ktop.patents.engine.lsa import fit_lsa
from ktop.patents.engine.topics import name_topics
from ktop.patents.engine.vectors import SparseRows


def rows(*texts: dict[str, int]) -> SparseRows:
    coded = [sorted((term_code(term), count) for term, count in text.items()) for text in texts]
    return SparseRows(
        np.cumsum([0, *map(len, coded)]).astype(np.int64),
        np.array([code for text in coded for code, _ in text], dtype=np.uint32),
        np.array([count for text in coded for _, count in text], dtype=np.uint8),
    )


def test_rarity_of_words_is_their_smoothed_inverse_document_frequency(tmp_path: Path) -> None:
    sample = rows({"lamp": 2, "post": 1}, {"lamp": 1}, {"lamp": 1, "wire": 3, f"lamp{PAIR}wire": 1}, {"wire": 1})
    fit_lsa(sample, 4, tmp_path, seed=1)
    codes = np.load(tmp_path / "lsa-codes.npy").tolist()
    rarity = dict(zip(codes, np.load(tmp_path / "lsa-rarity.npy").tolist(), strict=True))
    expected = {"lamp": 3, "post": 1, "wire": 2}
    assert codes == sorted(term_code(term) for term in expected)  # pairs have no vector
    for term, df in expected.items():
        assert math.isclose(rarity[term_code(term)], math.log(5 / (df + 1)) + 1, rel_tol=1e-6)


def test_a_topic_is_named_by_its_own_words_else_by_its_number() -> None:
    vocabulary = pl.DataFrame({"term": ["lamp", "wire"], "surface": ["lamp", "wire"]})
    sample = rows({"lamp": 1}, {"wire": 1}, {"nobody": 1})
    owners = np.array([0, 2, 1])
    assert name_topics(sample, owners, 3, vocabulary) == ["lamp", "2", "wire"]
    assert name_topics(sample, owners, 3, vocabulary.clear()) == ["1", "2", "3"]
    assert name_topics(sample, np.array([1, 2, 0]), 3, vocabulary) == ["1", "lamp", "wire"]
