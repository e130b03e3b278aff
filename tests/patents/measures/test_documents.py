"""The terms of patents for their measures, and how patents are numbered."""

from __future__ import annotations

import numpy as np
import polars as pl

from ktop.patents.measures.documents import Numbering


def test_a_patent_that_the_corpus_lacks_has_the_number_minus_one() -> None:
    asked = np.array([b"US1B2", b"US3B2", b"US9B2"])
    known = Numbering(pl.Series(["US1B2", "US3B2"]), np.array([7, 4], dtype=np.int64))
    assert known.of(asked).tolist() == [7, 4, -1]
    nobody = Numbering(pl.Series([], dtype=pl.String), np.empty(0, dtype=np.int64))
    assert nobody.of(asked).tolist() == [-1, -1, -1]
