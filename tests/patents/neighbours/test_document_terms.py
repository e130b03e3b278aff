"""The terms of many patents at once are those of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ktop.patents.analysis.terms import term_code
from ktop.patents.engine.index import PatentIndex
from ktop.patents.neighbours.document_terms import having, terms_together


def test_terms_of_many_documents_are_those_of_each(small_corpus: Path) -> None:
    index = PatentIndex(small_corpus)
    every = np.arange(len(index), dtype=np.int64)
    number, codes = terms_together(index, every[::-5])
    ends = np.cumsum(number)
    for i, (terms, _) in enumerate(index.terms_of(every[::-5])):
        assert codes[ends[i] - number[i] : ends[i]].tolist() == terms.tolist()
    groups = [("lithium", "리튬"), (), ("robot",), ("lithium",), ("unheard",)]
    own = [set(terms.tolist()) for terms, _ in index.terms_of(every)]
    by_hand = [[any(term_code(name) in terms for name in group) for terms in own] for group in groups]
    assert having(index, every, groups).tolist() == by_hand and sum(by_hand[0]) > 0
    assert having(index, every[:0], groups).shape == (5, 0) and having(index, every, [()]).tolist() == [
        [False] * len(every)
    ]
    family, day = np.asarray(index.tables.family)[every], np.asarray(index.tables.day)[every]
    before = int(np.median(day))
    sizes = [int(((family == one) & (day < before)).sum()) if one else None for one in family]
    assert [None if np.isnan(size) else size for size in index.tables.family_sizes(every, before)] == sizes
