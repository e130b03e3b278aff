"""Counting earlier patents by their terms."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.layout import IndexManifest
from ktop.patents.engine.remembered import Remembered
from ktop.patents.neighbours.term_statistics import EarlierPatents


def test_an_index_without_patents_has_none_with_a_term() -> None:
    index = PatentIndex.__new__(PatentIndex)  # opened from no folder
    index.segments, index.manifest, index._having = [], IndexManifest(), Remembered(9)
    earlier = EarlierPatents(index, None, np.empty(0, dtype=np.int64))
    assert earlier.docs("lamp").tolist() == []
    assert [docs.tolist() for docs in earlier.docs_of_any([["lamp", "wick"], []])] == [[], []]


def test_what_was_counted_before_is_counted_alike(small_corpus: Path) -> None:
    index = PatentIndex(small_corpus)
    day = int(np.median(index.tables.days))
    codes = np.concatenate([terms for terms, _ in index.terms_of(np.arange(0, 60, 3))])
    codes = np.append(np.random.default_rng(3).permutation(codes), np.uint32(6))  # repeats, no order, one that none has
    earlier = EarlierPatents(index, day, np.empty(0, dtype=np.int64))
    for asked in (codes[:40], codes[20:300], codes, codes[:0]):
        found = index.document_frequencies(np.unique(asked), day)
        assert earlier.document_frequencies(asked).tolist() == found[np.searchsorted(np.unique(asked), asked)].tolist()
    assert earlier.document_frequencies(codes).max() > 1
