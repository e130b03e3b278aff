"""The terms of many patents at once: one pass over all of them instead of a look at each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Booleans, Integers
from ktop.patents.analysis.terms import term_code
from ktop.patents.engine import term_kernels
from ktop.patents.engine.index import PatentIndex


def terms_together(index: PatentIndex, docs: Integers) -> tuple[Integers, npt.NDArray[np.uint32]]:
    """Return how many terms each of some documents has, and the codes of all, ascending within each document."""
    pieces = [terms for terms, _ in index.terms_of(docs)]
    number = np.array([len(terms) for terms in pieces], dtype=np.int64)
    return number, np.concatenate([np.empty(0, dtype=np.uint32), *pieces])


def having(index: PatentIndex, docs: Integers, groups: Sequence[Sequence[str]]) -> Booleans:
    """Return which of some documents have any term of each group, shape (len(groups), len(docs))."""
    found = np.zeros((len(groups), len(docs)), dtype=np.bool_)
    asked = np.array([term_code(name) for group in groups for name in group], dtype=np.uint32)
    if not len(asked) or not len(docs):
        return found
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    order = np.argsort(asked, kind="stable")
    term_kernels.mark_having(*terms_together(index, docs), asked[order], owner[order], found)
    return found
