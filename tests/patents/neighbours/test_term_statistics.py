"""Counting earlier patents by their terms."""

from __future__ import annotations

import numpy as np

from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.layout import IndexManifest
from ktop.patents.neighbours.term_statistics import EarlierPatents


def test_an_index_without_patents_has_none_with_a_term() -> None:
    index = PatentIndex.__new__(PatentIndex)  # opened from no folder
    index.segments, index.manifest = [], IndexManifest()
    earlier = EarlierPatents(index, None, np.empty(0, dtype=np.int64))
    assert earlier.docs("lamp").tolist() == []
    assert earlier.docs_of_any(["lamp", "wick"]).tolist() == []
